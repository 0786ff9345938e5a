"""Labels in different forms: columns of tables, integers stored as floats, names."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from byhand.core.checks import as_array
from byhand.core.errors import ByhandError
from byhand.core.types import Array

SHOWN = 10  # names in a message at most


def as_column(y: Any, name: str = "y (the labels)") -> Array:
    """`y` as an array: a column (n, 1) as (n,), and columns of pandas or polars as numbers or texts.

    Raises:
        ByhandError: its rows differ in length, or it mixes texts with numbers or with missing values.
    """
    y = as_array(name, y)
    if y.ndim == 2 and y.shape[1] == 1:
        y = y[:, 0]
    if y.dtype.kind == "T":  # NumPy's own texts of any length
        y = y.astype(str)
    return _of_one_kind(y, name) if y.dtype == object and y.ndim and y.size else y


def _of_one_kind(y: Array, name: str) -> Array:
    """An array of objects as one of numbers or texts."""
    values = y.ravel().tolist()
    missing = [row for row, value in enumerate(values) if value is None or value != value]
    if missing:
        raise ByhandError(f"{name}: number {missing[0]} is missing.")
    if all(isinstance(value, str) for value in values):
        return y.astype(str)
    if all(isinstance(value, bool | int | float | np.number | np.bool_) for value in values):
        return np.array(values).reshape(y.shape)
    first = type(values[0])
    row = next((i for i, value in enumerate(values) if not isinstance(value, first)), 0)
    raise ByhandError(f"{name} must be numbers or texts throughout; number {row} is {str(values[row])[:40]!r}.")


def is_whole(y: Array) -> bool:
    """Whether all values of y are integers, of any type."""
    if y.dtype.kind == "f":
        return bool(np.isfinite(y).all() and (np.abs(y) < 2.0**53).all() and (y == np.floor(y)).all())
    return y.dtype.kind in "iub"


def class_names(texts: Array) -> tuple[str, ...]:
    """The distinct texts in order: numbers by value, other names alphabetically."""
    names = [str(name) for name in np.unique(texts)]
    return tuple(sorted(names, key=int) if all(name.isdecimal() for name in names) else names)


def numbered(texts: Array, classes: Sequence[str], name: str = "y (the labels)") -> Array:
    """The class indices (n,) of texts (n,).

    Raises:
        ByhandError: one of them is not in `classes`.
    """
    order = np.argsort(classes)
    known = np.asarray(classes)[order]
    places = np.minimum(np.searchsorted(known, texts), len(known) - 1)
    wrong = np.flatnonzero(known[places] != texts)
    if wrong.size:
        raise ByhandError(
            f"{name}: number {wrong[0]} is {str(texts[wrong[0]])[:40]!r}, but the classes are {listed(classes)}."
        )
    return order[places].astype(np.int64)


def listed(names: Sequence[str]) -> str:
    """The first names, separated by commas."""
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(str(name)[:40] if str(name).isprintable() else repr(name)[:40] for name in names[:SHOWN]) + more
