"""Readers against files that were made without the code under test."""

import gzip
import io
import pickle
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
    python2_array,
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
from byhand.data import check_arrays, from_arrays, load, read_csv, read_image, read_pickled, write_idx
from byhand.data.csv import parse_csv
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


# --- CSV


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("header", [True, False])
@pytest.mark.parametrize("labelled", [True, False])
@pytest.mark.parametrize("name", ["a.csv", "a.csv.gz"])
def test_csv(end: str, header: bool, labelled: bool, name: str, tmp_path: Path) -> None:
    images, labels = some_digits(np.random.default_rng(3), 5)
    rows = images.reshape(5, 784).tolist()
    if labelled:
        rows = [[label, *row] for label, row in zip(labels.tolist(), rows, strict=True)]
    names = [["label"] * labelled + [f"pixel{k}" for k in range(784)]] * header
    text = end.join(",".join(map(str, row)) for row in names + rows)  # no newline after the last row
    content = text.encode()
    (tmp_path / name).write_bytes(gzip.compress(content) if name.endswith("gz") else content)
    pixels, found = read_csv(tmp_path / name)
    assert pixels.dtype == np.uint8
    assert pixels.tolist() == images.reshape(5, 784).tolist()
    assert (found is not None) == labelled
    if found is not None:
        assert found.tolist() == labels.tolist()
        assert load(tmp_path / name).image_shape == (28, 28)


def test_csv_with_spaces_quotes_and_points() -> None:
    text = b'"label",a,b,c,d\n 7, 0,255.0,"12",1e2\n'
    pixels, labels = parse_csv(io.BytesIO(text), "a.csv")
    assert pixels.tolist() == [[0, 255, 12, 100]]
    assert labels is not None
    assert labels.tolist() == [7]


@given(seed=SEEDS, block=st.integers(30, 400), header=st.booleans())
@settings(max_examples=40, deadline=None)
def test_csv_round_trip_in_pieces(seed: int, block: int, header: bool) -> None:
    rng = np.random.default_rng(seed)
    pixels = rng.integers(10, 256, (int(rng.integers(1, 40)), 4))  # no column of pixels looks like labels
    rows = [[i % 10, *row] for i, row in enumerate(pixels.tolist())]
    text = "label,a,b,c,d\n" * header + "".join(",".join(map(str, row)) + "\n" for row in rows)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("byhand.data.csv.BLOCK", block)
        found, _ = parse_csv(io.BytesIO(text.encode()), "a.csv")
    assert found.tolist() == pixels.tolist()


def test_csv_names_the_line_in_a_later_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("byhand.data.csv.BLOCK", 50)
    good = "3,1,2,3,4\n" * 20
    for bad in ("3,1,2,3,999\n", "10,1,2,3,4\n"):
        with pytest.raises(ByhandError, match=r"a\.csv, line 22, column"):
            parse_csv(io.BytesIO(("label,a,b,c,d\n" + good + bad + good).encode()), "a.csv")


def optdigits(labels: np.ndarray, first: object, at: int) -> bytes:
    """Rows of 64 pixels, the first one of which has the given values, with the label in column `at`; no header."""
    pixels = np.random.default_rng(8).integers(0, 17, (len(labels), 64))
    pixels[:, 0], pixels[:, -1] = first, 0
    rows = np.insert(pixels, at, labels, axis=1)
    return "".join(",".join(map(str, row)) + "\n" for row in rows.tolist()).encode()


SIXES = np.array([6, 9, 6, 9, 9, 6, 6, 9])


def test_labels_in_the_last_column_are_found_and_it_is_said(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(optdigits(SIXES, 0, 64))
    with pytest.warns(UserWarning, match=r"the last column is taken for the labels \(label="):
        data = load(tmp_path / "a.csv")
    assert data.y_train.tolist() == SIXES.tolist()
    assert data.image_shape == (8, 8)
    for label in (64, -1, "64"):
        assert load(tmp_path / "a.csv", label=label).y_train.tolist() == SIXES.tolist()


def test_where_both_ends_could_be_labels_the_more_even_one_is_taken_and_it_is_said(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(optdigits(SIXES, [0, 0, 0, 0, 0, 0, 0, 1], 64))
    with pytest.warns(UserWarning, match="the last column is taken for the labels; the first one could be, too"):
        assert load(tmp_path / "a.csv").y_train.tolist() == SIXES.tolist()


@pytest.mark.parametrize("name", ["label", "Digit", "class", "y", "target"])
def test_a_label_that_the_header_names_is_found_wherever_it_stands(name: str, tmp_path: Path) -> None:
    header = ",".join([*(f"pixel{i}" for i in range(30)), name, *(f"pixel{i}" for i in range(30, 64))])
    (tmp_path / "a.csv").write_bytes(header.encode() + b"\n" + optdigits(SIXES, 0, 30))
    data = load(tmp_path / "a.csv")
    assert data.y_train.tolist() == SIXES.tolist()
    assert data.x_train[:, 0].tolist() == [0] * 8
    assert load(tmp_path / "a.csv", label=name).y_train.tolist() == SIXES.tolist()


@pytest.mark.parametrize(
    ("content", "label", "words"),
    [
        (optdigits(SIXES, 0, 30), None, "its first column is always 0, so it can't hold the labels, nor can the last"),
        (optdigits(SIXES, 0, 64), "kind", "has no column 'kind'; it has 65 columns and no header"),
        (optdigits(SIXES, 0, 64), 65, "has no column 65"),
        (b"a,b,c,label\n1,2,3,1\n", "kind", "has no column 'kind'; its columns are a, b, c, label"),
        (b"a,b,c,d,e,f\n1,2,3,1,2,3\n", None, "line 1 has 6 columns.* say which column to predict"),
        (optdigits(SIXES, 0, 64), 3, r"line 1, column 4: the label is \d+, but labels are 0 to 9"),
    ],
)
def test_no_labels_where_they_are_looked_for(content: bytes, label: object, words: str, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(content)
    with pytest.raises(ByhandError, match=words):
        load(tmp_path / "a.csv", label=label)


# --- mnist.pkl.gz


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


# --- arrays


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
