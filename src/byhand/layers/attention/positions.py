"""Positions, without which attention does not depend on the order of the steps."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from byhand.core.checks import require_instance, require_whole
from byhand.core.config import register
from byhand.core.equations import Equation
from byhand.core.errors import ByhandError
from byhand.core.passes import Pass
from byhand.core.plan import Plan
from byhand.core.types import Shape
from byhand.initializers import Initializer, Normal
from byhand.layers.attention.carried import first_position, keep_position
from byhand.layers.base import Layer
from byhand.layers.sequences.recurrent import require_sequences
from byhand.ops import Ops


@register
@dataclass(frozen=True)
class LearnedPositions(Layer):
    """y_t = x_t + P_t, with a learnt row of P (longest, k) for each position.

    x is (n, T, k), T at most `longest`; dP_t = Σ dy_t over the samples, and 0 in the rows beyond T.

    Args:
        longest: number of positions.
        weights: initializer of P.
    """

    longest: int
    weights: Initializer = field(default_factory=lambda: Normal(0.02))

    in_place: ClassVar[bool] = True
    incremental: ClassVar[bool] = True
    forward_equations = (Equation("y", "$x + $P[:T]", r"$x + {$P}_{:T}"),)
    backward_equations = (
        Equation("dP", "Σᵢ $dy[i], below T; 0 behind", r"\sum_i {$dy}_i"),
        Equation("dx", "$dy", "$dy"),
    )

    def __post_init__(self) -> None:
        require_whole("longest", self.longest)
        require_instance("weights", self.weights, Initializer, "an initialiser such as Normal(0.02)")

    def plan(self, in_shape: Shape) -> Plan:
        """The shape (T, k) stays; P is (longest, k)."""
        require_sequences("LearnedPositions", in_shape)
        require_at_most(self.longest, in_shape)
        return Plan(in_shape, {"P": (self.longest, in_shape[1])}, carry={"steps": (1,)})

    def initializers(self) -> Mapping[str, Initializer]:
        """P by `weights`."""
        return {"P": self.weights}

    def forward(self, ops: Ops, at: Pass) -> None:
        """Compute y_t = x_t + P_t."""
        first = first_position(at, self.longest)
        ops.add(at.x, at.p.P[first : first + at.x.shape[1]], out=at.y)
        keep_position(ops, at, first)

    def backward(self, ops: Ops, at: Pass) -> None:
        """Compute dP_t = Σ dy_t over the samples, dx = dy."""
        n, steps, k = at.dy.shape
        ops.fill(at.g.P[steps:], 0)
        ops.sum_rows(at.dy.reshape(n, steps * k), at.g.P[:steps].reshape(-1))
        if at.dx is not None:
            ops.copy(at.dy, out=at.dx)

    def label(self) -> str:
        """For example LearnedPositions(64)."""
        return f"LearnedPositions({self.longest})"


@register
@dataclass(frozen=True)
class SinusoidalPositions(Layer):
    """y_t = x_t + s_t, where s_t has sin(t · 10000^{−2i/k}) in column 2i and the cosine of the same in column 2i + 1.

    x is (n, T, k). Moving on by one step rotates each pair by a fixed angle, whatever the position, so that the row of
    a position a given distance away is this row times a fixed matrix. Vaswani et al., "Attention is all you need"
    (2017), section 3.5.
    """

    in_place: ClassVar[bool] = True
    incremental: ClassVar[bool] = True
    forward_equations = (Equation("y", "$x + (sin, cos)(t · 10000^(−2i/k))", r"$x + \mathrm{PE}(t)"),)
    backward_equations = (Equation("dx", "$dy", "$dy"),)

    def plan(self, in_shape: Shape) -> Plan:
        """The shape (T, k) stays."""
        require_sequences("SinusoidalPositions", in_shape)
        return Plan(in_shape, carry={"steps": (1,)})

    def forward(self, ops: Ops, at: Pass) -> None:
        """Compute y_t = x_t + s_t."""
        first = first_position(at, None)
        ops.add_sinusoids(at.x, first, out=at.y)
        keep_position(ops, at, first)

    def backward(self, ops: Ops, at: Pass) -> None:
        """Compute dx = dy."""
        if at.dx is not None:
            ops.copy(at.dy, out=at.dx)


def require_at_most(longest: int, in_shape: Shape) -> None:
    """Raise ByhandError where a sequence (T, k) has more steps than `longest`."""
    if in_shape[0] > longest:
        raise ByhandError(f"sequences of {in_shape[0]} steps are longer than its longest, {longest}.")
