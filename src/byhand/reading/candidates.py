"""Numbers that the finder's maps show, before it is decided which of them are there."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from byhand.core.types import Array
from byhand.reading.finder import CELL, DARK, LIGHT, OTHER, PAD

# By hand where no command is named; python -m bench.reading.constants tells what each is worth.
BAND = 0.45  # heights above and below a line's middle: how far ink, or another number, is level with it
INKED = 0.25  # an ink's probability from which it counts; a core's from which it goes on beside a surer place
LINE_PAPER = 0.3  # heights of paper at which a line ends, and that are left around it
NUMBER_SHARE = 0.35  # the part of a line's ink that is a number's at least


class Level(NamedTuple):
    """A page in one size, as the network saw it.

    Attributes:
        picture: uint8 (height, width), stretched grey levels, with paper around.
        maps: float32 (MAPS, rows, columns).
        scale: pixels of the level to one of the page.
        finer: the page in the next larger size, if it was looked at in one.
    """

    picture: Array
    maps: Array
    scale: float
    finer: "Level | None" = None

    def on_page(self, cells: float) -> float:
        """A place in the maps, from their left or upper edge, as one on the page, in pixels."""
        return (cells * CELL - PAD) / self.scale


@dataclass(frozen=True)
class Candidate:
    """A number that one level shows.

    Attributes:
        level: where it was found.
        left: the first of its columns in the maps.
        right: the column behind its last.
        middle: the height of its middle at column x of the maps is middle + slope x.
        slope: by how many rows a column its line falls.
        height: of the writing, in cells.
        score: how sure the network is of it, 0 to 1.
        box: about where it stands on the page.
    """

    level: Level
    left: int
    right: int
    middle: float
    slope: float
    height: float
    score: float
    box: tuple[float, float, float, float]

    @property
    def tall(self) -> float:
        """The height of the writing on the page, in pixels."""
        return self.height * CELL / self.level.scale

    @property
    def value(self) -> float:
        """By how much it is to be preferred to others in its place: sure, and not just a fragment."""
        return self.score * min(1.0, 0.5 + 0.25 * (self.right - self.left) / self.height)


def candidate(
    level: Level, left: int, right: int, middle: float, slope: float, height: float, score: float
) -> Candidate:
    """A candidate whose line runs from left to right; see `Candidate`."""
    ends = middle + slope * left, middle + slope * right
    top, bottom = min(ends) - height / 2, max(ends) + height / 2
    box = level.on_page(left), level.on_page(top), level.on_page(right), level.on_page(bottom)
    return Candidate(level, left, right, middle, slope, height, score, box)


def longer(c: Candidate) -> Candidate:
    """The candidate with the ink that goes on without a gap where its core ends, whatever it is taken for."""
    maps = c.level.maps
    inked = (number_ink(maps) + maps[OTHER])[_band(c, 0, maps.shape[2])].max(axis=0) > INKED
    gap = max(1, round(LINE_PAPER * c.height))
    left, right = c.left, c.right
    while (on := np.flatnonzero(inked[right : right + gap + 1])).size:
        right += int(on[-1]) + 1
    while (on := np.flatnonzero(inked[max(0, left - gap - 1) : left])).size:
        left = max(0, left - gap - 1) + int(on[0])
    return candidate(c.level, left, right, c.middle, c.slope, c.height, c.score)


def is_number(c: Candidate) -> bool:
    """Whether enough of the ink along a candidate's middle is a number's."""
    return number_share(c) >= NUMBER_SHARE


def number_share(c: Candidate) -> float:
    """How much of the ink along a candidate's middle is a number's, 0 to 1."""
    maps, place = c.level.maps, _band(c, c.left, c.right)
    number, other = float(number_ink(maps)[place].sum()), float(maps[OTHER][place].sum())
    return number / max(number + other, 1e-9)


def number_ink(maps: Array) -> Array:
    """For every place the probability of a number's ink, dark or light."""
    return np.maximum(maps[DARK], maps[LIGHT])


def _band(c: Candidate, left: int, right: int) -> tuple[Array, Array]:
    """The cells of a band along a candidate's middle, rows and columns, each (2 reach + 1, right - left)."""
    reach = max(1, round(BAND * c.height))
    columns = np.arange(left, right)
    rows = np.floor(c.middle + c.slope * (columns + 0.5)).astype(int) + np.arange(-reach, reach + 1)[:, None]
    return np.clip(rows, 0, c.level.maps.shape[1] - 1), np.broadcast_to(columns, rows.shape)
