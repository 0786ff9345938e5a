"""Safetensors files: by the library of that name, or where it is missing, as in Pyodide, by the class below.

A file is the length of its header in 8 bytes, the header in JSON (for each tensor its dtype, shape and place), and the
numbers: https://github.com/huggingface/safetensors#format.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from byhand.core.types import Array

TENSOR_LETTERS = {"f": "F", "i": "I", "u": "U"}  # NumPy's letter of a dtype, and that of the file
TENSOR_DTYPES = {
    f"{TENSOR_LETTERS[kind]}{8 * size}": f"<{kind}{size}"
    for kind, sizes in (("f", (2, 4, 8)), ("i", (1, 2, 4, 8)), ("u", (1, 2, 4, 8)))
    for size in sizes
}
LONGEST_HEADER = 100_000_000  # bytes, as in the library


class UnreadableTensors(ValueError):
    """Not a whole file of tensors."""


class TensorFile:
    """A file of tensors, with the methods of the library's `safe_open` that byhand uses.

    Args:
        path: the file.
        framework: "np"; there is no other.

    Raises:
        UnreadableTensors: the file is not one of tensors, or damaged.
        OSError: it cannot be read.
    """

    def __init__(self, path: str | Path, framework: str = "np"):
        data = Path(path).read_bytes()
        length = int.from_bytes(data[:8], "little")
        if len(data) < 8 or length > min(len(data) - 8, LONGEST_HEADER):
            raise UnreadableTensors("its header is longer than the file")
        try:
            header = json.loads(data[8 : 8 + length])
            self._metadata: dict[str, str] | None = header.pop("__metadata__", None)
            self._tensors = {name: _tensor(about, data[8 + length :]) for name, about in header.items()}
        except UnreadableTensors:
            raise
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError, OverflowError):
            raise UnreadableTensors("its header is damaged") from None

    def __enter__(self) -> "TensorFile":
        return self

    def __exit__(self, *error: object) -> None:
        pass

    def metadata(self) -> dict[str, str] | None:
        """The texts that belong to the file."""
        return self._metadata

    def keys(self) -> list[str]:
        """The tensors' names."""
        return sorted(self._tensors)

    def get_tensor(self, name: str) -> Array:
        """The numbers of a tensor, an array of their own."""
        return self._tensors[name].copy()

    def get_slice(self, name: str) -> "TensorFacts":
        """The dtype and the shape of a tensor."""
        return TensorFacts(self._tensors[name])


class TensorFacts:
    """What a file says of a tensor."""

    def __init__(self, tensor: Array):
        self._tensor = tensor

    def get_dtype(self) -> str:
        """For example "F32"."""
        return _letters(self._tensor)

    def get_shape(self) -> list[int]:
        """The shape."""
        return list(self._tensor.shape)


def tensor_bytes(tensors: Mapping[str, Array], metadata: Mapping[str, str] | None = None) -> bytes:
    """The file of these tensors and texts."""
    header: dict[str, Any] = {"__metadata__": dict(metadata)} if metadata else {}
    start, numbers = 0, []
    for name in sorted(tensors, key=lambda name: (-tensors[name].itemsize, name)):  # each at a multiple of its size
        whole = np.ascontiguousarray(tensors[name])
        end = start + whole.nbytes
        header[name] = {"dtype": _letters(whole), "shape": list(whole.shape), "data_offsets": [start, end]}
        numbers.append(whole.tobytes())
        start = end
    text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text + b"".join(numbers)


def _letters(tensor: Array) -> str:
    return f"{TENSOR_LETTERS[tensor.dtype.kind]}{8 * tensor.itemsize}"


def _tensor(about: Mapping[str, Any], data: bytes) -> Array:
    """The array that a header describes, in the numbers of the file."""
    dtype, shape, (start, end) = np.dtype(TENSOR_DTYPES[about["dtype"]]), tuple(about["shape"]), about["data_offsets"]
    whole = all(type(number) is int and number >= 0 for number in (*shape, start, end))
    size = dtype.itemsize
    for count in shape:
        size *= count
    if not whole or end > len(data) or end - start != size:
        raise UnreadableTensors("a tensor's place does not fit its shape")
    return np.frombuffer(data[start:end], dtype).reshape(shape)


SafetensorError: type[Exception]
safe_open: Any
to_bytes: Any
try:
    from safetensors import SafetensorError, safe_open
    from safetensors.numpy import save as to_bytes
except ImportError:
    SafetensorError, safe_open, to_bytes = UnreadableTensors, TensorFile, tensor_bytes
