"""The plan of a layer: what it needs, before anything is allocated."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from byhand.core.types import Shape


@dataclass(frozen=True)
class Plan:
    """What a layer needs for a given input shape; shapes leave out the batch axis.

    Attributes:
        out_shape: the output's shape.
        params: shapes of its parameters by name.
        cache: shapes of the arrays that it wants kept between forward and backward, by name.
        named: shapes of what its equations name beside the output, by name, where cache and output do not say them.
        scratch: shapes of further such arrays, without a batch axis: numbers of a whole batch, room to work in.
        state: shapes of what it keeps from step to step without learning it by gradient, by name (no batch axis).
        masks: shapes of the masks of steps that it makes, by name: truth values, in the cache too.
        carry: shapes of what each sample carries from one pass to the next (hidden states), by name.
        shared: parameters of other layers that it uses, and their shapes, by its own name for them:
            {"W": ("0.W", (65, 128))} is W of layer 0.
        children: the plans of the layers that it is made of.
        inner_shape: of chained children: the shape of what the first one takes.
        chained: whether each child takes what the one before it gives; else their inputs are the composite's affair.
        in_place: forward may write y over x.
        reshapes: y is x in another shape: both may always be the same memory, dy and dx too.
        needs_output: backward reads y, so that the next layer must not write over it.
    """

    out_shape: Shape
    params: Mapping[str, Shape] = field(default_factory=dict)
    cache: Mapping[str, Shape] = field(default_factory=dict)
    named: Mapping[str, Shape] = field(default_factory=dict)
    scratch: Mapping[str, Shape] = field(default_factory=dict)
    state: Mapping[str, Shape] = field(default_factory=dict)
    masks: Mapping[str, Shape] = field(default_factory=dict)
    carry: Mapping[str, Shape] = field(default_factory=dict)
    shared: Mapping[str, tuple[str, Shape]] = field(default_factory=dict)
    children: tuple["Plan", ...] = ()
    inner_shape: Shape = ()
    chained: bool = True
    in_place: bool = False
    reshapes: bool = False
    needs_output: bool = False

    @property
    def learns(self) -> bool:
        """Whether the layer, or a layer inside it, has parameters."""
        return bool(self.params) or bool(self.shared) or any(child.learns for child in self.children)
