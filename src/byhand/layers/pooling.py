"""Pooling."""

from dataclasses import dataclass
from functools import cached_property
from math import prod

from byhand.core.config import register
from byhand.core.equations import Equation
from byhand.core.passes import Pass
from byhand.core.plan import Plan
from byhand.core.types import Shape
from byhand.layers.base import Layer
from byhand.layers.windows import BLOCK_NUMBERS, Padding, Pair, Window, as_pair, padding_words, require_images
from byhand.ops import Ops


class _Pool(Layer):
    """Base of pooling with windows; a stride of None is the size of the window."""

    size: int | Pair
    stride: int | Pair | None
    padding: Padding

    def __post_init__(self) -> None:
        self.window  # noqa: B018  (it checks the fields)

    @cached_property
    def window(self) -> Window:  # type: ignore[override]
        """The window."""
        size = as_pair("size", self.size)
        return Window(size, size if self.stride is None else as_pair("stride", self.stride), padding=self.padding)

    def plan(self, in_shape: Shape) -> Plan:
        """(height, width, channels) becomes (rows, columns, channels)."""
        require_images(type(self).__name__, in_shape)
        return Plan((*self.window.places(in_shape), in_shape[2]))

    def label(self) -> str:
        """For example MaxPool2D(2 × 2), or MaxPool2D(3 × 3, stride 2)."""
        w = self.window
        padding = "".join(f", {words}" for words in padding_words(self.padding, "valid"))
        words = Window(w.size, w.stride if w.stride != w.size else (1, 1), padding="same").label()
        stride = ", stride 1" if w.stride == (1, 1) != w.size else ""  # which Window leaves out, being usual there
        return f"{type(self).__name__}({words}{stride}{padding})"


@register
@dataclass(frozen=True)
class MaxPool2D(_Pool):
    """y = the largest number in each window, channel by channel.

    x is (n, height, width, channels), y (n, rows, columns, channels). Only the largest number reaches y, so only it
    gets a gradient; if several are equal it goes to the first one, row by row, as in PyTorch. Padding counts as −∞.
    Zhou and Chellappa, "Computation of optical flow using a neural network" (1988).

    Args:
        size: the window's height and width; a number for both.
        stride: how many pixels the window moves, down and across; by default its size, so that windows do not overlap.
        padding: "valid", which leaves out the pixels beyond the last whole window, "same", or pixels (see `Window`).
    """

    size: int | Pair = 2
    stride: int | Pair | None = None
    padding: Padding = "valid"

    needs_output = True
    forward_equations = (Equation("y", "max of $x over each window", r"\max_{k,l \in \mathrm{window}} {$x}_{i,k,l}"),)
    backward_equations = (
        Equation(
            "dx",
            "Σ $dy over the windows whose first maximum $x is",
            r"\sum_{\mathrm{windows}} $dy \cdot \mathbf{1}[$x \mathrm{\ is\ the\ first\ maximum}]",
        ),
    )

    def plan(self, in_shape: Shape) -> Plan:
        """(height, width, channels) becomes (rows, columns, channels)."""
        plan = super().plan(in_shape)
        size = prod(plan.out_shape)
        return Plan(plan.out_shape, scratch={"scratch": (2 * size * max(1, BLOCK_NUMBERS // size),)})

    def forward(self, ops: Ops, at: Pass) -> None:
        """Compute each window's maximum."""
        w = self.window
        ops.max_pool(at.x, at.y, w.size, w.stride, w.pad(at.x.shape[1:]))

    def backward(self, ops: Ops, at: Pass) -> None:
        """Pass each dy to the first maximum of its window."""
        if at.dx is not None:
            w = self.window
            ops.max_pool_backward(at.x, at.y, at.dy, at.dx, w.size, w.stride, w.pad(at.x.shape[1:]), at.cache.scratch)


@register
@dataclass(frozen=True)
class AveragePool2D(_Pool):
    """y = the mean of each window, channel by channel.

    x is (n, height, width, channels), y (n, rows, columns, channels). Every pixel of a window has the same share in y.
    Padding is not counted: a window at the edge takes the mean of fewer pixels, as in Keras and in PyTorch with
    count_include_pad=False. LeCun et al., "Gradient-based learning applied to document recognition" (1998).

    Args:
        size: the window's height and width; a number for both.
        stride: how many pixels the window moves, down and across; by default its size.
        padding: "valid", which leaves out the pixels beyond the last whole window, "same", or pixels (see `Window`).
    """

    size: int | Pair = 2
    stride: int | Pair | None = None
    padding: Padding = "valid"

    forward_equations = (
        Equation("y", "mean of $x over each window", r"\frac{1}{m} \sum_{k,l \in \mathrm{window}} {$x}_{i,k,l}"),
    )
    backward_equations = (
        Equation("dx", "Σ $dy / m over the windows, m pixels each", r"\sum_{\mathrm{windows}} \frac{1}{m} $dy"),
    )

    def forward(self, ops: Ops, at: Pass) -> None:
        """Compute each window's mean."""
        w = self.window
        ops.average_pool(at.x, at.y, w.size, w.stride, w.pad(at.x.shape[1:]))

    def backward(self, ops: Ops, at: Pass) -> None:
        """Divide each dy among the pixels of its window."""
        if at.dx is not None:
            w = self.window
            ops.average_pool_backward(at.dy, at.dx, w.size, w.stride, w.pad(at.x.shape[1:]))


@register
@dataclass(frozen=True)
class GlobalAveragePool2D(Layer):
    """y = the mean of each channel over the whole image: (n, height, width, channels) becomes (n, channels).

    Lin, Chen and Yan, "Network in network" (2014), section 3.2.
    """

    forward_equations = (Equation("y", "mean of $x over all pixels", r"\frac{1}{m} \sum_{r,s} {$x}_{i,r,s}"),)
    backward_equations = (Equation("dx", "$dy / m at each of m pixels", r"\frac{1}{m} $dy"),)

    def plan(self, in_shape: Shape) -> Plan:
        """(height, width, channels) becomes (channels,)."""
        require_images("GlobalAveragePool2D", in_shape)
        return Plan((in_shape[2],))

    def forward(self, ops: Ops, at: Pass) -> None:
        """Compute each channel's mean."""
        ops.average_pixels(at.x, at.y)

    def backward(self, ops: Ops, at: Pass) -> None:
        """Divide each dy among all pixels."""
        if at.dx is not None:
            ops.average_pixels_backward(at.dy, at.dx)
