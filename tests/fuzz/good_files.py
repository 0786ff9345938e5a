"""Good files of each kind, which fuzzing starts from."""

import io
import json
import shutil
import tempfile
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image

import byhand
from byhand.data.idx import write_idx
from byhand.diagnosis import Watch
from byhand.recipes import RECIPES
from byhand.recipes.config import RunConfig
from byhand.training import Averaging, EarlyStopping
from byhand.training.checkpoint import Checkpoint
from byhand.training.checkpoints import Checkpoints
from byhand.training.trees import pack

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


def train_briefly(**options):
    x, y = np.eye(6, 4, dtype=np.float32), np.arange(6) % 2
    network = byhand.Network(4, [byhand.Dense(2)], LOSS)
    callbacks = [EarlyStopping(2, "loss"), Averaging(0.9), Watch()]
    byhand.fit(network, x, y, epochs=2, batch_size=2, progress=False, callbacks=callbacks, **options)


@cache
def training_state():
    with tempfile.TemporaryDirectory() as folder:
        train_briefly(checkpoint=Checkpoints(folder, "5 steps"))
        return Checkpoint.read(next(Path(folder).glob("*.safetensors")))


def checkpoint_file():
    scratch = Scratch()
    training_state().write(scratch.path / "c")
    content = (scratch.path / "c").read_bytes()
    scratch.clear()
    return content


def checkpoint_header():
    return json.dumps({"format": 1} | pack(vars(training_state()), {})).encode()


def tensor_header(shape, start):
    return {"dtype": "F32", "shape": shape, "data_offsets": [start, start + 4 * int(np.prod(shape))]}


def npy_file(values):
    stream = io.BytesIO()
    np.save(stream, values)
    return stream.getvalue()


def pickled_files():
    """A small mnist.pkl, as Python writes it today."""
    import pickle

    x, y = np.zeros((2, 4), np.float32), np.arange(2)
    return [pickle.dumps(((x, y),) * 3, protocol) for protocol in (2, 4)]


def cifar_file(rows=2, protocol=2, names=("data_batch_1", "data_batch_2", "data_batch_3", "data_batch_4"), **changes):
    """CIFAR-10's archive with a few rows in each batch; batch k's pixels count up from 16 k, colour by colour."""
    import pickle
    import tarfile

    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for k, name in enumerate((*names, "data_batch_5", "test_batch")):
            data = (16 * k + np.arange(rows * 3072)).astype(np.uint8).reshape(rows, 3072)
            batch = {"data": data, "labels": [(k + i) % 10 for i in range(rows)], "batch_label": name} | changes
            batch = {key.encode(): value for key, value in batch.items()} if k % 2 else batch
            content = pickle.dumps(batch, protocol)
            member = tarfile.TarInfo(f"cifar-10-batches-py/{name}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return stream.getvalue()


def cifar_files():
    return [cifar_file(1)]


def model_file():
    network = byhand.Network(4, [byhand.Dense(3), byhand.BatchNorm(), byhand.ReLU(), byhand.Dense(2)], LOSS)
    scratch = Scratch()
    network.save(scratch.path / "m")
    content = (scratch.path / "m").read_bytes()
    scratch.clear()
    return content


def model_description(layers, table=None):
    from byhand.storage import network_description

    network = byhand.Network(4, layers, LOSS)
    network.table = table
    return json.dumps(network_description(network)).encode()


def picture_files():
    pixels = Image.fromarray(np.arange(64, dtype=np.uint8).reshape(8, 8))
    pictures = []
    for kind in ("PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP", "PPM"):
        for mode in ("L", "RGB"):
            stream = io.BytesIO()
            pixels.convert(mode).save(stream, kind)
            pictures.append(stream.getvalue())
    return pictures


def written_digits():
    """Strokes, circles and a ruled line on paper: uint8 (height, width), dark on light and light on dark."""
    y, x = np.mgrid[:40, :90]
    ring = np.abs(np.hypot(x % 45 - 20, y - 18) - 10) < 2
    picture = np.where(ring | (y == 36) | ((np.abs(x - 60) < 2) & (y < 30)), 40, 220).astype(np.uint8)
    return [picture, 255 - picture]


def png_file(picture):
    stream = io.BytesIO()
    Image.fromarray(picture).save(stream, "PNG")
    return stream.getvalue()


def csv_file(columns, header=b""):
    return header + b"".join(b",".join(b"%d" % (k * row % 10) for k in range(columns)) + b"\n" for row in (1, 2))


def config_files():
    return [RunConfig(recipe, "mnist", 0).to_toml().encode() for recipe in RECIPES.values()]


def npz_files():
    stream, packed = io.BytesIO(), io.BytesIO()
    arrays = {"x_train": np.zeros((2, 4, 4), np.uint8), "y_train": np.arange(2)}
    np.savez(stream, **arrays)
    np.savez_compressed(packed, **arrays, x_test=arrays["x_train"], y_test=arrays["y_train"])
    return [stream.getvalue(), packed.getvalue()]
