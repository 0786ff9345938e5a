"""Whoever fills a page."""

from dataclasses import dataclass, replace

import numpy as np

from byhand.core.types import Array
from byhand.handwriting.glyphs import Writer
from byhand.handwriting.line import InkLine, write_line
from byhand.handwriting.numbers import any_digits, any_text, some_word
from byhand.handwriting.others import draw_other
from byhand.handwriting.style import LineStyle, in_cells, some_style
from byhand.handwriting.writers import Stock


@dataclass
class Scribe:
    """Whoever fills a page: a hand, a way of writing, what the digits' height is in pixels.

    Attributes:
        stock: of all writers.
        rng: all chance.
        high: a digit's height.
        writer: the page's hand.
        style: the way it writes.
        dark: how dark its ink is, 0-1.
    """

    stock: Stock
    rng: np.random.Generator
    high: float
    writer: Writer
    style: LineStyle
    dark: float

    @classmethod
    def any(cls, stock: Stock, rng: np.random.Generator, low: float, top: float) -> "Scribe":
        """Somebody, whose digits are from `low` to `top` pixels high."""
        low = max(4.0, low)
        high = float(np.exp(rng.uniform(np.log(low), np.log(max(low, top)))))
        writer = stock.pick(rng)
        style = some_style(rng, writer.printed)
        style = replace(style, climb=0.3 * style.climb, wave=0.3 * style.wave)
        if rng.random() < 0.08:  # digits far apart
            style = replace(style, gap=rng.uniform(0.8, 1.8))
        return cls(stock, rng, high, writer, style, rng.uniform(0.75, 1.0))

    def number(self, wide: float, text: str | None = None, most: int = 14, cells: bool = False) -> InkLine:
        """A number at most `wide` pixels wide."""
        rng = self.rng
        fit = max(1, min(most, int(wide / (0.55 * self.high * self.style.wide))))
        text = text or (any_text(rng, fit) if rng.random() < 0.6 else any_digits(rng, fit))
        style = in_cells(self.style, rng) if cells else self.style
        if rng.random() < 0.5:
            style = replace(style, space=style.space * rng.uniform(1, 3))
        high = self.high * np.exp(rng.normal(0, 0.04))
        return write_line(text, self.writer, style, rng, (high, max(8.0, wide)), digits_high=True)

    def word(self, wide: float, printed: bool | None = None, high: float = 0.0, own: bool = False) -> Array:
        """Words or letters, uint8; in print, if wanted and there are printers, or as the scribe's `own`."""
        rng, writer = self.rng, self.writer
        prints = self.stock.kinds.get("printed") or self.stock.kinds.get("font")
        if not own and (printed if printed is not None else rng.random() < 0.3) and prints:
            writer = prints[int(rng.integers(len(prints)))]
        many = int(rng.integers(1, 4)) if rng.random() < 0.6 else 1
        text = " ".join(some_word(rng) for _ in range(many))
        style = replace(some_style(rng, writer.printed), gap=rng.uniform(-0.05, 0.15), bent=0.0)
        return write_line(text, writer, style, rng, (high or self.high, max(8.0, wide)), digits_high=True).ink

    def scribble(self) -> Array:
        """A scribble, a line, a letter, uint8."""
        kind = ("scribble", "line", "letter", "scribble")[int(self.rng.integers(4))]
        return np.rint(
            255 * draw_other(self.rng, int(np.clip(self.high * self.rng.uniform(0.7, 2), 12, 120)), kind)
        ).astype(np.uint8)
