"""Finding the numbers on a page: a network looks at it in several sizes, and its maps become lines of writing."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from byhand.core.types import Array
from byhand.network import Network
from byhand.reading.components import components
from byhand.reading.finder import CORE, DARK, LIGHT, PAD, UPRIGHT, maps_of, resized, rim_level, scaled, stretched
from byhand.reading.lines import Line
from byhand.reading.prepare import Box

CELL = 4  # pixels of a level to a cell of its maps
LARGEST = 1280  # pixels of the longer side of the largest level
STEP = 2.5  # from one level to the next
THERE = 0.5  # a core's probability from which it counts
INK = 0.3  # an ink's
HIGH = 72  # pixels of a line's height, at most, when it is read


@dataclass(frozen=True)
class Level:
    """A page in one size, as the network saw it.

    Attributes:
        picture: uint8 (height, width), stretched grey levels, with paper around.
        maps: float32 (MAPS, rows, columns).
        scale: pixels of the level to one of the page.
    """

    picture: Array
    maps: Array
    scale: float


@dataclass(frozen=True)
class Candidate:
    """A number that one level shows.

    Attributes:
        level: where it was found.
        cells: the rows and columns of its core's cells, int (2, n).
        middle: the height of its middle at column x of the maps is middle[0] + middle[1] x.
        height: of the writing, in cells.
        score: how sure the network is of it.
        box: about where it stands on the page: left, top, right, bottom in pixels.
    """

    level: Level
    cells: Array
    middle: tuple[float, float]
    height: float
    score: float
    box: tuple[float, float, float, float]


class Finder:
    """Finds numbers with a network (see `finder`); networks for other sizes are made as they are needed."""

    def __init__(self, network: Network):
        self.network = network
        self._sized: dict[tuple[int, int], Network] = {}

    def lines(self, image: Array) -> list[Line]:
        """The numbers on a page, uint8 (height, width), from above, those side by side from the left."""
        page = stretched(image)
        found = [c for level in self.levels(page) for c in candidates(level)]
        best = without_doubles(found)
        lines = [line for c in best if (line := cut_out(page, c, best)) is not None]
        return lines

    def levels(self, page: Array) -> Iterator[Level]:
        """The page in its sizes, the largest first."""
        longest = max(page.shape)
        scale = min(1.0, LARGEST / longest) if longest > 200 else STEP
        while True:
            yield self.look(page, scale)
            scale /= STEP
            if longest * scale < 32:
                break

    def look(self, page: Array, scale: float) -> Level:
        """The page (height, width) in one size, and what the network says of it."""
        small = scaled(page, scale)
        height, width = small.shape
        tall, wide = (-(-(side + 2 * PAD) // 32) * 32 for side in small.shape)
        picture = np.full((tall, wide), rim_level(small), np.uint8)
        picture[PAD : PAD + height, PAD : PAD + width] = small
        network = self._sized.get((tall, wide))
        if network is None:
            network = resized(self.network, tall, wide)
            if tall * wide <= 2**18:
                self._sized[tall, wide] = network
        y = network.predict_proba(picture[None, :, :, None])
        return Level(picture, maps_of(y, tall, wide), scale)


def candidates(level: Level) -> list[Candidate]:
    """The connected pieces of the core's map, as lines."""
    core = level.maps[UPRIGHT]
    pieces = components(core > THERE)
    found = []
    for k, (left, top, right, bottom) in enumerate(pieces.boxes.tolist()):
        if pieces.areas[k] < 2:
            continue
        part = pieces.labels[top:bottom, left:right] == k + 1
        rows, columns = np.nonzero(part)
        p = core[top:bottom, left:right]
        weight = np.where(part, p, 0)
        at = (weight * np.arange(top, bottom)[:, None]).sum(axis=0) / np.maximum(weight.sum(axis=0), 1e-9) + 0.5
        x = np.arange(left, right) + 0.5
        # the thickness: probabilities above and below the piece count, too
        y0, y1 = max(0, top - 1), min(core.shape[0], bottom + 1)
        thick = float(np.median(core[y0:y1, left:right].sum(axis=0)))
        height = max(thick, 1.0) / (2 * CORE)
        slope = 0.0
        if right - left > 1.5 * height:
            slope = float(np.polyfit(x, at, 1)[0])
            slope = min(max(slope, -0.5), 0.5)
        middle = float(np.mean(at - slope * x))
        s = CELL / level.scale
        y_left, y_right = middle + slope * left, middle + slope * right
        off = PAD / level.scale
        box = (
            left * s - off,
            (min(y_left, y_right) - height / 2) * s - off,
            right * s - off,
            (max(y_left, y_right) + height / 2) * s - off,
        )
        cells = np.stack([rows + top, columns + left])
        found.append(Candidate(level, cells, (middle, slope), height, float(p[part].mean()), box))
    return found


def without_doubles(found: Sequence[Candidate]) -> list[Candidate]:
    """Of candidates in the same place the best."""
    kept: list[Candidate] = []
    for c in sorted(found, key=value, reverse=True):
        if all(overlap(c.box, other.box) < 0.4 for other in kept):
            kept.append(c)
    return kept


def value(c: Candidate) -> float:
    """How good a candidate is: sure, and much of it."""
    columns = len(np.unique(c.cells[1])) / c.height
    return c.score * min(1.0, 0.5 + 0.25 * columns)


def overlap(a: Sequence[float], b: Sequence[float]) -> float:
    """The part of the smaller box that lies in the other."""
    w = min(a[2], b[2]) - max(a[0], b[0])
    h = min(a[3], b[3]) - max(a[1], b[1])
    if w <= 0 or h <= 0:
        return 0.0
    return w * h / min((a[2] - a[0]) * (a[3] - a[1]), (b[2] - b[0]) * (b[3] - b[1]))


def cut_out(page: Array, c: Candidate, others: Sequence[Candidate]) -> Line | None:
    """The candidate's line, cut from the page's own pixels; None where there is no ink."""
    level, (middle, slope), h = c.level, c.middle, c.height
    rows, columns = level.maps.shape[1:]
    x0, x1 = int(c.cells[1].min()), int(c.cells[1].max()) + 1
    reach = 0.6 * h
    left, right = max(0, int(x0 - reach)), min(columns, int(np.ceil(x1 + reach)))
    ends = middle + slope * np.array([left, right])
    top, bottom = max(0, int(ends.min() - 1.1 * h)), min(rows, int(np.ceil(ends.max() + 1.1 * h)))
    window = np.s_[top:bottom, left:right]
    y = np.arange(top, bottom)[:, None] + 0.5
    x = np.arange(left, right) + 0.5
    away = np.abs(y - middle - slope * x) / h
    mine = away < 0.85
    for other in others:  # what is nearer to another line is that line's
        if other is not c and other.level is level:
            o0, o1 = other.cells[1].min() - reach, other.cells[1].max() + 1 + reach
            theirs = np.abs(y - other.middle[0] - other.middle[1] * x) / other.height
            mine &= ~((theirs < away) & (x > o0) & (x < o1))
            beside = np.clip(x, x0, x1) - x, np.clip(x, o0 + reach, o1 - reach) - x
            mine &= ~((np.abs(beside[1]) < np.abs(beside[0])) & (np.abs(theirs) < 0.85))
    dark, light = level.maps[(DARK, *window)] * mine, level.maps[(LIGHT, *window)] * mine
    lighter = light.sum() > dark.sum()
    ink = (light if lighter else dark) > INK
    if not ink.any():
        return None
    r, k = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    # the window on the page, with a margin of paper
    m = max(1.0, 0.25 * h)
    edges = np.array([left + k[0] - m, top + r[0] - m, left + k[-1] + 1 + m, top + r[-1] + 1 + m])
    tall = h * CELL / level.scale  # pixels of the page
    shrink = max(1, int(tall / HIGH))
    grow = max(1, min(3, round(40 / tall)))
    s = level.scale * shrink / grow  # pixels of the level to one of the line's
    off = PAD / level.scale
    on_page = edges * CELL / level.scale - off
    l, t = max(0, int(on_page[0])), max(0, int(on_page[1]))
    rgt, bot = min(page.shape[1], int(np.ceil(on_page[2]))), min(page.shape[0], int(np.ceil(on_page[3])))
    if rgt - l < 2 or bot - t < 2:
        return None
    line = resized_part(page[t:bot, l:rgt], shrink, grow)
    lh, lw = line.shape
    unit = shrink / grow  # pixels of the page to one of the line's
    # of every pixel of the line the place in the maps
    my = ((np.arange(lh) + 0.5) * unit + t + off) * level.scale / CELL
    mx = ((np.arange(lw) + 0.5) * unit + l + off) * level.scale / CELL
    amount = level.maps[LIGHT if lighter else DARK]
    allowed = np.zeros((rows, columns), np.float32)
    allowed[window] = mine
    near = sample(amount * allowed, my, mx)
    paper = sample(paper_levels(level, lighter, h, window), my - top, mx - left)
    difference = (line - paper) if lighter else (paper - line)
    there = near > INK
    if not there.any():
        return None
    full = np.percentile(difference[there], 90)
    image = np.clip(difference * (255 / max(full, 1)), 0, 255).astype(np.uint8)
    mask = there & (image > 100)
    if not mask.any():
        return None
    yy, xx = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    shape = page.shape
    found = Line((0, 0, 0, 0), image, mask, (l / unit, t / unit), unit, shape)  # type: ignore[arg-type]
    box: Box = found.in_picture((int(xx[0]), int(yy[0]), int(xx[-1]) + 1, int(yy[-1]) + 1))
    return found._replace(box=box)


def level_rows(lines: Sequence[Line]) -> list[list[Line]]:
    """Lines that are level with each other, from the left; the topmost first."""
    rest, rows = sorted(lines, key=lambda line: line.box[1]), []
    while rest:
        first = rest[0].box
        level = [line for line in rest if _shared(line.box, first) > 0.5]
        rows.append(sorted(level, key=lambda line: line.box[0]))
        rest = [line for line in rest if not any(line is one for one in level)]
    return rows


def _shared(a: Box, b: Box) -> float:
    """The part of the lower one's height that two boxes share."""
    return (min(a[3], b[3]) - max(a[1], b[1])) / min(a[3] - a[1], b[3] - b[1])


def resized_part(part: Array, shrink: int, grow: int) -> Array:
    from PIL import Image

    picture = Image.fromarray(np.ascontiguousarray(part))
    if shrink > 1:
        picture = picture.reduce(shrink)
    elif grow > 1:
        picture = picture.resize((picture.width * grow, picture.height * grow), Image.Resampling.BICUBIC)
    return np.asarray(picture).astype(np.float32)


def paper_levels(level: Level, lighter: bool, h: float, window: tuple[slice, slice]) -> Array:
    """The paper's grey level in every cell of a window: of the pixels around that are not ink, float32."""
    (ys, xs) = window
    tall, wide = ys.stop - ys.start, xs.stop - xs.start
    part = level.picture[ys.start * CELL : ys.stop * CELL, xs.start * CELL : xs.stop * CELL]
    pixels = part.reshape(tall, CELL, wide, CELL).transpose(0, 2, 1, 3).reshape(tall, wide, CELL * CELL)
    place = CELL * CELL // 4 if lighter else CELL * CELL * 3 // 4
    levels = np.partition(pixels, place, axis=2)[:, :, place].astype(np.float32)
    weight = (1 - level.maps[(LIGHT if lighter else DARK, *window)]) ** 2 + 1e-3
    r = max(1, round(0.75 * h))
    return box_sum(levels * weight, r) / box_sum(weight, r)


def box_sum(a: Array, r: int) -> Array:
    """Sums over windows of 2 r + 1 each way, cut off at the edges."""
    for axis in (0, 1):
        total = np.cumsum(np.concatenate([np.zeros_like(a.take([0], axis)), a], axis), axis, dtype=np.float64)
        n = a.shape[axis]
        i = np.arange(n)
        a = total.take(np.minimum(i + r + 1, n), axis) - total.take(np.maximum(i - r, 0), axis)
    return a.astype(np.float32)


def sample(a: Array, y: Array, x: Array) -> Array:
    """Bilinear values of cells' middles a (rows, columns) at heights y and columns x: float32 (len(y), len(x))."""

    def along(a: Array, at: Array) -> Array:
        at = np.clip(at - 0.5, 0, a.shape[0] - 1)
        low = np.minimum(at.astype(int), max(a.shape[0] - 2, 0))
        part = (at - low).astype(np.float32)[:, None]
        return a[low] * (1 - part) + a[np.minimum(low + 1, a.shape[0] - 1)] * part

    return along(along(a.astype(np.float32), y).T, x).T
