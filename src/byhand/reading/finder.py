"""What the finder's network takes and gives: grey levels of a page, and maps that say what stands at every place."""

import numpy as np

from byhand.core.types import Array

MAPS = 5  # of each place the probability of
UPRIGHT, DARK, LIGHT, TURNED, OTHER = range(MAPS)  # a number's core, dark ink, light ink; a turned core; other ink
# The network has learnt with these (reader_training.targets); another value needs another network.
PAD = 8  # pixels of paper put around a picture
CELL = 4  # pixels of a picture to a cell of its maps
SMALLEST, TALLEST = 10.5, 46.0  # pixels of a number's height that the network looks for
OUTSIDE = 0.005  # the part of the pixels, at either end of the grey levels, that is cut off
FAINTEST = 16  # grey levels between darkest and lightest at least
PIXELS_ENOUGH = 10**6  # pixels show how light a picture is
CORE = 0.22  # of a number's height, above and below its middle: how far its core reaches


def stretch(picture: Array) -> Array:
    """For each grey level of a picture (height, width) the one that the network sees: uint8 (256,), from 0 to 255.

    All but the OUTSIDE part of the pixels at either end fit.
    """
    step = max(1, int((picture.size / PIXELS_ENOUGH) ** 0.5))
    seen = picture[::step, ::step]
    count = np.cumsum(np.bincount(seen.ravel(), minlength=256))
    low, high = np.searchsorted(count, np.array([OUTSIDE, 1 - OUTSIDE]) * seen.size)
    scaled = (np.arange(256) - low) * (255 / max(high - low, FAINTEST))
    return np.rint(np.clip(scaled, 0, 255)).astype(np.uint8)


def scale_page(page: Array, scale: float) -> Array:
    """The page made larger or smaller."""
    from PIL import Image

    if scale == 1:
        return page
    size = tuple(max(1, round(side * scale)) for side in page.shape[::-1])
    return np.asarray(Image.fromarray(page).resize(size, Image.Resampling.BILINEAR, reducing_gap=2.0))


def rim_level(picture: Array) -> int:
    """The median grey level along the rim."""
    rim = np.concatenate([picture[0], picture[-1], picture[1:-1, 0], picture[1:-1, -1]])
    return int(np.median(rim))


def maps_of(activations: Array, height: int, width: int) -> Array:
    """The network's output for one picture as maps (MAPS, height / 4, width / 4)."""
    cells = activations.reshape(height // 8, width // 8, 2, 2, MAPS)
    return cells.transpose(4, 0, 2, 1, 3).reshape(MAPS, height // 4, width // 4)
