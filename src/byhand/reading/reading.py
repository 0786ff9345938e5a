"""What was read in a picture: its rows and their signs, and whatever else stands there without being read."""

from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import Any

from byhand.core.types import Array
from byhand.pictures.boxes import Box
from byhand.pictures.prepare import digit_image


@dataclass(frozen=True)
class Digit:
    """A digit that was read, or a sign of a number.

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

    @cached_property
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
class Unread:
    """A place with ink on it that is not part of the text.

    Attributes:
        box: where, as a digit's.
        reason: "unsure": a row that the networks are not sure enough of, or that cannot read as asked; "other": writing
            that is not a number; "turned": numbers whose lines run up or down.
        text: the best guess, "" if there is none.
        confidence: how probable that guess is.
    """

    box: Box
    reason: str
    text: str = ""
    confidence: float = 0.0

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return {"box": list(self.box), "reason": self.reason, "text": self.text, "confidence": self.confidence}


@dataclass(frozen=True)
class Row:
    """A row of digits and signs.

    Attributes:
        symbols: digits and signs from left to right, without spaces.
        confidence: the probability that all of them are right, and none is missing.
        box: where the row stands in the picture, as a digit's.
        groups: how many symbols stand together, group by group: two numbers on one row are two groups.
        unread: ink among them that is no part of the number.
        share: how much of the ink along the row is a number's, as the finder and the networks for rows see it, 0 to 1.
    """

    symbols: tuple[Digit, ...]
    confidence: float
    box: Box
    groups: tuple[int, ...] = ()
    unread: tuple[Unread, ...] = ()
    share: float = 1.0

    @property
    def digits(self) -> tuple[Digit, ...]:
        """The digits alone."""
        return tuple(symbol for symbol in self.symbols if symbol.digit.isdigit())

    @property
    def text(self) -> str:
        """The symbols, a space between two groups."""
        names = [symbol.digit for symbol in self.symbols]
        ends = [sum(self.groups[: i + 1]) for i in range(len(self.groups))] or [len(names)]
        return " ".join("".join(names[a:b]) for a, b in zip([0, *ends], ends, strict=False))

    def to_json(self, images: bool = False) -> dict[str, Any]:
        """Plain data: text, confidence, box, groups, digits, symbols (digits and signs), unread."""
        return {
            "text": self.text,
            "confidence": self.confidence,
            "box": list(self.box),
            "groups": self.text.split(" "),
            "digits": [digit.to_json(images) for digit in self.digits],
            "symbols": [symbol.to_json(images) for symbol in self.symbols],
            "unread": [place.to_json() for place in self.unread],
        }


@dataclass(frozen=True)
class Reading:
    """What was read in a picture.

    Attributes:
        lines: its rows, from top to bottom; none if no digit was found.
        rejected: what is left out: rows that are too unsure, other writing, turned writing; each with box and reason.
        turns: by how many quarter turns, counter-clockwise, the picture was turned to be read.
    """

    lines: tuple[Row, ...]
    rejected: tuple[Unread, ...] = ()
    turns: int = 0

    @property
    def text(self) -> str:
        """The rows' texts, joined by line ends; "" if no digit was found."""
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
        """Plain data: text, lines, rejected; with `images` each digit's own."""
        return {
            "text": self.text,
            "lines": [line.to_json(images) for line in self.lines],
            "rejected": [place.to_json() for place in self.rejected],
        }
