"""Networks as calls of another library's layers: what PyTorch's and Keras' programs have in common."""

from collections.abc import Sequence
from typing import ClassVar

from byhand.core.errors import ByhandError
from byhand.core.plan import Plan
from byhand.core.types import Shape
from byhand.layers import Layer, Parallel, Residual, Sequential
from byhand.network import Network


class ModuleLines:
    """Lines (code, comment) that hand a variable through a network's layers.

    A subclass has a method for each kind of layer, called as the class: `Dense(layer, plan, in_shape, name, v)`.

    Attributes:
        library: the other library's name.
        forward: the lines.
        names: what the object of each layer is called, by the layer's place in the network: {"0": "dense1"}.
    """

    library: ClassVar[str]

    def __init__(self, network: Network):
        self.forward: list[tuple[str, str]] = []
        self.names: dict[str, str] = {}
        self._branches = 0
        self.chain(network.layers, network.plan, network.input_shape, "", "x")

    def line(self, code: str, comment: str = "") -> None:
        """Add a line."""
        self.forward.append((code, comment))

    def shape(self, shape: Shape) -> str:
        """A batch's shape as a comment."""
        return f"(n, {', '.join(map(str, shape))})"

    def chain(self, layers: Sequence[Layer], plans: Sequence[Plan], in_shape: Shape, path: str, v: str) -> None:
        """Hand the variable v through layers in a row."""
        for i, (layer, plan) in enumerate(zip(layers, plans, strict=True)):
            self.one(layer, plan, in_shape, f"{path}{i}", v)
            in_shape = plan.out_shape

    def one(self, layer: Layer, plan: Plan, in_shape: Shape, path: str, v: str) -> None:
        """Hand v through one layer."""
        if isinstance(layer, Sequential):
            self.chain(layer.layers, plan.children, in_shape, f"{path}.", v)
        elif isinstance(layer, Residual):
            self._branches += 1
            kept = f"before{self._branches}"
            self.line(f"{kept} = {v}", self.shape(in_shape))
            self.chain(layer.layers, plan.children, in_shape, f"{path}.", v)
            self.line(f"{v} = {kept} + {v}", self.shape(plan.out_shape))
        elif isinstance(layer, Parallel):
            self._branches += 1
            parts = [f"part{self._branches}_{k + 1}" for k in range(len(layer.layers))]
            for k, (branch, inner) in enumerate(zip(layer.layers, plan.children, strict=True)):
                self.line(f"{parts[k]} = {v}")
                self.one(branch, inner, in_shape, f"{path}.{k}", parts[k])
            self.line(f"{v} = {self.joined(parts, len(in_shape))}", self.shape(plan.out_shape))
        else:
            write = getattr(self, type(layer).__name__, None)
            if write is None or plan.shared or not type(layer).__module__.startswith("byhand."):
                raise ByhandError(f"The layer {layer.label()} can't be written in {self.library} yet.")
            name = ""
            if plan.params or plan.children:
                name = f"{type(layer).__name__.lower()}{len(self.names) + 1}"
                self.names[path] = name
            write(layer, plan, in_shape, name, v)

    def joined(self, parts: list[str], sides: int) -> str:
        """The expression that puts variables side by side."""
        raise NotImplementedError
