"""The IDX format of the original MNIST files.

Two zero bytes, the type of a value (8 is uint8, the only one used here), the number of axes, each axis'
length as a big-endian 32-bit number, then the values in C order. Images are ``(n, height, width)``, labels
``(n,)``.
"""

import math
import struct
from pathlib import Path
from typing import BinaryIO

import numpy as np

from byhand.core.errors import ByhandError
from byhand.core.types import Array
from byhand.data.reading import LARGEST_FILE, open_bytes


def read_images(path: Path) -> Array:
    """Images ``(n, height, width)`` uint8 from an IDX file, gzipped or not."""
    return read_idx(path, 3, "images")


def read_labels(path: Path, classes: int = 10) -> Array:
    """Labels ``(n,)`` int64 from an IDX file; ByhandError unless all are below ``classes``."""
    labels = read_idx(path, 1, "labels")
    bad = labels >= classes
    if bad.any():
        row = int(np.argmax(bad))
        raise ByhandError(f"{path}: label {row} is {labels[row]}, but labels are 0 to {classes - 1}.")
    return labels.astype(np.int64)


def read_idx(path: Path, axes: int, what: str = "values") -> Array:
    """A uint8 array of ``axes`` axes from an IDX file, gzipped or not.

    The sizes that the header announces are checked against the file's real size before anything is allocated,
    and no more than one byte beyond them is ever decompressed. Raises ByhandError for a wrong header, a file
    that is too short or too long, and an array without elements.
    """
    path = Path(path)
    with open_bytes(path) as (stream, most):
        header = stream.read(4 + 4 * axes)
        if header[:4] != bytes((0, 0, 8, axes)):
            found, wanted = header[:4].hex(), bytes((0, 0, 8, axes)).hex()
            raise ByhandError(
                f"{path} is not an IDX file of {what}: it starts with {found or 'nothing'}, not {wanted}."
            )
        if len(header) < 4 + 4 * axes:
            raise ByhandError(f"{path} is cut short: its header ends after {len(header)} bytes.")
        shape = struct.unpack(f">{axes}I", header[4:])
        size, room = math.prod(shape), most - len(header)
        if size == 0:
            raise ByhandError(f"{path} is empty: its header announces the shape {shape}.")
        if size > min(room, LARGEST_FILE):
            raise ByhandError(
                f"{path} is cut short: its header announces {size:,} values, more than the file can hold."
            )
        values = np.empty(size, np.uint8)
        got = _fill(stream, values)
        if got < size:
            raise ByhandError(f"{path} is cut short: its header announces {size:,} values, it holds {got:,}.")
        if stream.read(1):
            raise ByhandError(f"{path} holds more than the {size:,} values that its header announces.")
    return values.reshape(shape)


def write_idx(values: Array) -> bytes:
    """The uncompressed IDX file of a uint8 array."""
    values = np.ascontiguousarray(values, np.uint8)
    return struct.pack(f">4B{values.ndim}I", 0, 0, 8, values.ndim, *values.shape) + values.tobytes()


def idx_file(folder: Path, name: str) -> Path | None:
    """The path of ``train-images-idx3-ubyte`` or a variant of the name (``.idx3``, ``.gz``) in the folder."""
    for spelling in (name, name.replace("-idx", ".idx")):
        for path in (folder / spelling, folder / f"{spelling}.gz"):
            if path.exists():
                return path
    return None


def _fill(stream: BinaryIO, values: Array) -> int:
    view, got = values.data, 0
    while got < len(view) and (n := stream.readinto(view[got : got + 2**22])):  # type: ignore[attr-defined]
        got += n
    return got
