"""What was measured while a network was trained, as plain data, and a run folder's."""

import csv
import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from byhand.errors import ByhandError
from byhand.files import write_atomically

HISTORY, RECORD = "history.csv", "diagnosis.json"
Columns = Mapping[str, list[float]]


@dataclass
class Record:
    """A training's measurements.

    Attributes:
        history: one row an epoch: loss, accuracy, val_loss, ... (see `byhand.History`).
        columns: one row a measurement: epoch (0 is before the first step) and, by layer number, sizes and shares;
            see docs/diagnosis.md. Empty where nothing was measured.
        layers: each layer's label by its number, such as {"1": "Dense(256)", "2": "ReLU"}.
        data: samples, outputs, counts of each class, and the inputs' rms, min and max.
        training: optimizer, batch_size, epochs asked for, steps of an epoch, parameters.
        diverged: where and how the loss became NaN or infinite; None where it did not.
    """

    history: Columns = field(default_factory=dict)
    columns: Columns = field(default_factory=dict)
    layers: dict[str, str] = field(default_factory=dict)
    data: dict[str, Any] = field(default_factory=dict)
    training: dict[str, Any] = field(default_factory=dict)
    diverged: dict[str, Any] | None = None

    @property
    def measured(self) -> bool:
        """Whether anything was measured beside the history."""
        return bool(self.columns)

    def of(self, what: str) -> dict[str, list[float]]:
        """The columns "what NUMBER" by layer number, in the layers' order: of("gradient") is {"1": [...], ...}."""
        prefix = f"{what} "
        return {name.removeprefix(prefix): column for name, column in self.columns.items() if name.startswith(prefix)}

    def label(self, number: str) -> str:
        """For example "layer 3 (Dense(10))"."""
        return f"layer {number} ({self.layers[number]})" if number in self.layers else f"layer {number}"

    def write(self, path: str | Path) -> None:
        """Write everything but the history as JSON; what is not finite is null there."""
        table = {"format": 1} | {name: value for name, value in asdict(self).items() if name != "history"}
        write_atomically(Path(path), (json.dumps(_plain(table), indent=1, allow_nan=False) + "\n").encode())


def read_run(path: str | Path) -> Record:
    """The record of a run: of its folder, or of its history.csv, beside which diagnosis.json may lie.

    Raises:
        ByhandError: there is no such run, or a file is damaged.
    """
    path = Path(path)
    folder = path.parent if path.is_file() else path
    if not (folder / HISTORY).exists() and not (folder / RECORD).exists():
        raise ByhandError(f"{path}: holds no run; give a folder that `byhand train` wrote, or its {HISTORY}.")
    file = path if path.is_file() and path.suffix == ".csv" else folder / HISTORY
    history = _read_history(file) if file.exists() else {}
    return _read_record(folder / RECORD, history) if (folder / RECORD).exists() else Record(history)


def _read_history(path: Path) -> Columns:
    try:
        with open(path, newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file, strict=True))
        columns = {name: [float(row[name]) for row in rows] for name in (rows[0] if rows else ())}
    except (OSError, ValueError, TypeError, csv.Error) as error:
        raise ByhandError(f"{path}: is no history of a training: {error}.") from None
    if rows and not {"epoch", "loss"} <= set(columns):
        raise ByhandError(f"{path}: is no history of a training: it lacks the columns epoch and loss.")
    return columns


def _read_record(path: Path, history: Columns) -> Record:
    try:
        table = json.loads(path.read_text(encoding="utf-8"))
        columns = {
            str(name): [math.nan if value is None else float(value) for value in column]
            for name, column in table["columns"].items()
        }
        if table["format"] != 1 or len({len(column) for column in columns.values()}) > 1:
            raise ValueError("another format, or columns of unequal length")
        return Record(history, columns, dict(table["layers"]), table["data"], table["training"], table["diverged"])
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise ByhandError(f"{path}: cannot be read as measurements of a training ({error}).") from None


def _plain(value: Any) -> Any:
    """Lists, tables and numbers as JSON has them."""
    if isinstance(value, Mapping):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
