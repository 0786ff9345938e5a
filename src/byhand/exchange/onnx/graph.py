"""The graph of an ONNX file that is being written."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from byhand.core.errors import ByhandError
from byhand.core.extras import how_to_install
from byhand.core.plan import Plan
from byhand.core.types import Array, Shape
from byhand.layers import Layer

OPSET, IR_VERSION = 17, 8  # what runtimes from 2022 on read


def onnx_package() -> Any:
    """The package onnx.

    Raises:
        ByhandError: it isn't installed.
    """
    try:
        import onnx
    except ImportError:
        raise ByhandError(f"ONNX files need the package onnx: {how_to_install('onnx')}") from None
    return onnx


@dataclass(frozen=True)
class Flow:
    """A value on its way through the graph.

    Attributes:
        name: its name in the graph.
        shape: the shape of one sample, as byhand has it.
        first: of an image: whether its channels come first in the graph.
        order: of rows that were an image with its channels first: which of byhand's numbers each of them is.
        mask: the name of (n, T), 1 at the steps that are there; None where all are.
        lengths: the name of (n,), how many steps are there.
    """

    name: str
    shape: Shape
    first: bool = False
    order: Array | None = None
    mask: str | None = None
    lengths: str | None = None

    def to(self, name: str, shape: Shape | None = None, **changes: Any) -> "Flow":
        """What comes after it."""
        return replace(self, name=name, shape=self.shape if shape is None else shape, **changes)


class GraphWriter:
    """Nodes and constants, and a fresh name for each.

    Attributes:
        values: all parameters and state of the network, by their full names.
    """

    def __init__(self, values: Mapping[str, Array] | None = None) -> None:
        self.values = values or {}
        self.onnx = onnx_package()
        self.nodes: list[Any] = []
        self.constants: list[Any] = []
        self._taken: dict[str, int] = {}

    def _fresh(self, name: str) -> str:
        self._taken[name] = self._taken.get(name, 0) + 1
        return f"{name}_{self._taken[name]}"

    def constant(self, name: str, value: Any) -> str:
        """A constant: whole numbers as int64, all others as float32."""
        array = np.asarray(value)
        array = np.ascontiguousarray(array, np.int64 if array.dtype.kind in "iu" else np.float32)
        found = self._fresh(name)
        self.constants.append(self.onnx.numpy_helper.from_array(array.reshape(np.shape(value)), found))
        return found

    def node(self, kind: str, *inputs: str, **attributes: Any) -> str:
        """A node; returns the name of its output."""
        return self.several(kind, inputs, (0,), **attributes)[0]

    def several(self, kind: str, inputs: Sequence[str], outputs: Sequence[int], **attributes: Any) -> list[str]:
        """A node of whose outputs those with these numbers are wanted; returns their names."""
        names = {i: self._fresh(kind) for i in outputs}
        every = [names.get(i, "") for i in range(max(outputs) + 1)]
        self.nodes.append(self.onnx.helper.make_node(kind, inputs, every, name=names[outputs[0]], **attributes))
        return [*names.values()]

    def cut(self, name: str, start: int, stop: int, axis: int) -> str:
        """A part of a value along an axis."""
        return self.node("Slice", name, *(self.constant("cut", [value]) for value in (start, stop, axis)))

    def transposed(self, name: str, *axes: int) -> str:
        """The value with its axes in another order."""
        return self.node("Transpose", name, perm=axes)

    def reshaped(self, name: str, shape: Shape) -> str:
        """The value (n, ...) as (n, *shape)."""
        return self.node("Reshape", name, self.constant("shape", [-1, *shape]))

    def channels_first(self, flow: Flow) -> Flow:
        """An image, its channels first."""
        return flow if flow.first else flow.to(self.transposed(flow.name, 0, 3, 1, 2), first=True)

    def channels_last(self, flow: Flow) -> Flow:
        """Anything, as byhand has it."""
        return flow.to(self.transposed(flow.name, 0, 2, 3, 1), first=False) if flow.first else flow


@dataclass(frozen=True)
class Exported:
    """A layer that is being written.

    Attributes:
        to: the graph.
        layer: the layer.
        plan: its plan.
        p: its parameters and state, by name; of layers inside it as "0.W".
        ahead: the layers that come after it, in its chain.
    """

    to: GraphWriter
    layer: Any
    plan: Plan
    p: Mapping[str, Array]
    ahead: tuple[Layer, ...]


OnnxMeaning = Callable[[Exported, Flow], Flow]
MEANINGS: dict[type, OnnxMeaning] = {}


def means(*kinds: type) -> Callable[[OnnxMeaning], OnnxMeaning]:
    """Decorator: the function writes these layers."""

    def note(function: OnnxMeaning) -> OnnxMeaning:
        MEANINGS.update(dict.fromkeys(kinds, function))
        return function

    return note


def write_chain(
    to: GraphWriter, layers: tuple[Layer, ...], plans: tuple[Plan, ...], p: Mapping[str, Array], flow: Flow
) -> Flow:
    """Write layers in a row.

    Raises:
        ByhandError: one of them has no meaning in ONNX.
    """
    for i, (layer, plan) in enumerate(zip(layers, plans, strict=True)):
        if type(layer) not in MEANINGS:
            raise ByhandError(f"The layer {layer.label()} has no meaning in ONNX that byhand writes.")
        own = {name.removeprefix(f"{i}."): a for name, a in p.items() if name.startswith(f"{i}.")}
        own |= {name: to.values[source] for name, (source, _) in plan.shared.items()}
        flow = MEANINGS[type(layer)](Exported(to, layer, plan, own, tuple(layers[i + 1 :])), flow)
        flow = flow.to(flow.name, plan.out_shape)
    return flow
