"""One digit made ready for the network, in the way MNIST's were.

Y. LeCun, C. Cortes and C. J. C. Burges, The MNIST database of handwritten digits: the digit is fitted into
20 × 20 pixels with its proportions kept and its edges smoothed, and placed with its centre of mass in the middle
of 28 × 28. (Measured on MNIST's 70,000 images: the centre lies on pixel 14, counted from 0, to within half a
pixel.)
"""

import numpy as np

from byhand.core.errors import ByhandError
from byhand.core.types import Array
from byhand.pictures.boxes import Box, box_of
from byhand.pictures.components import components
from byhand.pictures.filled import papers, with_paper
from byhand.pictures.image import ImageSource, name_of, open_image
from byhand.pictures.ink import ink, running_max

FIELD, DIGIT, CENTRE = 28, 20, 14
FAINT = 0.2  # a piece reaches as far as its ink is stronger than this, if somewhere it is stronger than 0.5
DIRT_SIZE = 6  # pixels: what is not larger in either direction is dirt, too
DIRT_SHARE = 0.03  # a piece with less than this part of the main one's ink is dirt
RIM_SHARE = 0.1  # what lies along the picture's rim, this part of its sides wide, is not a digit if there is another
FULL = 40  # the percentile of a digit's strong ink that counts as full
FAR_OFF = 0.5  # so is one that lies further off than this part of the main one's longer side
THIN_STROKE = (
    2.0  # strokes thinner than this, in pixels of the 28 × 28 image, are thickened; MNIST's are 2.5 on average
)
PICTURE_SIZE = 2048  # a larger picture is made smaller first


def prepare(source: ImageSource) -> tuple[Array, Box]:
    """The digit in a picture, as MNIST has them, and where it was found.

    `source` is whatever `open_image` takes. Returns the image, uint8 `(28, 28)`, ink 255 on paper 0, and the
    box `(left, top, right, bottom)` in the picture's pixels, right and bottom exclusive. Raises ByhandError
    where there is no ink.
    """
    image = open_image(source)
    shrink = max(1, -(-max(image.shape) // PICTURE_SIZE))
    reduced, around, inverted = _reduce(image, shrink), 0, None
    if found := papers(reduced):  # the digit may fill it
        inverted = found[True].rim > found[False].rim
        reduced, around = with_paper(reduced, found[inverted])
    digit = main_pieces(ink(reduced, inverted))
    found_at = box_of(digit > FAINT)
    if found_at is None:
        raise ByhandError(f"there is no ink found in {name_of(source)}; is the page blank, or the writing too faint?")
    left, top, right, bottom = found_at
    height, width = image.shape
    x, y = (np.clip(np.array(ends) - around, 0, None) * shrink for ends in ((left, right), (top, bottom)))
    box = (int(x[0]), int(y[0]), min(int(x[1]), width), min(int(y[1]), height))
    return place(fit_digit(strengthen(digit[top:bottom, left:right]))), box


def digit_image(ink: Array) -> Array:
    """A digit's ink, uint8 (height, width), as MNIST has digits: uint8 (28, 28)."""
    strong = ink[ink > ink.max() / 2]
    level = np.minimum(ink / np.float32(np.percentile(strong, FULL)), 1) if strong.size else ink
    box = box_of(level > FAINT)
    if box is None:
        return np.zeros((FIELD, FIELD), np.uint8)
    left, top, right, bottom = box
    return place(fit_digit(strengthen(level[top:bottom, left:right])))


def main_pieces(amount: Array) -> Array:
    """The ink of the largest piece and of what belongs to it; the rest is set to 0."""
    pieces = components(amount > FAINT)
    if not pieces.areas.size:
        return np.zeros_like(amount)
    flat, count = pieces.labels.ravel(), len(pieces.areas)
    mass = np.bincount(flat, amount.ravel(), count + 1)[1:]
    strongest = np.zeros(count + 1, np.float32)
    np.maximum.at(strongest, flat, amount.ravel())
    mass[strongest[1:] <= 0.5] = 0

    in_the_middle = np.bincount(flat, _without_rim(amount).ravel(), count + 1)[1:] >= 0.1 * mass
    if mass[in_the_middle].sum() > DIRT_SHARE * mass.sum():
        mass[~in_the_middle] = 0  # a frame, a ruled margin, the table beside the page

    left, top, right, bottom = pieces.boxes.T
    main = int(mass.argmax())
    longer = max(right[main] - left[main], bottom[main] - top[main])
    if mass[main] == 0 or longer < DIRT_SIZE:
        return np.zeros_like(amount)
    gaps = (left - right[main], left[main] - right, top - bottom[main], top[main] - bottom)
    keep = (mass >= DIRT_SHARE * mass[main]) & (np.max(gaps, axis=0) <= FAR_OFF * longer)
    return np.where(running_max(pieces.pixels(keep), 3), amount, 0)


def _without_rim(amount: Array) -> Array:
    """The same, with 0 along the rim."""
    y, x = (round(RIM_SHARE * side) for side in amount.shape)
    inner = np.zeros_like(amount)
    inner[y : amount.shape[0] - y, x : amount.shape[1] - x] = amount[y : amount.shape[0] - y, x : amount.shape[1] - x]
    return inner


def strengthen(digit: Array) -> Array:
    """Thicken strokes that would come out much thinner than MNIST's, in a tightly cut digit of range 0-1.

    A stroke of length l and width w has the area l w and the circumference 2 l, so w = 2 area / circumference.
    Counted along pixel edges, a circumference comes out 4/π too long on average over all directions.
    """
    mask = np.pad(digit > 0.5, 1)
    circumference = np.pi / 4 * (np.diff(mask, axis=0).sum() + np.diff(mask, axis=1).sum())
    missing = THIN_STROKE * max(digit.shape) / DIGIT - 2 * mask.sum() / circumference
    radius = round(missing / 2)
    return running_max(np.pad(digit, radius), 2 * radius + 1) if radius > 0 else digit


def fit_digit(digit: Array) -> Array:
    """Scale a tightly cut digit so that its longer side is 20 pixels: float32, range kept."""
    from PIL import Image

    height, width = digit.shape
    scale = DIGIT / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    if size == (width, height):
        return digit
    how = Image.Resampling.BOX if scale < 1 else Image.Resampling.BICUBIC
    return np.clip(np.asarray(Image.fromarray(digit.astype(np.float32)).resize(size, how)), 0, 1)


def place(digit: Array) -> Array:
    """Put a digit of at most 20 × 20, range 0-1, into 28 × 28, its centre of mass on pixel (14, 14): uint8."""
    height, width = digit.shape
    mass = digit.sum()
    y = digit.sum(axis=1) @ np.arange(height) / mass
    x = digit.sum(axis=0) @ np.arange(width) / mass
    top = int(np.clip(round(CENTRE - y), 0, FIELD - height))
    left = int(np.clip(round(CENTRE - x), 0, FIELD - width))
    field = np.zeros((FIELD, FIELD), np.uint8)
    field[top : top + height, left : left + width] = np.rint(digit * 255)
    return field


def _reduce(image: Array, factor: int) -> Array:
    from PIL import Image

    return np.asarray(Image.fromarray(image).reduce(factor)) if factor > 1 else image
