"""A safe interpreter for pickles of NumPy arrays.

A pickle is a program for a stack machine. Python's own machine may import and call anything that the program
names; this one knows numbers, strings, tuples, lists, dictionaries and the calls by which NumPy (of Python 2
and 3, in the protocols 2 to 5) writes an array:

    _reconstruct(ndarray, (0,), b"b"), built with (version, shape, dtype, fortran, bytes)
    _frombuffer(bytes, dtype, shape, order)
    dtype("f4", 0, 1), built with (version, byte order, ...)
    encode(text, "latin1"), which is how protocol 2 writes bytes

Names are only compared, never looked up. A string is a view of the file, so nothing is allocated that the
file does not hold (what is encoded is counted), and the number of steps is limited, so nothing can be piled up
either. Keys of dictionaries are text or numbers, so that nothing nested is ever hashed.
"""

import math
import struct
from typing import Any, ClassVar

import numpy as np

from byhand.core.errors import ByhandError
from byhand.core.types import Array

MOST_OPCODES = 200_000  # mnist.pkl.gz takes fewer than 500, a batch of CIFAR-10, with 10,000 labels in a list, 60,000
DEPTH = 6  # of tuples, lists and dictionaries within one another

INTEGER_OPCODES = {b"K": "<B", b"M": "<H", b"J": "<i"}
STRINGS = {b"U": "<B", b"T": "<i", b"C": "<B", b"B": "<I", b"\x8e": "<Q"}  # bytes
STRINGS |= {b"\x8c": "<B", b"X": "<I", b"\x8d": "<Q", b"\x96": "<Q"}  # texts, and an array of bytes
CONSTANTS = {b"N": None, b")": (), b"\x88": True, b"\x89": False}
TUPLES = {b"\x85": 1, b"\x86": 2, b"\x87": 3}
STORE = {b"q": "<B", b"r": "<I"}
RECALL = {b"h": "<B", b"j": "<I"}
SKIP = {b"\x80": 1, b"\x95": 8}  # protocol, frame

GLOBALS = {
    "numpy.core.multiarray _reconstruct": "reconstruct",
    "numpy._core.multiarray _reconstruct": "reconstruct",
    "numpy.core.numeric _frombuffer": "frombuffer",
    "numpy._core.numeric _frombuffer": "frombuffer",
    "_codecs encode": "encode",
    "numpy ndarray": "ndarray",
    "numpy dtype": "dtype",
}
DTYPES = {"f4", "f8", "i8", "i4", "i2", "i1", "u1", "u2", "u4", "u8", "b1"}


class PickledName(str):
    """What a name that may be asked for stands for."""


class _Dtype:
    def __init__(self, code: str):
        self.code = code
        self.order = "<"


class _Array:
    value: Array | None = None


def read_pickle(content: bytes, name: str) -> Any:
    """What a pickle holds: arrays (read-only), numbers, texts, and tuples, lists and dictionaries of them.

    Raises:
        ByhandError: it holds or does anything else.
    """
    try:
        return _Plain()(PickleMachine(content).run())
    except (struct.error, IndexError, KeyError, ValueError, OverflowError, TypeError) as error:
        reason = str(error) if isinstance(error, ByhandError) else "its contents are damaged"
        raise ByhandError(f"{name} is refused: {reason}.") from None


class _Plain:
    """From the machine's values to Python's, each place where a value is used counting as one of STEPS."""

    left = MOST_OPCODES

    def __call__(self, value: Any, depth: int = DEPTH) -> Any:
        self.left -= 1
        if self.left < 0 or depth < 0:
            raise ByhandError("it holds too much for a pickle of arrays")
        if isinstance(value, _Array):
            if value.value is None:
                raise ByhandError("it holds an array without values")
            return value.value
        if isinstance(value, memoryview):
            return bytes(value[:200]).decode("latin-1")
        if isinstance(value, tuple | list):
            return type(value)(self(item, depth - 1) for item in value)
        if isinstance(value, dict):
            return {key: self(item, depth - 1) for key, item in value.items()}
        if value is None or isinstance(value, int | float):
            return value
        raise ByhandError("it holds something other than arrays, numbers and texts")


class PickleMachine:
    """Runs a pickle's opcodes; a subclass may know further names, and what calling them gives."""

    names: ClassVar[dict[str, str]] = GLOBALS
    what = "NumPy arrays"

    def __init__(self, content: bytes):
        self.content = memoryview(content)
        self.at = 0
        self.stack: list[Any] = []
        self.marks: list[int] = []
        self.memo: dict[int, Any] = {}
        self.encodable = len(content)  # bytes

    def run(self) -> Any:
        """The value that the pickle ends with."""
        for _ in range(MOST_OPCODES):
            code = bytes(self.take(1))
            if code == b".":
                return self.stack.pop()
            self.step(code)
        raise ByhandError("it takes too many steps for a pickle of arrays")

    def step(self, code: bytes) -> None:
        """Do what one opcode says."""
        stack = self.stack
        if code in INTEGER_OPCODES:
            stack.append(self.number(INTEGER_OPCODES[code]))
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
        elif code in (b"]", b"}"):
            stack.append([] if code == b"]" else {})
        elif code in (b"a", b"e", b"s", b"u"):
            self.collect(code)
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
        elif code == b"G":
            stack.append(struct.unpack(">d", self.take(8))[0])
        elif code in (b"c", b"\x93"):
            stack.append(self.named(code))
        elif code == b"R":
            self.call()
        elif code == b"b":
            self.build()
        else:
            raise ByhandError(f"it holds something other than NumPy arrays (opcode {code!r})")

    def take(self, length: int) -> memoryview:
        """The next bytes."""
        if not 0 <= length <= len(self.content) - self.at:
            raise ByhandError("it is cut short")
        self.at += length
        return self.content[self.at - length : self.at]

    def number(self, form: str) -> int:
        """The next number, in struct's form."""
        return int(struct.unpack(form, self.take(struct.calcsize(form)))[0])

    def line(self) -> str:
        """The next line of text."""
        start = bytes(self.content[self.at : self.at + 200])
        return bytes(self.take(start.index(b"\n") + 1))[:-1].decode("ascii")

    def tuple(self, start: int) -> None:
        """Make a tuple of what lies on the stack from `start` on."""
        if not 0 <= start <= len(self.stack):
            raise IndexError
        self.stack[start:] = [tuple(self.stack[start:])]

    def collect(self, code: bytes) -> None:
        """Add the topmost value (a), pair (s) or all above the mark (e, u) to the list or dictionary below."""
        start = {b"a": len(self.stack) - 1, b"s": len(self.stack) - 2}.get(code)
        start = self.marks.pop() if start is None else start
        if not 1 <= start <= len(self.stack):
            raise IndexError
        items, into = self.stack[start:], self.stack[start - 1]
        del self.stack[start:]
        if code in (b"a", b"e") and isinstance(into, list):
            into += items
        elif code in (b"s", b"u") and isinstance(into, dict):
            into.update((_key(key), value) for key, value in zip(items[::2], items[1::2], strict=True))
        else:
            raise ByhandError("it fills something other than a list or a dictionary")

    def named(self, code: bytes) -> PickledName:
        """The name that is asked for, where it may be."""
        if code == b"c":
            name = f"{self.line()} {self.line()}"
        else:
            last, first = short_text(self.stack.pop()), short_text(self.stack.pop())
            name = f"{first} {last}"
        if name not in self.names:
            shown = name.replace(" ", ".")[:80]
            raise ByhandError(f"it asks for {shown!r}, but only {self.what} are read from a pickle")
        return PickledName(self.names[name])

    def call(self) -> None:
        """Call what is below the arguments on the stack: one of the names."""
        arguments, function = self.stack.pop(), self.stack.pop()
        if isinstance(function, PickledName) and function == "reconstruct":
            self.stack.append(_Array())
        elif isinstance(function, PickledName) and function == "dtype":
            code = short_text(arguments[0])
            if code not in DTYPES:
                raise ByhandError(f"it holds an array of dtype {code[:20]!r}")
            self.stack.append(_Dtype(code))
        elif isinstance(function, PickledName) and function == "frombuffer":
            raw, dtype, shape, order = arguments
            made = _Array()
            made.value = _array(shape, dtype, short_text(order) == "F", raw)
            self.stack.append(made)
        elif isinstance(function, PickledName) and function == "encode":
            self.stack.append(self.encoded(*arguments))
        else:
            raise ByhandError("it calls something other than NumPy's array constructor")

    def encoded(self, text: Any, encoding: Any) -> memoryview:
        """The bytes of a text whose characters are below 256."""
        if not isinstance(text, memoryview) or short_text(encoding) not in ("latin1", "latin-1"):
            raise ByhandError("it encodes something other than bytes")
        self.encodable -= len(text)
        if self.encodable < 0:
            raise ByhandError("it encodes more than it holds")
        return memoryview(bytes(text).decode("utf-8").encode("latin-1"))

    def build(self) -> None:
        """Give the object below it on the stack its state."""
        state, target = self.stack.pop(), self.stack[-1]
        if isinstance(target, _Dtype):
            target.order = short_text(state[1])
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


def _key(value: Any) -> str | int:
    """A dictionary's key; bytes, as Python 2 wrote texts, are taken as text."""
    if isinstance(value, memoryview) and len(value) <= 200:
        return bytes(value).decode("latin-1")
    if isinstance(value, int):
        return value
    raise ByhandError("it has a dictionary whose keys are not texts or numbers")


def short_text(value: Any) -> str:
    """A text of at most 200 characters."""
    if not isinstance(value, memoryview) or len(value) > 200:
        raise ByhandError("it has something other than a name where a name belongs")
    return bytes(value).decode("ascii")
