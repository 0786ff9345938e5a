"""What is fuzzed: every reader of files from anywhere, each with good files to start from.

A target takes the bytes of a file. It may return or refuse them in one clear sentence; anything else is a fault:
another exception, more than a second, memory far beyond the file's size.
"""

import gzip
import io
import json
import resource
import shutil
import struct
import sys
import time
import warnings
import zipfile
from functools import cache

import numpy as np
import safetensors.numpy

import byhand
from byhand.core.errors import ByhandError
from byhand.data.cifar import read_cifar
from byhand.data.csv import parse_csv
from byhand.data.folder import read_folder
from byhand.data.idx import read_images, read_labels, write_idx
from byhand.data.npz import read_npz
from byhand.data.pickled import read_pickled
from byhand.data.sequences import load_lines
from byhand.diagnosis import read_run
from byhand.pictures.image import open_image
from byhand.reading.reader import Reader
from byhand.recipes import RECIPES
from byhand.recipes.config import read_config
from byhand.training.checkpoint import KEY, Checkpoint, digest
from byhand.training.trees import pack
from byhand.tuning.space import read_space
from tests.fuzz.document_targets import DOCUMENT_TARGETS
from tests.fuzz.exchange_targets import EXCHANGE_TARGETS
from tests.fuzz.face_targets import FACE_TARGETS
from tests.fuzz.good_files import (
    HISTORY,
    IMAGES,
    RECORD,
    SPACE,
    checkpoint_file,
    checkpoint_header,
    cifar_files,
    config_files,
    csv_file,
    model_description,
    model_file,
    npy_file,
    npz_files,
    pickled_files,
    picture_files,
    png_file,
    tensor_header,
    train_briefly,
    training_state,
    written_digits,
)

SECONDS = 1.0  # of the processor, for one file
MEMORY = 64 * 2**20  # bytes beyond a multiple of the file's size
NETWORKS = dict.fromkeys(
    ("reading", "pixels", "pages", "form", "hand"), 192 * 2**20
)  # and these, where networks read it
COLUMNS = {"a": [1.5, 2, 3], "b": [1, 2, 3], "c": ["x", "y", "x"], "kind": ["no", "yes", "no"]}
TABLE = b"area,town,price\n" + b"".join(b"%d.5,%s,%d\n" % (i, b"Ulm" if i % 3 else b"", 1000 * i) for i in range(12))
TS = b"#\n@timeStamps false\n@classLabel true no yes\n@data\n1,2,3:4,5,6:yes\n-1.5,0:2,1e2:no\n"
TIMES = 1100  # that multiple: deflate can shrink a file to a 1032nd
SENTENCE = 1000  # characters of a message at most


class Fault(Exception):
    """A reader did something else than reading or refusing."""


def idx(scratch, data):
    read_images(scratch.file("a-idx3-ubyte", data))


def idx_labels(scratch, data):
    read_labels(scratch.file("a-idx1-ubyte", data))


def idx_gz(scratch, data):
    read_images(scratch.file("a-idx3-ubyte.gz", gzip.compress(data, 1)))


def gz(scratch, data):
    read_images(scratch.file("a-idx3-ubyte.gz", data))


def csv(scratch, data):
    parse_csv(io.BytesIO(data), "digits.csv")


def table(scratch, data):
    """A table with a label in its last column."""
    byhand.load(scratch.file("prices.csv", data), label=-1, impute=True)


def raw_rows(scratch, data):
    """Rows for a network that learnt from a table."""
    byhand.predict(table_network(), scratch.file("rows.csv", data))


def table_network():
    """A network that learnt nothing, from a table."""
    rows = {"area": [1.5, 2.5, None], "town": ["Ulm", "Bonn", None], "price": [1.5, 2, 3]}
    network = byhand.Network(3, [byhand.Dense(1)], byhand.MSE())
    network.table = byhand.data.Table.fit(rows, "price", impute=True)
    return network


def text(scratch, data):
    byhand.load(scratch.file("plays.txt", data))


def npz(scratch, data):
    read_npz(scratch.file("a.npz", data))


def npy(scratch, data):
    """One member's bytes, the other good."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("x_train.npy", data)
        archive.writestr("y_train.npy", npy_file(np.arange(3)))
    byhand.load(scratch.file("a.npz", stream.getvalue()))


def pkl(scratch, data):
    read_pickled(scratch.file("mnist.pkl", data))


def cifar(scratch, data):
    read_cifar(scratch.file("cifar.tar", data))


def model(scratch, data):
    byhand.Network.load(scratch.file("m.safetensors", data))


def model_header(scratch, data):
    """The description's bytes, in a file that is otherwise well."""
    text = data.decode("utf-8", "replace")
    header = json.dumps(
        {"__metadata__": {"byhand": text}, "0.W": tensor_header([4, 2], 0), "0.b": tensor_header([2], 32)}
    ).encode()
    content = struct.pack("<Q", len(header)) + header + bytes(40)
    byhand.Network.load(scratch.file("m.safetensors", content))


def config(scratch, data):
    read_config(scratch.file("config.toml", data), RECIPES)


def space(scratch, data):
    read_space(scratch.file("space.toml", data))


def history(scratch, data):
    read_run(scratch.file("run/history.csv", data))


def diagnosis(scratch, data):
    byhand_record = read_run(scratch.file("record/diagnosis.json", data).parent)
    byhand.diagnosis.diagnose(byhand_record)


def checkpoint(scratch, data):
    Checkpoint.read(scratch.file("step-1.safetensors", data))


def checkpoint_state(scratch, data):
    """The text of a good checkpoint's header, with its right checksum; a training tries to go on from it."""
    text = data.decode("utf-8", "replace")
    arrays = {}
    pack(vars(training_state()), arrays)
    content = safetensors.numpy.save(arrays, metadata={KEY: text, "sha256": digest(text, arrays)})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        train_briefly(resume=scratch.file("step-1.safetensors", content))


def image(scratch, data):
    open_image(io.BytesIO(data))


def reading(scratch, data):
    """A picture is opened, its lines are found and read."""
    _reader().read(io.BytesIO(data))


def pixels(scratch, data):
    """Any picture at all: the first three bytes say how high, how wide and how enlarged it is, then come its pixels."""
    height, width, times = (1 + byte for byte in data.ljust(3, b"\0")[:3])
    grey = np.resize(np.frombuffer(data[3:] or b"\0", np.uint8), (height, width))
    _reader().read(np.kron(grey, np.ones((1 + times // 64, 1 + times // 16 % 4), np.uint8)))


@cache
def _reader():
    return Reader(sure=0)


def folder(scratch, data):
    """A folder of one class: what stands before the first line's end is its name, the rest is a picture in it."""
    name, _, content = data.partition(b"\n")
    name = name.decode("latin-1").replace("/", "").replace("\0", "")[:60] or "7"
    if name in (".", ".."):
        return
    classes = scratch.path / "classes"
    shutil.rmtree(classes, ignore_errors=True)
    scratch.file(f"classes/{name}/a.png", content)
    read_folder(classes)


def ts(scratch, data):
    byhand.load(scratch.file("a.ts", data))


def series(scratch, data):
    byhand.load(scratch.file("sold.csv", data), label=-1, task="series")


def lines(scratch, data):
    """A folder of texts by class, one of them good."""
    scratch.file("names/good.txt", b"ab\nba\n")
    scratch.file("names/other.txt", data)
    byhand.load(scratch.path / "names")
    load_lines(scratch.path / "names", words=True)


def recordings(scratch, data):
    """A folder of sequences by class, one of them good."""
    scratch.file("moves/run/a.csv", b"x,y\n1,2\n")
    scratch.file("moves/walk/b.csv", data)
    byhand.load(scratch.path / "moves")


TARGETS = {  # name -> (target, good files)
    "idx": (idx, lambda: [IMAGES]),
    "idx-labels": (idx_labels, lambda: [write_idx(np.arange(5))]),
    "idx-gz": (idx_gz, lambda: [IMAGES]),
    "gz": (gz, lambda: [gzip.compress(IMAGES, level) for level in (0, 9)]),
    "csv": (csv, lambda: [csv_file(17), csv_file(16), csv_file(17, b"label," + b",".join([b"p"] * 16) + b"\r\n")]),
    "table": (table, lambda: [TABLE, TABLE.replace(b",", b";")]),
    "raw-rows": (raw_rows, lambda: [TABLE]),
    "text": (text, lambda: ["To be, or not\r\nto bé".encode()]),
    "ts": (ts, lambda: [TS]),
    "series": (series, lambda: [b"month,sold\n1,3\n2,5\n3,4\n"]),
    "lines": (lines, lambda: ["Bé\nAb\r\n".encode()]),
    "recordings": (recordings, lambda: [b"x,y\n3,4\n5,6\n"]),
    "npz": (npz, npz_files),
    "npy": (npy, lambda: [npy_file(np.zeros((3, 4, 4), np.uint8)), npy_file(np.zeros((3, 4), np.float32, order="F"))]),
    "pkl": (pkl, pickled_files),
    "cifar": (cifar, cifar_files),
    "model": (model, lambda: [model_file()]),
    "model-header": (
        model_header,
        lambda: [
            model_description([byhand.Dense(2)]),
            model_description([byhand.Residual([byhand.Dense(4)]), byhand.Dense(2)]),
            model_description([byhand.Dense(2)], byhand.data.Table.fit(COLUMNS, "kind")),
        ],
    ),
    "checkpoint": (checkpoint, lambda: [checkpoint_file()]),
    "state": (checkpoint_state, lambda: [checkpoint_header()]),
    "config": (config, config_files),
    "space": (space, lambda: [SPACE]),
    "history": (history, lambda: [HISTORY]),
    "diagnosis": (diagnosis, lambda: [json.dumps(RECORD).encode()]),
    "image": (image, picture_files),
    "reading": (reading, lambda: [*picture_files(), *map(png_file, written_digits())]),
    "pixels": (pixels, lambda: [bytes([len(a) - 1, a.shape[1] - 1, 0]) + a.tobytes() for a in written_digits()]),
    "folder": (folder, lambda: [b"7\n" + picture for picture in picture_files()]),
    **DOCUMENT_TARGETS,
    **EXCHANGE_TARGETS,
    **FACE_TARGETS,
}


def seeds(name):
    """Good files for the target."""
    return TARGETS[name][1]()


def reads(name, data, scratch):
    """Give `data` to the target: whether it was read; raises Fault where it is not refused as it should be."""
    try:
        TARGETS[name][0](scratch, data)
    except ByhandError as refusal:
        message = str(refusal)
        if not message or len(message) > SENTENCE or not message.isprintable():
            raise Fault(f"{name}: not one clear sentence: {message[:200]!r} ({len(message)} characters)") from refusal
        return False
    return True


def run(name, data, scratch):
    """The same, also with a look at time and memory."""
    before, start, limit = _peak(), time.process_time(), MEMORY + NETWORKS.get(name, 0) + TIMES * len(data)
    read = reads(name, data, scratch)
    seconds, grown = time.process_time() - start, _peak() - before
    if seconds > SECONDS:
        raise Fault(f"{name}: {seconds:.2f} s for {len(data):,} bytes")
    if grown > limit:
        raise Fault(f"{name}: {grown / 2**20:.0f} MiB for {len(data):,} bytes")
    return read


def _peak():
    """The most bytes of memory that this process ever held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
