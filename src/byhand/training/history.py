"""The history of a training."""

import csv
import io
from collections.abc import Iterator, Mapping
from math import isnan, nan
from pathlib import Path
from typing import TYPE_CHECKING, Any

from byhand.core.files import write_atomically

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PRINTED_ROWS = 20  # rows of a printed history; of a longer one the first and the last half of them


class History(Mapping[str, list[float]]):
    """Columns of numbers with one row per epoch: `history["loss"][-1]`.

    As with a data frame, `history["loss"]` is a column, iterating gives the columns' names, and `len(history)` is the
    number of rows. `print` shows a table.

    The columns are epoch (from 1), loss and accuracy (means over the batches of the epoch, measured during training),
    further metrics, penalty (what regularisers add to the loss, after the epoch), val_loss, val_accuracy and the like
    (after the epoch, if there are validation data), learning_rate (at the start of the epoch), and seconds (including
    validation).
    """

    def __init__(self) -> None:
        self.columns: dict[str, list[float]] = {}

    def add(self, row: Mapping[str, float]) -> None:
        """Append one epoch; missing values become NaN."""
        before = self.epochs
        for name in row:
            self.columns.setdefault(name, [nan] * before)
        for name, column in self.columns.items():
            column.append(row.get(name, nan))

    def __getitem__(self, name: str) -> list[float]:
        return self.columns[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.columns)

    def __len__(self) -> int:
        return self.epochs

    @property
    def epochs(self) -> int:
        """The number of epochs."""
        return len(next(iter(self.columns.values()), []))

    @property
    def last(self) -> dict[str, float]:
        """The last epoch's row."""
        return {name: values[-1] for name, values in self.columns.items()}

    def plot(self) -> "Figure":
        """Loss and accuracy against epochs; see `byhand.plots.curves`."""
        from byhand.plots import curves

        return curves(self)

    def to_pandas(self) -> Any:
        """A pandas.DataFrame whose index is the epoch.

        Raises:
            ImportError: pandas is not installed.
        """
        try:
            from pandas import DataFrame
        except ImportError as error:
            raise ImportError("History.to_pandas needs pandas: pip install pandas.") from error
        return DataFrame(self.columns).set_index("epoch")

    def write_csv(self, path: str | Path) -> None:
        """Write a header and one line per epoch; reading the numbers back gives exactly the same values."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(self.columns)
        writer.writerows(zip(*self.columns.values(), strict=True))
        write_atomically(Path(path), text.getvalue().encode())

    def __repr__(self) -> str:
        if not self.epochs:
            return "History of no epochs"
        rows = [tuple(self.columns), *(tuple(map(_shown, row)) for row in zip(*self.columns.values(), strict=True))]
        if self.epochs > PRINTED_ROWS:
            half = PRINTED_ROWS // 2
            rows[half + 1 : -half] = [("…",) * len(self.columns)]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        return "\n".join("  ".join(f"{cell:>{w}}" for cell, w in zip(row, widths, strict=True)) for row in rows)


def _shown(value: float) -> str:
    return "" if isnan(value) else f"{value:.4g}" if isinstance(value, float) else str(value)
