"""What grows in the benchmark of growth: batch, width, depth, images, sequences, cores and files, and the networks.

All samples are made up: standard normal numbers, none of them zero, with random classes. So byhand can skip nothing, as
it does with the black pixels of MNIST.
"""

import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

import byhand as bh
from bench.speed.sequences import ADAM
from bench.speed.workloads import Workload, write
from byhand.core.errors import ByhandError
from byhand.core.types import Shape
from byhand.initializers import He

PIXELS, CLASSES = 784, 10
OPERATIONS, STEPS, ROWS = 6e9, 1_000, 20_000  # of an epoch at most,
BATCHES = 4  # but so many at least
BLOCK = 50_000  # rows that a file repeats


@dataclass(frozen=True)
class Axis:
    """What grows, while all else stays.

    Attributes:
        name: in a word, for the figures and for `--only`.
        title: what it is, for a reader.
        unit: what its values count, for the picture.
        values: smallest first.
        make: for a value the network's data, layers and training, as a `Workload` wants them.
        threads: for a value how many threads everybody gets; None for as many as were asked for.
    """

    name: str
    title: str
    unit: str
    values: tuple[float, ...]
    make: Callable[[float], dict[str, Any]]
    threads: Callable[[float], int] | None = None

    def task(self, value: float, folder: Path) -> dict[str, Any]:
        """Write arrays and first weights into the folder; returns the task for the competitors."""
        made = self.make(value)
        task = write(Workload(self.name, self.title, lambda: made, epochs=1), folder)
        return task | ({"mapped": True, "rows": write_file(folder, value)} if self.name == "file" else {})


def rows_of(weights: float, batch: int) -> int:
    """How many samples an epoch has: about as many operations each, 6 for a weight that is used once."""
    return int(max(BATCHES * batch, min(ROWS, STEPS * batch, OPERATIONS / (6 * weights))))


def made_up(shape: Shape, weights: float, batch: int, **training: Any) -> dict[str, Any]:
    """Samples of this shape, and their training by Adam; `weights` says how many products a sample takes."""
    rng, rows = np.random.default_rng(0), rows_of(weights, batch)
    x, y = rng.standard_normal((rows, *shape), np.float32), rng.integers(CLASSES, size=rows)
    y[:CLASSES] = range(CLASSES)
    common = {"loss": bh.CategoricalCrossEntropy(), "optimizer": bh.Adam(), "batch": batch, "input": shape}
    return {"train": (x, y), "test": (x[:CLASSES], y[:CLASSES])} | common | training


def dense(*widths: int, batch: int = 128) -> dict[str, Any]:
    """784 numbers, hidden layers of these widths with ReLU, 10 classes."""
    layers = [layer for width in widths for layer in (bh.Dense(width, He()), bh.ReLU())]
    sizes = (PIXELS, *widths, CLASSES)
    weights = sum(a * b for a, b in pairwise(sizes))
    return made_up((PIXELS,), weights, batch, layers=[*layers, bh.Dense(CLASSES)])


def convolution(side: int) -> dict[str, Any]:
    """Images of one channel: two convolutions with pooling, 10 classes."""
    conv = lambda out: [{"type": "conv", "out": out, "size": 3, "padding": "same"}, {"type": "relu"}]  # noqa: E731
    pool = {"type": "pool", "size": 2}
    layers = [*conv(16), pool, *conv(32), pool, {"type": "flatten"}, {"type": "dense", "out": CLASSES}]
    weights = side**2 * 9 * 16 + (side // 2) ** 2 * 9 * 16 * 32 + (side // 4) ** 2 * 32 * CLASSES
    return made_up((side, side, 1), weights, 32, layers=layers)


def lstm(length: int) -> dict[str, Any]:
    """Sequences of 28 features through an LSTM of 128 units, 10 classes of its last state."""
    shape, units = (length, 28), 128
    network = bh.Network(shape, [bh.LSTM(units), bh.Dense(CLASSES)], bh.CategoricalCrossEntropy())
    own = {"network": network, "model": {"kind": "lstm", "tokens": False}, "optimizer": ADAM}
    return made_up(shape, length * 4 * units * (28 + units), 32, **own)


def write_file(folder: Path, gigabytes: float) -> int:
    """Put a file of so many gigabytes in the place of x.npy, and labels for it; returns how many samples it has.

    Raises:
        ByhandError: the disk has no room for it.
    """
    free = shutil.disk_usage(folder).free / 1e9
    if gigabytes > 0.9 * free:
        raise ByhandError(f"{gigabytes:g} GB are more than {tempfile.gettempdir()} has room for: {free:.0f} GB.")
    rows = int(gigabytes * 1e9 / (4 * PIXELS))
    block = np.random.default_rng(0).standard_normal((min(BLOCK, rows), PIXELS), np.float32)
    header = {"descr": "<f4", "fortran_order": False, "shape": (rows, PIXELS)}
    with open(folder / "x.npy", "wb") as file:
        np.lib.format.write_array_header_1_0(file, header)
        for start in range(0, rows, len(block)):
            block[: rows - start].tofile(file)
    np.save(folder / "y.npy", np.arange(rows) % CLASSES)
    (folder / "t.npy").unlink()  # class numbers are enough
    return rows


def axes(gigabytes: float, cores: int, small: bool) -> tuple[Axis, ...]:
    """All axes.

    Args:
        gigabytes: size of the largest file.
        cores: how many there are.
        small: two values of each, the smallest ones.
    """
    found = (
        Axis(
            "batch", "784-128-10", "samples a batch", (1, 8, 64, 512, 4096), lambda batch: dense(128, batch=int(batch))
        ),
        Axis(
            "width",
            "784-width-10, batch 128",
            "units in the hidden layer",
            (10, 32, 128, 512, 2048, 4096),
            lambda width: dense(int(width)),
        ),
        Axis(
            "depth",
            "784-128-…-128-10, batch 128",
            "hidden layers",
            (1, 2, 4, 8, 16, 32),
            lambda depth: dense(*[128] * int(depth)),
        ),
        Axis(
            "image",
            "two convolutions with pooling, batch 32",
            "pixels along a side",
            (8, 16, 32, 64, 128),
            lambda side: convolution(int(side)),
        ),
        Axis("sequence", "LSTM 128, batch 32", "steps", (8, 32, 128, 512), lambda length: lstm(int(length))),
        Axis(
            "cores",
            "784-256-128-10, batch 128",
            "cores",
            tuple(2**i for i in range(cores.bit_length())),
            lambda _: dense(256, 128),
            threads=int,
        ),
        Axis(
            "file",
            "784-128-10, batch 128, memory-mapped",
            "gigabytes",
            (gigabytes / 16, gigabytes / 4, gigabytes),
            lambda _: dense(128),
        ),
    )
    return tuple(Axis(**vars(axis) | {"values": axis.values[:2]}) for axis in found) if small else found
