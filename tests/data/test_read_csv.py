"""CSV files of images, against files that were made without the code under test."""

import gzip
import io
from pathlib import Path

import numpy as np
import pytest
from data_files import (
    some_digits,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from byhand.core.errors import ByhandError
from byhand.data import load, read_csv
from byhand.data.csv import parse_csv

SEEDS = st.integers(0, 2**32 - 1)


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
