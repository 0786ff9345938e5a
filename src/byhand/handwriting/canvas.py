"""A sheet on which a page is laid out: layers of ink that say what each pixel is, and where each row stands."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from byhand.core.types import Array
from byhand.handwriting.line import InkLine

Bounds = tuple[float, float, float, float]  # left, top, right, bottom in pixels


@dataclass(frozen=True)
class Placed:
    """A number on the sheet; `left` and `top` are its ink's corner, `row` tells which row of the page it is on."""

    line: InkLine
    left: int
    top: int
    row: int


@dataclass
class Canvas:
    """A sheet (height, width).

    Attributes:
        ink: of numbers, uint8.
        other: of other writing.
        printed: of what is printed, a picture that PIL draws on.
        lines: the numbers on it.
        taken: where there is something already.
        free: where lines may stand.
    """

    ink: Array
    other: Array
    printed: Any
    free: Bounds
    lines: list[Placed] = field(default_factory=list)
    taken: list[Bounds] = field(default_factory=list)
    rows: int = 0

    @classmethod
    def empty(cls, height: int, width: int) -> "Canvas":
        """A sheet with nothing on it."""
        from PIL import Image

        free = (0.0, 0.0, float(width), float(height))
        ink, other = np.zeros((2, height, width), np.uint8)
        return cls(ink, other, Image.new("L", (width, height)), free)

    @property
    def size(self) -> tuple[int, int]:
        """Height and width."""
        return self.ink.shape[0], self.ink.shape[1]

    def fits(self, box: Bounds, apart: float = 0.0) -> bool:
        """Whether the box lies where lines may stand, `apart` pixels from everything else."""
        left, top, right, bottom = box
        a, b, c, d = self.free
        if left < a or top < b or right > c or bottom > d:
            return False
        return all(
            right + apart <= x or left - apart >= z or bottom + apart <= y or top - apart >= w
            for x, y, z, w in self.taken
        )

    def put(
        self, line: InkLine, left: float, top: float, dark: float = 1.0, row: int | None = None, apart: float = 0.0
    ) -> bool:
        """Put a number there if it fits; `row` is the row that it belongs to, a new one by default."""
        x, y = round(left), round(top)
        high, wide = line.ink.shape
        box = (x, y, x + wide, y + high)
        if not self.fits(box, apart):
            return False
        self.taken.append(box)
        ink = line.ink if dark == 1 else (line.ink * np.float32(dark)).astype(np.uint8)
        for (a, b, c, d), read in zip(line.boxes.astype(int), line.read, strict=True):
            if not read:  # other ink among a number's
                paste(self.other, ink[b : d + 1, a : c + 1], x + a, y + b)
                ink = ink.copy() if ink is line.ink else ink
                ink[b : d + 1, a : c + 1] = 0
        place = self.ink[y : y + high, x : x + wide]
        np.maximum(place, ink, out=place)
        if line.read.any():
            self.rows += row is None
            self.lines.append(Placed(line, x, y, self.rows - 1 if row is None else row))
        return True

    def beside(self, line: InkLine, left: float, top: float, dark: float, row: int | None) -> int | None:
        """Put a number on that row of the page, on a new one for None; which row, if it is a number and fits."""
        if self.put(line, left, top, dark, row) and line.read.any():
            return self.rows - 1 if row is None else row
        return row

    def scrawl(
        self, ink: Array, left: float, top: float, dark: float = 1.0, apart: float = 0.0, anywhere: bool = False
    ) -> bool:
        """Put other writing there, uint8 (height, width), if it fits; `anywhere` it may be cut off and cross others."""
        x, y = round(left), round(top)
        high, wide = ink.shape
        if not anywhere:
            box = (x, y, x + wide, y + high)
            if not self.fits(box, apart):
                return False
            self.taken.append(box)
        paste(self.other, ink, x, y, dark)
        return True


def paste(layer: Array, ink: Array, x: int, y: int, dark: float = 1.0) -> None:
    """Put ink, uint8 (height, width), on a layer at (x, y), as far as it lies on it."""
    top, left = max(0, -y), max(0, -x)
    place = layer[max(0, y) : max(0, y + ink.shape[0]), max(0, x) : max(0, x + ink.shape[1])]
    part = ink[top : top + place.shape[0], left : left + place.shape[1]]
    np.maximum(place, part if dark == 1 else (part * np.float32(dark)).astype(np.uint8), out=place)
