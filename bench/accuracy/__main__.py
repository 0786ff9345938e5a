"""Train the project's best recipes with several seeds, and write their accuracies beside published ones.

    python -m bench.accuracy --recipes race small fashion --seeds 3 --out docs
    python -m bench.accuracy --recipes voting-3 voting-5 --seeds 2 --keep networks --ensemble networks --out docs
    python -m bench.accuracy --report --out docs

Each result is added to accuracy.json when it is known; results in this file are not trained again, and an interrupted
training resumes from its last checkpoint. Several processes can share the work by recipe or by seed (--first).
--keep stores the networks. --ensemble evaluates the ensemble of the `voting-...` networks on several versions of each
test image. --report writes accuracy.md from the results without training.
"""

import argparse
import json
import platform
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from statistics import mean, stdev
from typing import Any

import numpy as np

import byhand
from byhand.core.errors import ByhandError
from byhand.core.files import locked, write_atomically
from byhand.ops import describe_operations
from byhand.recipes import Recipe, Run, get_recipe, run_recipe
from byhand.recipes.base import hold_back
from byhand.training import Callback, Checkpoints, Training

VOTING = ("voting-3", "voting-5", "voting-7")  # they hold the same images back
VERSIONS = 8  # of each image that the ensemble looks at, beside itself
TABLES = {  # the recipes of the page, in order
    "MNIST": ("race", "small", "reader", *VOTING, "ensemble"),
    "Fashion-MNIST": ("fashion",),
}
PUBLISHED = (
    ("LeNet-5", "LeCun, Bottou, Bengio and Haffner (1998)", 0.95),
    ("LeNet-5, trained on distorted digits too", "the same", 0.8),
    ("a simple convolutional network, elastic distortion", "Simard, Steinkraus and Platt (2003)", 0.4),
    ("MCDNN, a committee of 35", "Cireşan, Meier and Schmidhuber (2012)", 0.23),
    ("simple convolutional networks, voting", "An, Lee, Park, Yang and So (2020)", 0.13),
)


class Clock(Callback):
    """Counts the processor seconds of a training, also of one that was stopped and went on."""

    def on_start(self, training: Training) -> None:
        self.began = time.process_time()

    def on_end(self, training: Training) -> None:
        self.seconds = time.process_time() - self.began

    def state(self) -> dict[str, Any]:
        return {"seconds": time.process_time() - self.began}

    def restore(self, state: dict[str, Any]) -> None:
        self.began -= float(state["seconds"])


def train(recipe: Recipe, seed: int, work: Path, progress: bool) -> tuple[Run, float]:
    """A finished run and its processor seconds; its state is kept under `work` meanwhile."""
    clock, checkpoints = Clock(), Checkpoints(work)
    run = run_recipe(recipe, seed, callbacks=[clock], checkpoint=checkpoints, resume=True, progress=progress)
    return run, clock.seconds


def result(recipe: Recipe, seed: int, work: Path, progress: bool, keep: Path | None = None) -> dict[str, Any]:
    """One seed's figures. A recipe that holds nothing back is trained once more with 10,000 images held back.

    With `keep` the network goes into that folder, in half precision.
    """
    run, processor = train(recipe, seed, work / "run", progress)
    if keep:
        keep.mkdir(parents=True, exist_ok=True)
        run.network.save(keep / f"{recipe.name}-{seed}.safetensors", "float16")
    validation = run.outcome.validation
    if validation is None:
        twin, _ = train(replace(recipe, prepare=hold_back(10_000)), seed, work / "held-back", progress)
        validation = twin.outcome.validation
    with tempfile.TemporaryDirectory() as folder:
        run.network.save(Path(folder) / "model.safetensors")
        stored = (Path(folder) / "model.safetensors").stat().st_size
    assert run.outcome.test is not None
    return {
        "recipe": recipe.name,
        "seed": seed,
        "parameters": run.network.size,
        "stored_bytes": stored,
        "epochs": run.outcome.history.epochs,
        "seconds": run.outcome.seconds,
        "processor_seconds": processor,
        "validation": validation,
        "test": run.outcome.test.accuracy,
        "byhand": byhand.__version__,
        "operations": describe_operations(),
        "machine": platform.machine(),
    }


def ensemble(folder: Path) -> dict[str, Any]:
    """What the kept networks of `VOTING` give together: the mean of their probabilities for VERSIONS + 1 versions.

    The test images are read once. How many versions, and of which kind, was chosen by the images held back.
    All of the networks hold the same ones back, which so tell what to expect.
    """
    files = sorted(folder.glob("voting-*.safetensors"))
    networks = [byhand.Network.load(file) for file in files]
    split = get_recipe(VOTING[0]).prepare(byhand.load("mnist"), np.random.default_rng(0))
    start = time.process_time()
    validation, test = (right(networks, *pair) for pair in (split.validation, split.test) if pair)
    seconds = time.process_time() - start
    return {
        "recipe": "ensemble",
        "seed": 0,
        "parameters": sum(network.size for network in networks),
        "stored_bytes": sum(file.stat().st_size for file in files),
        "epochs": 0,
        "seconds": seconds,
        "processor_seconds": seconds,
        "validation": validation,
        "test": test,
        "members": [file.stem for file in files],
        "byhand": byhand.__version__,
        "operations": describe_operations(),
        "machine": platform.machine(),
    }


def right(networks: list[byhand.Network], x: np.ndarray, y: np.ndarray) -> float:
    """The share of images that the networks together find right, each as it is and varied as in training."""
    images, rng = x.reshape(-1, *networks[0].input_shape), np.random.default_rng(0)
    augment = get_recipe(VOTING[0]).augment
    p = sum(network.predict_proba(images) for network in networks)
    for _ in range(VERSIONS):
        varied = augment(images, rng)
        p += sum(network.predict_proba(varied) for network in networks)
    return float(np.mean(np.argmax(p, axis=1) == y))


def read(path: Path) -> list[dict[str, Any]]:
    """The results so far."""
    return json.loads(path.read_text())["results"] if path.exists() else []


def add(path: Path, found: dict[str, Any]) -> None:
    """Add a result to the file, in the page's order."""
    order = [name for names in TABLES.values() for name in names]
    with locked(path.parent / ".accuracy", "another process has been writing results for a minute", 60):
        results = [r for r in read(path) if (r["recipe"], r["seed"]) != (found["recipe"], found["seed"])] + [found]
        results.sort(key=lambda r: (order.index(r["recipe"]) if r["recipe"] in order else len(order), r["seed"]))
        write_atomically(path, (json.dumps({"results": results}, indent=1) + "\n").encode())


def percent(shares: list[float]) -> str:
    """Mean ± standard deviation, in per cent; a dash where there is none."""
    if None in shares:
        return "–"
    spread = f" ± {100 * stdev(shares):.2f}" if len(shares) > 1 else ""
    return f"{100 * mean(shares):.2f}{spread}"


def row(name: str, results: list[dict[str, Any]]) -> str:
    """A recipe's line; dashes where nothing was measured yet."""
    if not results:
        return f"| `{name}` |" + " – |" * 7
    one, seeds = results[0], ", ".join(str(r["seed"]) for r in results)
    minutes = mean(r["processor_seconds"] for r in results) / 60
    figures = [percent([r[key] for r in results]) for key in ("validation", "test")]
    return (
        f"| `{name}` | {one['parameters']:,} | {one['stored_bytes'] / 1000:,.0f} kB | {one['epochs']} | {minutes:.1f} "
        f"| {seeds} | {figures[0]} | **{figures[1]}** |"
    )


HEAD = """# Accuracy

This page is written by `python -m bench.accuracy`; the single results are in [accuracy.json](accuracy.json). The seed
splits the training images into training and validation images. All choices were made by validation accuracy; the test
images were used once for each seed of the finished recipe. Accuracies are the mean ± standard deviation over the
seeds, in per cent. Minutes are processor minutes of one training, summed over all cores, on a machine that was also
used for other work.
"""
COLUMNS = """
| recipe | parameters | stored | epochs | minutes | seeds | validation | test |
|---|---|---|---|---|---|---|---|
"""
FOOT = """
The page [recipes](recipes.md#recipes-of-the-project) describes each recipe. `race` trains on all 60,000 images; its
validation accuracy is that of a second network, trained on 50,000 of them. `ensemble` averages the predictions of the
`voting` networks for each image and {versions} augmented versions of it; all of these networks hold back the same
5,000 images. To repeat the measurements:

{commands}

## Published on MNIST

| network | source | test | error |
|---|---|---|---|
"""


def page(results: list[dict[str, Any]]) -> str:
    """The page, in Markdown."""
    parts = [HEAD]
    for title, recipes in TABLES.items():
        rows = [row(name, [r for r in results if r["recipe"] == name]) for name in recipes]
        parts.append(f"\n## {title}\n{COLUMNS}" + "\n".join(rows) + "\n")
    parts.append(FOOT.format(versions=VERSIONS, commands="\n".join(commands(results))))
    return "".join(parts) + "".join(
        f"| {name} | {source} | {100 - error:.2f} | {error:.2f} |\n" for name, source, error in PUBLISHED
    )


def commands(results: list[dict[str, Any]]) -> Iterator[str]:
    """The commands that give these results: one for each number of seeds, and one for the ensemble."""
    seeds = {name: sum(r["recipe"] == name for r in results) for names in TABLES.values() for name in names}
    together = seeds.pop("ensemble")
    for count in sorted(set(seeds.values()) - {0}):
        names = [name for name, n in seeds.items() if n == count]
        keep = " --keep networks" if together and set(names) & set(VOTING) else ""
        yield f"    python -m bench.accuracy --recipes {' '.join(names)} --seeds {count}{keep} --out docs"
    if together:
        yield "    python -m bench.accuracy --recipes --ensemble networks --out docs"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--recipes", nargs="*", default=["race", "small", "fashion"], metavar="RECIPE")
    parser.add_argument("--seeds", type=int, default=3, help="how many")
    parser.add_argument("--first", type=int, default=0, help="the first of them")
    parser.add_argument("--out", type=Path, default=Path("docs"), help="folder of accuracy.md and accuracy.json")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="keep the networks there, in half precision")
    parser.add_argument("--ensemble", type=Path, metavar="FOLDER", help="of the kept networks of `voting-...` there")
    parser.add_argument("--report", action="store_true", help="write accuracy.md, train nothing")
    parser.add_argument("--quiet", action="store_true", help="no progress bars")
    options = parser.parse_args()
    if options.ensemble and not options.keep and not [*options.ensemble.glob("voting-*.safetensors")]:
        parser.error(f"{options.ensemble} holds no network of {', '.join(VOTING)}; train some with --keep FOLDER")
    path = options.out / "accuracy.json"
    wanted = [] if options.report else [(get_recipe(name), seed) for name in options.recipes for seed in seeds(options)]
    for recipe, seed in wanted:
        if any((r["recipe"], r["seed"]) == (recipe.name, seed) for r in read(path)):
            continue
        print(f"{recipe.name}, seed {seed}", flush=True)
        work = options.out / ".accuracy" / f"{recipe.name}-{seed}"
        try:
            add(path, result(recipe, seed, work, not options.quiet, options.keep))
        except ByhandError as error:
            parser.exit(1, f"bench.accuracy: {error}\n")
        shutil.rmtree(work, ignore_errors=True)
        with suppress(OSError):
            work.parent.rmdir()  # where nothing else is under way
    if options.ensemble:
        if not [*options.ensemble.glob("voting-*.safetensors")]:  # all results were there, so nothing was trained
            parser.exit(
                1, f"bench.accuracy: {options.ensemble} holds no network; take their results out of {path} first\n"
            )
        add(path, ensemble(options.ensemble))
    write_atomically(options.out / "accuracy.md", page(read(path)).encode())


def seeds(options: argparse.Namespace) -> range:
    return range(options.first, options.first + options.seeds)


if __name__ == "__main__":
    main()
