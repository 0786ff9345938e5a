"""Different layers for the source and for the rest of a sequence."""

from collections.abc import Sequence
from dataclasses import dataclass

from byhand.core.checks import require_instance, require_whole
from byhand.core.config import register
from byhand.core.equations import Equation
from byhand.core.errors import ByhandError
from byhand.core.passes import Pass
from byhand.core.plan import Plan
from byhand.core.types import Array, Shape
from byhand.layers.base import Layer, plan_layer
from byhand.layers.parallel import Sequential
from byhand.layers.sequences.recurrent import require_sequences
from byhand.ops import Ops


@register
@dataclass(frozen=True)
class SplitSteps(Layer):
    """Apply some layers to the first `source` steps and others to the rest; y is both results, concatenated in time.

    x is (n, S + T, k), the source followed by T further steps, as for `EncoderDecoder`:

        y = (F(x[:, :S]), G(x[:, S:])),   dx = (∂F/∂x)ᵀ dy[:, :S] and (∂G/∂x)ᵀ dy[:, S:], in time.

    The number of steps and the mask stay the same. With `CrossAttention`, which lets the second part look at the first,
    this makes an encoder and a decoder.

    Args:
        source: number S of steps of the source.
        first: the layers F of the source; an empty list leaves it unchanged.
        second: the layers G of the other steps; an empty list leaves them unchanged.
    """

    source: int
    first: Sequence[Layer] = ()
    second: Sequence[Layer] = ()

    forward_equations = (
        Equation("y", "(F($x[:, :source]), G($x[:, source:])), one after the other in time", r"(F({$x}_1), G({$x}_2))"),
    )
    backward_equations = (
        Equation("dx", "what F gives of $dy[:, :source] and G of the rest", r"(\partial F^\top, \partial G^\top) $dy"),
    )

    def __post_init__(self) -> None:
        require_whole("source", self.source)
        for name in ("first", "second"):
            layers = getattr(self, name)
            if isinstance(layers, Layer) or not isinstance(layers, Sequence):
                raise ByhandError(f"SplitSteps takes lists of layers, such as [Dense(30)]; {name} is {layers!r}.")
            for layer in layers:
                require_instance("A layer", layer, Layer, "a layer such as Dense(10)")
            object.__setattr__(self, name, tuple(layers))
        if not self.first and not self.second:
            raise ByhandError("SplitSteps needs layers for one part at least.")
        both = tuple(Sequential(layers) for layers in (self.first, self.second) if layers)
        object.__setattr__(self, "layers", both)

    def plan(self, in_shape: Shape) -> Plan:
        """(S + T, k) becomes (S + T, units), where both parts end in as many."""
        require_sequences("SplitSteps", in_shape)
        if in_shape[0] <= self.source:
            raise ByhandError(f"{in_shape[0]} steps are a source of {self.source} and none behind it.")
        shapes: list[Shape] = [(self.source, in_shape[1]), (in_shape[0] - self.source, in_shape[1])]
        there = [i for i, layers in enumerate((self.first, self.second)) if layers]
        children = [plan_layer(layer, shapes[i]) for i, layer in zip(there, self.layers, strict=True)]
        ends = list(shapes)
        for i, child in zip(there, children, strict=True):
            ends[i] = child.out_shape
        if [end[:1] for end in ends] != [shape[:1] for shape in shapes] or ends[0][1:] != ends[1][1:]:
            raise ByhandError(
                f"the parts {shapes[0]} and {shapes[1]} become {ends[0]} and {ends[1]}; their steps must stay as many, "
                "and both end in as many numbers."
            )
        cache = {f"{name}{i}": shapes[i] for i in there for name in ("x", "d")}
        masks = {f"mask{i}": shapes[i][:1] for i in there}
        out_shape = (in_shape[0], *ends[0][1:])
        return Plan(out_shape, cache=cache, masks=masks, children=tuple(children), chained=False)

    def _parts(self) -> list[tuple[int, slice, bool]]:
        """Each part's number, its steps, and whether it has layers."""
        return [(0, slice(None, self.source), bool(self.first)), (1, slice(self.source, None), bool(self.second))]

    def forward(self, ops: Ops, at: Pass) -> None:
        """Run each part's layers over its steps."""
        passes = iter(zip(self.layers, at.children, strict=True))
        for i, steps, has_layers in self._parts():
            if not has_layers:
                ops.copy(at.x[:, steps], out=at.y[:, steps])
                continue
            layer, inner = next(passes)
            inner.x, inner.rng, inner.carries = getattr(at.cache, f"x{i}"), at.rng, False
            inner.mask = None
            if at.mask is not None:
                mask: Array = getattr(at.cache, f"mask{i}")
                ops.copy(at.mask[:, steps], out=mask)
                inner.mask = mask
            ops.copy(at.x[:, steps], out=inner.x)
            layer.forward(ops, inner)
            ops.copy(inner.y, out=at.y[:, steps])

    def backward(self, ops: Ops, at: Pass) -> None:
        """Go back through each part's layers."""
        passes = iter(zip(self.layers, at.children, strict=True))
        for i, steps, has_layers in self._parts():
            if has_layers:
                layer, inner = next(passes)
                ops.copy(at.dy[:, steps], out=inner.dy)
                inner.dx = None if at.dx is None else getattr(at.cache, f"d{i}")
                layer.backward(ops, inner)
            if at.dx is not None:
                ops.copy(getattr(at.cache, f"d{i}") if has_layers else at.dy[:, steps], out=at.dx[:, steps])

    def label(self) -> str:
        """For example SplitSteps(7, LayerNorm | Dense(3))."""
        parts = (", ".join(layer.label() for layer in layers) or "x" for layers in (self.first, self.second))
        return f"SplitSteps({self.source}, {' | '.join(parts)})"
