"""Lessons as Jupyter notebooks: their paragraphs become text, their program becomes cells to be changed and run."""

import ast
import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from byhand.core.errors import ByhandError
from byhand.core.extras import how_to_install
from byhand.core.files import write_atomically
from byhand.lessons import lessons
from byhand.lessons.base import Board, Lesson
from byhand.lessons.exercises import EXERCISES
from byhand.lessons.program import PrintedBoard, import_of, lines_of, statements_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class NotebookBoard(PrintedBoard):
    """A board in a notebook: its entries are shown at once."""

    def say(self, text: str) -> None:
        """Show a paragraph."""
        from IPython.display import Markdown, display

        Board.say(self, text)
        display(Markdown(self.entries[-1]["text"]))


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
        raise ByhandError(f"Notebooks need the package nbformat: {how_to_install('notebooks')}") from None
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
    exercises = [
        "from byhand.lessons.exercises import questions_of",
        "from byhand.lessons.question import judge, read_numbers",
    ]
    lines = [
        "import numpy as np",
        "",
        "from byhand.lessons import lessons",
        *(exercises if lesson.name in EXERCISES else []),
        f"from byhand.lessons.notebook import NotebookBoard{', as_cell_output' if lesson.picture else ''}",
        *import_of(lesson),
        "",
        "board, rng = NotebookBoard(), np.random.default_rng(0)",
    ]
    return "\n".join(lines)


def _body(lesson: Lesson) -> Iterator[tuple[str, str]]:
    """The lesson's program: literal paragraphs and equations as text, everything else as code."""
    code: list[str] = []
    for statement in statements_of(lesson):
        text = _literal(statement)
        if text is None:
            code.append(lines_of(lesson, statement))
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


def _cell(kind: str, text: str) -> Any:
    from nbformat.v4 import new_code_cell, new_markdown_cell

    return new_markdown_cell(text) if kind == "markdown" else new_code_cell(text)
