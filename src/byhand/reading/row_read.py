"""What the ways of reading a row have to say of it."""

from typing import NamedTuple

from byhand.core.types import Array
from byhand.losses.decoding import Label


class RowRead(NamedTuple):
    """A row as it was read.

    Attributes:
        label: the digits.
        probability: that it is right.
        middles: for each digit the column of the row's image that its middle stands in.
        p: for each digit the probabilities of the ten (digits, 10).
        doubtful: whether the first look at it left doubts.
        own: how much of the row's ink the networks take for a number's, 0 to 1.
    """

    label: Label
    probability: float
    middles: list[float]
    p: Array
    doubtful: bool = False
    own: float = 1.0
