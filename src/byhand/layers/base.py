"""The contract that every layer keeps."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, ClassVar

import numpy as np

from byhand.core.equations import Equation
from byhand.core.errors import ByhandError
from byhand.core.types import Array, Rng, Shape
from byhand.initializers import Initializer
from byhand.layers.windows import Window


@dataclass(frozen=True)
class Plan:
    """What a layer needs for a given input shape; shapes leave out the batch axis.

    Attributes:
        out_shape: the output's shape.
        params: shapes of its parameters by name.
        cache: shapes of the arrays that it wants kept between forward and backward, by name.
        scratch: shapes of further such arrays, without a batch axis: numbers of a whole batch, room to work in.
        state: shapes of what it keeps from step to step without learning it by gradient, by name (no batch axis).
        children: the plans of the layers that it is made of; theirs is `p.children[k]`, `cache.children[k]`, ...
    """

    out_shape: Shape
    params: Mapping[str, Shape] = field(default_factory=dict)
    cache: Mapping[str, Shape] = field(default_factory=dict)
    scratch: Mapping[str, Shape] = field(default_factory=dict)
    state: Mapping[str, Shape] = field(default_factory=dict)
    children: tuple["Plan", ...] = ()

    @property
    def learns(self) -> bool:
        """Whether it, or a layer in it, has parameters."""
        return bool(self.params) or any(child.learns for child in self.children)


class Layer:
    """A step of a network. It holds hyper-parameters only; all arrays belong to somebody else.

    A subclass is a frozen dataclass with `plan`, `forward` and `backward`, and its equations beside them.
    """

    in_place: ClassVar[bool] = False  # forward may write y over x
    reshapes: ClassVar[bool] = False  # y is x in another shape: both may always be the same memory, dy and dx too
    needs_output: ClassVar[bool] = False  # backward reads y, so the next layer must not write over it
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
        """How each parameter, and each number of the state, starts, by name."""
        return {}

    def initialize(self, rng: np.random.Generator, p: SimpleNamespace) -> None:
        """Fill the parameters and the state p."""
        for name, initializer in self.initializers().items():
            initializer.fill(rng, getattr(p, name))

    def forward(self, ops: Any, p: SimpleNamespace, x: Array, y: Array, cache: SimpleNamespace, rng: Rng) -> None:
        """Compute y (n, *out) from x (n, *in) and the parameters p; rng is None outside training."""
        raise NotImplementedError

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
        """From dy = ∂L/∂y (n, *out) overwrite g with ∂L/∂p and, unless dx is None, dx (n, *in) with ∂L/∂x."""
        raise NotImplementedError

    def unkept(self, x: Array, cache: SimpleNamespace) -> Mapping[str, Array]:
        """What its equations name, of the output's shape, but neither output nor cache holds: for `explain`."""
        return {}

    def label(self) -> str:
        """How a summary names it."""
        return type(self).__name__


def plan_layers(layers: Sequence[Layer], in_shape: Shape) -> list[Plan]:
    """Each layer's plan, shapes handed on from one to the next.

    Raises:
        ByhandError: a layer cannot take what the one before it gives; the message says which.
    """
    plans: list[Plan] = []
    for i, layer in enumerate(layers):
        try:
            plans.append(layer.plan(in_shape))
        except ByhandError as error:
            raise ByhandError(f"Layer {i + 1}, {layer.label()}: {error}") from None
        in_shape = plans[-1].out_shape
    return plans
