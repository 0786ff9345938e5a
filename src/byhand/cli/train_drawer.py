"""byhand train-drawer."""

from dataclasses import replace
from pathlib import Path

import click

from byhand.cli.app import PATH, absolute, app
from byhand.core.errors import ByhandError


@app.command("train-drawer", epilog="Example:  byhand train-drawer cgan --epochs 20")
@click.argument("recipe", required=False, help="gan, cgan, dcgan, wgan-gp, vae, vae-conv or vae-2.")
@click.option("--epochs", type=click.IntRange(1), help="Number of epochs.")
@click.option("--seed", type=click.IntRange(0), default=0, help="Random seed.")
@click.option("--data", help="Name or path of a data set of images.")
@click.option("--out", type=PATH, help="The run folder; runs/RECIPE-N by default.")
@click.option("--overwrite", is_flag=True, help="Overwrite an existing run folder.")
@click.option("--resume", type=PATH, help="Resume the unfinished run in this folder.")
def train_drawer(
    recipe: str | None,
    epochs: int | None,
    seed: int,
    data: str | None,
    out: Path | None,
    overwrite: bool,
    resume: Path | None,
) -> None:
    """Train networks that draw (a GAN or a VAE); write them, their history and sheets of images into a run folder."""
    from byhand.recipes.drawing import get_drawing_recipe
    from byhand.recipes.drawing_run import CHECKPOINT, train_into, unfinished
    from byhand.recipes.folder import claimed

    if resume:
        if recipe or epochs or seed or data or out or overwrite:
            raise ByhandError("--resume continues a run with its own settings; leave out the other options.")
        recipe, source, seed, epochs = unfinished(resume)
    elif recipe:
        source = absolute(data or get_drawing_recipe(recipe).dataset)
    else:
        raise ByhandError("Give a recipe, such as gan, cgan or vae.")
    chosen = get_drawing_recipe(recipe)
    chosen = replace(chosen, epochs=epochs or chosen.epochs)
    with claimed(resume or out, recipe, overwrite=overwrite, resume=bool(resume)) as folder:
        if (folder / CHECKPOINT).exists() and not (resume or overwrite):
            raise ByhandError(
                f"{folder}: holds an unfinished run; go on with byhand train-drawer --resume, or add --overwrite."
            )
        say = lambda line: print(line, flush=True)  # noqa: E731
        train_into(folder, chosen, data=source, seed=seed, resume=bool(resume), say=say)
    print(f"Written to {folder}. Now: byhand draw {folder}, byhand judge {folder}")
