"""A recurrent layer in both directions."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from byhand.core.checks import require_instance
from byhand.core.config import register
from byhand.core.equations import Equation
from byhand.core.errors import ByhandError
from byhand.core.passes import Pass
from byhand.core.plan import Plan
from byhand.core.types import Array, Shape
from byhand.layers.base import Layer, plan_layer
from byhand.layers.sequences.recurrent import Recurrent
from byhand.ops import Ops


@register
@dataclass(frozen=True)
class Bidirectional(Layer):
    """Two recurrent layers over the same sequence, one forward and one backward in time.

    y is both outputs concatenated, (n, T, 2k) or (n, 2k), or their sum. Each layer has parameters of its own; both take
    x, so dx is the sum of their gradients. Schuster and Paliwal, "Bidirectional recurrent neural networks" (1997).

    Args:
        layer: the layer that runs forward in time; the other one is the same with `reverse`.
        merge: "concat" or "sum" of the two outputs.
    """

    layer: Recurrent
    merge: str = "concat"

    masks: ClassVar[bool] = True

    def __post_init__(self) -> None:
        require_instance("layer", self.layer, Recurrent, "a recurrent layer such as LSTM(64)")
        if self.layer.reverse:
            raise ByhandError("Bidirectional makes the layer that goes back itself; give it one that goes forward.")
        if self.merge not in ("concat", "sum"):
            raise ByhandError(f'merge is "concat" or "sum", not {self.merge!r}.')

    @property
    def layers(self) -> Sequence[Layer]:  # type: ignore[override]
        """The forward and the backward layer."""
        return self.layer, replace(self.layer, reverse=True)

    @property
    def forward_equations(self) -> tuple[Equation, ...]:  # type: ignore[override]
        """Of both outputs, y1 and y2."""
        return (Equation("y", *["$y1 + $y2" if self.merge == "sum" else "($y1, $y2)"] * 2),)

    @property
    def backward_equations(self) -> tuple[Equation, ...]:  # type: ignore[override]
        """Of d1 and d2, the gradients by the input of each."""
        if self.merge == "sum":
            parts = [("$dy", "$dy")] * 2
        else:
            k = self.layer.units
            parts = [(f"$dy[..., :{k}]", rf"{{$dy}}_{{:{k}}}"), (f"$dy[..., {k}:]", rf"{{$dy}}_{{{k}:}}")]
        halves = (Equation(f"dy{i}", *part) for i, part in enumerate(parts, 1))
        return (*halves, Equation("dx", "$d1 + $d2", "$d1 + $d2"))

    def plan(self, in_shape: Shape) -> Plan:
        """(T, in) becomes (T, 2k) or (2k,); with merge="sum" (T, k) or (k,)."""
        children = tuple(plan_layer(layer, in_shape) for layer in self.layers)
        *steps, k = children[0].out_shape
        out_shape = (*steps, 2 * k if self.merge == "concat" else k)
        return Plan(
            out_shape, cache={"d1": in_shape, "d2": in_shape}, children=children, inner_shape=in_shape, chained=False
        )

    def forward(self, ops: Ops, at: Pass) -> None:
        """Run both over x, then y = (y₁, y₂), or y₁ + y₂."""
        for layer, inner in zip(self.layers, at.children, strict=True):
            inner.x, inner.rng, inner.mask, inner.carries = at.x, at.rng, at.mask, at.carries
            layer.forward(ops, inner)
        first, second = at.children
        if self.merge == "sum":
            ops.add(first.y, second.y, out=at.y)
        else:
            ops.copy(first.y, out=at.y[..., : self.layer.units])
            ops.copy(second.y, out=at.y[..., self.layer.units :])

    def backward(self, ops: Ops, at: Pass) -> None:
        """Hand dy, or each half of it, to both; dx is the sum of theirs."""
        k = self.layer.units
        halves = (at.dy, at.dy) if self.merge == "sum" else (at.dy[..., :k], at.dy[..., k:])
        for inner, dy, dx in zip(at.children, halves, (at.cache.d1, at.cache.d2), strict=True):
            ops.copy(dy, out=inner.dy)
            inner.dx = None if at.dx is None else dx
        for layer, inner in zip(self.layers, at.children, strict=True):
            layer.backward(ops, inner)
        if at.dx is not None:
            ops.add(at.cache.d1, at.cache.d2, out=at.dx)

    def mask_after(self, at: Pass) -> Array | None:
        """The input's, as long as there are steps."""
        return at.mask if self.layer.return_sequences else None

    def label(self) -> str:
        """For example Bidirectional(LSTM(64))."""
        return f"Bidirectional({self.layer.label()})"
