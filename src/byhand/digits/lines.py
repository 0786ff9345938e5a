"""Lines of writing on a page: where they are, and the picture of each as the row reader takes it."""

from collections.abc import Callable
from math import ceil, floor
from typing import NamedTuple

import numpy as np

from byhand.digits.components import Components, components
from byhand.digits.ink import DARKEST, background, light_on_dark, median, otsu
from byhand.digits.pieces import spread
from byhand.digits.prepare import Box
from byhand.digits.row_image import contrast
from byhand.digits.ruled import ruled_lines
from byhand.types import Array

WORKING_SIZE = 1600  # a larger picture is made smaller first
INKED = 90  # grey level from which a drawing's pixel is ink
LEAST_HEIGHT, LARGEST = 90, 3  # a lower one larger, at most so many times: strokes are a few pixels wide then
ROW_WINDOW, PAGE_WINDOW = 0.4, 0.14  # of the background, as a part of the picture's size: wider than a stroke
PAGE = 500  # pixels of the longer side from which a picture is a page rather than a row
WEAK, STRONG = 0.45, 0.8  # a piece reaches as far as this part of the full ink, if somewhere it is as strong as that
FAINTEST, NOISE = 5.0, 2.5  # grey levels by which ink must differ from the paper, and times the paper's grain
SMALL = 0.45  # of the digits' height: what is lower is a mark, a splinter or dirt, and no line of its own
SPECK = 0.12  # what is smaller than this part of the digits' height in both directions is dirt
MOST_PIECES, MOST_LINES = 4000, 300  # as high as a digit, and lines; where there are more, it is no writing
LEVEL = 0.35  # two pieces are level if their heights share this part of the lower one
CORNER = 0.25  # a frame's corner goes along at least this part of a side
APART = 2.5  # a gap of more heights than this parts two lines that stand side by side
RIM, THICKEST_RIM = 0.03, 3  # how far from the rim pieces lie along it, as a part of the height, and in pixels
STRAIGHT = 0.6  # a straight upright piece fills more of its box than that; a 1 that leans or bends does not
SPARSE = 0.16  # a frame's piece fills less than this part of its box
NEAR, ARM, STRAY = 0.12, 3, 0.05  # a corner's distance from the sides; its arms' width, the ink that is not in them
MARGIN = 0.12  # of a line's height: paper left around it
NINTHS = np.arange(9 * 255 + 1, dtype=np.float32) / 9  # grey levels that are the mean of nine


class Line(NamedTuple):
    """A line of writing.

    Attributes:
        box: where it stands in the picture: left, top, right, bottom in pixels, right and bottom exclusive.
        image: its ink, uint8 (height, width), 255 on paper 0, with a margin around the box.
        mask: which of its pixels are writing, bool (height, width): no ruled lines, no dirt.
        corner: left and top of the image in a picture whose pixels are as large as the image's.
        scale: how many of the picture's pixels one of the image's is long.
        shape: of the picture.
    """

    box: Box
    image: Array
    mask: Array
    corner: tuple[int, int]
    scale: float
    shape: tuple[int, ...]

    def in_picture(self, box: Box) -> Box:
        """A box in the line's image as one in the picture."""
        (x, y), s = self.corner, self.scale
        left, top, right, bottom = (s * (side + at) for side, at in zip(box, (x, y, x, y), strict=True))
        height, width = self.shape
        return floor(left), floor(top), min(ceil(right), width), min(ceil(bottom), height)


def find_lines(image: Array, inverted: bool | None = None) -> list[Line]:
    """The lines of writing in a picture, uint8 (height, width), top to bottom, those side by side left to right.

    `inverted` says whether the writing is the lighter one; by default it is found out (see `ink.light_on_dark`).
    Nothing is cut out of the lines' images: ruled lines are left out only where it is decided what is writing.
    """
    working, scale = _at_working_size(image)
    flat = flatten(working, inverted)
    mask, found = written(flat)
    return [_line(box, mask, flat, contrast, scale, image.shape) for box in found]


def drawn_lines(ink: Array) -> list[Line]:
    """The lines of a drawing, uint8 (height, width), ink 255 on paper 0, on which there is nothing but writing."""
    mask = ink >= INKED
    pieces = components(mask)
    mask, found = _in_lines(pieces, np.ones(len(pieces.areas), bool))
    return [_line(line, mask, ink, np.asarray, 1.0, ink.shape) for line in found]


def _line(
    box: Box, mask: Array, picture: Array, as_ink: Callable[[Array], Array], scale: float, shape: tuple[int, ...]
) -> Line:
    """The line in a box, with some paper around it."""
    left, top, right, bottom = box
    margin = max(1, round(MARGIN * (bottom - top)))
    y = slice(max(0, top - margin), bottom + margin)
    x = slice(max(0, left - margin), right + margin)
    inside = mask[y, x].copy()
    inside[: top - y.start] = inside[bottom - y.start :] = False
    line = Line(box, as_ink(picture[y, x]), inside, (x.start, y.start), scale, shape)
    return line._replace(box=line.in_picture((left - x.start, top - y.start, right - x.start, bottom - y.start)))


def _at_working_size(image: Array) -> tuple[Array, float]:
    """The picture (height, width) made smaller or larger, and how many of its pixels one is long then."""
    from PIL import Image

    shrink = -(-max(image.shape) // WORKING_SIZE)
    if shrink > 1:
        return np.asarray(Image.fromarray(image).reduce(shrink)), float(shrink)
    grow = min(-(-LEAST_HEIGHT // image.shape[0]), LARGEST, WORKING_SIZE // max(image.shape))
    if grow > 1:
        size = (grow * image.shape[1], grow * image.shape[0])
        return np.asarray(Image.fromarray(image).resize(size, Image.Resampling.BICUBIC)), 1 / grow
    return image, 1.0


def flatten(image: Array, inverted: bool | None = None) -> Array:
    """The picture (height, width) with even light: every paper 255, writing darker, uint8."""
    light = image.astype(np.float32)
    if light_on_dark(light) if inverted is None else inverted:
        light = 255 - light
    window = PAGE_WINDOW if max(image.shape) > PAGE else ROW_WINDOW
    white = background(light, window)
    taken = (white - light) / np.maximum(white, DARKEST)  # the part of the paper's light that is missing
    return np.clip(255 * (1 - taken), 0, 255).astype(np.uint8)


def written(flat: Array) -> tuple[Array, list[Box]]:
    """Which pixels of a picture of even light, uint8 (height, width), paper 255, are writing, and its lines' boxes."""
    mask, strong = writing(flat)
    if not strong.any():
        return mask, []
    pieces = components(mask)
    keep = np.bincount(pieces.labels[strong], minlength=len(pieces.areas) + 1)[1:] > 0
    keep &= ~_is_edge(pieces)
    for piece in np.flatnonzero(keep).tolist():
        keep[piece] = not _is_corner(pieces.labels, piece + 1, pieces.boxes[piece].tolist())
    return _in_lines(pieces, keep)


def _in_lines(pieces: Components, keep: Array) -> tuple[Array, list[Box]]:
    """Where the pieces that are kept are, less what is dirt beside them, and the boxes of their lines."""
    labels, box, area = pieces
    if not keep.any():
        return labels < 0, []
    digit = _digit_height(box[keep], area[keep])
    keep &= np.maximum(box[:, 2] - box[:, 0], box[:, 3] - box[:, 1]) >= SPECK * digit
    mask = pieces.pixels(keep)
    box, area = box[keep], area[keep]
    high = box[:, 3] - box[:, 1] >= SMALL * digit
    if high.sum() > MOST_PIECES:
        return mask & False, []
    post = _is_post(box, area, labels.shape[1])
    groups = _group(box[high], digit)
    if len(groups) > 1:  # beside other lines, a straight stroke near a side is a frame's
        groups = [g for g in groups if len(g) > 1 or not post[(box == g[0]).all(axis=1)].any()]
    if len(groups) > MOST_LINES or (~high).sum() > 10 * MOST_PIECES:
        return mask & False, []
    lines = _merged([_hull(line) for line in groups], digit)
    return mask, sorted_boxes([_with_small(line, box[~high], digit) for line in lines])


def writing(flat: Array) -> tuple[Array, Array]:
    """Where there is ink at all, and where for certain, ruled lines left out: two masks (height, width).

    The threshold is Otsu's. Lines that are darker than the writing would draw it up, so it is found once more without
    the lines and what touches the rim beside them.
    """
    level = sum_of_nine(255 - flat)  # in ninths of a grey level
    rest = np.ones(level.shape, bool)
    times = np.bincount(level.ravel(), minlength=len(NINTHS))
    paper, grain = median(NINTHS, times), _grain(level)
    for _ in range(2):
        there = times.nonzero()[0]
        dark = _darker(otsu(NINTHS[there], times[there]))
        full = median(NINTHS[dark:], times[dark:]) if times[dark:].any() else paper
        if full - paper < max(FAINTEST, NOISE * grain):
            return level < 0, level < 0
        mask = rest & (level >= _darker(paper + WEAK * (full - paper)))
        strong = rest & (level >= _darker(paper + STRONG * (full - paper)))
        lines = ruled_lines(mask)
        mask, strong = mask & ~lines, strong & ~lines
        beside = spread(lines) | _edges(mask)
        if not beside.any():
            break
        rest &= ~beside
        mask, strong = mask & rest, strong & rest
        times = np.bincount(level[rest], minlength=len(NINTHS))
    return mask, strong


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


def _edges(mask: Array) -> Array:
    """The thin pieces along the picture's rim."""
    pieces = components(mask)
    return pieces.pixels(_is_edge(pieces))


def _digit_height(box: Array, area: Array) -> float:
    """The height of a digit: half of the ink is in higher pieces."""
    height = (box[:, 3] - box[:, 1]).astype(float)
    order = np.argsort(height)
    half = np.searchsorted(np.cumsum(area[order]), area.sum() / 2)
    return float(height[order][half])


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
    straight = area > STRAIGHT * w * h
    upright = (beside | (near & above_or_below)) & straight & (h > 3 * w) & (w < 0.06 * width)
    edges = np.stack([box[:, 0], box[:, 1], width - box[:, 2], height - box[:, 3]])
    corner = ((edges <= 2 * rim).sum(axis=0) >= 2) & (area < SPARSE * w * h) & (w > 0.45 * width)
    return level | upright | corner


def _is_post(box: Array, area: Array, width: int) -> Array:
    """Which pieces are straight, upright, and near a side of the picture."""
    w, h = box[:, 2] - box[:, 0], box[:, 3] - box[:, 1]
    near = (box[:, 0] <= NEAR * width) | (box[:, 2] >= (1 - NEAR) * width)
    return near & (h > 3 * w) & (area > STRAIGHT * w * h)


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


def _group(box: Array, digit: float) -> list[Array]:
    """Boxes (n, 4) that form lines: each, from left to right, goes on the line whose last box is level with it."""
    box = box[np.argsort(box[:, 0], kind="stable")]
    lines: list[list[int]] = []
    last = np.zeros_like(box)  # of each line
    right = np.zeros(len(box))
    for k, (left, top, end, bottom) in enumerate(box.tolist()):
        n = len(lines)
        upper, lower = last[:n, 1], last[:n, 3]
        level = (np.minimum(bottom, lower) - np.maximum(top, upper)) / np.minimum(bottom - top, lower - upper)
        gap = (left - right[:n]) / digit
        far = np.where((level > LEVEL) & (gap < APART), gap - level, np.inf)
        line = int(far.argmin()) if n else 0
        if n and far[line] < np.inf:
            lines[line].append(k)
        else:
            line = n
            lines.append([k])
        last[line] = box[k]
        right[line] = max(right[line], end)
    return [box[line] for line in lines]


def _hull(box: Array) -> Box:
    (left, top), (right, bottom) = box[:, :2].min(axis=0), box[:, 2:].max(axis=0)
    return int(left), int(top), int(right), int(bottom)


def _merged(lines: list[Box], digit: float) -> list[Box]:
    """Lines that lie within each other's height and not far apart are one."""
    lines = list(lines)
    for i in range(len(lines) - 1, -1, -1):
        for k in range(i):
            a, b = lines[i], lines[k]
            shared = min(a[3], b[3]) - max(a[1], b[1])
            gap = max(a[0], b[0]) - min(a[2], b[2])
            if shared > 0.5 * min(a[3] - a[1], b[3] - b[1]) and gap < APART * digit:
                lines[k] = _hull(np.array([a, b]))
                del lines[i]
                break
    return lines


def _with_small(line: Box, small: Array, digit: float) -> Box:
    """A line's box, with what is small beside it: splinters, a 5's hat, marks; long dashes only within it."""
    left, top, right, bottom = line
    for b in small.tolist():
        beside = max(b[0] - right, left - b[2]) < 0.3 * digit
        level = b[3] > top - 0.15 * digit and b[1] < bottom + 0.1 * digit
        short = b[2] - b[0] < digit
        if beside and level and short:
            left, top, right, bottom = min(left, b[0]), min(top, b[1]), max(right, b[2]), max(bottom, b[3])
    return left, top, right, bottom


def sorted_boxes(found: list[Box]) -> list[Box]:
    """In reading order: from above, and those whose heights overlap by half from the left."""
    rest, result = sorted(found, key=lambda b: b[1]), []
    while rest:
        first = rest[0]
        level = [
            b for b in rest if min(b[3], first[3]) - max(b[1], first[1]) > 0.5 * min(b[3] - b[1], first[3] - first[1])
        ]
        result += sorted(level)
        rest = [b for b in rest if b not in level]
    return result
