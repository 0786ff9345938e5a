"""Numbers as JSON: single numbers with five significant digits, arrays as bytes with a scale."""

from base64 import b64encode
from math import isfinite
from typing import Any

import numpy as np

from byhand.core.types import Array


def packed(values: Array) -> dict[str, Any]:
    """An array as bytes: value = (byte − zero) · scale, row by row.

    Grey levels (uint8) stay what they are. Where anything is negative, zero is 127, so that 0 is exact; else it is 0.
    What is not finite, as in a training that diverges, becomes 0.
    """
    if values.dtype == np.uint8:
        levels, zero, scale = values, 0, 1 / 255
    else:
        values = np.nan_to_num(values, nan=0, posinf=0, neginf=0)
        zero = 127 if values.size and values.min() < 0 else 0
        largest = float(np.abs(values).max()) if values.size else 0.0
        scale = largest / (127 if zero else 255) or 1.0
        levels = np.clip(np.rint(values / scale) + zero, 0, 255).astype(np.uint8)
    data = b64encode(np.ascontiguousarray(levels).tobytes()).decode()
    return {"shape": list(values.shape), "scale": scale, "zero": zero, "data": data}


def json_number(value: Any) -> float | None:
    """A number with five significant digits; None if it is not finite."""
    return float(f"{value:.5g}") if isfinite(value) else None


def numbers(values: Any) -> list[Any]:
    """The numbers of an array as nested lists; see `json_number`."""
    return _rounded(np.asarray(values).tolist())


def _rounded(values: list[Any]) -> list[Any]:
    return [_rounded(v) if isinstance(v, list) else json_number(v) for v in values]
