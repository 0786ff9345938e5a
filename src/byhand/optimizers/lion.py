"""Lion, which uses the sign of the mean gradient."""

from dataclasses import dataclass
from typing import Any

from byhand.core.checks import require_between
from byhand.core.config import register
from byhand.core.types import Array
from byhand.optimizers.base import Optimizer, State
from byhand.schedules import Schedule


@register
@dataclass(frozen=True)
class Lion(Optimizer):
    """Lion; every parameter moves by exactly η: θ ← θ − η sign(β₁ m + (1 − β₁) g), then m ← β₂ m + (1 − β₂) g.

    It keeps one state vector where Adam keeps two, and needs no division and no square root. Its learning rate should
    be three to ten times smaller than Adam's, and its weight decay, which is decoupled, larger by the same factor. Chen
    et al., "Symbolic Discovery of Optimization Algorithms" (2023), program 1.

    Args:
        learning_rate: η, a number or a schedule.
        beta1: β₁, how much of the mean gradient enters the sign, from 0 to below 1.
        beta2: β₂, how much of it is kept each step, from 0 to below 1.
        weight_decay: λ, at least 0.
    """

    learning_rate: float | Schedule = 0.0001
    beta1: float = 0.9
    beta2: float = 0.99
    weight_decay: float = 0.0

    vectors = ("m", "scratch", "direction")
    decoupled = True

    def __post_init__(self) -> None:
        super().__post_init__()
        require_between("beta1", self.beta1, 0, 1 - 1e-12)
        require_between("beta2", self.beta2, 0, 1 - 1e-12)

    def step(self, ops: Any, theta: Array, g: Array, state: State, t: int, rate: float) -> None:
        """θ ← θ − η sign(β₁ m + (1 − β₁) g), m ← β₂ m + (1 − β₂) g."""
        g = self.decay(ops, theta, g, state, rate)
        ops.lion(theta, g, state["m"], state["scratch"], state["direction"], rate, self.beta1, self.beta2)
