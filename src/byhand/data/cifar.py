"""CIFAR-10 as its authors distribute it: six pickled batches in a tar archive."""

import tarfile
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from byhand.core.errors import ByhandError
from byhand.core.types import Array
from byhand.data.reading import open_bytes
from byhand.data.unpickle import read_pickle

CIFAR_CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
BATCHES = (*(f"data_batch_{i}" for i in range(1, 6)), "test_batch")
LARGEST_ARCHIVE = 2**28  # bytes, unpacked; the real one holds 186 million
MOST_MEMBERS = 100  # of the archive; the real one has 9
SIDE, COLOURS = 32, 3
CIFAR_SHAPE = SIDE, SIDE, COLOURS


def read_cifar(path: str | Path) -> tuple[Array, Array, Array, Array]:
    """Training images and labels, test images and labels, of `cifar-10-python.tar.gz`.

    Images come as bytes (n, 32 · 32 · 3), row by row, pixel by pixel, red, green and blue beside each other:
    `x.reshape(-1, 32, 32, 3)`. (The file has the three colours one after the other.) Labels are (n,) int64. Nothing is
    unpacked to the disk, and nothing in the pickles is executed (`byhand.data.unpickle`). Krizhevsky, "Learning
    multiple layers of features from tiny images" (2009).

    Raises:
        ByhandError: the file is missing or damaged, or holds anything else.
    """
    path = Path(path)
    found = {name: _batch(content, f"{path}: {name}") for name, content in _members(path).items()}
    missing = [name for name in BATCHES if name not in found]
    if missing:
        raise ByhandError(f"{path}: holds no {missing[0]}; it is not CIFAR-10's archive.")
    x, y = (np.concatenate(arrays) for arrays in zip(*(found[name] for name in BATCHES[:-1]), strict=True))
    return x, y, *found[BATCHES[-1]]


def _members(path: Path) -> dict[str, bytes]:
    """The contents of the archive's batches, by their names without folders."""
    members, size = {}, 0
    try:
        with open_bytes(path) as (stream, _), tarfile.open(fileobj=stream, mode="r|") as archive:
            for count, member in enumerate(archive):
                if count == MOST_MEMBERS:
                    raise ByhandError(f"{path}: has more than {MOST_MEMBERS} members; it is not CIFAR-10's archive.")
                size += member.size
                if size > LARGEST_ARCHIVE:
                    raise ByhandError(
                        f"{path}: holds more than {LARGEST_ARCHIVE:,} bytes; it is not CIFAR-10's archive."
                    )
                name = PurePosixPath(member.name).name
                if member.isfile() and name in BATCHES:
                    content = archive.extractfile(member)
                    members[name] = content.read() if content else b""
    except tarfile.TarError as error:
        raise ByhandError(f"{path}: is not a readable tar archive ({error}).") from None
    return members


def _batch(content: bytes, name: str) -> tuple[Array, Array]:
    """The images and labels of one batch."""
    found: Any = read_pickle(content, name)
    parts = {_text(key): value for key, value in found.items()} if isinstance(found, dict) else {}
    data, labels = parts.get("data"), parts.get("labels")
    pixels = SIDE * SIDE * COLOURS
    if not isinstance(data, np.ndarray) or data.dtype != np.uint8 or data.shape[1:] != (pixels,) or not len(data):
        raise ByhandError(f"{name} holds no images of {pixels} bytes each under the name data.")
    if not isinstance(labels, list) or len(labels) != len(data):
        raise ByhandError(f"{name} holds no list of {len(data)} labels.")
    if not all(type(label) is int and 0 <= label < len(CIFAR_CLASSES) for label in labels):
        raise ByhandError(f"{name} holds labels that are not whole numbers from 0 to {len(CIFAR_CLASSES) - 1}.")
    images = data.reshape(-1, COLOURS, SIDE, SIDE).transpose(0, 2, 3, 1)  # (n, 32, 32, 3)
    return np.ascontiguousarray(images).reshape(-1, pixels), np.array(labels, np.int64)


def _text(key: Any) -> Any:
    return bytes(key).decode("latin1") if isinstance(key, bytes | memoryview) else key
