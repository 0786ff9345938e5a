"""byhand train, evaluate, reproduce."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from byhand.cli.main import app
from byhand.cli.show import percent, print_json, print_table
from byhand.core.errors import ByhandError

if TYPE_CHECKING:
    from byhand.recipes import Run
    from byhand.recipes.config import RunConfig
    from byhand.training import Evaluation

Json = Annotated[bool, typer.Option("--json", help="Print JSON, one object a line.")]


@app.command(epilog="Example:  byhand train nielsen --epochs 10 --hidden 100 --out runs/wide")
def train(
    recipe: Annotated[str | None, typer.Argument(help="Which recipe; `dense` by default.")] = None,
    epochs: Annotated[int | None, typer.Option(min=1, help="How many times all samples are seen.")] = None,
    batch_size: Annotated[int | None, typer.Option(min=0, help="Samples a step; 0 for all at once.")] = None,
    lr: Annotated[float | None, typer.Option(help="The learning rate, constant.")] = None,
    hidden: Annotated[str | None, typer.Option(help="Sizes of the hidden layers: 256,128")] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Seed of everything random.")] = None,
    data: Annotated[str | None, typer.Option(help="A data set's name or a path.")] = None,
    config: Annotated[Path | None, typer.Option(help="A run's config.toml, to repeat it.")] = None,
    out: Annotated[Path | None, typer.Option(help="Folder for the run; runs/RECIPE-N by default.")] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a run that is in the folder.")] = False,
    plots: Annotated[bool, typer.Option(help="Whether to draw the plots.")] = True,
    half: Annotated[bool, typer.Option("--half", help="Store the model in half precision.")] = False,
    checkpoint_every: Annotated[
        str | None,
        typer.Option(help="When to write the run's state: 60 seconds (the default), 500 steps, 1 epoch, never."),
    ] = None,
    resume: Annotated[Path | None, typer.Option(help="Go on with the unfinished run in this folder.")] = None,
    json: Json = False,
) -> None:
    """Train a recipe, and write model, configuration, history, metrics, diagnosis and plots into a folder."""
    from byhand.cli.interrupt import stoppable
    from byhand.data import load
    from byhand.diagnosis import Watch
    from byhand.recipes import run_recipe
    from byhand.recipes.folder import MODEL, claimed, metrics, watched, write_run
    from byhand.recipes.unfinished import new_checkpoints, open_checkpoints

    if resume:
        if any((recipe, epochs, batch_size is not None, lr, hidden, seed is not None, data, config, out, overwrite)):
            raise ByhandError("--resume goes on with a run as it was begun; leave out what would change it.")
        checkpoints, chosen = open_checkpoints(resume, checkpoint_every)
        plots, half = checkpoints.note["plots"], checkpoints.note["half"]
    else:
        chosen = _configure(recipe, config, epochs, batch_size, lr, hidden, seed, data)
    dataset = load(chosen.data)
    if not json:
        doing = "Going on with" if resume else "Training"
        print(f"{doing} {chosen.recipe.name} ({chosen.recipe.training}), seed {chosen.seed}.", flush=True)
    watch = Watch()
    with claimed(resume or out, chosen.recipe.name, overwrite=overwrite, resume=bool(resume)) as folder:
        if not resume:
            checkpoints = new_checkpoints(folder, checkpoint_every, chosen, plots, half)
        with stoppable(checkpoints, folder), watched(watch, folder, chosen):
            options: dict[str, Any] = {"callbacks": [watch], "checkpoint": checkpoints, "resume": bool(resume)}
            run = run_recipe(chosen.recipe, chosen.seed, dataset=dataset, **options)
            write_run(run, folder, chosen, plots, half)
        checkpoints.remove()  # only now that all is written
    if json:
        print_json({"folder": str(folder), "model": str(folder / MODEL)} | metrics(run))
        return
    print_run(run)
    files = f"{MODEL}, config.toml, history.csv, metrics.json, diagnosis.json, network.txt{', plots' * plots}"
    print(f"Written to {folder}: {files}.")
    if names := [problem.name for problem in watch.problems() if problem.severity > 1]:
        print(f"Something may be wrong ({', '.join(names)}): byhand diagnose {folder} says more.")


def _configure(
    name: str | None,
    config: Path | None,
    epochs: int | None,
    batch_size: int | None,
    lr: float | None,
    hidden: str | None,
    seed: int | None,
    data: str | None,
) -> "RunConfig":
    """The recipe, or the configuration file, with the command line's changes."""
    from byhand.recipes import RECIPES, get_recipe, with_hidden
    from byhand.recipes.config import RunConfig, read_config

    if config and name:
        raise ByhandError("Give either a recipe or --config, not both: a configuration names its recipe.")
    if config:
        chosen = read_config(config, RECIPES)
    else:
        recipe = get_recipe(name or "dense")
        chosen = RunConfig(recipe, recipe.dataset, 0)
    changes: dict[str, Any] = {}
    if epochs is not None:
        changes["epochs"] = epochs
    if batch_size is not None:
        changes["batch_size"] = batch_size or None
    if lr is not None:
        changes["optimizer"] = replace(chosen.recipe.optimizer, learning_rate=lr)  # type: ignore[type-var]
    if hidden is not None:
        changes["layers"] = with_hidden(chosen.recipe.layers, _sizes(hidden))
    return RunConfig(
        replace(chosen.recipe, **changes),
        chosen.data if data is None else absolute(data),
        chosen.seed if seed is None else seed,
    )


def absolute(data: str) -> str:
    """A path in full, so that the configuration can be repeated from elsewhere; a known name stays."""
    from byhand.data import listing

    known = {entry.name for entry in listing()}
    return data if data in known else str(Path(data).resolve())


def _sizes(text: str) -> tuple[int, ...]:
    try:
        sizes = tuple(int(part) for part in text.split(","))
    except ValueError:
        sizes = ()
    if not sizes or min(sizes) < 1:
        raise ByhandError(f"--hidden wants sizes such as 256,128; got {text!r}.")
    return sizes


def print_run(run: "Run") -> None:
    """A run's figures for people."""
    outcome = run.outcome
    rows = [("train", outcome.train), ("validation", outcome.validation)]
    rows += [("test", outcome.test.accuracy)] if outcome.test else []
    print_table("Accuracy", ("data", "right"), [(name, percent(value)) for name, value in rows if value is not None])
    if outcome.test:
        print_scores(outcome.test, run.dataset.classes)
        per_epoch = sorted(outcome.history["seconds"])[outcome.history.epochs // 2]
        print(
            f"{outcome.seconds:.1f} s of training, {per_epoch:.3f} s an epoch; one image takes "
            f"{1e6 * outcome.test.seconds_per_image:.0f} µs, {outcome.test.samples:,} together "
            f"{1e3 * outcome.test.seconds_per_batch:.0f} ms."
        )


def print_scores(result: "Evaluation", classes: tuple[str, ...]) -> None:
    """Precision, recall and F1 of each class and averaged."""
    s = result.scores
    names = classes if len(classes) == len(s.support) else tuple(map(str, range(len(s.support))))
    rows: list[tuple[str, ...]] = [
        (name, percent(s.precision[i]), percent(s.recall[i]), percent(s.f1[i]), f"{s.support[i]:,}")
        for i, name in enumerate(names)
    ]
    total = f"{result.samples:,}"
    rows += [
        (name, *map(percent, figures), total) for name, figures in (("macro", s.macro()), ("weighted", s.weighted()))
    ]
    print_table("Test samples by class", ("class", "precision", "recall", "F1", "samples"), rows)


@app.command(epilog="Example:  byhand evaluate runs/dense-1 --json")
def evaluate(
    model: Annotated[Path, typer.Argument(help="A model file, or a run's folder.")],
    data: Annotated[str | None, typer.Option(help="A data set's name or a path; by default the run's own.")] = None,
    json: Json = False,
) -> None:
    """Measure a model on test samples: loss, accuracy, precision, recall, F1, confusion, times."""
    from byhand import training
    from byhand.network import Network

    network = Network.load(model_file(model))
    x, y, classes = _test_samples(model, data)
    if x.shape[1:] != network.input_shape and x[0].size == _size(network.input_shape):
        x = x.reshape((-1, *network.input_shape))
    result = training.evaluate(network, x, y)
    if json:
        record = {"model": str(model), "samples": result.samples, "loss": result.loss, "accuracy": result.accuracy}
        record |= {"seconds_per_image": result.seconds_per_image, "seconds_per_batch": result.seconds_per_batch}
        names = ("precision", "recall", "f1")
        record["macro"] = dict(zip(names, result.scores.macro(), strict=True))
        record["weighted"] = dict(zip(names, result.scores.weighted(), strict=True))
        print_json(record | {"confusion": result.confusion.tolist()})
        return
    print(f"{percent(result.accuracy)} of {result.samples:,} right, loss {result.loss:.4f}.")
    print_scores(result, classes)
    print_table(
        "Confusion (rows: truth, columns: read as)",
        ("", *classes),
        [(name, *map(str, row)) for name, row in zip(classes, result.confusion, strict=True)],
    )


def _size(shape: tuple[int, ...]) -> int:
    size = 1
    for side in shape:
        size *= side
    return size


def model_file(path: Path) -> Path:
    """The model file itself, or the one in a run's folder."""
    from byhand.recipes.folder import MODEL

    return path / MODEL if path.is_dir() else path


def _test_samples(model: Path, data: str | None) -> tuple[Any, Any, tuple[str, ...]]:
    """The samples to measure with: those of the run's own split, or of the data set that was named."""
    import numpy as np

    from byhand.data import load
    from byhand.recipes import RECIPES
    from byhand.recipes.config import read_config
    from byhand.recipes.folder import CONFIG

    config = model.parent / CONFIG if model.is_file() else model / CONFIG
    if data is None and config.exists():
        chosen = read_config(config, RECIPES)
        dataset = load(chosen.data)
        split = chosen.recipe.prepare(dataset, np.random.default_rng(chosen.seed))
        x, y = split.test or split.validation or split.train
        return x, y, dataset.classes
    dataset = load(data or "mnist")
    if dataset.x_test is None or dataset.y_test is None:
        return dataset.x_train, dataset.y_train, dataset.classes
    return dataset.x_test, dataset.y_test, dataset.classes


@app.command(epilog="Example:  byhand reproduce nielsen chang --seeds 3")
def reproduce(
    recipes: Annotated[list[str] | None, typer.Argument(help="Which recipes; all published ones by default.")] = None,
    seeds: Annotated[int, typer.Option(min=1, help="How many runs of each, with the seeds 0, 1, ...")] = 5,
    json: Json = False,
) -> None:
    """Train the published set-ups on the real data, and print their figures beside ours."""
    import sys

    from byhand.recipes import PUBLISHED, get_recipe
    from byhand.recipes.reproduce import reproduce as run

    chosen = [get_recipe(name) for name in recipes or PUBLISHED]
    say = (lambda text: None) if json else (lambda text: print(f"… {text}", file=sys.stderr, flush=True))
    table, faults = [], {}
    for rows in run(chosen, seeds, progress=not json, say=say):
        for row in rows:
            if json:
                print_json(
                    {
                        "recipe": row.recipe.name,
                        "figure": row.figure.name,
                        "published": row.figure.published,
                        "mean": row.mean,
                        "spread": row.spread,
                        "best": row.best,
                        "values": list(row.values),
                        "seconds": row.seconds,
                        "fault": row.recipe.fault,
                    }
                )
                continue
            show = percent if row.figure.percent else (lambda value: "–" if value is None else f"{value:.3g}")
            first = row is rows[0]
            name, seconds = (row.recipe.name, f"{row.seconds:.1f}") if first else ("", "")
            spread = "–" if len(row.values) == 1 else show(row.spread).replace(" %", "")
            figures = (show(row.figure.published), show(row.mean), spread, show(row.best))
            table.append((name, row.figure.name, *figures, seconds))
            if row.recipe.fault:
                faults[row.recipe.name] = row.recipe.fault
    if json:
        return
    headers = ("recipe", "figure", "published", "ours, mean", "± spread", "best", "s a run")
    print_table(f"Published figures and ours, {seeds} seed{'s' if seeds > 1 else ''}", headers, table, left=2)
    print_table("Faults of the sources, and what is done here", ("recipe", ""), list(faults.items()), left=2)
