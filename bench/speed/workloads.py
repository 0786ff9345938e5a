"""What is measured: networks, their data and their training, written down for libraries that know nothing of byhand.

A workload becomes a folder: `task.json` and its arrays as .npy files, the first weights among them, so that every
library starts from the same numbers.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import byhand as bh
from bench.speed import sequences
from bench.speed.sequences import write_network
from byhand.initializers import He, Zeros
from byhand.recipes import get_recipe


@dataclass(frozen=True)
class Workload:
    """One row of the table.

    Attributes:
        name: W1 to W10, or what is predicted.
        title: for a reader.
        goal: the ratio to the fastest peer that is aimed at; of a prediction None.
        epochs: trained in each turn; of a prediction the calls.
        quick: the same with `--quick`, and how many rows of the data then (0: all).
        make: gives the data, the layers and the rest.
    """

    name: str
    title: str
    make: Callable[[], dict[str, Any]]
    epochs: int
    quick: tuple[int, int] = (1, 0)
    goal: float | None = None
    unit: str = "epoch"
    kind: str = "train"


def from_recipe(name: str) -> dict[str, Any]:
    """A recipe's network, data and training."""
    recipe = get_recipe(name)
    split = recipe.prepare(bh.load(recipe.dataset), np.random.default_rng(0))
    assert split.test is not None
    return {
        "train": split.train,
        "test": split.test,
        "layers": recipe.layers,
        "loss": recipe.loss,
        "optimizer": recipe.optimizer,
        "batch": recipe.batch_size,
    }


def mnist(layers: list[bh.layers.Layer] | list[dict[str, Any]]) -> dict[str, Any]:
    """A network for all of MNIST, trained by Adam in batches of 128."""
    data = bh.load("mnist")
    return {
        "train": (data.x_train, data.y_train),
        "test": (data.x_test, data.y_test),
        "layers": layers,
        "loss": bh.CategoricalCrossEntropy(),
        "optimizer": bh.Adam(),
        "batch": 128,
    }


def dense() -> dict[str, Any]:
    return mnist([bh.Dense(256, He()), bh.ReLU(), bh.Dense(128, He()), bh.ReLU(), bh.Dense(10)])


def small() -> dict[str, Any]:
    return mnist([bh.Dense(256, He()), bh.ReLU(), bh.Dense(10)])


def convolution() -> dict[str, Any]:
    """The layers as plain data, since byhand may not have them."""
    padding = "same"
    if hasattr(bh, "Conv2D"):
        padding = "same" if bh.Conv2D(16, 3).plan((28, 28, 1)).out_shape[0] == 28 else "valid"
    pair = lambda out: [{"type": "conv", "out": out, "size": 3, "padding": padding}, {"type": "relu"}]  # noqa: E731
    pool = {"type": "pool", "size": 2}
    head = [{"type": "flatten"}, {"type": "dense", "out": 128}, {"type": "relu"}, {"type": "dense", "out": 10}]
    return mnist([*pair(16), pool, *pair(32), pool, *head]) | {"input": (28, 28, 1)}


WORKLOADS = (
    Workload(
        "W1",
        "`guide`: 784-256-10, ten sigmoids, full batch of 41,000",
        lambda: from_recipe("guide"),
        4,
        (1, 0),
        0.75,
        "iteration",
    ),
    Workload(
        "W2",
        "784-10-10, softmax, full batch of 41,000",
        lambda: from_recipe("shrivastava"),
        20,
        (5, 0),
        0.6,
        "iteration",
    ),
    Workload(
        "W3", "`nielsen`: 784-30-10, quadratic cost, batch 10", lambda: from_recipe("nielsen"), 1, (1, 20_000), 0.3
    ),
    Workload(
        "W4", "`math-behind`: 64-64-10, full batch of 1,437", lambda: from_recipe("math-behind"), 300, (100, 0), 0.6
    ),
    Workload("W4b", "64-64-10, Adam, batch 32", lambda: from_recipe("math-behind-adam"), 20, (10, 0), 0.15),
    Workload("W5", "784-256-128-10, Adam, batch 128", dense, 1, (1, 20_000), 0.75),
    Workload("W6", "conv 3×3·16, pool, conv 3×3·32, pool, 128, 10; Adam, batch 128", convolution, 1, (1, 3_840), 0.3),
    Workload(
        "W7", "LSTM 128 on the rows of 12,800 MNIST images, batch 128, Adam", sequences.lstm_of_rows, 1, (1, 2_560), 0.4
    ),
    Workload(
        "W8",
        "characters, LSTM 256, 32 windows of 64, Adam",
        sequences.lstm_of_characters,
        10,
        (5, 0),
        0.4,
        "step",
    ),
    Workload("W9", "nanoGPT's setting for a CPU, 12 windows of 64, AdamW", sequences.gpt, 10, (5, 0), 0.5, "step"),
    Workload(
        "W10", "vision transformer, patch 7, 12,800 MNIST images, batch 128, Adam", sequences.vit, 1, (1, 1_280), 0.5
    ),
    Workload("one", "one image to its class, 784-256-10", small, 3000, (1000, 0), unit="call", kind="predict"),
    Workload(
        "one-conv", "one image to its class, W6's network", convolution, 500, (200, 0), unit="call", kind="predict"
    ),
    Workload("many", "10,000 images to their classes, 784-256-10", small, 10, (5, 0), unit="call", kind="predict"),
    Workload(
        "write-lstm",
        "one more character, W8's network",
        sequences.lstm_of_characters,
        500,
        (200, 0),
        unit="call",
        kind="predict",
    ),
    Workload(
        "write-gpt", "one more character, W9's network", sequences.gpt, 500, (200, 0), unit="call", kind="predict"
    ),
)


def write(workload: Workload, folder: Path, quick: bool = False) -> dict[str, Any]:
    """Write the workload's arrays into `folder`; returns its task, as plain data."""
    made = workload.make()
    (x, y), (x_test, y_test) = made["train"], made["test"]
    if quick and workload.quick[1]:
        x, y = x[: workload.quick[1]], y[: workload.quick[1]]
    shape = made["network"].input_shape if "network" in made else made.get("input", (int(np.prod(x.shape[1:])),))
    folder.mkdir(parents=True, exist_ok=True)
    scaled = {name: to_float(images).reshape(-1, *shape) for name, images in (("x", x), ("x_test", x_test))}
    for name, array in scaled.items():
        np.save(folder / f"{name}.npy", array)
    if x.dtype == np.uint8:
        np.save(folder / "bytes.npy", x.reshape(-1, *shape))
    np.save(folder / "y.npy", y.astype(np.int64))
    np.save(folder / "t.npy", np.eye(int(y.max()) + 1, dtype=np.float32)[y])
    np.save(folder / "y_test.npy", y_test.astype(np.int64))
    own = write_network(made, folder) if "network" in made else write_rows(made, shape, folder)
    return {
        "name": workload.name,
        "kind": workload.kind,
        "calls": "many" if workload.name == "many" else "one",
        "folder": str(folder),
        "input": list(shape),
        "batch": made["batch"],
        "rows": len(x),
        "bytes": x.dtype == np.uint8,
        **own,
    }


def write_rows(made: dict[str, Any], shape: tuple[int, ...], folder: Path) -> dict[str, Any]:
    """Write the first weights of a network of plain layers; what the task says of it."""
    plain = [describe(layer) for layer in made["layers"]]
    write_parameters(plain, made["layers"], shape, folder)
    kind = "adam" if isinstance(made["optimizer"], bh.Adam) else "sgd"
    return {
        "model": None,
        "layers": plain,
        "optimizer": {"type": kind, "rate": float(made["optimizer"].learning_rate)},
        "loss": LOSSES[type(made["loss"])],
    }


def to_float(images: np.ndarray) -> np.ndarray:
    """float32, grey levels from 0 to 1; tokens as they are."""
    if images.dtype == np.int64:
        return images
    scale = np.float32(1 / 255) if images.dtype == np.uint8 else np.float32(1)
    return images.astype(np.float32) * scale


LOSSES = {bh.CategoricalCrossEntropy: "softmax", bh.BinaryCrossEntropy: "sigmoid", bh.QuadraticCost: "quadratic"}


def describe(layer: Any) -> dict[str, Any]:
    """A layer as plain data."""
    if isinstance(layer, dict):
        return layer
    if isinstance(layer, bh.Dense):
        return {"type": "dense", "out": layer.units}
    return {"type": {bh.ReLU: "relu", bh.Sigmoid: "sigmoid", bh.Flatten: "flatten"}[type(layer)]}


def shapes(layers: list[dict[str, Any]], shape: tuple[int, ...]) -> list[tuple[tuple[int, ...], tuple[int, ...]]]:
    """For each layer what goes in and what comes out, without the batch."""
    found = []
    for layer in layers:
        before, kind = shape, layer["type"]
        if kind == "dense":
            shape = (layer["out"],)
        elif kind == "conv":
            lost = 0 if layer["padding"] == "same" else layer["size"] - 1
            shape = (shape[0] - lost, shape[1] - lost, layer["out"])
        elif kind == "pool":
            shape = (shape[0] // layer["size"], shape[1] // layer["size"], shape[2])
        elif kind == "flatten":
            shape = (int(np.prod(shape)),)
        found.append((before, shape))
    return found


def write_parameters(plain: list[dict[str, Any]], layers: list[Any], shape: tuple[int, ...], folder: Path) -> None:
    """W and b of each layer from its own initialisers; those of plain data start as He says, biases at 0."""
    rng = np.random.default_rng(0)
    for i, (layer, own, (before, after)) in enumerate(zip(plain, layers, shapes(plain, shape), strict=True)):
        if layer["type"] not in ("dense", "conv"):
            continue
        kernel = (layer["size"],) * 2 if layer["type"] == "conv" else ()
        W, b = np.empty((*kernel, before[-1], after[-1]), np.float32), np.empty(after[-1], np.float32)
        weights, bias = (He(), Zeros()) if isinstance(own, dict) else (own.weights, own.biases)
        weights.fill(rng, W)
        bias.fill(rng, b)
        np.save(folder / f"W{i}.npy", W)
        np.save(folder / f"b{i}.npy", b)


def products(
    layers: list[dict[str, Any]], shape: tuple[int, ...], n: int, train: bool = True
) -> list[tuple[int, int, int]]:
    """The matrix products (m, k)(k, n) of one step with n samples; a convolution's by its unfolded windows.

    Forward x W; backward xᵀ dy, and dy Wᵀ but for the first layer, whose input wants no gradient.
    """
    found, first = [], True
    for layer, (before, after) in zip(layers, shapes(layers, shape), strict=True):
        if layer["type"] not in ("dense", "conv"):
            continue
        rows, width = n, before[-1]
        if layer["type"] == "conv":
            rows, width = n * after[0] * after[1], before[-1] * layer["size"] ** 2
        found.append((rows, width, after[-1]))
        if train:
            found.append((width, rows, after[-1]))
            if not first:
                found.append((rows, after[-1], width))
        first = False
    return found


def operations(shapes: list[tuple[int, int, int]]) -> int:
    """Floating-point operations of matrix products: a multiplication and an addition for each of m · k · n."""
    return sum(2 * m * k * n for m, k, n in shapes)
