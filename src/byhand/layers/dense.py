"""The fully connected layer."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from byhand.core.checks import require_instance, require_whole
from byhand.core.config import register
from byhand.core.equations import Equation
from byhand.core.errors import ByhandError
from byhand.core.types import Array, Rng, Shape
from byhand.initializers import Glorot, Initializer, Zeros
from byhand.layers.base import Layer, Plan


@register
@dataclass(frozen=True)
class Dense(Layer):
    """y = x W + b: every output is a weighted sum of every input, plus its bias.

    x is (n, in), W (in, out), b (out,), y (n, out). The write-ups that keep samples as columns write the same as
    W x + b with W of shape (out, in).

    Source: Nielsen, "Neural Networks and Deep Learning" (2015), equations BP3 and BP4 for the gradients.

    Args:
        units: how many outputs, at least 1.
        weights: how W starts.
        biases: how b starts.
    """

    units: int
    weights: Initializer = field(default_factory=Glorot)
    biases: Initializer = field(default_factory=Zeros)

    forward_equations = (Equation("y", "$x $W + $b", "$x $W + $b"),)
    backward_equations = (
        Equation("dW", "$xᵀ $dy", r"{$x}^\top $dy"),
        Equation("db", "Σᵢ $dy[i]", r"\sum_i $dy{}_i"),
        Equation("dx", "$dy $Wᵀ", r"$dy {$W}^\top"),
    )

    def __post_init__(self) -> None:
        require_whole("units", self.units)
        require_instance("weights", self.weights, Initializer, "an initialiser such as Glorot()")
        require_instance("biases", self.biases, Initializer, "an initialiser such as Zeros()")

    def plan(self, in_shape: Shape) -> Plan:
        """(in,) becomes (units,), with W (in, units) and b (units,)."""
        if len(in_shape) != 1:
            raise ByhandError(f"Dense takes rows of numbers, not inputs of shape {in_shape}; put Flatten() before it.")
        return Plan((self.units,), {"W": (in_shape[0], self.units), "b": (self.units,)})

    def initializers(self) -> Mapping[str, Initializer]:
        """W by `weights`, b by `biases`."""
        return {"W": self.weights, "b": self.biases}

    def forward(self, ops: Any, p: SimpleNamespace, x: Array, y: Array, cache: SimpleNamespace, rng: Rng) -> None:
        """Compute y = x W + b."""
        ops.affine(x, p.W, p.b, y)  # (n, in)(in, out) + (out,) → (n, out)

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
        """Compute dW = xᵀ dy, db = Σᵢ dyᵢ, dx = dy Wᵀ."""
        ops.matmul(x.T, dy, g.W)  # (in, n)(n, out) → (in, out)
        ops.sum_rows(dy, g.b)  # (n, out) → (out,)
        if dx is not None:
            ops.matmul(dy, p.W.T, dx)  # (n, out)(out, in) → (n, in)

    def label(self) -> str:
        """For example Dense(30)."""
        return f"Dense({self.units})"
