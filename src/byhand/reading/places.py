"""Where each digit of a row stands, once it is known about where: its box, and its own ink."""

from collections.abc import Iterator, Sequence

from byhand.core.types import Array
from byhand.pictures.boxes import Box, box_of
from byhand.pictures.components import components
from byhand.reading.crops import Ink
from byhand.reading.pieces import cut_between, digit_ink, parted, upright


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
