"""How well a network does on given data."""

import time
from dataclasses import dataclass
from typing import Any

import numpy as np

from byhand.core.errors import ByhandError
from byhand.core.types import Array
from byhand.metrics import Scores, confusion_matrix, scores
from byhand.network import Network
from byhand.training.batches import Batches, Counter


class Evaluator:
    """Loss and accuracy on fixed data, again and again, in arrays that are allocated once.

    Args:
        network: the network.
        x: samples (n, *input_shape).
        y: class numbers (n,), or targets (n, outputs).
    """

    def __init__(self, network: Network, x: Any, y: Any):
        self._network = network
        self._batches = Batches(network, x, y)
        self._workspace = network.workspace(self._batches.size)
        self._counter = Counter(network, self._batches.size)

    def __call__(self) -> dict[str, float]:
        """{"loss": mean loss} and, where there are classes, "accuracy" from 0 to 1."""
        network, loss = self._network, 0.0
        for batch in self._batches.in_order():
            views = self._workspace.views(len(batch.x))
            y = network.forward(batch.x, views)
            factor = 1 / len(self._batches)
            loss += network.loss.backward(network.ops, y, batch.t, views.dy[-1], views.loss_cache, factor)
            if batch.labels is not None:
                self._counter.add(y, batch.labels)
        if self._batches.labels is None:
            return {"loss": loss}
        return {"loss": loss, "accuracy": self._counter.rate()}


@dataclass(frozen=True)
class Evaluation:
    """A network's figures on one set of data.

    Attributes:
        loss: the mean loss.
        accuracy: the share of right answers.
        confusion: counts (k, k), rows = truth.
        scores: precision, recall and F1.
        seconds_per_image: inference time of one image at a time, the median of a hundred.
        seconds_per_batch: inference time of all of them together.
        samples: how many there were.
    """

    loss: float
    accuracy: float
    confusion: Array
    scores: Scores
    seconds_per_image: float
    seconds_per_batch: float
    samples: int


def evaluate(network: Network, x: Any, y: Any) -> Evaluation:
    """Everything that can be counted about `network` on x (n, *input_shape) with class numbers y (n,).

    Raises:
        ByhandError: x or y do not fit the network, or y has no classes.
    """
    x, y = np.asarray(x), np.asarray(y)
    figures = Evaluator(network, x, y)()
    if "accuracy" not in figures:
        raise ByhandError("Precision, recall and confusion need class numbers as labels.")
    labels = np.argmax(y, axis=1) if y.ndim == 2 else y.astype(np.int64)
    network.predict(x[:1])
    start = time.perf_counter()
    predicted = network.predict(x)
    seconds_per_batch = time.perf_counter() - start
    singles = []
    for i in range(min(100, len(x))):
        start = time.perf_counter()
        network.predict(x[i : i + 1])
        singles.append(time.perf_counter() - start)
    confusion = confusion_matrix(labels, predicted, max(network.outputs, 2))
    return Evaluation(
        loss=figures["loss"],
        accuracy=figures["accuracy"],
        confusion=confusion,
        scores=scores(confusion),
        seconds_per_image=float(np.median(singles)),
        seconds_per_batch=seconds_per_batch,
        samples=len(x),
    )
