"""Which ink of a row belongs to which of its digits, once it is known about where each stands."""

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np

from byhand.core.types import Array
from byhand.pictures.boxes import Box, box_of
from byhand.pictures.components import Components, components
from byhand.pictures.ink import running_max
from byhand.reading.crops import Ink

# By hand where no command is named; python -m bench.reading.constants tells what each is worth.
WHOLE = 0.8  # a piece of which at least this part stands on one side of a cut is not cut


def upright(shape: tuple[int, ...], lean: float, steep: float = 0.0) -> Array:
    """For every pixel the column that it would stand in if writing that leans by `lean` stood upright: (height, width).

    The middle of a row that falls by `steep` rows a column stays as it is.
    """
    y, x = np.ogrid[: shape[0], : shape[1]]
    return x + lean * (y - (shape[0] - 1) / 2 - steep * (x - (shape[1] - 1) / 2))


def cut_between(mask: Array, column: Array, middles: Sequence[float]) -> list[float]:
    """Where to part symbols whose middles stand in those columns: where the least ink stands between two of them.

    mask and column (height, width): what is ink, and each pixel's column, from `upright`.
    """
    at = np.rint(column[mask]).astype(np.int64)
    low, high = round(min(middles)), round(max(middles))
    amount = np.bincount(at[(at >= low) & (at <= high)] - low, minlength=high - low + 1)
    cuts = []
    for a, b in pairwise(middles):
        between = amount[round(a) - low : round(b) - low + 1]
        least = np.flatnonzero(between == between.min())
        cuts.append(round(a) + float(least.mean()))  # the middle of a gap
    return cuts


def parted(pieces: Components, column: Array, cuts: Sequence[float]) -> Array:
    """The part that each pixel of the pieces belongs to, 0 to len(cuts), and −1 outside: int16 (height, width).

    A piece of ink that is all but whole on one side of a cut is left whole.
    """
    mask, parts = pieces.labels > 0, len(cuts) + 1
    piece = pieces.labels[mask] - 1  # of each pixel of the mask
    part = np.searchsorted(np.asarray(cuts, float), column[mask], side="right")
    shared = np.bincount(piece * parts + part, minlength=len(pieces.areas) * parts).reshape(-1, parts)
    most = shared.argmax(axis=1)
    whole = shared.max(axis=1) >= WHOLE * pieces.areas
    found = np.full(mask.shape, -1, np.int16)
    found[mask] = np.where(whole[piece], most[piece], part)
    return found


def digit_ink(ink: Array, part: Array, box: Box, others: Array) -> Array:
    """A part of the ink, uint8 (height, width), cut out of it with the soft edges of its strokes: uint8.

    part is a mask, box the box around it; nothing of the mask `others` comes along.
    """
    left, top, right, bottom = box
    y, x = slice(max(0, top - 1), bottom + 1), slice(max(0, left - 1), right + 1)
    core = part[y, x]
    return ink[y, x] * (running_max(core, 3) & ~(others[y, x] & ~core))


def places(row: Ink, readings: Sequence[Sequence[float]]) -> Iterator[list[tuple[Box, Array]]]:
    """For each reading, and each of its digits, the box of the digit's ink in the image, and the ink cut out.

    A reading is given by the columns in which its digits' middles stand.
    """
    column = upright(row.mask.shape, row.lean, row.steep)
    pieces = components(row.mask)
    for middles in readings:
        part = parted(pieces, column, cut_between(row.mask, column, middles))
        found = []
        for i, middle in enumerate(middles):
            mask = part == i
            at = min(max(round(middle), 0), mask.shape[1] - 1)
            box = box_of(mask) or (at, 0, at + 1, mask.shape[0])  # no ink of its own: a column of the row
            found.append((box, digit_ink(row.image, mask, box, row.mask)))
        yield found
