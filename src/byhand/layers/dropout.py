"""Dropout of units and of channels."""

from dataclasses import dataclass

from byhand.core.checks import require_between
from byhand.core.config import register
from byhand.core.equations import Equation
from byhand.core.passes import Pass
from byhand.core.plan import Plan
from byhand.core.types import Shape
from byhand.layers.base import Layer
from byhand.layers.windows import require_images
from byhand.ops import Ops


@register
@dataclass(frozen=True)
class Dropout(Layer):
    """y = x ⊙ r, where each number of r is 0 with probability `rate`, else 1 / (1 − rate); outside training y = x.

    Dividing by 1 − rate while training ("inverted" dropout) keeps the mean, so that nothing has to be scaled outside
    training. r is drawn anew for every number of every batch, from the run's generator. Srivastava et al., "Dropout: A
    simple way to prevent neural networks from overfitting" (2014).

    Args:
        rate: the probability that a number is dropped, from 0 to below 1; 0.2 to 0.5 is usual.
    """

    rate: float = 0.5

    in_place = True
    incremental = True
    forward_equations = (
        Equation(
            "r",
            "0 with probability rate, else 1 / (1 − rate), for each number",
            r"\frac{1}{1-\rho}\,\mathrm{Bernoulli}(1-\rho)",
        ),
        Equation("y", "$x ⊙ $r", r"$x \odot $r"),
    )
    backward_equations = (Equation("dx", "$dy ⊙ $r", r"$dy \odot $r"),)

    def __post_init__(self) -> None:
        require_between("rate", self.rate, 0, 1 - 1e-6)

    def plan(self, in_shape: Shape) -> Plan:
        """The shape stays; r has it too."""
        return Plan(in_shape, cache={"r": in_shape})

    def forward(self, ops: Ops, at: Pass) -> None:
        """Compute y = x ⊙ r; without rng, and for a rate of 0, r is 1 and nothing is drawn."""
        if at.rng is None or self.rate == 0:
            ops.fill(at.cache.r, 1)
            ops.copy(at.x, out=at.y)
        else:
            ops.dropout_mask(at.rng, self.rate, at.cache.r)
            ops.multiply(at.x, at.cache.r, out=at.y)

    def backward(self, ops: Ops, at: Pass) -> None:
        """Compute dx = dy ⊙ r."""
        if at.dx is not None:
            ops.multiply(at.dy, at.cache.r, out=at.dx)

    def label(self) -> str:
        """For example Dropout(0.5)."""
        return f"Dropout({self.rate:g})"


@register
@dataclass(frozen=True)
class SpatialDropout(Layer):
    """y = x ⊙ r, where r has one number for each channel of each image: 0 with probability `rate`, else 1 / (1 − rate).

    x is (n, height, width, channels), r (n, channels). Neighbouring pixels of a channel are strongly correlated, so
    that dropping single ones has little effect; this layer drops whole channels. Outside training y = x. Tompson et
    al., "Efficient object localization using convolutional networks" (2015), section 3.2.

    Args:
        rate: the probability that a channel is dropped, from 0 to below 1.
    """

    rate: float = 0.5

    in_place = True
    forward_equations = (
        Equation(
            "r",
            "0 with probability rate, else 1 / (1 − rate), for each channel",
            r"\frac{1}{1-\rho}\,\mathrm{Bernoulli}(1-\rho)",
        ),
        Equation("y", "$x ⊙ $r at each pixel", r"$x \odot $r"),
    )
    backward_equations = (Equation("dx", "$dy ⊙ $r at each pixel", r"$dy \odot $r"),)

    def __post_init__(self) -> None:
        require_between("rate", self.rate, 0, 1 - 1e-6)

    def plan(self, in_shape: Shape) -> Plan:
        """The shape stays; r has a number for each channel."""
        require_images("SpatialDropout", in_shape)
        return Plan(in_shape, cache={"r": (in_shape[2],)})

    def forward(self, ops: Ops, at: Pass) -> None:
        """Compute y = x ⊙ r; without rng, and for a rate of 0, r is 1 and nothing is drawn."""
        if at.rng is None or self.rate == 0:
            ops.fill(at.cache.r, 1)
            ops.copy(at.x, out=at.y)
        else:
            ops.dropout_mask(at.rng, self.rate, at.cache.r)
            ops.scale_channels(at.x, at.cache.r, at.y)

    def backward(self, ops: Ops, at: Pass) -> None:
        """Compute dx = dy ⊙ r."""
        if at.dx is not None:
            ops.scale_channels(at.dy, at.cache.r, at.dx)

    def label(self) -> str:
        """For example SpatialDropout(0.2)."""
        return f"SpatialDropout({self.rate:g})"
