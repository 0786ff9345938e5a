"""byhand train-hand."""

from pathlib import Path
from typing import Annotated

import typer

from byhand.cli.app import app


@app.command("train-hand", epilog="Example:  byhand train-hand corrections.csv -o mine.hand")
def train_hand(
    samples: Annotated[
        Path, typer.Argument(help="A CSV file with the columns file and label, or an npz file of the page's drawings.")
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="The file to write.")],
    epochs: Annotated[int, typer.Option(min=1, help="Number of passes over the samples.")] = 3,
    rate: Annotated[float, typer.Option(help="Peak learning rate.")] = 5e-4,
    seed: Annotated[int, typer.Option(min=0, help="Random seed.")] = 0,
) -> None:
    """Learn one person's digits from rows of them with their labels, for byhand read --hand; takes a minute or two.

    Others' writing is not forgotten: what was learnt is taken over as far as composed rows and MNIST lose at most 0.1
    points each.
    """
    from byhand.recipes.hand import train_hand as learn

    figures = learn(samples, out, epochs=epochs, rate=rate, seed=seed)
    size = out.stat().st_size / 1000
    print(f"{out}: {size:,.0f} kB, {figures.share:.0%} of what was learnt; use it with byhand read --hand {out}")
