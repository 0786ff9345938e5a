"""Ways of looking at one row: levelled or not, larger or smaller, stretched, slanted, grey or only its ink."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from byhand.digits.pieces import box_of, slant, spread
from byhand.types import Array

STEEPEST = 0.4  # a row is not taken to climb by more of its length than this
LONG = 2.5  # a row is levelled if it is at least so many times as long as high
LOWER = 0.95  # and if that makes it lower than this part of its height


@dataclass(frozen=True)
class View:
    """How a row is looked at.

    Attributes:
        share: of the network's height that the row's ink fills.
        stretch: by how much it is made wider.
        lean: by how many columns a row the writing is made to lean to the right; None leaves it as it is.
        level: whether a row that climbs is levelled.
        only_ink: whether what is no writing is wiped out.
    """

    share: float = 0.85
    stretch: float = 1.0
    lean: float | None = None
    level: bool = True
    only_ink: bool = False


class Crop(NamedTuple):
    """A row as the network takes it.

    Attributes:
        image: uint8 (height, some width), ink 255 on paper 0.
        mask: which of its pixels are writing.
        left: the column of the row's own image where it begins.
        scale: how many of its columns make one of the row's own.
    """

    image: Array
    mask: Array
    left: float
    scale: float


def climb(mask: Array) -> float:
    """By how many rows a column the writing falls to the right, 0 where nothing is gained by levelling it.

    The least-squares line through the middles of the columns: Σ (x − x̄)(y − ȳ) / Σ (x − x̄)².
    """
    box = box_of(mask)
    if box is None or box[2] - box[0] < LONG * (box[3] - box[1]):
        return 0.0
    x = np.flatnonzero(mask.any(axis=0))
    top = mask[:, x].argmax(axis=0)
    bottom = mask.shape[0] - 1 - mask[::-1, x].argmax(axis=0)
    y = (top + bottom) / 2
    steep = float(np.dot(x - x.mean(), y - y.mean()) / max(np.dot(x - x.mean(), x - x.mean()), 1))
    steep = min(max(steep, -STEEPEST), STEEPEST)
    down = steep * (x - x.mean())
    lower = (bottom - down).max() - (top - down).min() + 1
    return steep if lower < LOWER * (box[3] - box[1]) else 0.0


def crop(image: Array, mask: Array, view: View, height: int) -> Crop:
    """The row, its image uint8 and mask bool (any height, width), as it is to be seen: `height` pixels high."""
    from PIL import Image

    if view.only_ink:
        image = np.where(spread(mask), image, 0)
    steep = climb(mask) if view.level else 0.0
    lean = 0.0 if view.lean is None else view.lean - slant(mask, steep)
    rows, columns = image.shape
    more = round(abs(steep) * columns / 2 + rows * 0.5)  # room for what is sheared, and around it
    picture = Image.fromarray(np.pad(image, more))
    where = Image.fromarray(np.pad(mask, more).astype(np.uint8) * 255)
    if steep or lean:
        x, y = (picture.width - 1) / 2, (picture.height - 1) / 2
        shear = (1, lean, -lean * y, steep, 1, -steep * x)  # from the new picture's points to the old one's
        picture = picture.transform(picture.size, Image.Transform.AFFINE, shear, Image.Resampling.BILINEAR)
        where = where.transform(where.size, Image.Transform.AFFINE, shear, Image.Resampling.NEAREST)
    box = box_of(np.asarray(where) > 0)
    if box is None:
        empty = np.zeros((height, height), np.uint8)
        return Crop(empty, empty > 0, 0.0, 1.0)
    left, top, right, bottom = box
    scale = view.share * height / (bottom - top)
    across = scale * view.stretch
    middle, half = (top + bottom) / 2, height / scale / 2
    margin = 0.12 * height / across
    frame = (
        max(left - margin, 0),
        max(middle - half, 0),
        min(right + margin, picture.width),
        min(middle + half, picture.height),
    )
    size = (max(1, round((frame[2] - frame[0]) * across)), height)
    how = Image.Resampling.BOX if scale < 1 else Image.Resampling.BILINEAR
    mask = np.asarray(where.resize(size, how, frame)) > 127
    return Crop(np.asarray(picture.resize(size, how, frame)), mask, frame[0] - more, across)
