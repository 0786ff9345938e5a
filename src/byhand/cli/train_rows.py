"""byhand train-rows."""

from pathlib import Path

import click

from byhand.cli.app import PATH, app
from byhand.core.errors import ByhandError


@app.command("train-rows", epilog="Example:  byhand train-rows row.safetensors --epochs 20 --writers 3000")
@click.argument("out", type=PATH, help="The model file to write.")
@click.option("--epochs", type=click.IntRange(1), default=12, help="Number of epochs.")
@click.option("--part", type=click.IntRange(1), default=12_000, help="Number of new rows per epoch.")
@click.option("--stay", type=click.IntRange(1), default=4, help="Number of epochs that a row is used.")
@click.option("--rate", type=float, default=3e-3, help="Peak learning rate.")
@click.option("--writers", type=click.IntRange(1), default=1500, help="Number of synthetic writers to learn from.")
@click.option("--images", type=click.FloatRange(0, 0.99), default=0.4, help="Share of rows whose digits are MNIST's.")
@click.option("--seed", type=click.IntRange(0), default=0, help="Random seed.")
@click.option("--start", type=PATH, help="A model file to continue from.")
@click.option("--average", is_flag=True, help="Write the mean of the parameters before and after; needs --start.")
@click.option("--checkpoint", type=PATH, help="Folder for the training's state, so that it can be resumed.")
def train_rows(
    out: Path,
    epochs: int,
    part: int,
    stay: int,
    rate: float,
    writers: int,
    images: float,
    seed: int,
    start: Path | None,
    average: bool,
    checkpoint: Path | None,
) -> None:
    """Train the network that reads rows of digits, on rows that byhand composes; takes hours."""
    from byhand.recipes.row_training import train_row_reader

    if average and start is None:
        raise ByhandError("--average needs --start, the network to average with.")
    train_row_reader(
        out,
        epochs=epochs,
        part=part,
        stay=stay,
        rate=rate,
        writers=writers,
        images=images,
        seed=seed,
        start=start,
        average=average,
        checkpoint=checkpoint,
        say=lambda text: print(text, flush=True),
    )
