"""Checks of arguments that many modules share."""

from collections.abc import Iterable
from difflib import get_close_matches
from math import isfinite
from numbers import Integral, Real
from typing import Any

import numpy as np

from byhand.core.errors import ByhandError
from byhand.core.types import Array


def require_whole(name: str, value: Any, least: int = 1) -> None:
    """Raise ByhandError unless `value` is a whole number, at least `least`."""
    if isinstance(value, bool) or not isinstance(value, Integral) or value < least:
        raise ByhandError(f"{name} must be a whole number, at least {least}; got {value!r}.")


def require_between(name: str, value: Any, low: float, high: float = float("inf")) -> None:
    """Raise ByhandError unless `value` is a finite number with low ≤ value ≤ high."""
    number = isinstance(value, Real) and not isinstance(value, bool)
    if not number or not low <= value <= high or abs(value) == float("inf"):
        limits = f"at least {low:g}" if high == float("inf") else f"from {low:g} to {high:g}"
        raise ByhandError(f"{name} must be a number {limits}; got {value!r}.")


def require_instance(name: str, value: Any, kind: type, examples: str) -> None:
    """Raise ByhandError unless `value` is an instance of `kind`."""
    if not isinstance(value, kind):
        raise ByhandError(f"{name} must be {examples}; got {value!r}.")


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """What to say about a name that is not known: similar names that are, or all of them if none is similar."""
    known = list(known)
    close = get_close_matches(name, known, n=3, cutoff=0.7)
    return f"did you mean {' or '.join(close)}?" if close else f"choose one of {', '.join(known)}."


def is_finite(vector: Array, ops: Any = None) -> bool:
    """Whether all numbers of a vector are finite; one product v · v unless it overflows.

    Args:
        vector: numbers (n,).
        ops: the table of operations whose array it is; by default it is NumPy's.
    """
    if ops is None:
        return isfinite(vector.dot(vector)) or bool(np.isfinite(vector).all())
    return isfinite(ops.dot(vector, vector)) or bool(np.isfinite(ops.to_numpy(vector)).all())


def as_array(name: str, value: Any) -> Array:
    """Convert `value` to an array; raises ByhandError if its rows differ in length."""
    try:
        return np.asarray(value)
    except ValueError:
        raise ByhandError(f"{name} is not an array of numbers: its rows differ in length.") from None


def as_float_type(dtype: Any) -> np.dtype:
    """float32 or float64 as NumPy's dtype; raises ByhandError for anything else."""
    try:
        found = np.dtype(dtype)
    except TypeError:
        found = None
    if found is None or found not in (np.dtype(np.float32), np.dtype(np.float64)):
        raise ByhandError(f"A network computes in float32 or float64, not {dtype!r}.")
    return found
