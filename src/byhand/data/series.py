"""Time series: one number after another, and windows of them to forecast from."""

from pathlib import Path

import numpy as np

from byhand.core.checks import require_whole
from byhand.core.errors import ByhandError
from byhand.core.labels import listed
from byhand.core.types import Array
from byhand.data.columns import Column, read_table
from byhand.data.csv import find_column
from byhand.data.dataset import Dataset

SHORTEST_SERIES = 3  # numbers: one to forecast from, one to learn and one to test


def read_series(path: str | Path, column: str | int | None = None) -> Array:
    """A column of a CSV file, from its first row to its last, as numbers (N,) float64.

    Args:
        path: the file; its rows are in the order of time, in equal steps.
        column: its name or number; by default the last one, where the others are not numbers or the file has no more
            than two.

    Raises:
        ByhandError: the file cannot be read, no such column, it is not clear which one, fewer than three rows, or a
            value that is missing or no finite number.
    """
    path = Path(path)
    columns = read_table(path)
    chosen = _chosen(columns, column, path)
    try:
        if (missing := chosen.missing()).any():
            row = int(missing.argmax()) + 1
            raise ByhandError(f"the column {chosen.name!r} lacks a value in row {row}; a series needs all of them.")
        values = chosen.numbers()
    except ByhandError as error:
        raise ByhandError(f"{path}: {error}") from None
    if len(values) < SHORTEST_SERIES:
        raise ByhandError(f"{path} has {len(values)} rows, too few to forecast anything.")
    return values


def _chosen(columns: dict[str, Column], column: str | int | None, path: Path) -> Column:
    header = list(columns)
    if column is not None:
        return columns[header[find_column(header, column, len(header), str(path))]]
    numeric = [name for name in header if columns[name].is_numeric]
    if not numeric or (len(numeric) > 1 and len(header) > 2):
        raise ByhandError(f"Say which column of {path} to forecast: label='NAME' (--label); it has {listed(header)}.")
    return columns[numeric[-1]]


def load_series(path: str | Path, column: str | int | None = None, name: str | None = None) -> Dataset:
    """A time series as a data set, for recipes: `x_train` (N − 1, 1) its numbers, `y_train` (N − 1,) the next ones.

    Recipes cut it into windows, and hold back its end.

    Raises:
        ByhandError: see `read_series`.
    """
    values = read_series(path, column)
    return Dataset(name or Path(path).name, values[:-1, np.newaxis], values[1:], None, None, (), None)


def series_of(dataset: Dataset) -> Array:
    """The numbers (N,) of a data set that `load_series` made."""
    return np.append(dataset.x_train[:, 0], dataset.y_train[-1])


def series_windows(values: Array, steps: int) -> tuple[Array, Array]:
    """All windows of a series, x (n, steps, ...), and the value after each of them, y (n, ...).

    Args:
        values: the series (N, ...), a number or a row of numbers for each step.
        steps: how many a window has; n = N − steps.

    Raises:
        ByhandError: the series is too short for one window and the value after it.
    """
    require_whole("steps", steps)
    if len(values) <= steps:
        raise ByhandError(f"A series of {len(values)} values is too short for windows of {steps} and the value after.")
    places = np.arange(len(values) - steps)[:, np.newaxis] + np.arange(steps)  # (n, steps)
    return values[places], values[steps:]
