"""The fully connected layer."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from byhand.core.checks import require_instance, require_whole
from byhand.core.config import register
from byhand.core.equations import Equation
from byhand.core.passes import Pass
from byhand.core.plan import Plan
from byhand.core.types import Shape
from byhand.initializers import Glorot, Initializer, Zeros
from byhand.layers.base import Layer
from byhand.layers.shapes import require_rows
from byhand.ops import Ops


@register
@dataclass(frozen=True)
class Dense(Layer):
    """y = x W + b: every output is a weighted sum of all inputs plus a bias.

    x is (n, in), W (in, out), b (out,), y (n, out); of a sequence (n, T, in) every step is such a row. Texts that keep
    samples as columns write W x + b, with W of shape (out, in).

    Source: Nielsen, "Neural Networks and Deep Learning" (2015), equations BP3 and BP4 for the gradients.

    Args:
        units: number of outputs, at least 1.
        weights: initializer of W.
        biases: initializer of b.
        bias: whether to add b.
        activation: the name of an activation, such as "relu", that follows as a layer of its own; None for none.
    """

    units: int
    weights: Initializer = field(default_factory=Glorot)
    biases: Initializer = field(default_factory=Zeros)
    bias: bool = True
    activation: str | None = None

    incremental = True

    @property
    def forward_equations(self) -> tuple[Equation, ...]:  # type: ignore[override]
        """Of each row."""
        b = " + $b" if self.bias else ""
        return (Equation("y", f"$x $W{b}", f"$x $W{b}"),)

    @property
    def backward_equations(self) -> tuple[Equation, ...]:  # type: ignore[override]
        """Nielsen's BP3, BP4 and what goes on to the layer before."""
        return (
            Equation("dW", "$xᵀ $dy", r"{$x}^\top $dy"),
            *([Equation("db", "Σᵢ $dy[i]", r"\sum_i $dy{}_i")] if self.bias else []),
            Equation("dx", "$dy $Wᵀ", r"$dy {$W}^\top"),
        )

    def __post_init__(self) -> None:
        require_whole("units", self.units)
        require_instance("weights", self.weights, Initializer, "an initialiser such as Glorot()")
        require_instance("biases", self.biases, Initializer, "an initialiser such as Zeros()")

    def plan(self, in_shape: Shape) -> Plan:
        """(..., in) becomes (..., units), with W (in, units) and b (units,)."""
        require_rows("Dense", in_shape)
        params = {"W": (in_shape[-1], self.units)} | ({"b": (self.units,)} if self.bias else {})
        return Plan((*in_shape[:-1], self.units), params)

    def initializers(self) -> Mapping[str, Initializer]:
        """W by `weights`, b by `biases`."""
        return {"W": self.weights} | ({"b": self.biases} if self.bias else {})

    def forward(self, ops: Ops, at: Pass) -> None:
        """Compute y = x W + b."""
        ops.affine(at.x, at.p.W, at.p.b if self.bias else None, at.y)  # (..., in)(in, out) + (out,) → (..., out)

    def backward(self, ops: Ops, at: Pass) -> None:
        """Compute dW = xᵀ dy, db = Σᵢ dyᵢ, dx = dy Wᵀ."""
        if at.learns:
            ops.affine_gradients(at.x, at.dy, at.g.W, at.g.b if self.bias else None)  # (in, out), (out,)
        if at.dx is not None:
            ops.affine_input(at.dy, at.p.W, at.dx)  # (..., out)(out, in) → (..., in)

    def label(self) -> str:
        """For example Dense(30)."""
        return f"Dense({self.units})"
