"""byhand read."""

from pathlib import Path
from typing import Annotated, Any

import typer

from byhand.cli.learn import Json, model_file
from byhand.cli.main import app
from byhand.cli.show import percent, print_json
from byhand.errors import ByhandError


@app.command(epilog="Example:  byhand read seven.png photo.jpg --json")
def read(
    images: Annotated[list[Path], typer.Argument(help="Pictures of one digit each, or folders of them.")],
    model: Annotated[
        Path | None, typer.Option(help="A model file or a run's folder; the built-in one by default.")
    ] = None,
    show: Annotated[bool, typer.Option("--show", help="Also print the 28 × 28 image that the network saw.")] = False,
    json: Json = False,
) -> None:
    """Read the digit in each picture: any size, dark on light or light on dark."""
    import sys

    from byhand.digits.reader import Reader

    reader = Reader(model_file(model) if model else None)
    failed = 0
    for path in _files(images):
        try:
            reading = reader.read(path)
        except ByhandError as error:
            failed += 1
            print(f"byhand: {error}", file=sys.stderr)
            continue
        if json:
            print_json({"file": str(path)} | reading.to_json(pixels=show))
        else:
            print(_line(path, reading))
            if show:
                print(_picture(reading.image))
    if failed:
        raise typer.Exit(2)


def _files(paths: list[Path]) -> list[Path]:
    """The files, and those in the folders by name."""
    files = []
    for path in paths:
        inside = (
            sorted(f for f in path.iterdir() if f.is_file() and not f.name.startswith(".")) if path.is_dir() else []
        )
        if path.is_dir() and not inside:
            raise ByhandError(f"{path}: this folder holds no files.")
        files += inside or [path]
    return files


def _line(path: Path, reading: Any) -> str:
    second, likelihood = reading.alternatives[0]
    return f"{path}: {reading.text}  ({percent(reading.confidence, 1)}; else {second}, {percent(likelihood, 1)})"


def _picture(image: Any) -> str:
    """Grey levels as characters, two a pixel so that it comes out square."""
    shades = " ░▒▓█"
    return "\n".join("".join(2 * shades[int(v) * len(shades) // 256] for v in row).rstrip() for row in image)
