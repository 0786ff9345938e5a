"""What a graph computes from constants alone: shapes and weights in another form, worked out while it is read."""

from math import prod
from typing import Any

import numpy as np

from byhand.core.errors import ByhandError
from byhand.core.types import Array
from byhand.exchange.onnx.nodes import Node, constant_input, whole_numbers
from byhand.exchange.onnx.values import BATCH

TYPES = {1: np.float32, 2: np.uint8, 3: np.int8, 5: np.int16, 6: np.int32, 7: np.int64, 9: np.bool_, 10: np.float16}
TYPES |= {11: np.float64, 12: np.uint32, 13: np.uint64}
ARITHMETIC = {"Add": np.add, "Sub": np.subtract, "Mul": np.multiply, "Div": np.divide, "Pow": np.power}
FOLDED = {"Cast", "Concat", "ConstantOfShape", "Gather", "Identity", "Neg", "Reshape", "Slice", "Sqrt", "Squeeze"}
FOLDED |= {"Equal", "Expand", "Not", "Transpose", "Trilu", "Unsqueeze", "Where", *ARITHMETIC}


class Budget:
    """How many numbers may still be worked out: a small file can't ask for many."""

    def __init__(self, left: int):
        self.left = left

    def spend(self, shape: tuple[int, ...]) -> None:
        """Take the numbers of an array off.

        Raises:
            ByhandError: there are not so many left.
        """
        self.left -= prod(shape)
        if self.left < 0:
            raise ByhandError("Its constants grow to more numbers than its size allows.")


def fold_constants(at: Node, inputs: list[Any], budget: Budget) -> Array:
    """The output of a node whose inputs are all constant.

    Raises:
        ByhandError: it isn't known, doesn't fit its inputs, or grows too large.
    """
    try:
        with np.errstate(all="ignore"):
            return np.asarray(_folded(at, inputs, budget))
    except ByhandError:
        raise
    except (ValueError, TypeError, IndexError, KeyError, OverflowError, AttributeError):
        raise ByhandError(f"A constant that {at.kind} works out doesn't fit.") from None


def _folded(at: Node, inputs: list[Any], budget: Budget) -> Any:
    kind = at.kind
    if kind in ARITHMETIC:
        a, b = inputs
        budget.spend(np.broadcast_shapes(a.shape, b.shape))
        whole = kind == "Div" and a.dtype.kind in "iu"
        return (np.floor_divide if whole else ARITHMETIC[kind])(a, b).astype(a.dtype)
    x = inputs[0]
    if kind in ("Equal", "Where"):
        budget.spend(np.broadcast_shapes(*(part.shape for part in inputs)))
        return np.equal(*inputs) if kind == "Equal" else np.where(x.astype(bool), *inputs[1:])
    if kind == "ConstantOfShape":
        shape = tuple(whole_numbers("A shape", x))
        if any(n < 0 for n in shape):
            raise ByhandError("ConstantOfShape with a negative size isn't known.")
        budget.spend(shape)
        value = at.attributes.get("value")
        return np.full(
            shape, 0 if value is None else value.reshape(-1)[0], np.float32 if value is None else value.dtype
        )
    if kind == "Concat":
        sides = [constant_input("A part", part) for part in inputs]
        budget.spend((sum(part.size for part in sides),))
        return np.concatenate(sides, at.whole("axis", 0))
    if kind == "Expand":  # once for each sample stays once
        shape = tuple(1 if n == BATCH else n for n in whole_numbers("A shape", inputs[1]))
        budget.spend(np.broadcast_shapes(x.shape, shape))
        return np.broadcast_to(x, np.broadcast_shapes(x.shape, shape))
    if kind == "Gather":
        index, axis = inputs[1], at.whole("axis", 0)
        budget.spend((index.size, *np.delete(x.shape, axis)))
        return np.take(x, index, axis)
    budget.spend(x.shape)
    if kind in ("Identity", "Neg", "Sqrt"):
        return x if kind == "Identity" else np.negative(x) if kind == "Neg" else np.sqrt(x)
    if kind == "Not":
        return np.logical_not(x)
    if kind == "Trilu":
        k = whole_numbers("Trilu's k", inputs[1])[0] if len(inputs) > 1 else 0
        return np.triu(x, k) if at.whole("upper", 1) else np.tril(x, k)
    if kind == "Cast":
        return x.astype(TYPES[at.whole("to", 1)])
    if kind == "Transpose":
        return x.transpose(at.numbers("perm", [*range(x.ndim)][::-1]))
    axes = whole_numbers("Axes", inputs[1]) if len(inputs) > 1 else at.numbers("axes", [])
    if kind == "Reshape":
        target = axes if len(inputs) > 1 else at.numbers("shape", [])
        return x.reshape([x.shape[i] if n == 0 else n for i, n in enumerate(target)])
    if kind == "Squeeze":
        return np.squeeze(x, tuple(axes) if axes else None)
    if kind == "Unsqueeze":
        return np.expand_dims(x, tuple(axes))
    starts, ends = (whole_numbers("A slice", part) for part in inputs[1:3])
    axes = whole_numbers("Axes", inputs[3]) if len(inputs) > 3 else [*range(len(starts))]
    by = whole_numbers("Steps", inputs[4]) if len(inputs) > 4 else [1] * len(starts)
    cut = [slice(None)] * x.ndim
    for axis, start, end, step in zip(axes, starts, ends, by, strict=True):
        beyond = end < -x.shape[axis] and step < 0
        cut[axis] = slice(start, None if beyond else end, step)
    return x[tuple(cut)]
