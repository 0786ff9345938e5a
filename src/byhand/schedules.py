"""Learning-rate schedules: the rate as a function of the progress of training.

`schedule(epoch, epochs)` is the learning rate at `epoch` (0 at the start; a fraction within an epoch is fine) of
`epochs` in all. Wherever a schedule is asked for, a plain number means `Constant`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import cos, exp, pi
from numbers import Real

from byhand.core.checks import require_between, require_whole
from byhand.core.config import register
from byhand.core.errors import ByhandError

HistoryColumns = Mapping[str, Sequence[float]]  # columns, a row for each finished epoch
WATCHED = ("loss", "accuracy", "val_loss", "val_accuracy")


class Schedule:
    """Base of all schedules.

    Attributes:
        per_step: whether the rate changes with every step, or only from epoch to epoch.
        watch: the column of the history that it follows, if it follows one.
    """

    per_step = False
    watch = ""

    def __call__(self, epoch: float, epochs: int) -> float:
        """The learning rate at `epoch` of `epochs`."""
        raise NotImplementedError

    def at(self, epoch: float, epochs: int, history: HistoryColumns) -> float:
        """The learning rate at `epoch` of `epochs`, which may depend on the history so far."""
        return self(epoch, epochs)


@register
@dataclass(frozen=True)
class Constant(Schedule):
    """A constant learning rate η.

    Args:
        rate: η, at least 0.
    """

    rate: float

    def __post_init__(self) -> None:
        require_between("The learning rate", self.rate, 0)

    def __call__(self, epoch: float, epochs: int) -> float:
        """η."""
        return self.rate


@register
@dataclass(frozen=True)
class StepDecay(Schedule):
    """η₀ · factor^⌊epoch / every⌋: the rate drops by `factor` each `every` epochs.

    Args:
        rate: η₀, at least 0.
        factor: what the rate is multiplied by, from 0 to 1.
        every: number of epochs between two drops, at least 1.
    """

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
    """η₀ · e^(−decay · epoch), from epoch to epoch or, with `per_step`, at every step.

    Args:
        rate: η₀, at least 0.
        decay: the decay per epoch, at least 0.
        per_step: whether the rate changes at every step rather than every epoch.
    """

    rate: float
    decay: float = 0.1
    per_step: bool = False

    def __post_init__(self) -> None:
        require_between("The learning rate", self.rate, 0)
        require_between("decay", self.decay, 0)

    def __call__(self, epoch: float, epochs: int) -> float:
        """η₀ · e^(−decay · epoch)."""
        return self.rate * exp(-self.decay * epoch)


@register
@dataclass(frozen=True)
class CosineAnnealing(Schedule):
    """Cosine annealing from η₀ to `floor`: floor + ½ (η₀ − floor)(1 + cos(π epoch / epochs)).

    Loshchilov and Hutter, "SGDR: Stochastic Gradient Descent with Warm Restarts" (2017), eq. 5, without restarts.
    It changes from epoch to epoch or, with `per_step`, at every step.

    Args:
        rate: η₀, at least 0.
        floor: the lowest rate, from 0 to η₀.
        per_step: whether the rate changes at every step rather than every epoch.
    """

    rate: float
    floor: float = 0.0
    per_step: bool = False

    def __post_init__(self) -> None:
        require_between("The learning rate", self.rate, 0)
        require_between("floor", self.floor, 0, self.rate)

    def __call__(self, epoch: float, epochs: int) -> float:
        """floor + ½ (η₀ − floor)(1 + cos(π epoch / epochs))."""
        return half_cosine(self.rate, self.floor, epoch / epochs)


@register
@dataclass(frozen=True)
class WarmupCosine(Schedule):
    """Linear warm-up from start · η₀ to η₀ over the first `warmup` epochs, then cosine annealing to `floor`.

    Large steps at the start, while the weights are still random, can harm training (Goyal et al., "Accurate, Large
    Minibatch SGD", 2017, section 2.2). The rate changes at every step.

    Args:
        rate: η₀, the highest rate, at least 0.
        warmup: number of epochs of the warm-up, at least 0; fractions are allowed.
        floor: the lowest rate, from 0 to η₀.
        start: the first rate as a fraction of η₀, from 0 to 1.
    """

    rate: float
    warmup: float = 1.0
    floor: float = 0.0
    start: float = 0.01

    per_step = True

    def __post_init__(self) -> None:
        require_between("The learning rate", self.rate, 0)
        require_between("warmup", self.warmup, 0)
        require_between("floor", self.floor, 0, self.rate)
        require_between("start", self.start, 0, 1)

    def __call__(self, epoch: float, epochs: int) -> float:
        """η₀ (start + (1 − start) epoch / warmup), then floor + ½ (η₀ − floor)(1 + cos π(…))."""
        if epoch < self.warmup:
            return self.rate * (self.start + (1 - self.start) * epoch / self.warmup)
        return half_cosine(self.rate, self.floor, (epoch - self.warmup) / max(epochs - self.warmup, 1e-12))


@register
@dataclass(frozen=True)
class CosineRestarts(Schedule):
    """Cosine annealing from η₀ to `floor` over `first` epochs, then again over `factor` times as many, and so on.

    Loshchilov and Hutter, "SGDR: Stochastic Gradient Descent with Warm Restarts" (2017), eq. 5, with T_0 = first and
    T_mult = factor. With first = 1 and factor = 2, training ends at the floor after 1, 3, 7, 15, ... epochs. The rate
    changes at every step.

    Args:
        rate: η₀, the rate after each restart, at least 0.
        first: number of epochs until the first restart, at least 1.
        factor: how many times as long each period is as the one before, at least 1.
        floor: the lowest rate, from 0 to η₀.
    """

    rate: float
    first: int = 1
    factor: int = 2
    floor: float = 0.0

    per_step = True

    def __post_init__(self) -> None:
        require_between("The learning rate", self.rate, 0)
        require_whole("first", self.first)
        require_whole("factor", self.factor)
        require_between("floor", self.floor, 0, self.rate)

    def __call__(self, epoch: float, epochs: int) -> float:
        """floor + ½ (η₀ − floor)(1 + cos(π T_cur / T_i)), T_cur epochs after the last restart."""
        since, length = epoch, self.first
        if self.factor == 1:
            since %= length
        while since >= length:
            since, length = since - length, length * self.factor
        return half_cosine(self.rate, self.floor, since / length)


@register
@dataclass(frozen=True)
class OneCycle(Schedule):
    """One-cycle schedule: up from rate / start to the maximum in the first part of training, then down to nearly zero.

    Both along half cosines; the end is rate / (start · end). Smith and Topin, "Super-Convergence" (2018), and Smith,
    "A disciplined approach to neural network hyper-parameters" (2018), in the form and with the defaults that
    fastai and PyTorch use. `rate` is the highest rate, which may be several times a good constant one. The rate changes
    at every step.

    Args:
        rate: the highest rate, at least 0.
        peak: where in the training it is reached, from 0 to 1.
        start: the highest rate divided by the first one, at least 1.
        end: the first rate divided by the last one, at least 1.
    """

    rate: float
    peak: float = 0.3  # where the highest rate is, as a share of the training
    start: float = 25.0
    end: float = 1e4

    per_step = True

    def __post_init__(self) -> None:
        require_between("The learning rate", self.rate, 0)
        require_between("peak", self.peak, 0, 1)
        require_between("start", self.start, 1)
        require_between("end", self.end, 1)

    def __call__(self, epoch: float, epochs: int) -> float:
        """Half a cosine up to `rate`, then half a cosine down."""
        low, done = self.rate / self.start, epoch / epochs
        if done < self.peak:
            return half_cosine(low, self.rate, done / self.peak)
        return half_cosine(self.rate, low / self.end, (done - self.peak) / max(1 - self.peak, 1e-12))


@register
@dataclass(frozen=True)
class ReduceOnPlateau(Schedule):
    """Multiply the rate by `factor` if `watch` has not improved for more than `patience` epochs.

    An improvement is a smaller value (for accuracies a larger one) than the best so far by more than the fraction
    `threshold` of it. A column of validation figures needs validation data. The rate follows from the history alone.

    Args:
        rate: η₀, at least 0.
        factor: what the rate is multiplied by, from 0 to 1.
        patience: number of epochs without improvement that are tolerated, at least 0.
        watch: "loss", "accuracy", "val_loss" or "val_accuracy".
        threshold: the improvement that counts, as a fraction of the best value, from 0 to below 1.
        cooldown: number of epochs after a reduction that are not counted, at least 0.
        floor: the lowest rate, from 0 to η₀.
    """

    rate: float
    factor: float = 0.1
    patience: int = 10
    watch: str = "val_loss"
    threshold: float = 1e-4
    cooldown: int = 0
    floor: float = 0.0

    def __post_init__(self) -> None:
        require_between("The learning rate", self.rate, 0)
        require_between("factor", self.factor, 0, 1)
        require_whole("patience", self.patience, 0)
        if self.watch not in WATCHED:
            raise ByhandError(f"watch must be one of {', '.join(WATCHED)}; got {self.watch!r}.")
        require_between("threshold", self.threshold, 0, 1 - 1e-12)
        require_whole("cooldown", self.cooldown, 0)
        require_between("floor", self.floor, 0, self.rate)

    def __call__(self, epoch: float, epochs: int) -> float:
        """η₀: nothing has been seen yet."""
        return self.rate

    def at(self, epoch: float, epochs: int, history: HistoryColumns) -> float:
        """η₀ · factor^(number of times that the watched figure has stopped improving), at least `floor`.

        Raises:
            ByhandError: the history has epochs but no such column.
        """
        if history and self.watch not in history:
            raise ByhandError(f"The learning rate follows {self.watch}, but the history has only {', '.join(history)}.")
        upwards = self.watch.endswith("accuracy")
        rate, best, waited, rest = self.rate, float("-inf" if upwards else "inf"), 0, 0
        for value in history.get(self.watch, ()):
            better = value > best * (1 + self.threshold) if upwards else value < best * (1 - self.threshold)
            best, waited = (value, 0) if better else (best, waited + 1)
            if rest:
                rest, waited = rest - 1, 0
            if waited > self.patience:
                rate, rest, waited = max(rate * self.factor, self.floor), self.cooldown, 0
        return rate


def half_cosine(start: float, end: float, done: float) -> float:
    """From start (done = 0) to end (done = 1) along half a cosine: end + ½ (start − end)(1 + cos π done)."""
    return end + 0.5 * (start - end) * (1 + cos(pi * min(done, 1)))


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
