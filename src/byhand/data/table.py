"""Tables: conversion of columns to the inputs of a network, and of its outputs to predictions."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from byhand.core.checks import require_between, require_instance
from byhand.core.config import register
from byhand.core.errors import ByhandError
from byhand.core.labels import class_names, listed, numbered
from byhand.core.types import Array
from byhand.data.columns import Column, as_columns

MOST_VALUES = 100  # different texts in a column of categories; names and numbers of tickets have more
FEW_CLASSES = 10  # different whole numbers with which a label's column is taken for classes


@register
@dataclass(frozen=True)
class NumberColumn:
    """A column of numbers x, which becomes one input (x − mean) / spread.

    Attributes:
        name: the column's name.
        mean: of the rows that it was fitted on.
        spread: their standard deviation; 1 where all are equal.
        impute: whether the mean stands in where a value is missing; otherwise such rows are refused.
    """

    name: str
    mean: float
    spread: float
    impute: bool = False

    def __post_init__(self) -> None:
        require_instance("A column's name", self.name, str, "a text")
        require_between("mean", self.mean, -float("inf"))
        require_between("spread", self.spread, 1e-300)

    @property
    def width(self) -> int:
        """The number of inputs."""
        return 1

    def encode(self, column: Column) -> Array:
        """The inputs (n, 1), or targets, of a column's values."""
        x = column.numbers()
        missing = np.isnan(x)
        if missing.any() and not self.impute:
            raise column.missing_error(missing)
        return np.where(missing, 0.0, (x - self.mean) / self.spread)[:, np.newaxis]


@register
@dataclass(frozen=True)
class CategoryColumn:
    """A column of texts, one-hot encoded.

    Attributes:
        name: the column's name.
        values: the texts that there are.
        impute: what stands in for a missing value; where it is None such rows are refused.
    """

    name: str
    values: tuple[str, ...]
    impute: str | None = None

    def __post_init__(self) -> None:
        require_instance("A column's name", self.name, str, "a text")
        if not self.values or not all(isinstance(value, str) for value in self.values):
            raise ByhandError(f"The values of the column {self.name!r} must be texts.")

    @property
    def width(self) -> int:
        """The number of inputs."""
        return len(self.values)

    def classes(self, column: Column) -> Array:
        """The number (n,) of each row's text among the values."""
        texts, missing = column.texts(), column.missing()
        if missing.any() and self.impute is None:
            raise column.missing_error(missing)
        known = np.where(missing, self.impute or "", texts)
        if (wrong := np.flatnonzero(~np.isin(known, self.values))).size:
            raise ByhandError(
                f"The column {self.name!r}, row {wrong[0] + 1}: {str(known[wrong[0]])[:40]!r} is none of the values "
                f"in training: {listed(self.values)}."
            )
        return numbered(known, self.values)

    def encode(self, column: Column) -> Array:
        """The inputs (n, k) of a column's values."""
        return np.eye(len(self.values))[self.classes(column)]


@register
@dataclass(frozen=True)
class Table:
    """The conversion of raw rows to inputs of a network, and of its outputs to numbers or classes.

    Its means and standard deviations are those of the rows to learn from. It is kept in the model's file, so that
    `byhand predict` takes raw rows.

    Example:
        >>> table = Table.fit({"area": [50, 90, 70], "town": ["Ulm", "Bonn", "Ulm"], "price": [150, 420, 210]}, "price")
        >>> table.encode({"area": [70], "town": ["Bonn"]})
        array([[0., 1., 0.]])

    Attributes:
        inputs: the columns that become inputs, in order.
        label: the column that is predicted: numbers, or classes.
    """

    inputs: tuple[NumberColumn | CategoryColumn, ...]
    label: NumberColumn | CategoryColumn

    def __post_init__(self) -> None:
        if not all(isinstance(column, NumberColumn | CategoryColumn) for column in (*self.inputs, self.label)):
            raise ByhandError("A table's columns must be of numbers or of categories.")

    @staticmethod
    def fit(
        rows: Any,
        label: str,
        *,
        impute: bool = False,
        ignore: Sequence[str] = (),
        task: str | None = None,
        on: Array | None = None,
    ) -> "Table":
        """The table of these rows: means, standard deviations and categories.

        Args:
            rows: columns by name: a dictionary of lists or arrays, a data frame of pandas or polars.
            label: the column to predict.
            impute: whether missing values may be filled in: by the column's mean, or its commonest text.
            ignore: columns to leave out.
            task: "numbers" or "classes": what the label's column holds. By default texts are classes, and so are up
                to ten different whole numbers.
            on: the numbers of the rows from which means, standard deviations and commonest texts are taken, such as
                those to learn from; all rows by default. Categories and classes are those of all rows.

        Raises:
            ByhandError: no such column, a missing value without `impute`, a missing label, a column of texts that are
                nearly all different, or nothing to predict from.
        """
        columns = as_columns(rows)
        for name in (label, *ignore):
            if name not in columns:
                raise ByhandError(f"The table has no column {name!r}; its columns are {listed(list(columns))}.")
        used = [name for name in columns if name != label and name not in ignore]
        if not used:
            raise ByhandError(f"The table has no column to predict {label!r} from.")
        on = np.arange(len(columns[label])) if on is None else on
        inputs = tuple(_fitted(columns[name], impute, on) for name in used)
        return Table(inputs, _fitted_label(columns[label], task, on))

    @property
    def width(self) -> int:
        """The number of inputs of a row."""
        return sum(column.width for column in self.inputs)

    @property
    def classes(self) -> tuple[str, ...]:
        """The classes of the label; empty if it is numeric."""
        return self.label.values if isinstance(self.label, CategoryColumn) else ()

    def encode(self, rows: Any) -> Array:
        """The inputs (n, width) of raw rows; columns that the table does not know are left alone.

        Raises:
            ByhandError: a column or value is missing, or a text is not among the known ones.
        """
        columns = as_columns(rows)
        if missing := [column.name for column in self.inputs if column.name not in columns]:
            raise ByhandError(f"The table has no column {missing[0]!r}; its columns are {listed(list(columns))}.")
        return np.hstack([column.encode(columns[column.name]) for column in self.inputs])

    def encode_label(self, rows: Any) -> Array:
        """The targets (n,) of raw rows: class numbers, or numbers less their mean over their spread.

        Raises:
            ByhandError: the label's column, or a value in it, is missing.
        """
        columns = as_columns(rows)
        if self.label.name not in columns:
            raise ByhandError(f"The table has no column {self.label.name!r}, which is the one to predict.")
        column = columns[self.label.name]
        return self.label.classes(column) if isinstance(self.label, CategoryColumn) else self.label.encode(column)[:, 0]

    def decode(self, outputs: Array) -> Array:
        """The label's numbers (n,) from a network's outputs (n, 1), in the table's own unit."""
        assert isinstance(self.label, NumberColumn)
        return outputs[:, 0] * self.label.spread + self.label.mean

    def __str__(self) -> str:
        numbers = [column for column in self.inputs if isinstance(column, NumberColumn)]
        texts = [column for column in self.inputs if isinstance(column, CategoryColumn)]
        parts = [f"{len(numbers)} of numbers (standardised)"] if numbers else []
        if texts:
            parts.append(f"{len(texts)} of categories ({sum(column.width for column in texts)} values, one-hot)")
        imputed = [column.name for column in self.inputs if column.impute not in (False, None)]
        filled = f"; missing values are filled in in {listed(imputed)}" if imputed else ""
        what = f"one of {len(self.classes)} classes" if self.classes else "a number (standardised)"
        return f"{self.label.name}, {what}, from columns: {', '.join(parts)}{filled}"


def _fitted(column: Column, impute: bool, on: Array) -> NumberColumn | CategoryColumn:
    """The conversion of an input column."""
    missing = column.missing()
    if missing.all():
        raise ByhandError(f"The column {column.name!r} holds no values; leave it out: ignore=[{column.name!r}].")
    if missing.any() and not impute:
        raise column.missing_error(missing)
    if column.is_numeric:
        return _fitted_numbers(column, on, impute=bool(missing.any()))
    names = np.unique(column.texts()[~missing])
    if len(names) > MOST_VALUES:
        raise ByhandError(
            f"The column {column.name!r} holds {len(names)} different texts, such as {str(names[0])[:40]!r}: too many "
            f"to be categories; leave it out: ignore=[{column.name!r}] (--ignore {column.name!r})."
        )
    if not missing.any():
        return CategoryColumn(column.name, class_names(names))
    known = column.texts()[on][~missing[on]]
    texts, counts = np.unique(known if len(known) else names, return_counts=True)
    return CategoryColumn(column.name, class_names(names), str(texts[np.argmax(counts)]))


def _fitted_numbers(column: Column, on: Array, impute: bool = False) -> NumberColumn:
    x = column.numbers()
    known, usable = x[on][~np.isnan(x[on])], x[~np.isnan(x)]
    x = known if len(known) else usable
    return NumberColumn(column.name, float(x.mean()), float(x.std()) or 1.0, impute)


def _fitted_label(column: Column, task: str | None, on: Array) -> NumberColumn | CategoryColumn:
    """The conversion of the label column."""
    missing = column.missing()
    if missing.any():
        raise column.missing_error(missing)
    if task not in (None, "numbers", "classes"):
        raise ByhandError(f"task must be 'numbers' or 'classes'; got {task!r}.")
    if task == "numbers" and not column.is_numeric:
        raise ByhandError(f"The column {column.name!r} holds texts, which are classes, not numbers.")
    if task == "numbers" or (task is None and not looks_like_classes(column)):
        return _fitted_numbers(column, on)
    names = class_names(np.unique(column.texts()))
    if len(names) < 2:
        raise ByhandError(f"The column {column.name!r} is always {names[0]!r}, so there is nothing to predict.")
    if len(names) > MOST_VALUES:
        raise ByhandError(f"The column {column.name!r} holds {len(names)} different values, too many to be classes.")
    return CategoryColumn(column.name, names)


def looks_like_classes(column: Column) -> bool:
    """Whether a column contains texts, or few distinct integers, which are probably classes."""
    if not column.is_numeric:
        return True
    values = np.unique(column.numbers())
    return bool(len(values) <= FEW_CLASSES and (values == np.floor(values)).all() and len(values) < len(column))
