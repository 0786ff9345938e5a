"""Images as sequences of patches, and a learnt step that summarises a sequence."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from byhand.core.checks import require_instance, require_whole
from byhand.core.config import register
from byhand.core.equations import Equation
from byhand.core.errors import ByhandError
from byhand.core.passes import Pass
from byhand.core.plan import Plan
from byhand.core.types import Array, Shape
from byhand.initializers import Glorot, Initializer, Normal, Zeros
from byhand.layers.base import Layer
from byhand.layers.sequences.over_time import OverTime
from byhand.layers.sequences.recurrent import require_sequences
from byhand.layers.windows import require_images
from byhand.ops import Ops


@register
@dataclass(frozen=True)
class PatchEmbedding(Layer):
    """y_t = x_t W + b: an image is cut into squares, and each is mapped to a row of `units` numbers.

    x is (n, height, width, channels); patch t, row by row from the top left, has size² · channels numbers x_t. W is
    (size² · channels, units), b (units,), y (n, T, units). This is a convolution whose stride is the size of its
    kernel. Dosovitskiy et al., "An image is worth 16x16 words" (2020), eq. 1.

    Args:
        size: the side of a patch in pixels; it must divide height and width.
        units: number of features of a patch's row.
        weights: initializer of W.
    """

    size: int
    units: int
    weights: Initializer = field(default_factory=Glorot)

    forward_equations = (
        Equation("X", "the patches of $x as rows", r"\mathrm{patches}($x)"),
        Equation("y", "$X $W + $b", "$X $W + $b"),
    )
    backward_equations = (
        Equation("dW", "$Xᵀ $dy", r"{$X}^\top $dy"),
        Equation("db", "Σᵢ $dy[i]", r"\sum_i {$dy}_i"),
        Equation("dX", "$dy $Wᵀ", r"$dy {$W}^\top"),
        Equation("dx", "$dX as an image", r"\mathrm{patches}^{-1}($dX)"),
    )

    def __post_init__(self) -> None:
        require_whole("size", self.size)
        require_whole("units", self.units)
        require_instance("weights", self.weights, Initializer, "an initialiser such as Glorot()")

    def plan(self, in_shape: Shape) -> Plan:
        """(height, width, channels) becomes (T, units).

        Raises:
            ByhandError: the size does not divide height and width.
        """
        require_images("PatchEmbedding", in_shape)
        height, width, channels = in_shape
        if height % self.size or width % self.size:
            raise ByhandError(f"patches of {self.size} pixels do not fill an image of {height} × {width}.")
        steps, k = height * width // self.size**2, self.size**2 * channels
        return Plan(
            (steps, self.units),
            {"W": (k, self.units), "b": (self.units,)},
            cache={"X": (steps, k), "dX": (steps, k)},
        )

    def initializers(self) -> Mapping[str, Initializer]:
        """W by `weights`; b starts at 0."""
        return {"W": self.weights, "b": Zeros()}

    def forward(self, ops: Ops, at: Pass) -> None:
        """Compute y_t = x_t W + b."""
        ops.copy(self._cut(at.x), out=at.cache.X.reshape(self._cut(at.x).shape))
        ops.affine(at.cache.X, at.p.W, at.p.b, at.y)  # (n, T, k)(k, units) + (units,) → (n, T, units)

    def backward(self, ops: Ops, at: Pass) -> None:
        """Compute dW = Xᵀ dy, db = Σ dy, and dx, whose pixels are in one patch each."""
        ops.affine_gradients(at.cache.X, at.dy, at.g.W, at.g.b)
        if at.dx is not None:
            ops.affine_input(at.dy, at.p.W, at.cache.dX)
            ops.copy(at.cache.dX.reshape(self._cut(at.dx).shape), out=self._cut(at.dx))

    def _cut(self, image: Array) -> Array:
        """(n, height, width, channels) as (n, down, across, size, size, channels), a view."""
        n, height, width, channels = image.shape
        s = self.size
        return image.reshape(n, height // s, s, width // s, s, channels).swapaxes(2, 3)

    def label(self) -> str:
        """For example PatchEmbedding(7, 96)."""
        return f"PatchEmbedding({self.size}, {self.units})"


@register
@dataclass(frozen=True)
class ClassToken(Layer):
    """y = (q, x_1, ..., x_T): a learnt row q before all steps, (n, T, k) becomes (n, T + 1, k).

    Attention collects information about the whole sequence in it; `FirstStep` extracts it. dq = Σ dy_0 over the
    samples. Devlin et al., "BERT" (2018).

    Args:
        weights: initializer of q (k,).
    """

    weights: Initializer = field(default_factory=lambda: Normal(0.02))

    masks: ClassVar[bool] = True
    forward_equations = (Equation("y", "($q, $x), side by side in time", r"($q, $x)"),)
    backward_equations = (
        Equation("dq", "Σᵢ $dy[i, 0]", r"\sum_i {$dy}_{i0}"),
        Equation("dx", "$dy[:, 1:]", r"{$dy}_{:,1:}"),
    )

    def __post_init__(self) -> None:
        require_instance("weights", self.weights, Initializer, "an initialiser such as Normal(0.02)")

    def plan(self, in_shape: Shape) -> Plan:
        """(T, k) becomes (T + 1, k)."""
        require_sequences("ClassToken", in_shape)
        steps = in_shape[0] + 1
        return Plan((steps, in_shape[1]), {"q": in_shape[1:]}, cache={"dq": in_shape[1:]}, masks={"mask": (steps,)})

    def initializers(self) -> Mapping[str, Initializer]:
        """q by `weights`."""
        return {"q": self.weights}

    def forward(self, ops: Ops, at: Pass) -> None:
        """Write q before x."""
        ops.repeat_steps(at.p.q[None], at.y[:, :1].swapaxes(0, 1))  # (1, k) → (1, n, k)
        ops.copy(at.x, out=at.y[:, 1:])
        if at.mask is not None:
            ops.prepend_step(at.mask, out=at.cache.mask)

    def backward(self, ops: Ops, at: Pass) -> None:
        """Compute dq = Σ dy_0, dx = dy behind it."""
        ops.copy(at.dy[:, 0], out=at.cache.dq)
        ops.sum_rows(at.cache.dq, at.g.q)
        if at.dx is not None:
            ops.copy(at.dy[:, 1:], out=at.dx)

    def mask_after(self, at: Pass) -> Array | None:
        """The input's, with a step more that is there."""
        return None if at.mask is None else at.cache.mask


@register
@dataclass(frozen=True)
class FirstStep(OverTime):
    """y = x_1, the first step of each sequence, such as that of `ClassToken`; dx is dy at this step and 0 elsewhere."""

    forward_equations = (Equation("y", "$x[:, 0]", r"{$x}_{:,0}"),)
    backward_equations = (Equation("dx", "$dy at step 0, 0 elsewhere", r"($dy, 0, \ldots, 0)"),)

    def forward(self, ops: Ops, at: Pass) -> None:
        """Compute y = x_1."""
        ops.copy(at.x[:, 0], out=at.y)

    def backward(self, ops: Ops, at: Pass) -> None:
        """Compute dx_1 = dy, dx_t = 0 elsewhere."""
        if at.dx is not None:
            ops.fill(at.dx, 0)
            ops.copy(at.dy, out=at.dx[:, 0])
