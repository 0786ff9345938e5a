"""The file ``mnist.pkl.gz``: 50,000 training, 10,000 validation and 10,000 test rows, pixels as k/256."""

from pathlib import Path

import numpy as np

from byhand.core.errors import ByhandError
from byhand.core.types import Array
from byhand.data.dataset import check_arrays
from byhand.data.reading import open_bytes, read_at_most
from byhand.data.unpickle import read_pickle

LIMIT = 2**28  # bytes; the well-known file holds 220 million

Part = tuple[Array, Array]


def read_mnist_pkl(path: Path) -> tuple[Part, Part, Part]:
    """Training, validation and test rows, each ``x (n, features)`` and ``y (n,)`` int64, from the file,
    gzipped or not.

    Pixels come back as uint8 where they are whole multiples of 1/256 or of 1/255, otherwise they stay floats.
    Nothing in the file is ever executed (``byhand.data.unpickle``). Raises ByhandError for any other
    contents.
    """
    path = Path(path)
    with open_bytes(path) as (stream, _):
        content = read_at_most(stream, LIMIT, path)
    parts = read_pickle(content, str(path))
    names = ("training", "validation", "test")
    shaped = isinstance(parts, tuple) and len(parts) == 3
    if not shaped or not all(isinstance(part, tuple) and len(part) == 2 for part in parts):
        raise ByhandError(f"{path} does not hold three pairs of arrays: training, validation and test.")
    if not all(isinstance(array, np.ndarray) for part in parts for array in part):
        raise ByhandError(f"{path} holds something other than arrays in its three pairs.")
    checked = []
    for name, (x, y) in zip(names, parts, strict=True):
        try:
            checked.append(check_arrays(x, y, images=True, classes=10, names=(f"{name} x", f"{name} y")))
        except ByhandError as error:
            raise ByhandError(f"{path}: {error}") from None
    if len({x.shape[1] for x, _ in checked}) > 1:
        raise ByhandError(f"{path} holds rows of different lengths in its three pairs.")
    pixels = _to_bytes([x for x, _ in checked])
    train, valid, test = zip(pixels, [y for _, y in checked], strict=True)
    return train, valid, test


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
