"""What forms print around numbers: boxes, combs, frames."""

from itertools import pairwise
from typing import Any

import numpy as np

from byhand.core.types import Array

Points = list[tuple[float, float]]


def draw_cells(
    draw: Any, sides: Array, top: float, bottom: float, thick: float, rng: np.random.Generator, lean: float = 0.0
) -> None:
    """Print cells between `sides`, x in pixels, with PIL's `draw`: boxes wall to wall or apart, a comb, or a ladder.

    Lines are about `thick` pixels; they fall by `lean` pixels a pixel to the right.
    """
    width = max(1, round(thick))
    kind = ("boxes", "apart", "comb", "ladder", "dashes")[int(np.searchsorted([0.4, 0.65, 0.85, 0.95], rng.random()))]
    first, last = float(sides[0]), float(sides[-1])

    def line(x0: float, y0: float, x1: float, y1: float) -> None:
        draw.line((x0 - lean * y0, y0 + lean * x0, x1 - lean * y1, y1 + lean * x1), fill=255, width=width)

    if kind == "apart":  # each digit's own box
        inset = min(0.22, rng.uniform(0.02, 0.2)) * float(sides[1] - sides[0])
        for a, b in pairwise(sides.tolist()):
            for y in (top, bottom):
                line(a + inset, y, b - inset, y)
            for x in (a + inset, b - inset):
                line(x, top, x, bottom)
        return
    if kind == "dashes":  # a short line below each digit
        for a, b in pairwise(sides.tolist()):
            line(a + 0.15 * (b - a), bottom, b - 0.15 * (b - a), bottom)
        return
    line(first, bottom, last, bottom)
    if kind != "comb":
        line(first, top, last, top)
    high = top if kind == "boxes" else bottom - rng.uniform(0.15, 0.6) * (bottom - top)
    for i, x in enumerate(sides.tolist()):
        line(x, top if kind == "ladder" and i in (0, len(sides) - 1) else high, x, bottom)
        if kind == "ladder" and rng.random() < 0.5:
            line(x, top, x, top + 0.2 * (bottom - top))


def draw_frame(
    draw: Any, box: tuple[float, float, float, float], thick: float, rng: np.random.Generator, lean: float = 0.0
) -> None:
    """Print a frame around left, top, right, bottom; sometimes with round corners, double, open at a side, or round."""
    width = max(1, round(thick))
    left, top, right, bottom = (float(round(side)) for side in box)
    smaller, kind = min(right - left, bottom - top), rng.random()
    if kind < 0.2 and smaller > 8 + 2 * width:
        if kind < 0.04:
            draw.ellipse((left, top, right, bottom), outline=255, width=width)
        else:
            radius = int(rng.uniform(0.1, 0.45) * smaller)
            draw.rounded_rectangle((left, top, right, bottom), radius, outline=255, width=width)
        return
    corners = [(left, top), (right, top), (right, bottom), (left, bottom)]
    for away in (0.0, 2.5 * width) if rng.random() < 0.1 else (0.0,):
        for k in range(4):
            if rng.random() < 0.05:
                continue
            (x0, y0), (x1, y1) = corners[k], corners[(k + 1) % 4]
            x0, x1 = (x - away if x == left else x + away for x in (x0, x1))
            y0, y1 = (y - away if y == top else y + away for y in (y0, y1))
            draw.line((x0 - lean * y0, y0 + lean * x0, x1 - lean * y1, y1 + lean * x1), fill=255, width=width)


def stamps_and_ticks(canvas: Any, word: Any, scribble: Any, high: float, rng: np.random.Generator) -> None:
    """Put what gets on pages besides: stamps of `word(width)`, ticks, scribbles; some of them across numbers."""
    from PIL import Image, ImageDraw

    height, width = canvas.size
    for _ in range(int(rng.integers(1, 5))):
        x, y, kind = rng.uniform(0, width), rng.uniform(0, height), rng.random()
        size = high * rng.uniform(0.5, 3)
        if kind < 0.3:  # a stamp
            side = int(np.clip(2 * size, 24, 300))
            stamp = Image.new("L", (side, side))
            draw = ImageDraw.Draw(stamp)
            thick = max(1, side // 30)
            if rng.random() < 0.5:
                draw.ellipse((1, 1, side - 2, side - 2), outline=255, width=thick)
            else:
                draw.rectangle((1, side // 4, side - 2, 3 * side // 4), outline=255, width=thick)
            letters = word(0.8 * side, True, side * 0.16)
            stamp.paste(
                255, (side // 10, side // 2 - len(letters) // 2), Image.fromarray(np.ascontiguousarray(letters))
            )
            stamp = stamp.rotate(float(rng.uniform(-40, 40)), Image.Resampling.BILINEAR)
            canvas.scrawl(
                np.asarray(stamp), x - side / 2, y - side / 2, rng.uniform(0.3, 1), anywhere=rng.random() < 0.2
            )
        elif kind < 0.6:  # a tick
            draw = ImageDraw.Draw(canvas.printed)
            thick = max(1, round(size * rng.uniform(0.04, 0.15)))
            corner = (x, y + 0.4 * size)
            if canvas.fits((x - size, y - size, x + size, y + size)):
                draw.line((x - 0.4 * size, y, *corner), fill=255, width=thick)
                draw.line((*corner, x + 0.7 * size, y - 0.8 * size), fill=255, width=thick)
        else:
            canvas.scrawl(scribble(), x, y, rng.uniform(0.4, 1), anywhere=rng.random() < 0.15)
