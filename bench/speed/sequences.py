"""The workloads with sequences: their data, and their networks as a model file and as plain arrays."""

from pathlib import Path
from typing import Any

import numpy as np

import byhand as bh
from byhand.data import text_windows
from byhand.data.text import tokens_of
from byhand.recipes.shakespeare import gpt as layers_of_gpt
from byhand.recipes.vit import vit as recipe_of_vit

LEARNT, TESTED = 12_800, 2_000  # images
STEPS, CHARACTERS = 64, 65  # of a window of text; different ones
ADAM = {"type": "adam", "rate": 0.001}
ADAMW = {"type": "adamw", "rate": 0.001, "beta2": 0.99, "decay": 0.1, "clip": 1.0}  # nanoGPT's, without its schedule


def images(layers: list[bh.layers.Layer], shape: tuple[int, ...], model: dict[str, Any]) -> dict[str, Any]:
    """A network for some of MNIST's images, trained by Adam in batches of 128."""
    data = bh.load("mnist")
    return {
        "train": (data.x_train[:LEARNT], data.y_train[:LEARNT]),
        "test": (data.x_test[:TESTED], data.y_test[:TESTED]),
        "network": bh.Network(shape, layers, bh.CategoricalCrossEntropy(), inputs="grey levels"),
        "model": model,
        "optimizer": ADAM,
        "batch": 128,
    }


def text(layers: list[bh.layers.Layer], rows: int, optimizer: dict[str, Any], model: dict[str, Any]) -> dict[str, Any]:
    """A network that writes; each step is one batch of windows from Shakespeare's plays, always the same."""
    starts = np.random.default_rng(0).integers(1_000_000, size=(2, rows))
    train, test = (text_windows(tokens_of(bh.load("shakespeare")), STEPS, starts=some) for some in starts)
    network = bh.Network((STEPS,), layers, bh.CategoricalCrossEntropy())
    return {
        "train": train,
        "test": test,
        "network": network,
        "model": model,
        "optimizer": optimizer,
        "batch": None,
    }


def lstm_of_rows() -> dict[str, Any]:
    return images([bh.LSTM(128), bh.Dense(10)], (28, 28), {"kind": "lstm", "tokens": False})


def lstm_of_characters() -> dict[str, Any]:
    layers = [bh.Embedding(CHARACTERS, 64), bh.LSTM(256, return_sequences=True), bh.Dense(CHARACTERS)]
    return text(layers, 32, ADAM, {"kind": "lstm", "tokens": True})


def gpt() -> dict[str, Any]:
    layers = list(layers_of_gpt(CHARACTERS, 128, 4, 4, STEPS))
    return text(layers, 12, ADAMW, {"kind": "attention", "tokens": True, "heads": 4, "blocks": 4})


def vit() -> dict[str, Any]:
    model = {"kind": "attention", "tokens": False, "heads": 4, "blocks": 4, "patch": 7}
    return images(list(recipe_of_vit.layers), (28, 28, 1), model)


def write_network(made: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Write the network into `folder`, as a model file and as arrays by byhand's names; what the task says of it."""
    network = made["network"]
    network.save(folder / "network.safetensors")
    np.savez(folder / "parameters.npz", **network.named_parameters())
    return {
        "model": made["model"],
        "layers": [{"type": layer.label()} for layer in network.layers],
        "optimizer": made["optimizer"],
        "loss": "softmax",
    }
