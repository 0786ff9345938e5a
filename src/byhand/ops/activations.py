"""The operations of activations.

Forward may work in place (out is z) except where a docstring says otherwise; backward writes dz, which is never da.
GELU and SiLU need their input z on the way back, the others their output a. Scratch has z's shape.
"""

from math import erfc, log, pi, sqrt

import numpy as np
from numpy.polynomial import Chebyshev, Polynomial

from byhand.core.types import Array

_CUBIC = 0.044715  # Hendrycks and Gimpel: Φ(z) ≈ ½ (1 + tanh(√(2/π) (z + 0.044715 z³)))
_SLOPE = sqrt(2 / pi)


def step(z: Array, out: Array) -> None:
    """a = 1 where z > 0, else 0 (Rosenblatt's threshold)."""
    np.greater(z, 0, out=out)


def sigmoid(z: Array, out: Array) -> None:
    """a = 1 / (1 + e^−z), computed as ½ (1 + tanh(z/2)), which is the same and cannot overflow."""
    np.multiply(z, 0.5, out=out)
    np.tanh(out, out=out)
    np.multiply(out, 0.5, out=out)
    np.add(out, 0.5, out=out)


def sigmoid_backward(a: Array, da: Array, dz: Array) -> None:
    """dz = da · a (1 − a)."""
    np.subtract(1, a, out=dz)
    np.multiply(dz, a, out=dz)
    np.multiply(dz, da, out=dz)


def tanh(z: Array, out: Array) -> None:
    """a = tanh z."""
    np.tanh(z, out=out)


def tanh_backward(a: Array, da: Array, dz: Array) -> None:
    """dz = da · (1 − a²)."""
    np.multiply(a, a, out=dz)
    np.subtract(1, dz, out=dz)
    np.multiply(dz, da, out=dz)


def relu(z: Array, out: Array) -> None:
    """a = max(0, z)."""
    np.maximum(z, 0, out=out)


def relu_backward(a: Array, da: Array, dz: Array) -> None:
    """dz = da where a > 0, else 0."""
    np.greater(a, 0, out=dz)
    np.multiply(dz, da, out=dz)


def leaky_relu(z: Array, out: Array, slope: float) -> None:
    """a = z where z > 0, else slope · z; not in place, and 0 ≤ slope ≤ 1."""
    np.multiply(z, slope, out=out)
    np.maximum(z, out, out=out)


def leaky_relu_backward(a: Array, da: Array, dz: Array, slope: float) -> None:
    """dz = da where a > 0, else slope · da."""
    np.greater(a, 0, out=dz)
    np.multiply(dz, 1 - slope, out=dz)
    np.add(dz, slope, out=dz)
    np.multiply(dz, da, out=dz)


def elu(z: Array, out: Array, alpha: float, scratch: Array) -> None:
    """a = z where z > 0, else α (e^z − 1); not in place."""
    np.minimum(z, 0, out=scratch)
    np.subtract(z, scratch, out=out)  # max(z, 0)
    np.expm1(scratch, out=scratch)
    np.multiply(scratch, alpha, out=scratch)
    np.add(out, scratch, out=out)


def elu_backward(a: Array, da: Array, dz: Array, alpha: float, scratch: Array) -> None:
    """dz = da where a > 0, else da · (a + α), because α e^z = a + α there."""
    np.greater(a, 0, out=scratch)
    np.multiply(scratch, 1 - alpha, out=scratch)  # with min(a, 0) = 0 for a > 0: α + (1 − α) = 1
    np.minimum(a, 0, out=dz)
    np.add(dz, scratch, out=dz)
    np.add(dz, alpha, out=dz)
    np.multiply(dz, da, out=dz)


def gelu(z: Array, out: Array, slope: Array, scratch: Array) -> None:
    """a = z Φ(z), slope = Φ(z) + z φ(z); Φ(z) = ½ (1 + erf(z/√2)) is the share of normally distributed numbers below z.

    φ(z) = e^(−z²/2) / √(2π) is their density. out may be z. D. Hendrycks and K. Gimpel, Gaussian Error Linear Units
    (2016).
    """
    _normal_share(z, slope, scratch)
    np.multiply(z, z, out=scratch)
    np.multiply(scratch, -0.5, out=scratch)
    np.exp(scratch, out=scratch)
    np.multiply(scratch, 1 / sqrt(2 * pi), out=scratch)
    np.multiply(scratch, z, out=scratch)  # z φ(z)
    np.multiply(z, slope, out=out)
    np.add(slope, scratch, out=slope)


def gelu_tanh(z: Array, out: Array, slope: Array, scratch: Array) -> None:
    """a = ½ z (1 + u), u = tanh(√(2/π) (z + 0.044715 z³)), which is `gelu` up to 0.0005; out may be z.

    slope = ½ (1 + u) (1 + z (1 − u) √(2/π) (1 + 3 · 0.044715 z²)).
    """
    _tanh_of_cubic(z, scratch)
    np.multiply(z, z, out=slope)
    np.multiply(slope, 3 * _CUBIC * _SLOPE, out=slope)
    np.add(slope, _SLOPE, out=slope)
    np.multiply(slope, z, out=slope)
    np.subtract(1, scratch, out=scratch)
    np.multiply(slope, scratch, out=slope)
    np.add(slope, 1, out=slope)  # 1 + z (1 − u) √(2/π) (1 + 3 · 0.044715 z²)
    np.subtract(2, scratch, out=scratch)
    np.multiply(scratch, 0.5, out=scratch)  # ½ (1 + u)
    np.multiply(slope, scratch, out=slope)
    np.multiply(z, scratch, out=out)


def silu(z: Array, out: Array) -> None:
    """a = z σ(z), with σ(z) = ½ (1 + tanh(z/2)); not in place."""
    np.multiply(z, 0.5, out=out)
    np.tanh(out, out=out)
    np.add(out, 1, out=out)
    np.multiply(out, z, out=out)
    np.multiply(out, 0.5, out=out)


def silu_backward(z: Array, da: Array, dz: Array, scratch: Array) -> None:
    """dz = da σ(z) (1 + z (1 − σ(z)))."""
    np.multiply(z, 0.5, out=scratch)
    np.tanh(scratch, out=scratch)
    np.multiply(scratch, 0.5, out=scratch)
    np.add(scratch, 0.5, out=scratch)  # σ(z)
    np.subtract(1, scratch, out=dz)
    np.multiply(dz, z, out=dz)
    np.add(dz, 1, out=dz)
    np.multiply(dz, scratch, out=dz)
    np.multiply(dz, da, out=dz)


def _tanh_of_cubic(z: Array, out: Array) -> None:
    """out = tanh(√(2/π) (z + 0.044715 z³))."""
    np.multiply(z, z, out=out)
    np.multiply(out, _CUBIC * _SLOPE, out=out)
    np.add(out, _SLOPE, out=out)
    np.multiply(out, z, out=out)
    np.tanh(out, out=out)


# erfc(x) = t e^(−x²) e^P(t − 5/8) for t = 1/(1 + x/2): P interpolates the standard library's erfc for x from 0 to 6,
# that is, for t from ¼ to 1, up to 2e-15. Beyond 6 erf is 1.
ERFC_POLYNOMIAL: list[float] = (
    Chebyshev.interpolate(
        lambda ts: np.array([log(erfc(2 / t - 2) / t) + (2 / t - 2) ** 2 for t in ts + 0.625]), 18, [-0.375, 0.375]
    )
    .convert(kind=Polynomial)
    .coef.tolist()
)


def _normal_share(z: Array, out: Array, scratch: Array) -> None:
    """out = Φ(z) = ½ (1 + erf(z/√2))."""
    np.abs(z, out=scratch)
    np.multiply(scratch, sqrt(1 / 8), out=scratch)
    np.minimum(scratch, 3, out=scratch)  # x/2, for x = |z|/√2
    np.add(scratch, 1, out=scratch)
    np.divide(1, scratch, out=scratch)
    np.subtract(scratch, 0.625, out=scratch)
    out.fill(0)
    for coefficient in reversed(ERFC_POLYNOMIAL):
        np.multiply(out, scratch, out=out)
        np.add(out, coefficient, out=out)
    np.exp(out, out=out)
    np.add(scratch, 0.625, out=scratch)
    np.multiply(out, scratch, out=out)
    np.multiply(z, z, out=scratch)
    np.multiply(scratch, -0.5, out=scratch)
    np.exp(scratch, out=scratch)
    np.multiply(out, scratch, out=out)  # erfc(|z|/√2)
    np.multiply(out, -0.5, out=out)
    np.add(out, 0.5, out=out)
    np.copysign(out, z, out=out)
    np.add(out, 0.5, out=out)
