"""byhand lesson."""

from pathlib import Path
from typing import Annotated

import typer

from byhand.cli.app import Json, app
from byhand.cli.output import print_json, print_table


@app.command(epilog="Example:  byhand lesson perceptron-gates --plot out")
def lesson(
    names: Annotated[list[str] | None, typer.Argument(help="Names of lessons; lists all lessons if omitted.")] = None,
    all_: Annotated[bool, typer.Option("--all", help="Run all lessons in teaching order.")] = False,
    plot: Annotated[Path | None, typer.Option(help="Draw the pictures of the lessons into this folder.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Random seed.")] = 0,
    json: Json = False,
) -> None:
    """Print worked examples, from the perceptron to networks that draw, with every number checked."""
    from byhand.lessons import lessons, run_lesson

    known = lessons()
    if not names and not all_:
        if json:
            for number, item in enumerate(known.values(), 1):
                facts = {"minutes": item.minutes, "requires": item.requires, "source": item.source}
                print_json({"number": number, "name": item.name, "title": item.title} | facts)
            return
        rows = [
            (str(number), item.name, item.title, ", ".join(item.requires), str(item.minutes))
            for number, item in enumerate(known.values(), 1)
        ]
        print_table(
            "Lessons, in the order of the path", ("", "name", "what it shows", "after", "minutes"), rows, left=4
        )
        print("Run a lesson with:  byhand lesson NAME [--plot FOLDER]")
        return
    for name in known if all_ else names or ():
        board = run_lesson(name, seed)
        if json:
            print_json({"lesson": name, "title": known[name].title, "board": board.records()})
        else:
            print(f"{known[name].title}\n{'─' * len(known[name].title)}\n\n{board.text()}\n")
        picture = known[name].picture
        if plot and picture:
            from byhand import plots

            path = plot / f"{name}.png"
            plots.save(picture(board), path)
            if not json:
                print(f"Drawn: {path}\n")
