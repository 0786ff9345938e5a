"""Lessons, and the board that they write on."""

import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from byhand.core.errors import ByhandError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

NIELSEN = 'Michael Nielsen\'s network as retold in the chapter "Neural Networks"'
MATH_BEHIND = 'Cristian Leo, "The Math Behind Neural Networks"'
WRITE_UPS = "a worked number of the published write-ups"

WIDTH = 88  # columns of running text


class LessonFailed(ByhandError):
    """A checked number of a lesson is wrong."""


@dataclass
class Board:
    """The output of a lesson: paragraphs, equations, tables and checked numbers.

    Attributes:
        entries: everything written so far, in order, as `records` gives it.
        kept: arrays, networks and histories by name, for the lesson's picture.
    """

    entries: list[dict[str, Any]] = field(default_factory=list)
    kept: dict[str, Any] = field(default_factory=dict)

    def say(self, text: str) -> None:
        """Add a paragraph; line breaks in `text` are ignored."""
        self.entries.append({"kind": "text", "text": " ".join(text.split())})

    def equation(self, text: str) -> None:
        """Add one or more lines of mathematics as they are."""
        self.entries.append({"kind": "equation", "text": textwrap.dedent(text).strip("\n")})

    def table(self, headers: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        """Add a table of texts and numbers; numbers are shown with at most four decimals."""
        plain = [[_plain(cell) for cell in row] for row in rows]
        self.entries.append({"kind": "table", "headers": list(headers), "rows": plain})

    def check(self, name: str, value: Any, expected: Any, tolerance: float = 0.0) -> None:
        """Add a number, several numbers or a truth value, and check it.

        Args:
            name: what it is.
            value: what was computed.
            expected: what it must be, of the same shape.
            tolerance: how far each number may be away.

        Raises:
            LessonFailed: it is further away, of another shape, or not a number.
        """
        value, expected = np.asarray(value), np.asarray(expected)
        record = {"name": name, "value": value.tolist(), "expected": expected.tolist(), "tolerance": tolerance}
        self.entries.append({"kind": "check"} | record)
        same = value.shape == expected.shape
        if not (same and np.all(np.abs(value.astype(float) - expected.astype(float)) <= tolerance)):
            allowed = f" to within {tolerance:g}" if tolerance else ""
            raise LessonFailed(f"{name} is {_show(value.tolist())}, but must be {_show(expected.tolist())}{allowed}.")

    def keep(self, **values: Any) -> None:
        """Keep values for the picture."""
        self.kept |= values

    def records(self) -> list[dict[str, Any]]:
        """The entries as plain data: "kind" is text, equation, table or check, beside it what that kind needs."""
        return [dict(entry) for entry in self.entries]

    def text(self) -> str:
        """The board as plain text."""
        blocks: list[str] = []
        for kind, run in _runs(self.entries):
            blocks += [checks_text(run)] if kind == "check" else [RENDER[kind](entry) for entry in run]
        return "\n\n".join(blocks)


@dataclass(frozen=True)
class Lesson:
    """A worked example.

    Attributes:
        name: how the command line calls it.
        title: one line about it.
        source: the write-up that it follows.
        teach: writes the lesson on a board, with a generator for whatever is random.
        picture: draws it, from a board that it was taught on or from a new one; None where words are enough.
        needs: the data set that must be there, or None.
        requires: the lessons to read before it, by name.
        minutes: about how long it takes to work through.
    """

    name: str
    title: str
    source: str
    teach: Callable[[Board, np.random.Generator], None]
    picture: "Callable[..., Figure] | None" = None
    needs: str | None = None
    requires: tuple[str, ...] = ()
    minutes: int = 15


def taught(teach: Callable[[Board, np.random.Generator], None], seed: int = 0) -> Board:
    """Run the lesson on a new board."""
    board = Board()
    teach(board, np.random.default_rng(seed))
    return board


# ---- plain text -------------------------------------------------------------------------------------------------


def _text(entry: dict[str, Any]) -> str:
    return textwrap.fill(entry["text"], WIDTH, break_on_hyphens=False)


def _equation(entry: dict[str, Any]) -> str:
    return textwrap.indent(entry["text"], "    ")


def _table(entry: dict[str, Any]) -> str:
    numeric = [all(_is_number(cell) for cell in column) for column in zip(*entry["rows"], strict=True)]
    columns = [_cells(column) for column in zip(*entry["rows"], strict=True)]
    columns = [[header, *cells] for header, cells in zip(entry["headers"], columns, strict=True)]
    widths = [max(map(len, column)) for column in columns]
    padded = [
        [cell.rjust(width) if right else cell.ljust(width) for cell in column]
        for column, width, right in zip(columns, widths, numeric, strict=True)
    ]
    lines = ["   ".join(row).rstrip() for row in zip(*padded, strict=True)]
    lines.insert(1, "   ".join("─" * width for width in widths))
    return textwrap.indent("\n".join(lines), "    ")


def checks_text(entries: list[dict[str, Any]]) -> str:
    """Consecutive checks, aligned in columns."""
    wide = max(len(entry["name"]) for entry in entries)
    return "\n".join(f"  ✓ {entry['name']:<{wide}}   {_show(entry['value'])}" for entry in entries)


RENDER = {"text": _text, "equation": _equation, "table": _table}


def _runs(entries: list[dict[str, Any]]) -> list[tuple[str, list[dict[str, Any]]]]:
    """Group consecutive entries of the same kind."""
    runs: list[tuple[str, list[dict[str, Any]]]] = []
    for entry in entries:
        if not runs or runs[-1][0] != entry["kind"]:
            runs.append((entry["kind"], []))
        runs[-1][1].append(entry)
    return runs


def _show(value: Any) -> str:
    if isinstance(value, list):
        return "(" + ", ".join(map(_show, value)) + ")"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value if abs(value) > 1e-12 else 0:.6g}".replace("-", "−")
    return f"{value}".replace("-", "−")


def _cells(column: Sequence[Any]) -> list[str]:
    """A column's cells as text, its fractions with equally many decimals: as few as show each to four decimals."""
    rounded = [f"{cell:.4f}".rstrip("0") for cell in column if isinstance(cell, float)]
    decimals = max((len(text.partition(".")[2]) for text in rounded), default=0)
    return [_cell(cell, decimals) for cell in column]


def _cell(cell: Any, decimals: int) -> str:
    if isinstance(cell, float):
        return f"{cell:,.{decimals}f}".replace("-", "−")
    if isinstance(cell, int) and not isinstance(cell, bool):
        return f"{cell:,}".replace("-", "−")
    return _show(cell) if isinstance(cell, bool) else str(cell)


def _is_number(cell: Any) -> bool:
    return isinstance(cell, int | float) and not isinstance(cell, bool)


def _plain(cell: Any) -> Any:
    """NumPy's scalars as Python's, so that a record is plain data."""
    return cell.item() if isinstance(cell, np.generic) else cell
