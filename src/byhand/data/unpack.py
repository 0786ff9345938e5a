"""Conversion of downloaded files to uncompressed IDX files."""

import gzip
import io
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from byhand.core.errors import ByhandError
from byhand.data.csv import parse_csv
from byhand.data.idx import write_idx
from byhand.data.reading import read_at_most

DIABETES = ("age", "sex", "bmi", "pressure", "tc", "ldl", "hdl", "tch", "ltg", "glu", "progression")
LIMIT = 2**27  # bytes: more than any fetched file holds once decompressed


def gunzip(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """The same files, decompressed."""
    return {name.removesuffix(".gz"): _gunzip(name, content) for name, content in files.items()}


def unchanged(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """The same files."""
    return dict(files)


def mnist_from_csv(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Four IDX files from two CSV files, the first for training, the second for testing."""
    made = {}
    for part, (name, content) in zip(("train", "t10k"), files.items(), strict=True):
        pixels, labels = parse_csv(io.BytesIO(content), name)
        if labels is None:
            raise ByhandError(f"{name} holds no labels.")
        made[f"{part}-images-idx3-ubyte"] = write_idx(pixels.reshape(-1, 28, 28))
        made[f"{part}-labels-idx1-ubyte"] = write_idx(labels)
    return made


def digits_from_text(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Two IDX files from one text: a row holds 64 values 0-16, then the label, with commas between."""
    ((name, content),) = files.items()
    text = _gunzip(name, content) if name.endswith(".gz") else content
    try:
        table = np.loadtxt(io.BytesIO(text), np.uint8, delimiter=",")
        images = table[:, :64].reshape(-1, 8, 8)
    except (ValueError, IndexError):
        raise ByhandError(f"{name} is not the table of digits.") from None
    return {"images-idx3-ubyte": write_idx(images), "labels-idx1-ubyte": write_idx(table[:, 64])}


def diabetes_from_texts(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """One CSV file with a header, from a table with spaces between the cells and a file of its targets."""
    rows, targets = (_gunzip(name, content).decode("ascii").split("\n") for name, content in files.items())
    lines = [",".join(DIABETES)]
    for row, target in zip(rows, targets, strict=False):
        if row.strip():
            lines.append(",".join([*row.split(), f"{float(target):g}"]))
    return {"diabetes.csv": ("\n".join(lines) + "\n").encode()}


def _gunzip(name: str, content: bytes) -> bytes:
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(content)) as stream:
            return read_at_most(stream, LIMIT, Path(name))  # type: ignore[arg-type]
    except (OSError, EOFError) as error:
        raise ByhandError(f"{name} is damaged: {error}.") from None
