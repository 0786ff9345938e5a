"""Where each row of a composed page stands: its corners, height, angle and glyphs, as its view shows them."""

from dataclasses import dataclass

import numpy as np

from byhand.core.types import Array
from byhand.handwriting.canvas import Placed
from byhand.handwriting.view import View

CORE, INSET = 0.5, 0.1  # a core's height, and what it lacks at either end, as parts of a digit's height
APART = 1.2  # digits' heights between two glyphs, from which on they have cores of their own


@dataclass(frozen=True)
class NumberGroup:
    """A number on a row: what it reads, and the corners of its digits' band, x and y (4, 2).

    The corners are the upright number's: top left, top right, bottom right, bottom left.
    """

    text: str
    polygon: Array


@dataclass(frozen=True)
class PageRow:
    """A row of numbers.

    Attributes:
        text: what it reads, spaces between its groups, "?" for other ink among them.
        groups: its numbers.
        polygon: the corners of all of it, as a group's (4, 2).
        height: of its digits, in pixels.
        angle: by which it falls to the right, in radians, before quarter turns.
        boxes: of each symbol except spaces: left, top, right, bottom (n, 4).
        line: which line of the page it is on; what is on the same line stands side by side.
    """

    text: str
    groups: list[NumberGroup]
    polygon: Array
    height: float
    angle: float
    boxes: Array
    line: int


def _band(placed: Placed) -> tuple[float, Array]:
    """A line's digits: their height, and a straight line (slope, y at x = 0) through their middles, on the sheet."""
    line = placed.line
    symbols = [symbol for symbol in line.label if symbol != " "]
    digit = np.array([symbol.isdigit() for symbol in symbols])
    boxes = line.boxes[digit if digit.any() else line.read] + np.array([placed.left, placed.top] * 2)
    high = float(np.median(boxes[:, 3] - boxes[:, 1])) if digit.any() else line.digit
    x, y = boxes[:, [0, 2]].mean(axis=1), boxes[:, [1, 3]].mean(axis=1)
    if len(x) < 3 or np.ptp(x) < 1.5 * high:
        return high, np.array([0.0, np.median(y)])
    return high, np.polyfit(x, y, 1)


def _quad(left: float, right: float, high: float, fit: Array) -> Array:
    """The corners of a band around the line `fit`, upright (4, 2)."""
    (a, b), half = np.polyval(fit, [left, right]), high / 2
    return np.array([[left, a - half], [right, b - half], [right, b + half], [left, a + half]])


def rows_and_cores(lines: list[Placed], view: View) -> tuple[list[PageRow], list[tuple[Array, float, float]]]:
    """The page's rows, and the core of each run of glyphs: corners in the picture (4, 2), digits' height, angle."""
    quads: list[Array] = []  # on the sheet
    texts, runs = [], []
    for placed in lines:
        line = placed.line
        high, fit = _band(placed)
        boxes = line.boxes + np.array([placed.left, placed.top] * 2)
        known = boxes[line.read]
        quads.append(_quad(known[:, 0].min(), known[:, 2].max(), high, fit))
        at, own = 0, []
        for text in line.label.split(" "):
            if text.strip("?"):
                part = boxes[at : at + len(text)]
                quads.append(_quad(part[:, 0].min(), part[:, 2].max(), high, fit))
                own.append(text)
            at += len(text)
        texts.append(own)
        starts = np.flatnonzero(known[1:, 0] - np.maximum.accumulate(known[:, 2])[:-1] > APART * high) + 1
        parts = np.split(known, starts)
        for run in parts:
            left, right = run[:, 0].min(), run[:, 2].max()
            inset = min(INSET * high, max(0.0, (right - left - 0.3 * high) / 2))
            quads += [_quad(left, right, high, fit), _quad(left + inset, right - inset, CORE * high, fit)]
        runs.append(len(parts))
        quads += list(boxes[:, [0, 1, 2, 1, 2, 3, 0, 3]].reshape(-1, 4, 2))
    if not quads:
        return [], []
    seen = iter(view.picture(np.concatenate(quads)).astype(np.float32).reshape(-1, 4, 2))
    rows, cores = [], []
    for placed, own, many in zip(lines, texts, runs, strict=True):
        whole = next(seen)
        groups = [NumberGroup(text, next(seen)) for text in own]
        for _ in range(many):
            measured = _measured(next(seen))
            cores.append((next(seen), *measured))
        corners = np.stack([next(seen) for _ in placed.line.boxes])
        boxes = np.concatenate([corners.min(axis=1), corners.max(axis=1)], axis=1)
        rows.append(PageRow(placed.line.label, groups, whole, *_measured(whole), boxes, placed.row))
    return rows, cores


def _measured(quad: Array) -> tuple[float, float]:
    """The height of a band seen in the picture, and its angle."""
    down = (np.hypot(*(quad[3] - quad[0])) + np.hypot(*(quad[2] - quad[1]))) / 2
    x, y = quad[1] - quad[0] + quad[2] - quad[3]
    return float(down), float(np.arctan2(y, x))
