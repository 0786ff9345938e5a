"""Other libraries' weights in a network: which of their modules is which of its layers, found by shapes."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np

from byhand.core.errors import ByhandError
from byhand.core.plan import Plan
from byhand.core.types import Array, Shape
from byhand.layers import Activation, BatchNorm, Bidirectional, Dense, Dropout, Flatten, Layer, Softmax
from byhand.network import Network


class Tensor(Protocol):
    """What has a shape, and becomes an array."""

    shape: Any

    def __array__(self) -> Array: ...


@dataclass(frozen=True)
class Weighted:
    """A layer that has learnt something.

    Attributes:
        path: its place in the network, "2" or "2.0".
        layer: the layer.
        plan: its plan.
        order: for what follows a flattened image: which of byhand's numbers each is with the channels first.
    """

    path: str
    layer: Layer
    plan: Plan
    order: Array | None = None


@dataclass(frozen=True)
class Match:
    """A layer, and the module that it was filled from."""

    path: str
    layer: str
    module: str
    shapes: tuple[Shape, ...]

    def __str__(self) -> str:
        shapes = ", ".join(" × ".join(map(str, shape)) or "1" for shape in self.shapes)
        return f"{self.layer} (layer {self.path}) ← {self.module}: {shapes}"


def weighted_layers(
    layers: Sequence[Layer], plans: Sequence[Plan], in_shape: Shape, path: str = ""
) -> Iterator[Weighted]:
    """The layers of a network that have parameters, in order; those of composites among them."""
    order: Array | None = None
    for i, (layer, plan) in enumerate(zip(layers, plans, strict=True)):
        here = f"{path}{i}"
        if plan.params:
            rows = isinstance(layer, Dense | BatchNorm) and order is not None
            yield Weighted(here, layer, plan, order if rows else None)
        elif isinstance(layer, Bidirectional):
            yield Weighted(here, layer, plan)
        elif plan.children:
            if plan.chained:
                yield from weighted_layers(layer.layers, plan.children, in_shape, f"{here}.")
            else:
                for k, (inner, child) in enumerate(zip(layer.layers, plan.children, strict=True)):
                    for found in weighted_layers([inner], [child], in_shape, ""):
                        yield replace(found, path=f"{here}.{k}{found.path[1:]}")
        if isinstance(layer, Flatten) and len(in_shape) == 3:
            order = np.arange(np.prod(in_shape)).reshape(in_shape).transpose(2, 0, 1).reshape(-1)
        elif not isinstance(layer, Dropout | BatchNorm | Activation) or isinstance(layer, Softmax):
            order = None
        in_shape = plan.out_shape


def by_number(name: str) -> list[Any]:
    """A key that sorts conv2 before conv10."""
    return [int(part) if part.isdecimal() else part for part in re.split(r"(\d+)", name)]


def match_modules(
    network: Network,
    modules: Mapping[str, Mapping[str, Tensor]],
    wanted: Callable[[Weighted], Mapping[str, Shape]],
    what: str,
    may_lack: Callable[[Layer], Sequence[str]] = lambda layer: (),
) -> list[tuple[Weighted, str]]:
    """For each layer the module with the tensors that it wants: of several equal ones the first that is left.

    `may_lack` names the tensors that a layer does without.

    Raises:
        ByhandError: a layer finds none, or a module is left over.
    """
    left, pairs = dict(modules), []
    for place in weighted_layers(network.layers, network.plan, network.input_shape):
        shapes = {name: tuple(shape) for name, shape in wanted(place).items()}
        fits = (
            name
            for name, tensors in left.items()
            if {key: tuple(tensor.shape) for key, tensor in tensors.items()}
            == {key: shape for key, shape in shapes.items() if key in tensors or key not in may_lack(place.layer)}
        )
        name = next(fits, None)
        if name is None:
            need = ", ".join(f"{key} {shape}" for key, shape in shapes.items())
            have = "; ".join(
                f"{name or what}: {', '.join(f'{key} {tuple(t.shape)}' for key, t in tensors.items())}"
                for name, tensors in left.items()
            )
            raise ByhandError(
                f"{what}: nothing in it fits {place.layer.label()} (layer {place.path}), which needs {need}; "
                f"left are {have or 'no tensors'}."
            )
        pairs.append((place, name))
        del left[name]
    if left:
        raise ByhandError(f"{what}: the network has no layer for {', '.join(sorted(left, key=by_number)[:5])}.")
    return pairs


def fill_layers(network: Network, found: Mapping[str, Mapping[str, Array]], what: str) -> None:
    """Put each layer's parameters and state, by its path, into the network.

    Raises:
        ByhandError: numbers that are not finite; nothing is changed then.
    """
    values = {f"{path}.{name}": a for path, own in found.items() for name, a in own.items()}
    with np.errstate(over="ignore"):
        values = {name: np.asarray(a, network.dtype) for name, a in values.items()}
    if wrong := [name for name, a in values.items() if not np.isfinite(a).all()]:
        raise ByhandError(f"{what}: {wrong[0]} holds numbers that are not finite.")
    network.load_state_dict(network.state_dict() | values)
