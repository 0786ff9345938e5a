"""Drawn images in rows and columns, as `plots.tiles` takes them."""

import numpy as np

from byhand.core.types import Array
from byhand.generating.files import sides
from byhand.generating.gan import GAN
from byhand.generating.vae import VAE

ROWS = COLUMNS = 10


def sheet(model: GAN | VAE, seed: int = 0) -> Array:
    """Images (10, 10, height, width); of a conditional GAN a row for each class, from the first on."""
    labels = np.repeat(np.arange(ROWS) % model.classes, COLUMNS) if model.classes else None
    images = model.draw(ROWS * COLUMNS, np.random.default_rng(seed), labels)
    return as_images(images.reshape(ROWS, COLUMNS, *model.image_shape))


def in_rows(drawn: Array) -> Array:
    """n drawn arrays (n, ...) in rows of 10, or all in one; the last row is filled up with blank images."""
    across = min(COLUMNS, len(drawn))
    down = -(-len(drawn) // across)
    filled = np.zeros((down * across, *drawn.shape[1:]), drawn.dtype)
    filled[: len(drawn)] = drawn
    return as_images(filled.reshape(down, across, *drawn.shape[1:]))


def as_images(drawn: Array) -> Array:
    """Drawn arrays (rows, columns, ...) as (rows, columns, height, width), in colours with a last axis of 3."""
    height, width = sides(drawn.shape[2:])
    colours = (3,) if drawn.shape[4:] == (3,) else ()
    return drawn.reshape(*drawn.shape[:2], height, width, *colours)
