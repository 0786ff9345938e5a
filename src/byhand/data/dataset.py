"""The class Dataset: training and test arrays with class names."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

import numpy as np

from byhand.core.errors import ByhandError
from byhand.core.labels import as_column, class_names, numbered
from byhand.core.types import Array, Shape
from byhand.data.table import Table
from byhand.data.words import is_of_words

MOST_CLASSES = 100_000  # where the labels alone tell how many there are


@dataclass(frozen=True, eq=False, repr=False)
class Dataset:
    """Training samples and, if there are any, test samples.

    ``x_train`` and ``x_test`` are ``(n, features)``: uint8 for pixels 0-255 (the network divides those by 255 itself),
    otherwise float. ``y_train`` and ``y_test`` are ``(n,)`` int64 labels, indices into ``classes``. ``image_shape`` is
    ``(height, width)``, ``(height, width, 3)`` where each pixel is red, green and blue, or None where a row is not an
    image. ``x_test`` and ``y_test`` are None where the source has no test rows. ``table`` says what became of a table's
    columns; where it predicts numbers, ``classes`` is empty and ``y_train`` and ``y_test`` are ``(n,)`` float32.

    Sequences are ``(n, T, k)`` float32, or tokens ``(n, T)`` int64; ``lengths_train`` and ``lengths_test`` ``(n,)``
    hold the number of steps of each, or are None if all have T steps. ``vocabulary`` lists the
    characters or words that the tokens 1, 2, ... stand for, where they do.
    """

    name: str
    x_train: Array
    y_train: Array
    x_test: Array | None
    y_test: Array | None
    classes: tuple[str, ...]
    image_shape: Shape | None
    table: Table | None = None
    lengths_train: Array | None = None
    lengths_test: Array | None = None
    vocabulary: tuple[str, ...] = ()

    def __repr__(self) -> str:
        tests = "no" if self.x_test is None else f"{len(self.x_test):,}"
        if self.x_train.ndim == 3:
            row = f"up to {self.x_train.shape[1]} steps of {self.x_train.shape[2]} numbers"
        elif self.vocabulary:
            row = f"up to {self.x_train.shape[1]} {'words' if is_of_words(self.vocabulary) else 'characters'}"
        elif self.image_shape is None:
            row = f"{self.x_train.shape[1]} features"
        else:
            row = f"{self.image_shape[0]} × {self.image_shape[1]} pixels{', coloured' * (len(self.image_shape) > 2)}"
        rows = f"{len(self.x_train):,} training and {tests} test rows of {row}"
        what = f"{len(self.classes)} classes" if self.classes else "numbers to predict"
        return f"<Dataset {self.name}: {rows}, {what}>"


def from_arrays(
    x_train: Array,
    y_train: Array,
    x_test: Array | None = None,
    y_test: Array | None = None,
    *,
    name: str = "arrays",
    classes: Sequence[str] | None = None,
    image_shape: Shape | None = None,
) -> Dataset:
    """Make a data set of any arrays, after ``check_arrays``.

    ``x`` is ``(n, features)``, or ``(n, height, width)``, ``(n, height, width, 1)`` or, in colours, ``(n, height,
    width, 3)``, which say the image shape by themselves. Without ``classes`` the classes are 0 to the largest label,
    or, where labels are names, those names in order.
    """
    x_train = np.asarray(x_train)
    if x_train.ndim in (3, 4) and image_shape is None:
        image_shape = x_train.shape[1:] if x_train.shape[3:] == (3,) else x_train.shape[1:3]
    images = image_shape is not None
    y_train, y_test = as_column(y_train, "y_train"), None if y_test is None else as_column(y_test, "y_test")
    if y_train.dtype.kind == "U" and y_train.ndim == 1:
        classes = class_names(y_train) if classes is None else classes
        y_train = numbered(y_train, classes, "y_train")
        y_test = None if y_test is None else numbered(y_test.astype(str), classes, "y_test")
    x_train, y_train = check_arrays(x_train, y_train, images=images, names=("x_train", "y_train"))
    if (x_test is None) != (y_test is None):
        raise ByhandError("x_test and y_test belong together: give both or neither.")
    if x_test is not None and y_test is not None:
        x_test, y_test = check_arrays(x_test, y_test, images=images, names=("x_test", "y_test"))
        if x_test.shape[1] != x_train.shape[1]:
            raise ByhandError(f"x_test has {x_test.shape[1]} columns but x_train has {x_train.shape[1]}.")
    if classes is None:
        top = max(int(y_train.max()), 0 if y_test is None else int(y_test.max()))
        if top >= MOST_CLASSES:
            raise ByhandError(f"the largest label, {top}, is too large: number the classes from 0.")
        classes = [str(k) for k in range(top + 1)]
    for labels, label_name in ((y_train, "y_train"), (y_test, "y_test")):
        if labels is not None:
            check_range(labels, len(classes), label_name)
    if image_shape is not None and prod(image_shape) != x_train.shape[1]:
        sides = " × ".join(map(str, image_shape))
        raise ByhandError(f"x_train has {x_train.shape[1]} columns, which is not {sides}.")
    return Dataset(name, x_train, y_train, x_test, y_test, tuple(classes), image_shape)


def check_arrays(
    x: Array,
    y: Array,
    *,
    images: bool = False,
    classes: int | None = None,
    names: tuple[str, str] = ("x", "y"),
) -> tuple[Array, Array]:
    """Return ``x`` as ``(n, features)`` uint8 or float and ``y``, ``(n,)`` or ``(n, 1)``, as ``(n,)`` int64, or
    say what is wrong with them.

    Integers other than uint8 become uint8 where ``images`` is set and float64 otherwise. Raises ByhandError
    for a wrong shape or dtype, no rows, unequal lengths, NaN or infinity, image pixels outside 0-255 (whole
    numbers) or 0-1 (floats), and labels that are negative, not whole or not below ``classes``; it names the
    first offending element.
    """
    x_name, y_name = names
    x, y = np.asarray(x), as_column(y, y_name)
    if x.ndim == 4 and images and x.shape[3] in (1, 3):
        x = x.reshape(*x.shape[:2], -1)
    if x.ndim not in (2, 3) or (x.ndim == 3 and not images):
        raise ByhandError(f"{x_name} must have the shape (rows, columns), not {x.shape}.")
    if x.dtype.kind not in "uif":
        raise ByhandError(f"{x_name} must hold numbers, not values of dtype {x.dtype}.")
    if x.size == 0:
        raise ByhandError(f"{x_name} is empty: its shape is {x.shape}.")
    if y.ndim != 1:
        raise ByhandError(f"{y_name} must have the shape (rows,), one label a row, not {y.shape}.")
    if len(x) != len(y):
        raise ByhandError(f"{x_name} has {len(x)} rows but {y_name} has {len(y)} labels.")
    x = np.ascontiguousarray(x.reshape(len(x), -1))
    x = _check_pixels(x, x_name) if images else _check_numbers(x, x_name)
    y = _check_whole(y, y_name)
    check_range(y, classes, y_name)
    return x, y


def check_range(y: Array, classes: int | None, name: str = "y") -> None:
    """Raise ByhandError unless every label is at least 0 and, where ``classes`` is given, below it."""
    low = y < 0
    if low.any():
        raise ByhandError(f"{_first(y, low, name)}, but labels start at 0.")
    if classes is not None and (high := y >= classes).any():
        raise ByhandError(f"{_first(y, high, name)}, but with {classes} classes labels are 0 to {classes - 1}.")


def _check_numbers(x: Array, name: str) -> Array:
    if x.dtype.kind == "f":
        bad = ~np.isfinite(x)
        if bad.any():
            raise ByhandError(f"{_first(x, bad, name)}, which is not a finite number.")
        return x if x.dtype in (np.float32, np.float64) else x.astype(np.float32)
    return x if x.dtype == np.uint8 else x.astype(np.float64)


def _check_pixels(x: Array, name: str) -> Array:
    if x.dtype == np.uint8:
        return x
    x = _check_numbers(x, name) if x.dtype.kind == "f" else x
    top = 1 if x.dtype.kind == "f" else 255
    bad = (x < 0) | (x > top)
    if bad.any():
        kind = "floats from 0 to 1" if top == 1 else "whole numbers from 0 to 255"
        raise ByhandError(f"{_first(x, bad, name)}, but pixels are {kind}.")
    return x if x.dtype.kind == "f" else x.astype(np.uint8)


def _check_whole(y: Array, name: str) -> Array:
    if y.dtype.kind not in "buif":
        raise ByhandError(f"{name} must hold whole numbers, not values of dtype {y.dtype}.")
    if y.dtype.kind == "f":
        # 2^53 is where float64 stops telling whole numbers apart; NaN fails both comparisons
        bad = ~((np.abs(y) < 2.0**53) & (y == np.floor(y)))
        if bad.any():
            raise ByhandError(f"{_first(y, bad, name)}, which is not a whole number.")
    if y.dtype == np.uint64 and (bad := y > np.uint64(2**53)).any():
        raise ByhandError(f"{_first(y, bad, name)}, which is too large for a label.")
    return y.astype(np.int64)


def _first(values: Array, bad: Array, name: str) -> str:
    """Raise ByhandError with the position of the first offending value: ``x[3, 17] is nan``."""
    index = np.unravel_index(int(np.argmax(bad)), bad.shape)
    return f"{name}[{', '.join(str(int(i)) for i in index)}] is {values[index]:.6g}"
