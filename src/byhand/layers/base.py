"""The base class of layers."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import SimpleNamespace
from typing import ClassVar

import numpy as np

from byhand.core.equations import Equation
from byhand.core.errors import ByhandError
from byhand.core.passes import Pass
from byhand.core.plan import Plan
from byhand.core.types import Array, Rng, Shape
from byhand.initializers import Initializer
from byhand.layers.windows import Window
from byhand.ops import Ops


class Layer:
    """Base of all layers. A layer contains hyper-parameters only; its arrays are allocated by the network.

    A subclass is a frozen dataclass with `plan`, `forward` and `backward`, and its equations beside them.
    """

    takes: ClassVar[str] = "numbers"  # or "tokens": whole numbers (n, ...) from 0 to below `vocabulary`
    in_place: ClassVar[bool] = False  # forward may write y over x
    reshapes: ClassVar[bool] = False  # y is x in another shape: both may always be the same memory, dy and dx too
    needs_output: ClassVar[bool] = False  # backward reads y, so the next layer must not write over it
    masks: ClassVar[bool] = False  # `mask_after` gives another mask than the input's
    incremental: ClassVar[bool] = False  # pieces of a sequence, with `carries`, give what the whole one gives
    longest: int | None = None  # steps of the longest sequence that it takes; None for any
    forward_equations: ClassVar[tuple[Equation, ...]] = ()
    backward_equations: ClassVar[tuple[Equation, ...]] = ()
    layers: Sequence["Layer"] = ()  # of a composite: the layers inside it, in order
    window: Window | None = None  # of a layer that slides one over images: where it looks

    def plan(self, in_shape: Shape) -> Plan:
        """Output shape, parameters and cache for inputs of `in_shape` (without the batch axis).

        Raises:
            ByhandError: this layer cannot take such an input.
        """
        raise NotImplementedError

    def initializers(self) -> Mapping[str, Initializer]:
        """The initializers of parameters and state, by name."""
        return {}

    def initialize(self, rng: np.random.Generator, p: SimpleNamespace) -> None:
        """Fill the parameters and the state p, a composite's own before those of the layers inside it."""
        for name, initializer in self.initializers().items():
            initializer.fill(rng, getattr(p, name))
        for layer, inner in zip(self.layers, getattr(p, "children", ()), strict=True):
            layer.initialize(rng, inner)

    def forward(self, ops: Ops, at: Pass) -> None:
        """Compute at.y (n, *out) from at.x (n, *in) and the parameters at.p; at.rng is None outside training."""
        raise NotImplementedError

    def backward(self, ops: Ops, at: Pass) -> None:
        """From at.dy = ∂L/∂y overwrite at.g with ∂L/∂p and, unless it is None, at.dx with ∂L/∂x."""
        raise NotImplementedError

    def mask_after(self, at: Pass) -> Array | None:
        """The mask (n, T) of the output; asked for only where `masks` is True."""
        return at.mask

    def unkept(self, at: Pass) -> Mapping[str, Array]:
        """What its equations name, but neither output nor cache holds: for `explain`.

        Its shape is the output's, that of its gradient ("d" and its name) in the cache, or as `named` says.
        """
        return {}

    def unkept_gradients(self, at: Pass) -> Mapping[str, Array]:
        """The same of its backward equations."""
        return {}

    def label(self) -> str:
        """The name of the layer in summaries."""
        return type(self).__name__


def plan_layers(layers: Sequence[Layer], in_shape: Shape) -> list[Plan]:
    """Each layer's plan, shapes handed on from one to the next.

    Raises:
        ByhandError: a layer cannot take what the one before it gives; the message says which.
    """
    plans: list[Plan] = []
    for i, layer in enumerate(layers):
        try:
            plans.append(plan_layer(layer, in_shape))
        except ByhandError as error:
            raise ByhandError(f"Layer {i + 1}, {layer.label()}: {error}") from None
        in_shape = plans[-1].out_shape
    return plans


def plan_layer(layer: Layer, in_shape: Shape) -> Plan:
    """A layer's plan, with what it says of the memory that it shares."""
    plan = layer.plan(in_shape)
    return replace(plan, in_place=layer.in_place, reshapes=layer.reshapes, needs_output=layer.needs_output)


def forward_through(
    ops: Ops,
    layers: Sequence[Layer],
    passes: Sequence[Pass],
    x: Array,
    rng: Rng = None,
    mask: Array | None = None,
    carries: bool = False,
) -> tuple[Array, Array | None]:
    """Run `layers` one after the other from x; returns the last one's output, and its mask."""
    for layer, at in zip(layers, passes):  # noqa: B905  (as many; asked once a step)
        at.x, at.rng, at.mask, at.carries = x, rng, mask, carries
        layer.forward(ops, at)
        if layer.masks:
            mask = layer.mask_after(at)
        x = at.y
    return x, mask


def backward_through(
    ops: Ops, layers: Sequence[Layer], passes: Sequence[Pass], dx: Array | None = None, first: int = 0
) -> None:
    """Go back from the last layer's dy to layer `first`, whose gradient by its input goes into dx."""
    for i in range(len(layers) - 1, first - 1, -1):
        at = passes[i]
        at.dx = passes[i - 1].dy if i > first else dx
        layers[i].backward(ops, at)


def longest_sequence(layers: Sequence[Layer]) -> int | None:
    """Steps of the longest sequence that these layers, and those inside them, take; None for any."""
    limits = [limit for layer in layers for limit in (layer.longest, longest_sequence(layer.layers)) if limit]
    return min(limits, default=None)
