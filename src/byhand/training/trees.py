"""Plain data with arrays in it, as checkpoints hold it: packed for JSON and a table of arrays, and read back with care.

A tree consists of numbers, text, lists, tables with text as keys, and arrays, within each other.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from byhand.core.errors import ByhandError
from byhand.core.types import Array

Tree = dict[str, Any]


def pack(value: Any, arrays: dict[str, Array], path: str = "") -> Any:
    """The tree as JSON has it: every array goes into `arrays` by its path, and {"array": path} stands in its place."""
    if isinstance(value, np.ndarray):
        arrays[path] = np.ascontiguousarray(value).reshape(value.shape)
        return {"array": path}
    if isinstance(value, dict):
        return {str(key): pack(item, arrays, f"{path}.{key}" if path else str(key)) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [pack(item, arrays, f"{path}.{i}") for i, item in enumerate(value)]
    if isinstance(value, np.generic):
        return value.item()
    if value is None or isinstance(value, str | int | float):
        return value
    raise ByhandError(
        f"A checkpoint holds numbers, text, lists, tables and arrays; {path} is a {type(value).__name__}."
    )


def unpack(value: Any, arrays: dict[str, Array]) -> Any:
    """The tree that `pack` packed."""
    if isinstance(value, dict):
        if value.keys() == {"array"}:
            return arrays[value["array"]]
        return {key: unpack(item, arrays) for key, item in value.items()}
    return [unpack(item, arrays) for item in value] if isinstance(value, list) else value


def mapped(tree: Any, change: Callable[[Array], Any]) -> Any:
    """The tree with `change` of each array in the array's place."""
    if isinstance(tree, dict):
        return {key: mapped(item, change) for key, item in tree.items()}
    if isinstance(tree, list | tuple):
        return [mapped(item, change) for item in tree]
    return change(tree) if isinstance(tree, np.ndarray) else tree


def difference(before: Tree, now: Tree) -> str:
    """Where two tables differ, for example "optimizer: Adam(...) there, Lion(...) here"; empty if nowhere."""
    for name in now:
        if before.get(name) != now[name]:
            return f"{name}: {_short(before.get(name))} there, {_short(now[name])} here"
    return ""


def all_finite(tree: Any) -> bool:
    """Whether all floating-point arrays in the tree hold finite numbers only."""
    if isinstance(tree, dict):
        return all(map(all_finite, tree.values()))
    if isinstance(tree, list | tuple):
        return all(map(all_finite, tree))
    if isinstance(tree, np.ndarray) and tree.dtype.kind == "f":
        with np.errstate(over="ignore", invalid="ignore"):
            return bool(np.isfinite(tree.sum(dtype=np.float64))) or bool(np.isfinite(tree).all())
    return True


def whole(value: Any, least: int, most: int = 2**62) -> int:
    """`value`, a whole number with least ≤ value ≤ most; ValueError otherwise."""
    if type(value) is not int or not least <= value <= most:
        raise ValueError(f"{value!r} where a whole number from {least} to {most} belongs")
    return value


def real(value: Any) -> float:
    """`value`, a number; ValueError otherwise."""
    if type(value) not in (int, float):
        raise ValueError(f"{value!r} where a number belongs")
    return value


def put_back(array: Any, saved: Any, put: Callable[[Any, Any], None] = lambda a, out: np.copyto(out, a)) -> None:
    """Copy `saved` into `array`, by `put`; ValueError where shape or type differ."""
    if saved.shape != array.shape or saved.dtype != array.dtype:
        raise ValueError(f"{saved.shape} {saved.dtype} where {array.shape} {array.dtype} belongs")
    put(saved, array)


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
