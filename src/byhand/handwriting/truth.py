"""Where each row of a composed page stands: its corners, height, angle and glyphs, as its view shows them."""

from dataclasses import dataclass

import numpy as np

from byhand.core.types import Array
from byhand.handwriting.canvas import Placed
from byhand.handwriting.view import View

CORE, INSET = 0.5, 0.1  # a core's height, and what it lacks at either end, as parts of a digit's height
APART = 1.2  # digits' heights between two glyphs, from which on they have cores of their own


@dataclass(frozen=True)
class Group:
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
    groups: list[Group]
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


def cores_of(lines: list[Placed], view: View) -> list[tuple[Array, float, float]]:
    """The core of each run of glyphs, its corners in the picture (4, 2), the digits' height there, and its angle."""
    cores = []
    for placed in lines:
        high, fit = _band(placed)
        boxes = placed.line.boxes[placed.line.read]
        starts = np.flatnonzero(boxes[1:, 0] - np.maximum.accumulate(boxes[:, 2])[:-1] > APART * high) + 1
        for run in np.split(boxes, starts):
            left, right = run[:, 0].min() + placed.left, run[:, 2].max() + placed.left
            inset = min(INSET * high, max(0.0, (right - left - 0.3 * high) / 2))
            whole = view.picture(_quad(left, right, high, fit))
            core = view.picture(_quad(left + inset, right - inset, CORE * high, fit))
            cores.append((core, *_measured(whole)))
    return cores


def _measured(quad: Array) -> tuple[float, float]:
    """The height of a band seen in the picture, and its angle."""
    down = (np.linalg.norm(quad[3] - quad[0]) + np.linalg.norm(quad[2] - quad[1])) / 2
    x, y = quad[1] - quad[0] + quad[2] - quad[3]
    return float(down), float(np.arctan2(y, x))


def row_of(placed: Placed, view: View) -> PageRow:
    """A line as a page's row."""
    line = placed.line
    high, fit = _band(placed)
    boxes = line.boxes + np.array([placed.left, placed.top] * 2)
    groups, at = [], 0
    for text in line.label.split(" "):
        own = boxes[at : at + len(text)]
        at += len(text)
        if text.strip("?"):
            groups.append(
                Group(text, view.picture(_quad(own[:, 0].min(), own[:, 2].max(), high, fit)).astype(np.float32))
            )
    known = boxes[line.read]
    whole = view.picture(_quad(known[:, 0].min(), known[:, 2].max(), high, fit))
    corners = view.picture(boxes[:, [0, 1, 2, 1, 2, 3, 0, 3]].reshape(-1, 2)).reshape(-1, 4, 2)
    seen = np.concatenate([corners.min(axis=1), corners.max(axis=1)], axis=1)
    down, angle = _measured(whole)
    return PageRow(line.label, groups, whole.astype(np.float32), down, angle, seen.astype(np.float32), placed.row)
