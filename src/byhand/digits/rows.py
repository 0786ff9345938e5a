"""Rows of digits as the row reader sees them, composed as fast as a network learns from them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from byhand.digits.compose import any_number, any_style, write_row
from byhand.digits.glyphs import Writer
from byhand.digits.paper import any_paper, put_on_paper
from byhand.digits.row_image import contrast
from byhand.types import Array

EMPTY = 0.03  # of the rows have no digit


@dataclass(frozen=True)
class Rows:
    """Composes rows by many writers on many papers.

    Attributes:
        writers: whose digits they are.
        height: of a row, in pixels.
        width: of a row, in pixels; what is shorter is filled up with paper.
        longest: how many digits a row has at most.
    """

    writers: Sequence[Writer]
    height: int = 40
    width: int = 320
    longest: int = 12

    def batch(self, n: int, rng: np.random.Generator) -> tuple[Array, Array]:
        """n rows (n, height, width, 1), uint8, ink light on paper 0, and their labels (n, longest), filled up with −1.

        The same generator state gives the same rows.
        """
        x = np.zeros((n, self.height, self.width, 1), np.uint8)
        t = np.full((n, self.longest), -1, np.int8)
        for row, target in zip(x, t, strict=True):
            label, ink, high = self.ink(rng)
            seen = contrast(put_on_paper(ink, any_paper(rng, high), rng))
            row[:, : seen.shape[1], 0] = seen
            target[: len(label)] = [int(digit) for digit in label]
        return x, t

    def ink(self, rng: np.random.Generator) -> tuple[str, Array, int]:
        """A label, its ink with some paper around it, uint8 (height, up to width), and how high the writing is."""
        writer = self.writers[int(rng.integers(len(self.writers)))]
        label = "" if rng.random() < EMPTY else any_number(rng, self.longest)
        style = any_style(rng)
        high = round(self.height * (rng.uniform(0.75, 1.0) if rng.random() < 0.75 else rng.uniform(0.4, 0.8)))
        margins = rng.integers(0, 1 + self.height // 4, size=2)  # left and right
        if label:
            written = write_row(label, writer, style, rng, (high, self.width - int(margins.sum())))
        else:
            written = (
                write_row("*", writer, style, rng, (high, self.width)) if rng.random() < 0.5 else _blank(high, rng)
            )
        top = int(rng.integers(self.height - written.shape[0] + 1))
        ink = np.zeros((self.height, min(self.width, written.shape[1] + int(margins.sum()))), np.uint8)
        ink[top : top + written.shape[0], margins[0] : margins[0] + written.shape[1]] = written[
            :, : self.width - margins[0]
        ]
        return label, ink, written.shape[0]


def _blank(height: int, rng: np.random.Generator) -> Array:
    return np.zeros((height, int(rng.integers(height, 4 * height))), np.uint8)
