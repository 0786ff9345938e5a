"""Conversion of downloaded files to uncompressed IDX files."""

import bz2
import gzip
import io
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Mapping
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


def renamed(*names: str) -> Callable[[Mapping[str, bytes]], dict[str, bytes]]:
    """The same files under these names, in their order."""

    def rename(files: Mapping[str, bytes]) -> dict[str, bytes]:
        return dict(zip(names, files.values(), strict=True))

    return rename


def qmnist(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Four IDX files of QMNIST's, whose labels are the first of several numbers for each image."""
    made, given = {}, iter(files.items())
    for part, images, labels in zip(("train", "t10k"), given, given, strict=True):
        made[f"{part}-images-idx3-ubyte"] = _gunzip(*images)
        content = _gunzip(*labels)
        n, width = struct.unpack(">2I", content[4:12]) if len(content) > 12 else (0, 0)
        if content[:4] != bytes((0, 0, 12, 2)) or n * width == 0 or len(content) != 12 + 4 * n * width:
            raise ByhandError(f"{labels[0]} is no table of labels.")
        table = np.frombuffer(content, ">i4", offset=12).reshape(n, width)
        made[f"{part}-labels-idx1-ubyte"] = write_idx(table[:, 0].astype(np.uint8))
    return made


def emnist(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Four IDX files of EMNIST's balanced letters and digits, from the archive of all its parts.

    Its images lie on their sides: rows and columns are exchanged here.
    """
    ((name, content),) = files.items()
    made = {}
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for part, theirs in (("train", "train"), ("t10k", "test")):
                for kind in ("images-idx3-ubyte", "labels-idx1-ubyte"):
                    member = f"gzip/emnist-balanced-{theirs}-{kind}.gz"
                    made[f"{part}-{kind}"] = _gunzip(member, archive.read(member))
    except (zipfile.BadZipFile, zlib.error, KeyError, NotImplementedError, RuntimeError) as error:
        raise ByhandError(f"{name} is not EMNIST's archive ({error}).") from None
    for images in ("train-images-idx3-ubyte", "t10k-images-idx3-ubyte"):
        header, pixels = made[images][:16], np.frombuffer(made[images], np.uint8, offset=min(16, len(made[images])))
        if len(header) < 16 or len(pixels) % 784:
            raise ByhandError(f"{name} holds {images} that are not of 28 × 28 pixels.")
        made[images] = header + pixels.reshape(-1, 28, 28).transpose(0, 2, 1).tobytes()
    return made


def usps(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Four IDX files from two texts of LIBSVM's: a line is digit + 1, then 1:v … 256:v with v from −1 to 1."""
    made = {}
    for part, (name, content) in zip(("train", "t10k"), files.items(), strict=True):
        try:
            with bz2.BZ2File(io.BytesIO(content)) as stream:
                lines = read_at_most(stream, LIMIT, Path(name)).split(b"\n")  # type: ignore[arg-type]
            rows = [line.replace(b":", b" ").split() for line in lines if line.strip()]
            table = np.array(rows, np.float64)  # digit + 1, then numbers of pixels and their values in turn
            pixels, labels = table[:, 2::2].reshape(-1, 16, 16), table[:, 0] - 1
        except (OSError, EOFError, ValueError, IndexError) as error:
            raise ByhandError(f"{name} is not a table of USPS digits ({error}).") from None
        made[f"{part}-images-idx3-ubyte"] = write_idx(np.rint((pixels.clip(-1, 1) + 1) * 127.5).astype(np.uint8))
        made[f"{part}-labels-idx1-ubyte"] = write_idx(labels.clip(0, 255).astype(np.uint8))
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


def reviews_by_rating(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """One file of sentences with a mean rating below 0, and one of those above, from the archive of Hutto and Gilbert,
    "VADER: A parsimonious rule-based model for sentiment analysis of social media text" (ICWSM 2014).
    """
    ((name, content),) = files.items()
    try:
        with tarfile.open(fileobj=io.BytesIO(_gunzip(name, content))) as archive:
            member = archive.extractfile("hutto_ICWSM_2014/movieReviewSnippets_GroundTruth.txt")
            lines = member.read(LIMIT).decode().splitlines() if member else []
    except (KeyError, tarfile.TarError) as error:
        raise ByhandError(f"{name} is damaged: {error}.") from None
    rows = [line.split("\t") for line in lines]  # number, mean rating from -4 to 4, sentence
    negative, positive = ([row[2] for row in rows if sign * float(row[1]) > 0] for sign in (-1, 1))
    return {
        "negative.txt": ("\n".join(negative) + "\n").encode(),
        "positive.txt": ("\n".join(positive) + "\n").encode(),
    }


def _gunzip(name: str, content: bytes) -> bytes:
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(content)) as stream:
            return read_at_most(stream, LIMIT, Path(name))  # type: ignore[arg-type]
    except (OSError, EOFError) as error:
        raise ByhandError(f"{name} is damaged: {error}.") from None
