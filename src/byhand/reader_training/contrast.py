"""A row of writing as the row reader takes it, whether it was photographed or composed."""

import numpy as np

from byhand.core.types import Array


def contrast(picture: Array) -> Array:
    """A row's grey levels (height, width), as the reader takes them: uint8, the paper 0, the ink up to 255.

    The paper is the median; of the two sides of it the ink's is the one that reaches further. The hundredth part of
    the pixels that is furthest away is full ink.
    """
    count = np.cumsum(np.bincount(picture.ravel(), minlength=256))
    low, paper, high = np.searchsorted(count, np.array([0.01, 0.5, 0.99]) * picture.size)
    ink = paper - low
    if high - paper > ink:
        scaled = (np.arange(256) - paper) * (255 / (high - paper))
    else:
        scaled = (paper - np.arange(256)) * (255 / max(ink, 1))
    return np.clip(scaled, 0, 255).astype(np.uint8)[picture]
