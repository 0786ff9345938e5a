"""CSV files of grey images, such as Kaggle's digits: an optional label and pixels from 0 to 255 in each row."""

import math
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

import numpy as np

from byhand.core.errors import ByhandError
from byhand.core.labels import listed
from byhand.core.types import Array
from byhand.data.naming import LABELS
from byhand.data.reading import LARGEST_FILE, open_bytes

BLOCK = 2**23  # bytes read at a time
MOSTLY = 0.9  # share of grey levels in the first row of a file of images; the others are mistakes, which are named
TOP = 2**20  # bytes in which a header and a first row have room
SMALLEST_IMAGE = 64  # pixels of the smallest image in a file that could be a table as well


def read_csv(path: Path, classes: int = 10, label: str | int | None = None) -> tuple[Array, Array | None]:
    """Pixels ``(n, size²)`` uint8 and labels ``(n,)`` int64, or None where the rows hold no label.

    A first line that does not start with a number is a header. As many columns as a square has pixels (784)
    are pixels alone; one more, and one of them is the label: the one that ``label`` says (its name in the
    header, or its number from 0, from −1 backwards), or that the header calls a label, or, by its values, the
    first or the last one, which is said in a warning unless only the first will do. The file may be gzipped.

    Raises ByhandError with line and column, both counted from 1, for a ragged row, text, a pixel outside
    0-255, a label outside 0 to ``classes`` - 1, no column that could be the label, and no rows.
    """
    with open_bytes(Path(path)) as (stream, _):
        return parse_csv(stream, str(path), classes, label)


def parse_csv(
    stream: BinaryIO, name: str, classes: int = 10, label: str | int | None = None
) -> tuple[Array, Array | None]:
    """``read_csv`` of an open stream; ``name`` is for the messages."""
    parts: list[Array] = []
    line, columns, header = 1, 0, []
    for block in _blocks(stream, name):
        if not columns:
            first = block[: block.index(b"\n")]
            columns = first.count(b",") + 1
            _square(columns, name)
            if not _is_number(first.split(b",", 1)[0]):
                block, line = block[len(first) + 1 :], 2
                header = _cells(first)
        start, values = line, _parse_plain(block, columns)
        if values is None:
            values = _parse_any(block, columns, line, name)
        parts.append(values)
        line = start + len(values)
    values = np.concatenate(parts) if parts else np.empty((0, 1), np.uint8)
    if not len(values):
        raise ByhandError(f"{name} holds no rows of pixels.")
    if label is None and math.isqrt(columns) ** 2 == columns:
        return values, None
    at = _label_column(values, header, label, classes, name)
    if math.isqrt(columns - 1) ** 2 != columns - 1:
        raise ByhandError(f"{name}: without its labels it has {columns - 1} columns, which is not a square image.")
    labels = values[:, at].astype(np.int64)
    if (bad := labels >= classes).any():
        row = int(np.argmax(bad))
        raise ByhandError(
            f"{name}, line {row + 1 + bool(header)}, column {at + 1}: the label is {labels[row]}, "
            f"but labels are 0 to {classes - 1}."
        )
    return np.delete(values, at, axis=1), labels


def holds_images(path: Path, label: str | int | None) -> bool:
    """Whether a CSV file's rows are grey images: as many pixels as a square has, and a label or none.

    The first row decides: nine tenths of its cells at least are whole numbers from 0 to 255, and where a label is
    named, so that it could be a table as well, it has at least 64 pixels (8 × 8).
    """
    header, cells = first_row(path)
    if label is None and named_label(header) is None:
        return _share_of_grey(cells) >= MOSTLY
    return is_image(cells, len(cells) - 1)


def first_row(path: Path) -> tuple[list[str], list[bytes]]:
    """The header of a CSV file, empty where it has none, and the cells of its first row."""
    with open_bytes(Path(path)) as (stream, _):
        top = stream.read(TOP)
    first, end, more = top.replace(b"\r", b"").partition(b"\n")
    if not end and len(top) == TOP:
        raise ByhandError(f"{path} is not a CSV file: it has a line of more than {TOP:,} bytes.")
    if _is_number(first.split(b",", 1)[0]):
        return [], first.split(b",")
    return _cells(first), more.partition(b"\n")[0].split(b",")


def is_image(cells: list[bytes], pixels: int) -> bool:
    """Whether a row looks like a square image of at least 64 pixels with mostly grey levels."""
    square = math.isqrt(pixels) ** 2 == pixels >= SMALLEST_IMAGE
    return square and _share_of_grey(cells) >= MOSTLY


def _share_of_grey(cells: list[bytes]) -> float:
    """The share of the cells that are whole numbers from 0 to 255."""
    return sum(map(_is_grey_level, cells)) / len(cells)


def _cells(line: bytes) -> list[str]:
    return [cell.strip(' "') for cell in line.decode("latin-1").split(",")]


def find_column(header: Sequence[str], label: str | int, columns: int, name: str) -> int:
    """The index of the column ``label``, given by name or number."""
    if isinstance(label, str) and label in header:
        return header.index(label)
    try:
        number = int(label)
    except ValueError:
        number = columns
    if not -columns <= number < columns:
        there = f"its columns are {listed(header)}" if header else f"it has {columns} columns and no header"
        raise ByhandError(f"{name} has no column {label!r}; {there}.")
    return number % columns


def named_label(header: Sequence[str]) -> int | None:
    """The column whose header is a name for labels, if there is exactly one."""
    found = [i for i, cell in enumerate(header) if cell.lower() in LABELS]
    return found[0] if len(found) == 1 else None


def _label_column(values: Array, header: list[str], label: str | int | None, classes: int, name: str) -> int:
    """The label column: as given, by the header, or by the values of the first and last column."""
    columns = values.shape[1]
    if label is not None:
        return find_column(header, label, columns, name)
    named = named_label(header)
    if named is not None:
        return named
    first, last = (_commonest(values[:, at], classes) for at in (0, -1))
    if len(values) == 1 or (first < 1 and last == 1):
        return 0
    at = 0 if first <= last else columns - 1
    if first == last == 1:
        constant = values[:, 0].min() == values[:, 0].max()
        if not constant and values[:, 0].max() >= classes:
            return 0  # of which it is said what is wrong with it
        raise ByhandError(
            f"{name}: its first column is always {values[0, 0]}, so it can't hold the labels, nor can the last one; "
            "say which column does: label='NAME' or a number (--label)."
        )
    which, other = ("first", "last") if at == 0 else ("last", "first")
    doubt = f"; the {other} one could be, too" if first < 1 and last < 1 else ""
    warnings.warn(
        f"{name}: the {which} column is taken for the labels{doubt} (label= or --label says which).", stacklevel=2
    )
    return at


def _commonest(column: Array, classes: int) -> float:
    """The share of the most frequent value of a column; 1 if the column cannot be labels."""
    if column.max() >= classes:
        return 1.0
    return float(np.bincount(column).max() / len(column))


def _blocks(stream: BinaryIO, name: str) -> Iterator[bytes]:
    """The file in pieces of whole lines, each ending in a newline, without carriage returns."""
    rest, total = b"", 0
    while piece := stream.read(BLOCK):
        total += len(piece)
        if total > LARGEST_FILE:
            raise ByhandError(f"{name} holds more than {LARGEST_FILE:,} bytes, too many to be read at once.")
        piece = rest + piece.replace(b"\r", b"")
        cut = piece.rfind(b"\n") + 1
        if not cut and len(piece) >= BLOCK:
            raise ByhandError(f"{name} is not a CSV file of digits: it has a line of more than {BLOCK:,} bytes.")
        rest = piece[cut:]
        if cut:
            yield piece[:cut]
    if rest:
        yield rest + b"\n"


def _square(columns: int, name: str) -> None:
    if columns < 4 or math.isqrt(columns) ** 2 not in (columns, columns - 1):
        raise ByhandError(
            f"{name}, line 1 has {columns} columns, neither a square image (784) nor a label and one (785); of a table "
            "say which column to predict: label='NAME' (--label)."
        )


def _is_grey_level(cell: bytes) -> bool:
    return _is_number(cell) and 0 <= (value := float(cell.strip(b' "'))) <= 255 and value.is_integer()


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
