"""The nodes of somebody's graph, and which function reads which."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from byhand.core.errors import ByhandError
from byhand.core.types import Array


@dataclass(frozen=True)
class Node:
    """A node.

    Attributes:
        kind: its operator.
        attributes: by name.
        opset: the version of the standard's operators.
        used: for each output, whether anything uses it.
    """

    kind: str
    attributes: dict[str, Any]
    opset: int
    used: Sequence[bool]

    def whole(self, name: str, usual: int) -> int:
        """A whole number."""
        value = self.attributes.get(name, usual)
        if not isinstance(value, int):
            raise ByhandError(f"{self.kind}: {name} must be a whole number.")
        return value

    def number(self, name: str, usual: float) -> float:
        """A finite number."""
        value = self.attributes.get(name, usual)
        if not isinstance(value, int | float) or not np.isfinite(value):
            raise ByhandError(f"{self.kind}: {name} must be a finite number.")
        # ONNX keeps numbers in single precision: 0.01 comes back as 0.009999999776482582
        return float(str(np.float32(value)))

    def text(self, name: str, usual: str) -> str:
        """A text."""
        value = self.attributes.get(name, usual)
        return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)

    def numbers(self, name: str, usual: Sequence[int]) -> list[int]:
        """Whole numbers, at most eight."""
        value = self.attributes.get(name, usual)
        if not isinstance(value, list | tuple) or len(value) > 8 or not all(isinstance(v, int) for v in value):
            raise ByhandError(f"{self.kind}: {name} must be a few whole numbers.")
        return [*value]


Reads = Callable[..., Any]
OPERATORS: dict[str, Reads] = {}


def reads(*kinds: str) -> Callable[[Reads], Reads]:
    """Decorator: the function reads these operators; it gets the node and its inputs, and gives its outputs."""

    def note(function: Reads) -> Reads:
        OPERATORS.update(dict.fromkeys(kinds, function))
        return function

    return note


def constant_input(what: str, value: Any, sides: int | None = None) -> Array:
    """An input that must be constant, with that many axes.

    Raises:
        ByhandError: it is computed, missing, or has other axes.
    """
    if not isinstance(value, np.ndarray):
        raise ByhandError(f"{what} must be constant.")
    if sides is not None and value.ndim != sides:
        raise ByhandError(f"{what} has {value.ndim} axes, not {sides}.")
    return value


def one_number(value: Array) -> float | None:
    """The number of a constant that holds one; else None."""
    return float(value.reshape(-1)[0]) if value.size == 1 else None


def whole_numbers(what: str, value: Any) -> list[int]:
    """A constant of a few whole numbers."""
    found = constant_input(what, value)
    if found.dtype.kind not in "iu" or found.size > 16:
        raise ByhandError(f"{what} must be a few whole numbers.")
    return [int(v) for v in found.reshape(-1)]
