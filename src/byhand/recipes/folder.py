"""A run as a folder: model, configuration, history, metrics, pictures."""

import json
import platform
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from byhand.core.errors import ByhandError, TrainingDiverged
from byhand.core.files import locked, remove_unfinished, write_atomically
from byhand.core.types import Shape
from byhand.diagnosis import Watch
from byhand.diagnosis.record import HISTORY, RECORD
from byhand.layers import Conv2D, Dense
from byhand.recipes.config import RunConfig
from byhand.recipes.run import Run
from byhand.recipes.unfinished import CHECKPOINTS, command
from byhand.training import Evaluation, RegressionEvaluation
from byhand.training.checkpoints import Checkpoints

MOST_CLASSES_DRAWN = 40  # in a confusion matrix
MODEL, CONFIG, LAST_GOOD = "model.safetensors", "config.toml", "last-good.safetensors"


@contextmanager
def claimed(folder: Path | None, name: str = "run", *, overwrite: bool = False, resume: bool = False) -> Iterator[Path]:
    """Create and lock a run folder, and check that it is writable before the training starts.

    Where the run fails before it wrote anything, the folders that were made for it go again.

    Args:
        folder: where; None for runs/NAME-N with the first number that is free.
        name: the recipe's.
        overwrite: whether what another run left there may go.
        resume: whether the run goes on from what it left there itself.

    Raises:
        ByhandError: it holds a model or an unfinished run and may not be overwritten, another process holds it, or it
            cannot be written to.
    """
    made: list[Path] = []
    try:
        folder = _make(folder, made) if folder else _make_numbered(Path("runs"), name, made)
        with locked(folder, f"{folder}: another process is training into it; choose another folder, or wait."):
            unfinished = Checkpoints(folder / CHECKPOINTS)
            if unfinished.files() and not (overwrite or resume):
                raise ByhandError(
                    f"{folder}: holds an unfinished run; go on with {command(folder)}, or add --overwrite."
                )
            if (folder / MODEL).exists() and not (overwrite or resume):
                raise ByhandError(
                    f"{folder}: holds a trained model already; choose another folder, or add --overwrite."
                )
            remove_unfinished(folder)
            if overwrite:
                unfinished.remove()
            write_atomically(folder / ".probe", b"")
            (folder / ".probe").unlink()
            yield folder
    except BaseException:
        for parent in made:
            with suppress(OSError):
                parent.rmdir()  # only where it is empty
        raise


def _make(folder: Path, made: list[Path], new: bool = False) -> Path:
    """Create the folder and missing parents; append those that were created to `made`."""
    missing = [part for part in (folder, *folder.parents) if not part.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=not new)
    except OSError as error:
        if new and isinstance(error, FileExistsError):
            raise
        raise ByhandError(f"{folder}: cannot be written ({error.strerror or error}); nothing was changed.") from None
    made += missing
    return folder


def _make_numbered(parent: Path, name: str, made: list[Path]) -> Path:
    """parent/name-1, or the first number that is free."""
    number = 1
    while True:
        try:
            return _make(parent / f"{name}-{number}", made, new=True)
        except FileExistsError:
            number += 1


@contextmanager
def watched(watch: Watch, folder: Path, config: RunConfig) -> Iterator[None]:
    """Write the measurements of `watch` into `folder` when the run ends.

    Where training diverges, the last good weights are written in place of a model, and the error says where, unless
    the folder holds an earlier run's model.
    """
    try:
        yield
    except TrainingDiverged as error:
        if not (folder / MODEL).exists():
            watch.network.save(folder / LAST_GOOD)
            write_atomically(folder / CONFIG, config.to_toml().encode())
            watch.history.write_csv(folder / HISTORY)
            watch.record.write(folder / RECORD)
            error.args = (f"{error} These weights are in {folder / LAST_GOOD}; byhand diagnose {folder} says more.",)
        raise
    watch.record.write(folder / RECORD)
    (folder / LAST_GOOD).unlink(missing_ok=True)


def metrics(run: Run) -> dict[str, Any]:
    """The run's figures as plain data; accuracy and the like from 0 to 1, times in seconds.

    Where numbers are predicted, R² stands in place of accuracy, and errors are in the label's unit.
    """
    outcome, test = run.outcome, run.outcome.test
    kind = "accuracy" if run.network.classes else "r2"
    figures: dict[str, Any] = {
        "recipe": run.recipe.name,
        "seed": run.seed,
        "parameters": run.network.size,
        f"train_{kind}": outcome.train,
        f"validation_{kind}": outcome.validation,
        "seconds_of_training": outcome.seconds,
        "seconds_per_epoch": float(np.median(outcome.history["seconds"])),
    }
    if isinstance(test, RegressionEvaluation):
        figures |= {"test_loss": test.loss, "test_mae": test.mae, "test_rmse": test.rmse, "test_r2": test.r2}
        figures |= {"test_samples": test.samples, "seconds_per_sample": test.seconds_per_sample}
        figures["seconds_per_batch"] = test.seconds_per_batch
    elif test:
        macro, weighted = test.scores.macro(), test.scores.weighted()
        figures |= {
            "test_accuracy": test.accuracy,
            "test_loss": test.loss,
            "test_samples": test.samples,
            "seconds_per_image": test.seconds_per_image,
            "seconds_per_batch": test.seconds_per_batch,
            "macro": dict(zip(("precision", "recall", "f1"), macro, strict=True)),
            "weighted": dict(zip(("precision", "recall", "f1"), weighted, strict=True)),
            "per_class": {
                name: {
                    "precision": float(test.scores.precision[i]),
                    "recall": float(test.scores.recall[i]),
                    "f1": float(test.scores.f1[i]),
                    "support": int(test.scores.support[i]),
                }
                for i, name in enumerate(run.dataset.classes)
            },
            "confusion": test.confusion.tolist(),
        }
    figures |= outcome.judged
    return figures | {"numpy": np.__version__, "python": platform.python_version(), "machine": platform.machine()}


def write_run(run: Run, folder: Path, config: RunConfig, pictures: bool = True, half: bool = False) -> None:
    """Write all files of a run into `folder`, each atomically.

    Args:
        run: the run.
        folder: where to; made if need be.
        config: how it was configured.
        pictures: whether to draw the plots.
        half: whether to store the parameters in half precision.

    Raises:
        ByhandError: the folder cannot be written to, or the disk is full.
    """
    run.network.save(folder / MODEL, np.float16 if half else None)
    write_atomically(folder / CONFIG, config.to_toml().encode())
    run.outcome.history.write_csv(folder / HISTORY)
    write_atomically(folder / "metrics.json", (json.dumps(metrics(run), indent=2) + "\n").encode())
    description = f"{run.network.summary()}\n\n{run.network.explain()}\n"
    write_atomically(folder / "network.txt", description.encode())
    if pictures:
        write_pictures(run, folder / "plots")


def write_pictures(run: Run, folder: Path) -> list[Path]:
    """Draw learning curves, confusion matrix, test digits with predictions, and first-layer weights or filters."""
    from byhand import plots

    classes, shape = run.dataset.classes, run.dataset.image_shape
    figures = {"curves": plots.curves(run.outcome.history)}
    if isinstance(run.outcome.test, Evaluation) and run.split.test:
        x, y = run.split.test[:2]
        if len(classes) <= MOST_CLASSES_DRAWN:
            figures["confusion"] = plots.confusion(run.outcome.test.confusion, classes)
        if shape:
            figures["digits"] = _some_digits(run, x, y, shape)
    layers = run.network.layers
    first = next((i for i, layer in enumerate(layers) if isinstance(layer, Dense)), len(layers))
    if shape and first < len(layers) and not any(layer.window for layer in layers[:first]):
        W = run.network.p[first].W  # (in, units)
        if len(W) == prod(shape) and len(shape) == 2:
            figures["weights"] = plots.first_layer_weights(W, shape)
    filters = next((i for i, layer in enumerate(layers) if isinstance(layer, Conv2D)), None)
    if filters is not None:
        title = f"Layer {filters + 1}, {layers[filters].label()}"
        figures["filters"] = plots.filters(run.network.p[filters].W, title)
    paths = [folder / f"{name}.png" for name in figures]
    for path, figure in zip(paths, figures.values(), strict=True):
        plots.save(figure, path)
    return paths


def _some_digits(run: Run, x: Any, y: Any, shape: Shape) -> Any:
    """Twelve correct predictions and up to twelve mistakes, those with the highest confidence first."""
    from byhand import plots

    probabilities = run.network.predict_proba(x)
    predicted = run.network.decide(probabilities)
    sure = probabilities.max(axis=1)
    wrong = np.flatnonzero(predicted != y)
    wrong = wrong[np.argsort(-sure[wrong], kind="stable")][:12]
    chosen = np.concatenate([np.flatnonzero(predicted == y)[:12], wrong])
    names = np.asarray(run.dataset.classes)
    images = x[chosen].reshape((-1, *shape))
    return plots.digits(images, names[y[chosen]], names[predicted[chosen]], sure[chosen])
