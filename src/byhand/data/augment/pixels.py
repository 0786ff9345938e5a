"""Transforms of pixel values: stroke thickness, noise, erasing."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np

from byhand.core.checks import require_between
from byhand.core.config import register
from byhand.core.types import Array, Shape
from byhand.data.augment.base import FloatRange, Pixelwise, draw, for_each, limits


@register
@dataclass(frozen=True)
class Thickness(Pixelwise):
    """Thicken strokes by a fraction t of a pixel all round (t > 0), or thin them (t < 0), −1 to 1.

    Grey dilation takes the maximum of a pixel's 3 × 3 neighbours, erosion the minimum (J. Serra, Image Analysis and
    Mathematical Morphology, 1982); a fraction goes that part of the way: a ← a + |t| (dilated or eroded − a).
    """

    fraction: FloatRange = 0.5

    def __post_init__(self) -> None:
        limits("fraction", self.fraction, -1, 1)

    def scratch(self, shape: Shape) -> Mapping[str, tuple[Shape, Any]]:
        """Two images: the signed one, and the greatest along a line."""
        return {"signed": (shape, None), "greatest": (shape, None)}

    def apply(self, rng: np.random.Generator, images: Array, scratch: SimpleNamespace) -> None:
        """a ← a + t (max(s a) − s a), where s is the sign of t: the smallest is −max(−a)."""
        t = for_each(draw(rng, self.fraction, len(images)), images)
        a, b = scratch.signed, scratch.greatest
        np.multiply(images, np.where(t < 0, -1, 1).astype(images.dtype), out=a)
        np.maximum(a[:, :, 1:], a[:, :, :-1], out=b[:, :, 1:])  # over left neighbours, then right, then up, then down
        b[:, :, 0] = a[:, :, 0]
        np.maximum(b[:, :, :-1], a[:, :, 1:], out=b[:, :, :-1])
        np.copyto(a, b)
        np.maximum(a[:, 1:], b[:, :-1], out=a[:, 1:])
        np.maximum(a[:, :-1], b[:, 1:], out=a[:, :-1])
        np.multiply(a, t, out=a)
        np.multiply(images, np.abs(t), out=b)
        np.add(images, a, out=images)
        np.subtract(images, b, out=images)  # t s a = |t| a
        np.clip(images, 0, 1, out=images)


@register
@dataclass(frozen=True)
class Noise(Pixelwise):
    """Add normal noise of standard deviation `sigma` to every pixel, and clip the result to the range 0 to 1."""

    sigma: float = 0.1

    def __post_init__(self) -> None:
        require_between("sigma", self.sigma, 0)

    def scratch(self, shape: Shape) -> Mapping[str, tuple[Shape, Any]]:
        """The noise."""
        return {"noise": (shape, None)}

    def apply(self, rng: np.random.Generator, images: Array, scratch: SimpleNamespace) -> None:
        """a ← a + σ N(0, 1)."""
        noise = scratch.noise
        rng.standard_normal(dtype=noise.dtype.type, out=noise)
        np.multiply(noise, self.sigma, out=noise)
        np.add(images, noise, out=images)
        np.clip(images, 0, 1, out=images)


@register
@dataclass(frozen=True)
class Erase(Pixelwise):
    """Overwrite a random rectangle. Zhong, Zheng, Kang, Li and Yang, "Random Erasing Data Augmentation" (2017).

    Attributes:
        probability: of an image to lose a rectangle.
        area: the rectangle's share of the image, drawn evenly.
        aspect: its height by its width, drawn evenly, as far as such a rectangle fits into the image.
        fill: the pixels' new value from 0 to 1; None for random ones, as in the paper.
    """

    probability: float = 0.5
    area: tuple[float, float] = (0.02, 0.2)
    aspect: tuple[float, float] = (0.3, 1 / 0.3)
    fill: float | None = None

    def __post_init__(self) -> None:
        require_between("probability", self.probability, 0, 1)
        limits("area", self.area, 0, 1)
        limits("aspect", self.aspect, 0.01, 100)
        if self.fill is not None:
            require_between("fill", self.fill, 0, 1)

    def scratch(self, shape: Shape) -> Mapping[str, tuple[Shape, Any]]:
        """Which pixels are inside, and what they become."""
        return {"inside": (shape[:2], np.bool_), "ink": (shape, None)}

    def apply(self, rng: np.random.Generator, images: Array, scratch: SimpleNamespace) -> None:
        """a ← fill inside a rectangle of √(area · aspect) by √(area / aspect)."""
        n, height, width = images.shape[:3]
        area = draw(rng, self.area, n) * (height * width)
        aspect = np.clip(draw(rng, self.aspect, n), area / width**2, height**2 / np.maximum(area, 1e-9))
        chosen = rng.random(n) < self.probability
        tall = np.rint(np.sqrt(area * aspect)) * chosen
        wide = np.rint(np.sqrt(area / aspect)) * chosen
        rows = _between(rng, tall, height)  # (n, height)
        columns = _between(rng, wide, width)  # (n, width)
        np.logical_and(rows[:, :, None], columns[:, None, :], out=scratch.inside)
        inside = scratch.inside.reshape(n, height, width, *images.shape[3:] and (1,))  # of all its colours
        if self.fill is None:
            rng.random(dtype=images.dtype.type, out=scratch.ink)
            np.copyto(images, scratch.ink, where=inside)
        else:
            np.copyto(images, self.fill, where=inside)


def _between(rng: np.random.Generator, length: Array, size: int) -> Array:
    """(n, size): which of `size` places a stretch of each length (n,) covers that begins anywhere it fits."""
    start = np.floor(rng.random(len(length)) * (size - length + 1))
    place = np.arange(size)
    return (place >= start[:, None]) & (place < (start + length)[:, None])
