"""Files for the tests of the readers, built byte by byte and not by the code under test."""

import gzip
import io
import struct
import zipfile
from pathlib import Path

import numpy as np


def idx_images(images: np.ndarray) -> bytes:
    n, height, width = images.shape
    return b"\0\0\x08\x03" + struct.pack(">III", n, height, width) + bytes(images.ravel().tolist())


def idx_labels(labels: np.ndarray) -> bytes:
    return b"\0\0\x08\x01" + struct.pack(">I", len(labels)) + bytes(labels.tolist())


def some_digits(rng: np.random.Generator, n: int, side: int = 28) -> tuple[np.ndarray, np.ndarray]:
    return rng.integers(0, 256, (n, side, side), np.uint8), rng.integers(0, 10, n)


def write_idx_folder(folder: Path, names: dict[str, bytes] | None = None) -> Path:
    """A good folder of four files, some of them replaced."""
    folder.mkdir()
    images, labels = some_digits(np.random.default_rng(0), 3)
    files = {
        "train-images-idx3-ubyte": idx_images(images),
        "train-labels-idx1-ubyte": idx_labels(labels),
        "t10k-images-idx3-ubyte": idx_images(images),
        "t10k-labels-idx1-ubyte": idx_labels(labels),
    }
    for name, content in (files | (names or {})).items():
        (folder / name).write_bytes(content)
    return folder


def csv_row(label: object, *start: object, columns: int = 785) -> str:
    cells = [label, *start] + [0] * (columns - 1 - len(start))
    return ",".join(map(str, cells)) + "\n"


def binary(text: bytes) -> bytes:
    return b"T" + struct.pack("<i", len(text)) + text


def python2_array(values: np.ndarray) -> bytes:
    """What cPickle of Python 2 wrote for an array, protocol 2, without its memo."""
    code = f"{values.dtype.kind}{values.dtype.itemsize}".encode()
    shape = b"(" + b"".join(b"J" + struct.pack("<i", n) for n in values.shape) + b"t"
    dtype = b"cnumpy\ndtype\n(U\x02" + code + b"K\x00K\x01tR"
    dtype += b"(K\x03U\x01<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
    start = b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(K\x00tU\x01btR"
    return start + b"(K\x01" + shape + dtype + b"\x89" + binary(values.tobytes()) + b"tb"


def python2_pickle(*parts: tuple[np.ndarray, np.ndarray]) -> bytes:
    pairs = [b"(" + python2_array(x) + python2_array(y) + b"t" for x, y in parts]
    return b"\x80\x02(" + b"".join(pairs) + b"t."


def npy(values: np.ndarray, shape: str | None = None, descr: str | None = None) -> bytes:
    """The .npy file of an array, version 1.0, with another shape or dtype in the header if given."""
    header = f"{{'descr': '{descr or values.dtype.str}', 'fortran_order': False, 'shape': {shape or values.shape}, }}"
    header += " " * (63 - (10 + len(header)) % 64) + "\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() + values.tobytes()


def zipped(members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return stream.getvalue()


def keras_npz(**changes: bytes | None) -> bytes:
    """A good mnist.npz of a few rows, with members replaced (bytes) or left out (None)."""
    images, labels = some_digits(np.random.default_rng(0), 3)
    good = {"x_train": npy(images), "y_train": npy(labels), "x_test": npy(images), "y_test": npy(labels)}
    members = {f"{name}.npy": content for name, content in (good | changes).items() if content is not None}
    return zipped(members)


def gz(content: bytes) -> bytes:
    return gzip.compress(content, 1)
