"""A question with numbers for an answer: it knows the usual slips and what each of them gives."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from byhand.core.errors import ByhandError
from byhand.core.types import Array

ABSOLUTE, SHARE = (
    6e-4,
    2e-3,
)  # an answer may be away by so much, plus such a share: rounding to four decimals on the way


@dataclass(frozen=True)
class Question:
    """One step of an exercise.

    Attributes:
        step: what is asked for, such as "∂L/∂z2".
        text: the question with its numbers.
        answer: a number, or an array of any shape that is given row by row.
        slips: what went wrong → the answer that it gives.
        hints: to be shown one by one.
        solution: the calculation.
    """

    step: str
    text: str
    answer: Array | float
    slips: Mapping[str, Array | float] = field(default_factory=dict)
    hints: tuple[str, ...] = ()
    solution: str = ""


@dataclass(frozen=True)
class Verdict:
    """Whether an answer is right, and a sentence about it."""

    right: bool
    message: str


def read_numbers(text: str) -> Array:
    """The numbers in a line such as "(0.5, −1/3)", in their order.

    Raises:
        ByhandError: something in it is not a number.
    """
    for old, new in (("−", "-"), ("(", " "), (")", " "), ("[", " "), ("]", " "), (",", " "), (";", " ")):
        text = text.replace(old, new)
    return np.array([_number(word) for word in text.split()])


def judge(question: Question, given: Array) -> Verdict:
    """Compare an answer (k,) with the right one, and with what the usual slips give."""
    answer = np.asarray(question.answer, float)
    if given.size != answer.size:
        rows = ", row by row" if answer.ndim == 2 else ""
        need = "one number" if answer.size == 1 else f"{answer.size} numbers{rows}"
        return Verdict(False, f"This needs {need}; you gave {given.size}. (Decimals have a point: 0.5.)")
    if _near(given, answer.ravel()):
        return Verdict(True, "Right.")
    for slip, value in question.slips.items():
        if _near(given, np.ravel(value)):
            return Verdict(False, f"Not yet: {slip}")
    return Verdict(False, _general(given, answer))


def _general(given: Array, answer: Array) -> str:
    """What went wrong, where nothing is known but both arrays."""
    flat = answer.ravel()
    if _near(-given, flat):
        return "Not yet: the sign is turned."
    if answer.ndim == 2 and _near(given.reshape(answer.shape[::-1]).T.ravel(), flat):
        return "Not yet: these are the right numbers, but transposed; rows and columns are swapped."
    there = np.abs(flat) > ABSOLUTE
    ratios = given[there] / flat[there]
    if len(ratios) > 1 and _near(given, ratios[0] * flat) and abs(ratios[0]) > SHARE:
        return f"Not yet: all your numbers are {ratios[0]:.4g} times the right ones; a factor is missing or too many."
    right = [i + 1 for i in range(flat.size) if _near(given[i : i + 1], flat[i : i + 1])]
    if right:
        return f"Not yet, but {_listed(right)} {'is' if len(right) == 1 else 'are'} right."
    return "Not yet."


def _near(given: Array, wanted: Array) -> bool:
    return given.shape == wanted.shape and bool(np.all(np.abs(given - wanted) <= ABSOLUTE + SHARE * np.abs(wanted)))


def _number(word: str) -> float:
    try:
        top, _, bottom = word.partition("/")
        return float(top) / float(bottom or 1)
    except (ValueError, ZeroDivisionError):
        raise ByhandError(f"{word!r} is not a number; write numbers such as 0.25, -1/3 or 2e-3.") from None


def _listed(numbers: Sequence[int]) -> str:
    return "number " + str(numbers[0]) if len(numbers) == 1 else "numbers " + ", ".join(map(str, numbers))
