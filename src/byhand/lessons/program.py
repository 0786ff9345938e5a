"""A lesson as a program to be changed and run, for notebooks and for the site's "try it"."""

import ast
import inspect
import sys
import textwrap
from collections.abc import Sequence
from typing import Any

from byhand.lessons.base import RENDER, Board, Lesson, checks_text


class PrintedBoard(Board):
    """A board whose entries are printed at once, so that a changed program shows how far it came."""

    def say(self, text: str) -> None:
        """Print a paragraph."""
        super().say(text)
        self._print(RENDER["text"])

    def equation(self, text: str) -> None:
        """Print lines of mathematics."""
        super().equation(text)
        self._print(RENDER["equation"])

    def table(self, headers: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        """Print a table."""
        super().table(headers, rows)
        self._print(RENDER["table"])

    def check(self, name: str, value: Any, expected: Any, tolerance: float = 0.0) -> None:
        """Print a number; raises LessonFailed as on any board, so a changed number shows what depends on it."""
        super().check(name, value, expected, tolerance)
        self._print(lambda entry: checks_text([entry]))

    def _print(self, render: Any) -> None:
        print(render(self.entries[-1]))


def lesson_program(lesson: Lesson) -> str:
    """The lesson's program with all that it imports; it prints what the lesson shows."""
    start = ["from byhand.lessons.program import PrintedBoard", *import_of(lesson)]
    body = textwrap.dedent("\n".join(lines_of(lesson, statement) for statement in statements_of(lesson)))
    return "\n".join(
        ["import numpy as np", "", *start, "", "board, rng = PrintedBoard(), np.random.default_rng(0)", "", body, ""]
    )


def exercise_program(name: str, seed: int = 1) -> str:
    """A program that asks the questions of a lesson; the reader's answers are lines in it."""
    return f'''from byhand.lessons.asking import ask
from byhand.lessons.exercises import questions_of

answers = """
hint
"""
questions = questions_of("{name}", seed={seed})
ask(questions, iter(answers.splitlines()), print)
'''


def import_of(lesson: Lesson) -> list[str]:
    """The line that imports what the lesson's program uses from its module; none where it uses nothing."""
    module = sys.modules[lesson.teach.__module__]
    used = {node.id for node in ast.walk(_function(lesson)) if isinstance(node, ast.Name)}
    names = sorted(used & vars(module).keys() - {"np", "Board"})
    return [f"from {module.__name__} import {', '.join(names)}"] if names else []


def statements_of(lesson: Lesson) -> list[ast.stmt]:
    """The lesson's statements, after its docstring."""
    return _function(lesson).body[1:]


def lines_of(lesson: Lesson, statement: ast.stmt) -> str:
    """The source of a statement, indented as it is in its function."""
    source = textwrap.dedent(inspect.getsource(lesson.teach)).splitlines()
    return "\n".join(source[statement.lineno - 1 : statement.end_lineno])


def _function(lesson: Lesson) -> ast.FunctionDef:
    tree = ast.parse(textwrap.dedent(inspect.getsource(lesson.teach))).body[0]
    assert isinstance(tree, ast.FunctionDef)
    return tree
