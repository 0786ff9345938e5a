"""byhand train-reader."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from byhand.cli.app import app


@app.command(epilog="Example:  byhand train-reader rows --hands hands --fonts fonts --out rows.safetensors")
def train_reader(
    network: Annotated[
        str,
        typer.Argument(
            help="finder or rows: train it; deepen: give the network for rows more layers; pack: put both into a file."
        ),
    ],
    out: Annotated[Path, typer.Option(help="The file to write, after every epoch.")],
    hands: Annotated[Path | None, typer.Option(help="A folder of free hands to learn from, too.")] = None,
    fonts: Annotated[Path | None, typer.Option(help="A folder of fonts to learn from, too.")] = None,
    start: Annotated[
        list[Path] | None, typer.Option(help="Network to continue from; for pack, the networks to combine.")
    ] = None,
    epochs: Annotated[int | None, typer.Option(min=1, help="Number of epochs.")] = None,
    part: Annotated[int | None, typer.Option(min=1, help="Number of new samples per epoch.")] = None,
    stay: Annotated[int | None, typer.Option(min=1, help="Number of epochs that a sample is used.")] = None,
    rate: Annotated[float | None, typer.Option(help="Peak learning rate.")] = None,
    drawn: Annotated[int | None, typer.Option(min=20, help="Number of synthetic writers.")] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Random seed.")] = None,
) -> None:
    """Train the networks that find and read numbers, on pages and rows that are composed during the training."""
    from byhand.core.errors import ByhandError
    from byhand.recipes.reading import COURSES, deepen_rows, pack_reader, train

    files = [str(path) for path in start or ()]
    if network == "pack":
        pack_reader(files, out)
        return
    if network == "deepen" and len(files) == 1:
        deepen_rows(files[0], out)
        return
    if network not in COURSES or len(files) > 1:
        raise ByhandError(
            f"train-reader trains one of {', '.join(COURSES)}, from at most one network; deepens one; or packs several."
        )
    changes: dict[str, Any] = {"epochs": epochs, "part": part, "stay": stay, "rate": rate, "drawn": drawn, "seed": seed}
    changes["start"] = files[0] if files else None
    course = replace(COURSES[network], **{name: value for name, value in changes.items() if value is not None})
    train(course, out, hands, fonts, lambda line: print(line, flush=True))
