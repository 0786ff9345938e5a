"""Random brightness, contrast and saturation."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np

from byhand.core.config import register
from byhand.core.types import Array, Shape
from byhand.data.augment.base import Pixelwise, draw, for_each, limits

LUMA = (0.299, 0.587, 0.114)  # how bright red, green and blue look: ITU-R BT.601


@register
@dataclass(frozen=True)
class ColourJitter(Pixelwise):
    """Change brightness, contrast and saturation, each image by factors of its own.

    First a ← b a; then a ← m + c (a − m), where m is the mean of the image's grey levels; then, in colours, a ← g + s
    (a − g), where g is the pixel's grey level 0.299 R + 0.587 G + 0.114 B. Values are clipped to the range 0 to 1 after
    each. A factor of 1 changes nothing. Grey images have no saturation.

    Attributes:
        brightness: the range of b, at least 0.
        contrast: the range of c, at least 0.
        saturation: the range of s, at least 0; 0 is grey.
    """

    brightness: tuple[float, float] = (0.8, 1.2)
    contrast: tuple[float, float] = (0.8, 1.2)
    saturation: tuple[float, float] = (0.8, 1.2)

    def __post_init__(self) -> None:
        for name in ("brightness", "contrast", "saturation"):
            object.__setattr__(self, name, limits(name, getattr(self, name), 0))

    def scratch(self, shape: Shape) -> Mapping[str, tuple[Shape, Any]]:
        """The grey levels, and one colour of them."""
        return {"grey": (shape[:2], None), "colour": (shape[:2], None)} if len(shape) == 3 else {}

    def apply(self, rng: np.random.Generator, images: Array, scratch: SimpleNamespace) -> None:
        """The three in turn; each image draws its factors."""
        b, c, s = (draw(rng, bounds, len(images)) for bounds in (self.brightness, self.contrast, self.saturation))
        np.multiply(images, for_each(b, images), out=images)
        np.clip(images, 0, 1, out=images)
        grey = self._grey(images, scratch)
        _away(images, for_each(grey.mean(axis=(1, 2)), images), for_each(c, images))
        if images.ndim == 4:
            _away(images, self._grey(images, scratch)[..., np.newaxis], for_each(s, images))

    def _grey(self, images: Array, scratch: SimpleNamespace) -> Array:
        """The grey levels (n, height, width)."""
        if images.ndim == 3:
            return images
        np.multiply(images[..., 0], LUMA[0], out=scratch.grey)
        for channel in (1, 2):
            np.multiply(images[..., channel], LUMA[channel], out=scratch.colour)
            np.add(scratch.grey, scratch.colour, out=scratch.grey)
        grey: Array = scratch.grey
        return grey


def _away(images: Array, centre: Array, factor: Array) -> None:
    """a ← centre + factor (a − centre), cut off at 0 and 1."""
    np.subtract(images, centre, out=images)
    np.multiply(images, factor, out=images)
    np.add(images, centre, out=images)
    np.clip(images, 0, 1, out=images)
