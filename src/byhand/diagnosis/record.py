"""The measurements of a training as plain data, and reading them from a run folder."""

import csv
import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from byhand.core.errors import ByhandError
from byhand.core.files import write_atomically

HISTORY, RECORD = "history.csv", "diagnosis.json"
RecordColumns = Mapping[str, list[float]]
REQUIRED_NUMBERS = {  # what the tables "data" and "training" must have
    "data": ("samples", "outputs", "input_rms", "input_min", "input_max"),
    "training": ("batch_size", "epochs", "steps", "parameters"),
}
LARGEST = 1e39
DIVERGED = ("epoch", "step", "rate", "kept_step")


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

    history: RecordColumns = field(default_factory=dict)
    columns: RecordColumns = field(default_factory=dict)
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


def _read_history(path: Path) -> RecordColumns:
    try:
        with open(path, newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file, strict=True))
        columns = {name: [float(row[name]) for row in rows] for name in (rows[0] if rows else ())}
    except (OSError, ValueError, TypeError, csv.Error) as error:
        raise ByhandError(f"{path}: is not a history of a training: {error}.") from None
    adversaries = {"epoch", "critic_loss", "generator_loss"} <= set(columns)
    if rows and not adversaries and not {"epoch", "loss"} <= set(columns):
        raise ByhandError(f"{path}: is not a history of a training: it lacks the columns epoch and loss.")
    return columns


def _read_record(path: Path, history: RecordColumns) -> Record:
    try:
        table = json.loads(path.read_text(encoding="utf-8"))
        columns = {
            str(name): [_number(value, str(name)) for value in column] for name, column in table["columns"].items()
        }
        if table["format"] != 1 or len({len(column) for column in columns.values()}) > 1 or [] in columns.values():
            raise ValueError("another format, or columns of unequal length, or empty ones")
        if columns and "epoch" not in columns:
            raise ValueError("no column epoch")
        layers = {str(number): str(label) for number, label in table["layers"].items()}
        data, training = (_with_numbers(table[name], names) for name, names in REQUIRED_NUMBERS.items())
        data["counts"] = [require_count(n) for n in data.get("counts") or ()] or None
        data["classes"] = [str(name)[:40] if str(name).isprintable() else "?" for name in data.get("classes") or ()]
        training["hidden"] = [require_count(n) for n in training["hidden"]] if "hidden" in training else None
        data |= {name: _number(data[name], name) for name in ("target_mean", "target_spread") if name in data}
        training |= {name: _number(training[name], name) for name in ("gain",) if name in training}
        diverged = _with_numbers(table["diverged"], DIVERGED) if table["diverged"] else None
        return Record(history, columns, layers, data, training, diverged)
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise ByhandError(f"{path}: cannot be read as measurements of a training ({error}).") from None


def _with_numbers(table: Any, names: tuple[str, ...]) -> dict[str, Any]:
    """The table with the entries that must be numbers as such."""
    return dict(table) | {name: _number(table[name], name) for name in names}


def _number(value: Any, name: str) -> Any:
    """`value`, a number such as float32 has them; null stands for one that was not finite."""
    if value is None:
        return math.nan
    if isinstance(value, bool) or not isinstance(value, int | float) or not -LARGEST <= value <= LARGEST:
        raise ValueError(f"{name} is not a number, or is too large")
    return value


def require_count(value: Any) -> int:
    """`value`, a whole number from 0 on."""
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**63:
        raise ValueError(f"{value!r} is not a number of samples")
    return value


def _plain(value: Any) -> Any:
    """Lists, tables and numbers as JSON has them."""
    if isinstance(value, Mapping):
        return {name: _plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
