"""byhand draw."""

from pathlib import Path

import click

from byhand.cli.app import PATH, app
from byhand.core.errors import ByhandError


@app.command(epilog="Example:  byhand draw runs/cgan-1 --digit 7 --count 20 -o sevens.png")
@click.argument("model", type=PATH, help="The run folder of a network that draws, or its model file.")
@click.option("--digit", type=click.IntRange(0), help="The class to draw, for a conditional network.")
@click.option("--count", type=click.IntRange(1, 10_000), default=100, help="Number of images.")
@click.option("--seed", type=click.IntRange(0), default=0, help="Random seed.")
@click.option("--interpolate", is_flag=True, help="Draw rows of images between random pairs instead.")
@click.option("map_", "--map", is_flag=True, help="Draw the map of a VAE with two latent numbers instead.")
@click.option("--out", "-o", type=PATH, default=Path("drawn.png"), help="The picture to write.")
def draw(model: Path, digit: int | None, count: int, seed: int, interpolate: bool, map_: bool, out: Path) -> None:
    """Draw images with a trained generator or decoder."""
    import numpy as np

    from byhand import plots
    from byhand.generating.files import load_drawer
    from byhand.generating.latent import interpolation, latent_map
    from byhand.generating.sheets import as_images, in_rows

    if interpolate and map_:
        raise ByhandError("Choose --interpolate or --map.")
    drawer, rng = load_drawer(model), np.random.default_rng(seed)
    if digit is not None and digit >= drawer.classes:
        raise ByhandError(
            f"{model}: was told {drawer.classes} classes, 0 to {drawer.classes - 1}; {digit} is none of them."
            if drawer.classes
            else f"{model}: draws whatever comes; only a conditional network, such as cgan, takes --digit."
        )

    def labels(n: int) -> np.ndarray | None:
        """The classes of n images or rows: that which was asked for, or all of them in turn."""
        return None if not drawer.classes else np.arange(n) % drawer.classes if digit is None else np.full(n, digit)

    if map_:
        images = as_images(latent_map(drawer, 20))
    elif interpolate:
        rows = min(count, 10)
        images = as_images(interpolation(drawer, rng, rows, 12, labels(rows)))
    else:
        images = in_rows(drawer.draw(count, rng, labels(count)))
    plots.save(plots.tiles(images), out)
    print(f"Written to {out}.")
