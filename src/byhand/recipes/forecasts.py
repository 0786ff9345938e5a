"""Forecasts of time series, one step ahead, beside naive ones."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from byhand.core.types import Array
from byhand.data import Dataset, series_windows
from byhand.data.series import series_of
from byhand.layers import GRU, Dense
from byhand.losses import MSE
from byhand.network import Network
from byhand.optimizers import Adam
from byhand.recipes.base import Figure, Outcome, Recipe, Split
from byhand.regularizers import L2
from byhand.schedules import CosineAnnealing

YEAR = 12  # months
CYCLE = 11  # years from one maximum of sunspots to the next, about
MONTHS_TESTED, MONTHS_HELD_BACK, MONTHS_SEEN = 48, 24, 12
YEARS_TESTED, YEARS_HELD_BACK, YEARS_SEEN = 88, 40, 12


def cut(values: Array, seen: int, held_back: int, tested: int) -> Split:
    """Windows of `seen` values of a series and the value after each, in order: to learn, held back, to test with.

    The numbers are divided by the standard deviation of those to learn from, after their mean is subtracted.
    """
    mean, spread = scale_of(values[: len(values) - tested - held_back])
    x, t = series_windows(((values - mean) / spread).astype(np.float32), seen)
    x, first, last = x[..., np.newaxis], len(x) - tested - held_back, len(x) - tested
    return Split((x[:first], t[:first]), (x[first:last], t[first:last]), (x[last:], t[last:]))


def scale_of(values: Array) -> tuple[float, float]:
    """Mean and standard deviation."""
    return float(np.mean(values)), float(np.std(values))


def root_mean_square(errors: Array) -> float:
    """√(mean of the squares)."""
    return float(np.sqrt(np.mean(np.square(errors))))


def changes_of_growth(y: Array) -> Array:
    """(log y_t − log y_{t−12}) − (log y_{t−1} − log y_{t−13}), from month 13 on: how a year's growth changed.

    It is 0 on average, and forecasting 0 is the naive forecast y_{t−12} · y_{t−1} / y_{t−13}.
    """
    growth = np.log(y[YEAR:]) - np.log(y[:-YEAR])
    return np.diff(growth)


def airline_split(dataset: Dataset, rng: np.random.Generator) -> Split:
    """The changes of the yearly growth, window by window; the last 48 months are for testing."""
    return cut(changes_of_growth(series_of(dataset)), MONTHS_SEEN, MONTHS_HELD_BACK, MONTHS_TESTED)


def airline_forecasts(network: Network, x: Array, y: Array, t: Array) -> dict[str, Array]:
    """Forecasts of the months t of the series y, by the network from the windows x and by three naive rules."""
    changes = changes_of_growth(y)
    mean, spread = scale_of(changes[: len(changes) - MONTHS_TESTED - MONTHS_HELD_BACK])
    same_growth = y[t - YEAR] * y[t - 1] / y[t - YEAR - 1]
    return {
        "": same_growth * np.exp(mean + spread * network.predict(x).astype(np.float64)),
        ", as last month": y[t - 1],
        ", as last year": y[t - YEAR],
        ", last year times last month's growth": same_growth,
    }


def sunspots_split(dataset: Dataset, rng: np.random.Generator) -> Split:
    """The square roots of the numbers, window by window; the years from 1921 on are for testing."""
    return cut(np.sqrt(series_of(dataset)), YEARS_SEEN, YEARS_HELD_BACK, YEARS_TESTED)


def sunspots_forecasts(network: Network, x: Array, y: Array, t: Array) -> dict[str, Array]:
    """Forecasts of the years t of the series y, by the network from the windows x and by two naive rules."""
    mean, spread = scale_of(np.sqrt(y[: len(y) - YEARS_TESTED - YEARS_HELD_BACK]))
    root = mean + spread * network.predict(x).astype(np.float64)
    return {"": np.maximum(root, 0) ** 2, ", as last year": y[t - 1], ", as eleven years ago": y[t - CYCLE]}


def errors_of(forecasts: Callable[[Network, Array, Array, Array], dict[str, Array]]) -> Callable[..., dict[str, float]]:
    """A recipe's `judge`: root mean squared errors of such forecasts, in the series' unit, held back and tested."""

    def judge(network: Network, split: Split, dataset: Dataset) -> dict[str, float]:
        y, errors, end = series_of(dataset), {}, len(dataset.x_train) + 1
        for part, pair in (("test", split.test), ("validation", split.validation)):
            assert pair is not None
            t = np.arange(end - len(pair[0]), end)  # the steps that are forecast
            for name, forecast in forecasts(network, pair[0], y, t).items():
                errors[f"{part} RMSE{name}"] = root_mean_square(forecast - y[t])
            end -= len(t)
        return errors

    return judge


def judged(name: str, published: float | None = None) -> Figure:
    """The figure that a recipe's `judge` calls `name`."""

    def measure(run: Outcome) -> float:
        return run.judged[name]

    return Figure(name, measure, published, percent=False)


airline = Recipe(
    name="airline",
    source="byhand",
    takes="Passengers of airlines, 144 months (Box and Jenkins, 1976), one month ahead. A GRU of 8 units sees the last "
    "twelve changes of the yearly growth log y[t] − log y[t−12] and forecasts the next one; forecasting no change is "
    "the naive forecast y[t−12] · y[t−1] / y[t−13]. Adam along a cosine, L2; the last 48 months are for testing, 24 "
    'before them are held back. The published error is that of a popular LSTM tutorial; "as last month" does as well.',
    prepare=airline_split,
    layers=(GRU(8), Dense(1)),
    loss=MSE(),
    optimizer=Adam(CosineAnnealing(0.01)),
    dataset="airline",
    input_shape=(MONTHS_SEEN, 1),
    regularizers=(L2(0.1),),  # of 0.01, 0.1 and 0.3 the best by the months held back, over three seeds
    epochs=100,
    batch_size=8,
    judge=errors_of(airline_forecasts),
    figures=(
        judged("validation RMSE"),
        judged("validation RMSE, last year times last month's growth"),
        judged("test RMSE", 47.5),
        judged("test RMSE, as last month"),
        judged("test RMSE, as last year"),
        judged("test RMSE, last year times last month's growth"),
    ),
)

sunspots = replace(
    airline,
    name="sunspots",
    takes="Sunspots of 309 years, one year ahead: a GRU of 16 units sees the square roots of the last twelve numbers. "
    "Adam along a cosine, L2; the years from 1921 on are for testing, the 40 before them are held back.",
    prepare=sunspots_split,
    layers=(GRU(16), Dense(1)),
    dataset="sunspots",
    input_shape=(YEARS_SEEN, 1),
    regularizers=(L2(0.01),),
    judge=errors_of(sunspots_forecasts),
    figures=(
        judged("validation RMSE"),
        judged("validation RMSE, as last year"),
        judged("test RMSE"),
        judged("test RMSE, as last year"),
        judged("test RMSE, as eleven years ago"),
    ),
)
