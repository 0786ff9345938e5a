"""Rows of numbers as a row reader sees them, composed as fast as a network learns from them."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np

from byhand.core.types import Array
from byhand.handwriting.alphabet import encode
from byhand.handwriting.line import InkLine, write_line
from byhand.handwriting.numbers import CLEAR, any_digits, any_text, some_word
from byhand.handwriting.others import draw_other
from byhand.handwriting.paper import Paper, any_paper, plainer, put_on_paper
from byhand.handwriting.print import draw_cells, draw_frame
from byhand.handwriting.style import in_cells, some_style
from byhand.handwriting.writers import Stock

EMPTY = 0.1  # of the rows have no number
ROOM, SLIM = 2.0, 0.6  # room for another row, and for each of its symbols, as parts of the height
SCRAWLS = 60  # scribbles and lines that are laid in
BETWEEN = 8  # columns without anything between two rows
HIGH = 0.8  # of the rows fill three quarters of the height at least
PLAIN = 0.7  # of the rows are on plainer paper
CELLS, FRAMED, NEIGHBOUR, WEDGE = 0.13, 0.09, 0.14, 0.05  # parts of the rows that have such


@dataclass(frozen=True)
class NumberRows:
    """Composes rows by many writers on many papers, in boxes, combs and frames, with other rows' ink at the rim.

    Attributes:
        stock: whose writing it is.
        height: of a row, in pixels.
        width: of a row, in pixels; what is shorter is filled up with 0.
        longest: how many symbols a row has at most.
        prepare: what the network sees of a row's grey picture, uint8 (height, width) to the same; None for itself.
    """

    stock: Stock
    height: int = 40
    width: int = 320
    longest: int = 24
    prepare: Callable[[Array], Array] | None = None

    def batch(self, n: int, rng: np.random.Generator) -> tuple[Array, Array]:
        """n rows (n, height, width, 1), uint8, and their labels, int8 (n, longest): class numbers, then −1.

        Where there is room beside a short row, another one by another hand follows, after a space. The same generator
        state gives the same rows.
        """
        x = np.zeros((n, self.height, self.width, 1), np.uint8)
        t = np.full((n, self.longest), -1, np.int8)
        for row, target in zip(x, t, strict=True):
            left = read = 0
            while left + ROOM * self.height <= self.width and read + 1 < self.longest:
                picture, label = self.picture(rng, self.width - left, self.longest - read - 1)
                label = " " + label if read and label else label
                seen = self.prepare(picture) if self.prepare else picture
                row[:, left : left + seen.shape[1], 0] = seen
                target[read : read + len(label)] = encode(label)
                left += seen.shape[1] + BETWEEN
                read += len(label)
        return x, t

    def picture(
        self, rng: np.random.Generator, width: int | None = None, longest: int | None = None
    ) -> tuple[Array, str]:
        """A row's grey picture, uint8 (height, up to width), and what it reads."""
        from PIL import Image, ImageDraw

        width, longest = width or self.width, longest or self.longest
        longest = min(longest, max(1, int(width / (SLIM * self.height))))
        writer = self.stock.pick(rng)
        style = some_style(rng, writer.printed)
        boxed = rng.random() < CELLS
        if boxed:
            style = in_cells(style, rng)
        high = round(self.height * (rng.uniform(0.75, 1.0) if rng.random() < HIGH else rng.uniform(0.5, 0.8)))
        margins = rng.integers(0, 1 + self.height // 4, size=2)  # left and right
        if boxed and rng.random() < 0.4:
            margins += rng.integers(0, self.height, size=2)
        inner = max(8, width - int(margins.sum()))
        other = rng.random() < EMPTY
        if other:
            line, label = self._other(rng, high, inner), ""
            label = "?" if len(line.label) else ""
        else:
            text = any_text(rng, longest) if not boxed or rng.random() < 0.4 else any_digits(rng, longest)
            line = write_line(text, writer, style, rng, (high, inner))
            label = line.label
        ink = np.zeros((self.height, min(width, line.ink.shape[1] + int(margins.sum()))), np.uint8)
        top = int(rng.integers(self.height - len(line.ink) + 1))
        place = ink[top : top + len(line.ink), margins[0] : margins[0] + line.ink.shape[1]]
        place[...] = line.ink[:, : place.shape[1]]
        if rng.random() < NEIGHBOUR:
            self._neighbour(ink, top, len(line.ink), rng)
        paper, printed = replace(any_paper(rng, len(line.ink)), held=self.stock.held), None
        paper = plainer(paper, rng) if rng.random() < PLAIN else paper
        if boxed or rng.random() < FRAMED:
            image = Image.new("L", ink.shape[::-1])
            self._print(ImageDraw.Draw(image), line, (int(margins[0]), top), rng)
            printed = np.asarray(image)
            paper = replace(paper, rules=min(0.97, paper.contrast * rng.uniform(0.3, 1.4)))
        picture = put_on_paper(ink, paper, rng, printed)
        return (_with_wedge(picture, paper, rng) if rng.random() < WEDGE else picture), label

    def _other(self, rng: np.random.Generator, high: int, wide: int) -> InkLine:
        """Writing without a number, or none at all, which reads ""."""
        kind = rng.random()
        if kind < 0.12:
            blank = np.zeros((high, min(wide, int(rng.integers(high, 4 * high)))), np.uint8)
            return InkLine(blank, "", np.zeros((0, 4)), np.zeros(0, bool), high, high, np.zeros(0))
        if kind < 0.36:
            drawn = _scrawls()[int(rng.integers(SCRAWLS))]
            return InkLine(
                _shrunk(drawn, high, wide), "?", np.zeros((0, 4)), np.zeros(0, bool), high, high, np.zeros(0)
            )
        writer = self.stock.pick(rng)
        text = some_word(rng) if kind < 0.74 else CLEAR[int(rng.integers(len(CLEAR)))]
        line = write_line(text, writer, some_style(rng, writer.printed), rng, (high, wide))
        return line if line.label.strip(" ?.-/,:+") == "" else self._other(rng, high, wide)

    def _neighbour(self, ink: Array, top: int, high: int, rng: np.random.Generator) -> None:
        """Put the foot or the head of another row at the rim, hardly into this one."""
        writer = self.stock.pick(rng)
        line = write_line(any_digits(rng, 8), writer, some_style(rng, writer.printed), rng, (high, ink.shape[1])).ink
        above = rng.random() < 0.5
        room = (top if above else len(ink) - top - high) + int(rng.integers(-1, 3))
        room = min(max(room, 0), len(line))
        left = int(rng.integers(-line.shape[1] // 2, max(1, ink.shape[1] - line.shape[1] // 2)))
        if room:
            part = line[-room:, max(0, -left) :] if above else line[:room, max(0, -left) :]
            place = (ink[:room] if above else ink[-room:])[:, max(0, left) : max(0, left) + part.shape[1]]
            np.maximum(place, part[:, : place.shape[1]], out=place)

    def _print(self, draw: Any, line: InkLine, at: tuple[int, int], rng: np.random.Generator) -> None:
        """Print cells or a frame around the line, which stands at (left, top)."""
        thick = float(np.exp(rng.uniform(-0.5, 1.8))) if rng.random() < 0.8 else 1.0
        top = at[1] - rng.uniform(-0.12, 0.5) * len(line.ink)
        bottom = at[1] + (1 + rng.uniform(-0.1, 0.45)) * len(line.ink)
        lean = rng.normal(0, 0.008)
        if len(line.cells):
            pitch = line.cells[1]
            before, after = rng.integers(0, 4, size=2)
            sides = at[0] + np.arange(-before, len(line.cells) + after) * pitch
            draw_cells(draw, sides, top, bottom, thick, rng, lean)
        else:
            left, _, right, _ = (
                (line.boxes[0, 0], 0, line.boxes[-1, 2], 0) if len(line.boxes) else (0, 0, line.ink.shape[1], 0)
            )
            if len(line.boxes) and rng.random() < 0.3:  # around one symbol
                left, _, right, _ = line.boxes[int(rng.integers(len(line.boxes)))]
            away = rng.uniform(-0.05, 0.5, 2) * self.height
            draw_frame(draw, (at[0] + left - away[0], top, at[0] + right + away[1], bottom), thick, rng, lean)


@lru_cache(maxsize=1)
def _scrawls() -> list[Array]:
    """Scribbles and lines, float32 (height, width), 0-1."""
    rng = np.random.default_rng(0)
    return [draw_other(rng, 80, ("scribble", "line", "scribble")[k % 3]) for k in range(SCRAWLS)]


def _shrunk(drawn: Array, high: int, wide: int) -> Array:
    """Ink 0-1 as uint8, `high` pixels high and at most `wide`."""
    from PIL import Image

    image = Image.fromarray(np.rint(255 * drawn).astype(np.uint8))
    width = min(wide, max(1, round(image.width * high / image.height)))
    return np.asarray(image.resize((width, high), Image.Resampling.BOX))


def _with_wedge(picture: Array, paper: Paper, rng: np.random.Generator) -> Array:
    """The picture, something darker or lighter beside the paper at one side of it, with a leaning edge."""
    height, width = picture.shape
    y, x = np.arange(height)[:, None] / height, np.arange(width)[None]
    reach = rng.uniform(0.02, 0.25) * height
    lean = rng.normal(0, 0.15) * height
    side = int(rng.integers(4))
    if side < 2:  # left or right
        away = x if side == 0 else width - 1 - x
        beyond = away < reach + lean * (y - 0.5)
    else:
        away = y if side == 2 else 1 - y
        beyond = away * height < 0.4 * reach + 0.3 * lean * (x / width - 0.5)
    level = rng.uniform(0, 160)
    return np.where(beyond, (level + 0.3 * picture * (level < 100)).astype(np.uint8), picture)
