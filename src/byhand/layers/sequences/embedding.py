"""Embedding of tokens."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from byhand.core.checks import require_instance, require_whole
from byhand.core.config import register
from byhand.core.errors import ByhandError
from byhand.core.passes import Pass
from byhand.core.plan import Plan
from byhand.core.shapes import as_rows
from byhand.core.types import Shape
from byhand.initializers import Initializer, Normal
from byhand.layers.base import Layer
from byhand.ops import Ops


@register
@dataclass(frozen=True)
class Embedding(Layer):
    """y_t = W[x_t]: each token, a whole number from 0 to below `vocabulary`, becomes a row of W (vocabulary, k).

    It is the product of W with a row that has 1 at the token and 0 elsewhere, so dW[v] = Σ dy_t over all steps whose
    token is v. Tokens have no derivative.

    Args:
        vocabulary: number of tokens.
        units: the size k of their vectors.
        padding: the token that pads shorter sequences, whose steps the mask excludes for the layers after this one;
            None if there is none.
        weights: initializer of W.
    """

    vocabulary: int
    units: int
    padding: int | None = None
    weights: Initializer = field(default_factory=lambda: Normal(0.05))

    takes: ClassVar[str] = "tokens"
    masks: ClassVar[bool] = True
    incremental: ClassVar[bool] = True

    def __post_init__(self) -> None:
        require_whole("vocabulary", self.vocabulary)
        require_whole("units", self.units)
        require_instance("weights", self.weights, Initializer, "an initialiser such as Normal(0.05)")
        if self.padding is not None:
            require_whole("padding", self.padding, 0)
            if self.padding >= self.vocabulary:
                raise ByhandError(f"The padding token {self.padding} is outside the vocabulary of {self.vocabulary}.")

    def plan(self, in_shape: Shape) -> Plan:
        """(T,) becomes (T, units)."""
        if len(in_shape) != 1:
            raise ByhandError(f"Embedding takes sequences of tokens (T,), not inputs of shape {in_shape}.")
        masks = {} if self.padding is None else {"mask": in_shape}
        return Plan((*in_shape, self.units), {"W": (self.vocabulary, self.units)}, masks=masks)

    def initializers(self) -> Mapping[str, Initializer]:
        """W by `weights`."""
        return {"W": self.weights}

    def forward(self, ops: Ops, at: Pass) -> None:
        """Compute y_t = W[x_t]; the mask that goes on leaves the padding out."""
        ops.gather(at.p.W, at.x.reshape(-1), as_rows(at.y))
        if self.padding is not None:
            ops.mask_tokens(at.x, self.padding, at.mask, out=at.cache.mask)
            at.mask = at.cache.mask

    def backward(self, ops: Ops, at: Pass) -> None:
        """Compute dW[v] = Σ dy_t over all steps whose token is v."""
        ops.add_rows(as_rows(at.dy), at.x.reshape(-1), at.g.W)

    def label(self) -> str:
        """For example Embedding(65, 128)."""
        return f"Embedding({self.vocabulary}, {self.units})"
