"""The conversation of an exercise: a question, an answer, a verdict, a hint, and the solution at the end."""

import textwrap
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from byhand.core.errors import ByhandError
from byhand.lessons.base import WIDTH
from byhand.lessons.graph import four_decimals
from byhand.lessons.question import Question, judge, read_numbers

HELP = "Answer with numbers (0.25 or 1/4, several with spaces between). Also: hint, solution, skip, quit."


def ask(questions: Sequence[Question], lines: Iterator[str], say: Callable[[str], None]) -> int:
    """Ask all questions; returns how many were answered rightly before their solution was answer_text.

    Args:
        questions: the steps, in their order.
        lines: what the reader types; the exercise ends with them.
        say: prints a text.
    """
    say(HELP)
    right = 0
    for i, question in enumerate(questions, 1):
        say(f"\nStep {i} of {len(questions)}: {question.step}\n\n{textwrap.fill(question.text, WIDTH)}")
        end = _one(question, lines, say)
        right += end == "right"
        if end == "quit":
            break
    say(f"\n{right} of {len(questions)} right.")
    return right


def _one(question: Question, lines: Iterator[str], say: Callable[[str], None]) -> str:
    """One question; how it ended: right, solution, skip or quit."""
    hints = list(question.hints)
    for line in lines:
        word = line.strip().lower()
        if word in ("quit", "skip"):
            return word
        if word in ("hint", "solution") and hints:
            more = "" if word == "hint" else " (Type solution again to go on.)"
            say(f"Hint: {hints.pop(0)}{more}")
        elif word == "hint":
            say("There are no more hints; type solution to see it.")
        elif word == "solution":
            say(f"{question.solution}\nThe answer: {answer_text(question)}")
            return word
        elif word:
            try:
                verdict = judge(question, read_numbers(line))
            except ByhandError as error:
                say(str(error))
                continue
            say(verdict.message)
            if verdict.right:
                return "right"
    return "quit"


def answer_text(question: Question) -> str:
    """The right answer as text: a number, a row, or rows with semicolons between them."""
    answer = np.atleast_2d(np.asarray(question.answer, float))
    return ";  ".join("  ".join(map(four_decimals, row)) for row in answer)
