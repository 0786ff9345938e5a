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
import tempfile
import time
import warnings
import zipfile
from functools import cache
from pathlib import Path

import numpy as np
import safetensors.numpy
from PIL import Image

import byhand
from byhand.core.errors import ByhandError
from byhand.data.csv import parse_csv
from byhand.data.folder import read_folder
from byhand.data.idx import read_images, read_labels, write_idx
from byhand.data.npz import read_npz
from byhand.data.pickled import read_pickled
from byhand.diagnosis import Watch, read_run
from byhand.reading.image import open_image
from byhand.reading.reader import Reader
from byhand.recipes import RECIPES
from byhand.recipes.config import RunConfig, read_config
from byhand.training import Averaging, EarlyStopping
from byhand.training.checkpoint import KEY, Checkpoint, digest, pack
from byhand.training.checkpoints import Checkpoints
from byhand.tuning.space import read_space

SECONDS = 1.0  # of the processor, for one file
MEMORY = 64 * 2**20  # bytes beyond a multiple of the file's size
NETWORKS = {"reading": 192 * 2**20, "pixels": 192 * 2**20}  # and these, where networks read it
TIMES = 1100  # that multiple: deflate can shrink a file to a 1032nd
SENTENCE = 1000  # characters of a message at most


class Fault(Exception):
    """A reader did something else than reading or refusing."""


class Scratch:
    """A folder in memory, where there is one, for the files that readers open by name."""

    def __init__(self):
        shared = Path("/dev/shm")
        self.path = Path(tempfile.mkdtemp(prefix="byhand-fuzz-", dir=shared if shared.is_dir() else None))

    def file(self, name, content):
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return path

    def clear(self):
        shutil.rmtree(self.path, ignore_errors=True)


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


def npz(scratch, data):
    read_npz(scratch.file("a.npz", data))


def npy(scratch, data):
    """One member's bytes, the other good."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("x_train.npy", data)
        archive.writestr("y_train.npy", _npy(np.arange(3)))
    byhand.load(scratch.file("a.npz", stream.getvalue()))


def pkl(scratch, data):
    read_pickled(scratch.file("mnist.pkl", data))


def model(scratch, data):
    byhand.Network.load(scratch.file("m.safetensors", data))


def model_header(scratch, data):
    """The description's bytes, in a file that is otherwise well."""
    text = data.decode("utf-8", "replace")
    header = json.dumps({"__metadata__": {"byhand": text}, "0.W": _tensor([4, 2], 0), "0.b": _tensor([2], 32)}).encode()
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
    pack(vars(_state()), arrays)
    content = safetensors.numpy.save(arrays, metadata={KEY: text, "sha256": digest(text, arrays)})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        _train(resume=scratch.file("step-1.safetensors", content))


def _train(**options):
    x, y = np.eye(6, 4, dtype=np.float32), np.arange(6) % 2
    network = byhand.Network(4, [byhand.Dense(2)], LOSS)
    callbacks = [EarlyStopping(2, "loss"), Averaging(0.9), Watch()]
    byhand.fit(network, x, y, epochs=2, batch_size=2, progress=False, callbacks=callbacks, **options)


@cache
def _state():
    with tempfile.TemporaryDirectory() as folder:
        _train(checkpoint=Checkpoints(folder, "5 steps"))
        return Checkpoint.read(next(Path(folder).glob("*.safetensors")))


def _checkpoint():
    scratch = Scratch()
    _state().write(scratch.path / "c")
    content = (scratch.path / "c").read_bytes()
    scratch.clear()
    return content


def _header():
    return json.dumps({"format": 1} | pack(vars(_state()), {})).encode()


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


def _tensor(shape, start):
    return {"dtype": "F32", "shape": shape, "data_offsets": [start, start + 4 * int(np.prod(shape))]}


def _npy(values):
    stream = io.BytesIO()
    np.save(stream, values)
    return stream.getvalue()


def _pickled():
    """A small mnist.pkl, as Python writes it today."""
    import pickle

    x, y = np.zeros((2, 4), np.float32), np.arange(2)
    return [pickle.dumps(((x, y),) * 3, protocol) for protocol in (2, 4)]


def _model():
    network = byhand.Network(4, [byhand.Dense(3), byhand.BatchNorm(), byhand.ReLU(), byhand.Dense(2)], LOSS)
    scratch = Scratch()
    network.save(scratch.path / "m")
    content = (scratch.path / "m").read_bytes()
    scratch.clear()
    return content


def _description(layers):
    from byhand.storage import describe

    return json.dumps(describe(byhand.Network(4, layers, LOSS))).encode()


def _pictures():
    pixels = Image.fromarray(np.arange(64, dtype=np.uint8).reshape(8, 8))
    pictures = []
    for kind in ("PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP", "PPM"):
        for mode in ("L", "RGB"):
            stream = io.BytesIO()
            pixels.convert(mode).save(stream, kind)
            pictures.append(stream.getvalue())
    return pictures


def _written():
    """Strokes, circles and a ruled line on paper: uint8 (height, width), dark on light and light on dark."""
    y, x = np.mgrid[:40, :90]
    ring = np.abs(np.hypot(x % 45 - 20, y - 18) - 10) < 2
    picture = np.where(ring | (y == 36) | ((np.abs(x - 60) < 2) & (y < 30)), 40, 220).astype(np.uint8)
    return [picture, 255 - picture]


def _png(picture):
    stream = io.BytesIO()
    Image.fromarray(picture).save(stream, "PNG")
    return stream.getvalue()


def _csv(columns, header=b""):
    return header + b"".join(b",".join(b"%d" % (k * row % 10) for k in range(columns)) + b"\n" for row in (1, 2))


LOSS = byhand.CategoricalCrossEntropy()
IMAGES = write_idx(np.arange(32, dtype=np.uint8).reshape(2, 4, 4))
HISTORY = b"epoch,loss,accuracy,val_loss,learning_rate,seconds\n1,2.3,0.1,2.2,0.1,0.5\n2,1.3,0.5,1.2,0.1,0.5\n"
SPACE = b"""folds = 5
[space]
batch_size = { choices = [32, 64] }
[space.optimizer.learning_rate]
low = 1e-4
high = 0.1
log = true
"""
RECORD = {
    "format": 1,
    "columns": {"epoch": [0, 1], "gradient 1": [0.1, None], "dead 2": [0.5, 0.9], "norm": [1, 2]},
    "layers": {"1": "Dense(4)", "2": "ReLU"},
    "data": {"samples": 10, "outputs": 2, "counts": [5, 5], "input_rms": 1.0, "input_min": 0.0, "input_max": 1.0},
    "training": {"optimizer": "Adam()", "batch_size": 2, "epochs": 2, "steps": 5, "parameters": 10, "loss": "x"},
    "diverged": None,
}


def _configs():
    return [RunConfig(recipe, "mnist", 0).to_toml().encode() for recipe in RECIPES.values()]


def _npzs():
    stream, packed = io.BytesIO(), io.BytesIO()
    arrays = {"x_train": np.zeros((2, 4, 4), np.uint8), "y_train": np.arange(2)}
    np.savez(stream, **arrays)
    np.savez_compressed(packed, **arrays, x_test=arrays["x_train"], y_test=arrays["y_train"])
    return [stream.getvalue(), packed.getvalue()]


TARGETS = {  # name -> (target, good files)
    "idx": (idx, lambda: [IMAGES]),
    "idx-labels": (idx_labels, lambda: [write_idx(np.arange(5))]),
    "idx-gz": (idx_gz, lambda: [IMAGES]),
    "gz": (gz, lambda: [gzip.compress(IMAGES, level) for level in (0, 9)]),
    "csv": (csv, lambda: [_csv(17), _csv(16), _csv(17, b"label," + b",".join([b"p"] * 16) + b"\r\n")]),
    "npz": (npz, _npzs),
    "npy": (npy, lambda: [_npy(np.zeros((3, 4, 4), np.uint8)), _npy(np.zeros((3, 4), np.float32, order="F"))]),
    "pkl": (pkl, _pickled),
    "model": (model, lambda: [_model()]),
    "model-header": (
        model_header,
        lambda: [_description([byhand.Dense(2)]), _description([byhand.Residual([byhand.Dense(4)]), byhand.Dense(2)])],
    ),
    "checkpoint": (checkpoint, lambda: [_checkpoint()]),
    "state": (checkpoint_state, lambda: [_header()]),
    "config": (config, _configs),
    "space": (space, lambda: [SPACE]),
    "history": (history, lambda: [HISTORY]),
    "diagnosis": (diagnosis, lambda: [json.dumps(RECORD).encode()]),
    "image": (image, _pictures),
    "reading": (reading, lambda: [*_pictures(), *map(_png, _written())]),
    "pixels": (pixels, lambda: [bytes([len(a) - 1, a.shape[1] - 1, 0]) + a.tobytes() for a in _written()]),
    "folder": (folder, lambda: [b"7\n" + picture for picture in _pictures()]),
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
