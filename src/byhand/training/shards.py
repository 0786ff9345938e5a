"""Epochs whose batches are cut into shards, which one process, or several, take on."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from byhand.core.errors import ByhandError
from byhand.core.types import Array
from byhand.core.world import World
from byhand.metrics import Metric
from byhand.network import Network
from byhand.training.batches import Batch, Batches, Cut
from byhand.training.callbacks import Callback
from byhand.training.state import Training
from byhand.training.steps import MiniBatches, update
from byhand.training.tally import Tally
from byhand.training.trees import whole

CHECKED_ROWS = 64  # samples by which the processes see that they have the same data


class Shard:
    """The part with one number of every batch: it goes through a network with θ in common and the rest of its own.

    Args:
        network: the network in training.
        number: which shard this is.
        rows: samples of a shard at most.
        vector: room (size + size of the state,) for the gradient, and for what the state changes by.
    """

    def __init__(self, network: Network, number: int, rows: int, vector: Array):
        self.number, self._before = number, network.state
        gradient, self._change = vector[: network.size], vector[network.size :]
        self._gradient, self._state = gradient, network.state.copy()
        self.network = network.twin(self._state, gradient)
        self.workspace = self.network.workspace(rows)
        self.begin()

    def begin(self) -> None:
        """Begin a step: no sample yet, and the state that all shards have in common."""
        self.rows, self.loss = 0, 0.0
        np.copyto(self._state, self._before)

    def go(self, batch: Batch, rng: np.random.Generator, factor: float) -> Array:
        """Add a piece's gradient, the samples' losses multiplied by `factor`; returns the last layer's output."""
        y = self.network.forward(batch.x, self.workspace, rng, batch.mask)
        self.loss += float(self.network.backward(batch.t, self.workspace, batch.weights, factor, self.rows > 0))
        self.rows += len(batch.x)
        return y

    def end(self, rows: int) -> None:
        """End a step of so many rows in all: what the state changes by is weighted by this shard's part of them."""
        if not self.rows:
            self._gradient.fill(0)
        np.subtract(self._state, self._before, out=self._change)
        np.multiply(self._change, self.rows / rows, out=self._change)


class ShardedBatches(MiniBatches):
    """One step for every `accumulate` batches, each cut into shards whose gradients are added in the shards' order.

    With the shards g₁ … g_k of a batch the gradient is ((g₁ + g₂) + g₃) + …, and that of the mean loss over all
    samples, as if the batch were whole. What is random in a shard depends on the generator of the run, on the batch and
    on the shard. So the step has the same bits however many processes share the shards out among themselves. Layers
    that look at the whole batch, as BatchNorm does, see one shard at a time; running means change by the mean of what
    the shards change them by, each shard weighted by its samples.

    Args:
        training: whose steps these are.
        batches: the samples, cut into shards.
        world: the processes.
        options: those of `MiniBatches`.

    Raises:
        ByhandError: the processes have different data.
    """

    def __init__(self, training: Training, batches: Batches, world: World, **options: Any):
        super().__init__(training, batches, **options)
        self.world, cut, network = world, batches.cut, self.network
        metrics: Mapping[str, Metric] = options.get("metrics") or {}
        rows = -(-batches.size // cut.shards)
        self._own = Tally(network, rows, len(batches), self.counts, metrics, batches.gaps)  # of this process' shards
        length = network.size + len(network.state)
        self._vectors = np.zeros((len(cut.mine), length), network.dtype)  # [gradient, change of the state] by shard
        self._sum = np.zeros(length, network.dtype)
        self.shards = [Shard(network, i, rows, v) for i, v in zip(cut.mine, self._vectors, strict=True)]
        self._notes = np.zeros((len(cut.mine), 3))  # loss, right answers and how many were counted
        self._noted = np.zeros(3)
        self.key = 0  # from which everything random in the current epoch's steps is drawn
        if world.size > 1:
            self._require_same_data()

    def _require_same_data(self) -> None:
        batches, chosen = self.batches, np.linspace(0, len(self.batches) - 1, CHECKED_ROWS).astype(int)
        mine = (batches.x.shape, batches.x[chosen].tobytes(), batches.t[chosen].tobytes())
        for rank, theirs in enumerate(self.world.gather(mine)):
            if theirs != mine:
                raise ByhandError(f"Processes {rank} and {self.world.rank} have different data; all need the same.")

    def _workspace_rows(self, batches: Batches) -> int:
        return 1  # the shards have workspaces of their own

    def epoch(self, listeners: Sequence[Callback]) -> dict[str, float]:
        """All samples once; returns the means of loss and accuracy as they were met."""
        training, samples = self.training, len(self.batches)
        if not self.seen:  # else a resumed training goes on within the epoch
            self._arrange()
            self.key = int(training.rng.integers(2**63))
        pieces = self._left()
        while self.seen < samples and not training.stop:
            end = min(self.seen + self.rows, samples)
            loss = self._step(pieces, self.seen, end)
            self.total += loss * (end - self.seen)
            self.seen = end
            update(training, loss, listeners, () if training.batch is None else (training.batch,))
            training.agree_to_stop()
        figures = {"loss": self.total / self.seen}
        self.total, self.seen = 0.0, 0
        return figures | self.tally.figures()

    def _step(self, pieces: Iterator[Batch], first: int, end: int) -> float:
        """The gradient of the samples from `first` to `end` in the epoch's order; returns their mean loss."""
        size, rows = self.batches.size, end - first
        for shard in self.shards:
            shard.begin()
        for start in range(first, end, size):
            edges = self.batches.cut.edges(min(size, end - start))
            for shard, (a, b) in zip(self.shards, edges, strict=True):
                if a < b:
                    self.training.batch = batch = next(pieces)
                    rng = np.random.default_rng((self.key, start // size, shard.number))
                    self._own.add(batch, shard.go(batch, rng, 1 / rows), shard.workspace)
        for shard in self.shards:
            shard.end(rows)
        return self._together()

    def _together(self) -> float:
        """Add up what all shards of all processes have; returns the loss."""
        network = self.network
        self._notes.fill(0)
        self._notes[:, 0] = [shard.loss for shard in self.shards]
        counted, record = self._own.take()
        self._notes[0, 1:] = counted
        self.world.add_up(self._notes, self._noted)
        self.world.add_up(self._vectors, self._sum)
        network.ops.copy(self._sum[: network.size], out=network.gradient)
        network.ops.add(network.state, self._sum[network.size :], out=network.state)
        self.tally.extend((int(self._noted[1]), int(self._noted[2])), None)
        if record is not None:
            for one in self.world.gather(record):
                self.tally.extend((0, 0), one)
        return float(self._noted[0])

    def identity(self) -> dict[str, Any]:
        """The data by their checksum, and how they become batches."""
        known = super().identity()
        return known | {"batch size": f"{known['batch size']} in {self.batches.cut.shards} shards"}

    def progress(self) -> dict[str, Any]:
        """Where in the epoch it is, for `put_back`."""
        return super().progress() | {"key": self.key}

    def put_back(self, progress: dict[str, Any]) -> None:
        """Go on from where `progress` was taken."""
        super().put_back(progress)
        self.key = whole(progress["key"], 0, 2**63)


def cut_for(world: World, shards: int) -> Cut:
    """How each of the processes takes its part of the shards.

    Raises:
        ByhandError: they cannot be shared out evenly.
    """
    if shards % world.size:
        raise ByhandError(
            f"{world.size} processes cannot share {shards} shards; their number must be a multiple of {world.size}."
        )
    each = shards // world.size
    return Cut(shards, range(world.rank * each, (world.rank + 1) * each))
