"""Gradient descent, plain and with a velocity."""

from dataclasses import dataclass
from typing import Any

from byhand.core.checks import require_between
from byhand.core.config import register
from byhand.core.types import Array
from byhand.optimizers.base import Optimizer, State
from byhand.schedules import Schedule


@register
@dataclass(frozen=True)
class GradientDescent(Optimizer):
    """θ ← θ − η g. With one sample a step it is "stochastic", with a batch "mini-batch", with all "full-batch".

    Args:
        learning_rate: η, a number or a schedule.
        weight_decay: λ, at least 0; see Optimizer.
    """

    learning_rate: float | Schedule = 0.1
    weight_decay: float = 0.0

    def step(self, ops: Any, theta: Array, g: Array, state: State, t: int, rate: float) -> None:
        """θ ← θ − η g."""
        ops.descend(theta, self.decay(ops, theta, g, state, rate), state["scratch"], rate)


@register
@dataclass(frozen=True)
class Momentum(Optimizer):
    """A ball that rolls: v ← μ v + g, θ ← θ − η v, so that steps in one direction add up, to 1/(1 − μ) times as far.

    Polyak, "Some methods of speeding up the convergence of iteration methods" (1964), with η outside the velocity, as
    in PyTorch: where the learning rate changes, so do all of v's effects. Textbooks that write v ← μ v − η g mean the
    same as long as η is constant.

    Args:
        learning_rate: η, a number or a schedule.
        momentum: μ, how much of the velocity is kept each step, from 0 to below 1.
        weight_decay: λ, at least 0; see Optimizer.
    """

    learning_rate: float | Schedule = 0.01
    momentum: float = 0.9
    weight_decay: float = 0.0

    vectors = ("velocity", "scratch")

    def __post_init__(self) -> None:
        super().__post_init__()
        require_between("momentum", self.momentum, 0, 1 - 1e-12)

    def step(self, ops: Any, theta: Array, g: Array, state: State, t: int, rate: float) -> None:
        """v ← μ v + g, θ ← θ − η v."""
        g = self.decay(ops, theta, g, state, rate)
        ops.momentum(theta, g, state["velocity"], state["scratch"], rate, self.momentum)


@register
@dataclass(frozen=True)
class Nesterov(Momentum):
    """Momentum that looks ahead: v ← μ v + g, θ ← θ − η (g + μ v).

    The gradient belongs to where the velocity will have carried θ, so the ball brakes before the slope rises. Nesterov,
    "A method of solving a convex programming problem with convergence rate O(1/k²)" (1983); here, as in PyTorch, θ
    itself is the point ahead (Sutskever et al., "On the importance of initialization and momentum in deep learning",
    2013, section 2, rewritten for that point).
    """

    def step(self, ops: Any, theta: Array, g: Array, state: State, t: int, rate: float) -> None:
        """v ← μ v + g, θ ← θ − η (g + μ v)."""
        g = self.decay(ops, theta, g, state, rate)
        ops.nesterov(theta, g, state["velocity"], state["scratch"], rate, self.momentum)
