"""The class Problem, and formats of numbers."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

SERIOUS, MODERATE, MINOR = 3, 2, 1
WORDS = {SERIOUS: "serious", MODERATE: "moderate", MINOR: "minor"}


@dataclass(frozen=True)
class Problem:
    """A problem of a training.

    Attributes:
        name: a short name, such as "vanishing gradients".
        severity: 3 if it prevents learning, 2 if it costs accuracy, 1 if it is only good to know.
        seen: what was measured, in a sentence or two with its numbers.
        advice: what to try.
        numbers: the numbers that the rule used.
    """

    name: str
    severity: int
    seen: str
    advice: str
    numbers: dict[str, float] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.name[0].upper()}{self.name[1:]} ({WORDS[self.severity]}). {self.seen} Try: {self.advice}"

    def as_dict(self) -> dict[str, Any]:
        """Plain data, the severity as a word."""
        return asdict(self) | {"severity": WORDS[self.severity]}


def joined(parts: Sequence[str]) -> str:
    """For example "a, b and c"."""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def share(value: float) -> str:
    """0.934 → "93 %"."""
    return f"{min(100 * value, 99):.0f} %" if value < 1 else "100 %"


def number(value: float) -> str:
    """3.14159 → "3.14", 12000 → "12,000", 3e7 → "3e+07"."""
    return f"{value:,.0f}" if 1000 <= value < 1e6 else f"{value:.3g}"
