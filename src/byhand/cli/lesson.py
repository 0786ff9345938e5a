"""byhand lesson."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from byhand.cli.app import PATH, app, json_option
from byhand.cli.output import print_json, print_table

if TYPE_CHECKING:
    from byhand.lessons import Lesson


@app.command(epilog="Example:  byhand lesson chain-rule --exercise")
@click.argument("names", nargs=-1, help="Names of lessons; lists all lessons if omitted.")
@click.option("all_", "--all", is_flag=True, help="Run all lessons in teaching order.")
@click.option(
    "--exercise", is_flag=True, help="Ask questions with fresh numbers; exits with 1 unless all are answered correctly."
)
@click.option("--plot", type=PATH, help="Draw the pictures of the lessons into this folder.")
@click.option(
    "--notebook", type=PATH, help="Write the lessons into this folder as Jupyter notebooks; all if none is named."
)
@click.option(
    "--seed", type=click.IntRange(0), help="Random seed; 0 for lessons and a fresh one for exercises by default."
)
@json_option
def lesson(
    names: tuple[str, ...],
    all_: bool,
    exercise: bool,
    plot: Path | None,
    notebook: Path | None,
    seed: int | None,
    json: bool,
) -> None:
    """Print worked examples, from the perceptron to networks that draw, with every number checked; or ask questions."""
    from byhand.lessons import lesson_called, lessons, run_lesson

    known = lessons()
    if notebook:
        from byhand.lessons.notebook import write_notebooks

        for path in write_notebooks(notebook, [lesson_called(name).name for name in names or known]):
            print(path)
        return
    if not names and not all_:
        _list(list(known.values()), json)
        return
    chosen = list(known) if all_ else [lesson_called(name).name for name in names or ()]
    if exercise:
        answered = [_exercise(name, seed) for name in chosen]
        if not all(answered):
            raise click.exceptions.Exit(1)
        return
    for name in chosen:
        if known[name].needs and sys.stderr.isatty():
            print(f"{name} trains on {known[name].needs}; this takes a few seconds ...", file=sys.stderr, flush=True)
        board = run_lesson(name, seed or 0)
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


def _list(known: "list[Lesson]", json: bool) -> None:
    """The path, numbered."""
    from byhand.lessons.exercises import EXERCISES

    if json:
        for number, item in enumerate(known, 1):
            facts = {"minutes": item.minutes, "requires": item.requires, "exercise": item.name in EXERCISES}
            print_json({"number": number, "name": item.name, "title": item.title, "source": item.source} | facts)
        return
    rows = [
        (str(number), item.name, item.title, ", ".join(item.requires), str(item.minutes))
        for number, item in enumerate(known, 1)
    ]
    print_table("Lessons in order", ("", "name", "what it shows", "after", "minutes"), rows, left=4)
    print("Read a lesson with:  byhand lesson NAME [--plot FOLDER]\nThen practise with:  byhand lesson NAME --exercise")


def _exercise(name: str, seed: int | None) -> bool:
    """Ask the questions of a lesson; whether all were answered rightly."""
    from secrets import randbelow

    from byhand.lessons.asking import ask
    from byhand.lessons.exercises import questions_of

    seed = randbelow(10_000) if seed is None else seed
    questions = questions_of(name, seed)
    print(f"{name}, with the numbers of seed {seed}.")
    right = ask(questions, _typed(), print)
    print(f"The same numbers again:  byhand lesson {name} --exercise --seed {seed}\n")
    return right == len(questions)


def _typed() -> Iterator[str]:
    """The lines of standard input, after a prompt; those of a pipe are shown."""
    while True:
        print("> ", end="", flush=True)
        line = sys.stdin.readline()
        if not line:
            print()
            return
        if not sys.stdin.isatty():
            print(line.rstrip("\n"))
        yield line
