"""Ruled lines and cells' frames: which pixels of a mask of ink are printed lines rather than writing."""

from itertools import pairwise

import numpy as np

from byhand.types import Array

STEEPEST = 0.08  # how far a line may rise, as a part of its length
COVERED = 0.5  # a line across is there for at least this part of the width
UPRIGHT = 0.85  # a line down for at least this part of the height, near a side; a 1 would be a line, too
SIDE = 0.16  # near a side: as a part of the width
THIN = 0.09  # a line is thinner than this part of a row's height
THINNEST, LIKE_STROKES = 3, 1.2  # and than the strokes are wide, times this; fewer pixels are always thin


def ruled_lines(mask: Array) -> Array:
    """The pixels of `mask` (height, width), bool, that belong to printed lines, strokes across them left alone.

    Lines go across the whole picture, or down beside the writing. A line is looked for at every height and in every
    direction that is nearly level: the part of the width for which it is covered by thin ink decides.
    """
    height, width = mask.shape
    thin = max(THINNEST, round(min(THIN * height, LIKE_STROKES * stroke_width(mask))))
    found = _level_lines(mask, thin, COVERED)
    down = _level_lines(np.ascontiguousarray(mask.T), thin, UPRIGHT).T
    side = max(2, round(SIDE * width))
    down[:, side : max(side, width - side)] = False
    return found | down


def stroke_width(mask: Array) -> float:
    """How wide strokes are on average: two areas by circumference, which pixel edges make 4/π too long."""
    edges = np.count_nonzero(mask[1:] != mask[:-1]) + np.count_nonzero(mask[:, 1:] != mask[:, :-1])
    return 2 * np.count_nonzero(mask) / max(np.pi / 4 * edges, 1)


def _level_lines(mask: Array, thin: int, covered: float) -> Array:
    """Of the pixels of lines across, those where the ink is at most `thin` pixels high."""
    low = mask & (_run_heights(mask) <= thin)
    found = np.zeros_like(mask)
    height, width = mask.shape
    most = int(STEEPEST * width)
    tall = np.pad(low, ((most + 1, most + 1), (1, 0)))
    tall[1:] |= tall[:-1]
    tall[:-1] |= tall[1:]  # a line may waver by a pixel or two
    total = np.cumsum(tall, axis=1, dtype=np.int32)  # (height + 2 most + 2, width + 1)
    x = np.arange(width)
    for rise in range(-most, most + 1, max(1, most // 12)):
        shift = np.rint(rise * (x / max(width - 1, 1) - 0.5)).astype(int)
        edges = [0, *(np.flatnonzero(np.diff(shift)) + 1).tolist(), width]
        count = np.zeros(height, np.int32)
        for start, stop in pairwise(edges):  # columns where the line is equally far from its middle
            rows = slice(most + 1 + shift[start], most + 1 + shift[start] + height)
            count += total[rows, stop] - total[rows, start]
        for y in np.flatnonzero(count >= covered * width):
            for k in (-2, -1, 0, 1, 2):
                at = y + shift + k
                inside = (at >= 0) & (at < height)
                found[at[inside], x[inside]] |= low[at[inside], x[inside]]
    return found


def _run_heights(mask: Array) -> Array:
    """For every pixel of the mask how many pixels hang together above and below it, itself included: int."""
    above = _count_down(mask)
    below = _count_down(mask[::-1])[::-1]
    return np.where(mask, above + below - 1, 0)


def _count_down(mask: Array) -> Array:
    """For every pixel how many of the mask end in it, going down."""
    total = np.cumsum(mask, axis=0)
    before = np.maximum.accumulate(np.where(mask, 0, total), axis=0)
    return total - before
