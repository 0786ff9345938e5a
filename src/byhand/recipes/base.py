"""The class Recipe: a named, runnable set-up with the figures that its source published."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from byhand.core.errors import ByhandError
from byhand.core.types import Array, Shape
from byhand.data import Dataset, split_rows
from byhand.data.augment import Augment
from byhand.layers import Activation, Dense, Layer
from byhand.losses import Loss
from byhand.network import Network
from byhand.optimizers import Optimizer
from byhand.regularizers import Regularizer
from byhand.training import Evaluation, Group, History, RegressionEvaluation

# Samples (n, ...), class numbers or targets (n, ...), and the lengths (n,) of sequences where they differ.
LabelledSamples = tuple[Array, Array] | tuple[Array, Array, Array]


@dataclass(frozen=True)
class Split:
    """The data of one run.

    Attributes:
        train: what the network learns from.
        validation: what choices are made by; None where the source keeps none. Where it is `test` itself, the source
            follows the test loss while it trains, and nothing is chosen.
        test: what is looked at once, at the end; None where there is none.
    """

    train: LabelledSamples
    validation: LabelledSamples | None
    test: LabelledSamples | None


@dataclass(frozen=True)
class Outcome:
    """The results of a run that the figures of a recipe are computed from.

    Attributes:
        history: the epochs.
        train: accuracy on all training samples after the last epoch; R² where numbers are predicted.
        validation: the same on the validation samples, where there are any.
        test: everything counted on the test samples, where there are any.
        test_by_epoch: accuracy on the test samples after each epoch, where the recipe watches it.
        seconds: of training.
        judged: what the recipe's `judge` found, by name.
    """

    history: History
    train: float
    validation: float | None
    test: Evaluation | RegressionEvaluation | None
    test_by_epoch: list[float]
    seconds: float
    judged: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Figure:
    """One figure of a run and its published value.

    Attributes:
        name: what is measured.
        measure: takes it from an outcome.
        published: the source's figure; None where it gives none.
        percent: whether it is a share from 0 to 1 (else a plain number).
    """

    name: str
    measure: Callable[[Outcome], float]
    published: float | None = None
    percent: bool = True


@dataclass(frozen=True)
class Recipe:
    """A network, its data and its training, as a source describes them.

    Attributes:
        name: by which it is asked for.
        source: who published it.
        takes: what is taken from the source, and what had to be chosen where the source is silent.
        prepare: from a data set and a generator to the run's split.
        layers: the network's layers.
        loss: its loss.
        optimizer: its optimiser, with the learning rate.
        epochs: how many times all samples are seen.
        batch_size: samples a step; None for all of them.
        dataset: the data set's name.
        input_shape: the shape of one sample.
        augment: how training images are varied, if at all.
        regularizers: rules before and after each step.
        averaging: the decay of the average of the parameters that is kept in the end, such as 0.999; 0 for none.
        patience: how many epochs may pass without a lower validation loss before training stops; 0 for any number.
        figures: what `reproduce` reports.
        fault: what the source does or says wrongly, and what is done here instead.
        watch_test: whether to measure the test accuracy after every epoch, as the source did.
        carry: whether the state of recurrent layers goes on from batch to batch, as `fit` has it; the samples then lie
            so that it can.
        start: gives the new network parameters that were learnt elsewhere, with the run's generator.
        groups: parameters with a learning rate of their own, or frozen ones, as `fit` has them.
        judge: what else is measured at the end, of the trained network, the run's split and its data set, by name.
    """

    name: str
    source: str
    takes: str
    prepare: Callable[[Dataset, np.random.Generator], Split]
    layers: tuple[Layer, ...]
    loss: Loss
    optimizer: Optimizer
    epochs: int
    batch_size: int | None
    dataset: str = "mnist"
    input_shape: Shape = (784,)
    augment: Augment | None = None
    regularizers: tuple[Regularizer, ...] = ()
    averaging: float = 0.0
    patience: int = 0
    figures: tuple[Figure, ...] = ()
    fault: str = ""
    watch_test: bool = False
    carry: bool = False
    start: Callable[[Network, np.random.Generator], None] | None = None
    groups: tuple[Group, ...] = ()
    judge: Callable[[Network, Split, Dataset], Mapping[str, float]] | None = None

    @property
    def training(self) -> str:
        """The training rule in a few words."""
        kind = {None: "full batch", 1: "one sample at a time"}.get(self.batch_size, f"batch {self.batch_size}")
        return f"{type(self.optimizer).__name__}, {kind}, {self.epochs} epochs"


def accuracy_on_test(run: Outcome) -> float:
    """The accuracy on the test samples; 0 where there are none."""
    return run.test.accuracy if isinstance(run.test, Evaluation) else 0.0


def with_hidden(layers: tuple[Layer, ...], sizes: tuple[int, ...]) -> tuple[Layer, ...]:
    """The same network with other hidden layers: Dense(size) and the first activation, for each size in turn.

    Initialisers are those of the first Dense; what comes before it and the output layer stay.

    Raises:
        ByhandError: the network has no hidden Dense layer with an activation to go by.
    """
    dense = [i for i, layer in enumerate(layers) if isinstance(layer, Dense)]
    first, last = (dense[0], dense[-1]) if dense else (0, 0)
    if first == last or not isinstance(layers[first + 1], Activation):
        raise ByhandError("This network has no hidden layer whose size could be changed.")
    hidden = [part for size in sizes for part in (replace(layers[first], units=size), layers[first + 1])]  # type: ignore[type-var]
    return (*layers[:first], *hidden, *layers[last:])


def rows(dataset: Dataset, index: Array | slice) -> LabelledSamples:
    """The training samples and labels at `index`, and lengths where the data set has any."""
    x, y = dataset.x_train[index], dataset.y_train[index]
    return (x, y) if dataset.lengths_train is None else (x, y, dataset.lengths_train[index])


def test_pair(dataset: Dataset) -> LabelledSamples | None:
    """The data set's own test samples and labels, if it has any, and lengths likewise."""
    if dataset.x_test is None or dataset.y_test is None:
        return None
    pair = dataset.x_test, dataset.y_test
    return pair if dataset.lengths_test is None else (*pair, dataset.lengths_test)


def everything(dataset: Dataset, rng: np.random.Generator) -> Split:
    """Use all training images for training, without validation."""
    return Split(rows(dataset, slice(None)), None, test_pair(dataset))


def hold_back(part: int | float) -> Callable[[Dataset, np.random.Generator], Split]:
    """A `prepare` that holds back training samples for validation: a number or a share of them.

    They are drawn so that classes keep their shares; a tenth where `part` is as many as half of the samples.
    """

    def prepare(dataset: Dataset, rng: np.random.Generator) -> Split:
        held = part if part < len(dataset.x_train) // 2 else 0.1
        train, validation = split_rows(dataset.y_train, held, rng, stratify=bool(dataset.classes))
        return Split(rows(dataset, train), rows(dataset, validation), test_pair(dataset))

    return prepare
