"""Where each digit of a row stands, once it is known about where: its box, and its own ink."""

from collections.abc import Sequence

from byhand.digits.crops import Ink
from byhand.digits.pieces import box_of, cut_between, digit_ink, parted, upright
from byhand.digits.prepare import Box
from byhand.types import Array


def places(row: Ink, middles: Sequence[float]) -> list[tuple[Box, Array]]:
    """For each digit, whose middle stands in that column, the box of its ink in the image, and the ink cut out."""
    column = upright(row.mask.shape, row.lean, row.steep)
    part = parted(row.mask, column, cut_between(row.mask, column, middles))
    found = []
    for i, middle in enumerate(middles):
        mask = part == i
        at = min(max(round(middle), 0), mask.shape[1] - 1)
        box = box_of(mask) or (at, 0, at + 1, mask.shape[0])  # no ink of its own: a column of the row
        found.append((box, digit_ink(row.image, mask, box, row.mask)))
    return found
