"""Learning-rate schedules: the rate as a function of how far training has come.

`schedule(epoch, epochs)` is the learning rate at `epoch` (0 at the start; a fraction within an epoch is fine) of
`epochs` in all. Wherever a schedule is asked for, a plain number means `Constant`.
"""

from dataclasses import dataclass
from math import cos, exp, pi
from numbers import Real

from byhand.checks import require_between, require_whole
from byhand.config import register
from byhand.errors import ByhandError


class Schedule:
    """Base of all schedules."""

    def __call__(self, epoch: float, epochs: int) -> float:
        """The learning rate at `epoch` of `epochs`."""
        raise NotImplementedError


@register
@dataclass(frozen=True)
class Constant(Schedule):
    """η, always."""

    rate: float

    def __post_init__(self) -> None:
        require_between("The learning rate", self.rate, 0)

    def __call__(self, epoch: float, epochs: int) -> float:
        """η."""
        return self.rate


@register
@dataclass(frozen=True)
class StepDecay(Schedule):
    """η₀ · factor^⌊epoch / every⌋: the rate drops by `factor` each `every` epochs."""

    rate: float
    factor: float = 0.5
    every: int = 10

    def __post_init__(self) -> None:
        require_between("The learning rate", self.rate, 0)
        require_between("factor", self.factor, 0, 1)
        require_whole("every", self.every)

    def __call__(self, epoch: float, epochs: int) -> float:
        """η₀ · factor^⌊epoch / every⌋."""
        return self.rate * self.factor ** (epoch // self.every)


@register
@dataclass(frozen=True)
class ExponentialDecay(Schedule):
    """η₀ · e^(−decay · epoch)."""

    rate: float
    decay: float = 0.1

    def __post_init__(self) -> None:
        require_between("The learning rate", self.rate, 0)
        require_between("decay", self.decay, 0)

    def __call__(self, epoch: float, epochs: int) -> float:
        """η₀ · e^(−decay · epoch)."""
        return self.rate * exp(-self.decay * epoch)


@register
@dataclass(frozen=True)
class CosineAnnealing(Schedule):
    """From η₀ down to `floor` along half a cosine: floor + ½ (η₀ − floor)(1 + cos(π epoch / epochs)).

    Loshchilov and Hutter, "SGDR: Stochastic Gradient Descent with Warm Restarts" (2017), eq. 5, without restarts.
    """

    rate: float
    floor: float = 0.0

    def __post_init__(self) -> None:
        require_between("The learning rate", self.rate, 0)
        require_between("floor", self.floor, 0, self.rate)

    def __call__(self, epoch: float, epochs: int) -> float:
        """floor + ½ (η₀ − floor)(1 + cos(π epoch / epochs))."""
        return self.floor + 0.5 * (self.rate - self.floor) * (1 + cos(pi * min(epoch / epochs, 1)))


def as_schedule(rate: float | Schedule) -> Schedule:
    """`rate` itself if it is a schedule, else `Constant(rate)`.

    Raises:
        ByhandError: neither a schedule nor a number at least 0.
    """
    if isinstance(rate, Schedule):
        return rate
    if isinstance(rate, bool) or not isinstance(rate, Real):
        raise ByhandError(
            f"The learning rate must be a number or a schedule such as CosineAnnealing(0.1); got {rate!r}."
        )
    return Constant(float(rate))
