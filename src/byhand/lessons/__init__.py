"""Worked examples; each checks the numbers that it shows."""

from difflib import get_close_matches

from byhand.core.errors import ByhandError
from byhand.lessons import (
    activation_functions,
    arithmetic,
    by_hand_221,
    drawing,
    initialization,
    learning_rate,
    output_coding,
    perceptron,
    perceptron_rule,
    regression,
    spam,
    xor_network,
)
from byhand.lessons.base import Board, Lesson, LessonFailed, taught

__all__ = ["Board", "Lesson", "LessonFailed", "lessons", "run_lesson"]

FAMILIES = (
    perceptron,
    spam,
    perceptron_rule,
    xor_network,
    activation_functions,
    arithmetic,
    by_hand_221,
    initialization,
    learning_rate,
    output_coding,
    regression,
    drawing,
)  # in teaching order


def lessons() -> dict[str, Lesson]:
    """All lessons by name, in teaching order."""
    return {lesson.name: lesson for family in FAMILIES for lesson in family.LESSONS}


def run_lesson(name: str, seed: int = 0) -> Board:
    """Run one lesson on a new board; `seed` seeds its random numbers.

    Raises:
        ByhandError: there is no such lesson, or its data cannot be had.
        LessonFailed: one of its numbers does not hold.
    """
    known = lessons()
    if name not in known:
        close = get_close_matches(name, known, n=3, cutoff=0.4)
        meant = f"did you mean {' or '.join(close)}?" if close else f"choose one of {', '.join(known)}."
        raise ByhandError(f"There is no lesson called {name!r}; {meant}")
    return taught(known[name].teach, seed)
