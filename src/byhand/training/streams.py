"""Training on batches from an iterator."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Sized
from math import ceil
from typing import Any

import numpy as np

from byhand.core.errors import ByhandError
from byhand.metrics import Metric
from byhand.training.batches import Batch
from byhand.training.callbacks import Callback
from byhand.training.guard import LOOK_AT
from byhand.training.state import Training
from byhand.training.steps import MiniBatches, update
from byhand.training.tally import Tally
from byhand.training.targets import as_targets, class_weights, unscaled_weights

BatchSource = Iterable[Any] | Callable[[], Iterable[Any]]


class StreamedBatches(MiniBatches):
    """One step for every `accumulate` batches that an iterator gives.

    Args:
        training: whose steps these are.
        source: what gives (x, y) or (x, y, sample_weight) for each batch, x (n, *input_shape) and y as `fit` takes
            them: a list or another object that can be iterated over again, a function that makes a new iterator for
            each epoch, or an iterator, which lasts for one epoch.
        accuracy: whether right answers are counted, where the batches have class numbers.
        metrics: what else is measured.
        accumulate: how many batches a step takes its gradient from.
        class_weight: {class: weight}.
        carry: whether layers go on from what they carried out of the batch before, within an epoch.
    """

    def __init__(
        self,
        training: Training,
        source: BatchSource,
        accuracy: bool = True,
        metrics: Mapping[str, Metric] | None = None,
        accumulate: int = 1,
        class_weight: Any = None,
        carry: bool = False,
    ):
        if isinstance(source, np.ndarray) or not (callable(source) or hasattr(source, "__iter__")):
            raise ByhandError("There are no labels: give fit x and y, or an iterator of batches (x, y).")
        self.training, self.network, self.source, self.accumulate = training, training.network, source, accumulate
        self.carry = carry
        self.class_weight, self.rows = class_weight, LOOK_AT
        self.steps = ceil(len(source) / accumulate) if isinstance(source, Sized) else 0
        if not self.steps and training.schedule.per_step:
            raise ByhandError(
                f"{training.schedule!r} changes at every step by the share of the training that was made, which nobody "
                "knows for an iterator; give a list of batches, or a schedule that changes from epoch to epoch."
            )
        self.workspace = self.network.workspace(1)
        self.counts = False
        self.tally = Tally(self.network, 1, 1, accuracy, metrics or {}, gaps=True)
        self.sum = self.network.ops.zeros(self.network.gradient.shape, self.network.dtype)

    def epoch(self, listeners: Sequence[Callback]) -> dict[str, float]:
        """All batches once; returns the means of loss and accuracy as they were met.

        Raises:
            ByhandError: there was no batch, or one that does not fit the network.
        """
        training, first = self.training, self.training.step
        self.total, self.seen = 0.0, 0
        self.workspace.reset()
        loss, count, rows, planned = 0.0, 0, 0, 0  # of the current step
        for batch in self._batches():
            n = len(batch.x)
            planned = planned or n * self.accumulate  # how many rows it has if all its batches are as long
            training.batch = batch
            loss += self._go(batch, planned, count > 0)
            count, rows = count + 1, rows + n
            if count == self.accumulate:
                self._step(loss, rows, planned, listeners)
                loss, count, rows, planned = 0.0, 0, 0, 0
                if training.stop:
                    break
        if count:
            self._step(loss, rows, planned, listeners)
        if not self.seen:
            raise ByhandError(
                f"There was no batch in epoch {training.epoch}. An iterator gives its batches once; for several epochs "
                "give a list of batches, or a function that makes a new iterator: fit(network, lambda: batches(...))."
            )
        training.steps = training.step - first
        return {"loss": self.total / self.seen} | self.tally.figures()

    def _step(self, loss: float, rows: int, planned: int, listeners: Sequence[Callback]) -> None:
        """One step by the gradient that was taken as a part of so many planned rows."""
        network, batch = self.network, self.training.batch
        if rows != planned:
            network.ops.shrink(network.gradient, planned / rows)
            loss *= planned / rows
        self.total += loss * rows
        self.seen += rows
        update(self.training, loss, listeners, () if batch is None else (batch,))

    def _batches(self) -> Iterator[Batch]:
        for item in self.source() if callable(self.source) else self.source:
            if not isinstance(item, tuple | list) or len(item) not in (2, 3):
                raise ByhandError("Each batch must be a pair (x, y), or (x, y, sample_weight).")
            yield self._taken(*item)

    def _taken(self, x: Any, y: Any, weights: Any = None) -> Batch:
        """A batch as the network takes it."""
        x = self.network.as_input(x)
        n = len(x)
        if not n:
            raise ByhandError("A batch has no samples.")
        t, labels = as_targets(self.network, y, n)
        by_class = None if self.class_weight is None else class_weights(self.class_weight, labels, self.network)
        if weights is not None:
            by_class = unscaled_weights(weights, n) * (1 if by_class is None else by_class)
        if n > self.workspace.rows:
            if self.carry and self.workspace.current is not None:
                raise ByhandError("With carry=True no batch may have more samples than the first one.")
            self.workspace = self.network.workspace(n)
        weights = None if by_class is None else by_class.astype(self.network.dtype)
        there = (None if a is None else self.network.ops.asarray(a) for a in (x, t, weights, labels))
        return Batch(*there)  # type: ignore[arg-type]

    def identity(self) -> dict[str, Any]:
        """Refuse: nobody can say whether an iterator goes on where it was.

        Raises:
            ByhandError: always.
        """
        raise ByhandError("A checkpoint needs data in arrays; one cannot go on within an iterator.")

    def close(self) -> None:
        """There is nothing to end."""
