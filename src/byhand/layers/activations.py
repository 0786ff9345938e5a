"""Activation functions.

Each is applied element by element (softmax: row by row), and its derivative is computed from its output y, so that its
input need not be kept.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from byhand.core.checks import require_between
from byhand.core.config import register
from byhand.core.equations import Equation
from byhand.core.errors import ByhandError
from byhand.core.passes import Pass
from byhand.core.plan import Plan
from byhand.core.types import Array, Shape
from byhand.layers.base import Layer
from byhand.layers.shapes import require_rows
from byhand.ops import Ops


class Activation(Layer):
    """Base of activations, which have no parameters and keep the shape."""

    needs_output = True
    incremental = True

    def plan(self, in_shape: Shape) -> Plan:
        """The output has the shape of the input."""
        return Plan(in_shape)

    def backward(self, ops: Ops, at: Pass) -> None:
        """Compute dx = dy ⊙ f′(x)."""
        if at.dx is not None:
            self.slope(ops, at, at.dx)

    def slope(self, ops: Ops, at: Pass, dx: Array) -> None:
        """Compute dx = dy ⊙ f′, with f′ expressed by the output y."""
        raise NotImplementedError


@register
@dataclass(frozen=True)
class Step(Activation):
    """y = 1 where x > 0, else 0: the perceptron's threshold. Range {0, 1}; it has no gradient.

    Rosenblatt, "The perceptron" (1958).
    """

    in_place = True
    forward_equations = (Equation("y", "1 if $x > 0 else 0", r"\mathbf{1}[$x > 0]"),)

    def forward(self, ops: Ops, at: Pass) -> None:
        """Compute y = 1[x > 0]."""
        ops.step(at.x, out=at.y)

    def slope(self, ops: Ops, at: Pass, dx: Array) -> None:
        """Refuse: the derivative is zero everywhere it exists."""
        raise ByhandError(
            "The step function's derivative is zero, so gradient descent cannot train through it; "
            "use Sigmoid() instead, or the perceptron's own rule."
        )


@register
@dataclass(frozen=True)
class Sigmoid(Activation):
    """y = σ(x) = 1 / (1 + e^−x). Range (0, 1); σ′ = y (1 − y), at most ¼."""

    in_place = True
    forward_equations = (Equation("y", "σ($x) = 1 / (1 + e^−$x)", r"\sigma($x) = \frac{1}{1 + e^{-$x}}"),)
    backward_equations = (Equation("dx", "$dy ⊙ $y ⊙ (1 − $y)", r"$dy \odot $y \odot (1 - $y)"),)

    def forward(self, ops: Ops, at: Pass) -> None:
        """Compute y = σ(x)."""
        ops.sigmoid(at.x, out=at.y)

    def slope(self, ops: Ops, at: Pass, dx: Array) -> None:
        """Compute dx = dy ⊙ y (1 − y)."""
        ops.sigmoid_backward(at.y, at.dy, dx)


@register
@dataclass(frozen=True)
class Tanh(Activation):
    """y = tanh x. Range (−1, 1); the derivative is 1 − y²."""

    in_place = True
    forward_equations = (Equation("y", "tanh($x)", r"\tanh($x)"),)
    backward_equations = (Equation("dx", "$dy ⊙ (1 − $y²)", r"$dy \odot (1 - $y \odot $y)"),)

    def forward(self, ops: Ops, at: Pass) -> None:
        """Compute y = tanh x."""
        ops.tanh(at.x, out=at.y)

    def slope(self, ops: Ops, at: Pass, dx: Array) -> None:
        """Compute dx = dy ⊙ (1 − y²)."""
        ops.tanh_backward(at.y, at.dy, dx)


@register
@dataclass(frozen=True)
class ReLU(Activation):
    """y = max(0, x). Range [0, ∞); the derivative is 1 for x > 0, else 0 (at 0 itself too, as in the frameworks).

    Nair and Hinton, "Rectified linear units improve restricted Boltzmann machines" (2010).
    """

    in_place = True
    forward_equations = (Equation("y", "max(0, $x)", r"\max(0, $x)"),)
    backward_equations = (Equation("dx", "$dy ⊙ [$y > 0]", r"$dy \odot \mathbf{1}[$y > 0]"),)

    def forward(self, ops: Ops, at: Pass) -> None:
        """Compute y = max(0, x)."""
        ops.relu(at.x, out=at.y)

    def slope(self, ops: Ops, at: Pass, dx: Array) -> None:
        """Compute dx = dy ⊙ 1[y > 0]."""
        ops.relu_backward(at.y, at.dy, dx)


@register
@dataclass(frozen=True)
class LeakyReLU(Activation):
    """y = x for x > 0, else slope · x. Range (−∞, ∞); a unit with negative input still learns.

    Maas, Hannun and Ng, "Rectifier nonlinearities improve neural network acoustic models" (2013).

    Args:
        negative_slope: the slope for x < 0, from 0 to 1.
    """

    negative_slope: float = 0.01

    forward_equations = (Equation("y", "max($x, slope · $x)", r"\max($x, s\,$x)"),)
    backward_equations = (
        Equation(
            "dx",
            "$dy ⊙ (1 if $y > 0 else slope)",
            r"$dy \odot (\mathbf{1}[$y > 0] + s\,\mathbf{1}[$y \le 0])",
        ),
    )

    def __post_init__(self) -> None:
        require_between("negative_slope", self.negative_slope, 0, 1)

    def forward(self, ops: Ops, at: Pass) -> None:
        """Compute y = max(x, slope · x)."""
        ops.leaky_relu(at.x, out=at.y, slope=self.negative_slope)

    def slope(self, ops: Ops, at: Pass, dx: Array) -> None:
        """Compute dx = dy where y > 0, else slope · dy."""
        ops.leaky_relu_backward(at.y, at.dy, dx, slope=self.negative_slope)

    def label(self) -> str:
        """For example LeakyReLU(0.01)."""
        return f"LeakyReLU({self.negative_slope:g})"


@register
@dataclass(frozen=True)
class ELU(Activation):
    """y = x for x > 0, else α (e^x − 1). Range (−α, ∞); the derivative is 1 for x > 0, else y + α.

    Clevert, Unterthiner and Hochreiter, "Fast and accurate deep network learning by exponential linear units" (2015).

    Args:
        alpha: α, at least 0.
    """

    alpha: float = 1.0

    forward_equations = (
        Equation("y", "$x if $x > 0 else α (e^$x − 1)", r"\max(0, $x) + \alpha\,(e^{\min(0, $x)} - 1)"),
    )
    backward_equations = (
        Equation(
            "dx",
            "$dy ⊙ (1 if $y > 0 else $y + α)",
            r"$dy \odot (\mathbf{1}[$y > 0] + ($y + \alpha)\,\mathbf{1}[$y \le 0])",
        ),
    )

    def __post_init__(self) -> None:
        require_between("alpha", self.alpha, 0)

    def plan(self, in_shape: Shape) -> Plan:
        """The shape stays; one scratch array of that shape."""
        return Plan(in_shape, cache={"scratch": in_shape})

    def forward(self, ops: Ops, at: Pass) -> None:
        """Compute y = x for x > 0, else α (e^x − 1)."""
        ops.elu(at.x, out=at.y, alpha=self.alpha, scratch=at.cache.scratch)

    def slope(self, ops: Ops, at: Pass, dx: Array) -> None:
        """Compute dx = dy where y > 0, else dy · (y + α)."""
        ops.elu_backward(at.y, at.dy, dx, alpha=self.alpha, scratch=at.cache.scratch)

    def label(self) -> str:
        """For example ELU(1)."""
        return f"ELU({self.alpha:g})"


@register
@dataclass(frozen=True)
class Softmax(Activation):
    """y_j = e^x_j / Σ_k e^x_k: each row becomes probabilities that sum to one.

    Leave this layer out before cross-entropy: `CategoricalCrossEntropy` takes logits and contains it.
    """

    in_place = True
    forward_equations = (Equation("y", "softmax($x) = e^$x / Σⱼ e^$x[j]", r"\frac{e^{$x}}{\sum_j e^{$x{}_j}}"),)
    backward_equations = (
        Equation(
            "dx",
            "$y ⊙ ($dy − Σⱼ $dy[j] $y[j])",
            r"$y \odot \left($dy - \textstyle\sum_j $dy{}_j\,$y{}_j\right)",
        ),
    )

    def plan(self, in_shape: Shape) -> Plan:
        """The shape stays; one number of scratch for each row."""
        require_rows("Softmax", in_shape)
        return Plan(in_shape, cache={"row": (*in_shape[:-1], 1)})

    def forward(self, ops: Ops, at: Pass) -> None:
        """Compute y = softmax(x), row by row."""
        ops.softmax(at.x, out=at.y, row=at.cache.row)

    def slope(self, ops: Ops, at: Pass, dx: Array) -> None:
        """Compute dx = y ⊙ (dy − Σⱼ dyⱼ yⱼ)."""
        ops.softmax_backward(at.y, at.dy, dx, row=at.cache.row)


def activation_of(name: str) -> Layer:
    """The activation of that name: "relu", "leaky_relu", "elu", "sigmoid", "tanh", "softmax", ...

    Raises:
        ByhandError: there is none of that name.
    """
    known = {
        kind.__name__.lower(): kind for kind in Activation.__subclasses__() if kind.__module__.startswith("byhand.")
    }
    kind = known.get(str(name).lower().replace("_", ""))
    if kind is None:
        raise ByhandError(f"There is no activation {name!r}; known are {', '.join(sorted(known))}.")
    return kind()


def spelled_out(layers: Sequence[Layer]) -> tuple[Layer, ...]:
    """The layers, each activation that one names by `activation=` as a layer of its own behind it."""
    found: list[Layer] = []
    for layer in layers:
        name = getattr(layer, "activation", None)
        if isinstance(name, str):
            found += [replace(layer, activation=None), activation_of(name)]  # type: ignore[type-var]
        else:
            found.append(layer)
    return tuple(found)
