"""Running a recipe, from data and a seed to a trained network and its figures."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from byhand.data import Dataset, load
from byhand.network import Network
from byhand.recipes.base import LabelledSamples, Outcome, Recipe, Split
from byhand.training import Averaging, Callback, EarlyStopping, History, Training, evaluate, fit
from byhand.training.evaluate import Evaluator


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
    """Measures the accuracy on the test samples after every epoch, only to report it."""

    def __init__(self, network: Network, test: LabelledSamples):
        self._evaluate = Evaluator(network, *test)
        self.accuracy: list[float] = []

    def state(self) -> dict[str, Any]:
        """The accuracies so far."""
        return {"accuracy": self.accuracy}

    def restore(self, state: dict[str, Any]) -> None:
        """Take back what `state` gave."""
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
    """Train `recipe` once. One generator, seeded by `seed`, splits the data, starts the network and shuffles.

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
    network, split, rng = begin_recipe(recipe, seed, dataset)
    watch = WatchTest(network, split.test) if recipe.watch_test and split.test else None
    callbacks = [*callbacks, *([watch] if watch else [])]
    history = fit_recipe(recipe, network, split.train, split.validation, rng, callbacks=callbacks, **options)
    outcome = Outcome(
        history=history,
        seconds=sum(history["seconds"]),
        train=Evaluator(network, *split.train)()["accuracy"],
        validation=_accuracy(network, split.validation) if split.validation is not split.test else None,
        test=evaluate(network, *split.test) if split.test else None,
        test_by_epoch=watch.accuracy if watch else [],
    )
    return Run(recipe, seed, dataset, split, network, outcome)


def begin_recipe(recipe: Recipe, seed: int, dataset: Dataset) -> tuple[Network, Split, np.random.Generator]:
    """The untrained network, its data, and the generator that made both and goes on to train.

    Raises:
        ByhandError: the data do not fit the network.
    """
    rng = np.random.default_rng(seed)
    split = _in_shape(recipe.prepare(dataset, rng), recipe)
    return Network(recipe.input_shape, recipe.layers, recipe.loss, rng=rng, classes=dataset.classes), split, rng


def fit_recipe(
    recipe: Recipe,
    network: Network,
    train: LabelledSamples,
    validation: LabelledSamples | None,
    rng: np.random.Generator,
    **options: Any,
) -> History:
    """Train `network` on these data as the recipe says; `options` are handed on to `fit`."""
    callbacks = [
        *([Averaging(recipe.averaging)] if recipe.averaging else []),
        *([EarlyStopping(recipe.patience)] if recipe.patience else []),
        *options.pop("callbacks", ()),
    ]
    return fit(
        network,
        *train,
        validation=validation,
        epochs=recipe.epochs,
        batch_size=recipe.batch_size,
        optimizer=recipe.optimizer,
        rng=rng,
        augment=recipe.augment,
        regularizers=recipe.regularizers,
        callbacks=callbacks,
        **options,
    )


def _accuracy(network: Network, pair: LabelledSamples | None) -> float | None:
    return Evaluator(network, *pair)()["accuracy"] if pair else None


def _in_shape(split: Split, recipe: Recipe) -> Split:
    """The same split with samples in the recipe's input shape; where they do not fit, the network will say so."""

    def shaped(pair: LabelledSamples) -> LabelledSamples:
        fits = pair[0][0].size == np.prod(recipe.input_shape)
        return (pair[0].reshape((-1, *recipe.input_shape)), pair[1]) if fits else pair

    test = shaped(split.test) if split.test else None
    followed = test if split.validation is split.test else shaped(split.validation) if split.validation else None
    return Split(shaped(split.train), followed, test)
