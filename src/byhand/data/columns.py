"""Columns of a table with their names, from CSV files, dictionaries and data frames."""

import csv
import io
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from byhand.core.errors import ByhandError
from byhand.core.labels import listed
from byhand.core.types import Array
from byhand.data.reading import LARGEST_FILE, open_bytes, read_at_most

# As spreadsheets, R, SQL, UCI and pandas write it.
MISSING = {"", "na", "n/a", "nan", "null", "none", "?", "<na>", "nat"}
LONGEST_NAME = 100  # characters


class Column:
    """One column: its name and its values, each a number, a text, or missing."""

    def __init__(self, name: str, values: Any):
        self.name = name
        self._values = np.asarray(values)
        if self._values.ndim != 1:
            raise ByhandError(f"The column {name!r} must have one value a row; its shape is {self._values.shape}.")

    def __len__(self) -> int:
        return len(self._values)

    def rows(self, rows: Array) -> "Column":
        """The column with these rows only."""
        return Column(self.name, self._values[rows])

    @cached_property
    def _parsed(self) -> Array | None:
        """Its values as float64, NaN where one is missing; None where one of them is a text."""
        if self._values.dtype.kind in "iufb":
            return self._values.astype(np.float64)
        try:
            return np.array([np.nan if _is_missing(value) else float(value) for value in self._values.tolist()])
        except (TypeError, ValueError):
            return None

    @property
    def is_numeric(self) -> bool:
        """Whether all values except missing ones are numbers."""
        return self._parsed is not None

    def numbers(self) -> Array:
        """Its values (n,) float64, NaN where one is missing.

        Raises:
            ByhandError: one of them is a text, or infinite.
        """
        x = self._parsed
        if x is None:
            values = self._values.tolist()
            row = next(i for i, value in enumerate(values) if not _is_missing(value) and not _is_number(value))
            shown = str(values[row])[:40]
            raise ByhandError(f"The column {self.name!r}, row {row + 1}: {shown!r} is not a number.")
        if (wrong := np.flatnonzero(np.isinf(x))).size:
            raise ByhandError(f"The column {self.name!r}, row {wrong[0] + 1}: {x[wrong[0]]} is not a finite number.")
        return x

    def texts(self) -> Array:
        """Its values (n,) as texts; whole numbers without a point."""
        if self._values.dtype.kind == "U":
            return np.char.strip(self._values)
        return np.array([_text(value) for value in self._values.tolist()])

    def missing(self) -> Array:
        """Which values (n,) are missing."""
        if self._values.dtype.kind == "f":
            return np.isnan(self._values)
        return np.array([_is_missing(value) for value in self._values.tolist()], bool)

    def missing_error(self, missing: Array) -> ByhandError:
        """The error for missing values."""
        count, row = int(missing.sum()), int(np.argmax(missing)) + 1
        what = f"{count} values, the first in row {row}" if count > 1 else f"a value, in row {row}"
        return ByhandError(
            f"The column {self.name!r} lacks {what}; fill it in, leave the column out (ignore, --ignore), or, where it "
            "is not the label, let means and commonest texts stand in: impute=True (--impute)."
        )


def is_rows(rows: Any) -> bool:
    """Whether `rows` has columns by name: a dictionary, or a data frame."""
    return isinstance(rows, Mapping) or (hasattr(rows, "columns") and hasattr(rows, "__getitem__"))


def as_columns(rows: Any) -> dict[str, Column]:
    """The columns of a dictionary of lists or arrays, or of a data frame of pandas or polars.

    Raises:
        ByhandError: something else, no columns or rows, columns of different lengths.
    """
    if isinstance(rows, Mapping):
        items = dict(rows.items())
    elif is_rows(rows):
        items = {name: rows[name] for name in rows.columns}
    else:
        raise ByhandError(f"A table is a dictionary of columns or a data frame; got {type(rows).__name__}.")
    columns = {str(name): v if isinstance(v, Column) else Column(str(name), v) for name, v in items.items()}
    lengths = {len(column) for column in columns.values()}
    if not lengths or lengths == {0}:
        raise ByhandError("The table holds no rows.")
    if len(lengths) > 1:
        raise ByhandError(f"The table's columns have different lengths: {', '.join(map(str, sorted(lengths)))}.")
    return columns


def read_table(path: Path) -> dict[str, Column]:
    """The columns of a CSV file, gzipped or not, with commas, semicolons or tabs between the cells.

    A first line of numbers only is not a header: the columns are then called 0, 1, ...

    Raises:
        ByhandError: no such file, no text, no rows, rows of different lengths, two columns of one name.
    """
    path = Path(path)
    with open_bytes(path) as (stream, _):
        content = read_at_most(stream, LARGEST_FILE, path)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("latin-1")
    first = text.partition("\n")[0]
    separator = max(",;\t", key=first.count)
    try:
        rows = [row for row in csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True) if row]
    except csv.Error as error:
        raise ByhandError(f"{path} is not a CSV file ({error}).") from None
    if not rows:
        raise ByhandError(f"{path} holds no rows.")
    header = [cell.strip() for cell in rows[0]]
    if all(map(_is_number, header)):
        header = [str(i) for i in range(len(header))]
    else:
        rows = rows[1:]
    if not rows:
        raise ByhandError(f"{path} holds no rows below its header.")
    for number, row in enumerate(rows, 1):
        if len(row) != len(header):
            raise ByhandError(f"{path}, row {number} has {len(row)} cells, but there are {len(header)} columns.")
    if longest := [name for name in header if len(name) > LONGEST_NAME]:
        raise ByhandError(f"{path} has a column with a name of {len(longest[0])} characters: {longest[0][:40]!r} ...")
    if twice := [name for name in header if header.count(name) > 1]:
        raise ByhandError(f"{path} has two columns called {twice[0]!r}; its columns are {listed(header)}.")
    return {name: Column(name, cells) for name, cells in zip(header, zip(*rows, strict=True), strict=True)}


def _is_missing(value: Any) -> bool:
    if isinstance(value, str):
        return value.strip().lower() in MISSING
    return value is None or type(value).__name__ in ("NAType", "NaTType") or value != value  # pandas' own, and NaN


def _is_number(value: Any) -> bool:
    try:
        float(value)
    except (TypeError, ValueError):
        return False
    return True


def _text(value: Any) -> str:
    whole = isinstance(value, float) and value == value and abs(value) < 2**53 and value == int(value)
    return str(int(value)) if whole else str(value).strip()
