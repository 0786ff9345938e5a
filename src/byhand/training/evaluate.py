"""Evaluation of networks."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from byhand.core.checks import as_array
from byhand.core.errors import ByhandError
from byhand.core.types import Array
from byhand.core.world import ALONE, World
from byhand.metrics import Errors, Metric, Scores, accuracy, confusion_matrix, regression_errors, scores
from byhand.network import PREDICTED_ROWS, Network
from byhand.training.batches import Batches
from byhand.training.tally import Tally


class Evaluator:
    """Evaluates a network repeatedly on fixed data in preallocated arrays.

    Args:
        network: the network.
        x: samples (n, *input_shape).
        y: class numbers (n,), or targets (n, outputs).
        mask: (n, T), True at the steps of each sequence that exist; or the sequences' lengths (n,).
        metrics: what else is measured: functions (truth, predicted) → float by their names.
        size: number of samples per batch.
        carry: whether each batch goes on from what the layers carried out of the one before.
        world: the processes that share the samples out among themselves; all get the figures.
    """

    def __init__(
        self,
        network: Network,
        x: Any,
        y: Any,
        mask: Any = None,
        metrics: Mapping[str, Metric] | None = None,
        size: int = PREDICTED_ROWS,
        carry: bool = False,
        world: World = ALONE,
    ):
        self._network, self._carry, self._world = network, carry, world
        size = size if carry else min(size, network.rows_at_once)
        self._batches = batches = Batches(network, x, y, size, mask=mask)
        self._workspace = network.workspace(batches.size)
        self._tally = Tally(
            network, batches.size, len(batches), batches.labels is not None, metrics or {}, batches.gaps
        )

    @property
    def labels(self) -> Array | None:
        """The class numbers (n,), where there are any."""
        return self._batches.labels

    @property
    def mask(self) -> Array | None:
        """The mask (n, T), where there is one."""
        return self._batches.mask

    @property
    def targets(self) -> Array:
        """The targets (n, *target_shape)."""
        return self._batches.t

    def __call__(self) -> dict[str, float]:
        """{"loss": mean loss}, where there are classes "accuracy" from 0 to 1, and the metrics."""
        network, world, losses = self._network, self._world, []
        self._workspace.reset()
        for batch in self._batches.in_order(world.rank, world.size):
            y = network.forward(batch.x, self._workspace, mask=batch.mask, carry=self._carry)
            at = self._workspace.passes.loss
            at.t, at.weights, at.factor = batch.t, None, 1 / len(self._batches)
            losses.append(network.loss.backward(network.ops, at))
            self._tally.add(batch, y, self._workspace)
        if world.size > 1:
            everyone, losses = world.gather((losses, self._tally.take())), []
            for more, counted in everyone:  # in the order of the samples
                losses += more
                self._tally.extend(*counted)
        return {"loss": sum(losses)} | self._tally.figures()

    def outputs(self) -> Array:
        """The output activations (n, ..., outputs) of all samples."""
        network = self._network
        result = np.empty((len(self._batches), *network.plan[-1].out_shape), network.dtype)
        self._workspace.reset()
        done = 0
        for batch in self._batches.in_order():
            network.forward(batch.x, self._workspace, mask=batch.mask, carry=self._carry)
            rows = slice(done, done := done + len(batch.x))
            network.activate(self._workspace.passes.loss, result[rows])
        return result


@dataclass(frozen=True)
class Evaluation:
    """The evaluation of a classifier.

    Attributes:
        loss: the mean loss.
        accuracy: the fraction of correct answers, from 0 to 1.
        confusion: counts (k, k); rows are true classes, columns predicted ones.
        scores: precision, recall and F1.
        seconds_per_image: inference time of a single image, the median of a hundred, in seconds.
        seconds_per_batch: inference time of all samples together, in seconds.
        samples: number of samples.
    """

    loss: float
    accuracy: float
    confusion: Array
    scores: Scores
    seconds_per_image: float
    seconds_per_batch: float
    samples: int


@dataclass(frozen=True)
class RegressionEvaluation:
    """The evaluation of a regression.

    Attributes:
        loss: the mean loss.
        errors: mean absolute error, root mean squared error and R².
        seconds_per_sample: inference time of a single sample, the median of a hundred, in seconds.
        seconds_per_batch: inference time of all samples together, in seconds.
        samples: number of samples.
    """

    loss: float
    errors: Errors
    seconds_per_sample: float
    seconds_per_batch: float
    samples: int

    @property
    def mae(self) -> float:
        """The mean absolute error, in the targets' unit."""
        return self.errors.mae

    @property
    def rmse(self) -> float:
        """The root mean squared error, in the targets' unit."""
        return self.errors.rmse

    @property
    def r2(self) -> float:
        """R², the fraction of the targets' variance that is explained: at most 1, and 0 for predicting the mean."""
        return self.errors.r2


def evaluate(
    network: Network, x: Any, y: Any, mask: Any = None, *, size: int = PREDICTED_ROWS, carry: bool = False
) -> Any:
    """Evaluate `network` on x (n, *input_shape) with labels or targets y, as for `fit`.

    For sequences every step counts as a sample, except in the loss, which is the mean over the sequences.

    Args:
        network: the network.
        x: samples (n, *input_shape).
        y: their labels or targets.
        mask: (n, T), True at the steps of each sequence that exist; or the sequences' lengths (n,).
        size: number of samples per batch.
        carry: whether hidden states continue from one batch to the next, as in `fit`.

    Returns:
        An `Evaluation` if y has class numbers or names; a `RegressionEvaluation` if y holds numbers and the loss, such
        as MSE, contains no activation.

    Raises:
        ByhandError: x or y do not fit the network, or y holds neither classes nor numbers.
    """
    x = as_array("x (the samples)", x)
    evaluator = Evaluator(network, x, y, mask, size=size, carry=carry)
    loss, labels = evaluator()["loss"], evaluator.labels
    if labels is None and network.task != "numbers":
        raise ByhandError("Precision, recall and confusion need class numbers as labels.")
    seconds_per_sample, seconds_per_batch = _times(network, x)
    outputs, mask = evaluator.outputs(), evaluator.mask
    if labels is None:
        targets = evaluator.targets
        if mask is not None and outputs.shape[:2] == mask.shape:
            outputs, targets = outputs[mask], targets[mask]
        errors = regression_errors(targets, outputs)
        return RegressionEvaluation(loss, errors, seconds_per_sample, seconds_per_batch, len(x))
    predicted = network.decide(outputs)[labels >= 0]
    labels = labels[labels >= 0]
    confusion = confusion_matrix(labels, predicted, max(network.outputs, 2))
    return Evaluation(
        loss=loss,
        accuracy=accuracy(labels, predicted),
        confusion=confusion,
        scores=scores(confusion),
        seconds_per_image=seconds_per_sample,
        seconds_per_batch=seconds_per_batch,
        samples=len(x),
    )


def _times(network: Network, x: Array) -> tuple[float, float]:
    """Seconds for one sample of x (median of a hundred), and for all samples in one call."""
    network.predict(x[:1])
    start = time.perf_counter()
    network.predict(x)
    together = time.perf_counter() - start
    singles = []
    for i in range(min(100, len(x))):
        start = time.perf_counter()
        network.predict(x[i : i + 1])
        singles.append(time.perf_counter() - start)
    return float(np.median(singles)), together
