"""A machine that reads pickles of NumPy arrays and can do nothing else.

A pickle is a program for a stack machine. Python's own machine may import and call anything that the program
names; this one knows numbers, strings, tuples and the one call sequence by which NumPy (of Python 2 and 3)
writes an array:

    _reconstruct(ndarray, (0,), b"b"), built with (version, shape, dtype, fortran, bytes)
    dtype("f4", 0, 1), built with (version, byte order, ...)

Names are only compared, never looked up. A string is a view of the file, so nothing is allocated that the
file does not hold, and the number of steps is limited, so nothing can be piled up either.
"""

import math
import struct
from typing import Any

import numpy as np

from byhand.core.errors import ByhandError
from byhand.core.types import Array

STEPS = 10_000  # the well-known file takes fewer than 500

NUMBERS = {b"K": "<B", b"M": "<H", b"J": "<i"}
STRINGS = {b"U": "<B", b"T": "<i", b"C": "<B", b"B": "<I", b"\x8e": "<Q", b"\x8c": "<B", b"X": "<I"}
CONSTANTS = {b"N": None, b")": (), b"\x88": True, b"\x89": False}
TUPLES = {b"\x85": 1, b"\x86": 2, b"\x87": 3}
STORE = {b"q": "<B", b"r": "<I"}
RECALL = {b"h": "<B", b"j": "<I"}
SKIP = {b"\x80": 1, b"\x95": 8}  # protocol, frame

GLOBALS = {
    "numpy.core.multiarray _reconstruct": "reconstruct",
    "numpy._core.multiarray _reconstruct": "reconstruct",
    "numpy ndarray": "ndarray",
    "numpy dtype": "dtype",
}
DTYPES = {"f4", "f8", "i8", "i4", "u1"}


class _Name(str):
    """One of the values of GLOBALS."""


class _Dtype:
    def __init__(self, code: str):
        self.code = code
        self.order = "<"


class _Array:
    value: Array | None = None


def read_pickle(content: bytes, name: str) -> Any:
    """The arrays (read-only) and tuples in a pickle; ByhandError where it holds or does anything else."""
    try:
        return _plain(_Machine(content).run())
    except (struct.error, IndexError, KeyError, ValueError, OverflowError, TypeError) as error:
        reason = str(error) if isinstance(error, ByhandError) else "its contents are damaged"
        raise ByhandError(f"{name} is refused: {reason}.") from None


def _plain(value: Any, depth: int = 3) -> Any:
    if isinstance(value, _Array):
        return value.value
    if isinstance(value, tuple) and depth:
        return tuple(_plain(item, depth - 1) for item in value[:3])
    return None


class _Machine:
    def __init__(self, content: bytes):
        self.content = memoryview(content)
        self.at = 0
        self.stack: list[Any] = []
        self.marks: list[int] = []
        self.memo: dict[int, Any] = {}

    def run(self) -> Any:
        for _ in range(STEPS):
            code = bytes(self.take(1))
            if code == b".":
                return self.stack.pop()
            self.step(code)
        raise ByhandError("it takes too many steps for a pickle of arrays")

    def step(self, code: bytes) -> None:
        stack = self.stack
        if code in NUMBERS:
            stack.append(self.number(NUMBERS[code]))
        elif code in STRINGS:
            stack.append(self.take(self.number(STRINGS[code])))
        elif code in CONSTANTS:
            stack.append(CONSTANTS[code])
        elif code in TUPLES:
            self.tuple(len(stack) - TUPLES[code])
        elif code == b"(":
            self.marks.append(len(stack))
        elif code == b"t":
            self.tuple(self.marks.pop())
        elif code in STORE:
            self.memo[self.number(STORE[code])] = stack[-1]
        elif code == b"\x94":
            self.memo[len(self.memo)] = stack[-1]
        elif code in RECALL:
            stack.append(self.memo[self.number(RECALL[code])])
        elif code in SKIP:
            self.take(SKIP[code])
        elif code in (b"I", b"L"):
            stack.append(int(self.line().rstrip("L")))
        elif code == b"\x8a":
            stack.append(int.from_bytes(self.take(self.number("<B")), "little", signed=True))
        elif code in (b"c", b"\x93"):
            stack.append(self.named(code))
        elif code == b"R":
            self.call()
        elif code == b"b":
            self.build()
        else:
            raise ByhandError(f"it holds something other than NumPy arrays (opcode {code!r})")

    def take(self, length: int) -> memoryview:
        if not 0 <= length <= len(self.content) - self.at:
            raise ByhandError("it is cut short")
        self.at += length
        return self.content[self.at - length : self.at]

    def number(self, form: str) -> int:
        return int(struct.unpack(form, self.take(struct.calcsize(form)))[0])

    def line(self) -> str:
        start = bytes(self.content[self.at : self.at + 200])
        return bytes(self.take(start.index(b"\n") + 1))[:-1].decode("ascii")

    def tuple(self, start: int) -> None:
        if not 0 <= start <= len(self.stack):
            raise IndexError
        self.stack[start:] = [tuple(self.stack[start:])]

    def named(self, code: bytes) -> _Name:
        if code == b"c":
            name = f"{self.line()} {self.line()}"
        else:
            last, first = _text(self.stack.pop()), _text(self.stack.pop())
            name = f"{first} {last}"
        if name not in GLOBALS:
            shown = name.replace(" ", ".")[:80]
            raise ByhandError(f"it asks for {shown!r}, but only NumPy arrays are read from a pickle")
        return _Name(GLOBALS[name])

    def call(self) -> None:
        arguments, function = self.stack.pop(), self.stack.pop()
        if isinstance(function, _Name) and function == "reconstruct":
            self.stack.append(_Array())
        elif isinstance(function, _Name) and function == "dtype":
            code = _text(arguments[0])
            if code not in DTYPES:
                raise ByhandError(f"it holds an array of dtype {code[:20]!r}")
            self.stack.append(_Dtype(code))
        else:
            raise ByhandError("it calls something other than NumPy's array constructor")

    def build(self) -> None:
        state, target = self.stack.pop(), self.stack[-1]
        if isinstance(target, _Dtype):
            target.order = _text(state[1])
            if target.order not in ("<", ">", "|"):
                raise ByhandError("it holds an array of unknown byte order")
        elif isinstance(target, _Array):
            _, shape, dtype, fortran, raw = state
            target.value = _array(shape, dtype, fortran, raw)
        else:
            raise ByhandError("it builds something other than NumPy arrays")


def _array(shape: Any, dtype: Any, fortran: Any, raw: Any) -> Array:
    if not isinstance(dtype, _Dtype) or not isinstance(raw, memoryview) or not isinstance(shape, tuple):
        raise ByhandError("it holds an array that is not made of plain numbers")
    if not 1 <= len(shape) <= 4 or not all(isinstance(n, int) and 0 <= n < 2**31 for n in shape):
        raise ByhandError("it holds an array of an impossible shape")
    kind = np.dtype(dtype.order + dtype.code)
    if math.prod(shape) * kind.itemsize != len(raw):
        raise ByhandError(f"an array of shape {shape} in it has {len(raw):,} bytes of values")
    return np.frombuffer(raw, kind).reshape(shape, order="F" if fortran else "C")


def _text(value: Any) -> str:
    if not isinstance(value, memoryview) or len(value) > 200:
        raise ByhandError("it has something other than a name where a name belongs")
    return bytes(value).decode("ascii")
