"""Tables of handwritten numbers: the grid is found on the page itself, and each cell is read."""

from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

from byhand.core.errors import ByhandError
from byhand.core.types import Array
from byhand.documents.formats import csv_lines, guarded
from byhand.forms.filling import SURE_FIELD, FieldReading, FormReader
from byhand.forms.learn import described, upright_page
from byhand.forms.template import checked_length

DOUBT_SIGN = "?"  # behind a cell's text that a person must look at


@dataclass(frozen=True)
class TableReading:
    """A table that was read.

    Attributes:
        rows: its cells, row by row; boxes are those of the page as it was levelled.
    """

    rows: tuple[tuple[FieldReading, ...], ...]

    @property
    def texts(self) -> list[list[str]]:
        """The cells' texts."""
        return [[one.text for one in row] for row in self.rows]

    def to_csv(self) -> str:
        """A line for each row; what a person must look at ends with DOUBT_SIGN."""
        return csv_lines(
            [tuple(guarded(one.text) + ("" if one.accepted else DOUBT_SIGN) for one in row) for row in self.rows]
        )

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return {"rows": [[one.to_json() for one in row] for row in self.rows]}


def read_tables(
    page: Array,
    *,
    pattern: str = "digits",
    length: int | str = 0,
    skip_rows: int = 0,
    skip_columns: int = 0,
    confidence: float = SURE_FIELD,
    model: str | Path | None = None,
) -> list[TableReading]:
    """The tables on a page, uint8 (height, width), from above: marks lists, meter lists, a Sudoku.

    A table is a grid of ruled lines with at least two rows and columns.

    Args:
        page: a scan the right way up, or a photo that shows all of the sheet.
        pattern: what a cell may hold, as for `Reader`.
        length: how many digits: 1, or "2-4"; 0 for any number.
        skip_rows: how many rows above are headings.
        skip_columns: how many columns at the left are.
        confidence: from 0 to 1; cells below it are marked.
        model: a model file for the reader; by default the networks of the package.

    Raises:
        ByhandError: there is no table, or an option means nothing.
    """
    if min(skip_rows, skip_columns) < 0:
        raise ByhandError("skip_rows and skip_columns count headings: 0 or more.")
    length = checked_length(length, "table", "the table")
    flat = upright_page(page)
    form = described(flat, True, "table")
    tables = []
    for one in form.fields:
        if one.kind == "table":
            rows, columns = one.rows[skip_rows:], one.columns[skip_columns:]
            if len(rows) < 2 or len(columns) < 2:
                raise ByhandError(
                    f"a table has {len(one.rows) - 1} rows and {len(one.columns) - 1} columns, and all are skipped."
                )
            tables.append(replace(one, pattern=pattern, length=length, rows=rows, columns=columns))
    if not tables:
        raise ByhandError("no table was found: a grid of ruled lines with at least two rows and columns.")
    reader = FormReader(replace(form, fields=tuple(tables)), model, confidence)
    cells = iter(reader.read_upright(flat).fields)
    return [TableReading(tuple(tuple(islice(cells, len(one.columns) - 1)) for _ in one.rows[1:])) for one in tables]
