"""Pickled data sets: `mnist.pkl.gz` and similar files.

The well-known file holds 50,000 training, 10,000 validation and 10,000 test rows, pixels as k/256.
"""

from pathlib import Path
from typing import Any

import numpy as np

from byhand.core.errors import ByhandError
from byhand.core.types import Array
from byhand.data.dataset import check_arrays
from byhand.data.naming import NamedSplit, by_name
from byhand.data.reading import open_bytes, read_at_most
from byhand.data.unpickle import read_pickle

LARGEST_PICKLE = 2**28  # bytes; the well-known file holds 220 million
SPLIT_KEYS = ("train", "validation", "test")


def read_pickled(path: Path) -> dict[str, NamedSplit]:
    """The parts "train" and, where there are any, "validation" and "test", each x (n, features) and y (n,) int64.

    The file, gzipped or not, holds three pairs of samples and labels (training, validation, test), two (training,
    test) or one, as tuples or lists, or a dictionary whose keys say what is what (`byhand.data.naming`). Pixels come
    back as uint8 where they are whole multiples of 1/256 or of 1/255, otherwise they stay floats. Nothing in the file
    is ever executed (`byhand.data.unpickle`).

    Raises:
        ByhandError: any other contents.
    """
    path = Path(path)
    with open_bytes(path) as (stream, _):
        content = read_at_most(stream, LARGEST_PICKLE, path)
    found = read_pickle(content, str(path))
    try:
        parts = by_name(found) if isinstance(found, dict) else _in_order(found)
        checked = {name: _checked(name, part) for name, part in parts.items()}
    except ByhandError as error:
        raise ByhandError(f"{path}: {error}") from None
    if len({x.shape[1] for x, _ in checked.values()}) > 1:
        raise ByhandError(f"{path} holds rows of different lengths in its parts.")
    pixels = _to_bytes([x for x, _ in checked.values()])
    return {name: (x, y) for x, (name, (_, y)) in zip(pixels, checked.items(), strict=True)}


def _in_order(found: Any) -> dict[str, NamedSplit]:
    """Three, two or one pair of arrays."""
    if _is_pair(found):
        return {"train": _pair(found)}
    if isinstance(found, tuple | list) and len(found) in (2, 3) and all(map(_is_pair, found)):
        names = SPLIT_KEYS if len(found) == 3 else ("train", "test")
        return {name: _pair(part) for name, part in zip(names, found, strict=True)}
    raise ByhandError("it does not hold three pairs of arrays (training, validation and test), two or one.")


def _is_pair(found: Any) -> bool:
    """Whether it is samples (n, ...) with labels (n,)."""
    if not isinstance(found, tuple | list) or len(found) != 2 or not isinstance(found[0], np.ndarray):
        return False
    return found[0].ndim > 1 and isinstance(found[1], np.ndarray | list)


def _pair(found: Any) -> NamedSplit:
    return found[0], np.asarray(found[1])


def _checked(name: str, part: NamedSplit) -> NamedSplit:
    name = "training" if name == "train" else name
    return check_arrays(*part, images=True, classes=10, names=(f"{name} x", f"{name} y"))


def _to_bytes(arrays: list[Array]) -> list[Array]:
    """k/256 or k/255 → k as uint8, by whichever divisor makes every value of every array whole."""
    for divisor in (256, 255):
        found = [_whole(x, divisor) for x in arrays]
        whole = [x for x in found if x is not None]
        if len(whole) == len(arrays):
            return whole
    return arrays


def _whole(x: Array, divisor: int) -> Array | None:
    if x.dtype == np.uint8:
        return x
    whole = np.empty(x.shape, np.uint8)
    for start in range(0, len(x), 4096):  # in pieces, for the memory's sake
        scaled = x[start : start + 4096] * np.float32(divisor)
        nearest = np.rint(scaled)
        if nearest.max() > 255 or np.abs(scaled - nearest).max() > 1e-3:
            return None
        whole[start : start + 4096] = nearest
    return whole
