"""Data sets from arrays."""

import numpy as np
import pytest

from byhand.core.errors import ByhandError
from byhand.data import check_arrays, from_arrays


def test_from_arrays() -> None:
    x = np.arange(8, dtype=np.int64).reshape(2, 2, 2)
    data = from_arrays(x, np.array([1.0, 0.0]), name="tiny", classes=("no", "yes"))
    assert data.x_train.dtype == np.uint8
    assert data.image_shape == (2, 2)
    assert data.y_train.tolist() == [1, 0]
    spam = from_arrays(np.array([[1, -2], [3, 400]]), np.array([True, False]))
    assert spam.x_train.dtype == np.float64
    assert spam.classes == ("0", "1")
    assert spam.image_shape is None


def test_labels_may_be_a_column_or_names() -> None:
    x = np.zeros((4, 2))
    assert from_arrays(x, np.array([[1], [0], [1], [2]])).y_train.tolist() == [1, 0, 1, 2]
    named = from_arrays(x, ["dog", "cat", "dog", "emu"], x[:1], ["emu"])
    assert named.classes == ("cat", "dog", "emu")
    assert (named.y_train.tolist(), named.y_test.tolist()) == ([1, 0, 1, 2], [2])
    assert from_arrays(x, ["10", "9", "9", "10"]).classes == ("9", "10")
    given = from_arrays(x, ["b", "a", "b", "a"], classes=("b", "a", "c"))
    assert (given.classes, given.y_train.tolist()) == (("b", "a", "c"), [0, 1, 0, 1])
    with pytest.raises(ByhandError, match=r"y_test: number 0 is 'owl', but the classes are cat, dog, emu\."):
        from_arrays(x, ["dog", "cat", "dog", "emu"], x[:1], ["owl"])


ROWS = np.zeros((3, 4), np.float32)
TARGETS = np.array([0, 1, 2])


def changed(array: np.ndarray, index: object, value: object) -> np.ndarray:
    array = array.copy()
    array[index] = value
    return array


@pytest.mark.parametrize(
    ("x", "y", "options", "words"),
    [
        (ROWS[0], TARGETS, {}, r"x must have the shape \(rows, columns\), not \(4,\)"),
        (ROWS.reshape(3, 2, 2), TARGETS, {}, "must have the shape"),
        (ROWS[:2], TARGETS, {}, "x has 2 rows but y has 3 labels"),
        (ROWS[:0], TARGETS[:0], {}, "is empty"),
        (ROWS[:, :0], TARGETS, {}, "is empty"),
        (changed(ROWS, (2, 1), np.nan), TARGETS, {}, r"x\[2, 1\] is nan, which is not a finite number"),
        (changed(ROWS, (1, 3), -np.inf), TARGETS, {}, r"x\[1, 3\] is -inf"),
        (ROWS.astype(object), TARGETS, {}, "dtype object"),
        (ROWS.astype(complex), TARGETS, {}, "dtype complex128"),
        (ROWS.astype(str), TARGETS, {}, "dtype <U32"),
        (ROWS.astype(bool), TARGETS, {}, "dtype bool"),
        (changed(ROWS, (0, 2), 1.5), TARGETS, {"images": True}, r"x\[0, 2\] is 1.5, but pixels are floats from 0"),
        (changed(ROWS, (0, 2), -0.5), TARGETS, {"images": True}, r"x\[0, 2\] is -0.5"),
        (changed(ROWS.astype(int), (1, 0), 256), TARGETS, {"images": True}, r"x\[1, 0\] is 256, but pixels are whole"),
        (changed(ROWS.astype(int), (1, 0), -1), TARGETS, {"images": True}, r"x\[1, 0\] is -1"),
        (ROWS, changed(TARGETS, 1, -1), {}, r"y\[1\] is -1, but labels start at 0"),
        (ROWS, changed(TARGETS, 2, 3), {"classes": 3}, r"y\[2\] is 3, but with 3 classes labels are 0 to 2"),
        (ROWS, np.array([0, 1.5, 2]), {}, r"y\[1\] is 1.5, which is not a whole number"),
        (ROWS, np.array([0, np.nan, 2]), {}, r"y\[1\] is nan"),
        (ROWS, np.array([0, 1e300, 2]), {}, r"y\[1\] is 1e\+300"),
        (ROWS, np.array([0, 2**64 - 1, 2], np.uint64), {}, r"y\[1\] is .*, which is too large"),
        (ROWS, np.array(["0", "1", "2"]), {}, "whole numbers, not values of dtype <U1"),
        (ROWS, np.array([0, "1", 2], object), {}, "y must be numbers or texts throughout; number 1 is '1'"),
        (ROWS, np.eye(3), {}, r"shape \(rows,\), one label a row, not \(3, 3\)"),
    ],
)
def test_arrays_refused(x: np.ndarray, y: np.ndarray, options: dict, words: str) -> None:
    with pytest.raises(ByhandError, match=words):
        check_arrays(x, y, **options)


def test_data_sets_refused() -> None:
    with pytest.raises(ByhandError, match="x_test has 3 columns but x_train has 4"):
        from_arrays(ROWS, TARGETS, ROWS[:, :3], TARGETS)
    with pytest.raises(ByhandError, match="belong together"):
        from_arrays(ROWS, TARGETS, ROWS)
    with pytest.raises(ByhandError, match="not 3 × 3"):
        from_arrays(ROWS, TARGETS, image_shape=(3, 3))
    with pytest.raises(ByhandError, match=r"y_test\[2\] is 2, but with 2 classes"):
        from_arrays(ROWS, TARGETS % 2, ROWS, TARGETS, classes=("a", "b"))
    with pytest.raises(ByhandError, match="the largest label, 1000000000, is too large"):
        from_arrays(ROWS, TARGETS * 500_000_000)
