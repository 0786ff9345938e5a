"""Evaluation of a recipe by validation data: one held-out part, or cross-validation."""

import shutil
import time
from copy import deepcopy
from dataclasses import dataclass, replace
from math import isfinite, prod
from pathlib import Path
from typing import Any

import numpy as np

from byhand.core.checks import require_whole
from byhand.core.errors import ByhandError, TrainingDiverged
from byhand.core.types import Array
from byhand.data import Dataset, load, split_rows
from byhand.recipes import Recipe, Split
from byhand.recipes.base import LabelledSamples
from byhand.recipes.run import fit_recipe, new_network
from byhand.training.checkpoints import Checkpoints, OtherTraining

RowSelection = Array | slice
CHECKPOINT_EVERY = "60 seconds"  # the state of a trial is written so often
HELD_OUT = 0.2  # of the training samples, where nothing else is said


@dataclass(frozen=True, eq=False)
class Material:
    """The training and validation data of all trials; contains no test samples.

    Attributes:
        x: samples (n, *input_shape).
        y: class numbers (n,).
        classes: the classes' names.
        rounds: for each training: rows to learn from, rows to judge by, and the state of the generator that starts it.
        checkpoints: a folder for the state of trials that are not finished, or None.
        lengths: of sequences (n,), where they differ.
    """

    x: Array
    y: Array
    classes: tuple[str, ...]
    rounds: tuple[tuple[RowSelection, RowSelection, np.random.Generator], ...]
    checkpoints: Path | None = None
    lengths: Array | None = None

    def part(self, rows: RowSelection) -> LabelledSamples:
        """The samples and labels of these rows, and lengths where they differ."""
        x, y = self.x[rows], self.y[rows]
        return (x, y) if self.lengths is None else (x, y, self.lengths[rows])


@dataclass(frozen=True)
class Result:
    """The results of a trial.

    Attributes:
        accuracies: on validation data, from 0 to 1, one a training; none where it failed.
        losses: the same of the loss.
        seconds: that it took.
        failure: why it failed, or nothing.
    """

    accuracies: tuple[float, ...]
    losses: tuple[float, ...]
    seconds: float
    failure: str = ""


def material(
    recipe: Recipe, dataset: Dataset, seed: int, folds: int | None = None, validation: float | None = None
) -> Material:
    """Training and validation rows of `recipe`, from the training samples of the data set only.

    The recipe splits the data as it does when it runs with this seed. What it would train on and validate by is what
    there is here; what it would test with is left alone. With its own validation samples and neither `folds` nor
    `validation`, a trial is the very run that `run_recipe` makes with this seed.

    Raises:
        ByhandError: more folds than samples, no sample for one side, or another split of a recipe whose samples have to
            stay in order.
    """
    if recipe.carry and (folds or validation is not None):
        raise ByhandError(f"The samples of {recipe.name} continue each other; leave folds and validation out.")
    rng = np.random.default_rng(seed)
    split = recipe.prepare(replace(dataset, x_test=None, y_test=None), rng)
    held = split.validation if split.validation is not split.test else None
    learned = len(split.train[0])
    x, y, *beside = (np.concatenate(both) for both in zip(split.train, held, strict=True)) if held else split.train
    if x[0].size == prod(recipe.input_shape):  # where not, the network will say so
        x = x.reshape((-1, *recipe.input_shape))
    rounds: list[tuple[RowSelection, RowSelection, np.random.Generator]]
    if folds:
        pairs = stratified_folds(y, folds, rng)
        rounds = [(*pair, child) for pair, child in zip(pairs, rng.spawn(folds), strict=True)]
    elif held and validation is None:
        rounds = [(slice(learned), slice(learned, None), rng)]
    else:
        rounds = [(*split_rows(y, validation or HELD_OUT, rng), rng)]
    return Material(x, y, dataset.classes, tuple(rounds), lengths=beside[0] if beside else None)


def stratified_folds(y: Array, folds: int, rng: np.random.Generator) -> list[tuple[Array, Array]]:
    """Row numbers (rest, fold) for each fold, in random order: every row is in one fold.

    Folds differ by at most one row in size, and by at most one row of each class; labels of steps have no shares.

    Args:
        y: class numbers (n,), or (n, T).
        folds: how many, from 2 to n.
        rng: of the order.

    Raises:
        ByhandError: fewer rows than folds.
    """
    require_whole("folds", folds, 2)
    if folds > len(y):
        raise ByhandError(f"{len(y)} samples cannot be cut into {folds} folds; ask for fewer.")
    order = rng.permutation(len(y))
    by_class = order if y.ndim > 1 else order[np.argsort(y[order], kind="stable")]
    place = np.empty(len(y), int)
    place[by_class] = np.arange(len(y)) % folds  # dealt out like cards, class after class
    return [(order[place[order] != k], order[place[order] == k]) for k in range(folds)]


def measure(recipe: Recipe, data: Material, number: int = 0) -> Result:
    """Train once for each round of `data`, with one thread, and measure each network after its last epoch.

    A trial that was interrupted goes on where `data.checkpoints` has its state, in a folder called by its number.

    A training that diverges, or that its parts refuse, ends the trial as failed.
    """
    start = time.perf_counter()
    accuracies, losses = [], []
    try:
        for i, (train, held, state) in enumerate(data.rounds):
            folder = data.checkpoints / str(number) / str(i) if data.checkpoints else None
            try:
                last = _train(recipe, data, train, held, deepcopy(state), folder)
            except OtherTraining:  # the search suggests something else under this number now
                shutil.rmtree(folder or "")
                last = _train(recipe, data, train, held, deepcopy(state), folder)
            if not isfinite(last["val_loss"]):
                raise TrainingDiverged("The loss on validation data is not finite.")
            accuracies.append(float(last["val_accuracy"]))
            losses.append(float(last["val_loss"]))
    except (ByhandError, MemoryError) as error:
        return Result((), (), time.perf_counter() - start, str(error) or "There was not enough memory.")
    return Result(tuple(accuracies), tuple(losses), time.perf_counter() - start)


def _train(
    recipe: Recipe,
    data: Material,
    train: RowSelection,
    held: RowSelection,
    rng: np.random.Generator,
    folder: Path | None,
) -> dict[str, float]:
    """Train and return the last row of the history; `folder` holds checkpoints, also of an interrupted training."""
    network = new_network(recipe, data.x, data.classes, rng)
    learned, judged = (data.part(rows) for rows in (train, held))
    kept: dict[str, Any] = (
        {} if folder is None else {"checkpoint": Checkpoints(folder, CHECKPOINT_EVERY), "resume": True}
    )
    return fit_recipe(recipe, network, learned, judged, rng, progress=False, threads=1, workers=0, **kept).last


def portable(recipe: Recipe) -> Recipe:
    """The recipe without its functions for splits and figures, which cannot be pickled."""
    return replace(recipe, prepare=_no_split, figures=(), judge=None)


def _no_split(dataset: Dataset, rng: np.random.Generator) -> Split:
    raise NotImplementedError


def cross_validate(
    recipe: Recipe, folds: int = 5, seed: int = 0, *, dataset: Dataset | None = None
) -> tuple[float, ...]:
    """The accuracies of `recipe` on each of `folds` parts of its training samples, trained on the others each time.

    The parts are stratified: each has the same shares of the classes. Test samples are not used.

    Args:
        recipe: the recipe to train.
        folds: number of parts, at least 2.
        seed: the seed of the parts and the trainings.
        dataset: data to use instead of the recipe's own.

    Raises:
        ByhandError: fewer samples than folds, data that do not fit, or a training that diverges.
    """
    require_whole("folds", folds, 2)
    result = measure(recipe, material(recipe, dataset or load(recipe.dataset), seed, folds))
    if result.failure:
        raise ByhandError(result.failure)
    return result.accuracies
