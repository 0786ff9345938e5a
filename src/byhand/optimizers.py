"""Optimisers: how θ follows the gradient. Each sees flat vectors only.

An optimiser is a frozen dataclass of hyper-parameters. The vectors that it remembers between steps are allocated by
`state` and kept by whoever trains, beside θ, so that a checkpoint is a handful of arrays.
"""

from dataclasses import dataclass
from math import sqrt
from typing import Any

import numpy as np

from byhand.checks import require_between
from byhand.config import register
from byhand.schedules import Schedule, as_schedule
from byhand.types import Array

State = dict[str, Array]


class Optimizer:
    """Base of all optimisers."""

    learning_rate: float | Schedule

    def state(self, size: int, dtype: Any) -> State:
        """The vectors (size,) that it works with, all zero before the first step."""
        return {name: np.zeros(size, dtype) for name in self.vectors}

    vectors: tuple[str, ...] = ("scratch",)

    def step(self, ops: Any, theta: Array, g: Array, state: State, t: int, rate: float) -> None:
        """Change θ (size,) in place by the gradient g (size,), at step t = 1, 2, ... with learning rate η = rate."""
        raise NotImplementedError


@register
@dataclass(frozen=True)
class GradientDescent(Optimizer):
    """θ ← θ − η g. With one sample a step it is "stochastic", with a batch "mini-batch", with all "full-batch".

    Args:
        learning_rate: η, a number or a schedule.
    """

    learning_rate: float | Schedule = 0.1

    def __post_init__(self) -> None:
        as_schedule(self.learning_rate)

    def step(self, ops: Any, theta: Array, g: Array, state: State, t: int, rate: float) -> None:
        """θ ← θ − η g."""
        ops.descend(theta, g, state["scratch"], rate)


@register
@dataclass(frozen=True)
class Adam(Optimizer):
    """Gradient descent with a mean of past gradients, each parameter's step scaled by the size of its own gradients.

    m ← β₁ m + (1 − β₁) g,  v ← β₂ v + (1 − β₂) g²,  θ ← θ − η m̂ / (√v̂ + ε),
    with m̂ = m / (1 − β₁ᵗ) and v̂ = v / (1 − β₂ᵗ). Kingma and Ba, "Adam: A Method for Stochastic Optimization" (2015),
    algorithm 1; the two corrections are moved into η and ε, which gives the same θ in fewer operations.

    Args:
        learning_rate: η, a number or a schedule.
        beta1: β₁, how much of the mean gradient is kept each step, from 0 to below 1.
        beta2: β₂, the same for the squared gradient.
        epsilon: ε, keeps the division away from zero.
    """

    learning_rate: float | Schedule = 0.001
    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8

    vectors = ("m", "v", "scratch")

    def __post_init__(self) -> None:
        as_schedule(self.learning_rate)
        require_between("beta1", self.beta1, 0, 1 - 1e-12)
        require_between("beta2", self.beta2, 0, 1 - 1e-12)
        require_between("epsilon", self.epsilon, 0)

    def step(self, ops: Any, theta: Array, g: Array, state: State, t: int, rate: float) -> None:
        """One step of algorithm 1."""
        c1, c2 = 1 - self.beta1**t, sqrt(1 - self.beta2**t)
        ops.adam(
            theta,
            g,
            state["m"],
            state["v"],
            state["scratch"],
            rate * c2 / c1,
            self.beta1,
            self.beta2,
            self.epsilon * c2,
        )
