"""Ways in which numbers stand on a page: free, in lists, forms, tables, on cheques, in grids, alone."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from byhand.core.types import Array
from byhand.handwriting.canvas import Canvas
from byhand.handwriting.line import InkLine, write_line
from byhand.handwriting.print import draw_frame
from byhand.handwriting.printed_forms import form, printed_table, ruled
from byhand.handwriting.scribe import Scribe
from byhand.handwriting.style import some_style
from byhand.handwriting.writers import Stock

Layout = Callable[[Canvas, Stock, np.random.Generator], Scribe]


def free(canvas: Canvas, stock: Stock, rng: np.random.Generator) -> Scribe:
    """A few rows, sometimes two numbers in one, words among them."""
    left, top, right, bottom = canvas.free
    height, width = bottom - top, right - left
    scribe = Scribe.any(stock, rng, 9, 0.3 * height)
    pitch = scribe.high * (rng.uniform(1.15, 1.6) if rng.random() < 0.4 else rng.uniform(1.4, 4))
    y = top + (rng.uniform(0.02, 0.5) * height if rng.random() < 0.7 else 0.02 * height)
    indent = rng.uniform(0.02, 0.5) * width
    while y + 1.3 * scribe.high < bottom:
        x = left + (indent if rng.random() < 0.6 else rng.uniform(0.01, 0.6) * width)
        if rng.random() < 0.15:
            canvas.scrawl(scribe.word(right - x), x, y, scribe.dark)
        else:
            _across(canvas, scribe, x, y, right - 2)
        y += pitch * (1 if rng.random() < 0.85 else rng.uniform(1, 3))
        if rng.random() < 0.12:
            break
    return scribe


def _across(canvas: Canvas, scribe: Scribe, x: float, y: float, right: float) -> None:
    """A number from x on, and sometimes another, or a word, far behind it on the same row."""
    from PIL import ImageDraw

    rng, row = scribe.rng, None
    for _ in range(4):
        line = scribe.number(right - x)
        if canvas.put(line, x, y, scribe.dark, row) and line.read.any():
            row = canvas.rows - 1
            if rng.random() < 0.07:  # framed by hand
                a, b, c, d = (
                    line.boxes[int(rng.integers(len(line.boxes)))]
                    if rng.random() < 0.5
                    else (0, 0, *line.ink.shape[::-1])
                )
                away = rng.uniform(0.05, 0.4, 4) * scribe.high
                box = x + a - away[0], y + b - away[1], x + c + away[2], y + d + away[3]
                draw_frame(ImageDraw.Draw(canvas.printed), box, scribe.high * rng.uniform(0.03, 0.12), rng)
        x += line.ink.shape[1] + scribe.high * rng.uniform(1.0, 5)
        if rng.random() < 0.72 or x + scribe.high > right:
            break
        if rng.random() < 0.25:
            canvas.scrawl(scribe.word(right - x), x, y, scribe.dark)
            break


def ruled_list(canvas: Canvas, stock: Stock, rng: np.random.Generator) -> Scribe:
    """Numbers one below the other on the lines of a pad, in one to three columns."""
    from PIL import ImageDraw

    left, top, right, bottom = canvas.free
    scribe = Scribe.any(stock, rng, 8, 0.09 * (bottom - top))
    pitch = scribe.high * rng.uniform(1.1, 2.2)
    first = top + rng.uniform(1, 2) * pitch
    draw = ImageDraw.Draw(canvas.printed)
    if rng.random() < 0.8:
        ruled(draw, canvas.size, pitch, first, rng)
    margin = left + rng.uniform(0.01, 0.25) * (right - left)
    if rng.random() < 0.4:
        draw.line((margin, 0, margin, canvas.size[0]), fill=255, width=int(rng.integers(1, 4)))
    columns = int(rng.integers(1, 4))
    step = (right - margin) / columns
    dangle = rng.uniform(-0.1, 0.25) * scribe.high
    for i in range(int((bottom - first) / pitch) + 1):
        row = None
        for column in range(columns):
            if rng.random() < 0.12:
                continue
            x = margin + column * step + rng.uniform(0.05, 0.3) * scribe.high
            base = first + i * pitch - dangle
            if rng.random() < 0.06:
                word = scribe.word(0.9 * step)
                canvas.scrawl(word, x, base - len(word), scribe.dark)
                continue
            line = scribe.number(0.92 * step)
            row = canvas.beside(line, x, base - line.base, scribe.dark, row)
    return scribe


def cheque(canvas: Canvas, stock: Stock, rng: np.random.Generator) -> Scribe:
    """A few amounts and dates among written and printed words, frames and lines."""
    from PIL import ImageDraw

    left, top, right, bottom = canvas.free
    height, width = bottom - top, right - left
    scribe = Scribe.any(stock, rng, 14, 0.2 * height)
    draw = ImageDraw.Draw(canvas.printed)
    for _ in range(int(rng.integers(2, 8))):
        line = scribe.number(rng.uniform(0.4, 0.9) * width)
        high, wide = line.ink.shape
        x, y = left + rng.uniform(0, max(1, width - wide)), top + rng.uniform(0, max(1, height - high))
        if canvas.put(line, x, y, scribe.dark, apart=0.3 * scribe.high):
            away = rng.uniform(0.0, 0.5, 2) * scribe.high
            if rng.random() < 0.5:
                box = (x - away[0], y - away[1], x + wide + away[0], y + high + away[1])
                draw_frame(draw, box, max(1, scribe.high * rng.uniform(0.01, 0.08)), rng)
            elif rng.random() < 0.5:
                draw.line(
                    (x - 20, y + 0.95 * high, x + 2 * wide, y + 0.95 * high), fill=255, width=int(rng.integers(1, 4))
                )
    for _ in range(int(rng.integers(2, 9))):
        word = scribe.word(0.8 * width, None, scribe.high * rng.uniform(0.3, 1))
        x, y = (
            rng.uniform(0, max(1, room - side)) for room, side in zip((width, height), word.shape[::-1], strict=True)
        )
        canvas.scrawl(word, left + x, top + y, scribe.dark)
    return scribe


def grid(canvas: Canvas, stock: Stock, rng: np.random.Generator) -> Scribe:
    """Digits far apart in rows and columns."""
    left, top, right, bottom = canvas.free
    height, width = bottom - top, right - left
    scribe = Scribe.any(stock, rng, 0.03 * height + 4, 0.2 * height)
    across, down = scribe.high * rng.uniform(1.3, 3.2), scribe.high * rng.uniform(1.25, 3)
    many = max(1, int(width / across))
    style = replace(scribe.style, pitch=across / scribe.high, slant=0.0, climb=0.0, wave=0.0, bent=0.0)
    own = rng.random() < 0.5  # each digit by another hand
    for i in range(int(height / down)):
        row = None
        for column in range(1 if not own else many):
            text = "".join(map(str, rng.integers(10, size=1 if own else many)))
            writer = stock.pick(rng) if own else scribe.writer
            line = write_line(text, writer, style, rng, (scribe.high, width), digits_high=True)
            row = canvas.beside(line, left + 1 + column * across, top + (i + 0.05) * down, scribe.dark, row)
    return scribe


def filling(canvas: Canvas, stock: Stock, rng: np.random.Generator) -> Scribe:
    """One row that fills the picture, up to its rim."""
    left, top, right, bottom = canvas.free
    height, width = bottom - top, right - left
    scribe = Scribe.any(stock, rng, 0.4 * height, 0.98 * height)
    tight = rng.random() < 0.5
    line = scribe.number(width * (1.0 if tight else rng.uniform(0.6, 0.95)), most=10)
    if len(line.ink) > height - 1:
        scribe.high *= 0.95 * (height - 1) / len(line.ink)
        line = scribe.number(width, line.label.replace("?", "1"))
    _somewhere(canvas, line, rng.choice([0.0, 0.5, 1.0], 2) if tight else rng.uniform(0, 1, 2))
    return scribe


def single(canvas: Canvas, stock: Stock, rng: np.random.Generator) -> Scribe:
    """One digit, large."""
    left, top, right, bottom = canvas.free
    scribe = Scribe.any(stock, rng, 0.25 * min(canvas.size), 0.9 * min(bottom - top, right - left))
    line = scribe.number(right - left, str(rng.integers(10)))
    _somewhere(canvas, line, np.clip(rng.normal(0.5, 0.2, 2), 0, 1))
    return scribe


def _somewhere(canvas: Canvas, line: InkLine, at: Array) -> None:
    """Put the line where there is room, at parts of it across and down."""
    left, top, right, bottom = canvas.free
    high, wide = line.ink.shape
    x, y = np.ceil(left) + at[0] * (right - np.ceil(left) - wide), np.ceil(top) + at[1] * (bottom - np.ceil(top) - high)
    canvas.put(line, int(x), int(y), 1.0)


def words(canvas: Canvas, stock: Stock, rng: np.random.Generator) -> Scribe:
    """Writing without a number: words, letters, scribbles."""
    height, width = canvas.size
    scribe = Scribe.any(stock, rng, 10, 0.3 * height)
    for _ in range(int(rng.integers(1, 12))):
        ink = scribe.word(0.95 * width) if rng.random() < 0.75 else scribe.scribble()
        canvas.scrawl(
            ink, rng.uniform(0, 0.6) * width, rng.uniform(0, 0.9) * height, scribe.dark, 0, rng.random() < 0.2
        )
    return scribe


def receipt(canvas: Canvas, stock: Stock, rng: np.random.Generator) -> Scribe:
    """Lines of words, in print or by hand, with a number at the end of many, or between them."""
    left, top, right, bottom = canvas.free
    scribe = Scribe.any(stock, rng, 9, 0.08 * (bottom - top))
    prints = stock.kinds.get("printed")
    if prints and rng.random() < 0.75:
        writer = prints[int(rng.integers(len(prints)))]
        scribe.writer, scribe.style = writer, some_style(rng, True)
    pitch, indent = scribe.high * rng.uniform(1.3, 2.2), rng.uniform(0, 0.2) * (right - left)
    margins = left + 1 + indent, right - 1 - rng.uniform(0, 0.2) * (right - left)
    y = top + rng.uniform(0.1, 2) * pitch
    while y + 1.3 * scribe.high < bottom:
        x = margins[0]
        for _ in range(int(rng.integers(1, 4))):
            word = scribe.word(0.4 * (margins[1] - x), None, scribe.high, own=True)
            if x + word.shape[1] < margins[1] and rng.random() < 0.9:
                canvas.scrawl(word, x, y + scribe.high - len(word), scribe.dark)
                x += word.shape[1] + 0.5 * scribe.high
        if rng.random() < 0.65 and margins[1] - x > 1.5 * scribe.high:
            line = scribe.number(margins[1] - x, most=8)
            at = margins[1] - line.ink.shape[1] if rng.random() < 0.7 else x + 0.3 * scribe.high
            canvas.put(line, at, y + scribe.high - line.base, scribe.dark)
        y += pitch
    return scribe


def blank(canvas: Canvas, stock: Stock, rng: np.random.Generator) -> Scribe:
    """Nothing, or printed cells and lines without writing."""
    scribe = Scribe.any(stock, rng, 10, 0.2 * canvas.size[0])
    if rng.random() < 0.6:
        (form, printed_table)[int(rng.integers(2))](canvas, stock, rng)
        canvas.ink[:], canvas.lines, canvas.rows = 0, [], 0
    return scribe


LAYOUTS: dict[str, tuple[Layout, float]] = {
    "free": (free, 0.20),
    "list": (ruled_list, 0.10),
    "form": (form, 0.20),
    "table": (printed_table, 0.11),
    "cheque": (cheque, 0.09),
    "receipt": (receipt, 0.06),
    "grid": (grid, 0.04),
    "filling": (filling, 0.04),
    "single": (single, 0.05),
    "words": (words, 0.03),
    "blank": (blank, 0.04),
}
