"""Which ink on a page is writing: told from the paper's grain, from printed lines, and from what is left of frames."""

import numpy as np

from byhand.core.types import Array
from byhand.reading.components import Components, components
from byhand.reading.ink import DARKEST, background, light_on_dark, median, otsu
from byhand.reading.pieces import spread_ink
from byhand.reading.prepare import Box
from byhand.reading.ruled import ruled_lines

THICK, THIN = 0.4, 0.14  # windows of the background, as parts of the picture's size, for thick strokes and for others
WEAK, STRONG = 0.45, 0.8  # a piece reaches as far as this part of the full ink, if somewhere it is as strong as that
FAINTEST, NOISE = 5.0, 2.5  # grey levels by which ink must differ from the paper, and times the paper's grain
CORNER = 0.25  # a frame's corner goes along at least this part of a side
RIM, THICKEST_RIM = 0.03, 3  # how far from the rim pieces lie along it, as a part of the height, and in pixels
STRAIGHT_FILL = 0.6  # a straight upright piece fills more of its box than that; a 1 that leans or bends does not
SPARSE = 0.16  # a frame's piece fills less than this part of its box
NEAR, ARM, STRAY = 0.12, 3, 0.05  # a corner's distance from the sides; its arms' width, the ink that is not in them
NINTHS = np.arange(9 * 255 + 1, dtype=np.float32) / 9  # grey levels that are the mean of nine


def flatten(image: Array, inverted: bool | None = None) -> Array:
    """The picture (height, width) with even light: every paper 255, writing darker, uint8."""
    light = image.astype(np.float32)
    if light_on_dark(light) if inverted is None else inverted:
        light = 255 - light
    white = background(light, THICK, THIN)
    taken = (white - light) / np.maximum(white, DARKEST)  # the part of the paper's light that is missing
    return np.clip(255 * (1 - taken), 0, 255).astype(np.uint8)


def writing(flat: Array) -> tuple[Components, Array]:
    """The pieces of ink in a picture of even light, uint8 (height, width), paper 255, and which are writing (pieces,).

    Ruled lines are left out of the pieces already, so that a stroke across one stays whole.
    """
    pieces, strong = _inked(flat)
    keep = np.bincount(pieces.labels[strong], minlength=len(pieces.areas) + 1)[1:] > 0
    keep &= ~_is_edge(pieces)
    for piece in np.flatnonzero(keep).tolist():
        keep[piece] = not _is_corner(pieces.labels, piece + 1, pieces.boxes[piece].tolist())
    return pieces, keep


def _inked(flat: Array) -> tuple[Components, Array]:
    """The pieces of ink, and where there is ink for certain, bool (height, width), both without ruled lines.

    The threshold is Otsu's. Lines that are darker than the writing would draw it up, so it is found once more without
    the lines and what touches the rim beside them.
    """
    level = sum_of_nine(255 - flat)  # in ninths of a grey level
    rest = np.ones(level.shape, bool)
    times = np.bincount(level.ravel(), minlength=len(NINTHS))
    paper, grain = median(NINTHS, times), _grain(level)
    for _ in range(2):
        there = np.flatnonzero(times)
        dark = _darker(otsu(NINTHS[there], times[there]))
        full = median(NINTHS[dark:], times[dark:]) if times[dark:].any() else paper
        if full - paper < max(FAINTEST, NOISE * grain):
            return components(level < 0), level < 0
        mask = rest & (level >= _darker(paper + WEAK * (full - paper)))
        strong = rest & (level >= _darker(paper + STRONG * (full - paper)))
        lines = ruled_lines(mask)
        mask, strong = mask & ~lines, strong & ~lines
        pieces = components(mask)
        beside = spread_ink(lines) | pieces.pixels(_is_edge(pieces))
        if not beside.any():
            return pieces, strong
        rest &= ~beside
        times = np.bincount(level[rest], minlength=len(NINTHS))
    return components(mask & rest), strong & rest


def sum_of_nine(a: Array) -> Array:
    """The sum of the 3 × 3 pixels around each one, the edge repeated outwards: uint16 for uint8."""
    total = a.astype(np.uint16)
    for side in (total, total.T):
        one = side.copy()
        side[1:] += one[:-1]
        side[:-1] += one[1:]
        side[0] += one[0]
        side[-1] += one[-1]
    return total


def _grain(level: Array) -> float:
    """The paper's grain, as a standard deviation, from the median difference of neighbours; level in ninths."""
    times = np.bincount(np.abs(np.diff(level.astype(np.int16), axis=1)).ravel(), minlength=len(NINTHS))
    return 1.4826 * median(NINTHS, times) if times.any() else 0.0


def _darker(threshold: float) -> int:
    """From which of NINTHS on they are greater than a threshold."""
    return int(np.searchsorted(NINTHS, np.float32(threshold), side="right"))


def _is_edge(pieces: Components) -> Array:
    """Which pieces are thin and lie along the picture's rim, or around a corner: what is left of a frame."""
    labels, box, area = pieces
    height, width = labels.shape
    rim = max(1, min(round(RIM * height), THICKEST_RIM))
    w, h = box[:, 2] - box[:, 0], box[:, 3] - box[:, 1]
    above_or_below = (box[:, 1] <= rim) | (box[:, 3] >= height - rim)
    beside = (box[:, 0] <= rim) | (box[:, 2] >= width - rim)
    near = (box[:, 0] <= 0.06 * width) | (box[:, 2] >= 0.94 * width)
    level = above_or_below & (w > 2.5 * h) & (h < 0.25 * height)
    straight = area > STRAIGHT_FILL * w * h
    whole = (box[:, 1] <= rim) & (box[:, 3] >= height - rim)
    upright = (beside | (near & whole)) & straight & (h > 3 * w) & (w < 0.06 * width)
    edges = np.stack([box[:, 0], box[:, 1], width - box[:, 2], height - box[:, 3]])
    corner = ((edges <= 2 * rim).sum(axis=0) >= 2) & (area < SPARSE * w * h) & (w > 0.45 * width)
    return level | upright | corner


def _is_corner(labels: Array, piece: int, box: Box) -> bool:
    """Whether a piece is a frame's lower corner: below and beside the writing, with ink only along these two sides."""
    height, width = labels.shape
    left, top, right, bottom = box
    at_left, at_right = left < NEAR * width, right > (1 - NEAR) * width
    arm = max(ARM, round(ARM * height / 30))
    if bottom < (1 - NEAR) * height or not (at_left or at_right) or min(right - left, bottom - top) < 2 * arm:
        return False
    if max((right - left) / width, (bottom - top) / height) < CORNER:
        return False
    part = labels[top:bottom, left:right] == piece
    inner = part[:-arm, :-arm] if at_right else part[:-arm, arm:]
    return bool(inner.sum() < STRAY * part.sum())
