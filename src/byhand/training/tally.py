"""What is counted while batches go through a network: right answers, and truth and predictions for metrics."""

from collections.abc import Mapping, Sequence
from math import prod
from typing import Any

import numpy as np

from byhand.core.passes import LossPass
from byhand.core.types import Array
from byhand.core.workspace import Workspace
from byhand.metrics import Metric, measured
from byhand.network import Network
from byhand.training.batches import Batch
from byhand.training.trees import whole


class Counter:
    """Counts right answers without allocating: `add` for each batch, `rate` at the end.

    Args:
        network: the network.
        size: rows of a batch at most.
        gaps: whether labels may be −1, which counts nothing.
    """

    def __init__(self, network: Network, size: int, gaps: bool = False):
        self._gaps = gaps
        # For one output the class is 1 where a ≥ ½, which for logits is z ≥ 0.
        self._threshold = 0.0 if network.loss.activation else 0.5
        there = network.outputs > 1 and not gaps  # otherwise counted in NumPy
        self._network, self._ops = network, network.ops if there else network.host_ops
        self._elsewhere = self._ops is not network.ops
        self._make_room(size * prod(network.plan[-1].out_shape[:-1]))
        self.count = self.right = 0

    def _make_room(self, places: int) -> None:
        self._predicted = self._ops.empty((places,), np.int64)
        self._right = self._ops.empty((places,), np.bool_)

    def add(self, y: Array, labels: Array) -> None:
        """Count the rows of the last layer's output y (n, ..., outputs) that agree with labels (n, ...)."""
        if self._elsewhere:
            y, labels = self._network.ops.to_numpy(y), self._network.ops.to_numpy(labels)
        if labels.ndim > 1:
            y, labels = y.reshape(-1, y.shape[-1]), labels.reshape(-1)
        n, room = len(labels), len(self._right)
        if n > room:
            self._make_room(n)
        predicted, right = self._predicted, self._right
        if n < room:
            predicted, right = predicted[:n], right[:n]
        if y.shape[1] == 1:
            np.greater_equal(y[:, 0], self._threshold, out=right)
            np.copyto(predicted, right)
            np.equal(predicted, labels, out=right)
            self.right += int(np.count_nonzero(right))
        else:
            self.right += self._ops.count_right(y, labels, predicted, right)
        if self._gaps:
            n = int(np.count_nonzero(np.greater_equal(labels, 0, out=right)))
        self.count += n

    def take(self) -> tuple[int, int]:
        """How many were right since the last call, and of how many."""
        taken = self.right, self.count
        self.right = self.count = 0
        return taken

    def rate(self) -> float:
        """The share that was right since the last call."""
        right, count = self.take()
        return right / max(count, 1)


class EpochRecord:
    """Truth and predictions of the samples since the last call of `figures`, for metrics.

    They are class numbers (n,) where the data have any, and otherwise targets and output activations (n, ..., outputs).

    Args:
        network: whose predictions these are.
        metrics: functions (truth, predicted) → float by their names.
        size: how many samples to make room for; more is made where it does not suffice.
    """

    def __init__(self, network: Network, metrics: Mapping[str, Metric], size: int):
        self._network, self._metrics, self._size = network, metrics, size
        self._truth: Array | None = None
        self._predicted: Array = np.empty(0)
        # For one output the class is 1 where a ≥ ½, which for logits is z ≥ 0.
        self._threshold = 0.0 if network.loss.activation else 0.5
        self.count = 0

    def add(self, batch: Batch, at: LossPass) -> None:
        """Take a batch whose pass has just gone forward."""
        host = self._network.ops.to_numpy
        rows = self._add(host(batch.t if batch.labels is None else batch.labels))
        if batch.labels is None:
            self._network.activate(at, self._predicted[rows])
        elif at.y.shape[-1] == 1:
            np.greater_equal(host(at.y)[..., 0], self._threshold, out=self._predicted[rows], casting="unsafe")
        else:
            np.argmax(host(at.y), axis=-1, out=self._predicted[rows])

    def _add(self, truth: Array) -> slice:
        """Write the truth of some more samples; returns the places for their predictions."""
        rows = slice(self.count, self.count + len(truth))
        if self._truth is None or rows.stop > len(self._truth):
            self._make_room(truth, rows.stop)
        assert self._truth is not None
        self._truth[rows] = truth
        self.count = rows.stop
        return rows

    def extend(self, truth: Array | None, predicted: Array) -> None:
        """Add what was recorded of other samples."""
        if truth is not None:
            rows = self._add(truth)
            self._predicted[rows] = predicted

    def take(self) -> tuple[Array | None, Array]:
        """Truth and predictions since the last call, until there are new ones."""
        kept = self._kept()
        self.count = 0
        return kept

    def _make_room(self, truth: Array, least: int) -> None:
        kept, size = self._kept(), self._size if self._truth is None else 2 * len(self._truth)
        shape = (max(size, least), *truth.shape[1:])
        self._truth, self._predicted = np.empty(shape, truth.dtype), np.empty(shape, truth.dtype)
        if kept[0] is not None:
            self._truth[: self.count], self._predicted[: self.count] = kept

    def figures(self) -> dict[str, float]:
        """Each metric's value."""
        truth, predicted = self.take()
        if not self._metrics or truth is None:
            return {}
        if truth.dtype.kind == "i":
            truth, predicted = truth[truth >= 0], predicted[truth >= 0]
        return measured(self._metrics, truth, predicted)

    def _kept(self) -> tuple[Array | None, Array]:
        return None if self._truth is None else self._truth[: self.count], self._predicted[: self.count]

    def state(self) -> dict[str, Any]:
        """What a checkpoint keeps of it."""
        truth, predicted = self._kept()
        return {} if truth is None or not self.count else {"truth": truth, "predicted": predicted}

    def restore(self, state: dict[str, Any]) -> None:
        """Restore what `state` returned."""
        self.count = 0
        if state:
            rows = self._add(state["truth"])
            self._predicted[rows] = state["predicted"]


class Tally:
    """Right answers and metrics of an epoch.

    Args:
        network: the network.
        size: rows of a batch at most.
        samples: how many samples an epoch has, or about so many.
        accuracy: whether right answers are counted, where the data have class numbers.
        metrics: functions (truth, predicted) → float by their names.
        gaps: whether labels may be −1, which counts nothing.
    """

    def __init__(
        self,
        network: Network,
        size: int,
        samples: int,
        accuracy: bool,
        metrics: Mapping[str, Metric],
        gaps: bool = False,
    ):
        self.counter = Counter(network, size, gaps) if accuracy else None
        self.record = EpochRecord(network, metrics, samples) if metrics else None
        self.names = list(metrics)

    def add(self, batch: Batch, y: Array, workspace: Workspace) -> None:
        """Take a batch that has just gone forward in the workspace, with y (n, ..., outputs) as its last output."""
        if self.counter and batch.labels is not None:
            self.counter.add(y, batch.labels)
        if self.record:
            self.record.add(batch, workspace.passes.loss)

    def take(self) -> tuple[tuple[int, int], tuple[Array | None, Array] | None]:
        """What was counted since the last call: (right answers, of how many), and truth and predictions."""
        counted = self.counter.take() if self.counter else (0, 0)
        return counted, self.record.take() if self.record else None

    def extend(self, counted: tuple[int, int], record: tuple[Array | None, Array] | None) -> None:
        """Add what another one took of other samples."""
        if self.counter:
            self.counter.right += counted[0]
            self.counter.count += counted[1]
        if self.record and record:
            self.record.extend(*record)

    def figures(self) -> dict[str, float]:
        """{"accuracy": ..., one's own metrics}, and begin anew."""
        counted = {"accuracy": self.counter.rate()} if self.counter and self.counter.count else {}
        return counted | (self.record.figures() if self.record else {})

    def state(self) -> dict[str, Any]:
        """What a checkpoint keeps of it."""
        counted = (self.counter.count, self.counter.right) if self.counter else (0, 0)
        return {"counted": counted} | ({"record": self.record.state()} if self.record else {})

    def restore(self, state: dict[str, Any]) -> None:
        """Restore what `state` returned."""
        if self.counter:
            self.counter.count, self.counter.right = (whole(count, 0) for count in state["counted"])
        if self.record:
            self.record.restore(state["record"])


def together(tallies: Sequence[Tally]) -> dict[str, float]:
    """What several parts of the samples counted, as figures of all of them."""
    first, *others = tallies
    for other in others:
        first.extend(*other.take())
    return first.figures()
