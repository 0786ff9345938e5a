"""Batches, gathered into preallocated arrays."""

from collections.abc import Iterator
from copy import copy
from math import ceil
from typing import Any, NamedTuple

import numpy as np

from byhand.core.checks import as_array
from byhand.core.errors import ByhandError
from byhand.core.inputs import require_grey_levels
from byhand.core.memory import on_a_line
from byhand.core.types import Array
from byhand.network import PREDICTED_ROWS, Network
from byhand.training.targets import (
    as_targets,
    as_weights,
    class_weights,
    unscaled_weights,
    without_padding,
)


class Batch(NamedTuple):
    """A batch, ready for the network.

    Attributes:
        x: samples (n, *input_shape) in the network's dtype.
        t: targets (n, outputs).
        weights: sample weights (n,), or None.
        labels: class numbers (n,), or (n, T) of sequences, where −1 is ignored; or None.
        mask: (n, T), True at the steps of each sequence that exist; or None.
    """

    x: Array
    t: Array
    weights: Array | None = None
    labels: Array | None = None
    mask: Array | None = None


class Cut(NamedTuple):
    """How batches are cut into shards, and which of these this process takes.

    Attributes:
        shards: how many each batch is cut into; they differ by a sample at most.
        mine: those of this process.
    """

    shards: int = 1
    mine: range = range(1)

    def edges(self, n: int) -> list[tuple[int, int]]:
        """Where each of this process's shards of a batch of n samples begins and ends."""
        return [(n * i // self.shards, n * (i + 1) // self.shards) for i in self.mine]


class Room(NamedTuple):
    """Arrays for one batch; `raw` for its samples as the data have them, where the network takes them otherwise."""

    raw: Array | None
    x: Array
    t: Array
    weights: Array | None
    labels: Array | None
    mask: Array | None

    def first(self, n: int) -> "Room":
        """Room for n rows."""
        if n == len(self.x):
            return self
        return Room(*(None if a is None else a[:n] for a in self))  # type: ignore[arg-type]


class Batches:
    """Data for one network, in batches of up to `size` rows.

    Samples that come as bytes (grey levels 0-255) stay bytes, and are divided by 255 batch by batch. Those of a
    memory-mapped file stay there, whatever their type, and are converted batch by batch: the file may be larger than
    the memory. It is read once at the start, to see that all its numbers are finite.

    Args:
        network: the network that they go into.
        x: samples (N, *input_shape).
        y: class numbers (N,) or targets (N, outputs).
        size: rows of a batch at most.
        weights: sample weights (N,).
        soft: whether class numbers become targets (N, outputs), so that they can be mixed.
        mask: (N, T), True at the steps of each sequence that exist; or the sequences' lengths (N,).
        class_weight: the weight of each class, see `class_weights`.
        cut: how a batch is cut into shards.

    Raises:
        ByhandError: there are no samples, or x, y or weights do not fit each other or the network.
    """

    def __init__(
        self,
        network: Network,
        x: Any,
        y: Any,
        size: int = PREDICTED_ROWS,
        weights: Any = None,
        soft: bool = False,
        mask: Any = None,
        class_weight: Any = None,
        cut: Cut = Cut(),  # noqa: B008  (it does not change)
    ):
        self.cut = cut
        self.key: int | None = None  # from which the current epoch's batches are made, where anything in them is random
        in_file = isinstance(x, np.memmap)
        x = as_array("x (the samples)", x)
        if x.ndim == 0 or len(x) == 0:
            raise ByhandError("There are no samples.")
        x = network.as_samples(x)
        if x.dtype == np.uint8 and network.inputs != "tokens":
            require_grey_levels(network.inputs)
        elif in_file:
            first, end = (len(x) * shard // cut.shards for shard in (cut.mine.start, cut.mine.stop))
            for start in range(first, end, PREDICTED_ROWS):  # each process looks at its part
                network.as_input(x[start : min(start + PREDICTED_ROWS, end)])  # refuses what is wrong
        else:
            x = network.as_input(x)
        self.x = x
        self.mask = network.as_mask(mask, len(x))
        if self.mask is not None:
            y = without_padding(y, self.mask, network)
        self.t, self.labels = as_targets(network, y, len(x), soft)
        if class_weight is not None:
            by_class = class_weights(class_weight, self.labels, network)
            weights = by_class if weights is None else by_class * unscaled_weights(weights, len(x))
        self.weights = as_weights(weights, len(x), network.dtype)
        if self.mask is not None and self.labels is not None and self.labels.shape == self.mask.shape:
            self.labels = np.where(self.mask, self.labels, -1)
        self.gaps = self.labels is not None and bool((self.labels < 0).any())
        taken = np.dtype(np.int64) if network.inputs == "tokens" else network.dtype
        self._network, self._host = network, network.host_ops
        self._bytes = x.dtype == np.uint8 and network.inputs != "tokens"
        self._converted, self._taken = x.dtype != taken, taken
        self._allocate(size)

    def _allocate(self, size: int) -> None:
        """Room for one batch, or one shard of it."""
        self.size = min(size, len(self.x))
        self._room = self.room()
        self._carried_to: list[Array | None] = []  # room for a batch in the memory of the operations

    def room(self) -> Room:
        """New arrays for one batch, or one shard of it."""
        size = -(-self.size // self.cut.shards)
        network, shape = self._network, (size, *self._network.input_shape)
        t = np.empty((size, *self.t.shape[1:]), self.t.dtype)
        labels = t if self.labels is self.t else None  # class numbers that the loss takes as they are
        if self.labels is not None and labels is None:
            labels = np.empty((size, *self.labels.shape[1:]), np.int64)
        return Room(
            raw=np.empty(shape, self.x.dtype) if self._converted else None,
            x=on_a_line(np.empty, shape, self._taken),
            t=t,
            weights=None if self.weights is None else np.empty(size, network.dtype),
            labels=labels,
            mask=None if self.mask is None else np.empty((size, *self.mask.shape[1:]), np.bool_),
        )

    def _carried(self, batch: Batch) -> Batch:
        """The batch in the memory that the network's operations work in, where that is not NumPy's."""
        ops = self._network.ops
        if ops.host:
            return batch
        if not self._carried_to:
            room = len(self._room.x)
            self._carried_to = [None if a is None else ops.empty((room, *a.shape[1:]), a.dtype) for a in batch]
        there = [None if a is None else a[: len(batch.x)] for a in self._carried_to]
        for a, out in zip(batch, there, strict=True):
            if a is not None and out is not None:
                ops.put(a, out)
        return Batch(*there)  # type: ignore[arg-type]

    def part(self, start: int, stop: int) -> "Batches":
        """The samples from start to stop, sharing the data, in batches of about the same size."""
        part = copy(self)
        rows = slice(start, stop)
        part.x, part.t = self.x[rows], self.t[rows]
        part.weights, part.labels, part.mask = self._beside(rows)
        part._allocate(ceil((stop - start) / ceil((stop - start) / self.size)))
        return part

    def __len__(self) -> int:
        """The number of samples."""
        return len(self.x)

    def in_order(self, part: int = 0, parts: int = 1) -> Iterator[Batch]:
        """All samples as they lie, or one of so many parts of them; floating-point samples are not copied."""
        starts = range(0, len(self.x), self.size)
        for start in starts[len(starts) * part // parts : len(starts) * (part + 1) // parts]:
            rows = slice(start, start + self.size)
            x = self.x[rows]
            if self._converted:
                taken = self._room.x[: len(x)]
                self._convert(x, taken)
                x = taken
            yield self._carried(Batch(x, self.t[rows], *self._beside(rows)))

    def _beside(self, rows: slice) -> tuple[Array | None, Array | None, Array | None]:
        """Weights, labels and masks of these rows."""
        weights, labels, mask = (None if a is None else a[rows] for a in (self.weights, self.labels, self.mask))
        return weights, labels, mask

    def _convert(self, raw: Array, out: Array) -> None:
        """Samples as the data have them into samples as the network takes them."""
        if self._bytes:
            self._host.scale_bytes(raw, out)
        else:
            np.copyto(out, raw, casting="unsafe")

    def gathered(self, order: Array, first: int = 0) -> Iterator[Batch]:
        """The samples whose numbers `order` holds, in that order, without the `first` ones.

        Where batches are cut, every shard of this process comes by itself.
        """
        if self.cut.shards > 1 or not self._network.ops.host:
            for rows, _ in self.pieces(order, first):
                yield self._carried(self.gather(rows, self._room))
            return
        for start in range(first, len(order), self.size):  # whole batches: fewer calls a step than by `pieces`
            yield self.gather(order[start : start + self.size], self._room)

    def pieces(self, order: Array, first: int) -> Iterator[tuple[Array, tuple[int, ...]]]:
        """The samples' numbers of each batch, or shard, and which it is: (batch,) or (batch, shard)."""
        for start in range(first, len(order), self.size):
            rows, number = order[start : start + self.size], start // self.size
            if self.cut.shards == 1:
                yield rows, (number,)
                continue
            for shard, (a, b) in zip(self.cut.mine, self.cut.edges(len(rows)), strict=True):
                if a < b:
                    yield rows[a:b], (number, shard)

    def gather(self, rows: Array, room: Room) -> Batch:
        """The samples whose numbers `rows` holds, in `room`."""
        ops = self._host
        if len(rows) < len(room.x):
            room = room.first(len(rows))
        if room.raw is None:
            ops.gather(self.x, rows, room.x)
        elif self._bytes:
            ops.gather_bytes(self.x, rows, room.raw, room.x)
        else:
            ops.gather(self.x, rows, room.raw)
            self._convert(room.raw, room.x)
        return self.with_targets(rows, room)

    def with_targets(self, rows: Array, room: Room) -> Batch:
        """A room whose samples are there, with the targets, weights and labels that belong to them."""
        gather = self._host.gather
        gather(self.t, rows, room.t)
        if room.weights is not None and self.weights is not None:
            gather(self.weights, rows, room.weights)
        if room.labels is not None and self.labels is not None and self.labels is not self.t:
            gather(self.labels, rows, room.labels)
        if room.mask is not None and self.mask is not None:
            gather(self.mask, rows, room.mask)
        return Batch(room.x, room.t, room.weights, room.labels, room.mask)

    def close(self) -> None:
        """Stop background threads."""
