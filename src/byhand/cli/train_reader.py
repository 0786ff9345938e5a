"""byhand train-reader."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from byhand.cli.app import PATH, app


@app.command(epilog="Example:  byhand train-reader rows --hands hands --fonts fonts --out rows.safetensors")
@click.argument(
    "network",
    help="finder or rows: train it; deepen: give the network for rows more layers; pack: put both into a file.",
)
@click.option("--out", type=PATH, required=True, help="The file to write, after every epoch.")
@click.option("--hands", type=PATH, help="A folder of free hands to learn from, too.")
@click.option("--fonts", type=PATH, help="A folder of fonts to learn from, too.")
@click.option("--start", type=PATH, multiple=True, help="Network to continue from; for pack, the networks to combine.")
@click.option("--epochs", type=click.IntRange(1), help="Number of epochs.")
@click.option("--part", type=click.IntRange(1), help="Number of new samples per epoch.")
@click.option("--stay", type=click.IntRange(1), help="Number of epochs that a sample is used.")
@click.option("--rate", type=float, help="Peak learning rate.")
@click.option("--drawn", type=click.IntRange(20), help="Number of synthetic writers.")
@click.option("--seed", type=click.IntRange(0), help="Random seed.")
def train_reader(
    network: str,
    out: Path,
    hands: Path | None,
    fonts: Path | None,
    start: tuple[str, ...],
    epochs: int | None,
    part: int | None,
    stay: int | None,
    rate: float | None,
    drawn: int | None,
    seed: int | None,
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
