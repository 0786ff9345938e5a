"""Gradient descent by mini-batches, and by the full batch: what an epoch does."""

import math
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any

import numpy as np

from byhand.core.workspace import Workspace
from byhand.network import PREDICTED_ROWS, Network
from byhand.optimizers import State
from byhand.training.batches import Batch, Batches, Counter
from byhand.training.callbacks import Callback, Training
from byhand.training.divergence import diverge
from byhand.training.resume import real, whole

LEAST = 4 * PREDICTED_ROWS  # rows of a part: for fewer, threads inside the operations do better
PARTS = 8  # into which a large full batch is cut, whatever the machine, so that the result does not depend on it


class MiniBatches:
    """One step a batch, the samples shuffled before each epoch."""

    def __init__(self, training: Training, batches: Batches, rng: np.random.Generator, accuracy: bool):
        self.training, self.batches, self.rng = training, batches, rng
        self.network = training.network
        self.workspace = self.network.workspace(batches.size)
        self.state = optimizer_state(training)
        self.counter = Counter(self.network, batches.size) if accuracy and batches.labels is not None else None
        self.order = np.arange(len(batches))
        self.steps = math.ceil(len(batches) / batches.size)
        self.total, self.seen = 0.0, 0  # of the current epoch: the samples' losses, and how many they were

    def epoch(self, listeners: Sequence[Callback]) -> dict[str, float]:
        """All samples once; returns the means of loss and accuracy as they were met."""
        network, stopped = self.network, self.training.stop
        if not self.seen:  # else a resumed training goes on within the epoch
            self.rng.shuffle(self.order)
        for batch in self.batches.gathered(self.order, len(self.order) if stopped else self.seen):
            n = len(batch.x)
            self.training.batch = batch
            y = network.forward(batch.x, self.workspace, self.rng)
            if self.counter and batch.labels is not None:
                self.counter.add(y, batch.labels)
            loss = network.backward(batch.t, self.workspace, batch.weights, 1 / n)
            self.total += float(loss) * n
            self.seen += n
            update(self.training, self.state, loss, listeners, (batch,))
            if self.training.stop:
                break
        figures = {"loss": self.total / self.seen}  # fewer than all where a callback stopped the epoch
        self.total, self.seen = 0.0, 0
        return figures | ({"accuracy": self.counter.rate()} if self.counter else {})

    @property
    def counts(self) -> bool:
        """Whether right answers are counted."""
        return self.counter is not None

    def progress(self) -> dict[str, Any]:
        """Where in the epoch it is, for `put_back`."""
        counted = (self.counter.count, self.counter.right) if self.counter else (0, 0)
        return {
            "order": self.order,
            "seen": self.seen,
            "total": self.total,
            "counted": counted,
            "batches": self.batches.key,
        }

    def put_back(self, progress: dict[str, Any]) -> None:
        """Go on from where `progress` was taken."""
        order, n = progress["order"], len(self.order)
        if order.shape != (n,) or not np.array_equal(np.sort(order), np.arange(n)):
            raise ValueError("the order of the samples")
        whole(progress["seen"], 1, n)
        np.copyto(self.order, order)
        self.total, key = real(progress["total"]), progress["batches"]
        self.seen, self.batches.key = progress["seen"], None if key is None else whole(key, 0, 2**63)
        if self.counter:
            self.counter.count, self.counter.right = (whole(count, 0) for count in progress["counted"])

    def close(self) -> None:
        """End what prepares the batches."""
        self.batches.close()


class FullBatch:
    """One step for all samples: the gradient is the sum over pieces of them, each divided by the number of all.

    Pieces fit the cache. They form parts, always the same and always added in the same order; threads share the parts
    out among themselves, so the result does not depend on how many there are.
    """

    steps = 1

    def __init__(self, training: Training, batches: Batches, rng: np.random.Generator, threads: int, accuracy: bool):
        self.training, self.network, self.batches, self.rng = training, training.network, batches, rng
        self.samples = len(batches)
        self.figures: dict[str, float] = {}  # of a step that was made, until the epoch ends
        self.state = optimizer_state(training)
        count = max(1, min(PARTS, len(batches) // LEAST))
        edges = [len(batches) * i // count for i in range(count + 1)]
        self.parts = [
            Part(self.network, batches.part(a, b), part_rng, accuracy)
            for (a, b), part_rng in zip(pairwise(edges), rng.spawn(count), strict=True)
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
        gradient = self.network.gradient
        gradient.fill(0)
        for part in self.parts:
            np.add(gradient, part.gradient, out=gradient)
        loss = sum(part.loss for part in self.parts)
        self.figures = {"loss": float(loss)}
        if self.counts:
            right = sum(part.counter.take() for part in self.parts if part.counter)
            self.figures["accuracy"] = right / self.samples
        batches = (batch for part in self.parts for batch in part.batches.in_order())
        update(self.training, self.state, loss, listeners, batches)

    @property
    def counts(self) -> bool:
        """Whether right answers are counted."""
        return self.parts[0].counter is not None

    def progress(self) -> dict[str, Any]:
        """What the step gave, and the parts' generators, for `put_back`."""
        return {"figures": self.figures, "generators": [part.rng.bit_generator.state for part in self.parts]}

    def put_back(self, progress: dict[str, Any]) -> None:
        """Go on from where `progress` was taken."""
        self.figures = {
            name: real(progress["figures"][name]) for name in ("loss", *(["accuracy"] if self.counts else []))
        }
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
                part.compute(network, workspace, 1 / self.samples)


class Part:
    """Some of the samples, with the sum of their gradients (size,), their loss, and how many were right."""

    def __init__(self, network: Network, batches: Batches, rng: np.random.Generator, accuracy: bool):
        self.batches, self.rng = batches, rng
        self.gradient = np.zeros_like(network.gradient)
        self.loss = 0.0
        self.counter = Counter(network, batches.size) if accuracy and batches.labels is not None else None

    def compute(self, network: Network, workspace: Workspace, factor: float) -> None:
        """Sum over this part's pieces; `network` lends its parameters and the room for one piece's gradient."""
        self.gradient.fill(0)
        self.loss = 0.0
        for batch in self.batches.in_order():
            y = network.forward(batch.x, workspace, self.rng)
            if self.counter and batch.labels is not None:
                self.counter.add(y, batch.labels)
            self.loss += network.backward(batch.t, workspace, batch.weights, factor)
            np.add(self.gradient, network.gradient, out=self.gradient)


def optimizer_state(training: Training) -> State:
    """What the optimiser remembers, before the first step."""
    network = training.network
    return training.optimizer.state(network.size, network.dtype, network.arena.weights.stop)


def update(
    training: Training, state: State, loss: float, listeners: Sequence[Callback], batches: Iterable[Batch]
) -> None:
    """One step of the optimiser by the network's gradient on `batches`, after a look at the loss and at the gradient.

    Raises:
        TrainingDiverged: the loss or the gradient is not finite.
    """
    network, schedule = training.network, training.schedule
    if schedule.per_step:
        training.rate = schedule.at(training.step / training.steps, training.epochs, training.history)
    training.step += 1
    training.loss = loss
    if not (math.isfinite(loss) and training.guard.passes(training.step)):
        raise diverge(training, batches)
    training.last_good.look(training)
    for rule in training.regularizers:
        rule.change_gradient(network, training.scratch)
    training.optimizer.step(network.ops, network.theta, network.gradient, state, training.step, training.rate)
    for rule in training.regularizers:
        rule.change_parameters(network, training.scratch)
    for listener in listeners:
        listener.on_step(training)
