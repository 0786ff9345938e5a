"""Running a recipe, from data and a seed to a trained network and its figures."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from byhand.core.inputs import inputs_of
from byhand.core.types import Array
from byhand.data import Dataset, load
from byhand.data.table import NumberColumn
from byhand.network import Network
from byhand.recipes.base import LabelledSamples, Outcome, Recipe, Split
from byhand.recipes.table import fitted_to
from byhand.training import Averaging, Callback, EarlyStopping, History, Training, evaluate, fit
from byhand.training.evaluate import Evaluation, Evaluator, RegressionEvaluation


@dataclass(frozen=True)
class Run:
    """A finished run: the recipe as it was run, its seed, the data, the network, the figures."""

    recipe: Recipe
    seed: int
    dataset: Dataset
    split: Split
    network: Network
    outcome: Outcome


class WatchTest(Callback):
    """Records the accuracy on the test samples after every epoch, for reporting only."""

    def __init__(self, network: Network, test: LabelledSamples):
        self._evaluate = Evaluator(network, *test)
        self.accuracy: list[float] = []

    def state(self) -> dict[str, Any]:
        """The accuracies so far."""
        return {"accuracy": self.accuracy}

    def restore(self, state: dict[str, Any]) -> None:
        """Restore what `state` returned."""
        self.accuracy[:] = state["accuracy"]

    def on_epoch(self, training: Training) -> None:
        """Measure."""
        self.accuracy.append(self._evaluate()["accuracy"])


def run_recipe(
    recipe: Recipe,
    seed: int = 0,
    *,
    dataset: Dataset | None = None,
    callbacks: Sequence[Callback] = (),
    **options: Any,
) -> Run:
    """Train `recipe` once. One generator, seeded by `seed`, splits the data, initialises the network and shuffles.

    Args:
        recipe: what to run.
        seed: of the generator.
        dataset: data to use instead of the recipe's own.
        callbacks: handed on to `fit`.
        options: the same, such as progress, checkpoint and resume.

    Raises:
        ByhandError: the data cannot be had, or do not fit the network.
        TrainingDiverged: the loss is not a finite number any more.
    """
    dataset = dataset or load(recipe.dataset)
    recipe = fitted_to(recipe, dataset)
    network, split, rng = begin_recipe(recipe, seed, dataset)
    watch = WatchTest(network, split.test) if recipe.watch_test and split.test else None
    callbacks = [*callbacks, *([watch] if watch else [])]
    history = fit_recipe(recipe, network, split.train, split.validation, rng, callbacks=callbacks, **options)
    held_back = split.validation if split.validation is not split.test else None
    outcome = Outcome(
        history=history,
        seconds=sum(history["seconds"]),
        train=score(network, split.train, **in_batches(recipe)),
        validation=score(network, held_back, **in_batches(recipe)) if held_back else None,
        test=in_units(network, evaluate(network, *split.test, **in_batches(recipe))) if split.test else None,
        test_by_epoch=watch.accuracy if watch else [],
        judged=recipe.judge(network, split, dataset) if recipe.judge else {},
    )
    return Run(recipe, seed, dataset, split, network, outcome)


def begin_recipe(recipe: Recipe, seed: int, dataset: Dataset) -> tuple[Network, Split, np.random.Generator]:
    """The network as training begins, its data, and the generator, which training continues to use.

    Raises:
        ByhandError: the data do not fit the network.
    """
    rng = np.random.default_rng(seed)
    split = in_shape(recipe.prepare(dataset, rng), recipe)
    network = new_network(recipe, split.train[0], dataset.classes, rng)
    network.table, network.vocabulary = dataset.table, dataset.vocabulary
    return network, split, rng


def new_network(recipe: Recipe, x: Array, classes: tuple[str, ...], rng: np.random.Generator) -> Network:
    """The recipe's network for samples such as x, as training begins."""
    inputs = "tokens" if recipe.layers[0].takes == "tokens" else inputs_of(x)
    network = Network(recipe.input_shape, recipe.layers, recipe.loss, rng=rng, inputs=inputs, classes=classes)
    if recipe.start:
        recipe.start(network, rng)
    return network


def fit_recipe(
    recipe: Recipe,
    network: Network,
    train: LabelledSamples,
    validation: LabelledSamples | None,
    rng: np.random.Generator,
    **options: Any,
) -> History:
    """Train `network` by the recipe; `options` are passed to `fit`."""
    callbacks = [
        *([Averaging(recipe.averaging)] if recipe.averaging else []),
        *([EarlyStopping(recipe.patience)] if recipe.patience else []),
        *options.pop("callbacks", ()),
    ]
    x, y, *lengths = train
    return fit(
        network,
        x,
        y,
        lengths=lengths[0] if lengths else None,
        carry=recipe.carry,
        validation=validation,
        epochs=recipe.epochs,
        batch_size=recipe.batch_size,
        optimizer=recipe.optimizer,
        rng=rng,
        augment=recipe.augment,
        regularizers=recipe.regularizers,
        groups=recipe.groups,
        callbacks=callbacks,
        **options,
    )


def score(network: Network, pair: LabelledSamples, **batches: Any) -> float:
    """The accuracy on these samples, or R² where the network predicts numbers; `batches` as of `evaluate`."""
    x, y, lengths = (*pair, None)[:3]
    figures = Evaluator(network, x, y, lengths, **batches)()
    return figures["accuracy"] if "accuracy" in figures else evaluate(network, *pair, **batches).r2


def in_batches(recipe: Recipe) -> dict[str, Any]:
    """How its samples are evaluated: where states go on from batch to batch, in batches of the same size."""
    return {"size": recipe.batch_size, "carry": True} if recipe.carry else {}


def in_units(network: Network, result: Evaluation | RegressionEvaluation) -> Evaluation | RegressionEvaluation:
    """The evaluation with its errors in the unit of the table's label, where the network learnt from a table."""
    if isinstance(result, Evaluation) or network.table is None or not isinstance(network.table.label, NumberColumn):
        return result
    return replace(result, errors=result.errors.scaled(network.table.label.spread))


def in_shape(split: Split, recipe: Recipe) -> Split:
    """The split with samples reshaped to the input shape of the recipe where possible."""

    def shaped(pair: LabelledSamples) -> LabelledSamples:
        x, *beside = pair
        fits = x[0].size == np.prod(recipe.input_shape)
        return (x.reshape((-1, *recipe.input_shape)), *beside) if fits else pair  # type: ignore[return-value]

    test = shaped(split.test) if split.test else None
    followed = test if split.validation is split.test else shaped(split.validation) if split.validation else None
    return Split(shaped(split.train), followed, test)
