"""The cost of checking for NaN in each step, and of checkpoints: `python -m bench.speed.guard`.

The networks are 784-256-128-10 in batches of 128 (recipe `dense`) and 784-30-10 in batches of 10 (`nielsen`), on random
images. Each figure is the minimum of several runs.
"""

import tempfile
import time
import timeit
from statistics import median

import numpy as np
from threadpoolctl import threadpool_limits

import byhand as bh
from byhand.recipes import RECIPES
from byhand.training.batches import Batches
from byhand.training.checkpoints import Checkpoints, Keeper
from byhand.training.guard import Guard
from byhand.training.state import Training
from byhand.training.steps import MiniBatches

SAMPLES, CALLS = 50_000, 1000


def microseconds(call):
    """Least time of one of many calls with the step's number."""

    def many():
        for step in range(1, CALLS + 1):
            call(step)

    with threadpool_limits(1):
        return 1e6 * min(timeit.repeat(many, number=1, repeat=20)) / CALLS


def main():
    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 256, (SAMPLES, 784), np.uint8), rng.integers(0, 10, SAMPLES)
    for name in ("dense", "nielsen"):
        recipe = RECIPES[name]
        network = bh.Network(784, recipe.layers, recipe.loss, inputs="grey levels")
        options = {"batch_size": recipe.batch_size, "optimizer": recipe.optimizer, "progress": False}
        seconds = min(bh.fit(network, x, y, epochs=6, **options)["seconds"])
        training = Training(network, recipe.optimizer, rng=rng)
        run = MiniBatches(training, Batches(network, x, y, recipe.batch_size))
        training.steps = run.steps
        look = microseconds(Guard(network, recipe.batch_size).passes)
        with tempfile.TemporaryDirectory() as folder:
            checkpoints = Checkpoints(folder)
            keeper, times = Keeper(checkpoints, training, run, [], 1), []
            hook = microseconds(lambda step, keeper=keeper, training=training: keeper.on_step(training))
            for training.step in range(1, 8):
                start = time.perf_counter()
                keeper.take(training).write(checkpoints.folder / "step-1.safetensors")
                times.append(time.perf_counter() - start)
            size = checkpoints.files()[0].stat().st_size
        print(f"{name}: {seconds:.3f} s an epoch, {1e6 * seconds / run.steps:.1f} µs a step")
        for what, cost in (("a look at the gradient", look), ("whether a checkpoint is due", hook)):
            print(f"  {what:<28}{cost:>8.2f} µs a step, {1e-4 * cost * run.steps / seconds:.2f} % of the epoch")
        print(f"  {'a checkpoint':<28}{1e3 * median(times):>8.1f} ms, {size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
