"""The flat parameter vector and its named views.

A network is one vector θ and one gradient vector g of the same length. A layer never owns its weights: it sees views
such as `p.W` and `p.b` of θ, and `g.W`, `g.b` of g. Whatever acts on all parameters at once (an optimiser, clipping,
averaging, a checkpoint) is then one operation on one array. What layers keep beside their parameters (running means)
lies in a second flat vector in the same manner.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from types import SimpleNamespace

from byhand.core.types import Array, Shape
from byhand.layers.base import Plan

Path = tuple[int, ...]  # (2,) is layer 2, (2, 0) the first layer inside it


@dataclass(frozen=True)
class Parameter:
    """One named array inside the flat vector: which layer it belongs to, its name, where it lies, its shape."""

    path: Path
    name: str
    start: int
    shape: Shape

    @property
    def full_name(self) -> str:
        """For example "0.W", or "2.0.W" for a layer inside layer 2."""
        return ".".join([*map(str, self.path), self.name])

    @property
    def size(self) -> int:
        """How many numbers it holds."""
        return prod(self.shape)

    def view(self, vector: Array) -> Array:
        """Its place in `vector`, in its own shape; no copy."""
        return vector[self.start : self.start + self.size].reshape(self.shape)


class Arena:
    """Gives every layer's parameters their place in one flat vector.

    Parameters with two or more dimensions (the weights) come first, the others (the biases) after them, so that
    whatever concerns weights only, such as weight decay, is the slice `weights`.

    Args:
        plans: the layers' plans, in order.
        kind: which of a plan's shapes: "params" or "state".
    """

    def __init__(self, plans: Sequence[Plan], kind: str = "params"):
        self._plans = tuple(plans)
        named = list(_named(self._plans, kind, ()))
        named.sort(key=lambda item: len(item[2]) < 2)  # a stable sort: the layers' order remains
        self.parameters: list[Parameter] = []
        self.size = 0
        for path, name, shape in named:
            self.parameters.append(Parameter(path, name, self.size, shape))
            self.size += prod(shape)
        self.weights = slice(0, sum(p.size for p in self.parameters if len(p.shape) >= 2))

    def views(self, vector: Array, into: list[SimpleNamespace] | None = None) -> list[SimpleNamespace]:
        """For each layer a namespace of views of `vector` (size,), named as the layer's parameters.

        Args:
            vector: the flat vector.
            into: namespaces to add the views to, rather than new ones.
        """
        views = into if into is not None else [namespaces(plan) for plan in self._plans]
        for p in self.parameters:
            inner, *path = (views[p.path[0]], *p.path[1:])
            for child in path:
                inner = inner.children[child]
            setattr(inner, p.name, p.view(vector))
        return views


def namespaces(plan: Plan) -> SimpleNamespace:
    """An empty namespace for a layer, with one for each layer inside it under `children`."""
    if not plan.children:
        return SimpleNamespace()
    return SimpleNamespace(children=[namespaces(child) for child in plan.children])


def _named(plans: Sequence[Plan], kind: str, path: Path) -> list[tuple[Path, str, Shape]]:
    """(path, name, shape) of every array of that kind, layer by layer, a layer's own before its children's."""
    found = []
    for i, plan in enumerate(plans):
        found += [((*path, i), name, shape) for name, shape in getattr(plan, kind).items()]
        found += _named(plan.children, kind, (*path, i))
    return found
