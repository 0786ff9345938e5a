"""Residual connections."""

from collections.abc import Sequence
from dataclasses import dataclass

from byhand.core.checks import require_instance
from byhand.core.config import register
from byhand.core.equations import Equation
from byhand.core.errors import ByhandError
from byhand.core.passes import Pass
from byhand.core.plan import Plan
from byhand.core.types import Shape
from byhand.layers.activations import spelled_out
from byhand.layers.base import Layer, backward_through, forward_through, plan_layers
from byhand.ops import Ops


@register
@dataclass(frozen=True)
class Residual(Layer):
    """y = x + F(x), where F is a sequence of layers whose output has the shape of the input.

    The gradient reaches x along both paths, dx = dy + (∂F/∂x)ᵀ dy, and along the direct one it never vanishes, however
    deep the network is. He, Zhang, Ren and Sun, "Deep residual learning for image recognition" (2016), eq. 1.

    Args:
        layers: the layers of F, first to last; another Residual may be among them.
    """

    layers: Sequence[Layer]

    forward_equations = (Equation("y", "$x + $F", "$x + $F"),)
    backward_equations = (Equation("dF", "$dy", "$dy"), Equation("dx", "$dy + $d0", "$dy + $d0"))

    def __post_init__(self) -> None:
        if isinstance(self.layers, Layer) or not isinstance(self.layers, Sequence) or not self.layers:
            raise ByhandError(f"Residual goes around a list of layers, such as [Dense(30)]; got {self.layers!r}.")
        for layer in self.layers:
            require_instance("A layer", layer, Layer, "a layer such as Dense(10)")
        object.__setattr__(self, "layers", spelled_out(self.layers))

    @property
    def incremental(self) -> bool:  # type: ignore[override]
        """If all of its layers are."""
        return all(layer.incremental for layer in self.layers)

    def plan(self, in_shape: Shape) -> Plan:
        """The shape stays.

        Raises:
            ByhandError: the inner layers do not fit together, or their output has another shape than x.
        """
        children = tuple(plan_layers(self.layers, in_shape))
        if children[-1].out_shape != in_shape:
            raise ByhandError(
                f"the layers inside turn {in_shape} into {children[-1].out_shape}; to be added, both must be the same."
            )
        return Plan(in_shape, children=children, inner_shape=in_shape)

    def forward(self, ops: Ops, at: Pass) -> None:
        """Compute y = x + F(x)."""
        inner, _ = forward_through(ops, self.layers, at.children, at.x, at.rng, at.mask, at.carries)
        ops.add(at.x, inner, out=at.y)

    def backward(self, ops: Ops, at: Pass) -> None:
        """Go back through F from dF = dy, then dx = dy + d0, d0 the gradient by F's input."""
        at.children[-1].dy = at.dy
        backward_through(ops, self.layers, at.children, None if at.dx is None else at.cache.d0)
        if at.dx is not None:
            ops.add(at.dy, at.cache.d0, out=at.dx)

    def label(self) -> str:
        """For example Residual(Dense(30), ReLU)."""
        return f"Residual({', '.join(layer.label() for layer in self.layers)})"
