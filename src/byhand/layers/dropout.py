"""Dropout: units are switched off at random while the network learns."""

from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from byhand.checks import require_between
from byhand.config import register
from byhand.equations import Equation
from byhand.layers.base import Layer, Plan
from byhand.types import Array, Rng, Shape


@register
@dataclass(frozen=True)
class Dropout(Layer):
    """y = x ⊙ r, where each number of r is 0 with probability `rate`, else 1 / (1 − rate); outside training y = x.

    Dividing by 1 − rate while training ("inverted" dropout) keeps the mean, so that nothing need be scaled afterwards.
    r is drawn anew for every number of every batch, from the run's generator. Srivastava et al., "Dropout: A simple way
    to prevent neural networks from overfitting" (2014).

    Args:
        rate: the probability that a number is dropped, from 0 to below 1; 0.2 to 0.5 is usual.
    """

    rate: float = 0.5

    in_place = True
    forward_equations = (
        Equation(
            "r",
            "0 with probability rate, else 1 / (1 − rate), for each number",
            r"\frac{1}{1-\rho}\,\mathrm{Bernoulli}(1-\rho)",
        ),
        Equation("y", "$x ⊙ $r", r"$x \odot $r"),
    )
    backward_equations = (Equation("dx", "$dy ⊙ $r", r"$dy \odot $r"),)

    def __post_init__(self) -> None:
        require_between("rate", self.rate, 0, 1 - 1e-6)

    def plan(self, in_shape: Shape) -> Plan:
        """The shape stays; r has it too."""
        return Plan(in_shape, cache={"r": in_shape})

    def forward(self, ops: Any, p: SimpleNamespace, x: Array, y: Array, cache: SimpleNamespace, rng: Rng) -> None:
        """Compute y = x ⊙ r; without rng, and for a rate of 0, r is 1 and nothing is drawn."""
        if rng is None or self.rate == 0:
            cache.r.fill(1)
            ops.copy(x, out=y)
        else:
            ops.dropout_mask(rng, self.rate, cache.r)
            ops.multiply(x, cache.r, out=y)

    def backward(
        self,
        ops: Any,
        p: SimpleNamespace,
        g: SimpleNamespace,
        x: Array,
        y: Array,
        dy: Array,
        dx: Array | None,
        cache: SimpleNamespace,
    ) -> None:
        """Compute dx = dy ⊙ r."""
        if dx is not None:
            ops.multiply(dy, cache.r, out=dx)

    def label(self) -> str:
        """For example Dropout(0.5)."""
        return f"Dropout({self.rate:g})"
