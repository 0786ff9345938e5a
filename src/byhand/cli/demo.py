"""byhand demo."""

import os
import shutil
import sys
import time
from pathlib import Path

import click

from byhand.cli.app import PATH, app
from byhand.cli.output import percent, print_run, print_table

NEXT = (  # what to type after byhand, and what it shows
    ("lesson", "worked examples in order, from the perceptron to networks that draw"),
    ("explain nielsen", "a network's equations, forward and backward, with its shapes"),
    ("look {out} 7", "which pixels decided the prediction for test image 7"),
    ("read {out}/digits", "the digits that byhand drew, read by its own reader; or pictures of yours"),
    ("train nielsen", "Nielsen's network; byhand recipes lists the others"),
    ("serve", "the page: draw digits, look inside a network, watch one learn"),
)


@app.command(epilog="Example:  byhand demo --out out/demo")
@click.option("--out", type=PATH, default=Path("out/demo"), help="Folder for the model, metrics and pictures.")
@click.option("--seed", type=click.IntRange(0), default=0, help="Random seed.")
def demo(out: Path, seed: int) -> None:
    """Fetch MNIST, train a dense network, draw pictures, and read a few digits drawn by byhand."""
    import numpy as np

    from byhand import plots
    from byhand.data import load
    from byhand.handwriting.drawn import write_samples
    from byhand.reading.reader import Reader
    from byhand.recipes import RECIPES, run_recipe
    from byhand.recipes.config import RunConfig
    from byhand.recipes.folder import MODEL, claimed, write_run

    start = time.perf_counter()
    print(f"This trains a network on MNIST, draws pictures and reads digits into {out}; it takes less than a minute.")
    print("Fetching MNIST, unless it is in the cache ...", flush=True)
    dataset = load("mnist")
    recipe = RECIPES["dense"]
    print(f"Training {', '.join(layer.label() for layer in recipe.layers)} ({recipe.training}) ...", flush=True)
    with claimed(out, overwrite=True):
        run = run_recipe(recipe, seed, dataset=dataset)
        write_run(run, out, RunConfig(recipe, recipe.dataset, seed))
    print_run(run)

    samples = write_samples(out / "digits", np.random.default_rng(seed))
    reader = Reader(out / MODEL)
    readings = [reader.read(path) for path, _ in samples]
    rows = [
        (path.name, str(digit), reading.text, percent(reading.confidence, 1))
        for (path, digit), reading in zip(samples, readings, strict=True)
    ]
    print_table("Digits that byhand drew itself", ("picture", "drawn", "read", "confidence"), rows, left=1)
    blank = np.zeros((28, 28), np.uint8)
    figure = plots.digits(
        np.stack([reading.digits[0].image if reading.digits else blank for reading in readings]),
        np.array([str(digit) for _, digit in samples]),
        np.array([reading.text for reading in readings]),
        np.array([reading.confidence for reading in readings]),
    )
    plots.save(figure, out / "plots" / "drawn.png")
    seconds = time.perf_counter() - start
    print(f"The pictures are in {out / 'plots'}, everything else is in {out}. This took {seconds:.0f} s.\n")
    commands = [f"{_command()} {words.format(out=out)}" for words, _ in NEXT]
    width = max(map(len, commands))
    print("Next:")
    for command, (_, shows) in zip(commands, NEXT, strict=True):
        print(f"  {command:{width}}   {shows}")


def _command() -> str:
    """How byhand is called here: by its name if the shell finds it, else by its path."""
    called = Path(sys.argv[0])
    found = shutil.which("byhand")
    if called.name != "byhand" or (found and Path(found).resolve() == called.resolve()):
        return "byhand"
    return os.path.relpath(called)
