"""What forms print around numbers: boxes, combs, frames."""

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
        for a, b in zip(sides.tolist(), sides[1:].tolist(), strict=False):
            for y in (top, bottom):
                line(a + inset, y, b - inset, y)
            for x in (a + inset, b - inset):
                line(x, top, x, bottom)
        return
    if kind == "dashes":  # a short line below each digit
        for a, b in zip(sides.tolist(), sides[1:].tolist(), strict=False):
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
    """Print a frame around left, top, right, bottom; sometimes with round corners, double, or open at a side."""
    left, top, right, bottom = box
    width = max(1, round(thick))
    if rng.random() < 0.2 and right - left > 8 and bottom - top > 8:
        radius = rng.uniform(0.1, 0.5) * min(right - left, bottom - top)
        draw.rounded_rectangle(box, radius, outline=255, width=width)
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
