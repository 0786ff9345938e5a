"""Pictures that one digit fills: cut out so tightly that no paper around it tells which side is the ink."""

from typing import NamedTuple

import numpy as np

from byhand.core.types import Array
from byhand.pictures.ink import median, otsu

WIDEST_DIGIT = 1.6  # a digit is at most so many times as wide as high
LEAST_SHARE = 0.15  # and takes at least this part of the picture; so does the paper
TWO_LEVELS = (
    0.765  # two grey levels must explain this part of the variance; of grain they explain 0.64, of a shade 0.75
)
AROUND, LEAST_AROUND = 0.2, 2  # paper to put around such a picture: part of its longer side, and pixels


class FilledPaper(NamedTuple):
    """What the paper may be.

    Attributes:
        level: its grey level.
        rim: the part of the picture's rim that is like it: the chance that it is the paper.
    """

    level: int
    rim: float


def papers(image: Array) -> tuple[FilledPaper, FilledPaper] | None:
    """The paper if it is the lighter side, and if it is the darker; None where no digit fills the picture.

    image uint8 (height, width). Everything but the rim comes from its histogram: a photo has millions of pixels.
    """
    height, width = image.shape
    if width > WIDEST_DIGIT * height:
        return None
    times = np.bincount(image.ravel(), minlength=256)
    there = np.flatnonzero(times)  # the grey levels, and how often each occurs
    times = times[there]
    threshold = otsu(there, times)
    dark = there < threshold
    share = float(times[dark].sum() / image.size)
    if not LEAST_SHARE <= share <= 1 - LEAST_SHARE:
        return None
    low, high = (float(np.average(there[side], weights=times[side])) for side in (dark, ~dark))
    variance = float(np.average((there - share * low - (1 - share) * high) ** 2, weights=times))
    if share * (1 - share) * (high - low) ** 2 < TWO_LEVELS * variance:
        return None
    rim = np.concatenate([image[0], image[-1], image[1:-1, 0], image[1:-1, -1]])
    dark_rim = float((rim < threshold).mean())
    light_level, dark_level = (round(median(there[side], times[side])) for side in (~dark, dark))
    return FilledPaper(light_level, 1 - dark_rim), FilledPaper(dark_level, dark_rim)


def with_paper(image: Array, paper: FilledPaper) -> tuple[Array, int]:
    """The picture with paper put around it, and how many pixels wide it lies there."""
    around = max(LEAST_AROUND, round(AROUND * max(image.shape)))
    return np.pad(image, around, constant_values=paper.level), around
