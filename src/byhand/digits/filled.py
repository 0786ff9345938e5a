"""Pictures that one digit fills: cut out so tightly that no paper around it tells which side is the ink."""

from typing import NamedTuple

import numpy as np

from byhand.digits.ink import otsu
from byhand.types import Array

WIDEST = 1.6  # a digit is at most so many times as wide as high
LEAST = 0.15  # and takes at least this part of the picture; so does the paper
CLEAR = 0.765  # two grey levels must explain this part of the variance; of grain they explain 0.64, of a shade 0.75
AROUND, LEAST_AROUND = 0.2, 2  # paper to put around such a picture: part of its longer side, and pixels


class Paper(NamedTuple):
    """What the paper may be.

    Attributes:
        level: its grey level.
        rim: the part of the picture's rim that is like it: the chance that it is the paper.
    """

    level: int
    rim: float


def papers(image: Array) -> tuple[Paper, Paper] | None:
    """For a picture (height, width) that a digit may fill the paper if it is the light, and if the dark; else None."""
    height, width = image.shape
    dark = image < otsu(image)
    share = float(dark.mean())
    if width > WIDEST * height or not LEAST <= share <= 1 - LEAST:
        return None
    between = share * (1 - share) * (float(image[~dark].mean()) - float(image[dark].mean())) ** 2
    if between < CLEAR * float(image.var()):
        return None
    rim = float(np.concatenate([dark[0], dark[-1], dark[1:-1, 0], dark[1:-1, -1]]).mean())
    return Paper(round(np.median(image[~dark])), 1 - rim), Paper(round(np.median(image[dark])), rim)


def with_paper(image: Array, paper: Paper) -> tuple[Array, int]:
    """The picture with paper put around it, and how many pixels wide it lies there."""
    around = max(LEAST_AROUND, round(AROUND * max(image.shape)))
    return np.pad(image, around, constant_values=paper.level), around
