"""Every way in which data can be wrong: one clear sentence, nothing written, nothing run, nothing large allocated."""

import io
import os
import pickle
import struct
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path
from zlib import crc32

import numpy as np
import pytest
from data_files import (
    binary,
    csv_row,
    gz,
    idx_images,
    idx_labels,
    keras_npz,
    npy,
    python2_array,
    python2_pickle,
    write_idx_folder,
    zipped,
)
from PIL import Image

from byhand.core.errors import ByhandError
from byhand.data import load

MEBIBYTE = 2**20
IMAGES = np.zeros((3, 28, 28), np.uint8)
LABELS = np.array([1, 2, 3])
Make = Callable[[Path], Path]


def idx(**changes: bytes) -> Make:
    """A folder in which ``images``, ``labels`` (of training) or ``test_labels`` are these bytes."""
    names = {
        "images": "train-images-idx3-ubyte",
        "labels": "train-labels-idx1-ubyte",
        "test_labels": "t10k-labels-idx1-ubyte",
        "images_gz": "train-images-idx3-ubyte.gz",
    }

    def make(tmp: Path) -> Path:
        folder = write_idx_folder(tmp / "idx", {names[key]: value for key, value in changes.items()})
        if "images_gz" in changes:
            (folder / names["images"]).unlink()
        return folder

    return make


def file(name: str, content: bytes | str) -> Make:
    def make(tmp: Path) -> Path:
        path = tmp / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return make


def pkl(content: bytes) -> Make:
    return file("mnist.pkl.gz", gz(content))


def mnist_pkl(x: np.ndarray, y: np.ndarray) -> Make:
    good = np.zeros((2, 784), np.float32), np.array([0, 1])
    return pkl(python2_pickle((x, y), good, good))


class Runs:
    """Pickles to a call of any function."""

    def __init__(self, function: Callable, *arguments: object):
        self.call = function, arguments

    def __reduce__(self) -> tuple:
        return self.call


def calls(function: Callable, *arguments: object) -> Make:
    return pkl(pickle.dumps(Runs(function, *arguments), protocol=2))


def laughs() -> bytes:
    """Tuples of tuples, 3 ** 60 items in all, as the key of a dictionary."""
    layers = b"".join(b"q" + bytes([k]) + 2 * (b"h" + bytes([k])) + b"\x87" for k in range(60))
    return b"\x80\x02}" + b"K\x00" + layers + b"K\x01s."


def encodes() -> bytes:
    """One text, encoded five thousand times."""
    text = b"X" + struct.pack("<I", 10_000) + b"a" * 10_000 + b"q\0"
    return (
        b"\x80\x02"
        + text
        + b"c_codecs\nencode\nq\x01"
        + b"X\x06\0\0\0latin1q\x02"
        + (b"h\x01h\0h\x02\x86R" * 5_000 + b".")
    )


def many_lists() -> bytes:
    """A thousand times the same list, of a thousand times the same list, and so on five times."""
    layers = b"".join(b"](" + (b"h" + bytes([k])) * 1000 + b"eq" + bytes([k + 1]) for k in range(5))
    return b"\x80\x02]q\0" + layers + b"."


def lying_zip() -> bytes:
    """A zip whose directory says that x_train.npy takes 3 GiB, as its .npy header says too."""
    start = npy(np.zeros(0, np.uint8), "(1048576, 3072)")
    content = bytearray(keras_npz(x_train=start))
    at = content.index(b"PK\x01\x02")
    content[at + 24 : at + 28] = struct.pack("<I", 3 * 2**30 + len(start))
    return bytes(content)


def image_folder(name: str, content: bytes) -> Make:
    def make(tmp: Path) -> Path:
        (tmp / "images" / "7").mkdir(parents=True)
        Image.new("L", (28, 28)).save(tmp / "images" / "7" / "a.png")
        (tmp / "images" / name).write_bytes(content)
        return tmp / "images"

    return make


def png(side: int) -> bytes:
    """A black PNG that announces side × side pixels and holds none."""
    chunks = [(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)), (b"IDAT", b"")]
    parts = [
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", crc32(kind + data)) for kind, data in chunks
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def pcx() -> bytes:
    stream = io.BytesIO()
    Image.new("L", (28, 28)).save(stream, "PCX")
    return stream.getvalue()


def empty_folder(tmp: Path) -> Path:
    (tmp / "nothing").mkdir()
    return tmp / "nothing"


def empty_class(tmp: Path) -> Path:
    (tmp / "images" / "3").mkdir(parents=True)
    (tmp / "images" / "3" / ".hidden").touch()
    return tmp / "images"


good_idx = idx_images(IMAGES)
npz_with_object = npy(np.zeros(2, np.int64), descr="|O")
hidden_eval = b"\x80\x04\x8c\x08builtins\x8c\x04eval\x93\x8c\x05touch\x85R."
huge_shape = python2_array(np.zeros((2, 784), np.float32)).replace(
    b"J" + struct.pack("<i", 784), b"J" + struct.pack("<i", 2**31 - 1)
)
nan_pixels = np.zeros((2, 784), np.float32)
nan_pixels[1, 5] = np.nan

CASES: list[tuple[str, Make, str]] = [
    # IDX
    ("truncated images", idx(images=good_idx[:-1]), "train-images-idx3-ubyte is cut short"),
    ("header only", idx(images=good_idx[:9]), "header ends after 9 bytes"),
    ("no bytes", idx(images=b""), "starts with nothing"),
    ("oversized header", idx(images=b"\0\0\x08\x03" + struct.pack(">III", 2**31, 2**10, 2**10)), "announces"),
    ("oversized labels", idx(labels=idx_labels(LABELS).replace(b"\0\0\0\x03", b"\0\0\0\x04")), "cut short"),
    ("no images", idx(images=idx_images(IMAGES[:0])), "is empty"),
    ("wrong magic", idx(images=b"\0\0\x0d\x03" + good_idx[4:]), "starts with 00000d03, not 00000803"),
    ("labels as images", idx(images=idx_labels(LABELS)), "not an IDX file of images"),
    ("label 10", idx(labels=idx_labels(np.array([1, 10, 3]))), "label 1 is 10, but labels are 0 to 9"),
    ("test label 255", idx(test_labels=idx_labels(np.array([1, 2, 255]))), "t10k-labels-idx1-ubyte: label 2 is 255"),
    ("trailing garbage", idx(images=good_idx + b"x"), "holds more than the 2,352 values"),
    ("fewer labels", idx(labels=idx_labels(LABELS[:2])), "3 rows but y_train has 2 labels"),
    ("not gz", idx(images_gz=good_idx), "not a gzip file"),
    ("gz cut short", idx(images_gz=gz(good_idx)[:-9]), "cut short"),
    ("gz of too few", idx(images_gz=gz(good_idx[:-1])), "announces 2,352 values, it holds 2,351"),
    ("gz damaged", idx(images_gz=gz(good_idx)[:10] + b"\xff" * 20), "damaged"),
    ("gz with garbage after", idx(images_gz=gz(good_idx) + b"garbage"), "damaged"),
    ("gz bomb", idx(images_gz=gz(good_idx + bytes(64 * MEBIBYTE))), "holds more than the 2,352 values"),
    (
        "gz announces a lot",
        idx(images_gz=gz(good_idx[:4] + struct.pack(">III", 2**30, 1, 1))),
        "more than the file can",
    ),
    # CSV
    ("empty csv", file("train.csv", ""), "holds no rows"),
    ("header alone", file("train.csv", csv_row("label", *[f"pixel{k}" for k in range(784)])), "holds no rows"),
    (
        "ragged csv",
        file("train.csv", csv_row(1) + csv_row(2, columns=784)),
        "line 2 has 784 columns, but line 1 has 785",
    ),
    ("not a square", file("train.csv", csv_row(1, columns=700)), "line 1 has 700 columns"),
    ("text in csv", file("train.csv", csv_row(1) + csv_row(2, 0, "ink")), "line 2, column 3: 'ink' is not a number"),
    (
        "pixel 256",
        file("train.csv", csv_row("label") + csv_row(2, 256)),
        "line 2, column 2: '256' is not a whole number",
    ),
    ("pixel 1000", file("train.csv", csv_row(2, 1000)), "line 1, column 2: '1000'"),
    ("negative pixel", file("train.csv", csv_row(2, 0, 0, -1)), "line 1, column 4: '-1'"),
    ("pixel and a half", file("train.csv", csv_row(2, 0.5)), "line 1, column 2: '0.5'"),
    ("nan in csv", file("train.csv", csv_row(2, "nan")), "line 1, column 2: 'nan'"),
    ("empty cell", file("train.csv", csv_row(2, "")), "line 1, column 2: '' is not a number"),
    ("csv label 10", file("train.csv", csv_row(9) + csv_row(10)), "line 2, column 1: the label is 10"),
    ("no labels", file("test.csv", csv_row(0, columns=784)), "no labels"),
    ("csv bomb", file("train.csv.gz", gz(bytes(64 * MEBIBYTE))), "has a line of more than"),
    ("picture as csv", file("train.csv", png(28)), "columns"),
    # mnist.pkl.gz
    ("os.system", calls(os.system, "touch owned"), "asks for 'posix.system'"),
    ("eval", calls(eval, "open('owned', 'w')"), "asks for"),
    ("eval by protocol 4", pkl(hidden_eval), "asks for 'builtins.eval'"),
    ("numpy.load", calls(np.load, "owned"), "asks for"),
    ("numpy.ones, huge", calls(np.ones, (10**7, 10**7)), "asks for"),
    ("numpy.dtype called with an object", pkl(b"\x80\x02cnumpy\ndtype\n(U\x01OK\x00K\x01tR."), "dtype 'O'"),
    ("an array of objects", pkl(pickle.dumps(np.array([Runs(os.system, "touch owned")]), 2)), "is refused"),
    ("huge shape, few values", pkl(b"\x80\x02" + huge_shape + b"."), "has 6,272 bytes of values"),
    ("huge string", pkl(b"\x80\x02\x8e" + struct.pack("<Q", 2**62) + b"x."), "it is cut short"),
    ("huge memo index", pkl(b"\x80\x02)r\xff\xff\xff\xff."), "three pairs"),
    (
        "encoding by another code",
        pkl(b"\x80\x02c_codecs\nencode\nX\x01\0\0\0aX\x03\0\0\0hex\x86R."),
        "encodes something",
    ),
    ("decoding", pkl(b"\x80\x02c_codecs\ndecode\nX\x01\0\0\0aX\x03\0\0\0hex\x86R."), "asks for '_codecs.decode'"),
    ("encoding it again and again", pkl(encodes()), "encodes more than it holds"),
    ("a list that holds itself", pkl(b"\x80\x02]q\0h\0a."), "holds too much"),
    ("lists of the same lists", pkl(many_lists()), "holds too much"),
    ("an append to a number", pkl(b"\x80\x02K\x01K\x02a."), "fills something other"),
    ("an append to nothing", pkl(b"\x80\x02K\x01a."), "damaged"),
    ("an odd dictionary", pkl(b"\x80\x02}(K\x01u."), "damaged"),
    (
        "frombuffer of another file",
        pkl(b"\x80\x02cnumpy._core.numeric\n_frombuffer\n(K\x01K\x01K\x01K\x01tR."),
        "where a name belongs",
    ),
    ("a billion laughs", pkl(laughs()), "whose keys are not texts"),
    ("a billion laughs, tuples", pkl(laughs().replace(b"}", b"", 1).replace(b"K\x01s.", b".")), "holds too much"),
    ("endless pushing", pkl(b"\x80\x02" + b"N" * 300_000), "too many steps"),
    ("pops from nothing", pkl(b"\x80\x02R."), "damaged"),
    ("a dictionary without arrays", pkl(pickle.dumps({"x": 1})), "lacks the training samples; its arrays are none"),
    ("a dictionary without labels", pkl(pickle.dumps({"images": IMAGES})), "lacks the training labels"),
    ("a dictionary of twins", pkl(pickle.dumps({"x": IMAGES, "images": IMAGES, "y": LABELS})), "more than one array"),
    ("a pair of half a pair", pkl(pickle.dumps(((IMAGES, LABELS), IMAGES))), "three pairs of arrays"),
    ("a set", pkl(pickle.dumps({1, 2})), "something other than NumPy arrays"),
    ("pickle cut short", pkl(python2_pickle(*[(nan_pixels, LABELS)] * 3)[:-400]), "it is cut short"),
    ("NaN pixels", mnist_pkl(nan_pixels, np.array([0, 1])), "training x[1, 5] is nan"),
    ("floats to 255", mnist_pkl(np.full((2, 784), 255, np.float32), np.array([0, 1])), "floats from 0 to 1"),
    ("pkl label 10", mnist_pkl(np.zeros((2, 784), np.float32), np.array([0, 10])), "training y[1] is 10"),
    ("pkl label -1", mnist_pkl(np.zeros((2, 784), np.float32), np.array([-1, 1])), "training y[0] is -1"),
    ("text in the pkl", pkl(b"\x80\x02" + 3 * (binary(b"x") + b"K\x00\x86") + b"\x87."), "three pairs of arrays"),
    # npz
    ("not a zip", file("mnist.npz", b"PK nothing"), "not a readable npz"),
    ("missing key", file("mnist.npz", keras_npz(y_train=None)), "lacks y_train"),
    ("missing test key", file("mnist.npz", keras_npz(x_test=None)), "lacks x_test"),
    ("pickled objects", file("mnist.npz", keras_npz(y_train=npz_with_object)), "pickled objects"),
    ("member is no array", file("mnist.npz", keras_npz(x_train=b"hello")), "x_train is not an array"),
    (
        "zip bomb",
        file("mnist.npz", keras_npz(x_train=npy(np.zeros(64 * MEBIBYTE, np.uint8), "(3, 28, 28)"))),
        "announces",
    ),
    ("lying zip bomb", file("mnist.npz", lying_zip()), "bytes once decompressed"),
    (
        "header bomb",
        file("mnist.npz", keras_npz(x_train=npy(IMAGES, "(1000000, 1000000)"))),
        "announces 1,000,000,000,000",
    ),
    ("open bracket", file("mnist.npz", keras_npz(x_train=npy(IMAGES, "(3, 28"))), "x_train is not an array"),
    ("text array", file("mnist.npz", keras_npz(y_train=npy(np.array(["a", "b", "c"])))), "dtype <U1"),
    (
        "bzip2",
        file("mnist.npz", zipped({"x_train.npy": npy(IMAGES), "y_train.npy": npy(LABELS)}, zipfile.ZIP_BZIP2)),
        "way",
    ),
    ("npz label -1", file("mnist.npz", keras_npz(y_train=npy(-LABELS))), "y_train[0] is -1"),
    ("npz float pixels", file("mnist.npz", keras_npz(x_train=npy(IMAGES + 1.5))), "x_train[0, 0] is 1.5"),
    # folders and names
    ("empty folder", empty_folder, "neither IDX files nor sub-folders"),
    ("empty class", empty_class, "3 holds no images"),
    ("corrupt image", image_folder("7/b.png", png(28)[:20] + b"rubbish"), "b.png is not a readable image"),
    ("text as image", image_folder("7/b.png", b"hello"), "b.png is not a readable image"),
    ("PostScript as image", image_folder("7/b.png", b"%!PS-Adobe-3.0 EPSF-3.0\n"), "b.png is not a readable image"),
    ("a kind of image that is not on the list", image_folder("7/b.pcx", pcx()), "b.pcx is not a readable image"),
    ("image without pixels", image_folder("7/b.png", png(28)), "b.png is not a readable image"),
    ("large image", image_folder("7/b.png", png(9_000)), "b.png has 9000 × 9000 pixels, which is too many"),
    ("huge image", image_folder("7/b.png", png(60_000)), "too many"),
    ("no such path", lambda tmp: tmp / "mnits", "neither a file or folder nor a known data set; did you mean mnist"),
    ("unknown kind", file("digits.dat", "0 1 2"), "no known kind"),
]


@pytest.mark.parametrize(("make", "words"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_refused(make: Make, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = make(tmp_path)
    monkeypatch.chdir(tmp_path)
    before = snapshot(tmp_path)
    Image.preinit()  # so that imports do not count as memory
    tracemalloc.start()
    try:
        with pytest.raises(ByhandError) as caught:
            load(path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    message = str(caught.value)
    assert words in message
    assert path.name in message
    assert "\n" not in message
    assert len(message) < 400 + len(str(tmp_path))
    assert message.endswith((".", "?"))
    assert snapshot(tmp_path) == before
    assert peak < 40 * MEBIBYTE


@pytest.mark.parametrize("name", ["mnist.pkl.gz", "train.csv.gz"])
def test_more_than_the_limit(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("byhand.data.pickled.LARGEST_PICKLE", 1000)
    monkeypatch.setattr("byhand.data.csv.LARGEST_FILE", 1000)
    (tmp_path / name).write_bytes(gz(b"0\n" * 501))
    with pytest.raises(ByhandError, match="holds more than 1,000 bytes"):
        load(tmp_path / name)


def snapshot(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
