"""Drawn digits in MNIST's form, for networks that are to read more than American hands."""

import numpy as np

from byhand.core.types import Array
from byhand.handwriting.drawn import draw_ink
from byhand.handwriting.pens import any_pen
from byhand.handwriting.strokes import any_hand
from byhand.pictures.prepare import fit_digit, place, strengthen

DIGIT_HEIGHT = 60  # pixels of a digit before it is made small


def drawn_images(count: int, rng: np.random.Generator) -> tuple[Array, Array]:
    """`count` digits drawn by as many hands and pens, as many of each class but for one: images as MNIST has them.

    Returns:
        images: uint8 (count, 28, 28), ink 255 on paper 0.
        labels: their digits, int64 (count,), in turn.
    """
    labels = np.arange(count) % 10
    images = np.empty((count, 28, 28), np.uint8)
    for image, label in zip(images, labels, strict=True):
        image[...] = place(fit_digit(strengthen(draw_ink(str(label), rng, DIGIT_HEIGHT, any_hand(rng), any_pen(rng)))))
    return images, labels
