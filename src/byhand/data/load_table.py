"""A table as a data set: rows to learn from and rows to test with, ready for a network."""

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from byhand.core.errors import ByhandError
from byhand.core.labels import listed
from byhand.data.columns import Column, as_columns, is_rows, read_table
from byhand.data.csv import find_column, named_label
from byhand.data.dataset import Dataset
from byhand.data.splits import split_rows
from byhand.data.table import CategoryColumn, Table

TEST_SHARE = 0.2  # share of the rows that are kept for testing
FEWEST_ROWS = 10  # rows with which some are


def load_table(
    source: Any,
    label: str | int | None = None,
    *,
    impute: bool = False,
    ignore: Sequence[str] = (),
    task: str | None = None,
    test: float = TEST_SHARE,
) -> Dataset:
    """A table's rows as inputs and targets, by ``Table.fit`` on the rows that are not for testing.

    Columns of numbers are standardised, columns of texts become one input for each text (one-hot), and a label of
    numbers is standardised, too. The data set's ``table`` knows all of it: it takes raw rows, and gives answers in
    the label's own unit.

    Args:
        source: a CSV file, a dictionary of columns, or a data frame of pandas or polars.
        label: the column to predict, by its name or number; by default the one that the header calls a label.
        impute: whether missing values may be filled in, by the column's mean or commonest text.
        ignore: columns to leave out.
        task: "numbers" or "classes": what the label holds, where its values leave that open.
        test: the share of rows that are kept for testing, drawn by a fixed seed; classes keep their shares.

    Raises:
        ByhandError: the file cannot be read, no such column, missing or unknown values; see `Table.fit`.
    """
    name = "table" if is_rows(source) else Path(source).name
    try:
        columns = as_columns(source) if is_rows(source) else read_table(Path(source))
        chosen = _label(columns, label, name)
        rest, part = _split(columns[chosen], test)
        table = Table.fit(columns, chosen, impute=impute, ignore=ignore, task=task, on=rest)
        _say(table, columns[chosen], task)
        x, y = table.encode(_rows(columns, rest)), table.encode_label(_rows(columns, rest))
        x_test, y_test = None, None
        if len(part):
            x_test, y_test = table.encode(_rows(columns, part)), table.encode_label(_rows(columns, part))
    except ByhandError as error:
        where = "" if name in str(error) else f"{name}: "
        raise ByhandError(f"{where}{error}") from None
    kind = np.int64 if table.classes else np.float32
    return Dataset(
        name=name,
        x_train=x.astype(np.float32),
        y_train=y.astype(kind),
        x_test=None if x_test is None else x_test.astype(np.float32),
        y_test=None if y_test is None else y_test.astype(kind),
        classes=table.classes,
        image_shape=None,
        table=table,
    )


def _label(columns: dict[str, Column], label: str | int | None, name: str) -> str:
    """The name of the column to predict."""
    header = list(columns)
    at = named_label(header) if label is None else find_column(header, label, len(header), name)
    if at is None:
        raise ByhandError(
            f"Say which column of {name} to predict: label='NAME' (--label); its columns are {listed(header)}."
        )
    return header[at]


def _split(label: Column, test: float) -> tuple[np.ndarray, np.ndarray]:
    """The numbers of the rows to learn from and to test with, in order."""
    n = len(label)
    if not test or n < FEWEST_ROWS:
        return np.arange(n), np.arange(0)
    texts = label.texts()
    few = len(np.unique(texts)) <= n // FEWEST_ROWS
    rest, part = split_rows(texts, test, np.random.default_rng(0), stratify=few)
    return np.sort(rest), np.sort(part)


def _rows(columns: dict[str, Column], rows: np.ndarray) -> dict[str, Column]:
    return {name: column.rows(rows) for name, column in columns.items()}


def _say(table: Table, label: Column, task: str | None) -> None:
    """Warn if integers are used as classes."""
    if task is None and label.is_numeric and isinstance(table.label, CategoryColumn):
        warnings.warn(
            f"{label.name} has {len(table.classes)} different whole numbers, which are taken for classes "
            "(task='numbers' or --task numbers predicts them as numbers).",
            stacklevel=3,
        )
