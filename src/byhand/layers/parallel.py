"""Parallel branches, and several layers as one."""

from collections.abc import Sequence
from dataclasses import dataclass

from byhand.core.checks import require_instance
from byhand.core.config import register
from byhand.core.equations import Equation
from byhand.core.errors import ByhandError
from byhand.core.passes import Pass
from byhand.core.plan import Plan
from byhand.core.types import Array, Shape
from byhand.layers.activations import spelled_out
from byhand.layers.base import Layer, backward_through, forward_through, plan_layer, plan_layers
from byhand.ops import Ops


class InARow(Layer):
    """Base of layers that consist of several layers, one after the other."""

    masks = True
    forward_equations = (Equation("y", "$F", "$F"),)
    backward_equations = (Equation("dF", "$dy", "$dy"), Equation("dx", "$d0", "$d0"))

    @property
    def takes(self) -> str:  # type: ignore[override]
        """What the first layer takes."""
        return self.layers[0].takes

    @property
    def vocabulary(self) -> int | None:
        """How many tokens the first layer knows, if it takes tokens."""
        return getattr(self.layers[0], "vocabulary", None)

    @property
    def incremental(self) -> bool:  # type: ignore[override]
        """If all of its layers are."""
        return all(layer.incremental for layer in self.layers)

    def plan(self, in_shape: Shape) -> Plan:
        """The last layer's shape."""
        children = tuple(plan_layers(self.layers, in_shape))
        return Plan(children[-1].out_shape, children=children, inner_shape=in_shape)

    def forward(self, ops: Ops, at: Pass) -> None:
        """Compute y by one layer after the other."""
        y, _ = forward_through(ops, self.layers, at.children, at.x, at.rng, at.mask, at.carries)
        ops.copy(y, out=at.y)

    def backward(self, ops: Ops, at: Pass) -> None:
        """Go back through them from dy."""
        at.children[-1].dy = at.dy
        backward_through(ops, self.layers, at.children, at.dx)

    def mask_after(self, at: Pass) -> Array | None:
        """The mask that the last layer leaves."""
        return self.layers[-1].mask_after(at.children[-1])


@register
@dataclass(frozen=True)
class Sequential(InARow):
    """Several layers, one after the other, as one layer: a branch of `Parallel`.

    Args:
        layers: the layers, first to last.
    """

    layers: Sequence[Layer]

    def __post_init__(self) -> None:
        object.__setattr__(self, "layers", _checked("Sequential", self.layers))

    def label(self) -> str:
        """For example Sequential(Dense(30), ReLU)."""
        return f"Sequential({', '.join(layer.label() for layer in self.layers)})"


@register
@dataclass(frozen=True)
class Parallel(Layer):
    """Branches that all take x; their outputs are concatenated along the last axis.

    y = (F₁(x), F₂(x), ...). Each branch receives its part of dy, and dx is the sum of their gradients by x. Inception
    blocks are built from such branches: Szegedy et al., "Going deeper with convolutions" (2015).

    Args:
        layers: the branches, each a layer; `Sequential` makes one of several.
    """

    layers: Sequence[Layer]

    masks = True
    forward_equations = (Equation("y", "the branches' outputs side by side, of $x", r"(F_1($x), F_2($x), \ldots)"),)
    backward_equations = (
        Equation(
            "dx", "Σ over the branches of what $dy's parts give", r"\sum_k (\partial F_k / \partial $x)^\top {$dy}_k"
        ),
    )

    def __post_init__(self) -> None:
        object.__setattr__(self, "layers", _checked("Parallel", self.layers))

    @property
    def incremental(self) -> bool:  # type: ignore[override]
        """If all of its layers are."""
        return all(layer.incremental for layer in self.layers)

    def plan(self, in_shape: Shape) -> Plan:
        """(..., k₁ + k₂ + ...) of branches that give (..., k₁), (..., k₂), ...

        Raises:
            ByhandError: the branches' outputs differ in more than their last axis.
        """
        children = tuple(plan_layer(layer, in_shape) for layer in self.layers)
        shapes = [child.out_shape for child in children]
        if len({shape[:-1] for shape in shapes}) > 1:
            raise ByhandError(f"the branches give {shapes}; to be put side by side, only the last axis may differ.")
        out_shape = (*shapes[0][:-1], sum(shape[-1] for shape in shapes))
        return Plan(out_shape, cache={"d": in_shape}, children=children, chained=False)

    def forward(self, ops: Ops, at: Pass) -> None:
        """Run every branch over x and put its output into its columns of y."""
        start = 0
        for layer, inner in zip(self.layers, at.children, strict=True):
            inner.x, inner.rng, inner.mask, inner.carries = at.x, at.rng, at.mask, at.carries
            layer.forward(ops, inner)
            stop = start + inner.y.shape[-1]
            ops.copy(inner.y, out=at.y[..., start:stop])
            start = stop

    def backward(self, ops: Ops, at: Pass) -> None:
        """Give every branch its columns of dy, and add up what it hands back."""
        start = 0
        for k, (layer, inner) in enumerate(zip(self.layers, at.children, strict=True)):
            stop = start + inner.y.shape[-1]
            ops.copy(at.dy[..., start:stop], out=inner.dy)
            inner.dx = None if at.dx is None else at.cache.d if k else at.dx
            layer.backward(ops, inner)
            if k and at.dx is not None:
                ops.add(at.dx, at.cache.d, out=at.dx)
            start = stop

    def mask_after(self, at: Pass) -> Array | None:
        """The mask that the first branch leaves; all of them give the same steps."""
        return self.layers[0].mask_after(at.children[0])

    def label(self) -> str:
        """For example Parallel(Dense(30), Dense(5))."""
        return f"Parallel({', '.join(layer.label() for layer in self.layers)})"


def _checked(name: str, layers: Sequence[Layer]) -> tuple[Layer, ...]:
    """The layers of a composite."""
    if isinstance(layers, Layer) or not isinstance(layers, Sequence) or not layers:
        raise ByhandError(f"{name} takes a list of layers, such as [Dense(30)]; got {layers!r}.")
    for layer in layers:
        require_instance("A layer", layer, Layer, "a layer such as Dense(10)")
    return spelled_out(layers) if name == "Sequential" else tuple(layers)
