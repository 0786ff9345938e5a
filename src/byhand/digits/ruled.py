"""Ruled lines and cells' frames: which pixels of a mask of ink are printed lines rather than writing."""

import numpy as np

from byhand.types import Array

STEEPEST = 0.08  # how far a line may rise, as a part of its length
COVERED = 0.5  # a line across is there for at least this part of the width
UPRIGHT = 0.85  # a line down for at least this part of the height, near a side; a 1 would be a line, too
SIDE = 0.16  # near a side: as a part of the width
BLOCK = 12  # columns over which a line is taken to be level
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
    side = max(2, round(SIDE * width))
    for inner, outer in ((slice(side), slice(side + thin)), (slice(-side, None), slice(-side - thin, None))):
        upright = _level_lines(np.ascontiguousarray(mask[:, outer].T), thin, UPRIGHT).T
        found[:, inner] |= upright[:, inner]
    return found


def stroke_width(mask: Array) -> float:
    """How wide strokes are on average: two areas by circumference, which pixel edges make 4/π too long."""
    edges = np.count_nonzero(mask[1:] != mask[:-1]) + np.count_nonzero(mask[:, 1:] != mask[:, :-1])
    return 2 * np.count_nonzero(mask) / max(np.pi / 4 * edges, 1)


def _level_lines(mask: Array, thin: int, covered: float) -> Array:
    """Of the pixels of lines across, those where the ink is at most `thin` pixels high."""
    low = mask & (_run_heights(mask) <= thin)
    height, width = mask.shape
    most = int(STEEPEST * width)
    tall = np.pad(low, ((most + 2, most + 2), (0, -width % BLOCK)))
    tall[1:] |= tall[:-1]
    tall[:-1] |= tall[1:]  # a line may waver by a pixel or two
    blocks = tall.reshape(len(tall), -1, BLOCK).sum(axis=2, dtype=np.int32)  # (height + 2 most + 4, blocks)
    columns = np.arange(blocks.shape[1])
    at = (columns + 0.5) * BLOCK / max(width - 1, 1) - 0.5  # of the width, from the middle
    y = np.arange(height)[:, None] + most + 2
    found = np.zeros((height, len(columns)), bool)
    for rise in range(-most, most + 1, max(3, most // 12)):
        shift = np.rint(rise * at).astype(np.int64)
        lines = np.flatnonzero(blocks[y + shift, columns].sum(axis=1) >= covered * width)
        if lines.size:
            near = np.zeros(len(blocks), bool)
            for k in (-2, -1, 0, 1, 2):
                near[lines + most + 2 + k] = True
            found |= near[y - shift]
    return low & np.repeat(found, BLOCK, axis=1)[:, :width]


def _run_heights(mask: Array) -> Array:
    """For every pixel of the mask how many pixels hang together above and below it, itself included: int."""
    above = _count_down(mask)
    below = _count_down(mask[::-1])[::-1]
    return np.where(mask, above + below - 1, 0)


def _count_down(mask: Array) -> Array:
    """For every pixel how many of the mask end in it, going down."""
    total = np.cumsum(mask, axis=0, dtype=np.int32)
    before = np.maximum.accumulate(np.where(mask, 0, total), axis=0)
    return total - before
