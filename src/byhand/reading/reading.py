"""What was read in a picture: its rows, and their digits, each with its place and what else it might be."""

from dataclasses import dataclass
from math import prod
from typing import Any

from byhand.core.types import Array
from byhand.reading.pieces import digit_image
from byhand.reading.prepare import Box


@dataclass(frozen=True)
class Digit:
    """A digit that was read.

    Attributes:
        digit: it, as text.
        confidence: the probability that it is right, from 0 to 1.
        box: where it stands in the picture: left, top, right, bottom in pixels, right and bottom exclusive.
        alternatives: what else it might be, with probabilities, the likeliest first.
        ink: its own ink, uint8 (height, width), as it was found in the picture: ink 255 on paper 0.
    """

    digit: str
    confidence: float
    box: Box
    alternatives: tuple[tuple[str, float], ...]
    ink: Array

    @property
    def image(self) -> Array:
        """The digit as a network for single digits sees it, uint8 (28, 28), made as MNIST was."""
        return digit_image(self.ink)

    def to_json(self, images: bool = False) -> dict[str, Any]:
        """Plain data; with `images` also the image, as 28 rows of grey levels."""
        plain: dict[str, Any] = {
            "digit": self.digit,
            "confidence": self.confidence,
            "box": list(self.box),
            "alternatives": [{"digit": name, "confidence": p} for name, p in self.alternatives],
        }
        return plain | ({"image": self.image.tolist()} if images else {})


@dataclass(frozen=True)
class Row:
    """A row of digits.

    Attributes:
        digits: from left to right.
        confidence: the probability that all of them are right, and none is missing.
        box: where the row stands in the picture, as a digit's.
    """

    digits: tuple[Digit, ...]
    confidence: float
    box: Box

    @property
    def text(self) -> str:
        """The digits, without spaces."""
        return "".join(digit.digit for digit in self.digits)

    def to_json(self, images: bool = False) -> dict[str, Any]:
        """Plain data: text, confidence, box, digits."""
        digits = [digit.to_json(images) for digit in self.digits]
        return {"text": self.text, "confidence": self.confidence, "box": list(self.box), "digits": digits}


@dataclass(frozen=True)
class Reading:
    """What was read in a picture.

    Attributes:
        lines: its rows, from top to bottom, those side by side from left to right; none if no digit was found.
    """

    lines: tuple[Row, ...]

    @property
    def text(self) -> str:
        """The rows' digits, joined by line ends; "" if no digit was found."""
        return "\n".join(line.text for line in self.lines)

    @property
    def confidence(self) -> float:
        """The probability that every row is right: the product of theirs."""
        return prod(line.confidence for line in self.lines)

    @property
    def digits(self) -> tuple[Digit, ...]:
        """All rows' digits, one after the other."""
        return tuple(digit for line in self.lines for digit in line.digits)

    def to_json(self, images: bool = False) -> dict[str, Any]:
        """Plain data: text and lines, each with its text, confidence, box and digits; with `images` also those."""
        return {"text": self.text, "lines": [line.to_json(images) for line in self.lines]}
