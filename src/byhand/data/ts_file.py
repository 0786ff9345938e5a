"""Classified sequences in the format .ts of the UEA and UCR archives, as sktime and aeon write it."""

from pathlib import Path

import numpy as np

from byhand.core.errors import ByhandError
from byhand.core.types import Array
from byhand.data.dataset import Dataset
from byhand.data.sequences import filled_up
from byhand.data.text import read_text


def read_ts(path: str | Path) -> tuple[list[Array], Array, tuple[str, ...]]:
    """The sequences (T_i, k) float32 of a .ts file, their labels (n,) int64, and the names of the classes.

    Below a header of lines that start with @, the last of them @data, each line is a sequence: k columns with colons
    between them, in each T_i numbers with commas between them, and the class at the end.

    Raises:
        ByhandError: the file cannot be read, names no classes, has time stamps, or a line is not as said above.
    """
    path = Path(path)
    header: dict[str, list[str]] = {}
    lines = enumerate(read_text(path).split("\n"), 1)
    for _, line in lines:
        words = line.split()
        if not words or line.startswith("#"):
            continue
        if not words[0].startswith("@"):
            raise ByhandError(f"{path} is not a .ts file: it has no line @data before its sequences.")
        if words[0].lower() == "@data":
            break
        header[words[0][1:].lower()] = words[1:]
    known, *classes = header.get("classlabel") or ["false"]
    if known.lower() != "true" or len(classes) < 2:
        raise ByhandError(f"{path} names no classes (@classLabel true A B ...), which sequences are told apart by.")
    if (header.get("timestamps") or ["false"])[0].lower() == "true":
        raise ByhandError(f"{path} has time stamps; only sequences of numbers in equal steps are read.")
    numbers = {name: i for i, name in enumerate(classes)}
    sequences: list[Array] = []
    labels = []
    for number, line in lines:
        if not line.strip():
            continue
        *columns, label = line.strip().split(":")
        if label not in numbers:
            raise ByhandError(f"{path}, line {number} ends with {label[:40]!r}, which is none of the classes.")
        sequences.append(_steps(columns, f"{path}, line {number}"))
        labels.append(numbers[label])
        if sequences[-1].shape[1] != sequences[0].shape[1]:
            k, first = sequences[-1].shape[1], sequences[0].shape[1]
            raise ByhandError(f"{path}, line {number} has {k} columns; the first sequence has {first}.")
    if not sequences:
        raise ByhandError(f"{path} holds no sequences.")
    return sequences, np.array(labels), tuple(classes)


def _steps(columns: list[str], where: str) -> Array:
    """A line's columns of numbers as steps (T, k)."""
    try:
        parts = [np.array(column.split(","), np.float64) for column in columns]
    except ValueError:
        raise ByhandError(f"{where} holds something that is not a number (or a missing one).") from None
    if not parts or len({len(part) for part in parts}) > 1:
        raise ByhandError(f"{where} has columns of different lengths.")
    with np.errstate(over="ignore"):
        steps = np.stack(parts, axis=1).astype(np.float32)
    if not np.isfinite(steps).all():
        raise ByhandError(f"{where} holds a number that is not finite.")
    return steps


def load_ts(path: str | Path, name: str | None = None) -> Dataset:
    """A .ts file as a data set; beside NAME_TRAIN.ts a file NAME_TEST.ts is for testing.

    ``x_train`` is (n, T, k) float32, with zeros after a sequence's end, and ``lengths_train`` says where that is.

    Raises:
        ByhandError: see `read_ts`; or the two files do not belong together.
    """
    path = Path(path)
    test = path.with_name(path.name.replace("_TRAIN.", "_TEST."))
    train, y, classes = read_ts(path)
    if test == path or not test.is_file():
        x, lengths = filled_up(train)
        return Dataset(name or path.name, x, y, None, None, classes, None, lengths_train=lengths)
    tested, y_test, others = read_ts(test)
    if set(others) != set(classes) or tested[0].shape[1] != train[0].shape[1]:
        raise ByhandError(f"{test} has other classes or columns than {path.name}.")
    x, lengths = filled_up([*train, *tested])
    y_test = np.array([classes.index(other) for other in others])[y_test]
    n = len(train)
    return Dataset(
        name=name or path.name,
        x_train=x[:n],
        y_train=y,
        x_test=x[n:],
        y_test=y_test,
        classes=classes,
        image_shape=None,
        lengths_train=lengths[:n],
        lengths_test=lengths[n:],
    )
