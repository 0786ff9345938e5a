"""Ruled lines and cells' frames: which pixels of a mask of ink are printed lines rather than writing."""

import numpy as np

from byhand.core.types import Array

STEEPEST_RULE = 0.08  # how far a line may rise, as a part of its length
COVERED = 0.5  # a line across is there for at least this part of the width
UPRIGHT = 0.85  # a line down for at least this part of the height, near a side; a 1 would be a line, too
RULE_SIDE = 0.16  # near a side: as a part of the width
RULE_BLOCK = 12  # columns over which a line is taken to be level
RULE_THICKNESS = 0.09  # a line is thinner than this part of a row's height
THINNEST, LIKE_STROKES = 3, 1.2  # and than the strokes are wide, times this; fewer pixels are always thin


def ruled_lines(mask: Array) -> Array:
    """The pixels of `mask` (height, width), bool, that belong to printed lines, strokes across them left alone.

    Lines go across the whole picture, or down beside the writing. A line is looked for at every height and in every
    direction that is nearly level: the part of the width for which it is covered by thin ink decides.
    """
    height, width = mask.shape
    thin = max(THINNEST, round(min(RULE_THICKNESS * height, LIKE_STROKES * stroke_width(mask))))
    found = _level_lines(mask, thin, COVERED)
    side = max(2, round(RULE_SIDE * width))
    for inner, outer in ((slice(side), slice(side + thin)), (slice(-side, None), slice(-side - thin, None))):
        upright = _level_lines(np.ascontiguousarray(mask[:, outer].T), thin, UPRIGHT).T
        found[:, inner] |= upright[:, inner]
    return found


def stroke_width(mask: Array) -> float:
    """How wide strokes are on average: two areas by circumference, which pixel edges make 4/π too long."""
    count = np.count_nonzero
    edges = count(mask[1:] != mask[:-1]) + count(mask[:, 1:] != mask[:, :-1])
    edges += count(mask[0]) + count(mask[-1]) + count(mask[:, 0]) + count(mask[:, -1])
    return 2 * count(mask) / max(np.pi / 4 * edges, 1)


def _level_lines(mask: Array, thin: int, covered: float) -> Array:
    """Of the pixels of lines across, those where the ink is at most `thin` pixels high."""
    low = mask & ~_standing(mask, thin + 1)
    height, width = mask.shape
    wavering = np.zeros((height + 2, -(-width // RULE_BLOCK) * RULE_BLOCK), bool)  # a line may waver by a pixel or two
    for k in range(3):
        wavering[k : k + height, :width] |= low
    ends = np.cumsum(wavering, axis=1, dtype=np.int32)[:, RULE_BLOCK - 1 :: RULE_BLOCK]
    most = int(STEEPEST_RULE * width)
    margin = most + 2  # for lines that rise out of the picture
    blocks = np.zeros((height + 2 * margin, ends.shape[1]), np.int32)
    blocks[margin - 1 : margin + height + 1] = np.diff(ends, axis=1, prepend=0)
    if blocks.max(axis=0).sum() < covered * width:
        return np.zeros_like(mask)
    columns = np.arange(blocks.shape[1])
    at = (columns + 0.5) * RULE_BLOCK / max(width - 1, 1) - 0.5  # of the width, from the middle
    y = np.arange(height)[:, None] + margin
    place = y * len(columns) + columns  # in blocks, one row behind the other
    found = np.zeros((height, len(columns)), bool)
    for rise in range(-most, most + 1, max(3, most // 12)):
        shift = np.rint(rise * at).astype(np.int64)
        lines = np.flatnonzero(blocks.take(place + shift * len(columns)).sum(axis=1) >= covered * width)
        if lines.size:
            near = np.zeros(len(blocks), bool)
            for k in (-2, -1, 0, 1, 2):
                near[lines + margin + k] = True
            found |= near[y - shift]
    return low & np.repeat(found, RULE_BLOCK, axis=1)[:, :width]


def _standing(mask: Array, size: int) -> Array:
    """The pixels of the mask of which at least `size` hang together, one above the other."""
    whole, high = mask, 1  # whole[i]: all of mask[i : i + high]
    while high < size:
        step = min(high, size - high)
        whole = whole[:-step] & whole[step:]
        high += step
    standing, high = np.zeros_like(mask), 1
    standing[: len(whole)] = whole
    while high < size:
        step = min(high, size - high)
        standing[step:] |= standing[:-step]
        high += step
    return standing
