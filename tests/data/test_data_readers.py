"""Readers against files that were made without the code under test."""

import gzip
import random
from pathlib import Path

import numpy as np
import pytest
from data_files import (
    csv_row,
    idx_images,
    idx_labels,
    keras_npz,
    npy,
    python2_pickle,
    some_digits,
    write_idx_folder,
    zipped,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from PIL import Image

from byhand.core.errors import ByhandError
from byhand.data import load, read_image, write_idx
from byhand.data.idx import read_idx
from byhand.data.load import READERS

SEEDS = st.integers(0, 2**32 - 1)


# --- IDX


@pytest.mark.parametrize("spelling", ["{}", "{}.gz", "dot", "dot.gz"])
def test_idx_folder(spelling: str, tmp_path: Path) -> None:
    images, labels = some_digits(np.random.default_rng(1), 4)
    folder = write_idx_folder(
        tmp_path / "idx",
        {"train-images-idx3-ubyte": idx_images(images), "train-labels-idx1-ubyte": idx_labels(labels)},
    )
    for path in list(folder.iterdir()):
        content = path.read_bytes()
        path.unlink()
        name = path.name.replace("-idx", ".idx") if "dot" in spelling else path.name
        if spelling.endswith(".gz"):
            (folder / f"{name}.gz").write_bytes(gzip.compress(content))
        else:
            (folder / name).write_bytes(content)
    data = load(folder)
    assert data.x_train.dtype == np.uint8
    assert data.y_train.dtype == np.int64
    assert data.x_train.tolist() == images.reshape(4, 784).tolist()
    assert data.y_train.tolist() == labels.tolist()
    assert data.x_test is not None
    assert data.x_test.shape == (3, 784)
    assert data.image_shape == (28, 28)
    assert data.classes == tuple("0123456789")
    assert repr(data) == "<Dataset idx: 4 training and 3 test rows of 28 × 28 pixels, 10 classes>"


def test_idx_folder_without_test_files(tmp_path: Path) -> None:
    folder = write_idx_folder(tmp_path / "idx")
    (folder / "t10k-images-idx3-ubyte").unlink()
    assert load(folder).x_test is None


@given(values=arrays(np.uint8, array_shapes(min_dims=1, max_dims=3, max_side=9)), zipped=st.booleans())
@settings(max_examples=40, deadline=None)
def test_idx_round_trip(values: np.ndarray, zipped: bool, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("idx") / "values"
    content = write_idx(values)
    path.write_bytes(gzip.compress(content) if zipped else content)
    assert np.array_equal(read_idx(path, values.ndim), values)


def test_idx_bytes() -> None:
    images, labels = some_digits(np.random.default_rng(2), 2, side=3)
    assert write_idx(images) == idx_images(images)
    assert write_idx(labels) == idx_labels(labels)


# --- npz, folders


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_npz(save: object, tmp_path: Path) -> None:
    rng = np.random.default_rng(6)
    (x, y), (x_test, y_test) = some_digits(rng, 5), some_digits(rng, 2)
    save(tmp_path / "mnist.npz", x_train=np.asfortranarray(x), y_train=y, x_test=x_test, y_test=y_test)
    data = load(tmp_path / "mnist.npz")
    assert data.x_train.tolist() == x.reshape(5, 784).tolist()
    assert data.y_train.tolist() == y.tolist()
    assert data.x_test is not None
    assert data.x_test.tolist() == x_test.reshape(2, 784).tolist()


def test_folder(tmp_path: Path) -> None:
    (tmp_path / "10").mkdir()
    (tmp_path / "9").mkdir()
    (tmp_path / ".git").mkdir()
    left = np.zeros((28, 28), np.uint8)
    left[:, :14] = 200
    Image.fromarray(left).save(tmp_path / "10" / "b.png")
    Image.fromarray(left.repeat(3, axis=0).repeat(3, axis=1)).convert("RGB").save(tmp_path / "10" / "a.bmp")
    Image.fromarray(left.astype(np.uint16) * 257).save(tmp_path / "9" / "deep.png")
    (tmp_path / "9" / ".DS_Store").write_bytes(b"x")
    data = load(tmp_path)
    assert data.classes == ("9", "10")
    assert data.y_train.tolist() == [0, 1, 1]
    assert data.x_train[0].tolist() == left.ravel().tolist()  # 16 bits a pixel
    assert data.x_train[2].tolist() == left.ravel().tolist()
    resized = data.x_train[1].reshape(28, 28)
    assert np.array_equal(resized[:, :13], left[:, :13])
    assert np.array_equal(resized[:, 15:], left[:, 15:])
    assert read_image(tmp_path / "10" / "b.png", size=14)[0].tolist() == pytest.approx([200] * 7 + [0] * 7, abs=40)


# --- whatever comes in, nothing but ByhandError comes out

images, labels = some_digits(np.random.default_rng(7), 2, side=3)
pixels = images.reshape(2, 9).astype(np.float32) / 256
GOOD = {
    "a.csv": (csv_row(1, columns=10) + csv_row(2, 255, columns=10)).encode(),
    "b.csv.gz": gzip.compress(csv_row(1, columns=10).encode()),
    "a.pkl": python2_pickle(*[(pixels, labels)] * 3),
    "a.pkl.gz": gzip.compress(python2_pickle(*[(pixels, labels)] * 3)),
    "a.npz": keras_npz(),
    "b.npz": zipped({"x_train.npy": npy(images), "y_train.npy": npy(labels)}, 0),
}


@pytest.mark.parametrize("name", GOOD)
def test_good_ones_are_good(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(GOOD[name])
    assert len(load(tmp_path / name).x_train)


@given(name=st.sampled_from(sorted(GOOD)), seed=SEEDS, noise=st.booleans())
@settings(max_examples=400, deadline=None)
def test_random_bytes(name: str, seed: int, noise: bool, tmp_path_factory: pytest.TempPathFactory) -> None:
    rng = random.Random(seed)
    content = bytearray(rng.randbytes(rng.randrange(200)) if noise else GOOD[name])
    for _ in range(rng.randrange(1, 4)):  # a few bytes of a good file turned, some cut off
        if content:
            content[rng.randrange(len(content))] = rng.randrange(256)
    if rng.random() < 0.2:
        del content[rng.randrange(len(content) + 1) :]
    path = tmp_path_factory.mktemp("noise") / name
    path.write_bytes(content)
    try:
        data = READERS[name.removesuffix(".gz").split(".")[1]](path)
    except ByhandError as error:
        assert "\n" not in str(error)
    else:
        assert data.x_train.ndim == 2


@given(seed=SEEDS)
@settings(max_examples=100, deadline=None)
def test_random_idx(seed: int, tmp_path_factory: pytest.TempPathFactory) -> None:
    rng = random.Random(seed)
    content = bytearray(idx_images(images))
    content[rng.randrange(20)] = rng.randrange(256)
    if rng.random() < 0.5:
        content = bytearray(gzip.compress(content))
        content[rng.randrange(len(content))] = rng.randrange(256)
    path = tmp_path_factory.mktemp("noise") / "images"
    path.write_bytes(content)
    try:
        assert read_idx(path, 3).ndim == 3
    except ByhandError as error:
        assert str(path) in str(error)
