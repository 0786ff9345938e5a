"""Layers between sequences and rows: last step, mean, maximum, repeated rows, and a part of the steps."""

from dataclasses import dataclass
from typing import ClassVar

from byhand.core.checks import require_whole
from byhand.core.config import register
from byhand.core.equations import Equation
from byhand.core.errors import ByhandError
from byhand.core.passes import Pass
from byhand.core.plan import Plan
from byhand.core.types import Array, Shape
from byhand.layers.base import Layer
from byhand.layers.sequences.recurrent import require_sequences
from byhand.ops import Ops


class OverTime(Layer):
    """Base of layers that turn (n, T, k) into (n, k); the result has no steps, hence no mask."""

    masks: ClassVar[bool] = True

    def plan(self, in_shape: Shape) -> Plan:
        """(T, k) becomes (k,)."""
        require_sequences(type(self).__name__, in_shape)
        return Plan(in_shape[1:], cache={"share": in_shape[:1], "left": in_shape[1:]})

    def mask_after(self, at: Pass) -> Array | None:
        """None."""
        return None


@register
@dataclass(frozen=True)
class LastStep(OverTime):
    """y = x_T, the last step of each sequence that the mask keeps; dx is dy at this step and 0 elsewhere."""

    def forward(self, ops: Ops, at: Pass) -> None:
        """Compute y = x_T."""
        ops.last_step(at.x, at.mask, at.y)

    def backward(self, ops: Ops, at: Pass) -> None:
        """Compute dx_T = dy, dx_t = 0 elsewhere."""
        if at.dx is not None:
            ops.last_step_backward(at.dy, at.mask, at.dx, at.cache.left)


@register
@dataclass(frozen=True)
class MeanOverTime(OverTime):
    """y = Σ_t m_t x_t / Σ_t m_t, the mean over the steps that the mask m keeps; dx_t = m_t dy / Σ_t m_t."""

    def forward(self, ops: Ops, at: Pass) -> None:
        """Compute y = Σ_t m_t x_t / Σ_t m_t."""
        ops.share_steps(at.mask, None, 1.0, at.cache.share)
        ops.mean_over_time(at.x, at.cache.share, at.y)

    def backward(self, ops: Ops, at: Pass) -> None:
        """Compute dx_t = m_t dy / Σ_t m_t."""
        if at.dx is not None:
            ops.mean_over_time_backward(at.dy, at.cache.share, at.dx)


@register
@dataclass(frozen=True)
class MaxOverTime(OverTime):
    """y = max_t x_t, number by number, over the steps that the mask keeps; the first step with the maximum gets dy."""

    needs_output = True

    def forward(self, ops: Ops, at: Pass) -> None:
        """Compute y = max_t x_t."""
        ops.max_over_time(at.x, at.mask, at.y)

    def backward(self, ops: Ops, at: Pass) -> None:
        """Compute dx_t = dy at the first t with x_t = y, 0 elsewhere."""
        if at.dx is not None:
            ops.max_over_time_backward(at.x, at.y, at.dy, at.mask, at.dx, at.cache.left)


@register
@dataclass(frozen=True)
class RepeatVector(Layer):
    """y_t = x for t from 1 to `times`: (n, k) becomes (n, times, k); dx = Σ_t dy_t.

    Args:
        times: number of steps, at least 1.
    """

    times: int

    masks: ClassVar[bool] = True

    def __post_init__(self) -> None:
        require_whole("times", self.times)

    def plan(self, in_shape: Shape) -> Plan:
        """(k,) becomes (times, k)."""
        if len(in_shape) != 1:
            raise ByhandError(f"RepeatVector takes rows of numbers (k,), not inputs of shape {in_shape}.")
        return Plan((self.times, *in_shape))

    def forward(self, ops: Ops, at: Pass) -> None:
        """Compute y_t = x."""
        ops.repeat_steps(at.x, at.y)

    def backward(self, ops: Ops, at: Pass) -> None:
        """Compute dx = Σ_t dy_t."""
        if at.dx is not None:
            ops.sum_steps(at.dy, at.dx)

    def mask_after(self, at: Pass) -> Array | None:
        """None: all of its steps are there."""
        return None

    def label(self) -> str:
        """For example RepeatVector(4)."""
        return f"RepeatVector({self.times})"


@register
@dataclass(frozen=True)
class StepsFrom(Layer):
    """y_t = x_{first + t}: the steps from `first` on, counted from 0, for example the answer after a question.

    (n, T, k) becomes (n, T − first, k); dx is dy at these steps and 0 before.

    Args:
        first: number of steps that are left out.
    """

    first: int

    masks: ClassVar[bool] = True
    forward_equations = (Equation("y", "$x[:, first:]", r"{$x}_{:,first:}"),)
    backward_equations = (Equation("dx", "$dy at the steps from first on, 0 before", r"(0, \ldots, 0, $dy)"),)

    def __post_init__(self) -> None:
        require_whole("first", self.first)

    def plan(self, in_shape: Shape) -> Plan:
        """(T, k) becomes (T − first, k)."""
        require_sequences("StepsFrom", in_shape)
        if in_shape[0] <= self.first:
            raise ByhandError(f"of {in_shape[0]} steps none is left without the first {self.first}.")
        steps = in_shape[0] - self.first
        return Plan((steps, in_shape[1]), masks={"mask": (steps,)})

    def forward(self, ops: Ops, at: Pass) -> None:
        """Compute y_t = x_{first + t}."""
        ops.copy(at.x[:, self.first :], out=at.y)
        if at.mask is not None:
            ops.copy(at.mask[:, self.first :], out=at.cache.mask)

    def backward(self, ops: Ops, at: Pass) -> None:
        """Compute dx = dy from `first` on, 0 before."""
        if at.dx is not None:
            ops.fill(at.dx[:, : self.first], 0)
            ops.copy(at.dy, out=at.dx[:, self.first :])

    def mask_after(self, at: Pass) -> Array | None:
        """The input's, of these steps."""
        return None if at.mask is None else at.cache.mask

    def label(self) -> str:
        """For example StepsFrom(4)."""
        return f"StepsFrom({self.first})"
