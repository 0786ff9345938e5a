"""The flat parameter vector and its named views.

A network is one vector θ and one gradient vector g of the same length. A layer never owns its weights: it sees views
such as `p.W` and `p.b` of θ, and `g.W`, `g.b` of g. Whatever acts on all parameters at once (an optimiser, clipping,
averaging, a checkpoint) is then one operation on one array.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from types import SimpleNamespace

from byhand.types import Array, Shape


@dataclass(frozen=True)
class Parameter:
    """One named array inside the flat vector: which layer it belongs to, its name, where it lies, its shape."""

    layer: int
    name: str
    start: int
    shape: Shape

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
        shapes: for each layer, in order, its parameters' shapes by name.
    """

    def __init__(self, shapes: Sequence[Mapping[str, Shape]]):
        named = [(i, name, shape) for i, layer in enumerate(shapes) for name, shape in layer.items()]
        named.sort(key=lambda item: len(item[2]) < 2)  # a stable sort: the layers' order remains
        self.layers = len(shapes)
        self.parameters: list[Parameter] = []
        self.size = 0
        for i, name, shape in named:
            self.parameters.append(Parameter(i, name, self.size, shape))
            self.size += prod(shape)
        self.weights = slice(0, sum(p.size for p in self.parameters if len(p.shape) >= 2))

    def views(self, vector: Array) -> list[SimpleNamespace]:
        """For each layer a namespace of views of `vector` (size,), named as the layer's parameters."""
        views = [SimpleNamespace() for _ in range(self.layers)]
        for p in self.parameters:
            setattr(views[p.layer], p.name, p.view(vector))
        return views
