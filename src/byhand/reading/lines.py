"""Lines of writing on a page: where they are, and the picture of each as the row reader takes it."""

from collections.abc import Callable
from math import ceil, floor
from typing import NamedTuple

import numpy as np

from byhand.core.types import Array
from byhand.reading.components import Components, components
from byhand.reading.filled import FilledPaper, with_paper
from byhand.reading.prepare import Box
from byhand.reading.row_image import contrast
from byhand.reading.writing import NEAR, STRAIGHT_FILL, flatten, writing

PAGE_SIZE = 1600  # a larger picture is made smaller first
DRAWN_INK = 90  # grey level from which a drawing's pixel is ink
LEAST_HEIGHT, LARGEST = 90, 3  # a lower one larger, at most so many times: strokes are a few pixels wide then
LOWEST_LINE = 0.45  # of the digits' height: what is lower is a mark, a splinter or dirt, and no line of its own
LINE_SPECK = 0.12  # what is smaller than this part of the digits' height in both directions is dirt
MOST_PIECES, MOST_LINES = 2000, 300  # as high as a digit, and lines; where there are more, it is not writing
LONGEST_LINE = 100  # heights; a longer line is a pattern, too
LEVEL_SHARE = 0.35  # two pieces are level if their heights share this part of the lower one
LINES_APART = 2.5  # a gap of more heights than this parts two lines that stand side by side
LINE_MARGIN = 0.12  # of a line's height: paper left around it


class TextLine(NamedTuple):
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
    corner: tuple[float, float]
    scale: float
    shape: tuple[int, ...]

    def in_picture(self, box: Box) -> Box:
        """A box in the line's image as one in the picture."""
        (x, y), s = self.corner, self.scale
        left, top, right, bottom = (s * (side + at) for side, at in zip(box, (x, y, x, y), strict=True))
        height, width = self.shape
        return max(floor(left), 0), max(floor(top), 0), min(ceil(right), width), min(ceil(bottom), height)


def find_lines(image: Array, inverted: bool | None = None, paper: FilledPaper | None = None) -> list[TextLine]:
    """The lines of writing in a picture, uint8 (height, width), top to bottom, those side by side left to right.

    `inverted` says whether the writing is the lighter one; by default it is found out (see `ink.light_on_dark`).
    Where a digit may fill the picture, so that paper is missing around it, `paper` is that paper.
    Nothing is cut out of the lines' images: ruled lines are left out only where it is decided what is writing.
    """
    shape, around = image.shape, 0
    if paper:
        image, around = with_paper(image, paper)
    working, scale = _at_working_size(image)
    flat = flatten(working, inverted)
    mask, found = written_boxes(flat)
    return [_line(box, mask, flat, contrast, scale, shape, round(around / scale)) for box in found]


def drawn_lines(ink: Array) -> list[TextLine]:
    """The lines of a drawing, uint8 (height, width), ink 255 on paper 0, on which there is nothing but writing."""
    mask = ink >= DRAWN_INK
    pieces = components(mask)
    mask, found = _in_lines(pieces, np.ones(len(pieces.areas), bool))
    return [_line(line, mask, ink, np.asarray, 1.0, ink.shape) for line in found]


def _line(
    box: Box,
    mask: Array,
    picture: Array,
    as_ink: Callable[[Array], Array],
    scale: float,
    shape: tuple[int, ...],
    around: int = 0,
) -> TextLine:
    """The line in a box, with some paper around it; `around` pixels were put around the picture."""
    left, top, right, bottom = box
    margin = max(1, round(LINE_MARGIN * (bottom - top)))
    y = slice(max(0, top - margin), bottom + margin)
    x = slice(max(0, left - margin), right + margin)
    inside = mask[y, x].copy()
    inside[: top - y.start] = inside[bottom - y.start :] = False
    line = TextLine(box, as_ink(picture[y, x]), inside, (x.start - around, y.start - around), scale, shape)
    return line._replace(box=line.in_picture((left - x.start, top - y.start, right - x.start, bottom - y.start)))


def _at_working_size(image: Array) -> tuple[Array, float]:
    """The picture (height, width) made smaller or larger, and how many of its pixels one is long then."""
    from PIL import Image

    shrink = -(-max(image.shape) // PAGE_SIZE)
    if shrink > 1:
        return np.asarray(Image.fromarray(image).reduce(shrink)), float(shrink)
    grow = min(-(-LEAST_HEIGHT // image.shape[0]), LARGEST, PAGE_SIZE // max(image.shape))
    if grow > 1:
        size = (grow * image.shape[1], grow * image.shape[0])
        return np.asarray(Image.fromarray(image).resize(size, Image.Resampling.BICUBIC)), 1 / grow
    return image, 1.0


def written_boxes(flat: Array) -> tuple[Array, list[Box]]:
    """Which pixels of a picture of even light, uint8 (height, width), paper 255, are writing, and its lines' boxes."""
    return _in_lines(*writing(flat))


def _in_lines(pieces: Components, keep: Array) -> tuple[Array, list[Box]]:
    """Where the pieces that are kept are, less what is dirt beside them, and the boxes of their lines."""
    labels, box, area = pieces
    if not keep.any():
        return labels < 0, []
    digit = _digit_height(box[keep], area[keep])
    keep &= np.maximum(box[:, 2] - box[:, 0], box[:, 3] - box[:, 1]) >= LINE_SPECK * digit
    mask = pieces.pixels(keep)
    box, area = box[keep], area[keep]
    high = box[:, 3] - box[:, 1] >= LOWEST_LINE * digit
    if high.sum() > MOST_PIECES:
        return mask & False, []
    post = _is_post(box, area, labels.shape[1])
    groups = _group(box[high], digit)
    if len(groups) > 1:  # beside other lines, a straight stroke near a side is a frame's
        groups = [g for g in groups if len(g) > 1 or not post[(box == g[0]).all(axis=1)].any()]
    if len(groups) > MOST_LINES or (~high).sum() > 10 * MOST_PIECES:
        return mask & False, []
    lines = _merged([_hull(line) for line in groups], digit)
    lines = [_with_small(line, box[~high], digit) for line in lines]
    return mask, sorted_boxes([b for b in lines if b[2] - b[0] <= LONGEST_LINE * (b[3] - b[1])])


def _digit_height(box: Array, area: Array) -> float:
    """The height of a digit: half of the ink is in higher pieces."""
    height = (box[:, 3] - box[:, 1]).astype(float)
    order = np.argsort(height)
    half = np.searchsorted(np.cumsum(area[order]), area.sum() / 2)
    return float(height[order][half])


def _is_post(box: Array, area: Array, width: int) -> Array:
    """Which pieces are straight, upright, and near a side of the picture."""
    w, h = box[:, 2] - box[:, 0], box[:, 3] - box[:, 1]
    near = (box[:, 0] <= NEAR * width) | (box[:, 2] >= (1 - NEAR) * width)
    return near & (h > 3 * w) & (area > STRAIGHT_FILL * w * h)


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
        far = np.where((level > LEVEL_SHARE) & (gap < LINES_APART), gap - level, np.inf)
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
            if shared > 0.5 * min(a[3] - a[1], b[3] - b[1]) and gap < LINES_APART * digit:
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
