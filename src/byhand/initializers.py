"""Initializers of parameters.

Each is a dataclass that fills an array from an explicit random generator. The `fan_in` of a weight is the number of
inputs of a unit, `fan_out` the number of units that an input is connected to: for Dense, the shape (in, out) of W.
"""

from dataclasses import dataclass
from math import prod, sqrt

import numpy as np

from byhand.core.checks import require_between
from byhand.core.config import register
from byhand.core.errors import ByhandError
from byhand.core.types import Array, Shape


def fans(shape: Shape) -> tuple[int, int]:
    """(fan_in, fan_out) of a weight (in, out), of a kernel (height, width, in, out), or of a vector (out,)."""
    if len(shape) < 2:
        return prod(shape), prod(shape)
    receptive = prod(shape[:-2])
    return receptive * shape[-2], receptive * shape[-1]


class Initializer:
    """Base of all initializers."""

    def fill(self, rng: np.random.Generator, out: Array) -> None:
        """Fill `out`, drawing in float64, so that a float32 network starts from the same numbers, rounded."""
        raise NotImplementedError


@register
@dataclass(frozen=True)
class Zeros(Initializer):
    """All zeros; suitable for biases. With zero weights all units of a layer would learn the same."""

    def fill(self, rng: np.random.Generator, out: Array) -> None:
        """out = 0."""
        out.fill(0)


@register
@dataclass(frozen=True)
class Normal(Initializer):
    """Normal distribution N(0, std²); Nielsen's network uses `Normal(1.0)`.

    Args:
        std: the standard deviation, at least 0.
    """

    std: float = 1.0

    def __post_init__(self) -> None:
        require_between("std", self.std, 0)

    def fill(self, rng: np.random.Generator, out: Array) -> None:
        """Out ~ N(0, std²)."""
        out[...] = self.std * rng.standard_normal(out.shape)


@register
@dataclass(frozen=True)
class Uniform(Initializer):
    """Uniform distribution U(low, high).

    Args:
        low: the lower limit.
        high: the upper limit, at least `low`.
    """

    low: float = -0.5
    high: float = 0.5

    def __post_init__(self) -> None:
        require_between("low", self.low, float("-inf"))
        require_between("high", self.high, self.low)

    def fill(self, rng: np.random.Generator, out: Array) -> None:
        """Out ~ U(low, high)."""
        out[...] = rng.uniform(self.low, self.high, out.shape)


class _Scaled(Initializer):
    """Zero mean and a variance chosen from the fans, drawn as "uniform" or "normal"."""

    shape: str

    def __post_init__(self) -> None:
        if self.shape not in ("uniform", "normal"):
            raise ByhandError(f'The distribution must be "uniform" or "normal"; got {self.shape!r}.')

    def variance(self, fan_in: int, fan_out: int) -> float:
        raise NotImplementedError

    def fill(self, rng: np.random.Generator, out: Array) -> None:
        """Draw with standard deviation s: N(0, s²), or U(−s√3, s√3), which has the same variance."""
        s = sqrt(self.variance(*fans(out.shape)))
        if self.shape == "normal":
            out[...] = s * rng.standard_normal(out.shape)
        else:
            out[...] = rng.uniform(-s * sqrt(3), s * sqrt(3), out.shape)


@register
@dataclass(frozen=True)
class Glorot(_Scaled):
    """Xavier initialisation, variance 2 / (fan_in + fan_out): keeps the scale of signals and gradients with tanh.

    Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural networks" (2010), eq. 16.

    Args:
        shape: "uniform" or "normal", the distribution.
    """

    shape: str = "uniform"

    def variance(self, fan_in: int, fan_out: int) -> float:
        """2 / (fan_in + fan_out)."""
        return 2 / (fan_in + fan_out)


@register
@dataclass(frozen=True)
class He(_Scaled):
    """He initialisation, variance 2 / fan_in: preserves the scale of signals with ReLU.

    He, Zhang, Ren and Sun, "Delving Deep into Rectifiers" (2015), eq. 10.

    Args:
        shape: "uniform" or "normal", the distribution.
    """

    shape: str = "normal"

    def variance(self, fan_in: int, fan_out: int) -> float:
        """2 / fan_in."""
        return 2 / fan_in


class _Square(Initializer):
    """Fills a matrix (k, b k) block by block, each of them (k, k)."""

    scale: float

    def fill(self, rng: np.random.Generator, out: Array) -> None:
        """Every square block anew.

        Raises:
            ByhandError: the matrix isn't made of square blocks.
        """
        k = out.shape[0]
        if out.ndim != 2 or out.shape[1] % k:
            raise ByhandError(f"{type(self).__name__} is for square matrices, not for one of shape {out.shape}.")
        for start in range(0, out.shape[1], k):
            out[:, start : start + k] = self.scale * self.block(rng, k)

    def block(self, rng: np.random.Generator, k: int) -> Array:
        raise NotImplementedError


@register
@dataclass(frozen=True)
class Orthogonal(_Square):
    """Random orthogonal matrices: as R of a recurrent layer they keep the norm of a state and of its gradient.

    Saxe, McClelland and Ganguli, "Exact solutions to the nonlinear dynamics of learning in deep linear neural
    networks" (2014). Drawn by QR of a normal matrix, with R's diagonal made positive (Mezzadri, 2007).

    Args:
        scale: what the matrices are multiplied by, at least 0.
    """

    scale: float = 1.0

    def __post_init__(self) -> None:
        require_between("scale", self.scale, 0)

    def block(self, rng: np.random.Generator, k: int) -> Array:
        """An orthogonal matrix (k, k)."""
        q, r = np.linalg.qr(rng.standard_normal((k, k)))
        return q * np.where(np.diag(r) < 0, -1, 1)


@register
@dataclass(frozen=True)
class Identity(_Square):
    """The identity matrix: as R it makes a recurrent layer of ReLUs keep its state at first.

    Le, Jaitly and Hinton, "A simple way to initialize recurrent networks of rectified linear units" (2015).

    Args:
        scale: what the matrix is multiplied by, at least 0.
    """

    scale: float = 1.0

    def __post_init__(self) -> None:
        require_between("scale", self.scale, 0)

    def block(self, rng: np.random.Generator, k: int) -> Array:
        """The identity (k, k)."""
        return np.eye(k)
