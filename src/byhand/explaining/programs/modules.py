"""Networks as calls of another library's layers: what PyTorch's and Keras' programs have in common."""

from collections.abc import Sequence
from typing import ClassVar

from byhand.core.errors import ByhandError
from byhand.core.plan import Plan
from byhand.core.types import Shape
from byhand.layers import EncoderDecoder, Layer, Parallel, Residual, Sequential, TiedDense, TransformerBlock
from byhand.network import Network


class ModuleLines:
    """Lines (code, comment) that hand a variable through a network's layers.

    A subclass has a method for each kind of layer, called as the class: `Dense(layer, plan, in_shape, name, v)`.

    Attributes:
        library: the other library's name.
        forward: the lines.
        names: what the object of each layer is called, by the layer's place in the network: {"0": "dense1"}.
        masked: whether the variable `mask` says which steps are there, at the layer that is being written.
    """

    library: ClassVar[str]
    mask: ClassVar[str]  # the expression of the mask of numbers x that end in steps of zeros

    def __init__(self, network: Network, padded: bool = False):
        self.forward: list[tuple[str, str]] = []
        self.names: dict[str, str] = {}
        self._branches, self.masked = 0, padded
        if padded:
            self.line(f"mask = {self.mask}", f"steps that are there, {self.shape(network.input_shape[:1])}")
        self.chain(network.layers, network.plan, network.input_shape, "", "x")
        if self.masked:
            raise ByhandError("Targets for every step of sequences with masks can't be written in a program yet.")

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
        if isinstance(layer, Sequential | TransformerBlock):
            self.chain(layer.layers, plan.children, in_shape, f"{path}.", v)
        elif isinstance(layer, Residual):
            self._branches, masked = self._branches + 1, self.masked
            kept = f"before{self._branches}"
            self.line(f"{kept} = {v}", self.shape(in_shape))
            self.chain(layer.layers, plan.children, in_shape, f"{path}.", v)
            self.line(f"{v} = {kept} + {v}", self.shape(plan.out_shape))
            self.masked = masked
        elif isinstance(layer, Parallel):
            self._branches, masked, after = self._branches + 1, self.masked, []
            parts = [f"part{self._branches}_{k + 1}" for k in range(len(layer.layers))]
            for k, (branch, inner) in enumerate(zip(layer.layers, plan.children, strict=True)):
                self.line(f"{parts[k]} = {v}")
                self.masked = masked
                self.one(branch, inner, in_shape, f"{path}.{k}", parts[k])
                after.append(self.masked)
            self.masked = after[0]
            self.line(f"{v} = {self.joined(parts, len(in_shape))}", self.shape(plan.out_shape))
        elif isinstance(layer, EncoderDecoder):
            if self.masked:
                raise ByhandError(f"{layer.label()} with masks can't be written in {self.library} yet.")
            self.encoder_decoder(layer, plan, in_shape, path, v)
        else:
            write = getattr(self, type(layer).__name__, None)
            if write is None or not type(layer).__module__.startswith("byhand."):
                raise ByhandError(f"The layer {layer.label()} can't be written in {self.library} yet.")
            name = self._embedding_of(layer, plan) if isinstance(layer, TiedDense) else ""
            if plan.params or plan.children:
                name = self.named(layer, path)
            write(layer, plan, in_shape, name, v)

    def named(self, layer: Layer, path: str) -> str:
        """A name for what stands for a layer in the program."""
        self.names[path] = f"{type(layer).__name__.lower()}{len(self.names) + 1}"
        return self.names[path]

    def encoder_decoder(self, layer: EncoderDecoder, plan: Plan, in_shape: Shape, path: str, v: str) -> None:
        """Hand v through a recurrent layer and another one that starts from its last state."""
        raise NotImplementedError

    def _embedding_of(self, layer: Layer, plan: Plan) -> str:
        """The name of the embedding whose matrix a layer uses."""
        name = self.names.get(plan.shared["W"][0].removesuffix(".W"), "")
        if not name.startswith("embedding"):
            raise ByhandError(f"{layer.label()} has the matrix of a layer that is no Embedding; a program can't yet.")
        return name

    def joined(self, parts: list[str], sides: int) -> str:
        """The expression that puts variables side by side."""
        raise NotImplementedError
