"""What was written into a field: cut out of a scan, without what is printed there."""

from typing import NamedTuple

import numpy as np

from byhand.core.types import Array
from byhand.forms.perspective import moving, project, scaling, warped
from byhand.forms.template import FormField
from byhand.pictures.boxes import Box, box_of
from byhand.pictures.components import components

FIELD_HEIGHT = 64  # pixels of a field's height when it is read
AROUND, BESIDE = 0.3, 0.15  # of a field's height: what is looked at above and below, and beside it
DRIFT = 5  # pixels by which a field's print may lie elsewhere than the page's does
PRINT_LEVEL = 50  # grey levels by which print is darker than the paper
FAINTEST_INK, OF_FULL = 30, 0.45  # grey levels; a stroke's pixel is darker than this part of the darkest ones
SPECK_PART = 0.1  # of a field's height: smaller pieces are dirt
OWN_PART = 0.5  # of a piece of ink must lie in the field; the rest may reach over its edge
MARK_PART = 0.3  # of a field's height: a cell with lower ink has a mark, not a digit
LONGEST_FIELD = 4_000  # pixels


class FieldInk(NamedTuple):
    """A field's writing.

    Attributes:
        image: its ink, uint8 (height, width), 255 on paper 0.
        mask: which pixels are its writing, bool.
        cells: of cells, which are written in, bool (n,); else empty.
        marks: whether a cell has ink that is too small for a digit.
        picture: the field as it looks, uint8, print included.
        box: where it lies in the scan, the box around its corners.
    """

    image: Array
    mask: Array
    cells: Array
    marks: bool
    picture: Array
    box: Box

    @property
    def empty(self) -> bool:
        """Whether nothing is written there."""
        return not self.mask.any()


def cut_field(one: FormField, form: Array, flat: Array, matrix: Array, scan_shape: tuple[int, ...]) -> FieldInk:
    """A field's writing.

    Args:
        one: the field.
        form: the empty form, uint8 (height, width), of even light.
        flat: the scan of even light.
        matrix: takes the form's points to the scan's.
        scan_shape: of the scan that boxes are meant in; `flat` may be a smaller one.
    """
    left, top, right, bottom = one.box
    high = bottom - top
    scale = min(FIELD_HEIGHT / high, LONGEST_FIELD / (right - left))
    above, beside = AROUND * high, BESIDE * high
    size = (max(1, round((right - left + 2 * beside) * scale)), max(1, round((high + 2 * above) * scale)))
    place = moving(left - beside, top - above) @ scaling(1 / scale)
    printed = warped(form, place, size)
    seen = warped(flat, matrix @ place, size)
    dx, dy = _drift(printed, seen)
    if dx or dy:
        seen = warped(flat, matrix @ place @ moving(dx, dy), size)
    inner = (
        round(beside * scale),
        round(above * scale),
        size[0] - round(beside * scale),
        size[1] - round(above * scale),
    )
    ink = (255 - without_print(seen, printed)).astype(np.float32)
    image, mask = _own(ink, inner)
    cells, marks = _filled(mask, inner, int(one.length)) if one.kind == "cells" else (np.zeros(0, bool), False)
    corners = project(matrix, np.array([[left, top], [right, top], [right, bottom], [left, bottom]], float))
    corners *= scan_shape[1] / flat.shape[1], scan_shape[0] / flat.shape[0]
    (x0, y0), (x1, y1) = np.floor(corners.min(axis=0)), np.ceil(corners.max(axis=0))
    box = (max(0, int(x0)), max(0, int(y0)), min(scan_shape[1], int(x1)), min(scan_shape[0], int(y1)))
    return FieldInk(image, mask, cells, marks, seen, box)


def _drift(printed: Array, seen: Array) -> tuple[int, int]:
    """By how many pixels the print lies to the right and below, at most DRIFT: where most of it is dark."""
    print_ink, ink = (255 - a.astype(np.float32) for a in (printed, seen))
    if (print_ink > PRINT_LEVEL).mean() < 0.005:
        return 0, 0
    core = print_ink[DRIFT:-DRIFT, DRIFT:-DRIFT]
    rows, columns = np.nonzero(core > PRINT_LEVEL)
    best, found = -1.0, (0, 0)
    for dy in range(-DRIFT, DRIFT + 1):
        for dx in range(-DRIFT, DRIFT + 1):
            agree = float(ink[rows + DRIFT + dy, columns + DRIFT + dx].mean()) - 0.2 * (abs(dx) + abs(dy))
            if agree > best:
                best, found = agree, (dx, dy)
    return found


def without_print(seen: Array, printed: Array) -> Array:
    """The field with what is printed replaced by what stands around it, uint8 (height, width).

    Each pixel of a printed line becomes the mean of the nearest unprinted ones on both sides, across the line: paper
    where there is paper, a stroke where one crosses it.
    """
    mask = _spread(255 - printed > PRINT_LEVEL, 2)
    if not mask.any() or mask.all():
        return seen
    across, far_across = _bridged(seen, mask)
    down, far_down = _bridged(np.ascontiguousarray(seen.T), np.ascontiguousarray(mask.T))
    filled = np.where(far_across < far_down.T, across, down.T)
    return np.where(mask, filled, seen).astype(np.uint8)


def _bridged(seen: Array, mask: Array) -> tuple[Array, Array]:
    """For each pixel the value between the nearest pixels outside the mask in its row, and how far apart these are."""
    height, width = seen.shape
    at = np.arange(width)
    before = np.maximum.accumulate(np.where(mask, -1, at), axis=1)
    after = np.minimum.accumulate(np.where(mask, width, at)[:, ::-1], axis=1)[:, ::-1]
    rows = np.arange(height)[:, None]
    a, b = seen[rows, np.maximum(before, 0)].astype(np.float32), seen[rows, np.minimum(after, width - 1)]
    open_ended = (before < 0) | (after >= width)
    share = (at - before) / np.maximum(after - before, 1)
    value = np.where(before < 0, b, np.where(after >= width, a, a + share * (b - a)))
    value[(before < 0) & (after >= width)] = 255  # nothing but print
    return value, np.where(open_ended, 2 * width, after - before)


def _spread(mask: Array, by: int) -> Array:
    wide = mask
    for _ in range(by):
        more = wide.copy()
        more[1:] |= wide[:-1]
        more[:-1] |= wide[1:]
        more[:, 1:] |= wide[:, :-1]
        more[:, :-1] |= wide[:, 1:]
        wide = more
    return wide


def _own(ink: Array, inner: Box) -> tuple[Array, Array]:
    """The ink (height, width), 0-255, of pieces that lie in the field, as dark as ink can be; their mask."""
    left, top, right, bottom = inner
    high = bottom - top
    strong = ink[max(0, top) : bottom, left:right]
    dark = strong[strong > FAINTEST_INK]
    if dark.size < 0.02 * high**2 / 4:
        return np.zeros(ink.shape, np.uint8), np.zeros(ink.shape, bool)
    full = max(float(np.percentile(dark, 80)), FAINTEST_INK / OF_FULL)
    pieces = components(ink > OF_FULL * full)
    box = pieces.boxes
    large = np.maximum(box[:, 2] - box[:, 0], box[:, 3] - box[:, 1]) >= SPECK_PART * high
    there = np.bincount(pieces.labels[max(0, top) : bottom, left:right].ravel(), minlength=len(box) + 1)[1:]
    mask = pieces.pixels(large & (there > OWN_PART * pieces.areas))
    image = np.clip(ink * (255 / full), 0, 255)
    image[~_spread(mask, 2)] = 0
    return image.astype(np.uint8), mask


def _filled(mask: Array, inner: Box, count: int) -> tuple[Array, bool]:
    """Which cells hold a piece of ink as high as a digit, and whether others hold smaller ones."""
    left, _, right, _ = inner
    sides = left + np.arange(count + 1) * (right - left) / count
    filled, marks = np.zeros(count, bool), False
    for k in range(count):
        a, b = (0 if k == 0 else round(sides[k])), (mask.shape[1] if k == count - 1 else round(sides[k + 1]))
        inset = round(0.12 * (b - a))
        part = mask[:, a + inset : b - inset]
        box = box_of(part)
        if box is None:
            continue
        high = box[3] - box[1] >= MARK_PART * (inner[3] - inner[1])
        filled[k] = high and part.sum() > 0.5 * (box[3] - box[1])
        marks |= not filled[k]
    return filled, marks


def cells_of(middles: list[float], one: FormField, width: int) -> list[int]:
    """In which cell each place, x in a field's image of a width, lies."""
    left, top, right, bottom = one.box
    beside = BESIDE * (bottom - top)
    scale = width / (right - left + 2 * beside)
    pitch = (right - left) * scale / int(one.length)
    return [int((x - beside * scale) // pitch) for x in middles]
