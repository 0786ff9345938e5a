"""Forms and tables with numbers in them: printed words, boxes, combs, frames and lines."""

from itertools import pairwise
from typing import Any

import numpy as np

from byhand.core.types import Array
from byhand.handwriting.canvas import Canvas
from byhand.handwriting.numbers import any_digits
from byhand.handwriting.print import draw_cells, draw_frame
from byhand.handwriting.scribe import Scribe
from byhand.handwriting.writers import Stock


def form(canvas: Canvas, stock: Stock, rng: np.random.Generator) -> Scribe:
    """Printed words beside boxes, combs, frames and lines that are filled with digits, or empty."""
    from PIL import ImageDraw

    left, top, right, bottom = canvas.free
    width = right - left
    scribe = Scribe.any(stock, rng, 9, 0.13 * (bottom - top))
    draw = ImageDraw.Draw(canvas.printed)
    kind, thick = rng.random(), max(1.0, scribe.high * np.exp(rng.uniform(-4, -1.7)))
    y = top + rng.uniform(0.1, 1) * scribe.high
    words = []
    while y + 1.5 * scribe.high < bottom:
        x, row = left + rng.uniform(0.01, 0.1) * width, None
        while x + 2.5 * scribe.high < right:
            if rng.random() < 0.45:
                word = scribe.word(0.3 * width, True, scribe.high * rng.uniform(0.35, 0.9))
                words.append((word, int(x), int(y + scribe.high - len(word))))
                x += word.shape[1] + 0.4 * scribe.high
            room = right - 2 - x
            if room < 2 * scribe.high:
                break
            own = rng.random() if kind < 0.25 else kind
            x, row = _field(canvas, draw, scribe, (x, y), room, thick, own, row)
            x += rng.uniform(0.5, 4) * scribe.high
            if rng.random() < 0.4:
                break
        y += scribe.high * rng.uniform(1.75, 3.5)
    for word, x, y in words:
        put_print(canvas, word, x, y)
    return scribe


def _field(
    canvas: Canvas,
    draw: Any,
    scribe: Scribe,
    at: tuple[float, float],
    room: float,
    thick: float,
    kind: float,
    row: int | None,
) -> tuple[float, int | None]:
    """One field and what is written in it; where it ends, x in pixels, and the row of the page that it is on."""
    rng, high, (x, y) = scribe.rng, scribe.high, at
    top, bottom = y - rng.uniform(-0.1, 0.35) * high, y + high * (1 + rng.uniform(-0.08, 0.35))
    if kind < 0.7:  # a cell for each digit
        fit = max(1, int(room / (1.3 * high)))
        line = scribe.number(room, any_digits(rng, min(fit, 12)) if rng.random() < 0.85 else None, fit, cells=True)
        pitch = line.cells[1]
        most = int(room / pitch)
        sides = np.arange(min(most, len(line.cells) - 1 + int(rng.integers(0, 4))) + 1) * pitch
        draw_cells(draw, x + sides, top, bottom, thick, rng)
        if rng.random() < 0.9:
            before = int(rng.integers(0, len(sides) - len(line.cells) + 1)) if len(sides) > len(line.cells) else 0
            row = canvas.beside(line, x + before * pitch, y + high - line.base, scribe.dark, row)
        return x + float(sides[-1]), row
    line = scribe.number(room)
    wide = min(room, line.ink.shape[1] + rng.uniform(0, 3) * high)
    if kind < 0.85:
        draw_frame(draw, (x - 0.15 * high, top, x + wide, bottom), thick, rng)
    else:
        draw.line(
            (x, y + high * rng.uniform(0.9, 1.2), x + wide, y + 1.05 * high), fill=255, width=max(1, round(thick))
        )
    if rng.random() < 0.9:
        left = x + rng.uniform(0, max(0.0, wide - line.ink.shape[1]))
        row = canvas.beside(line, left, y + high - line.base, scribe.dark, row)
    return x + wide, row


def printed_table(canvas: Canvas, stock: Stock, rng: np.random.Generator) -> Scribe:
    """A grid of lines with printed headings and a number in most cells."""
    from PIL import ImageDraw

    left, top, right, bottom = canvas.free
    scribe = Scribe.any(stock, rng, 8, 0.1 * (bottom - top))
    pitch = scribe.high * rng.uniform(1.2, 2.6)
    left, right = left + rng.uniform(0, 0.1) * (right - left), right - rng.uniform(0, 0.1) * (right - left)
    top, width = top + rng.uniform(0, 0.2) * (bottom - top), right - left
    columns = int(rng.integers(1, max(2, min(7, int(width / (3 * scribe.high))))))
    sides = left + np.cumsum(np.concatenate([[0], rng.uniform(0.6, 1.4, columns)])) * width / columns
    sides = sides[sides <= right + 2]
    draw, thick = ImageDraw.Draw(canvas.printed), max(1, round(scribe.high * np.exp(rng.uniform(-4, -2))))
    rows = int((bottom - top) / pitch)
    frame_rows, frame_columns = rng.random() < 0.85, rng.random() < 0.85
    for i in range(rows + 1):
        if frame_rows:
            draw.line((left, top + i * pitch, float(sides[-1]), top + i * pitch), fill=255, width=thick)
    for x in sides.tolist():
        if frame_columns:
            draw.line((x, top, x, top + rows * pitch), fill=255, width=thick)
    heading = int(rng.random() < 0.6)
    for i in range(rows):
        row = None
        for a, b in pairwise(sides.tolist()):
            room, y = b - a - 0.3 * scribe.high, top + i * pitch + 0.5 * (pitch - scribe.high)
            if i < heading or (a == left and heading and rng.random() < 0.3):
                word = scribe.word(room, True, scribe.high * rng.uniform(0.4, 0.8))
                put_print(canvas, word, round(a + 0.15 * scribe.high), round(y + scribe.high - len(word)))
            elif rng.random() < 0.8 and room > 0.8 * scribe.high:
                line = scribe.number(room, most=8)
                spare = max(0.0, b - a - line.ink.shape[1])
                drift = rng.normal(0, 0.08) * pitch
                row = canvas.beside(line, a + rng.uniform(0.05, 0.95) * spare, y + drift, scribe.dark, row)
    return scribe


def put_print(canvas: Canvas, word: Array, x: int, y: int) -> None:
    """Printed letters, which are not written."""
    from PIL import Image

    canvas.printed.paste(255, (x, y), Image.fromarray(np.ascontiguousarray(word)))
    canvas.taken.append((x, y, x + word.shape[1], y + len(word)))


def ruled(draw: Any, size: tuple[int, int], pitch: float, first: float, rng: np.random.Generator) -> None:
    """Rule the sheet: lines, squares, or dots where squares would meet."""
    height, width = size
    kind, thick = rng.random(), int(rng.choice([1, 1, 1, 2, 3]))
    ys = np.arange(first % pitch, height, pitch).tolist()
    if kind < 0.6:
        for y in ys:
            draw.line((0, y, width, y), fill=255, width=thick)
        return
    finer = pitch / int(rng.integers(1, 4))
    xs, ys = (np.arange(first % finer, end, finer).tolist() for end in (width, height))
    if kind < 0.9:
        for y in ys:
            draw.line((0, y, width, y), fill=255, width=thick)
        for x in xs:
            draw.line((x, 0, x, height), fill=255, width=thick)
    elif finer > 4:
        draw.point([(x, y) for x in xs for y in ys], fill=255)
        draw.point([(x + 1, y) for x in xs for y in ys], fill=255)
