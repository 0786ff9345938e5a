"""Shift, rotation, scale, shear and mirror: affine maps, which are combined into one.

Each gives the inverse map, from the result back into the image, for points from the centre, x right, y down.
"""

from dataclasses import dataclass

import numpy as np

from byhand.core.checks import require_between
from byhand.core.config import register
from byhand.core.types import Array
from byhand.data.augment.base import FloatRange, Geometric, draw, limits


@register
@dataclass(frozen=True)
class Shift(Geometric):
    """Move by x pixels to the right and y downwards."""

    x: FloatRange = 2.0
    y: FloatRange = 2.0

    def __post_init__(self) -> None:
        limits("x", self.x)
        limits("y", self.y)

    def matrices(self, rng: np.random.Generator, n: int) -> Array:
        """x = x′ − dx, y = y′ − dy."""
        maps = identities(n)
        maps[:, 0, 2] = -draw(rng, self.x, n)
        maps[:, 1, 2] = -draw(rng, self.y, n)
        return maps


@register
@dataclass(frozen=True)
class Rotate(Geometric):
    """Rotate about the centre by an angle θ in degrees, counter-clockwise."""

    degrees: FloatRange = 15.0

    def __post_init__(self) -> None:
        limits("degrees", self.degrees)

    def matrices(self, rng: np.random.Generator, n: int) -> Array:
        """x = x′ cos θ − y′ sin θ, y = x′ sin θ + y′ cos θ: the inverse turn, with y downwards."""
        maps = identities(n)
        angle = np.radians(draw(rng, self.degrees, n))
        maps[:, 0, 0] = maps[:, 1, 1] = np.cos(angle)
        maps[:, 1, 0] = np.sin(angle)
        maps[:, 0, 1] = -maps[:, 1, 0]
        return maps


@register
@dataclass(frozen=True)
class Scale(Geometric):
    """Enlarge about the centre by a factor between the bounds; with `each`, width and height draw their own."""

    factor: tuple[float, float] = (0.85, 1.15)
    each: bool = True

    def __post_init__(self) -> None:
        limits("factor", self.factor, 0.01)

    def matrices(self, rng: np.random.Generator, n: int) -> Array:
        """x = x′ / fₓ, y = y′ / f_y."""
        maps = identities(n)
        maps[:, 0, 0] /= draw(rng, self.factor, n)
        maps[:, 1, 1] = 1 / draw(rng, self.factor, n) if self.each else maps[:, 0, 0]
        return maps


@register
@dataclass(frozen=True)
class Shear(Geometric):
    """Shear by an angle φ in degrees: vertical lines lean to the right by it, horizontal lines do not change."""

    degrees: FloatRange = 15.0

    def __post_init__(self) -> None:
        limits("degrees", self.degrees, -80, 80)

    def matrices(self, rng: np.random.Generator, n: int) -> Array:
        """x = x′ + y′ tan φ, y = y′."""
        maps = identities(n)
        maps[:, 0, 1] = np.tan(np.radians(draw(rng, self.degrees, n)))
        return maps


@register
@dataclass(frozen=True)
class Flip(Geometric):
    """Left becomes right, with this probability. For clothing; a mirrored digit is not a digit."""

    probability: float = 0.5

    def __post_init__(self) -> None:
        require_between("probability", self.probability, 0, 1)

    def matrices(self, rng: np.random.Generator, n: int) -> Array:
        """x = −x′."""
        maps = identities(n)
        maps[rng.random(n) < self.probability, 0, 0] = -1
        return maps


def identities(n: int) -> Array:
    """(n, 3, 3), each of them the identity."""
    maps = np.zeros((n, 3, 3))
    maps[:, [0, 1, 2], [0, 1, 2]] = 1
    return maps
