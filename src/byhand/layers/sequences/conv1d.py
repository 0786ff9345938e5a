"""Causal convolution over time."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from byhand.core.checks import require_instance, require_whole
from byhand.core.config import register
from byhand.core.passes import Pass
from byhand.core.plan import Plan
from byhand.core.shapes import as_rows
from byhand.core.types import Shape
from byhand.initializers import He, Initializer, Zeros
from byhand.layers.base import Layer
from byhand.layers.sequences.recurrent import require_sequences
from byhand.layers.windows import BLOCK_NUMBERS
from byhand.ops import Ops


@register
@dataclass(frozen=True)
class Conv1D(Layer):
    """y_t = Σ_j x_{t − (size − 1 − j) dilation} W[j] + b: each step depends on itself and earlier steps only.

    x is (n, T, in), W (size, 1, in, filters), b (filters,), y (n, T, filters). Steps before the first count as zero.
    It is the convolution of an image T pixels high and one wide, padded above only; docs/convolution.md derives its
    gradients. As no output depends on later steps, padding at the end of a shorter sequence does not change the outputs
    before it. Bai, Kolter and Koltun, "An empirical evaluation of generic convolutional and recurrent networks for
    sequence modeling" (2018).

    Args:
        filters: number of output features of each step.
        size: number of steps in the window.
        dilation: the distance between neighbouring steps of the window; 1 if they are adjacent.
        weights: initializer of W.
        biases: initializer of b.
    """

    filters: int
    size: int = 3
    dilation: int = 1
    weights: Initializer = field(default_factory=He)
    biases: Initializer = field(default_factory=Zeros)

    def __post_init__(self) -> None:
        for name in ("filters", "size", "dilation"):
            require_whole(name, getattr(self, name))
        require_instance("weights", self.weights, Initializer, "an initialiser such as He()")
        require_instance("biases", self.biases, Initializer, "an initialiser such as Zeros()")

    def plan(self, in_shape: Shape) -> Plan:
        """(T, in) becomes (T, filters); scratch has room for padded sequences, patches, and dW."""
        require_sequences("Conv1D", in_shape)
        steps, channels = in_shape
        k, sequence = self.size * channels, (steps + self._pad) * channels
        sequences = max(1, BLOCK_NUMBERS // (steps * k))  # whole ones where they are short, else some of one's steps
        room = sequences * (sequence + k * min(steps, max(1, BLOCK_NUMBERS // k))) + k * self.filters
        return Plan(
            (steps, self.filters),
            {"W": (self.size, 1, channels, self.filters), "b": (self.filters,)},
            scratch={"scratch": (room,)},
        )

    @property
    def _pad(self) -> int:
        """How many steps are missing before the first."""
        return (self.size - 1) * self.dilation

    def initializers(self) -> Mapping[str, Initializer]:
        """W by `weights`, b by `biases`."""
        return {"W": self.weights, "b": self.biases}

    def forward(self, ops: Ops, at: Pass) -> None:
        """Compute y = x ∗ W + b."""
        x, y = at.x[:, :, None], at.y[:, :, None]  # (n, T, in) → (n, T, 1, in)
        ops.conv2d(x, at.p.W, at.p.b, y, (1, 1), (self.dilation, 1), (self._pad, 0), 1, at.cache.scratch)

    def backward(self, ops: Ops, at: Pass) -> None:
        """Compute dW = Σ xᵀ dy over all steps, db = Σ dy, and dx, to which every step adds dy Wᵀ."""
        x, dy = at.x[:, :, None], at.dy[:, :, None]
        how = ((1, 1), (self.dilation, 1), (self._pad, 0), 1, at.cache.scratch)
        ops.conv2d_weights(x, dy, at.g.W, *how)
        ops.sum_rows(as_rows(at.dy), at.g.b)
        if at.dx is not None:
            ops.conv2d_input(dy, at.p.W, at.dx[:, :, None], *how)

    def label(self) -> str:
        """For example Conv1D(64, 3), or Conv1D(64, 3, dilation 2)."""
        return f"Conv1D({self.filters}, {self.size}{f', dilation {self.dilation}' if self.dilation > 1 else ''})"
