"""Lessons as Jupyter notebooks: their paragraphs become text, their program becomes cells to be changed and run."""

import ast
import inspect
import sys
import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from byhand.core.errors import ByhandError
from byhand.core.files import write_atomically
from byhand.lessons import lessons
from byhand.lessons.base import RENDER, Board, Lesson, checks_text
from byhand.lessons.exercises import EXERCISES

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class NotebookBoard(Board):
    """A board in a notebook: what is written on it is shown at once."""

    def say(self, text: str) -> None:
        """Show a paragraph."""
        from IPython.display import Markdown, display

        super().say(text)
        display(Markdown(self.entries[-1]["text"]))

    def equation(self, text: str) -> None:
        """Show lines of mathematics."""
        super().equation(text)
        print(RENDER["equation"](self.entries[-1]))

    def table(self, headers: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        """Show a table."""
        super().table(headers, rows)
        print(RENDER["table"](self.entries[-1]))

    def check(self, name: str, value: Any, expected: Any, tolerance: float = 0.0) -> None:
        """Show a number; raises LessonFailed as on any board, so a changed number shows what depends on it."""
        super().check(name, value, expected, tolerance)
        print(checks_text(self.entries[-1:]))


def as_cell_output(figure: "Figure") -> Any:
    """A picture as the output of a cell."""
    from io import BytesIO

    from IPython.display import Image

    buffer = BytesIO()
    figure.savefig(buffer, format="png")
    return Image(buffer.getvalue())


def write_notebooks(folder: Path, names: Sequence[str]) -> list[Path]:
    """Write lessons as notebooks 01-NAME.ipynb, with their numbers on the path; returns the files.

    Raises:
        ByhandError: nbformat is not installed.
    """
    try:
        import nbformat
    except ImportError:
        raise ByhandError("Notebooks need nbformat: pip install 'byhand[notebooks]'.") from None
    known, paths = lessons(), []
    for number, lesson in enumerate(known.values(), 1):
        if lesson.name in names:
            path = folder / f"{number:02}-{lesson.name}.ipynb"
            cells = [_cell(kind, text) for kind, text in chapter(lesson, number)]
            for i, cell in enumerate(cells):
                cell["id"] = f"cell-{i}"  # the same lesson gives the same bytes
            kernel = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
            book = nbformat.v4.new_notebook(cells=cells, metadata=kernel)
            write_atomically(path, nbformat.writes(book).encode())
            paths.append(path)
    return paths


def chapter(lesson: Lesson, number: int) -> list[tuple[str, str]]:
    """The notebook's cells, as ("markdown" or "code", text)."""
    after = f" Read before: {', '.join(lesson.requires)}." if lesson.requires else ""
    head = f"# {number}. {lesson.title}\n\nAbout {lesson.minutes} minutes.{after} Source: {lesson.source}."
    cells = [("markdown", head), ("code", _imports(lesson)), *_body(lesson)]
    if lesson.picture:
        cells.append(("code", f'as_cell_output(lessons()["{lesson.name}"].picture(board))'))
    if lesson.name in EXERCISES:
        cells += [
            ("markdown", "## Exercise\n\nAnother seed gives other numbers."),
            ("code", f'questions = questions_of("{lesson.name}", seed=1)\nfor i, question in enumerate(questions):\n'
             '    print(f"{i}: {question.text}\\n")'),
            ("code", 'judge(questions[0], read_numbers("0")).message  # your answer in place of the 0'),
        ]  # fmt: skip
    return cells


def _imports(lesson: Lesson) -> str:
    """What the lesson's program uses, from its module."""
    module = sys.modules[lesson.teach.__module__]
    used = {node.id for node in ast.walk(_function(lesson)) if isinstance(node, ast.Name)}
    names = sorted(used & vars(module).keys() - {"np", "Board"})
    lines = [
        "import numpy as np",
        "",
        "from byhand.lessons import lessons",
        f"from byhand.lessons.notebook import NotebookBoard{', as_cell_output' if lesson.picture else ''}",
        *([f"from {module.__name__} import {', '.join(names)}"] if names else []),
        "",
        "board, rng = NotebookBoard(), np.random.default_rng(0)",
    ]
    if lesson.name in EXERCISES:
        lines[4:4] = [
            "from byhand.lessons.exercises import questions_of",
            "from byhand.lessons.question import judge, read_numbers",
        ]
    return "\n".join(lines)


def _body(lesson: Lesson) -> Iterator[tuple[str, str]]:
    """The lesson's program: literal paragraphs and equations as text, everything else as code."""
    function, source = _function(lesson), textwrap.dedent(inspect.getsource(lesson.teach)).splitlines()
    code: list[str] = []
    for statement in function.body[1:]:  # after the docstring
        text = _literal(statement)
        if text is None:
            code += source[statement.lineno - 1 : statement.end_lineno]
            continue
        if code:
            yield "code", textwrap.dedent("\n".join(code))
            code = []
        yield "markdown", text
    if code:
        yield "code", textwrap.dedent("\n".join(code))


def _literal(statement: ast.stmt) -> str | None:
    """The text of board.say("…") or board.equation("…") as Markdown; None of any other statement."""
    if not (isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call)):
        return None
    call = statement.value
    name, argument = ast.unparse(call.func), call.args[0] if call.args else None
    if not (isinstance(argument, ast.Constant) and isinstance(argument.value, str)):
        return None
    if name == "board.say":
        return " ".join(argument.value.split())
    return f"```\n{textwrap.dedent(argument.value).strip(chr(10))}\n```" if name == "board.equation" else None


def _function(lesson: Lesson) -> ast.FunctionDef:
    tree = ast.parse(textwrap.dedent(inspect.getsource(lesson.teach))).body[0]
    assert isinstance(tree, ast.FunctionDef)
    return tree


def _cell(kind: str, text: str) -> Any:
    from nbformat.v4 import new_code_cell, new_markdown_cell

    return new_markdown_cell(text) if kind == "markdown" else new_code_cell(text)
