"""Rows of digits as the row reader sees them, composed as fast as a network learns from them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from byhand.core.types import Array
from byhand.handwriting.compose import any_number, any_style, write_row
from byhand.handwriting.glyphs import Writer
from byhand.handwriting.others import draw_other
from byhand.handwriting.paper import any_paper, put_on_paper
from byhand.reader_training.contrast import contrast

EMPTY_SHARE = 0.08  # of the rows have no digit
OTHER = 0.85  # of them hold writing that is none, the rest nothing
ROOM, SLIM = 1.5, 0.6  # room for another row, and for each of its digits, as parts of the height
GAP = 8  # columns without anything between two rows


@dataclass(frozen=True)
class RowPictures:
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

        Where there is room beside a short row, another one by another hand follows: a network that sees only a few
        digits at a time learns from it as from a row of its own. The same generator state gives the same rows.
        """
        x = np.zeros((n, self.height, self.width, 1), np.uint8)
        t = np.full((n, self.longest), -1, np.int8)
        for row, target in zip(x, t, strict=True):
            left = read = 0
            while left + ROOM * self.height <= self.width and read < self.longest:
                room = self.width - left
                label, ink, high = self.ink(rng, room, min(self.longest - read, int(room / (SLIM * self.height))))
                seen = contrast(put_on_paper(ink, any_paper(rng, high), rng))
                row[:, left : left + seen.shape[1], 0] = seen
                target[read : read + len(label)] = [int(digit) for digit in label]
                left += seen.shape[1] + GAP
                read += len(label)
        return x, t

    def ink(self, rng: np.random.Generator, width: int, longest: int) -> tuple[str, Array, int]:
        """A label, its ink with some paper around it, uint8 (height, up to width), and how high the writing is."""
        writer = self.writers[int(rng.integers(len(self.writers)))]
        label = "" if rng.random() < EMPTY_SHARE else any_number(rng, longest)
        style = any_style(rng)
        high = round(self.height * (rng.uniform(0.75, 1.0) if rng.random() < 0.75 else rng.uniform(0.4, 0.8)))
        margins = rng.integers(0, 1 + self.height // 4, size=2)  # left and right
        inner = width - int(margins.sum())
        if label:
            written = write_row(label, writer, style, rng, (high, inner))
        else:
            written = _other(high, inner, rng) if rng.random() < OTHER else _blank(high, inner, rng)
        top = int(rng.integers(self.height - written.shape[0] + 1))
        ink = np.zeros((self.height, min(width, written.shape[1] + int(margins.sum()))), np.uint8)
        place = ink[top : top + written.shape[0], margins[0] : margins[0] + written.shape[1]]
        place[...] = written[:, : place.shape[1]]
        return label, ink, written.shape[0]


def _other(height: int, width: int, rng: np.random.Generator) -> Array:
    """Writing that is not a digit, uint8 (height, up to width)."""
    from PIL import Image

    kind = ("letter", "letter", "word", "word", "scribble")[int(rng.integers(5))]
    drawn = Image.fromarray(np.rint(255 * draw_other(rng, 2 * height, kind)).astype(np.uint8))
    wide = min(width, max(1, round(drawn.width * height / drawn.height)))
    return np.asarray(drawn.resize((wide, height), Image.Resampling.BOX))


def _blank(height: int, width: int, rng: np.random.Generator) -> Array:
    return np.zeros((height, min(width, int(rng.integers(height, 4 * height)))), np.uint8)
