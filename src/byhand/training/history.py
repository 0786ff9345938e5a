"""What happened in training, epoch by epoch."""

import csv
import io
from collections.abc import Iterator, Mapping
from pathlib import Path

from byhand.core.files import write_atomically


class History(Mapping[str, list[float]]):
    """Columns of numbers, one row an epoch: `history["loss"][-1]`.

    Columns are epoch (from 1), loss and accuracy (means over the epoch's batches, as they were while it trained),
    penalty (what regularisers add to the loss, after the epoch), val_loss and val_accuracy (after the epoch, where
    validation data were given), learning_rate (at the epoch's start), and seconds (of this epoch, validation included).
    """

    def __init__(self) -> None:
        self.columns: dict[str, list[float]] = {}

    def add(self, row: Mapping[str, float]) -> None:
        """Append one epoch; every row has the same columns."""
        for name, value in row.items():
            self.columns.setdefault(name, []).append(value)

    def __getitem__(self, name: str) -> list[float]:
        return self.columns[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.columns)

    def __len__(self) -> int:
        return len(self.columns)

    @property
    def epochs(self) -> int:
        """How many epochs it holds."""
        return len(next(iter(self.columns.values()), []))

    @property
    def last(self) -> dict[str, float]:
        """The last epoch's row."""
        return {name: values[-1] for name, values in self.columns.items()}

    def write_csv(self, path: str | Path) -> None:
        """Write a header and one line an epoch; numbers are written so that they read back exactly."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(self.columns)
        writer.writerows(zip(*self.columns.values(), strict=True))
        write_atomically(Path(path), text.getvalue().encode())
