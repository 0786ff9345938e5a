"""Adam, AdamW and NAdam."""

from dataclasses import dataclass
from math import sqrt
from typing import Any

import numpy as np

from byhand.core.checks import require_between
from byhand.core.config import register
from byhand.core.types import Array
from byhand.optimizers.base import Optimizer, State
from byhand.schedules import Schedule


@register
@dataclass(frozen=True)
class Adam(Optimizer):
    """Gradient descent with running means of the gradient and of its square.

    m ← β₁ m + (1 − β₁) g,  v ← β₂ v + (1 − β₂) g²,  θ ← θ − η m̂ / (√v̂ + ε),
    with m̂ = m / (1 − β₁ᵗ) and v̂ = v / (1 − β₂ᵗ). Kingma and Ba, "Adam: A Method for Stochastic Optimization" (2015),
    algorithm 1; the two corrections are moved into η and ε, which gives the same θ in fewer operations.

    Args:
        learning_rate: η, a number or a schedule.
        beta1: β₁, how much of the mean gradient is kept each step, from 0 to below 1.
        beta2: β₂, the same for the squared gradient.
        epsilon: ε, keeps the division away from zero.
        weight_decay: λ, at least 0; see Optimizer.
    """

    learning_rate: float | Schedule = 0.001
    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8
    weight_decay: float = 0.0

    vectors = ("m", "v", "scratch")

    def __post_init__(self) -> None:
        super().__post_init__()
        require_between("beta1", self.beta1, 0, 1 - 1e-12)
        require_between("beta2", self.beta2, 0, 1 - 1e-12)
        require_between("epsilon", self.epsilon, 0)

    def step(self, ops: Any, theta: Array, g: Array, state: State, t: int, rate: float) -> None:
        """One step of algorithm 1."""
        c1, c2 = 1 - self.beta1**t, sqrt(1 - self.beta2**t)
        ops.adam(
            theta,
            self.decay(ops, theta, g, state, rate),
            state["m"],
            state["v"],
            state["scratch"],
            rate * c2 / c1,
            self.beta1,
            self.beta2,
            self.epsilon * c2,
        )


@register
@dataclass(frozen=True)
class AdamW(Adam):
    """Adam with decoupled weight decay: weights ← (1 − ηλ) weights, then Adam's step by the plain gradient.

    In Adam itself L2 regularisation is divided by √v̂ with the rest of the gradient, so that weights with large
    gradients hardly decay; here all decay alike. Loshchilov and Hutter, "Decoupled Weight Decay Regularization" (2019),
    algorithm 2, with λ multiplied by the learning rate, as in PyTorch and Keras.

    Args:
        learning_rate: η, a number or a schedule.
        beta1: β₁, how much of the mean gradient is kept each step, from 0 to below 1.
        beta2: β₂, the same for the squared gradient.
        epsilon: ε, keeps the division away from zero.
        weight_decay: λ, at least 0.
    """

    weight_decay: float = 0.01

    decoupled = True


@register
@dataclass(frozen=True)
class NAdam(Adam):
    """Adam with Nesterov momentum.

    m and v as in Adam, θ ← θ − η [(1 − μ_t) g / (1 − Π_t) + μ_{t+1} m / (1 − Π_{t+1})] / (√v̂ + ε), with
    μ_t = β₁ (1 − ½ 0.96^(ψt)), which warms up to β₁, and Π_t = μ₁ μ₂ … μ_t. Dozat, "Incorporating Nesterov Momentum
    into Adam" (2016), algorithm 2 and its schedule of μ.

    Args:
        learning_rate: η, a number or a schedule.
        beta1: β₁, how much of the mean gradient is kept each step, from 0 to below 1.
        beta2: β₂, the same for the squared gradient.
        epsilon: ε, keeps the division away from zero.
        weight_decay: λ, at least 0; see Optimizer.
        momentum_decay: ψ, how quickly μ warms up, at least 0.
    """

    learning_rate: float | Schedule = 0.002
    momentum_decay: float = 0.004

    def __post_init__(self) -> None:
        super().__post_init__()
        require_between("momentum_decay", self.momentum_decay, 0)

    def state(self, size: int, dtype: Any, weights: int | None = None) -> State:
        """Adam's, one vector more, and the product Π of the μ so far."""
        more = {"direction": np.zeros(size, dtype), "product": np.ones(())}
        return super().state(size, dtype, weights) | more

    def step(self, ops: Any, theta: Array, g: Array, state: State, t: int, rate: float) -> None:
        """One step; the corrections are moved into η and ε, as in Adam."""
        mu, ahead = (self.beta1 * (1 - 0.5 * 0.96 ** (i * self.momentum_decay)) for i in (t, t + 1))
        state["product"] *= mu
        product, c2 = float(state["product"]), sqrt(1 - self.beta2**t)
        ops.nadam(
            theta,
            self.decay(ops, theta, g, state, rate),
            state["m"],
            state["v"],
            state["scratch"],
            state["direction"],
            rate * c2 * (1 - mu) / (1 - product),
            rate * c2 * ahead / (1 - product * ahead),
            self.beta1,
            self.beta2,
            self.epsilon * c2,
        )
