"""Training a network that draws, into a run folder."""

import json
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from byhand.core.errors import ByhandError
from byhand.core.files import write_atomically
from byhand.data import load
from byhand.generating.files import save_drawer
from byhand.generating.gan import GAN
from byhand.generating.latent import interpolation, latent_map
from byhand.generating.sheets import as_images, sheet
from byhand.generating.training import GenerativeTrainer
from byhand.generating.vae import VAE
from byhand.recipes.drawing import GANRecipe, VAERecipe
from byhand.training.checkpoint import Checkpoint

CHECKPOINT = "checkpoint.safetensors"  # as long as the run is not finished


def train_into(
    folder: Path,
    recipe: GANRecipe | VAERecipe,
    *,
    data: str,
    seed: int = 0,
    resume: bool = False,
    say: Callable[[str], None] = print,
) -> GAN | VAE:
    """Train by `recipe` and write both networks, history.csv and pictures into `folder`.

    After each epoch there is a checkpoint, from which `resume` goes on bit for bit, and a sheet of images in sheets/,
    drawn from the same latent vectors each time.

    Args:
        folder: where to; it exists.
        recipe: what to train.
        data: a data set's name or path.
        seed: of everything random.
        resume: go on from the checkpoint in the folder.
        say: what to do with a line about each epoch.

    Raises:
        ByhandError: the data cannot be had or have no images, or there is no checkpoint.
        TrainingDiverged: a gradient is not finite any more.
    """
    from byhand import plots

    note = {"recipe": recipe.name, "data": data, "seed": seed, "epochs": recipe.epochs}
    trainer = recipe.begin(load(data), seed)
    model, start = trainer.model, time.monotonic()
    if resume:
        trainer.resume(folder / CHECKPOINT)
    else:
        (folder / CHECKPOINT).unlink(missing_ok=True)  # of the run that is overwritten

    def after_epoch() -> None:
        figures = ", ".join(f"{name} {value:.4g}" for name, value in trainer.history.last.items() if name != "epoch")
        say(f"{time.monotonic() - start:6.0f} s: epoch {trainer.history.epochs} of {recipe.epochs}, {figures}")
        plots.save(plots.tiles(sheet(model)), folder / "sheets" / f"epoch-{trainer.history.epochs:03}.png")
        trainer.save(folder / CHECKPOINT, note)

    trainer.train(recipe.epochs, after_epoch)
    finish(trainer, folder)
    write_atomically(folder / "metrics.json", (json.dumps(note | trainer.history.last, indent=2) + "\n").encode())
    return model


def finish(trainer: GenerativeTrainer, folder: Path) -> None:
    """Write networks, history and pictures, and remove the checkpoint."""
    from byhand import plots

    model = trainer.model
    save_drawer(model, folder)
    trainer.history.write_csv(folder / "history.csv")
    plots.save(plots.tiles(sheet(model)), folder / "samples.png")
    labels = np.arange(10) % model.classes if model.classes else None
    between = interpolation(model, np.random.default_rng(0), 10, 12, labels)
    plots.save(plots.tiles(as_images(between)), folder / "interpolation.png")
    if model.latent == 2 and not model.classes:
        plots.save(plots.tiles(as_images(latent_map(model, 20))), folder / "map.png")
    (folder / CHECKPOINT).unlink(missing_ok=True)


def unfinished(folder: Path) -> tuple[str, str, int, int]:
    """Of an unfinished run: the recipe's name, the data, the seed, and the number of epochs.

    Raises:
        ByhandError: there is none in the folder.
    """
    path = folder / CHECKPOINT
    if not path.exists():
        raise ByhandError(f"{folder}: holds no unfinished run of a network that draws.")
    note = Checkpoint.read(path).note
    kinds = {"recipe": str, "data": str, "seed": int, "epochs": int}
    if not all(isinstance(note.get(name), kind) for name, kind in kinds.items()):
        raise ByhandError(f"{path}: was not written by byhand train-drawer.")
    return note["recipe"], note["data"], note["seed"], note["epochs"]
