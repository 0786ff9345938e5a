"""Where a sheet of paper lies in a photo: the corners of the largest light area."""

import numpy as np

from byhand.core.types import Array
from byhand.forms.perspective import scaling, warped
from byhand.pictures.components import components
from byhand.pictures.ink import otsu, running_max

PHOTO_SIDE = 200  # pixels of the longer side of the picture that is looked at
LEAST_AREA, MOST_AREA = 0.15, 0.97  # of the picture: what is not a sheet, and what is all of it
LIGHT_PART = 0.85  # of the four corners' area must be light
WIDEST_PRINT = 7  # pixels of that picture: thinner dark lines are print on the sheet
DARKER_TABLE = 0.75  # of the sheet's grey level: what lies around it is darker
DIRECTIONS = np.radians(np.arange(0, 90, 10))


def paper_corners(photo: Array) -> Array | None:
    """Left top, right top, right bottom, left bottom of the sheet (4, 2), or None if it has no edge in the picture."""
    by = max(1.0, max(photo.shape) / PHOTO_SIDE)
    size = (max(1, round(photo.shape[1] / by)), max(1, round(photo.shape[0] / by)))
    small = warped(photo, scaling(by), size)
    level = -running_max(-running_max(small.astype(np.float32), WIDEST_PRINT), WIDEST_PRINT)  # a closing: print goes
    light = level > otsu(level)
    if light.all() or np.median(level[~light]) > DARKER_TABLE * np.median(level[light]):
        return None  # light that fades, not an edge
    pieces = components(light)
    sheet = pieces.pixels(np.arange(len(pieces.areas)) == int(pieces.areas.argmax()))
    y, x = np.nonzero(sheet)
    points = np.stack([x + 0.5, y + 0.5], axis=1)
    found, largest = None, 0.0
    for angle in DIRECTIONS:
        c, s = np.cos(angle), np.sin(angle)
        along, across = points @ (c, s), points @ (-s, c)
        ends = [
            (-along - across).argmax(),
            (along - across).argmax(),
            (along + across).argmax(),
            (across - along).argmax(),
        ]
        corners = points[ends]
        area = _polygon_area(corners)
        if area > largest:
            found, largest = corners, area
    share = largest / small.size
    if found is None or not LEAST_AREA < share < MOST_AREA or len(y) < LIGHT_PART * largest:
        return None
    return by * np.roll(found, -int((found @ (1, 1)).argmin()), axis=0)


def _polygon_area(corners: Array) -> float:
    """½ |Σ x y′ − x′ y|."""
    x, y = corners.T
    return float(abs((x * np.roll(y, -1) - y * np.roll(x, -1)).sum()) / 2)
