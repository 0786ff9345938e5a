"""The epochs of mini-batch and full-batch training."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any, Protocol

import numpy as np

from byhand.core.chains import numbers_of
from byhand.core.errors import ByhandError
from byhand.core.types import Array
from byhand.core.workspace import Workspace
from byhand.metrics import Metric
from byhand.network import PREDICTED_ROWS, Network
from byhand.training.batches import Batch, Batches
from byhand.training.callbacks import Callback
from byhand.training.divergence import diverge
from byhand.training.state import Training
from byhand.training.tally import Tally, together
from byhand.training.trees import put_back, real, whole

LEAST = 4 * PREDICTED_ROWS  # rows of a part: for fewer, threads inside the operations do better
PIECE_NUMBERS = 400_000  # numbers of a piece of a full batch, whose passes then stay in the cache
PARTS = 8  # into which a large full batch is cut, whatever the machine, so that the result does not depend on it


class Epochs(Protocol):
    """What one call of `fit` does in each epoch."""

    rows: int  # samples a step
    steps: int  # an epoch; 0 where nobody knows yet
    counts: bool  # whether right answers are counted

    def epoch(self, listeners: Sequence[Callback]) -> dict[str, float]:
        """Make one epoch's steps; returns mean loss, accuracy and metrics as they were met."""

    def identity(self) -> dict[str, Any]:
        """What it learns from and how, for a checkpoint to be compared with."""

    def progress(self) -> dict[str, Any]:
        """Where in the epoch it is, for `put_back`."""

    def put_back(self, progress: dict[str, Any]) -> None:
        """Go on from where `progress` was taken."""

    def close(self) -> None:
        """End its threads."""


class MiniBatches:
    """One step for every `accumulate` batches, the samples shuffled before each epoch.

    Args:
        training: whose steps these are.
        batches: the samples.
        accuracy: whether right answers are counted, where there are class numbers.
        metrics: what else is measured.
        shuffle: True, False for the order in which the samples lie, or what rearranges their numbers (n,) in place.
        accumulate: how many batches a step takes its gradient from.
        carry: whether layers go on from what they carried out of the batch before, within an epoch.
    """

    def __init__(
        self,
        training: Training,
        batches: Batches,
        accuracy: bool = True,
        metrics: Mapping[str, Metric] | None = None,
        shuffle: Any = True,
        accumulate: int = 1,
        carry: bool = False,
    ):
        self.training, self.batches, self.shuffle, self.accumulate = training, batches, shuffle, accumulate
        self.carry = carry
        self.network = training.network
        self.workspace = self.network.workspace(self._workspace_rows(batches))
        self.counts = accuracy and batches.labels is not None
        self.tally = Tally(self.network, batches.size, len(batches), self.counts, metrics or {}, batches.gaps)
        if len(training.order) != len(batches) or not shuffle:
            training.order = np.arange(len(batches))
        if carry and not self.workspace.carried():
            raise ByhandError("carry=True is for networks with a layer that keeps a hidden state; this one has none.")
        self.rows = min(batches.size * accumulate, len(batches))
        self.steps = math.ceil(len(batches) / self.rows)
        self.total, self.seen = 0.0, 0  # of the current epoch: the samples' losses, and how many they were

    def _workspace_rows(self, batches: Batches) -> int:
        """Rows of the workspace."""
        return batches.size

    def epoch(self, listeners: Sequence[Callback]) -> dict[str, float]:
        """All samples once; returns the means of loss and accuracy as they were met."""
        training = self.training
        if not self.seen:  # else a resumed training goes on within the epoch
            self._arrange()
        samples, loss, last = len(self.batches), 0.0, self.seen
        rows = min(self.rows, samples - last)  # of the next step
        for batch in self._left():
            training.batch = batch
            loss += self._go(batch, rows, self.seen > last)
            self.seen += len(batch.x)
            if self.seen - last == rows:
                self.total += loss * rows
                update(training, loss, listeners, (batch,))
                loss, last = 0.0, self.seen
                rows = min(self.rows, samples - last)
                if training.stop:
                    break
        figures = {"loss": self.total / self.seen}  # fewer than all where a callback stopped the epoch
        self.total, self.seen = 0.0, 0
        return figures | self.tally.figures()

    def _arrange(self) -> None:
        """What comes before an epoch's first step."""
        self.workspace.reset()
        if self.shuffle is True:
            self.training.rng.shuffle(self.training.order)
        elif self.shuffle:
            self.shuffle(self.training.order)
            if not np.array_equal(np.sort(self.training.order), np.arange(len(self.training.order))):
                raise ByhandError("shuffle must only rearrange the samples' numbers: each has to come once.")

    def _left(self) -> Iterator[Batch]:
        """The batches that are still to come in this epoch; none where it was stopped."""
        order = self.training.order
        return self.batches.gathered(order, len(order) if self.training.stop else self.seen)

    def _go(self, batch: Batch, rows: int, again: bool) -> float:
        """Take the gradient of a batch, as a part of a step of so many rows; returns its share of the loss."""
        network, workspace = self.network, self.workspace
        y = network.forward(batch.x, workspace, self.training.rng, batch.mask, self.carry)
        self.tally.add(batch, y, workspace)
        return float(network.backward(batch.t, workspace, batch.weights, 1 / rows, again))

    def identity(self) -> dict[str, Any]:
        """The data by their checksum, and how they become batches."""
        return {
            "batch size": self.batches.size if self.steps > 1 else len(self.batches),
            "accumulate": self.accumulate,
            "carry": self.carry,
            "metrics": self.tally.names,
            "shuffle": self.shuffle if isinstance(self.shuffle, bool) else "own",
            **data_identity(self.batches),
        }

    def progress(self) -> dict[str, Any]:
        """Where in the epoch it is, for `put_back`."""
        there = {"order": self.training.order, "seen": self.seen, "total": self.total, "batches": self.batches.key}
        carried = {"carried": self.workspace.carried()} if self.carry else {}
        return there | carried | self.tally.state()

    def put_back(self, progress: dict[str, Any]) -> None:
        """Go on from where `progress` was taken."""
        order, n = progress["order"], len(self.batches)
        if order.shape != (n,) or not np.array_equal(np.sort(order), np.arange(n)):
            raise ValueError("the order of the samples")
        whole(progress["seen"], 1, n)
        np.copyto(self.training.order, order)
        self.total, key = real(progress["total"]), progress["batches"]
        self.seen, self.batches.key = progress["seen"], None if key is None else whole(key, 0, 2**63)
        for a, saved in zip(self.workspace.carried() if self.carry else (), progress.get("carried", ()), strict=True):
            put_back(a, saved)
        self.tally.restore(progress)

    def close(self) -> None:
        """End what prepares the batches."""
        self.batches.close()


def piece_rows(network: Network) -> int:
    """Rows of a piece of a full batch: PREDICTED_ROWS, or more where samples and layers are small."""
    return max(PREDICTED_ROWS, PIECE_NUMBERS // (math.prod(network.input_shape) + numbers_of(network.plan)))


class FullBatch:
    """One step for all samples: the gradient is the sum over pieces of them, each divided by the number of all.

    Pieces fit the cache. They form parts, always the same and always added in the same order; threads share the parts
    out among themselves, so the result does not depend on how many there are.
    """

    steps = 1

    def __init__(
        self,
        training: Training,
        batches: Batches,
        threads: int,
        accuracy: bool = True,
        metrics: Mapping[str, Metric] | None = None,
    ):
        self.training, self.network, self.batches = training, training.network, batches
        self.rows = len(batches)
        self.figures: dict[str, float] = {}  # of a step that was made, until the epoch ends
        self.counts = accuracy and batches.labels is not None
        count = max(1, min(PARTS, len(batches) // LEAST))
        edges = [len(batches) * i // count for i in range(count + 1)]
        self.parts = [
            Part(self.network, batches.part(a, b), part_rng, self.counts, metrics or {}, first=a == 0)
            for (a, b), part_rng in zip(pairwise(edges), training.rng.spawn(count), strict=True)
        ]
        if self.network.state.size:
            threads = 1  # running means change with every piece, and so want an order
        size = max(part.batches.size for part in self.parts)
        self.workers = [
            (twin, twin.workspace(size)) for twin in (self.network.twin() for _ in range(min(threads, count)))
        ]
        self.pool = ThreadPoolExecutor(len(self.workers)) if len(self.workers) > 1 else None

    def epoch(self, listeners: Sequence[Callback]) -> dict[str, float]:
        """One step; returns mean loss and accuracy before it."""
        if not self.figures:  # else a resumed training made the step already
            self._step(listeners)
        figures, self.figures = self.figures, {}
        return figures

    def _step(self, listeners: Sequence[Callback]) -> None:
        workers = range(len(self.workers))
        list((self.pool.map if self.pool else map)(self._work, workers))
        gradient, ops = self.network.gradient, self.network.ops
        for part in self.parts[1:]:  # the first part's is the network's own
            ops.add(gradient, part.gradient, out=gradient)
        loss = sum(part.loss for part in self.parts)
        self.figures = {"loss": float(loss)} | together([part.tally for part in self.parts])
        batches = (batch for part in self.parts for batch in part.batches.in_order())
        update(self.training, loss, listeners, batches)

    def identity(self) -> dict[str, Any]:
        """The data by their checksum."""
        metrics = self.parts[0].tally.names
        return {"batch size": len(self.batches), "metrics": metrics, **data_identity(self.batches)}

    def progress(self) -> dict[str, Any]:
        """What the step gave, and the parts' generators, for `put_back`."""
        return {"figures": self.figures, "generators": [part.rng.bit_generator.state for part in self.parts]}

    def put_back(self, progress: dict[str, Any]) -> None:
        """Go on from where `progress` was taken."""
        self.figures = {name: real(value) for name, value in progress["figures"].items()}
        if "loss" not in self.figures or self.counts != ("accuracy" in self.figures):
            raise ValueError("the figures of the step")
        for part, state in zip(self.parts, progress["generators"], strict=True):
            part.rng.bit_generator.state = state

    def close(self) -> None:
        """End the threads."""
        if self.pool:
            self.pool.shutdown()

    def _work(self, worker: int) -> None:
        """Gradients of this worker's parts."""
        network, workspace = self.workers[worker]
        with np.errstate(over="ignore", invalid="ignore"):
            for part in self.parts[worker :: len(self.workers)]:
                part.compute(network, workspace, 1 / self.rows)


class Part:
    """Some of the samples, with the sum of their gradients (size,), their loss, and what is counted of them.

    The first part's sum is the network's gradient itself, to which the others are added.
    """

    def __init__(
        self,
        network: Network,
        batches: Batches,
        rng: np.random.Generator,
        accuracy: bool,
        metrics: Mapping[str, Metric],
        first: bool,
    ):
        self.batches, self.rng = batches, rng
        self.gradient = network.gradient if first else network.ops.empty(network.gradient.shape, network.dtype)
        self.loss = 0.0
        self.tally = Tally(network, batches.size, len(batches), accuracy, metrics, batches.gaps)

    def compute(self, network: Network, workspace: Workspace, factor: float) -> None:
        """Sum over this part's pieces; `network` lends its parameters and the room for one piece's gradient."""
        self.loss = 0.0
        for i, batch in enumerate(self.batches.in_order()):
            y = network.forward(batch.x, workspace, self.rng, batch.mask)
            self.tally.add(batch, y, workspace)
            self.loss += network.backward(batch.t, workspace, batch.weights, factor)
            if i:
                network.ops.add(self.gradient, network.gradient, out=self.gradient)
            else:
                network.ops.copy(network.gradient, out=self.gradient)


def update(training: Training, loss: float, listeners: Sequence[Callback], batches: Iterable[Batch]) -> None:
    """One step of the optimiser by the network's gradient on `batches`, after a look at the loss and at the gradient.

    Raises:
        TrainingDiverged: the loss or the gradient is not finite.
    """
    network, frozen = training.network, training.frozen
    ops = network.ops
    if training.schedule.per_step:
        training.rate = training.rate_of_step()
    training.step += 1
    training.loss = loss
    if not (math.isfinite(loss) and training.guard.passes(training.step)):
        raise diverge(training, batches)
    training.last_good.look(loss, training.step, training.steps)
    for rule in training.regularizers:
        frozen.clear(ops)
        rule.change_gradient(network, training.scratch)
    for section in training.sections:
        if section.rate:
            section.step(ops, training.step, training.rate)
    if training.regularizers:
        frozen.keep(ops)
        for rule in training.regularizers:
            rule.change_parameters(network, training.scratch)
        frozen.put_back(ops)
    for listener in listeners:
        listener.on_step(training)


def data_identity(batches: Batches) -> dict[str, Any]:
    """Which data these are, for a checkpoint to be compared with."""
    import zlib

    checksum = 0
    arrays: tuple[Array | None, ...] = (batches.x, batches.t, batches.weights, batches.mask)
    for array in arrays:
        checksum = checksum if array is None else zlib.crc32(np.ascontiguousarray(array).view(np.uint8).data, checksum)
    augmentation = without_addresses(getattr(batches, "augment", None))
    return {"augmentation": augmentation, "samples": len(batches), "data": f"{checksum:08x}"}


def without_addresses(part: Any) -> str:
    """A part as text, without where in memory it or its parts happen to lie."""
    import re

    return re.sub(r" at 0x[0-9a-fA-F]+", "", repr(part))
