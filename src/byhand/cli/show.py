"""How the commands print: tables for people, JSON lines for programs."""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.table import Table


def print_json(record: Any) -> None:
    """One object, one line."""
    print(json.dumps(record, ensure_ascii=False, allow_nan=False))


def make_table(title: str, headers: Sequence[str], rows: Sequence[Sequence[str]], left: int = 1) -> "Table":
    """A table whose first `left` columns are text and the others numbers."""
    from rich import box
    from rich.table import Table

    table = Table(title=title or None, box=box.SIMPLE_HEAD, title_justify="left", title_style="bold")
    for i, header in enumerate(headers):
        table.add_column(header, justify="left" if i < left else "right", overflow="fold")
    for row in rows:
        table.add_row(*row)
    return table


def print_table(title: str, headers: Sequence[str], rows: Sequence[Sequence[str]], left: int = 1) -> None:
    """Print such a table."""
    from rich.console import Console

    console = Console()
    if not console.is_terminal:
        console = Console(width=160)  # a file or a pipe has no width to keep to
    console.print(make_table(title, headers, rows, left))


def percent(value: float | None, digits: int = 2) -> str:
    """0.9274 → "92.74 %"; an en dash for None."""
    return "–" if value is None else f"{100 * value:.{digits}f} %"
