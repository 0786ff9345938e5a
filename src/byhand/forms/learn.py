"""Fields proposed from an empty or filled form: boxes, cells and combs for digits, lines to write on, tables."""

from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np

from byhand.core.errors import ByhandError
from byhand.core.types import Array
from byhand.forms.paper_edge import paper_corners
from byhand.forms.perspective import fit_perspective, turning, warped
from byhand.forms.register import skew
from byhand.forms.ruling import Ruling, find_ruling, printed_in
from byhand.forms.template import FormField, FormTemplate
from byhand.pictures.boxes import Box, hull
from byhand.pictures.components import components
from byhand.pictures.ink import flatten

LONGEST_SIDE = 2_000  # pixels of a form's picture
SAME_LINE = 5  # pixels by which the ends of cells on one line differ
SHARED_LINE = 18  # pixels between two cells that share a line
NARROW = 1.35  # a cell for one digit is at most so many times as wide as high
ALIKE_WIDTH = 0.15  # by which parts the widths of cells of one number differ
BETWEEN_BOXES = 0.6  # widths between two boxes of one number
PRINTED = 0.004  # of a cell: more ink in an empty form is print, and no place to write
TICK_PART = 0.4  # of a field's height that a comb's ticks may have
MOST_COMB = 40  # cells of a comb
TICK, TICK_WIDE = 7, 9  # pixels of a comb's ticks, high at least and wide at most
WRITING_HIGH = 1 / 38  # of the page's longer side: room above a line to write on (8 mm on A4)
LINE_LONG, LINE_MOST = 1 / 25, 0.8  # of the page's width: lines to write on


def learn_form(scan: Array, filled: bool = False, name: str = "form") -> FormTemplate:
    """A form with the fields that are found on a scan of it, uint8 (height, width).

    Args:
        scan: the form, the right way up; it may be a photo that shows all of the sheet.
        filled: whether somebody has written on it; then no print inside fields is taken over but lines.
        name: of the form.

    Raises:
        ByhandError: there are no fields on it.
    """
    form = described(upright_page(scan), filled, name)
    if not form.fields:
        raise ByhandError(
            "no boxes, combs, tables or lines to write on were found; scan the empty form at 150 dpi or more."
        )
    return form


def described(flat: Array, filled: bool, name: str) -> FormTemplate:
    """The form on a page of even light that stands upright, uint8 (height, width); it may have no fields."""
    ruling = find_ruling(flat, filled)
    found = [*_tables(ruling, filled), *_combs(ruling), *_lines(ruling, filled)]
    found = _apart(found)
    order = sorted_boxes([one.box for one in found])
    found.sort(key=lambda one: order.index(one.box))
    numbered = [replace(one, name=f"{one.kind}_{k}") for k, one in enumerate(found, 1)]
    picture = wiped(flat, ruling, numbered) if filled else flat
    return FormTemplate(picture, tuple(numbered), (), name)


def upright_page(scan: Array) -> Array:
    """The page levelled, in even light, at most LONGEST_SIDE pixels: uint8 (height, width)."""
    corners = paper_corners(scan)
    if corners is not None:
        across, down = (
            float(np.sqrt(((a - b) ** 2).sum())) for a, b in ((corners[0], corners[1]), (corners[0], corners[3]))
        )
        by = min(1.0, LONGEST_SIDE / max(across, down))
        size = (round(across * by), round(down * by))
        sheet = np.array([[0, 0], [size[0], 0], list(size), [0, size[1]]], float)
        scan = warped(scan, fit_perspective(sheet, corners, np.ones(4)), size)
    elif max(scan.shape) > LONGEST_SIDE:
        from PIL import Image

        by = LONGEST_SIDE / max(scan.shape)
        size = (round(scan.shape[1] * by), round(scan.shape[0] * by))
        scan = np.asarray(Image.fromarray(scan).resize(size, Image.Resampling.BOX))
    flat = flatten(scan, False)
    height, width = flat.shape
    angle = skew(flat, fine=True)
    return warped(flat, turning(angle, width / 2, height / 2), (width, height)) if abs(angle) > 1e-4 else flat


def wiped(flat: Array, ruling: Ruling, found: list[FormField]) -> Array:
    """The page without writing: in fields, and a third of a field's height around them, nothing but lines stays."""
    clean, pieces = flat.copy(), components(ruling.lines)
    for one in found:
        left, top, right, bottom = one.box
        high = bottom - top
        rows, columns = slice(max(0, top - high // 3), bottom + high // 6), slice(max(0, left - 4), right + 4)
        box = pieces.boxes
        strokes = (box[:, 0] > left + 3) & (box[:, 1] > top + 3) & (box[:, 2] < right - 3) & (box[:, 3] < bottom - 3)
        keep = pieces.pixels(~strokes)[rows, columns]
        if one.kind == "cells":  # a comb's ticks are too short for lines
            ticks, ink = round(TICK_PART * high) + high // 6, ruling.ink[rows, columns]
            for side in np.linspace(left, right, int(one.length) + 1).round().astype(int).tolist():
                tick = slice(max(0, side - 3 - columns.start), side + 4 - columns.start)
                keep[-ticks:, tick] |= ink[-ticks:, tick]
        clean[rows, columns][~keep] = 255
    return clean


# ---- cells, boxes, tables ----


def _tables(ruling: Ruling, filled: bool) -> list[FormField]:
    found: list[FormField] = []
    for cells in _grids(ruling.cells):
        rows, columns = _levels(cells[:, 1], cells[:, 3]), _levels(cells[:, 0], cells[:, 2])
        if len(rows) > 1 and len(columns) > 1 and len(cells) >= 0.8 * len(rows) * len(columns):
            found += _table(ruling, rows, columns, filled)
            continue
        for row in _rows_of(cells):
            found += _in_row(ruling, row, filled)
    return found


def _grids(cells: Array) -> list[Array]:
    """Cells (n, 4) that share lines, group by group."""
    groups: list[list[int]] = []
    near = np.abs(cells[:, None] - cells[None])
    beside = (near[..., 1] <= SAME_LINE) & (near[..., 3] <= SAME_LINE) & (_gap(cells, 0, 2) <= SHARED_LINE)
    below = (near[..., 0] <= SAME_LINE) & (near[..., 2] <= SAME_LINE) & (_gap(cells, 1, 3) <= SHARED_LINE)
    linked, left = beside | below, set(range(len(cells)))
    while left:
        waiting, group = [min(left)], []
        left.discard(waiting[0])
        while waiting:
            k = waiting.pop()
            group.append(k)
            more = [j for j in np.flatnonzero(linked[k]).tolist() if j in left]
            left.difference_update(more)
            waiting += more
        groups.append(sorted(group))
    return _boxes_apart([cells[group] for group in groups])


def _gap(cells: Array, first: int, last: int) -> Array:
    """How far one box begins behind the end of another (n, n); large where they overlap."""
    gap = cells[None, :, first] - cells[:, None, last]
    gap = np.where(gap < -SAME_LINE, 10**6, gap)
    return np.minimum(gap, gap.T)


def _boxes_apart(groups: list[Array]) -> list[Array]:
    """Single boxes of one size on a line, not far from each other, are joined: each digit's own box."""
    single = sorted((group for group in groups if len(group) == 1), key=lambda g: (g[0][1] // 8, g[0][0]))
    joined: list[Array] = [group for group in groups if len(group) > 1]
    for group in single:
        box, last = group[0], joined[-1] if joined else None
        if last is not None and (last[:, 1] // 8 == last[0][1] // 8).all():
            before = last[-1]
            wide, high = before[2] - before[0], before[3] - before[1]
            level = abs(before[1] - box[1]) <= SAME_LINE and abs(before[3] - box[3]) <= SAME_LINE
            same = abs(wide - (box[2] - box[0])) <= ALIKE_WIDTH * wide and wide <= NARROW * high
            if level and same and 0 < box[0] - before[2] <= BETWEEN_BOXES * wide and len(_rows_of(last)) == 1:
                joined[-1] = np.concatenate([last, group])
                continue
        joined.append(group)
    return joined


def _levels(starts: Array, ends: Array) -> list[tuple[int, int]]:
    """The different (start, end) of cells along one axis, in order."""
    found: list[list[int]] = []
    for start, end in sorted(zip(starts.tolist(), ends.tolist(), strict=True)):
        if not found or start - found[-1][0] > SAME_LINE:
            found.append([start, end])
    return [(start, end) for start, end in found]


def _rows_of(cells: Array) -> list[Array]:
    return [cells[np.abs(cells[:, 1] - start) <= SAME_LINE] for start, _ in _levels(cells[:, 1], cells[:, 3])]


def _table(
    ruling: Ruling, rows: list[tuple[int, int]], columns: list[tuple[int, int]], filled: bool
) -> list[FormField]:
    """A table without its headings: rows above and columns at the left whose cells are printed."""
    printed = np.array([[printed_in(ruling, (x0, y0, x1, y1)) > PRINTED for x0, x1 in columns] for y0, y1 in rows])
    first_row = first_column = 0
    while not filled and first_row < len(rows) - 1 and printed[first_row, first_column:].mean() >= 0.5:
        first_row += 1
    while not filled and first_column < len(columns) - 1 and printed[first_row:, first_column].mean() >= 0.5:
        first_column += 1
    rows, columns = rows[first_row:], columns[first_column:]
    box = (columns[0][0], rows[0][0], columns[-1][1], rows[-1][1])
    if len(rows) == 1:
        return [FormField("", (x0, rows[0][0], x1, rows[0][1])) for x0, x1 in columns]
    return [FormField("", box, "table", columns=_edges_of(columns), rows=_edges_of(rows))]


def _edges_of(levels: list[tuple[int, int]]) -> tuple[int, ...]:
    """The middles of the lines between cells."""
    between = [(a[1] + b[0]) // 2 for a, b in pairwise(levels)]
    return levels[0][0], *between, levels[-1][1]


def _in_row(ruling: Ruling, row: Array, filled: bool) -> list[FormField]:
    """Cells for a digit each, side by side, are one field; wide ones are boxes, unless they are printed."""
    row = row[np.argsort(row[:, 0])]
    wide, high = row[:, 2] - row[:, 0], row[:, 3] - row[:, 1]
    narrow = wide <= NARROW * high
    alike = (np.abs(wide - np.median(wide)) <= max(2.0, ALIKE_WIDTH * float(np.median(wide)))).all()
    boxes: list[Box] = [tuple(box) for box in row.tolist()]
    if len(row) > 1 and narrow.all() and alike:
        return [FormField("", hull(boxes), "cells", len(row))]
    return [FormField("", box) for box in boxes if filled or printed_in(ruling, box) <= 10 * PRINTED]


# ---- combs and lines ----


def _combs(ruling: Ruling) -> list[FormField]:
    """Lines with ticks that stand on them at equal distances."""
    found = []
    for left, top, right, _ in ruling.across.tolist():
        ticks, tall = _ticks(ruling.ink, left, top, right)
        ticks, tall = _evenly(ticks, tall, left, right)
        if len(ticks) < 3:
            continue
        pitch, inner = (ticks[-1] - ticks[0]) / (len(ticks) - 1), float(np.median(tall[1:-1]))
        high = max(min(tall[0], tall[-1]), round(1.15 * pitch) if inner < 0.8 * pitch else round(inner))
        box = (int(ticks[0]), max(0, int(top - high)), int(ticks[-1]), int(top))
        found.append(FormField("", box, "cells", len(ticks) - 1))
    return found


def _ticks(ink: Array, left: int, top: int, right: int) -> tuple[list[int], list[int]]:
    """Strokes that stand on a line from left to right whose upper edge is `top`: their middles, and their heights."""
    above = ink[max(0, top - 80) : top, max(0, left - 3) : right + 3][::-1]  # from the line upwards
    if not above.size:
        return [], []
    tall = np.where(above.all(axis=0), len(above), above.argmin(axis=0))
    edges = np.flatnonzero(np.diff(np.pad((tall >= TICK).astype(np.int8), 1)))
    pairs = [(a, b) for a, b in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True) if b - a <= TICK_WIDE]
    middles = [max(0, left - 3) + (a + b) // 2 for a, b in pairs]
    return middles, [int(tall[a:b].max()) for a, b in pairs]


def _evenly(ticks: list[int], tall: list[int], left: int, right: int) -> tuple[list[int], list[int]]:
    """The ticks that divide a line into most equal parts, both its ends included; none if no ticks do."""
    places, best = np.array(ticks), []
    for count in range(2, min(MOST_COMB, len(ticks) - 1) + 1):
        wanted = np.linspace(left + 1, right - 2, count + 1)
        near = np.abs(places[None] - wanted[:, None])
        if (near.min(axis=1) <= max(3.0, 0.06 * (right - left) / count)).all():
            best = near.argmin(axis=1).tolist()
    return [ticks[k] for k in best], [tall[k] for k in best]


def _lines(ruling: Ruling, filled: bool) -> list[FormField]:
    """Lines to write on, with as much room above as writing needs, or as there is."""
    height, width = ruling.ink.shape
    found = []
    for left, top, right, _ in ruling.across.tolist():
        if not LINE_LONG * width <= right - left <= LINE_MOST * width:
            continue
        room = round(WRITING_HIGH * max(height, width))
        above = np.any(ruling.ink[max(0, top - room) : max(0, top - 2), left:right], axis=1)
        free = len(above) if not above.any() else int(above[::-1].argmax())
        free = room if filled else free
        if free >= room // 2:
            found.append(FormField("", (left, top - min(free, room), right, top), "line"))
    return found


def _apart(found: list[FormField]) -> list[FormField]:
    """The fields without those that lie on earlier ones, or share their lower line with them."""
    kept: list[FormField] = []
    for one in found:
        left, top, right, bottom = one.box
        low = (left, top, right, bottom + SAME_LINE + 2)
        if right - left >= LONGEST_SIDE or any(_overlap(low, other.box) > 0.05 for other in kept):
            continue
        kept.append(one)
    return kept


def _overlap(a: Any, b: Any) -> float:
    """The part of the smaller box that both share."""
    across, down = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    smaller = min((a[2] - a[0]) * (a[3] - a[1]), (b[2] - b[0]) * (b[3] - b[1]))
    return max(0, across) * max(0, down) / max(smaller, 1)


def sorted_boxes(found: list[Box]) -> list[Box]:
    """In reading order: from above, and those whose heights overlap by half from the left."""
    rest, result = sorted(found, key=lambda b: b[1]), []
    while rest:
        first = rest[0]
        level = [
            b for b in rest if min(b[3], first[3]) - max(b[1], first[1]) > 0.5 * min(b[3] - b[1], first[3] - first[1])
        ]
        result += sorted(level)
        rest = [b for b in rest if b not in level]
    return result
