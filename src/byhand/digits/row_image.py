"""A row of writing as the row reader takes it, whether it was photographed or composed."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from byhand.digits.prepare import Box
from byhand.types import Array

INK = 64  # grey level from which a pixel counts to a digit's box


def contrast(picture: Array) -> Array:
    """A row's grey levels (height, width), as the reader takes them: uint8, the paper 0, the ink up to 255.

    The paper is the median; of the two sides of it the ink's is the one that reaches further. The hundredth part of
    the pixels that is furthest away is full ink.
    """
    count = np.cumsum(np.bincount(picture.ravel(), minlength=256))
    low, paper, high = np.searchsorted(count, np.array([0.01, 0.5, 0.99]) * picture.size)
    ink = paper - low
    if high - paper > ink:
        scaled = (np.arange(256) - paper) * (255 / (high - paper))
    else:
        scaled = (paper - np.arange(256)) * (255 / max(ink, 1))
    return np.clip(scaled, 0, 255).astype(np.uint8)[picture]


def as_row(image: Array, height: int, width: int) -> Array:
    """A row's ink, uint8 (any height, any width), ink 255 on paper 0, brought to uint8 (height, width).

    Its proportions stay where it then fits the width, and paper fills the rest on the right; a longer row is narrowed.
    """
    from PIL import Image

    wide = min(width, max(1, round(image.shape[1] * height / image.shape[0])))
    how = Image.Resampling.BOX if image.shape[0] > height else Image.Resampling.BILINEAR
    row = np.zeros((height, width), np.uint8)
    row[:, :wide] = np.asarray(Image.fromarray(image).resize((wide, height), how))
    return row


def symbol_boxes(row: Array, middles: Sequence[float]) -> list[Box]:
    """Boxes (left, top, right, bottom) of the digits around the columns `middles`, in rising order, of a row of ink.

    Two neighbours are cut apart where the least ink stands in a column between their middles; a box holds the ink
    between its cuts, and where there is none, all of it.
    """
    amount = row.sum(axis=0, dtype=np.int64)
    at = [min(max(int(middle), 0), row.shape[1] - 1) for middle in middles]
    if not at:
        return []
    cuts = [0, *(a + int(np.argmin(amount[a : b + 1])) for a, b in pairwise(at)), row.shape[1]]
    found = []
    for left, right in pairwise(cuts):
        piece = row[:, left : max(right, left + 1)] > INK
        x, y = np.flatnonzero(piece.any(axis=0)), np.flatnonzero(piece.any(axis=1))
        if x.size:
            found.append((left + int(x[0]), int(y[0]), left + int(x[-1]) + 1, int(y[-1]) + 1))
        else:
            found.append((left, 0, right, row.shape[0]))
    return found
