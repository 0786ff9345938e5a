"""The convolutional layer."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from byhand.core.checks import require_instance, require_whole
from byhand.core.config import register
from byhand.core.equations import Equation
from byhand.core.errors import ByhandError
from byhand.core.passes import Pass
from byhand.core.plan import Plan
from byhand.core.types import Shape
from byhand.initializers import He, Initializer, Zeros
from byhand.layers.base import Layer
from byhand.layers.windows import BLOCK_NUMBERS, Padding, Pair, Window, as_pair, require_images
from byhand.ops import Ops


@register
@dataclass(frozen=True)
class Conv2D(Layer):
    """y = x ∗ W + b: every output is a weighted sum of the pixels in a window, with the same weights everywhere.

    x is (n, height, width, in), W (kernel height, kernel width, in / groups, filters), b (filters,), y (n, rows,
    columns, filters). As in all frameworks the kernel is not flipped, so that this is, strictly speaking, a
    cross-correlation:

        y[i, r, s] = Σₖ Σₗ x[i, r·stride + k·dilation − p, s·stride + l·dilation − q] W[k, l] + b,

    with p rows of zeros added above the image and q columns on its left (see `Window` for "same" and "valid"). Each x
    lies in several windows, and dx is the sum of the gradients through all of them; docs/convolution.md derives the
    equations.

    LeCun, Bottou, Bengio and Haffner, "Gradient-based learning applied to document recognition" (1998). With dilation:
    Yu and Koltun, "Multi-scale context aggregation by dilated convolutions" (2016), eq. 2.

    Args:
        filters: number of output channels, at least 1.
        kernel: the window's height and width; a number for both.
        stride: how many pixels the window moves, down and across.
        padding: "same", "valid", or pixels: a number, (down, across), or ((above, below), (left, right)).
        groups: number of groups of channels; each group of output channels depends on its own group of input channels.
        dilation: the distance between neighbouring pixels of the window, down and across; 1 if they are adjacent.
        weights: initializer of W.
        biases: initializer of b.
        bias: whether to add b; it has no effect before a BatchNorm, which has a shift of its own.
        activation: the name of an activation, such as "relu", that follows as a layer of its own; None for none.
    """

    filters: int
    kernel: int | Pair = 3
    stride: int | Pair = 1
    padding: Padding = "same"
    groups: int = 1
    dilation: int | Pair = 1
    weights: Initializer = field(default_factory=He)
    biases: Initializer = field(default_factory=Zeros)
    bias: bool = True
    activation: str | None = None

    def __post_init__(self) -> None:
        require_whole("filters", self.filters)
        require_whole("groups", self.groups)
        if self.filters % self.groups:
            raise ByhandError(f"{self.filters} filters cannot be shared out among {self.groups} groups.")
        require_instance("weights", self.weights, Initializer, "an initialiser such as He()")
        require_instance("biases", self.biases, Initializer, "an initialiser such as Zeros()")
        self.window  # noqa: B018  (it checks the others)

    @cached_property
    def window(self) -> Window:  # type: ignore[override]
        """The window of the kernel."""
        kernel, stride = as_pair("kernel", self.kernel), as_pair("stride", self.stride)
        return Window(kernel, stride, as_pair("dilation", self.dilation), self.padding)

    def plan(self, in_shape: Shape) -> Plan:
        """(height, width, in) becomes (rows, columns, filters), with W (kh, kw, in / groups, filters), b (filters,).

        scratch has room for some images with their padding, their patches (or some of one's), and one group's dW.
        """
        require_images("Conv2D", in_shape)
        height, width, channels = in_shape
        if channels % self.groups:
            raise ByhandError(f"{channels} channels cannot be shared out among {self.groups} groups.")
        window = self.window
        (rows, columns), pad = window.places(in_shape), window.pad(in_shape)
        tall = max(pad[0] + height, (rows - 1) * window.stride[0] + window.extent[0])
        wide = max(pad[1] + width, (columns - 1) * window.stride[1] + window.extent[1])
        depth = channels // self.groups
        k = window.size[0] * window.size[1] * depth
        image, row = tall * wide * channels, columns * k
        images = max(1, BLOCK_NUMBERS // (rows * row))  # whole images where they are small, else some of one's rows
        room = images * (image + row * min(rows, max(1, BLOCK_NUMBERS // row))) + k * (self.filters // self.groups)
        return Plan(
            (rows, columns, self.filters),
            {"W": (*window.size, depth, self.filters)} | ({"b": (self.filters,)} if self.bias else {}),
            scratch={"scratch": (max(room, rows * columns * depth),)} | ({} if self.bias else {"b": (self.filters,)}),
        )

    def initializers(self) -> Mapping[str, Initializer]:
        """W by `weights`, b by `biases`."""
        return {"W": self.weights} | ({"b": self.biases} if self.bias else {})

    def how(self, at: Pass) -> tuple[Any, ...]:
        """What the operations of a convolution want beside its arrays."""
        w = self.window
        return w.stride, w.dilation, w.pad(at.x.shape[1:]), self.groups, at.cache.scratch

    def forward(self, ops: Ops, at: Pass) -> None:
        """Compute y = x ∗ W + b."""
        if not self.bias:
            ops.fill(at.cache.b, 0)
        ops.conv2d(at.x, at.p.W, at.p.b if self.bias else at.cache.b, at.y, *self.how(at))

    def backward(self, ops: Ops, at: Pass) -> None:
        """Compute dW = Σ xᵀ dy over all places, db = Σ dy, and dx, to which every place adds dy Wᵀ."""
        how = self.how(at)
        if at.learns:
            ops.conv2d_weights(at.x, at.dy, at.g.W, *how)
        if at.learns and self.bias:
            ops.sum_rows(at.dy.reshape(-1, self.filters), at.g.b)  # (n · rows · columns, filters) → (filters,)
        if at.dx is not None:
            ops.conv2d_input(at.dy, at.p.W, at.dx, *how)

    @property
    def forward_equations(self) -> tuple[Equation, ...]:  # type: ignore[override]
        """With the window's own stride and dilation; p and q are the pixels missing above and on the left."""
        text, latex = self._seen("x")
        b = " + $b" if self.bias else ""
        return (Equation("y", f"Σₖₗ {text} $W[k, l]{b}", rf"\sum_{{k,l}} {latex} {{$W}}_{{k,l}}{b}"),)

    @property
    def backward_equations(self) -> tuple[Equation, ...]:  # type: ignore[override]
        """The same terms, added up for dW, db and dx."""
        text, latex = self._seen("x", "ᵀ", r"^\top")
        above, beyond = self._window_of("r", "p", "k", 0), self._window_of("s", "q", "l", 1)
        return (
            Equation("dW", f"Σᵢᵣₛ {text} $dy[i, r, s]", rf"\sum_{{i,r,s}} {latex} {{$dy}}_{{i,r,s}}"),
            *([Equation("db", "Σᵢᵣₛ $dy[i, r, s]", r"\sum_{i,r,s} {$dy}_{i,r,s}")] if self.bias else []),
            Equation(
                "dx",
                f"Σₖₗ $dy[i, {above}, {beyond}] $W[k, l]ᵀ",
                rf"\sum_{{k,l}} {{$dy}}_{{i,\,{above},\,{beyond}}} {{$W}}_{{k,l}}^\top".replace("−", "-"),
            ),
        )

    def _seen(self, of: str, text: str = "", latex: str = "") -> tuple[str, str]:
        """The pixel that place (k, l) of the window at (r, s) sees, as text and as LaTeX."""
        w = self.window
        times = lambda n, letter: letter if n == 1 else f"{n}{letter}"  # noqa: E731
        p, q = ("−p", "−q") if self.padding != "valid" else ("", "")
        row = f"{times(w.stride[0], 'r')}+{times(w.dilation[0], 'k')}{p}"
        column = f"{times(w.stride[1], 's')}+{times(w.dilation[1], 'l')}{q}"
        return f"${of}[i, {row}, {column}]{text}", rf"{{${of}}}_{{i,\,{row},\,{column}}}{latex}".replace("−", "-")

    def _window_of(self, row: str, pad: str, k: str, i: int) -> str:
        """The window that sees pixel `row` at its place k, along side i."""
        w = self.window
        step = k if w.dilation[i] == 1 else f"{w.dilation[i]}{k}"
        inner = f"{row}{f'+{pad}' if self.padding != 'valid' else ''}−{step}"
        return inner if w.stride[i] == 1 else f"({inner})/{w.stride[i]}"

    def label(self) -> str:
        """For example Conv2D(16, 3 × 3), or Conv2D(16, 5 × 5, stride 2, valid)."""
        groups = f", {self.groups} groups" if self.groups > 1 else ""
        return f"Conv2D({self.filters}, {self.window.label()}{groups})"
