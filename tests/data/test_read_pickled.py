"""Pickled data sets, against files that were made without the code under test."""

import gzip
import pickle
from pathlib import Path

import numpy as np
import pytest
from data_files import (
    python2_array,
    python2_pickle,
)

from byhand.core.errors import ByhandError
from byhand.data import load, read_pickled


@pytest.mark.parametrize("divisor", [255, 256])
@pytest.mark.parametrize("how", ["python 2", 0, 1, 2, 3, 4, 5])
def test_mnist_pkl(divisor: int, how: str | int, tmp_path: Path) -> None:
    rng = np.random.default_rng(4)
    whole = [rng.integers(0, 256, (n, 784)).astype(np.uint8) for n in (4, 3, 2)]
    parts = [(x.astype(np.float32) / np.float32(divisor), rng.integers(0, 10, len(x))) for x in whole]
    content = python2_pickle(*parts) if how == "python 2" else pickle.dumps(tuple(parts), protocol=int(how))
    path = tmp_path / "mnist.pkl.gz"
    path.write_bytes(gzip.compress(content))
    if how == 0:  # which Python 3 writes as lines of text
        with pytest.raises(ByhandError, match="is refused"):
            read_pickled(path)
        return
    for (x, y), original, (_, labels) in zip(read_pickled(path).values(), whole, parts, strict=True):
        assert x.dtype == np.uint8
        assert np.array_equal(x, original)
        assert np.array_equal(y, labels)
    data = load(path)
    assert data.x_train.tolist() == np.concatenate(whole[:2]).tolist()
    assert data.x_test is not None
    assert data.x_test.tolist() == whole[2].tolist()
    assert data.image_shape == (28, 28)


PIXELS = np.random.default_rng(9).integers(0, 256, (6, 3, 3)).astype(np.uint8)
DIGITS = np.array([3, 1, 4, 1, 5, 9])


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
@pytest.mark.parametrize(
    ("value", "training", "test"),
    [
        (
            {
                "Train": {"Features": PIXELS[:4], "Labels": DIGITS[:4]},
                "Test": {"Features": PIXELS[4:], "Labels": [5, 9]},
            },
            4,
            2,
        ),
        ({"x_train": PIXELS, "y_train": DIGITS[:, None]}, 6, 0),
        ({b"data": PIXELS.reshape(6, 9), b"labels": DIGITS.tolist(), b"filenames": ["a.png"] * 6}, 6, 0),
        ({"trainImages": PIXELS[..., None], "trainLabels": DIGITS.astype(float)}, 6, 0),
        ([[np.asfortranarray(PIXELS[:4] / 256), DIGITS[:4]], [PIXELS[4:] / 256, DIGITS[4:]]], 4, 2),
        ((PIXELS, DIGITS.astype(">i2")), 6, 0),
        (((PIXELS[:2], DIGITS[:2]), (PIXELS[2:4], DIGITS[2:4]), (PIXELS[4:], DIGITS[4:])), 4, 2),
    ],
    ids=["dict of dicts", "dict", "like CIFAR", "camels", "lists", "one pair", "three pairs"],
)
def test_pickles_of_other_shapes(value: object, training: int, test: int, protocol: int, tmp_path: Path) -> None:
    (tmp_path / "a.pkl").write_bytes(pickle.dumps(value, protocol))
    data = load(tmp_path / "a.pkl")
    assert data.x_train.dtype == np.uint8
    assert data.image_shape == (3, 3)
    assert data.x_train.tolist() == PIXELS.reshape(6, 9)[:training].tolist()
    assert data.y_train.tolist() == DIGITS[:training].tolist()
    if test:
        assert (data.x_test.tolist(), data.y_test.tolist()) == (PIXELS.reshape(6, 9)[training:].tolist(), [5, 9])
    else:
        assert data.x_test is None


def test_mnist_pkl_of_many_rows(tmp_path: Path) -> None:
    whole = np.random.default_rng(8).integers(0, 256, (9001, 4))
    part = (whole / 256).astype(np.float32), whole[:, 0] % 10
    path = tmp_path / "mnist.pkl"
    path.write_bytes(python2_pickle(part, part, part))
    assert np.array_equal(load(path).x_test, whole)


def test_mnist_pkl_keeps_other_floats(tmp_path: Path) -> None:
    x = np.random.default_rng(5).random((2, 784), np.float32)
    part = x, np.array([1, 2])
    path = tmp_path / "mnist.pkl"
    path.write_bytes(python2_pickle(part, part, part))
    assert np.array_equal(load(path).x_train[:2], x)


def test_python2_pickle_is_one() -> None:
    """The hand-made bytes are what Python itself reads as that array."""
    values = np.arange(6, dtype=np.float32).reshape(2, 3)
    found = pickle.loads(b"\x80\x02" + python2_array(values) + b".", encoding="latin1")
    assert np.array_equal(found, values)
