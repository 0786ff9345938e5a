"""What all transforms share.

A step is a frozen dataclass of ranges. Each image draws its own numbers from them, evenly; a range is a pair (low,
high), or for steps that are symmetrical a single number r, which means (−r, r).
"""

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any, ClassVar

import numpy as np

from byhand.core.checks import require_between
from byhand.core.errors import ByhandError
from byhand.core.types import Array, Shape

FloatRange = float | tuple[float, float]


class Transform:
    """Base of all transforms.

    Attributes:
        order: where it may stand: 0 for what moves pixels, 1 for what changes them in place, 2 for what mixes images.
    """

    order: ClassVar[int]


class Geometric(Transform):
    """A geometric transform, given by a map from result to image; consecutive ones are combined into one map.

    Points (x, y) are in pixels from the image's centre, x to the right and y downwards.
    """

    order = 0

    def matrices(self, rng: np.random.Generator, n: int) -> Array:
        """(n, 3, 3): (x, y, 1) of the result → (x, y, 1) of the image that it comes from."""
        raise NotImplementedError


class Pixelwise(Transform):
    """A transform that changes images in place."""

    order = 1

    def scratch(self, shape: Shape) -> Mapping[str, tuple[Shape, Any]]:
        """Shape (without the batch axis) and dtype (None for that of the images) of its arrays, for such images."""
        return {}

    def apply(self, rng: np.random.Generator, images: Array, scratch: SimpleNamespace) -> None:
        """Change images (n, height, width) or (n, height, width, 3), from 0 to 1, in place."""
        raise NotImplementedError


def limits(name: str, value: Any, low: float = -float("inf"), high: float = float("inf")) -> tuple[float, float]:
    """(low, high) of the range `value`; a single number r means (−r, r).

    Raises:
        ByhandError: no number and no pair of numbers in order, or outside low and high.
    """
    pair = value if isinstance(value, tuple | list) else (-value, value) if isinstance(value, int | float) else ()
    if len(pair) != 2:
        raise ByhandError(f"{name} must be a number or a pair (low, high); got {value!r}.")
    for bound in pair:
        require_between(f"{name} (each bound)", bound, low, high)
    if pair[0] > pair[1]:
        raise ByhandError(f"{name} must have its lower bound first; got {value!r}.")
    return float(pair[0]), float(pair[1])


def draw(rng: np.random.Generator, bounds: FloatRange, n: int) -> Array:
    """(n,) numbers, uniform between the bounds."""
    low, high = limits("A range", bounds)
    return low + (high - low) * rng.random(n)


def for_each(values: Array, images: Array) -> Array:
    """Values (n,) in the images' dtype, with as many axes, so that each goes with the pixels of its image."""
    return values.astype(images.dtype).reshape(-1, *[1] * (images.ndim - 1))
