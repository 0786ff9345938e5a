"""Kaggle's CSV of digits: a row an image, the label first (or missing), then the pixels 0-255 row by row."""

import math
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np

from byhand.core.errors import ByhandError
from byhand.core.types import Array
from byhand.data.reading import LIMIT, open_bytes

BLOCK = 2**23  # bytes read at a time


def read_csv(path: Path, classes: int = 10) -> tuple[Array, Array | None]:
    """Pixels ``(n, size²)`` uint8 and labels ``(n,)`` int64, or None where the rows hold no label.

    A first line that does not start with a number is a header. As many columns as a square has pixels (784)
    are pixels alone; one more, and the first is the label. The file may be gzipped. Raises ByhandError with
    line and column, both counted from 1, for a ragged row, text, a pixel outside 0-255, a label outside 0 to
    ``classes`` - 1, and no rows.
    """
    with open_bytes(Path(path)) as (stream, _):
        return parse_csv(stream, str(path), classes)


def parse_csv(stream: BinaryIO, name: str, classes: int = 10) -> tuple[Array, Array | None]:
    """``read_csv`` of an open stream; ``name`` is for the messages."""
    parts: list[Array] = []
    line, columns = 1, 0
    for block in _blocks(stream, name):
        if not columns:
            first = block[: block.index(b"\n")]
            columns = first.count(b",") + 1
            _square(columns, name)
            if not _is_number(first.split(b",", 1)[0]):
                block, line = block[len(first) + 1 :], 2
        values = _parse_plain(block, columns)
        if values is None:
            values = _parse_any(block, columns, line, name)
        parts.append(values)
        line += len(values)
    if not sum(map(len, parts)):
        raise ByhandError(f"{name} holds no rows of pixels.")
    values = np.concatenate(parts)
    if math.isqrt(columns) ** 2 == columns:
        return values, None
    labels = values[:, 0].astype(np.int64)
    bad = labels >= classes
    if bad.any():
        row = int(np.argmax(bad))
        at = line - len(values) + row
        raise ByhandError(
            f"{name}, line {at}, column 1: the label is {labels[row]}, but labels are 0 to {classes - 1}."
        )
    return np.ascontiguousarray(values[:, 1:]), labels


def _blocks(stream: BinaryIO, name: str) -> Iterator[bytes]:
    """The file in pieces of whole lines, each ending in a newline, without carriage returns."""
    rest, total = b"", 0
    while piece := stream.read(BLOCK):
        total += len(piece)
        if total > LIMIT:
            raise ByhandError(f"{name} holds more than {LIMIT:,} bytes, too many to be read at once.")
        piece = rest + piece.replace(b"\r", b"")
        cut = piece.rfind(b"\n") + 1
        if not cut and len(piece) >= BLOCK:
            raise ByhandError(f"{name} is no CSV of digits: it has a line of more than {BLOCK:,} bytes.")
        rest = piece[cut:]
        if cut:
            yield piece[:cut]
    if rest:
        yield rest + b"\n"


def _square(columns: int, name: str) -> None:
    if columns < 4 or math.isqrt(columns) ** 2 not in (columns, columns - 1):
        raise ByhandError(
            f"{name}, line 1 has {columns} columns, neither a square image (784) nor a label and one (785)."
        )


def _is_number(cell: bytes) -> bool:
    try:
        float(cell.strip(b' "'))
    except ValueError:
        return False
    return True


def _parse_plain(block: bytes, columns: int) -> Array | None:
    """All rows at once where every cell is one to three digits; None where anything else is in the block.

    The value of a cell that ends before position e is d[e-1] + 10 d[e-2] + 100 d[e-3], as far as it has
    digits.
    """
    text = np.frombuffer(block, np.uint8)
    ends = np.flatnonzero((text == ord(",")) | (text == ord("\n")))
    if len(ends) == 0 or len(ends) % columns:
        return None
    marks = text[ends].reshape(-1, columns)
    if (marks[:, -1] != ord("\n")).any() or (marks[:, :-1] != ord(",")).any():
        return None
    length = np.diff(ends, prepend=-1) - 1
    if length.min() < 1 or length.max() > 3:
        return None
    digit = text - np.uint8(ord("0"))  # wraps: whatever is not a digit becomes more than 9
    if np.count_nonzero(digit > 9) != len(ends):
        return None
    value = digit[ends - 1].astype(np.int16)
    value += np.where(length > 1, digit[ends - 2], 0) * np.int16(10)
    value += np.where(length > 2, digit[ends - 3], 0) * np.int16(100)
    if value.max() > 255:
        return None
    return value.astype(np.uint8).reshape(-1, columns)


def _parse_any(block: bytes, columns: int, line: int, name: str) -> Array:
    """Row by row, with spaces, quotes and 12.0 for 12 allowed; says which cell is wrong."""
    rows = []
    for number, text in enumerate(block.decode("latin-1").split("\n")[:-1], line):
        cells = text.split(",")
        if len(cells) != columns:
            raise ByhandError(f"{name}, line {number} has {len(cells)} columns, but line 1 has {columns}.")
        rows.append([_cell(cell, number, column, name) for column, cell in enumerate(cells, 1)])
    return np.array(rows, np.uint8).reshape(-1, columns)


def _cell(cell: str, line: int, column: int, name: str) -> int:
    try:
        value = float(cell.strip(' "'))
    except ValueError:
        raise ByhandError(f"{name}, line {line}, column {column}: {cell[:20]!r} is not a number.") from None
    if not (0 <= value <= 255 and value == int(value)):
        raise ByhandError(f"{name}, line {line}, column {column}: {cell[:20]!r} is not a whole number from 0 to 255.")
    return int(value)
