"""byhand train-rows."""

from pathlib import Path
from typing import Annotated

import typer

from byhand.cli.app import app
from byhand.core.errors import ByhandError


@app.command("train-rows", epilog="Example:  byhand train-rows row.safetensors --epochs 20 --writers 3000")
def train_rows(
    out: Annotated[Path, typer.Argument(help="The model file to write.")],
    epochs: Annotated[int, typer.Option(min=1, help="Number of epochs.")] = 12,
    part: Annotated[int, typer.Option(min=1, help="Number of new rows per epoch.")] = 12_000,
    stay: Annotated[int, typer.Option(min=1, help="Number of epochs that a row is used.")] = 4,
    rate: Annotated[float, typer.Option(help="Peak learning rate.")] = 3e-3,
    writers: Annotated[int, typer.Option(min=1, help="Number of synthetic writers to learn from.")] = 1500,
    images: Annotated[float, typer.Option(min=0, max=0.99, help="Share of rows whose digits are MNIST's.")] = 0.4,
    seed: Annotated[int, typer.Option(min=0, help="Random seed.")] = 0,
    start: Annotated[Path | None, typer.Option(help="A model file to continue from.")] = None,
    average: Annotated[
        bool, typer.Option("--average", help="Write the mean of the parameters before and after; needs --start.")
    ] = False,
    checkpoint: Annotated[
        Path | None, typer.Option(help="Folder for the training's state, so that it can be resumed.")
    ] = None,
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
