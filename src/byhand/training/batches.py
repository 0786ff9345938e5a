"""Samples on their way into the network: gathered into arrays that were allocated once."""

from collections.abc import Iterator
from copy import copy
from math import ceil
from typing import Any, NamedTuple

import numpy as np

from byhand.core.checks import as_array
from byhand.core.errors import ByhandError
from byhand.core.inputs import require_grey_levels
from byhand.core.types import Array
from byhand.network import PREDICTED_ROWS, Network
from byhand.training.targets import as_targets, as_weights


class Batch(NamedTuple):
    """Some rows of the data, ready for the network.

    Attributes:
        x: samples (n, *input_shape) in the network's dtype.
        t: targets (n, outputs).
        weights: sample weights (n,), or None.
        labels: class numbers (n,), or None.
    """

    x: Array
    t: Array
    weights: Array | None
    labels: Array | None


class Room(NamedTuple):
    """Arrays for one batch; `raw` for its samples as the data have them, where the network takes them otherwise."""

    raw: Array | None
    x: Array
    t: Array
    weights: Array | None
    labels: Array | None

    def first(self, n: int) -> "Room":
        """Room for n rows."""
        if n == len(self.x):
            return self
        raw, weights, labels = (None if a is None else a[:n] for a in (self.raw, self.weights, self.labels))
        return Room(raw, self.x[:n], self.t[:n], weights, labels)


class Batches:
    """Data for one network, in batches of up to `size` rows.

    Samples that come as bytes (grey levels 0-255) stay bytes, and are divided by 255 batch by batch.

    Args:
        network: the network that they go into.
        x: samples (N, *input_shape).
        y: class numbers (N,) or targets (N, outputs).
        size: rows of a batch at most.
        weights: sample weights (N,).
        soft: whether class numbers become targets (N, outputs), so that they can be mixed.

    Raises:
        ByhandError: there are no samples, or x, y or weights do not fit each other or the network.
    """

    def __init__(
        self, network: Network, x: Any, y: Any, size: int = PREDICTED_ROWS, weights: Any = None, soft: bool = False
    ):
        self.key: int | None = None  # from which the current epoch's batches are made, where anything in them is random
        x = as_array("x (the samples)", x)
        if x.ndim == 0 or len(x) == 0:
            raise ByhandError("There are no samples.")
        x = network.as_samples(x)
        if x.dtype == np.uint8 and network.inputs != "tokens":
            require_grey_levels(network.inputs)
        else:
            x = network.as_input(x)
        self.x = x
        self.t, self.labels = as_targets(network, y, len(x), soft)
        self.weights = as_weights(weights, len(x), network.dtype)
        self._network, self._bytes = network, x.dtype == np.uint8
        self._allocate(size)

    def _allocate(self, size: int) -> None:
        """Room for one batch."""
        self.size = min(size, len(self.x))
        self._room = self.room()

    def room(self) -> Room:
        """New arrays for one batch."""
        network, shape = self._network, (self.size, *self._network.input_shape)
        return Room(
            raw=np.empty(shape, np.uint8) if self._bytes else None,
            x=np.empty(shape, network.dtype if self._bytes else self.x.dtype),
            t=np.empty((self.size, *self.t.shape[1:]), self.t.dtype),
            weights=None if self.weights is None else np.empty(self.size, network.dtype),
            labels=None if self.labels is None else np.empty(self.size, np.int64),
        )

    def part(self, start: int, stop: int) -> "Batches":
        """The samples from start to stop, sharing the data, in batches of about the same size."""
        part = copy(self)
        rows = slice(start, stop)
        part.x, part.t = self.x[rows], self.t[rows]
        part.labels = None if self.labels is None else self.labels[rows]
        part.weights = None if self.weights is None else self.weights[rows]
        part._allocate(ceil((stop - start) / ceil((stop - start) / self.size)))
        return part

    def __len__(self) -> int:
        """How many samples there are."""
        return len(self.x)

    def in_order(self) -> Iterator[Batch]:
        """All samples as they lie; floating-point samples are not copied."""
        for start in range(0, len(self.x), self.size):
            rows = slice(start, start + self.size)
            x = self.x[rows]
            if self._bytes:
                scaled = self._room.x[: len(x)]
                self._network.ops.scale_bytes(x, scaled)
                x = scaled
            yield Batch(
                x,
                self.t[rows],
                None if self.weights is None else self.weights[rows],
                None if self.labels is None else self.labels[rows],
            )

    def gathered(self, order: Array, first: int = 0) -> Iterator[Batch]:
        """The samples whose numbers `order` holds, in that order, without the `first` ones."""
        for start in range(first, len(order), self.size):
            yield self.gather(order[start : start + self.size], self._room)

    def gather(self, rows: Array, room: Room) -> Batch:
        """The samples whose numbers `rows` holds, in `room`."""
        room = room.first(len(rows))
        if room.raw is None:
            self._network.ops.gather(self.x, rows, room.x)
        else:
            self._network.ops.gather_bytes(self.x, rows, room.raw, room.x)
        return self.with_targets(rows, room)

    def with_targets(self, rows: Array, room: Room) -> Batch:
        """A room whose samples are there, with the targets, weights and labels that belong to them."""
        gather = self._network.ops.gather
        gather(self.t, rows, room.t)
        if room.weights is not None and self.weights is not None:
            gather(self.weights, rows, room.weights)
        if room.labels is not None and self.labels is not None:
            gather(self.labels, rows, room.labels)
        return Batch(room.x, room.t, room.weights, room.labels)

    def close(self) -> None:
        """End whatever works for these batches."""


class Counter:
    """Counts right answers without allocating: `add` for each batch, `rate` at the end."""

    def __init__(self, network: Network, size: int):
        # For one output the class is 1 where a ≥ ½, which for logits is z ≥ 0.
        self._threshold = 0.0 if network.loss.activation else 0.5
        self._ops = network.ops
        self._predicted = np.empty(size, np.int64)
        self._right = np.empty(size, np.bool_)
        self.count = self.right = 0

    def add(self, y: Array, labels: Array) -> None:
        """Count the rows of the last layer's output y (n, outputs) that agree with labels (n,)."""
        n = len(labels)
        predicted, right = self._predicted[:n], self._right[:n]
        if y.shape[1] == 1:
            np.greater_equal(y[:, 0], self._threshold, out=right)
            np.copyto(predicted, right)
            np.equal(predicted, labels, out=right)
            self.right += int(np.count_nonzero(right))
        else:
            self.right += self._ops.count_right(y, labels, predicted, right)
        self.count += n

    def take(self) -> int:
        """How many were right since the last call."""
        right, self.right, self.count = self.right, 0, 0
        return right

    def rate(self) -> float:
        """The share that was right since the last call."""
        count = max(self.count, 1)
        return self.take() / count
