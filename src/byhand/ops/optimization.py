"""The operations of optimisers: one pass over the flat vectors θ and g; s is scratch of the same length."""

import numpy as np

from byhand.core.types import Array


def decay_gradient(theta: Array, g: Array, out: Array, decay: float, weights: int) -> None:
    """out = g + λθ for the first `weights` numbers, the gradient of L + ½λ‖weights‖²; out = g for the others."""
    np.multiply(theta[:weights], decay, out=out[:weights])
    np.add(g[:weights], out[:weights], out=out[:weights])
    np.copyto(out[weights:], g[weights:])


def shrink(theta: Array, factor: float) -> None:
    """θ ← factor · θ."""
    np.multiply(theta, factor, out=theta)


def descend(theta: Array, g: Array, s: Array, rate: float) -> None:
    """θ ← θ − η g."""
    np.multiply(g, rate, out=s)
    np.subtract(theta, s, out=theta)


def momentum(theta: Array, g: Array, v: Array, s: Array, rate: float, mu: float) -> None:
    """v ← μ v + g, θ ← θ − η v."""
    np.multiply(v, mu, out=v)
    np.add(v, g, out=v)
    np.multiply(v, rate, out=s)
    np.subtract(theta, s, out=theta)


def nesterov(theta: Array, g: Array, v: Array, s: Array, rate: float, mu: float) -> None:
    """v ← μ v + g, θ ← θ − η (g + μ v)."""
    np.multiply(v, mu, out=v)
    np.add(v, g, out=v)
    np.multiply(v, mu, out=s)
    np.add(g, s, out=s)
    np.multiply(s, rate, out=s)
    np.subtract(theta, s, out=theta)


def adagrad(theta: Array, g: Array, v: Array, s: Array, rate: float, epsilon: float) -> None:
    """v ← v + g², θ ← θ − η g / (√v + ε)."""
    np.multiply(g, g, out=s)
    np.add(v, s, out=v)
    np.sqrt(v, out=s)
    np.add(s, epsilon, out=s)
    np.divide(g, s, out=s)
    np.multiply(s, rate, out=s)
    np.subtract(theta, s, out=theta)


def rmsprop(
    theta: Array,
    g: Array,
    v: Array,
    s: Array,
    rate: float,
    rho: float,
    epsilon: float,
    mean: Array | None = None,
    velocity: Array | None = None,
    mu: float = 0.0,
) -> None:
    """v ← ρ v + (1 − ρ) g², θ ← θ − η d with d = g / (√v + ε).

    With mean, m ← ρ m + (1 − ρ) g and d = g / (√(v − m²) + ε), where rounding is kept from making v − m² negative.
    With velocity, u ← μ u + d and θ ← θ − η u.
    """
    _running_mean_of_squares(v, g, s, rho)
    if mean is None:
        np.sqrt(v, out=s)
    else:
        _running_mean(mean, g, s, rho)
        np.multiply(mean, mean, out=s)
        np.subtract(v, s, out=s)
        np.maximum(s, 0, out=s)
        np.sqrt(s, out=s)
    np.add(s, epsilon, out=s)
    np.divide(g, s, out=s)
    if velocity is not None:
        np.multiply(velocity, mu, out=velocity)
        np.add(velocity, s, out=velocity)
        np.copyto(s, velocity)
    np.multiply(s, rate, out=s)
    np.subtract(theta, s, out=theta)


def adam(
    theta: Array,
    g: Array,
    m: Array,
    v: Array,
    s: Array,
    rate: float,
    beta1: float,
    beta2: float,
    epsilon: float,
) -> None:
    """m ← β₁ m + (1 − β₁) g, v ← β₂ v + (1 − β₂) g², θ ← θ − η m / (√v + ε); η and ε hold the bias correction."""
    _running_mean(m, g, s, beta1)
    _running_mean_of_squares(v, g, s, beta2)
    np.sqrt(v, out=s)
    np.add(s, epsilon, out=s)
    np.divide(m, s, out=s)
    np.multiply(s, rate, out=s)
    np.subtract(theta, s, out=theta)


def nadam(
    theta: Array,
    g: Array,
    m: Array,
    v: Array,
    s: Array,
    d: Array,
    rate_g: float,
    rate_m: float,
    beta1: float,
    beta2: float,
    epsilon: float,
) -> None:
    """m and v as in `adam`, θ ← θ − (η_g g + η_m m) / (√v + ε); the rates and ε hold the corrections; d is scratch."""
    _running_mean(m, g, s, beta1)
    _running_mean_of_squares(v, g, s, beta2)
    np.multiply(g, rate_g, out=d)
    np.multiply(m, rate_m, out=s)
    np.add(d, s, out=d)
    np.sqrt(v, out=s)
    np.add(s, epsilon, out=s)
    np.divide(d, s, out=d)
    np.subtract(theta, d, out=theta)


def lion(theta: Array, g: Array, m: Array, s: Array, d: Array, rate: float, beta1: float, beta2: float) -> None:
    """θ ← θ − η sign(β₁ m + (1 − β₁) g), m ← β₂ m + (1 − β₂) g; d is scratch."""
    np.subtract(m, g, out=s)
    np.multiply(s, beta1, out=s)
    np.add(s, g, out=s)  # β₁ (m − g) + g
    np.sign(s, out=d)  # in place NumPy takes fifteen times as long
    np.multiply(d, rate, out=d)
    np.subtract(theta, d, out=theta)
    _running_mean(m, g, s, beta2)


def _running_mean(m: Array, g: Array, s: Array, beta: float) -> None:
    """m ← β m + (1 − β) g."""
    np.multiply(m, beta, out=m)
    np.multiply(g, 1 - beta, out=s)
    np.add(m, s, out=m)


def _running_mean_of_squares(v: Array, g: Array, s: Array, beta: float) -> None:
    """v ← β v + (1 − β) g²."""
    np.multiply(v, beta, out=v)
    np.multiply(g, g, out=s)
    np.multiply(s, 1 - beta, out=s)
    np.add(v, s, out=v)
