"""Cutting a number out of its page: its ink from the page's own pixels, and which of them are its writing."""

from collections.abc import Sequence
from math import ceil, floor
from typing import NamedTuple

import numpy as np

from byhand.core.types import Array
from byhand.pictures.boxes import Box, box_of, overlap, whole_box
from byhand.reading.candidates import INKED, LINE_PAPER, Candidate, number_share
from byhand.reading.find import SAME, FoundRow, level_rows
from byhand.reading.finder import CELL, DARK, LIGHT, OTHER, PAD

# By hand where no command is named; python -m bench.reading.constants tells what each is worth.
REACH = 1.0  # heights to either side of a core in which a line's ink may stand
AROUND = 0.8  # heights above and below its middle, and around a place from which its paper is known
LOW, HIGH = 40, 72  # pixels: about how high a line is made at least, as rows are in training, and at most
STRONG = 100  # grey level from which a line's pixel is ink: full ink is 255
ROWS_APART = 0.2  # of the tallest stretch of ink: an empty band higher than that parts a drawing's rows


class TextLine(NamedTuple):
    """A line of writing.

    Attributes:
        box: where it stands in the picture: left, top, right, bottom in pixels, right and bottom exclusive.
        image: its ink, uint8 (height, width), 255 on paper 0, with a margin around the box.
        mask: which of its pixels are writing, bool (height, width): no ruled lines, no dirt.
        corner: left and top of the image in a picture whose pixels are as large as the image's.
        scale: how many of the picture's pixels one of the image's is long.
        shape: of the picture.
        share: how much of its ink the finder takes for a number's, 0 to 1.
    """

    box: Box
    image: Array
    mask: Array
    corner: tuple[float, float]
    scale: float
    shape: tuple[int, ...]
    share: float = 1.0

    def in_picture(self, box: Box) -> Box:
        """A box in the line's image as one in the picture."""
        (x, y), s = self.corner, self.scale
        left, top, right, bottom = (s * (side + at) for side, at in zip(box, (x, y, x, y), strict=True))
        height, width = self.shape
        return max(floor(left), 0), max(floor(top), 0), min(ceil(right), width), min(ceil(bottom), height)


class _Window(NamedTuple):
    """A part of a level's maps: its rows and columns, and which of its cells are the line's own, float32."""

    part: tuple[slice, slice]
    own: Array


def cut_all(found: FoundRow) -> list[list[TextLine]]:
    """The lines of a page, row by row; of those in one place the surest, its ink's box counting."""
    cut: dict[int, TextLine] = {}
    for c in found.numbers:
        line = cut_out(c, found)
        if line is not None and all(overlap(line.box, other.box) < SAME for other in cut.values()):
            cut[id(c)] = line
    rows = level_rows([c for c in found.numbers if id(c) in cut])
    return [[cut[id(c)] for c in row] for row in rows]


def cut_out(c: Candidate, found: FoundRow) -> TextLine | None:
    """The candidate's line; None where there is no ink. Ink that is nearer to another one is that one's."""
    page, window = found.page, _window(c, found.numbers)
    maps = c.level.maps
    amounts = [float((maps[(k, *window.part)] * window.own).sum()) for k in (DARK, LIGHT)]
    kind = LIGHT if amounts[1] > amounts[0] else DARK
    amount = _ink(c, kind, window)
    # all of the window on the page, and the cell of every one of its pixels
    (y0, y1), (x0, x1) = ((at.start, at.stop) for at in window.part)
    ends = x0, y0, x1, y1
    left, top, right, bottom = whole_box([c.level.on_page(at) for at in ends], page.shape)
    pixels, unit = _sized(page[top:bottom, left:right], c.tall)
    pixels = found.seen[pixels].astype(np.float32)
    y, x = (
        ((np.arange(n) + 0.5) * unit + start) * c.level.scale / CELL + PAD / CELL - first
        for n, start, first in zip(pixels.shape, (top, left), (y0, x0), strict=True)
    )
    there = _sampled(amount, y, x)
    if finer := c.level.finer:  # ink that shows in the next larger size counts, too
        ratio = finer.scale / c.level.scale
        places = ((at + first - PAD / CELL) * ratio + PAD / CELL for at, first in ((y, y0), (x, x0)))
        there = np.maximum(there, np.minimum(_sampled(finer.maps[kind], *places), _sampled(window.own, y, x)))
    near = there > INKED
    if not near.any():
        return None
    paper = _sampled(_paper(c, kind, window), y, x)
    difference = pixels - paper if kind == LIGHT else paper - pixels
    full = max(float(np.percentile(difference[near], 90)), 1.0)
    image = np.clip(difference * (255 / full), 0, 255).astype(np.uint8)
    mask = near & (image > STRONG)
    box = box_of(mask)
    if box is None:
        return None
    margin = round(LINE_PAPER * c.tall / unit)
    rows, columns = (slice(max(0, box[k] - margin), box[k + 2] + margin) for k in (1, 0))
    corner = left / unit + columns.start, top / unit + rows.start
    line = TextLine(box, image[rows, columns], mask[rows, columns], corner, unit, page.shape, number_share(c))
    x0, y0 = columns.start, rows.start
    return line._replace(box=line.in_picture((box[0] - x0, box[1] - y0, box[2] - x0, box[3] - y0)))


def drawn_lines(ink: Array) -> list[TextLine]:
    """The rows of a drawing, uint8 (height, width), ink 255: what stands above empty bands, and below them."""
    mask = ink > STRONG
    there = np.flatnonzero(mask.any(axis=1))
    if not there.size:
        return []
    gaps = np.diff(there) - 1
    tallest = max(len(run) for run in np.split(there, np.flatnonzero(gaps) + 1))
    lines = []
    for run in np.split(there, np.flatnonzero(gaps > ROWS_APART * tallest) + 1):
        top, bottom = int(run[0]), int(run[-1]) + 1
        columns = np.flatnonzero(mask[top:bottom].any(axis=0))
        left, right = int(columns[0]), int(columns[-1]) + 1
        part = np.s_[top:bottom, left:right]
        lines.append(TextLine((left, top, right, bottom), ink[part], mask[part], (left, top), 1.0, ink.shape))
    return lines


def _ink(c: Candidate, kind: int, window: _Window) -> Array:
    """How probable the line's ink is in the window's cells; within the line also what looks like other writing."""
    ink = c.level.maps[(kind, *window.part)].copy()
    first = window.part[1].start
    inside = slice(max(0, c.left - first), c.right - first)
    ink[:, inside] = np.minimum(ink[:, inside] + c.level.maps[(OTHER, *window.part)][:, inside], 1)
    return ink * window.own


def _window(c: Candidate, others: Sequence[Candidate]) -> _Window:
    """The part of the maps around a candidate, and which cells are its own."""
    height, width = c.level.maps.shape[1:]
    left, right = max(0, int(c.left - REACH * c.height)), min(width, int(np.ceil(c.right + REACH * c.height)))
    ends = c.middle + c.slope * np.array([left, right])
    top, bottom = max(0, int(ends.min() - c.height)), min(height, int(np.ceil(ends.max() + c.height)))
    y, x = np.arange(top, bottom)[:, None] + 0.5, np.arange(left, right) + 0.5
    own, beside = _distance(c, y, x)
    mine = own < AROUND
    for other in others:
        if other is not c and other.level is c.level:
            theirs, away = _distance(other, y, x)
            mine &= (theirs > AROUND) | (away > REACH) | (own + beside < theirs + away)
    return _Window((slice(top, bottom), slice(left, right)), mine.astype(np.float32))


def _distance(c: Candidate, y: Array, x: Array) -> tuple[Array, Array]:
    """How many heights cells lie above or below a candidate's middle (rows, columns), and beside it (columns,)."""
    beside = np.maximum(np.maximum(c.left - x, x - c.right), 0) / c.height
    return np.abs(y - c.middle - c.slope * x) / c.height, beside


def _sized(part: Array, height: float) -> tuple[Array, float]:
    """A part of the page in the size in which it is read, uint8, and how many of the page's pixels one is long."""
    from PIL import Image

    picture = Image.fromarray(np.ascontiguousarray(part))
    shrink, grow = max(1, int(height / HIGH)), max(1, min(3, round(LOW / height)))
    if shrink > 1:
        picture = picture.reduce(shrink)
    elif grow > 1:
        picture = picture.resize((picture.width * grow, picture.height * grow), Image.Resampling.BICUBIC)
    return np.asarray(picture), shrink / grow


def _paper(c: Candidate, kind: int, window: _Window) -> Array:
    """The paper's grey level in every cell: the mean around it of cells' upper quartiles, where there is no ink."""
    rows, columns = window.part
    shape = rows.stop - rows.start, columns.stop - columns.start
    part = c.level.picture[CELL * rows.start : CELL * rows.stop, CELL * columns.start : CELL * columns.stop]
    pixels = part.reshape(shape[0], CELL, shape[1], CELL).transpose(0, 2, 1, 3).reshape(*shape, CELL * CELL)
    place = CELL * CELL // 4 if kind == LIGHT else CELL * CELL * 3 // 4
    levels = np.partition(pixels, place, axis=2)[:, :, place].astype(np.float32)
    weight = (1 - c.level.maps[(kind, *window.part)]) ** 2 + 1e-3
    r = max(1, round(AROUND * c.height))
    return _summed(levels * weight, r) / _summed(weight, r)


def _summed(a: Array, r: int) -> Array:
    """Sums over windows of 2 r + 1 each way, cut off at the edges: float64."""
    for _ in range(2):
        total = np.concatenate([np.zeros((1, a.shape[1])), np.cumsum(a, axis=0, dtype=np.float64)])
        at = np.arange(len(a))
        a = (total[np.minimum(at + r + 1, len(a))] - total[np.maximum(at - r, 0)]).T
    return a


def _sampled(a: Array, y: Array, x: Array) -> Array:
    """Values of cells a (rows, columns) at heights y and columns x, linear between middles: (len(y), len(x))."""
    for at in (y, x):
        at = np.clip(at - 0.5, 0, len(a) - 1)
        low = np.minimum(at.astype(int), max(len(a) - 2, 0))
        part = (at - low)[:, None]
        a = (a[low] * (1 - part) + a[np.minimum(low + 1, len(a) - 1)] * part).T
    return a.astype(np.float32)
