"""Finding the numbers on a page: a network looks at it in several sizes, and its maps become lines of writing."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from byhand.core.types import Array
from byhand.network import Network
from byhand.network.folded import folded
from byhand.pictures.boxes import Box, overlap, whole_box
from byhand.pictures.components import components
from byhand.reading.candidates import BAND, INKED, Candidate, Level, candidate, is_number, longer, number_ink
from byhand.reading.finder import (
    CELL,
    CORE,
    DARK,
    LIGHT,
    OTHER,
    PAD,
    SMALLEST,
    TALLEST,
    TURNED,
    UPRIGHT,
    maps_of,
    rim_level,
    scale_page,
    stretch,
)

# By hand where no command is named; python -m bench.reading.constants tells what each is worth.
LARGEST_LEVEL = 1600  # pixels of the longer side of the largest level
SMALL_PAGE = 200  # pixels of the longer side of a page that is enlarged, too
LEVEL_STEP = 2.0  # from one level to the next: the network knows numbers from SMALLEST to TALLEST, 4.4 times as high
THERE = 0.4  # a core's probability from which it counts
SAME = 0.4  # candidates that share this part of the smaller one are the same number
STEEPEST_FALL = 0.5  # by which a line may fall, as a part of its length
SLOPE_SHOWS = 1.5  # a line's slope shows from this length on, in heights
KEPT_PIXELS = 256 * 256  # pixels: networks for larger pictures do not stay in memory
MOST_LINES = 300  # lines of a page; where there are more, it is a pattern


class FoundRow(NamedTuple):
    """What stands on a page.

    Attributes:
        page: its grey levels, uint8 (height, width).
        seen: for each grey level the one that the network sees, uint8 (256,).
        numbers: those that stand upright, the surest first.
        turned: boxes of numbers whose lines run up or down.
        other: boxes of writing that is not a number.
    """

    page: Array
    seen: Array
    numbers: list[Candidate]
    turned: list[Box]
    other: list[Box]


class Finder:
    """Finds numbers with a network (see `finder`), which is given the size of each picture."""

    def __init__(self, network: Network):
        self.network = folded(network)
        self.small: dict[tuple[int, int], Network] = {}  # for pictures of few pixels, made once

    def find(self, image: Array) -> FoundRow:
        """The numbers on a page, uint8 (height, width)."""
        seen = stretch(image)
        upright: list[Candidate] = []
        turned: list[Candidate] = []
        other: list[Box] = []
        levels = list(self.levels(image, seen))
        for level in levels:
            upright += join_candidates([c for c in map(longer, candidates(level, UPRIGHT)) if is_number(c)])
            turned += candidates(level, TURNED)
            if not other:
                other = _written(level, image.shape)
        kept = without_doubles(upright)
        if not kept and not turned:
            kept = all_ink(levels)
        kept_turned = without_doubles(turned)
        aside = [c for c in kept_turned if all(c.value > o.value for o in kept if overlap(c.box, o.box) > SAME)]
        kept = [c for c in kept if all(c.value >= o.value for o in aside if overlap(c.box, o.box) > SAME)]
        boxes = [whole_box(c.box, image.shape) for c in aside]
        return FoundRow(image, seen, kept if len(kept) <= MOST_LINES else [], boxes, other)

    def levels(self, page: Array, seen: Array) -> Iterator[Level]:
        """The page in its sizes, the largest first."""
        longest = max(page.shape)
        scale = min(1.0, LARGEST_LEVEL / longest) if longest > SMALL_PAGE else LEVEL_STEP
        level = None
        while True:
            level = self.look(page, seen, scale)._replace(finer=level)
            yield level
            scale /= LEVEL_STEP
            if longest * scale < 2 * PAD:  # less than the paper around it
                break

    def look(self, page: Array, seen: Array, scale: float) -> Level:
        """The page (height, width) in one size, and what the network says of it."""
        small = seen[scale_page(page, scale)]
        height, width = small.shape
        tall, wide = (-(-(side + 2 * PAD) // 32) * 32 for side in small.shape)
        picture = np.full((tall, wide), rim_level(small), np.uint8)
        picture[PAD : PAD + height, PAD : PAD + width] = small
        network = self.small.get((tall, wide)) or self.network.reshaped((tall, wide, 1))
        if tall * wide <= KEPT_PIXELS:
            self.small[tall, wide] = network
        pictures = np.stack([picture, 255 - picture])[..., None]  # as it is, and inverted
        at_once = 2 if tall * wide <= KEPT_PIXELS else 1  # large ones one after the other, in half the memory
        answers = [answer for i in range(0, 2, at_once) for answer in network.predict_proba(pictures[i : i + at_once])]
        maps, inverted = (maps_of(answer, tall, wide) for answer in answers)
        maps = (maps + inverted[[UPRIGHT, LIGHT, DARK, TURNED, OTHER]]) / 2
        return Level(picture, maps, scale)


def candidates(level: Level, kind: int) -> list[Candidate]:
    """The connected pieces of a core's map, as lines; those of turned ones along the maps' rows."""
    core = level.maps[kind]
    pieces = components(core > INKED)
    peak = np.zeros(len(pieces.areas) + 1, np.float32)
    np.maximum.at(peak, pieces.labels, core)
    found = []
    for k, (left, top, right, bottom) in enumerate(pieces.boxes.tolist()):
        if peak[k + 1] < THERE or pieces.areas[k] < 2:
            continue
        part = pieces.labels[top:bottom, left:right] == k + 1
        p = np.where(part, core[top:bottom, left:right], 0)
        score = float(p.sum() / pieces.areas[k])
        if kind == TURNED:
            height = (right - left) / (2 * CORE)
            middle = (left + right) / 2
            box = tuple(level.on_page(at) for at in (middle - height / 2, top, middle + height / 2, bottom))
            found.append(Candidate(level, top, bottom, middle, 0.0, height, score, box))  # type: ignore[arg-type]
            continue
        x = np.arange(left, right) + 0.5
        at = (p * np.arange(top + 0.5, bottom)[:, None]).sum(axis=0) / p.sum(axis=0)
        # each column's core is 2 CORE heights thick; its edges' probabilities count as parts of cells
        thick = core[max(0, top - 1) : bottom + 1, left:right].sum(axis=0)
        # (quantile: np.median imports numpy.ma, a twentieth of a start)
        height = max(float(np.quantile(thick, 0.5)), 1.0) / (2 * CORE)
        slope = float(np.polyfit(x, at, 1)[0]) if right - left > SLOPE_SHOWS * height else 0.0
        slope = min(max(slope, -STEEPEST_FALL), STEEPEST_FALL)
        middle = float(np.mean(at - slope * x))
        found.append(candidate(level, left, right, middle, slope, height, score))
    return found


def join_candidates(found: list[Candidate]) -> list[Candidate]:
    """One level's candidates; those that go on where another one ends are one with it."""
    lines: list[Candidate] = []
    for c in sorted(found, key=lambda c: c.left):
        for i, before in enumerate(lines):
            low, height = sorted((c.height, before.height))
            apart = before.middle + before.slope * before.right - c.middle - c.slope * c.left
            if c.left - before.right < 2 * BAND * height and abs(apart) < BAND * height and height < 3 * low:
                lines[i] = _one(before, c)
                break
        else:
            lines.append(c)
    return lines


def _one(a: Candidate, b: Candidate) -> Candidate:
    """Two candidates of a level, a to the left, as one: its line goes through the middles of both."""
    share = (b.right - b.left) / (a.right - a.left + b.right - b.left)
    left, right = a.left, max(a.right, b.right)
    height = (1 - share) * a.height + share * b.height
    at = [(c.left + c.right) / 2 for c in (a, b)]
    y = [c.middle + c.slope * x for c, x in zip((a, b), at, strict=True)]
    slope = (y[1] - y[0]) / max(at[1] - at[0], 1.0) if right - left > SLOPE_SHOWS * height else 0.0
    slope = min(max(slope, -STEEPEST_FALL), STEEPEST_FALL)
    middle = (1 - share) * (y[0] - slope * at[0]) + share * (y[1] - slope * at[1])
    score = (1 - share) * a.score + share * b.score
    return candidate(a.level, left, right, middle, slope, height, score)


def all_ink(levels: Sequence[Level]) -> list[Candidate]:
    """All of a number's ink as one line, in the size in which it shows best, for a page on which no core is seen."""
    found = []
    for level in levels:
        ink = number_ink(level.maps)
        there = ink > THERE
        y, x = np.flatnonzero(there.any(axis=1)), np.flatnonzero(there.any(axis=0))
        if len(y) and SMALLEST <= CELL * (y[-1] + 1 - y[0]) <= TALLEST:
            left, right, height, middle = int(x[0]), int(x[-1]) + 1, float(y[-1] + 1 - y[0]), (y[0] + y[-1] + 1) / 2
            found.append(candidate(level, left, right, middle, 0.0, height, float(ink[there].mean())))
    return without_doubles(found)


def without_doubles(found: Sequence[Candidate]) -> list[Candidate]:
    """Of candidates in the same place the best."""
    kept: list[Candidate] = []
    for c in sorted(found, key=lambda c: c.value, reverse=True):
        if all(overlap(c.box, other.box) < SAME for other in kept):
            kept.append(c)
    return kept


def level_rows(numbers: Sequence[Candidate]) -> list[list[Candidate]]:
    """Numbers that are level with each other, from the left; the topmost row first.

    Long lines tell the page's slope; without it a row's middles stand at one height.
    """
    long = [c for c in numbers if c.right - c.left > 2 * SLOPE_SHOWS * c.height]
    slope = float(np.quantile([c.slope for c in long], 0.5)) if long else 0.0
    rows: list[list[Candidate]] = []
    for c in sorted(numbers, key=lambda c: _middle(c, slope)):
        last = rows[-1][-1] if rows else None
        if last and _middle(c, slope) - _middle(last, slope) < BAND * min(c.tall, last.tall):
            rows[-1].append(c)
        else:
            rows.append([c])
    return [sorted(row, key=lambda c: c.box[0]) for row in rows]


def _middle(c: Candidate, slope: float) -> float:
    """The height of a number's middle on a page without its slope, in pixels."""
    x = (c.left + c.right) / 2
    return c.level.on_page(c.middle + c.slope * x) - slope * c.level.on_page(x)


def _written(level: Level, shape: tuple[int, ...]) -> list[Box]:
    """The boxes of writing that is not a number."""
    pieces = components(level.maps[OTHER] > THERE)
    large = np.flatnonzero(pieces.areas >= 4).tolist()[:MOST_LINES]
    return [whole_box([level.on_page(at) for at in pieces.boxes[k].tolist()], shape) for k in large]
