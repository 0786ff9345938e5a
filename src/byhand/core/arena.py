"""The flat parameter vector and its named views.

A network is one vector θ and one gradient vector g of the same length. A layer never owns its weights: it sees views
such as `p.W` and `p.b` of θ, and `g.W`, `g.b` of g. Whatever acts on all parameters at once (an optimiser, clipping,
averaging, a checkpoint) is then one operation on one array. What layers keep beside their parameters (running means)
lies in a second flat vector in the same manner.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import prod
from types import SimpleNamespace

from byhand.core.errors import ByhandError
from byhand.core.plan import Plan
from byhand.core.types import Array, Shape

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
        """The number of elements."""
        return prod(self.shape)

    def view(self, vector: Array) -> Array:
        """The view of `vector` in the shape of the array."""
        return vector[self.start : self.start + self.size].reshape(self.shape)


class Arena:
    """Arranges the parameters of all layers in one flat vector.

    Parameters with two or more dimensions (the weights) come first, the others (the biases) after them, so that
    whatever concerns weights only, such as weight decay, is the slice `weights`.

    Args:
        plans: the layers' plans, in order.
        kind: which of a plan's shapes: "params" or "state".

    Attributes:
        parameters: every array, in the vector's order.
        size: how many numbers they have together.
        weights: where those with two or more dimensions lie.
        shared: (path, name, owner) of every use of a parameter that another layer owns.

    Raises:
        ByhandError: a layer uses a parameter that no layer has, or that has another shape.
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
        owners = {p.full_name: p for p in self.parameters}
        self.shared: list[tuple[Path, str, Parameter]] = []
        for path, name, (owner, shape) in _uses(self._plans, ()) if kind == "params" else ():
            if owner not in owners:
                known = ", ".join(owners) or "none"
                raise ByhandError(f"Layer {path[0] + 1} uses the parameter {owner!r}, which no layer has: {known}.")
            if owners[owner].shape != shape:
                raise ByhandError(
                    f"Layer {path[0] + 1} uses the parameter {owner!r} as one of shape {shape}; it has the shape "
                    f"{owners[owner].shape}."
                )
            self.shared.append((path, name, owners[owner]))

    def views(self, vector: Array, into: list[SimpleNamespace] | None = None) -> list[SimpleNamespace]:
        """For each layer a namespace of views of `vector` (size,), named as the layer's parameters.

        A parameter that another layer owns is a view of the owner's place.

        Args:
            vector: the flat vector.
            into: namespaces to add the views to, rather than new ones.
        """
        views = into if into is not None else [namespaces(plan) for plan in self._plans]
        for p in self.parameters:
            setattr(_at(views, p.path), p.name, p.view(vector))
        for path, name, owner in self.shared:
            setattr(_at(views, path), name, owner.view(vector))
        return views

    def split_shared(self, g: list[SimpleNamespace]) -> list[tuple[Array, Array]]:
        """Give every use of a shared parameter a gradient array of its own in g.

        Returns:
            (owner's gradient, the use's gradient) of each: once a backward pass is over, the second is added to the
            first. A layer can then overwrite its gradient, whoever else uses the parameter.
        """
        pairs = []
        for path, name, owner in self.shared:
            own = getattr(_at(g, owner.path), owner.name)
            pairs.append((own, own.copy()))
            setattr(_at(g, path), name, pairs[-1][1])
        return pairs


def namespaces(plan: Plan) -> SimpleNamespace:
    """An empty namespace for a layer, with one for each layer inside it under `children`."""
    if not plan.children:
        return SimpleNamespace()
    return SimpleNamespace(children=[namespaces(child) for child in plan.children])


def _at(views: Sequence[SimpleNamespace], path: Path) -> SimpleNamespace:
    """The namespace of the layer at `path`."""
    found = views[path[0]]
    for child in path[1:]:
        found = found.children[child]
    return found


def _uses(plans: Sequence[Plan], path: Path) -> Iterator[tuple[Path, str, tuple[str, Shape]]]:
    """(path, name, (owner's full name, shape)) of every use of another layer's parameter."""
    for i, plan in enumerate(plans):
        yield from (((*path, i), name, use) for name, use in plan.shared.items())
        yield from _uses(plan.children, (*path, i))


def _named(plans: Sequence[Plan], kind: str, path: Path) -> list[tuple[Path, str, Shape]]:
    """(path, name, shape) of every array of that kind, layer by layer, a layer's own before its children's."""
    found = []
    for i, plan in enumerate(plans):
        found += [((*path, i), name, shape) for name, shape in getattr(plan, kind).items()]
        found += _named(plan.children, kind, (*path, i))
    return found
