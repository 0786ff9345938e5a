"""The symbols that rows of numbers are made of, and their class numbers."""

from collections.abc import Iterable

ALPHABET = "0123456789 .,-/:+%€$£?"
SPACE, UNREAD = ALPHABET.index(" "), ALPHABET.index("?")  # "?" stands for ink that is not a number's
_CLASS = {symbol: k for k, symbol in enumerate(ALPHABET)}


def encode(text: str) -> list[int]:
    """The class numbers of a text's symbols, 0 to 21. A symbol outside the alphabet raises KeyError."""
    return [_CLASS[symbol] for symbol in text]


def decode(classes: Iterable[int]) -> str:
    """The text of class numbers; negative ones, which fill up a label, are left out."""
    return "".join(ALPHABET[k] for k in classes if k >= 0)
