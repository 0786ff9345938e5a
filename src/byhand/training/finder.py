"""The learning-rate range test."""

from collections.abc import Sequence
from contextlib import suppress
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from byhand.core.checks import require_between, require_instance, require_whole
from byhand.core.errors import ByhandError, TrainingDiverged
from byhand.core.types import Array
from byhand.network import Network
from byhand.optimizers import Adam, Optimizer
from byhand.schedules import Schedule
from byhand.training.callbacks import Callback
from byhand.training.fit import fit
from byhand.training.state import Training

if TYPE_CHECKING:
    from matplotlib.figure import Figure

EXPLODED = 2.0  # times the loss at the start, at which the test ends


@dataclass(frozen=True)
class Finding:
    """The result of a learning-rate range test.

    Attributes:
        rates: the learning rates (k,), in increasing order.
        losses: the loss of the batch before the step with each rate (k,).
        smoothed: the smoothed losses (k,).
        suggestion: the rate at which the smoothed loss falls most steeply.
    """

    rates: Array
    losses: Array
    smoothed: Array
    suggestion: float

    def plot(self) -> "Figure":
        """Loss against rate, the suggestion marked; see `byhand.plots.rate_curve`."""
        from byhand.plots import rate_curve

        return rate_curve(self.rates, self.losses, self.smoothed, self.suggestion)


def find_learning_rate(
    network: Network,
    x: Any,
    y: Any,
    *,
    optimizer: Optimizer | None = None,
    batch_size: int | None = 32,
    low: float = 1e-7,
    high: float = 10.0,
    steps: int = 200,
    rng: np.random.Generator | int = 0,
    **options: Any,
) -> Finding:
    """Suggest a learning rate for `network` by training a copy with increasing rates.

    The range test of Smith, "Cyclical Learning Rates for Training Neural Networks" (2017), section 3.3: the rate grows
    by the same factor at each step, from low to high. The test ends early when the running mean of the loss has risen
    to twice its initial value. Each smoothed loss is a weighted mean of the losses within a twentieth of the steps on
    both sides, with smaller weights for those further away.

    The suggestion is the rate at which the smoothed loss, as a function of the logarithm of the rate, falls most
    steeply before its minimum (S. Gugger, "How Do You Find A Good Learning Rate", 2018). This is a cautious choice: a
    tenth of the rate of the lowest loss, the other usual one, is often larger.

    Args:
        network: the network to train, with its initial parameters; it is not changed.
        x: samples (n, *input_shape), as for `fit`.
        y: class numbers (n,), or targets (n, outputs).
        optimizer: the optimiser that the rate is for (its own rate is not used); Adam() by default.
        batch_size: number of samples per step; None for all of them.
        low: the first rate, above 0.
        high: the last rate, above low.
        steps: number of rates, at least 10.
        rng: the generator of the shuffles, or a seed for one.
        options: further arguments of `fit`, such as sample_weight.

    Raises:
        ByhandError: an argument is invalid, or the loss falls at no rate.
    """
    require_between("low", low, 1e-300)
    require_between("high", high, low)
    require_whole("steps", steps, 10)
    optimizer = optimizer or Adam()
    require_instance("optimizer", optimizer, Optimizer, "an optimiser such as Adam()")
    copy = deepcopy(network)
    copy.ops = network.ops
    test = RangeTest(low, high, steps)
    chosen: Any = replace(optimizer, learning_rate=test)  # type: ignore[type-var]
    more = {"progress": False, "accuracy": False} | options
    more["callbacks"] = [*more.get("callbacks", ()), test]
    with suppress(TrainingDiverged):  # the rates before are what we wanted to know
        fit(copy, x, y, optimizer=chosen, batch_size=batch_size, rng=rng, epochs=steps, **more)  # `test` stops it
    return suggest(test.rates, test.losses)


class RangeTest(Schedule, Callback):
    """Rates that grow by the same factor at every step, and the losses that were met with them.

    It stops the training after `steps`, or once the loss has exploded.
    """

    per_step = True

    def __init__(self, low: float, high: float, steps: int):
        self.low, self.high, self.steps = low, high, steps
        self.rates: list[float] = []
        self.losses: list[float] = []
        self._mean = 0.0

    def __call__(self, epoch: float, epochs: int) -> float:
        """low · (high / low)^(i / (steps − 1)) before step i = 0, 1, ..."""
        return self.low * (self.high / self.low) ** (len(self.losses) / (self.steps - 1))

    def state(self) -> dict[str, Any]:
        """What was tried so far."""
        return {"rates": self.rates, "losses": self.losses, "mean": self._mean}

    def restore(self, state: dict[str, Any]) -> None:
        """Restore what `state` returned."""
        self.rates[:], self.losses[:], self._mean = state["rates"], state["losses"], state["mean"]

    def on_step(self, training: Training) -> None:
        """Remember, and look whether to stop."""
        self.rates.append(training.rate)
        self.losses.append(training.loss)
        self._mean = 0.8 * self._mean + 0.2 * training.loss if self._mean else training.loss
        training.stop |= len(self.losses) == self.steps or self._mean > EXPLODED * self.losses[0]


def suggest(rates: Sequence[float], losses: Sequence[float]) -> Finding:
    """The finding for losses (k,) at rates (k,).

    Raises:
        ByhandError: the smoothed loss never falls.
    """
    ceiling = EXPLODED * losses[0] if len(losses) else 0.0  # lest an explosion reach back to its neighbours
    smoothed = smooth(np.minimum(losses, ceiling), max(1, len(losses) // 20))
    lowest = int(np.argmin(smoothed)) if len(smoothed) else 0
    slopes = np.gradient(smoothed, np.log(rates))[: lowest + 1] if lowest else np.zeros(1)
    steepest = int(np.argmin(slopes))
    if not slopes[steepest] < 0:
        where = f"from {rates[0]:g} to {rates[-1]:g}" if rates else "at all"
        raise ByhandError(
            f"No learning rate {where} made the loss fall; look for one lower down, or see whether the network can "
            "learn from these data."
        )
    return Finding(np.array(rates), np.array(losses), smoothed, float(rates[steepest]))


def smooth(values: Array, reach: int) -> Array:
    """Means (k,) of neighbours up to `reach` away, with weights that fall in a straight line; at the ends of fewer."""
    weights = np.bartlett(2 * reach + 3)[1:-1]
    inside = np.convolve(np.ones(len(values)), weights)[reach : reach + len(values)]
    return np.convolve(values, weights)[reach : reach + len(values)] / inside
