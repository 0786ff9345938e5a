"""Tensors from PyTorch's files (.pt, .pth), without PyTorch, and without running anything that stands in them.

Such a file is a zip archive with a pickle, `data.pkl`, and the numbers of each storage in a member of its own. A pickle
is a program; `torch.load` runs it, and even its `weights_only` has been got round (CVE-2025-32434). Here the opcodes
are read by `byhand.data.unpickle`, and the only names that may be asked for are those below. They stand for nothing
but tensors and dictionaries; none is ever looked up.
"""

import zipfile
from math import prod
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from byhand.core.errors import ByhandError
from byhand.core.types import Array
from byhand.data.unpickle import PickledName, PickleMachine, short_text

LARGEST_PROGRAM = 2**24  # bytes of data.pkl
DEEPEST = 4  # dictionaries within one another
STORAGES = {"Float": "<f4", "Double": "<f8", "Half": "<f2", "BFloat16": "bf16", "Long": "<i8", "Int": "<i4"}
STORAGES |= {"Short": "<i2", "Char": "<i1", "Byte": "<u1", "Bool": "<u1"}
CHOSEN = ("state_dict", "model_state_dict", "model", "net", "weights")  # where checkpoints keep a model's tensors


class _TorchMachine(PickleMachine):
    """A pickle whose persistent objects are storages."""

    names: ClassVar[dict[str, str]] = {
        "collections OrderedDict": "dictionary",
        "torch._utils _rebuild_tensor_v2": "tensor",
        "torch._utils _rebuild_parameter": "parameter",
        "torch Size": "tuple",
    } | {f"torch {name}Storage": code for name, code in STORAGES.items()}
    what = "tensors (save model.state_dict(), not the model)"

    def __init__(self, content: bytes, storage: Any):
        super().__init__(content)
        self.storage = storage

    def step(self, code: bytes) -> None:
        if code == b"Q":
            kind, dtype, key, _, count = self.stack.pop()
            if short_text(kind) != "storage" or not isinstance(dtype, PickledName) or dtype not in STORAGES.values():
                raise ByhandError("it holds something other than tensors")
            self.stack.append(self.storage(short_text(key), str(dtype), count))
        else:
            super().step(code)

    def call(self) -> None:
        arguments, function = self.stack.pop(), self.stack.pop()
        if not isinstance(function, PickledName) or function in STORAGES.values() or not isinstance(arguments, tuple):
            raise ByhandError("it calls something other than a tensor's constructor")
        if function == "dictionary":
            self.stack.append(dict(_pairs(arguments)))
        elif function == "tuple":
            self.stack.append(tuple(arguments[0]) if arguments else ())
        elif function == "parameter":
            self.stack.append(arguments[0])
        else:
            self.stack.append(_tensor_of(*arguments[:4]))

    def build(self) -> None:
        self.stack.pop()  # a dictionary's further attributes, such as the modules' versions
        if not isinstance(self.stack[-1], dict):
            raise ByhandError("it builds something other than tensors")


def _pairs(arguments: tuple[Any, ...]) -> list[tuple[str, Any]]:
    """What an OrderedDict is made from, where it isn't filled later."""
    return [(short_text(key), value) for key, value in (arguments[0] if arguments else ())]


def _tensor_of(storage: Any, offset: Any, shape: Any, strides: Any) -> Array:
    """A copy of a storage's numbers, seen by offset, shape and strides."""
    sizes = (*shape, *strides, offset)
    if not isinstance(storage, np.ndarray) or len(shape) != len(strides) or len(shape) > 8:
        raise ByhandError("it holds a tensor that is damaged")
    if not all(isinstance(n, int) and 0 <= n < 2**40 for n in sizes):
        raise ByhandError("it holds a tensor of an impossible shape")
    last = offset + sum((n - 1) * step for n, step in zip(shape, strides, strict=True))
    if prod(shape) > storage.size or (prod(shape) and last >= storage.size):
        raise ByhandError(f"a tensor of shape {tuple(shape)} in it has {storage.size:,} numbers")
    view = np.lib.stride_tricks.as_strided(
        storage[offset:], tuple(shape), tuple(n * storage.itemsize for n in strides), writeable=False
    )
    return view.copy()


def read_torch(path: str | Path) -> dict[str, Array]:
    """The tensors of a PyTorch file by name, in the order in which they stand there.

    Raises:
        ByhandError: it is no such file, or it holds or asks for anything but tensors.
    """
    path = Path(path)
    if not path.is_file():
        raise ByhandError(f"{path}: there is no such file.")
    try:
        with zipfile.ZipFile(path) as archive:
            return _state(_run(archive, path.stat().st_size))
    except ByhandError as error:
        raise ByhandError(f"{path} is refused: {str(error).rstrip('.')}.") from None
    except zipfile.BadZipFile:
        raise ByhandError(
            f"{path}: not a PyTorch file (or one from before 1.6: load it there and save it again)."
        ) from None
    except (OSError, ValueError, KeyError, IndexError, TypeError, AttributeError, OverflowError, NotImplementedError,
            RuntimeError, EOFError, RecursionError):  # fmt: skip
        raise ByhandError(f"{path} is refused: its contents are damaged.") from None


def _run(archive: zipfile.ZipFile, size: int) -> Any:
    members = {info.filename: info for info in archive.infolist()}
    found = [name for name in members if name.endswith("/data.pkl") and name.count("/") == 1]
    if len(found) != 1:
        raise ByhandError("there is no data.pkl in it")
    folder = found[0].removesuffix("data.pkl")
    if f"{folder}byteorder" in members and _member(archive, members[f"{folder}byteorder"], 16, size) != b"little":
        raise ByhandError("it was written on a big-endian machine")
    known: dict[tuple[str, str], Array] = {}

    def storage(key: str, dtype: str, count: Any) -> Array:
        if (key, dtype) not in known:
            if f"{folder}data/{key}" not in members:
                raise ByhandError(f"the storage {key!r} isn't in it")
            raw = _member(archive, members[f"{folder}data/{key}"], size, size)
            known[key, dtype] = _widened(raw) if dtype == "bf16" else np.frombuffer(raw, dtype)
        if known[key, dtype].size != count:
            raise ByhandError(f"the storage {key!r} has {known[key, dtype].size:,} numbers, not {count}")
        return known[key, dtype]

    program = _member(archive, members[found[0]], LARGEST_PROGRAM, size)
    return _TorchMachine(program, storage).run()


def _member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, most: int, size: int) -> bytes:
    """A member's bytes, which PyTorch doesn't compress."""
    if info.compress_type != zipfile.ZIP_STORED or info.file_size > min(most, size):
        raise ByhandError(f"its member {info.filename[:60]!r} is compressed or too large")
    return archive.read(info)


def _widened(raw: bytes) -> Array:
    """bfloat16 as float32: its bits are the upper half."""
    return (np.frombuffer(raw, "<u2").astype("<u4") << 16).view("<f4")


def _state(found: Any) -> dict[str, Array]:
    """The tensors of a state_dict, or of a checkpoint that has one among other things."""
    if not isinstance(found, dict):
        raise ByhandError("it holds no dictionary of tensors")
    tensors = _flat(found, "")
    if any(isinstance(value, np.ndarray) for value in found.values()):
        return tensors
    for key in CHOSEN:
        if isinstance(found.get(key), dict) and (chosen := _flat(found[key], "")):
            return chosen
    if not tensors:
        raise ByhandError("there are no tensors in it")
    return tensors


def _flat(found: dict[Any, Any], prefix: str, depth: int = DEEPEST) -> dict[str, Array]:
    flat: dict[str, Array] = {}
    for key, value in found.items():
        if isinstance(value, np.ndarray):
            flat[f"{prefix}{key}"] = value
        elif isinstance(value, dict) and depth:
            flat |= _flat(value, f"{prefix}{key}.", depth - 1)
    return flat
