"""Arrays as a graphics card has them: in a memory of their own, which NumPy cannot see.

`DeviceArray` has a shape, views, `fill` and `copy`, and nothing else. It refuses whatever would mix it with NumPy's
arrays or copy it unasked: arithmetic, functions of NumPy, conversions, item by item. `DEVICE` is a table of operations
on such arrays with the methods of `byhand.ops.Ops`; only `asarray`, `put` and `to_numpy` carry numbers to and fro.
"""

from types import SimpleNamespace

import numpy as np

from byhand.ops import Ops, reference


class Mixed(TypeError):
    """An array of the device was used as if it were NumPy's, or the other way round."""


def refuse(self, *arguments, **named):
    raise Mixed("An array of the device would be copied unasked, or mixed with NumPy's.")


class DeviceArray:
    __slots__ = ("_memory",)
    __array_ufunc__ = None  # so that a NumPy array's operators refuse it, too

    def __init__(self, memory):
        self._memory = memory

    shape, dtype = property(lambda self: self._memory.shape), property(lambda self: self._memory.dtype)
    T = property(lambda self: DeviceArray(self._memory.T))
    ndim, size = property(lambda self: self._memory.ndim), property(lambda self: self._memory.size)

    def __len__(self):
        return len(self._memory)

    def reshape(self, *shape):
        view = self._memory.reshape(*shape)
        assert view.size == 0 or np.shares_memory(view, self._memory), "reshape copied"
        return DeviceArray(view)

    def __getitem__(self, index):
        parts = index if isinstance(index, tuple) else (index,)
        if not all(part is None or part is Ellipsis or isinstance(part, int | slice) for part in parts):
            raise Mixed(f"{index!r} would copy.")
        return DeviceArray(np.asarray(self._memory[index]) if self.ndim else self._memory)

    def swapaxes(self, one, other):
        return DeviceArray(self._memory.swapaxes(one, other))

    def fill(self, value):
        self._memory.fill(float(value))

    def copy(self):
        return DeviceArray(self._memory.copy())

    __array__ = __array_function__ = __iter__ = __setitem__ = __bool__ = __float__ = __int__ = __index__ = refuse
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __matmul__ = __iadd__ = refuse
    __imul__ = __eq__ = __lt__ = __gt__ = __le__ = __ge__ = __neg__ = __reduce_ex__ = refuse
    __hash__ = None


def there(argument):
    """The memory of an argument on the device."""
    if isinstance(argument, DeviceArray):
        return argument._memory
    if isinstance(argument, SimpleNamespace):
        return SimpleNamespace(**{name: there(a) for name, a in vars(argument).items()})
    if isinstance(argument, np.ndarray):
        raise Mixed("An operation of the device was given one of NumPy's arrays.")
    return argument


class DeviceTable:
    """The reference's operations, on arrays of the device."""

    kind, host = "device", False

    def __getattr__(self, name):
        if not hasattr(Ops, name):
            raise AttributeError(name)
        work = getattr(reference, name)

        def operation(*arguments, **named):
            result = work(*map(there, arguments), **{key: there(a) for key, a in named.items()})
            return DeviceArray(result) if isinstance(result, np.ndarray) else result

        return operation

    def empty(self, shape, dtype):
        return DeviceArray(np.full(shape, np.nan if np.dtype(dtype).kind == "f" else 1, dtype))

    def zeros(self, shape, dtype):
        return DeviceArray(np.zeros(shape, dtype))

    def asarray(self, a, dtype=None):
        return a if isinstance(a, DeviceArray) else DeviceArray(np.array(a, dtype))

    def to_numpy(self, a):
        return there(a).copy() if isinstance(a, DeviceArray) else np.asarray(a)

    def put(self, a, out):
        assert isinstance(a, np.ndarray) and isinstance(out, DeviceArray)
        np.copyto(out._memory, a, casting="same_kind")


DEVICE = DeviceTable()
