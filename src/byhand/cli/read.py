"""byhand read."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from byhand.cli.app import Json, app, model_file
from byhand.cli.output import percent, print_json
from byhand.core.errors import ByhandError


@app.command(epilog="Example:  byhand read photo.jpg scans/ --json")
def read(
    images: Annotated[list[Path], typer.Argument(help="Pictures of digits, or folders of pictures.")],
    model: Annotated[
        Path | None, typer.Option(help="A model file or a run folder; the built-in networks by default.")
    ] = None,
    form: Annotated[
        str,
        typer.Option(help="What a row may read: digits, text, numbers, amount, date, time, or a regular expression."),
    ] = "digits",
    show: Annotated[
        bool, typer.Option("--show", help="Also print each digit as the network for single digits sees it, 28 × 28.")
    ] = False,
    json: Json = False,
) -> None:
    """Read the handwritten digits in pictures, in one or more rows, dark on light or light on dark."""
    import sys

    from byhand.reading.reader import Reader

    reader = Reader(model_file(model) if model else None, form=form)
    failed = False
    for path in _files(images):
        try:
            reading = reader.read(path)
        except ByhandError as error:
            failed = True
            print(f"byhand: {error}", file=sys.stderr)
            continue
        if json:
            print_json({"file": str(path)} | reading.to_json(images=show))
        else:
            print("\n".join(_lines(path, reading, show)))
    if failed:
        raise typer.Exit(2)


def _files(paths: list[Path]) -> list[Path]:
    """The files, and the files in folders, sorted by name."""
    files = []
    for path in paths:
        inside = (
            sorted(f for f in path.iterdir() if f.is_file() and not f.name.startswith(".")) if path.is_dir() else []
        )
        if path.is_dir() and not inside:
            raise ByhandError(f"{path}: this folder contains no files.")
        files += inside or [path]
    return files


def _lines(path: Path, reading: Any, show: bool) -> Iterator[str]:
    """A line of text for every row; with `show` its digits below it."""
    if not reading.lines:
        yield f"{path}: no digits found"
    for row in reading.lines:
        yield f"{path}: {row.text}  ({percent(row.confidence, 1)})"
        for digit in row.digits if show else ():
            others = ", ".join(f"{name} {percent(p, 1)}" for name, p in digit.alternatives[:2])
            yield f"  {digit.digit}, {percent(digit.confidence, 1)}; else {others or 'nothing'}; box {list(digit.box)}"
            yield _picture(digit.image)


def _picture(image: Any) -> str:
    """Grey levels as characters, two a pixel so that it comes out square."""
    shades = " ░▒▓█"
    return "\n".join("".join(2 * shades[int(v) * len(shades) // 256] for v in row).rstrip() for row in image)
