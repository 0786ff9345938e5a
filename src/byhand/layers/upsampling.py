"""Larger images: transposed convolution, and pixels repeated."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from byhand.core.checks import require_instance, require_whole
from byhand.core.config import register
from byhand.core.equations import Equation
from byhand.core.errors import ByhandError
from byhand.core.passes import Pass
from byhand.core.plan import Plan
from byhand.core.types import Shape
from byhand.initializers import He, Initializer, Zeros
from byhand.layers.base import Layer
from byhand.layers.convolution import Conv2D
from byhand.layers.windows import Pair, Window, as_pair, require_images
from byhand.ops import Ops


@register
@dataclass(frozen=True)
class ConvTranspose2D(Layer):
    """The adjoint of `Conv2D`, plus a bias: each input pixel adds its weighted kernel to a window of the output.

    x is (n, height, width, in), W (kernel height, kernel width, filters, in), b (filters,), y (n, rows, columns,
    filters). A convolution with the same W turns images of y's shape into images of x's shape. This layer computes
    forward what that convolution computes backward for its dx, starting from zero:

        y[i, r·stride + k − p, s·stride + l − q] += x[i, r, s] W[k, l]ᵀ  over all r, s, k, l.

    With "same" padding y is `stride` times as high and wide as x; with "valid" (height − 1) · stride + kernel. Hence
    ⟨Conv2D(y), x⟩ = ⟨y, ConvTranspose2D(x)⟩ for any x and y, which docs/generative.md derives.

    Zeiler, Krishnan, Taylor and Fergus, "Deconvolutional networks" (2010); Dumoulin and Visin, "A guide to convolution
    arithmetic for deep learning" (2016), section 4.

    Args:
        filters: number of output channels, at least 1.
        kernel: the window's height and width; a number for both.
        stride: how many times as high and as wide the output is, down and across.
        padding: "same" or "valid".
        weights: initializer of W; its fans are those of a convolution with the same W, as in Keras and PyTorch.
        biases: initializer of b.
        bias: whether to add b.
        activation: the name of an activation, such as "relu", that follows as a layer of its own; None for none.
    """

    filters: int
    kernel: int | Pair = 3
    stride: int | Pair = 1
    padding: str = "same"
    weights: Initializer = field(default_factory=He)
    biases: Initializer = field(default_factory=Zeros)
    bias: bool = True
    activation: str | None = None

    def __post_init__(self) -> None:
        require_whole("filters", self.filters)
        require_instance("weights", self.weights, Initializer, "an initialiser such as He()")
        require_instance("biases", self.biases, Initializer, "an initialiser such as Zeros()")
        if self.padding not in ("same", "valid"):
            raise ByhandError(f'padding of ConvTranspose2D must be "same" or "valid"; got {self.padding!r}.')
        self._window  # noqa: B018  (it checks the others)

    @cached_property
    def _window(self) -> Window:
        """The window of the convolution, which looks at the output."""
        return Window(as_pair("kernel", self.kernel), as_pair("stride", self.stride), padding=self.padding)

    def plan(self, in_shape: Shape) -> Plan:
        """(height, width, in) becomes (rows, columns, filters), with W (kh, kw, filters, in) and b (filters,)."""
        require_images("ConvTranspose2D", in_shape)
        w = self._window
        if self.padding == "same":
            sides = tuple(in_shape[i] * w.stride[i] for i in (0, 1))
        else:
            sides = tuple((in_shape[i] - 1) * w.stride[i] + w.size[i] for i in (0, 1))
        out_shape = (*sides, self.filters)
        adjoint = Conv2D(in_shape[2], w.size, w.stride, self.padding, bias=False).plan(out_shape)
        bias = {"b": (self.filters,)} if self.bias else {}
        scratch = {"scratch": adjoint.scratch["scratch"], "zeros": (in_shape[2],)}
        return Plan(out_shape, {"W": adjoint.params["W"]} | bias, scratch=scratch)

    def initializers(self) -> Mapping[str, Initializer]:
        """W by `weights`, b by `biases`."""
        return {"W": self.weights} | ({"b": self.biases} if self.bias else {})

    def forward(self, ops: Ops, at: Pass) -> None:
        """Compute y, to which every input pixel adds x Wᵀ."""
        w = self._window
        ops.conv2d_input(at.x, at.p.W, at.y, w.stride, (1, 1), w.pad(at.y.shape[1:]), 1, at.cache.scratch)
        if self.bias:
            ops.add_row(at.y, at.p.b, out=at.y)

    def backward(self, ops: Ops, at: Pass) -> None:
        """Compute dx = dy ∗ W, dW = Σ dyᵀ x over all places, db = Σ dy."""
        w = self._window
        how = (w.stride, (1, 1), w.pad(at.y.shape[1:]), 1, at.cache.scratch)
        ops.conv2d_weights(at.dy, at.x, at.g.W, *how)
        if self.bias:
            ops.sum_rows(at.dy.reshape(-1, self.filters), at.g.b)  # (n · rows · columns, filters) → (filters,)
        if at.dx is not None:
            ops.fill(at.cache.zeros, 0)
            ops.conv2d(at.dy, at.p.W, at.cache.zeros, at.dx, *how)

    @property
    def forward_equations(self) -> tuple[Equation, ...]:  # type: ignore[override]
        """With the window's own stride; p and q are the pixels missing above and on the left."""
        row, column = self._seen()
        b = " + $b" if self.bias else ""
        latex = rf"\sum_{{r,s,k,l}} {{$x}}_{{i,r,s}} {{$W}}_{{k,l}}^\top \mathrm{{\ at\ }} ({row}, {column})"
        return (Equation("y", f"Σᵣₛₖₗ $x[i, r, s] $W[k, l]ᵀ at ({row}, {column}){b}", latex.replace("−", "-") + b),)

    @property
    def backward_equations(self) -> tuple[Equation, ...]:  # type: ignore[override]
        """Those of a convolution whose input is dy."""
        row, column = self._seen()
        text, latex = f"$dy[i, {row}, {column}]", rf"{{$dy}}_{{i,\,{row},\,{column}}}".replace("−", "-")
        return (
            Equation("dW", f"Σᵢᵣₛ {text}ᵀ $x[i, r, s]", rf"\sum_{{i,r,s}} {latex}^\top {{$x}}_{{i,r,s}}"),
            *([Equation("db", "Σᵢᵣₛ $dy[i, r, s]", r"\sum_{i,r,s} {$dy}_{i,r,s}")] if self.bias else []),
            Equation("dx", f"Σₖₗ {text} $W[k, l]", rf"\sum_{{k,l}} {latex} {{$W}}_{{k,l}}"),
        )

    def _seen(self) -> tuple[str, str]:
        """Row and column of the output that x's pixel (r, s) reaches through place (k, l) of the kernel."""
        down, across = self._window.stride
        p, q = ("−p", "−q") if self.padding == "same" else ("", "")
        return f"{'' if down == 1 else down}r+k{p}", f"{'' if across == 1 else across}s+l{q}"

    def label(self) -> str:
        """For example ConvTranspose2D(16, 4 × 4, stride 2)."""
        return f"ConvTranspose2D({self.filters}, {self._window.label()})"


@register
@dataclass(frozen=True)
class UpSample2D(Layer):
    """Repeat every pixel in a block of equal pixels: nearest-neighbour upsampling.

    x is (n, height, width, channels), y (n, a · height, b · width, channels). Followed by a convolution it replaces a
    transposed convolution, without the latter's checkerboard artefacts (Odena, Dumoulin and Olah, "Deconvolution and
    checkerboard artifacts", 2016).

    Args:
        size: how many times as high and wide the image becomes, (a, b); a number for both.
    """

    size: int | Pair = 2

    forward_equations = (Equation("y", "$x, every pixel repeated", r"\mathrm{repeat}($x)"),)
    backward_equations = (Equation("dx", "Σ over each block of $dy", r"\sum_{\mathrm{block}} $dy"),)

    def __post_init__(self) -> None:
        as_pair("size", self.size)

    def plan(self, in_shape: Shape) -> Plan:
        """(height, width, channels) becomes (a · height, b · width, channels)."""
        require_images("UpSample2D", in_shape)
        a, b = as_pair("size", self.size)
        return Plan((a * in_shape[0], b * in_shape[1], in_shape[2]))

    def forward(self, ops: Ops, at: Pass) -> None:
        """Compute y, every pixel repeated."""
        ops.repeat_pixels(at.x, out=at.y)

    def backward(self, ops: Ops, at: Pass) -> None:
        """Compute dx = Σ dy over each pixel's block."""
        if at.dx is not None:
            ops.sum_pixels(at.dy, at.dx)

    def label(self) -> str:
        """For example UpSample2D(2 × 2)."""
        a, b = as_pair("size", self.size)
        return f"UpSample2D({a} × {b})"
