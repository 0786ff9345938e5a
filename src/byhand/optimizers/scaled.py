"""AdaGrad and RMSprop, which scale the step of each parameter by the size of its past gradients."""

from dataclasses import dataclass
from typing import Any

from byhand.core.checks import require_between
from byhand.core.config import register
from byhand.core.types import Array
from byhand.optimizers.base import Optimizer, State
from byhand.schedules import Schedule


@register
@dataclass(frozen=True)
class AdaGrad(Optimizer):
    """AdaGrad, which divides by the root of the sum of squared gradients: v ← v + g², θ ← θ − η g / (√v + ε).

    Parameters that rarely have a gradient keep large steps; all steps keep shrinking. Duchi, Hazan and Singer,
    "Adaptive Subgradient Methods for Online Learning and Stochastic Optimization" (2011), the diagonal form.

    Args:
        learning_rate: η, a number or a schedule.
        epsilon: ε, keeps the division away from zero.
        weight_decay: λ, at least 0; see Optimizer.
    """

    learning_rate: float | Schedule = 0.01
    epsilon: float = 1e-10
    weight_decay: float = 0.0

    vectors = ("v", "scratch")

    def __post_init__(self) -> None:
        super().__post_init__()
        require_between("epsilon", self.epsilon, 0)

    def step(self, ops: Any, theta: Array, g: Array, state: State, t: int, rate: float) -> None:
        """v ← v + g², θ ← θ − η g / (√v + ε)."""
        g = self.decay(ops, theta, g, state, rate)
        ops.adagrad(theta, g, state["v"], state["scratch"], rate, self.epsilon)


@register
@dataclass(frozen=True)
class RMSprop(Optimizer):
    """RMSprop, which divides by the root of a mean of squared gradients: v ← ρ v + (1 − ρ) g², θ ← θ − η g / (√v + ε).

    Unlike in AdaGrad, old gradients are forgotten. Tieleman and Hinton, "Lecture 6.5: rmsprop" (2012). If centred, √v
    is replaced by √(v − m²) with m ← ρ m + (1 − ρ) g: the spread of the gradients rather than their size (Graves,
    "Generating Sequences With Recurrent Neural Networks", 2013, eq. 38-45). With momentum μ, u ← μ u + g / (√v + ε), θ
    ← θ − η u.

    Args:
        learning_rate: η, a number or a schedule.
        rho: ρ, how much of the running means is kept each step, from 0 to below 1 (PyTorch's default is 0.99).
        epsilon: ε, keeps the division away from zero.
        momentum: μ, from 0 (none) to below 1.
        centred: whether to divide by the spread.
        weight_decay: λ, at least 0; see Optimizer.
    """

    learning_rate: float | Schedule = 0.001
    rho: float = 0.9
    epsilon: float = 1e-8
    momentum: float = 0.0
    centred: bool = False
    weight_decay: float = 0.0

    @property
    def vectors(self) -> tuple[str, ...]:
        """The vectors of this variant."""
        return ("v", "scratch", *(("mean",) * self.centred), *(("velocity",) * bool(self.momentum)))

    def __post_init__(self) -> None:
        super().__post_init__()
        require_between("rho", self.rho, 0, 1 - 1e-12)
        require_between("epsilon", self.epsilon, 0)
        require_between("momentum", self.momentum, 0, 1 - 1e-12)

    def step(self, ops: Any, theta: Array, g: Array, state: State, t: int, rate: float) -> None:
        """v ← ρ v + (1 − ρ) g², θ ← θ − η g / (√v + ε), or its variants."""
        ops.rmsprop(
            theta,
            self.decay(ops, theta, g, state, rate),
            state["v"],
            state["scratch"],
            rate,
            self.rho,
            self.epsilon,
            state.get("mean"),
            state.get("velocity"),
            self.momentum,
        )
