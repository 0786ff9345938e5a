"""The small networks that the page compares: `python -m byhand.web.networks` trains them on MNIST and writes them.

Each is a recipe, run with the seed 0. Nothing is chosen by the test images: they are read once, at the end. A file's
description says all that under "card".

    python -m byhand.web.networks FILE NAME ABOUT COMMAND

gives such a card to a model file that another command has trained.
"""

import json
import sys
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from byhand.core.files import write_atomically
from byhand.data import load
from byhand.initializers import Zeros
from byhand.layers import Conv2D, Dense, Flatten, MaxPool2D, ReLU
from byhand.network import Network
from byhand.optimizers import Adam
from byhand.recipes import Recipe, Run, get_recipe, run_recipe
from byhand.schedules import CosineAnnealing
from byhand.training import evaluate

NETWORKS_FOLDER = Path(__file__).parent / "networks"
COMMAND = "python -m byhand.web.networks"


@dataclass(frozen=True)
class Small:
    """A network that comes with the page: its name, description and recipe."""

    name: str
    about: str
    recipe: Recipe


def small_networks() -> dict[str, Small]:
    """Each by its id."""
    dense, conv = get_recipe("dense"), get_recipe("conv")
    return {
        "perceptron": Small(
            "Perceptron",
            "One layer: for each digit one weight a pixel, and the largest of ten weighted sums wins.",
            replace(dense, name="perceptron", layers=(Dense(10, Zeros()),), optimizer=Adam(CosineAnnealing(0.001))),
        ),
        "nielsen": Small(
            "Nielsen's network",
            "Thirty sigmoid units between the pixels and ten sigmoid outputs, trained by the quadratic cost.",
            get_recipe("nielsen"),
        ),
        "guide": Small(
            "The guide's network",
            "256 ReLU units and ten sigmoid outputs, each a probability by itself; 150 steps with all images at once.",
            get_recipe("guide"),
        ),
        "small-conv": Small(
            "Small convolutional network",
            "Eight filters of 5 × 5, then sixteen of 3 × 3, a max pooling after each, and ten outputs by softmax.",
            replace(
                conv,
                name="small-conv",
                layers=(
                    *(Conv2D(8, 5), ReLU(), MaxPool2D()),
                    *(Conv2D(16), ReLU(), MaxPool2D()),
                    *(Flatten(), Dense(10)),
                ),
                epochs=10,
            ),
        ),
    }


def write(path: Path, small: Small, seed: int = 0) -> None:
    """Train one network and write it in half precision, with its card."""
    run = run_recipe(small.recipe, seed, progress=False)
    with tempfile.TemporaryDirectory() as folder:
        stored = Path(folder) / "stored.safetensors"
        run.network.save(stored, np.float16)
        write_with_card(path, stored, card(small, run, Network.load(stored)))


def card(small: Small, run: Run, stored: Network) -> dict[str, object]:
    """The model card; accuracies are of the network as stored in half precision."""
    recipe, split = small.recipe, run.split
    assert split.test and split.validation
    return {
        "name": small.name,
        "description": small.about,
        "command": COMMAND,
        "data": f"MNIST: {len(split.train[0]):,} images to learn from, {len(split.validation[0]):,} held back",
        "training": f"{recipe.training}, seed {run.seed}",
        "validation_accuracy": evaluate(stored, *split.validation).accuracy,
        "test_accuracy": evaluate(stored, *split.test).accuracy,
    }


def write_with_card(path: Path, stored: Path, card: dict[str, object]) -> None:
    """Write a copy of the model file `stored` with a card."""
    from safetensors import safe_open
    from safetensors.numpy import load_file, save

    with safe_open(stored, "np") as file:
        description = json.loads(file.metadata()["byhand"]) | {"card": card}
    text = json.dumps(description, ensure_ascii=False, sort_keys=True)
    write_atomically(path, save(load_file(stored), metadata={"byhand": text}))


def add_card(path: Path, name: str, about: str, command: str) -> None:
    """Add a card with the accuracy on MNIST's test images to a model file."""
    network, data = Network.load(path), load("mnist")
    assert data.x_test is not None and data.y_test is not None
    accuracy = evaluate(network, data.x_test.reshape(-1, *network.input_shape), data.y_test).accuracy
    said = {"name": name, "description": about, "command": command, "test_accuracy": accuracy}
    write_with_card(path, path, said)


def train_networks(arguments: list[str]) -> None:
    """Train and write all of them; or, with a file, a name, a sentence and a command, describe that one."""
    if arguments:
        path, name, about, command = arguments
        add_card(Path(path), name, about, command)
        return
    for key, small in small_networks().items():
        write(NETWORKS_FOLDER / f"{key}.safetensors", small)
        print(f"{key}: written.", flush=True)


if __name__ == "__main__":
    train_networks(sys.argv[1:])
