"""Gradient descent, with or without momentum."""

from dataclasses import dataclass
from typing import Any

from byhand.core.checks import require_between
from byhand.core.config import register
from byhand.core.errors import ByhandError
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
class SGD(Optimizer):
    """Stochastic gradient descent, with or without momentum, under the name that PyTorch and Keras use.

    Without momentum it is `GradientDescent`, with it `Momentum`: v ← μ v + g, θ ← θ − η v; and with `nesterov`, too,
    `Nesterov`: θ ← θ − η (g + μ v).

    Args:
        learning_rate: η, a number or a schedule.
        momentum: μ, how much of the velocity is kept each step, from 0 (none) to below 1.
        nesterov: whether the momentum looks ahead.
        weight_decay: λ, at least 0; see Optimizer.

    Raises:
        ByhandError: `nesterov` without momentum.
    """

    learning_rate: float | Schedule = 0.01
    momentum: float = 0.0
    nesterov: bool = False
    weight_decay: float = 0.0

    @property
    def vectors(self) -> tuple[str, ...]:
        """The velocity, with momentum."""
        return ("velocity", "scratch") if self.momentum else ("scratch",)

    def __post_init__(self) -> None:
        super().__post_init__()
        require_between("momentum", self.momentum, 0, 1 - 1e-12)
        if self.nesterov and not self.momentum:
            raise ByhandError("nesterov needs a momentum, such as SGD(0.01, momentum=0.9, nesterov=True).")

    def step(self, ops: Any, theta: Array, g: Array, state: State, t: int, rate: float) -> None:
        """θ ← θ − η g, or along the velocity."""
        g = self.decay(ops, theta, g, state, rate)
        if self.momentum:
            move = ops.nesterov if self.nesterov else ops.momentum
            move(theta, g, state["velocity"], state["scratch"], rate, self.momentum)
        else:
            ops.descend(theta, g, state["scratch"], rate)


@register
@dataclass(frozen=True)
class Momentum(Optimizer):
    """Momentum: v ← μ v + g, θ ← θ − η v. Steps in a constant direction grow to 1/(1 − μ) times their size.

    Polyak, "Some methods of speeding up the convergence of iteration methods" (1964), with η outside the velocity, as
    in PyTorch: a change of the learning rate scales the whole velocity. The form v ← μ v − η g of textbooks is the same
    as long as η is constant.

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
    """Nesterov momentum: v ← μ v + g, θ ← θ − η (g + μ v).

    The gradient is taken at the point to which the velocity will carry θ, which corrects a step before it overshoots.
    Nesterov, "A method of solving a convex programming problem with convergence rate O(1/k²)" (1983); here, as in
    PyTorch, θ itself is the point ahead (Sutskever et al., "On the importance of initialization and momentum in deep
    learning", 2013, section 2, rewritten for that point).
    """

    def step(self, ops: Any, theta: Array, g: Array, state: State, t: int, rate: float) -> None:
        """v ← μ v + g, θ ← θ − η (g + μ v)."""
        g = self.decay(ops, theta, g, state, rate)
        ops.nesterov(theta, g, state["velocity"], state["scratch"], rate, self.momentum)
