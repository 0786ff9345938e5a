"""Writes the models, run configurations and the unfinished run of `saved_0_1/`, as byhand 0.1 wrote them; made once.

Run again with a later version, it writes that version's files: only into another folder, beside the old ones.
"""

import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np

import byhand as bh
from byhand.diagnosis import Watch
from byhand.recipes import RECIPES, run_recipe
from byhand.recipes.config import RunConfig
from byhand.recipes.unfinished import new_checkpoints

CONVOLUTION = [bh.Conv2D(4, 3, padding="same"), bh.BatchNorm(), bh.ReLU(), bh.MaxPool2D(), bh.Flatten(), bh.Dense(3)]
BLOCK = bh.Residual((bh.Dense(6), bh.LayerNorm(), bh.LeakyReLU(0.2), bh.Dropout(0.3)))
NETWORKS = {
    "dense": ((8,), [bh.Dense(6), BLOCK, bh.Dense(3)], bh.CategoricalCrossEntropy(0.1), None, ["a", "b", "ü"]),
    "double": ((8,), [bh.Dense(4, bh.Normal(0.5)), bh.Tanh(), bh.Dense(2)], bh.MSE(), None, None),
    "half": ((8,), [bh.Dense(6), bh.BatchNorm(), bh.ELU(), bh.Dense(1)], bh.BinaryCrossEntropy(), np.float16, None),
    "whole": ((6, 6, 1), CONVOLUTION, bh.CategoricalCrossEntropy(), np.int8, None),
    "row": ((4, 10, 1), [bh.Conv2D(5, (4, 3), padding="valid"), bh.Columns()], bh.CTC(4, 3), np.float16, None),
}
CONFIGURATIONS = ("nielsen", "distorted", "conv", "race", "math-behind-adam")


def inputs(shape: tuple[int, ...]) -> np.ndarray:
    """Five samples of that shape."""
    return np.random.default_rng(1).standard_normal((5, *shape))


def make(folder: Path) -> None:
    """Write all of them, and what each network answers."""
    answers = {}
    for name, (shape, layers, loss, dtype, classes) in NETWORKS.items():
        network = bh.Network(
            shape, layers, loss, rng=5, dtype=np.float64 if name == "double" else np.float32, classes=classes
        )
        network.state[...] = np.random.default_rng(2).uniform(0.5, 2, network.state.size)
        network.save(folder / f"{name}.safetensors", dtype)
        answers[name] = bh.Network.load(folder / f"{name}.safetensors").predict_proba(inputs(shape)).tolist()
    (folder / "answers.json").write_text(json.dumps(answers, separators=(",", ":")) + "\n")
    for name in CONFIGURATIONS:
        (folder / f"{name}.toml").write_text(RunConfig(RECIPES[name], "mnist", 3).to_toml())
    make_run(folder / "run")


def make_run(folder: Path) -> None:
    """Write checkpoints of a run as `byhand train` does, and the parameters with which it ended."""
    layers = (bh.Dense(6), bh.BatchNorm(), bh.ReLU(), bh.Dropout(0.2), bh.Dense(10))
    changes = {"layers": layers, "input_shape": (64,), "epochs": 3, "batch_size": 100, "averaging": 0.9, "patience": 2}
    recipe = replace(RECIPES["dense"], dataset="digits", optimizer=bh.Adam(bh.OneCycle(0.01)), **changes)
    config = RunConfig(recipe, "digits", 3)
    checkpoints = new_checkpoints(folder, "9 steps", config, plots=False, half=False)
    run = run_recipe(recipe, 3, dataset=config.load(), callbacks=[Watch()], checkpoint=checkpoints, progress=False)
    np.savez(folder / "end.npz", theta=run.network.theta, state=run.network.state, loss=run.outcome.history["loss"])


if __name__ == "__main__":
    make(Path(sys.argv[1]))
