"""A page's printed lines, and the cells that they enclose."""

from typing import NamedTuple

import numpy as np

from byhand.core.types import Array
from byhand.pictures.boxes import Box
from byhand.pictures.components import components

INK_LEVEL = 150  # grey level of a page of even light below which there is ink
LONG_LINE, LONG_POST = 26, 18  # pixels: shorter strokes are not taken for lines across, or down
LONG_AMONG = 36  # likewise on a form with writing
LEAST_CELL, MOST_PAGE = 14, 0.5  # pixels of a cell's sides; of the page's sides at most
FILLED_CELL = 0.8  # of its box: a cell is a rectangle
THICKEST_LINE = 14  # pixels


class Ruling(NamedTuple):
    """What is ruled on a page.

    Attributes:
        ink: bool (height, width).
        lines: which ink is printed lines.
        across: the horizontal lines' boxes (n, 4).
        cells: boxes of the rectangles inside lines, from above, lines excluded (n, 4).
    """

    ink: Array
    lines: Array
    across: Array
    cells: Array


def find_ruling(flat: Array, filled: bool = False) -> Ruling:
    """The lines and cells of a page of even light, uint8 (height, width), upright; `filled`: with writing on it."""
    ink = flat < INK_LEVEL
    across = _thin(long_runs(ink, LONG_AMONG if filled else LONG_LINE))
    down = _thin(long_runs(np.ascontiguousarray(ink.T), LONG_AMONG if filled else LONG_POST)).T
    lines = across | down
    return Ruling(ink, lines, components(across).boxes, _cells(lines))


def long_runs(mask: Array, least: int) -> Array:
    """The pixels of a mask (height, width) in runs along a row of at least so many."""
    height, width = mask.shape
    edges = np.diff(np.pad(mask, ((0, 0), (1, 1))).astype(np.int8), axis=1)  # (height, width + 1)
    rows, starts = np.nonzero(edges == 1)
    _, ends = np.nonzero(edges == -1)
    keep = ends - starts >= least
    change = np.zeros((height, width + 1), np.int8)
    np.add.at(change, (rows[keep], starts[keep]), 1)
    np.add.at(change, (rows[keep], ends[keep]), -1)
    return change.cumsum(axis=1)[:, :width].astype(bool)


def _thin(mask: Array) -> Array:
    """The mask of runs without areas that are thicker than a line."""
    thick = long_runs(np.ascontiguousarray(mask.T), THICKEST_LINE + 1).T
    return mask & ~thick


def _cells(lines: Array) -> Array:
    """The boxes of what lines enclose, if it is a rectangle; gaps of a pixel or two are closed."""
    height, width = lines.shape
    wall = lines.copy()
    for k in (1, 2):
        wall[k:] |= lines[:-k]
        wall[:, k:] |= lines[:, :-k]
        wall[:-k] |= lines[k:]
        wall[:, :-k] |= lines[:, k:]
    _, box, area = components(~wall)
    if not len(area):
        return box
    w, h = box[:, 2] - box[:, 0], box[:, 3] - box[:, 1]
    keep = (w >= LEAST_CELL - 4) & (h >= LEAST_CELL - 4) & (area >= FILLED_CELL * w * h)
    keep &= (w < MOST_PAGE * width) & (h < MOST_PAGE * height)
    keep &= (box[:, 0] > 0) & (box[:, 1] > 0) & (box[:, 2] < width) & (box[:, 3] < height)
    grown: Array = box[keep] + np.array([-2, -2, 2, 2])
    return grown


def printed_in(ruling: Ruling, box: Box, inset: int = 3) -> float:
    """The part of a box that has ink other than lines."""
    left, top, right, bottom = box
    rows, columns = slice(top + inset, bottom - inset), slice(left + inset, right - inset)
    part = ruling.ink[rows, columns] & ~ruling.lines[rows, columns]
    return float(part.mean()) if part.size else 0.0
