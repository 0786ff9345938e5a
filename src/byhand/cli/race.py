"""byhand race."""

import os
import time
from pathlib import Path

import click

from byhand.cli.app import app, json_option
from byhand.cli.output import percent, print_json
from byhand.core.errors import ByhandError

STAT = Path("/proc/self/stat")  # Linux
LOADED = time.perf_counter()


@app.command(epilog="Example:  byhand race --seed 3 --json")
@click.option("--seed", type=click.IntRange(0), default=0, help="Random seed.")
@click.option("--data", default="mnist", help="Name or path of a data set.")
@json_option
def race(seed: int, data: str, json: bool) -> None:
    """Train a convolutional network on MNIST from a cold start, and print test accuracy and times."""
    from byhand.data import load
    from byhand.recipes import RECIPES
    from byhand.recipes.run import begin_recipe, fit_recipe
    from byhand.training.evaluate import Evaluator

    recipe, dataset = RECIPES["race"], load(data)
    network, split, rng = begin_recipe(recipe, seed, dataset)
    if split.test is None:
        raise ByhandError(f"{data}: has no test images, which the race needs.")
    ready = age()
    fit_recipe(recipe, network, split.train, None, rng, accuracy=False)
    trained = age()
    found, count = Evaluator(network, *split.test)(), len(split.test[1])
    seconds = age()
    if json:
        record = found | {"seconds": seconds, "processor_seconds": time.process_time(), "seed": seed}
        parts = {"start": ready, "training": trained - ready, "test": seconds - trained}
        print_json(record | parts | {"epochs": recipe.epochs, "parameters": network.size, "test_samples": count})
        return
    print(
        f"{percent(found['accuracy'])} of {count:,} test images correct {seconds:.2f} s after the start of the process "
        f"({ready:.2f} s to start, {trained - ready:.2f} s to train, {seconds - trained:.2f} s to test)."
    )


def age() -> float:
    """Seconds since this process was created, or since the commands were loaded if the system does not tell."""
    try:
        created = int(STAT.read_text().rpartition(")")[2].split()[19]) / os.sysconf("SC_CLK_TCK")  # after the boot
        return time.clock_gettime(time.CLOCK_BOOTTIME) - created
    except (OSError, AttributeError, ValueError, IndexError):
        return time.perf_counter() - LOADED
