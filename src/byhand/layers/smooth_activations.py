"""GELU and SiLU, whose derivative is computed from their input, since it does not follow from their output."""

from dataclasses import dataclass

from byhand.core.checks import require_instance
from byhand.core.config import register
from byhand.core.equations import Equation
from byhand.core.passes import Pass
from byhand.core.plan import Plan
from byhand.core.types import Array, Shape
from byhand.layers.activations import Activation
from byhand.ops import Ops


@register
@dataclass(frozen=True)
class GELU(Activation):
    """y = x Φ(x): x times the probability Φ(x) that a standard normal number lies below x.

    Range above −0.17. The derivative is Φ(x) + x φ(x). Hendrycks and Gimpel, "Gaussian error linear units" (2016).

    Args:
        approximate: whether to compute ½ x (1 + tanh(√(2/π) (x + 0.044715 x³))) instead, as GPT-2 does.
    """

    approximate: bool = False

    in_place = True
    needs_output = False

    def __post_init__(self) -> None:
        require_instance("approximate", self.approximate, bool, "True or False")

    @property
    def forward_equations(self) -> tuple[Equation, ...]:  # type: ignore[override]
        """Exact, or by tanh."""
        if self.approximate:
            return (Equation("y", "½ $x (1 + tanh(√(2/π) ($x + 0.044715 $x³)))", r"\mathrm{GELU}_{\tanh}($x)"),)
        return (Equation("y", "$x Φ($x)", r"$x \odot \Phi($x)"),)

    @property
    def backward_equations(self) -> tuple[Equation, ...]:  # type: ignore[override]
        """φ is the normal density."""
        return (Equation("dx", "$dy ⊙ (Φ($x) + $x φ($x))", r"$dy \odot (\Phi($x) + $x \odot \varphi($x))"),)

    def plan(self, in_shape: Shape) -> Plan:
        """The shape stays; the slope at x has it too."""
        return Plan(in_shape, cache={"slope": in_shape, "scratch": in_shape})

    def forward(self, ops: Ops, at: Pass) -> None:
        """Compute y = x Φ(x), and the slope Φ(x) + x φ(x) beside it."""
        gelu = ops.gelu_tanh if self.approximate else ops.gelu
        gelu(at.x, at.y, at.cache.slope, at.cache.scratch)

    def slope(self, ops: Ops, at: Pass, dx: Array) -> None:
        """Compute dx = dy ⊙ (Φ(x) + x φ(x))."""
        ops.multiply(at.dy, at.cache.slope, out=dx)


@register
@dataclass(frozen=True)
class SiLU(Activation):
    """y = x σ(x), also called swish. Range above −0.28; the derivative is σ(x) (1 + x (1 − σ(x))).

    Elfwing, Uchibe and Doya, "Sigmoid-weighted linear units for neural network function approximation in reinforcement
    learning" (2018).
    """

    needs_output = False
    forward_equations = (Equation("y", "$x σ($x)", r"$x \odot \sigma($x)"),)
    backward_equations = (
        Equation("dx", "$dy ⊙ σ($x) ⊙ (1 + $x ⊙ (1 − σ($x)))", r"$dy \odot \sigma($x) \odot (1 + $x (1 - \sigma($x)))"),
    )

    def plan(self, in_shape: Shape) -> Plan:
        """The shape stays; one scratch array of that shape."""
        return Plan(in_shape, cache={"scratch": in_shape})

    def forward(self, ops: Ops, at: Pass) -> None:
        """Compute y = x σ(x)."""
        ops.silu(at.x, out=at.y)

    def slope(self, ops: Ops, at: Pass, dx: Array) -> None:
        """Compute dx = dy ⊙ σ(x) (1 + x (1 − σ(x)))."""
        ops.silu_backward(at.x, at.dy, dx, scratch=at.cache.scratch)
