"""Ways of looking at one row, levelled: larger or smaller, stretched, slanted, grey or only its ink."""

from dataclasses import dataclass
from math import sqrt
from typing import NamedTuple

import numpy as np

from byhand.core.types import Array
from byhand.pictures.ink import running_max

# By hand where no command is named; python -m bench.reading.constants tells what each is worth.
CROP_MARGIN = 0.12  # paper left beside the ink, as a part of the height
LEVELLED_FROM = 2.5  # a row at least so many times as long as high is levelled, by 1 / 2.5 of its length at most
LOWER = 0.95  # and if that makes it lower than this part of its height
SLANTS = np.linspace(-0.6, 0.6, 13)  # of the writing, as columns a row; positive leans to the right
SHARPER = 0.2  # a lean of one column a row must make the columns sharper by this part


@dataclass(frozen=True)
class RowView:
    """How a row is looked at.

    Attributes:
        share: of the network's height that the row's ink fills.
        stretch: by how much it is made wider.
        lean: by how many columns a row the writing is made to lean to the right; None leaves it as it is.
        only_ink: whether what is not writing is wiped out.
    """

    share: float = 0.85
    stretch: float = 1.0
    lean: float | None = None
    only_ink: bool = False


class Crop(NamedTuple):
    """A row as the network takes it.

    Attributes:
        image: uint8 (height, some width), ink 255 on paper 0.
        left: the column of the row's own image where it begins, if its writing stood upright.
        scale: how many of its columns make one of the row's own.
    """

    image: Array
    left: float
    scale: float


class Ink(NamedTuple):
    """A row, and what is needed to crop it.

    Attributes:
        image: uint8 (height, width), ink 255 on paper 0.
        mask: which of its pixels are writing, bool.
        steep: by how many rows a column the line falls.
        lean: by how many columns a row the writing leans to the right.
        rim: the first and last pixel of the mask in every row and every column, x and y (n, 2), from the middle.
    """

    image: Array
    mask: Array
    steep: float
    lean: float
    rim: Array


def row_ink(image: Array, mask: Array) -> Ink:
    """The row of an image uint8 and a mask bool (height, width)."""
    height, width = mask.shape
    x, y = np.flatnonzero(mask.any(axis=0)), np.flatnonzero(mask.any(axis=1))
    top, bottom = mask[:, x].argmax(axis=0), height - 1 - mask[::-1, x].argmax(axis=0)
    left, right = mask[y].argmax(axis=1), width - 1 - mask[y, ::-1].argmax(axis=1)
    ends = np.concatenate([[x, top], [x, bottom], [left, y], [right, y]], axis=1)
    steep = _climb(x, top, bottom) if x.size else 0.0
    return Ink(image, mask, steep, slant(mask, steep), ends.T - np.array([width - 1, height - 1]) / 2)


def _climb(x: Array, top: Array, bottom: Array) -> float:
    """By how many rows a column writing in columns x falls to the right, 0 where nothing is gained by levelling it.

    The least-squares line through the middles of the columns: Σ (x − x̄)(y − ȳ) / Σ (x − x̄)².
    """
    height = bottom.max() - top.min() + 1
    if x[-1] + 1 - x[0] < LEVELLED_FROM * height:
        return 0.0
    y = (top + bottom) / 2
    steep = float(np.dot(x - x.mean(), y - y.mean()) / max(np.dot(x - x.mean(), x - x.mean()), 1))
    steep = min(max(steep, -1 / LEVELLED_FROM), 1 / LEVELLED_FROM)
    down = steep * (x - x.mean())
    lower = (bottom - down).max() - (top - down).min() + 1
    return steep if lower < LOWER * height else 0.0


def slant(mask: Array, steep: float = 0.0) -> float:
    """By how many columns a row the writing leans to the right: of SLANTS the one that makes the sharpest columns.

    Sheared upright, strokes fall into few columns, and the sum of the squared columns is greatest. `steep` is by how
    many rows a column the line falls.
    """
    y, x = np.nonzero(mask)
    if not y.size:
        return 0.0
    down = y - steep * x
    places = np.rint(x + SLANTS[:, None] * (down - down.mean())).astype(np.int64)
    first = int(places.min())
    width = int(places.max()) - first + 1
    places += width * np.arange(len(SLANTS))[:, None] - first
    columns = np.bincount(places.ravel(), minlength=width * len(SLANTS)).reshape(-1, width).astype(float)
    sharp = (columns**2).sum(axis=1)
    return float(SLANTS[np.argmax(sharp - SHARPER * sharp.mean() * np.abs(SLANTS))])


def crop(row: Ink, view: RowView, height: int) -> Crop:
    """The row as it is to be seen, `height` pixels high."""
    if not len(row.rim):
        return Crop(np.zeros((height, height), np.uint8), 0.0, 1.0)
    steep = row.steep
    lean = 0.0 if view.lean is None else view.lean - row.lean
    # A point (x, y) from the image's middle goes to v = y − steep x, u = x − lean v, which is then scaled.
    v = row.rim[:, 1] - steep * row.rim[:, 0]
    u = row.rim[:, 0] - lean * v
    scale = view.share * height / (np.ptp(v) + 1)
    across = scale * view.stretch
    margin = CROP_MARGIN * height / across
    middle = (v.max() + v.min()) / 2
    left, top = u.min() - 0.5 - margin, middle - height / scale / 2
    size = (max(1, round((u.max() + 0.5 + margin - left) * across)), height)
    # and back: x = u + lean v, y = v + steep x
    back = np.array([[1, lean], [steep, 1 + steep * lean]])
    image = np.where(running_max(row.mask, 3), row.image, 0).astype(np.uint8) if view.only_ink else row.image
    seen = resampled(image, back / (across, scale), back @ (left, top), size)
    return Crop(seen, left + (lean + row.lean) * middle + (row.image.shape[1] - 1) / 2, across)


def resampled(image: Array, matrix: Array, start: Array, size: tuple[int, int]) -> Array:
    """The picture (width, height) whose point (u, v) is the image's at matrix @ (u, v) + start, from its middle."""
    from PIL import Image

    (a, b), (d, e) = matrix
    shrink = max(1, int(sqrt(a * e - b * d) + 0.4))
    picture = Image.fromarray(image)
    if shrink > 1:
        picture = picture.reduce(shrink)
    origin = start + np.array(image.shape[::-1]) / 2  # from the corner, as the library counts
    c, f = origin
    coefficients = tuple(x / shrink for x in (a, b, c, d, e, f))
    return np.asarray(picture.transform(size, Image.Transform.AFFINE, coefficients, Image.Resampling.BILINEAR))
