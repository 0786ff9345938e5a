"""Keras' ``mnist.npz``: a zip of four arrays, x_train, y_train, x_test, y_test."""

import io
import math
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from byhand.core.errors import ByhandError
from byhand.core.types import Array
from byhand.data.reading import LARGEST_FILE

if TYPE_CHECKING:
    from zipfile import ZipFile, ZipInfo

HEADER = 2**14  # bytes: more than any honest .npy header has


def read_npz(path: Path) -> dict[str, Array]:
    """The arrays ``x_train``, ``y_train`` and, if there are any, ``x_test`` and ``y_test``; other members are
    not read.

    Each array's header is checked against the zip directory and a limit before its values are decompressed.
    Raises ByhandError for a damaged file, a missing array, pickled objects, and sizes that do not fit.
    """
    return _read_members(path, _keras_names)


def read_arrays(path: Path) -> dict[str, Array]:
    """All the arrays of an npz file by name; what is refused is the same."""
    return _read_members(path, lambda path, members: list(members))


def _keras_names(path: Path, members: dict[str, "ZipInfo"]) -> list[str]:
    wanted = ["x_train", "y_train"]
    if "x_test" in members or "y_test" in members:
        wanted += ["x_test", "y_test"]
    missing = [name for name in wanted if name not in members]
    if missing:
        raise ByhandError(f"{path} lacks {' and '.join(missing)}.")
    return wanted


def _read_members(path: Path, choose: Callable[[Path, dict[str, "ZipInfo"]], list[str]]) -> dict[str, Array]:
    """The arrays whose names `choose` chooses among the members."""
    import zipfile

    path = Path(path)
    if not path.is_file():
        raise ByhandError(f"there is no file {path}.")
    try:
        with zipfile.ZipFile(path) as archive:
            members = {info.filename.removesuffix(".npy"): info for info in archive.infolist()}
            wanted = choose(path, members)
            total = sum(members[name].file_size for name in wanted)
            if total > LARGEST_FILE:
                limit = f"{LARGEST_FILE:,} is the limit"
                raise ByhandError(f"{path} would take {total:,} bytes once decompressed; {limit}.")
            return {name: _read(archive, members[name], f"{path}: {name}") for name in wanted}
    except ByhandError:
        raise
    except (zipfile.BadZipFile, zlib.error, struct.error, EOFError, RuntimeError, ValueError) as error:
        raise ByhandError(f"{path} is not a readable npz file: {str(error).rstrip('.')}.") from None
    except OSError as error:
        raise ByhandError(f"{path} cannot be read: {error.strerror or error}.") from None


def _read(archive: "ZipFile", info: "ZipInfo", name: str) -> Array:
    from zipfile import ZIP_DEFLATED, ZIP_STORED

    if info.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
        raise ByhandError(f"{name} is compressed in a way that NumPy does not write.")
    with archive.open(info) as stream:
        start = stream.read(HEADER)
        shape, fortran, dtype, begins = _header(start, name)
        size = math.prod(shape) * dtype.itemsize
        if size != info.file_size - begins:
            raise ByhandError(f"{name} announces {size:,} bytes of values but holds {info.file_size - begins:,}.")
        values = bytearray(start[begins:])  # so that the array can be written to
        values += stream.read(size + 1)
    if len(values) != size:
        raise ByhandError(f"{name} is cut short: it holds {len(values):,} of {size:,} bytes.")
    return np.frombuffer(values, dtype).reshape(shape, order="F" if fortran else "C")


def _header(start: bytes, name: str) -> tuple[tuple[int, ...], bool, np.dtype[Any], int]:
    """Shape, Fortran order, dtype and the position of the first value, from a member's first bytes."""
    stream = io.BytesIO(start)
    try:
        version = np.lib.format.read_magic(stream)
        if version == (1, 0):
            shape, fortran, dtype = np.lib.format.read_array_header_1_0(stream)
        else:
            shape, fortran, dtype = np.lib.format.read_array_header_2_0(stream)
    except Exception:  # NumPy parses the header as Python text, which fails in many ways
        raise ByhandError(f"{name} is not an array in NumPy's format.") from None
    if not all(n > 0 for n in shape):
        raise ByhandError(f"{name} is empty: its shape is {shape}.")
    if dtype.hasobject:
        raise ByhandError(f"{name} holds pickled objects, which are never read.")
    if dtype.kind not in "uif":
        raise ByhandError(f"{name} must hold numbers, not values of dtype {dtype}.")
    return shape, fortran, dtype, stream.tell()
