"""byhand draw."""

from pathlib import Path
from typing import Annotated

import typer

from byhand.cli.app import app
from byhand.core.errors import ByhandError


@app.command(epilog="Example:  byhand draw runs/cgan-1 --digit 7 --count 20 -o sevens.png")
def draw(
    model: Annotated[Path, typer.Argument(help="The run folder of a network that draws, or its model file.")],
    digit: Annotated[int | None, typer.Option(min=0, help="The class to draw, for a conditional network.")] = None,
    count: Annotated[int, typer.Option(min=1, max=10_000, help="Number of images.")] = 100,
    seed: Annotated[int, typer.Option(min=0, help="Random seed.")] = 0,
    interpolate: Annotated[
        bool, typer.Option("--interpolate", help="Draw rows of images between random pairs instead.")
    ] = False,
    map_: Annotated[bool, typer.Option("--map", help="Draw the map of a VAE with two latent numbers instead.")] = False,
    out: Annotated[Path, typer.Option("--out", "-o", help="The picture to write.")] = Path("drawn.png"),
) -> None:
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
