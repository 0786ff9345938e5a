"""Sequence to sequence: a recurrent encoder, and a decoder that starts from its last state."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from byhand.core.checks import require_instance, require_whole
from byhand.core.config import register
from byhand.core.equations import Equation
from byhand.core.errors import ByhandError
from byhand.core.passes import Pass
from byhand.core.plan import Plan
from byhand.core.types import Array, Shape
from byhand.layers.base import Layer, plan_layer
from byhand.layers.sequences.recurrent import Recurrent, require_sequences
from byhand.ops import Ops


@register
@dataclass(frozen=True)
class EncoderDecoder(Layer):
    """An encoder reads the first `source` steps; a decoder starts from its last state and processes the others.

    x (n, S + T, in) is the source, followed by the inputs of the decoder at its T steps; y (n, T, k) are the decoder's
    states. Both have parameters of their own. In training these inputs are the right answer, one step late and with a
    start token before it (teacher forcing, `byhand.generating.teacher_forcing`); in use they are the decoder's own
    outputs (`byhand.generating.translate`).

    Backward, the gradient by the decoder's first state is the gradient by the encoder's last one; there is no other
    connection between them. Sutskever, Vinyals and Le, "Sequence to sequence learning with neural networks" (2014).

    Args:
        layer: the encoder, such as LSTM(128); the decoder is the same with `return_sequences`. With `reverse` the
            encoder reads the source backwards, as Sutskever et al. do.
        source: number S of steps of the source.
    """

    layer: Recurrent
    source: int

    masks: ClassVar[bool] = True
    forward_equations = (Equation("y", "$y2, which starts from the last state of $y1", r"$y2"),)
    backward_equations = (
        Equation("dy1", "the gradient by the state that $y2 starts from", r"\frac{\partial L}{\partial $y1}"),
        Equation("dx", "($d1, $d2)", "($d1, $d2)"),
    )

    def __post_init__(self) -> None:
        require_instance("layer", self.layer, Recurrent, "a recurrent layer such as LSTM(64)")
        require_whole("source", self.source)
        if self.layer.return_sequences:
            raise ByhandError("EncoderDecoder takes the encoder's last state alone; leave return_sequences out.")

    @property
    def layers(self) -> Sequence[Layer]:  # type: ignore[override]
        """The encoder and the decoder."""
        return self.layer, replace(self.layer, return_sequences=True, reverse=False)

    def plan(self, in_shape: Shape) -> Plan:
        """(S + T, in) becomes (T, units)."""
        require_sequences("EncoderDecoder", in_shape)
        steps, channels = in_shape[0] - self.source, in_shape[1]
        if steps < 1:
            raise ByhandError(f"{in_shape[0]} steps are a source of {self.source} and none for the decoder.")
        shapes = (self.source, channels), (steps, channels)
        children = tuple(plan_layer(layer, shape) for layer, shape in zip(self.layers, shapes, strict=True))
        cache = {"x1": shapes[0], "x2": shapes[1], "d1": shapes[0], "d2": shapes[1]}
        masks = {"mask1": shapes[0][:1], "mask2": shapes[1][:1]}
        out_shape = children[1].out_shape
        return Plan(out_shape, cache=cache, masks=masks, children=children, inner_shape=in_shape, chained=False)

    def forward(self, ops: Ops, at: Pass) -> None:
        """Run the encoder over the source, and the decoder from its last state over the rest."""
        s, (first, second) = self.source, at.children
        ops.copy(at.x[:, :s], out=at.cache.x1)
        ops.copy(at.x[:, s:], out=at.cache.x2)
        first.x, second.x, second.y = at.cache.x1, at.cache.x2, at.y
        first.rng = second.rng = at.rng
        first.carries, second.carries = False, True
        if at.mask is None:
            first.mask = second.mask = None
        else:
            first.mask, second.mask = at.cache.mask1, at.cache.mask2
            ops.copy(at.mask[:, :s], out=first.mask)
            ops.copy(at.mask[:, s:], out=second.mask)
        encoder, decoder = self.layers
        encoder.forward(ops, first)
        for name in self.layer.states:
            ops.copy(getattr(first.carry, name), out=getattr(second.carry, name))
        decoder.forward(ops, second)

    def backward(self, ops: Ops, at: Pass) -> None:
        """Go back through the decoder, and from the gradient by its first state through the encoder."""
        s, (first, second), (_, decoder) = self.source, at.children, self.layers
        second.dy = at.dy
        first.dx, second.dx = (None, None) if at.dx is None else (at.cache.d1, at.cache.d2)
        decoder.backward(ops, second)
        for name in self.layer.states:
            ops.copy(getattr(second.cache, f"d{name}"), out=getattr(first.cache, f"d{name}"))
        first.dy = second.cache.dh
        self.layer.back_from_state(ops, first, None)
        if at.dx is not None:
            ops.copy(at.cache.d1, out=at.dx[:, :s])
            ops.copy(at.cache.d2, out=at.dx[:, s:])

    def mask_after(self, at: Pass) -> Array | None:
        """The input's, of the decoder's steps."""
        return at.children[1].mask

    def label(self) -> str:
        """For example EncoderDecoder(LSTM(128), 7)."""
        return f"EncoderDecoder({self.layer.label()}, {self.source})"
