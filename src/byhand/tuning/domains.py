"""The values that one parameter may take: a few choices, or a range."""

from dataclasses import dataclass
from functools import cached_property
from math import floor, isfinite, log2
from typing import Any

import numpy as np

from byhand.core.config import to_config
from byhand.core.errors import ByhandError


@dataclass(frozen=True)
class Choices:
    """One of these values: numbers, names, lists of sizes, or tables with a kind."""

    values: tuple[Any, ...]
    log = False

    def __post_init__(self) -> None:
        if not self.values:
            raise ByhandError("there are no choices; give at least one.")
        object.__setattr__(self, "values", tuple(to_config(value) for value in self.values))  # as a file holds them

    def grid(self) -> tuple[Any, ...]:
        """All values."""
        return self.values

    def draw(self, rng: np.random.Generator) -> Any:
        """A random value; all are equally likely."""
        return self.values[int(rng.integers(len(self.values)))]

    def extremes(self) -> tuple[Any, ...]:
        """The values to try to check that all are valid."""
        return self.values

    def holds(self, value: Any) -> bool:
        """Whether `value` is one of the choices."""
        return value in self.values


@dataclass(frozen=True)
class NumberRange:
    """The numbers low ≤ value ≤ high; integers if low, high and step are integers.

    Args:
        low: the smallest value.
        high: the largest value.
        log: whether values are spread evenly on a logarithmic scale: as many from 0.001 to 0.01 as from 0.01 to 0.1.
        step: only low, low + step, low + 2 step, ... up to high.
        steps: number of values in a grid search, from low to high, at least 2; ignored by the other searches.
    """

    low: float
    high: float
    log: bool = False
    step: float | None = None
    steps: int | None = None

    def __post_init__(self) -> None:
        for name in ("low", "high", *(("step",) if self.step is not None else ())):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
                raise ByhandError(f"{name} must be a finite number; got {value!r}.")
        if not isinstance(self.log, bool):
            raise ByhandError(f"log must be true or false; got {self.log!r}.")
        if self.low > self.high:
            raise ByhandError(f"low is {self.low:g}, which is more than high, {self.high:g}.")
        if self.log and self.low <= 0:
            raise ByhandError(f"log needs low above 0; got {self.low:g}.")
        if self.step is not None and (self.step <= 0 or self.log):
            raise ByhandError("step must be more than 0." if not self.log else "log and step exclude each other.")
        if self.steps is not None and (
            isinstance(self.steps, bool) or not isinstance(self.steps, int) or self.steps < 2
        ):
            raise ByhandError(
                f"steps, how many values a grid takes, must be a whole number, at least 2; got {self.steps!r}."
            )

    @property
    def whole(self) -> bool:
        """Whether the values are whole numbers."""
        return all(isinstance(value, int) for value in (self.low, self.high, self.step or 1))

    @property
    def every(self) -> float | None:
        """The distance between values, or None for a continuous range."""
        return self.step or (1 if self.whole and not self.log else None)

    @cached_property
    def last(self) -> float:
        """The largest value: high, or the last step before it."""
        return self.high if self.every is None else self._stepped(floor((self.high - self.low) / self.every + 1e-9))

    def grid(self) -> tuple[float, ...]:
        """`steps` values from low to high, equally far apart (by magnitude with log), or else every step.

        Raises:
            ByhandError: the range is continuous and has no number of steps.
        """
        if self.steps is not None:
            space = np.geomspace if self.log else np.linspace
            values = (float(value) for value in space(self.low, self.last, self.steps))
            return tuple(dict.fromkeys(self._fit(value) for value in values))
        if self.every is None:
            raise ByhandError(
                "a grid needs to know how many values to take of this range: add steps = 5, or give choices."
            )
        count = floor((self.high - self.low) / self.every + 1e-9) + 1
        if count > 100_000:
            raise ByhandError(f"a grid over {count:,} values never ends: add steps = 5, or give choices.")
        return tuple(self._stepped(k) for k in range(count))

    def draw(self, rng: np.random.Generator) -> float:
        """A random value, uniform, or log-uniform if `log`."""
        if self.every is not None:
            return self._stepped(int(rng.integers(floor((self.high - self.low) / self.every + 1e-9) + 1)))
        if self.log:
            margin = 0.5 if self.whole else 0.0  # every whole number owns the half on both sides of it
            return self._fit(2.0 ** rng.uniform(log2(self.low - margin), log2(self.high + margin)))
        return self._fit(rng.uniform(self.low, self.high))

    def extremes(self) -> tuple[float, float]:
        """The values to try to check that all are valid."""
        return self._fit(self.low), self._fit(self.last)

    def holds(self, value: Any) -> bool:
        """Whether `value` is a number within the limits."""
        return isinstance(value, int if self.whole else int | float) and self.low <= value <= self.high

    def _stepped(self, k: int) -> float:
        return self._fit(self.low + k * (self.every or 0))

    def _fit(self, value: float) -> float:
        """Clip to the limits, round to integers if required, and remove rounding errors (0.30000000000000004)."""
        if self.whole:
            return min(max(round(value), int(self.low)), int(self.high))
        return min(max(float(f"{value:.12g}"), float(self.low)), float(self.high))


Domain = Choices | NumberRange
