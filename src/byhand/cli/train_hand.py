"""byhand train-hand."""

from pathlib import Path

import click

from byhand.cli.app import PATH, app


@app.command("train-hand", epilog="Example:  byhand train-hand corrections.csv -o mine.hand")
@click.argument(
    "samples", type=PATH, help="A CSV file with the columns file and label, or an npz file of the page's drawings."
)
@click.option("--out", "-o", type=PATH, required=True, help="The file to write.")
@click.option("--epochs", type=click.IntRange(1), default=3, help="Number of passes over the samples.")
@click.option("--rate", type=float, default=5e-4, help="Peak learning rate.")
@click.option("--seed", type=click.IntRange(0), default=0, help="Random seed.")
def train_hand(samples: Path, out: Path, epochs: int, rate: float, seed: int) -> None:
    """Learn one person's digits from rows of them with their labels, for byhand read --hand; takes a minute or two.

    Others' writing is not forgotten: what was learnt is taken over as far as composed rows and MNIST lose at most 0.1
    points each.
    """
    from byhand.recipes.hand import train_hand as learn

    figures = learn(samples, out, epochs=epochs, rate=rate, seed=seed)
    size = out.stat().st_size / 1000
    print(f"{out}: {size:,.0f} kB, {figures.share:.0%} of what was learnt; use it with byhand read --hand {out}")
