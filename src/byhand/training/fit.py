"""The training loop."""

import math
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any

import numpy as np

from byhand.checks import require_instance, require_whole
from byhand.errors import TrainingDiverged
from byhand.network import PIECE, Network
from byhand.optimizers import Adam, Optimizer
from byhand.schedules import as_schedule
from byhand.training.batches import Batches, Counter
from byhand.training.callbacks import Callback, ProgressBar, Training
from byhand.training.evaluate import Evaluator
from byhand.training.history import History
from byhand.types import Array


def fit(
    network: Network,
    x: Any,
    y: Any,
    *,
    validation: tuple[Any, Any] | None = None,
    epochs: int = 10,
    batch_size: int | None = 32,
    optimizer: Optimizer | None = None,
    rng: np.random.Generator | int = 0,
    sample_weight: Any = None,
    accuracy: bool = True,
    callbacks: Sequence[Callback] = (),
    progress: bool = True,
    threads: int | None = None,
) -> History:
    """Train `network` by gradient descent on x and y; its parameters change in place.

    Each step takes the gradient of the mean loss over a batch and hands it to the optimiser. With `batch_size` 1 that
    is stochastic gradient descent, with None full-batch gradient descent (computed in pieces that fit the cache, with
    the same result), in between mini-batches. Samples are shuffled before each epoch. The same generator state gives
    the same parameters, bit for bit, on the same machine with the same number of threads.

    Args:
        network: what is trained.
        x: samples (n, *input_shape); uint8 means grey levels 0-255 and is divided by 255.
        y: class numbers (n,), or targets (n, outputs).
        validation: (x, y) on which loss and accuracy are measured after every epoch.
        epochs: how many times all samples are seen.
        batch_size: samples a step; None for all of them.
        optimizer: how θ follows the gradient; Adam() by default.
        rng: the generator of the shuffles, or a seed for one.
        sample_weight: how much each sample counts (n,); scaled to a mean of one.
        accuracy: whether to count right answers while training, where y has classes.
        callbacks: what else should happen at each step and epoch.
        progress: whether to show a progress bar on a terminal.
        threads: threads of the matrix products; by default one for small batches, where more would only wait.

    Returns:
        The history: loss, accuracy, val_loss, val_accuracy, learning_rate and seconds of every epoch.

    Raises:
        ByhandError: arguments that do not fit.
        TrainingDiverged: the loss is not a finite number any more.
    """
    require_whole("epochs", epochs)
    if batch_size is not None:
        require_whole("batch_size", batch_size)
    optimizer = optimizer or Adam()
    require_instance("optimizer", optimizer, Optimizer, "an optimiser such as Adam()")
    rng = np.random.default_rng(rng)
    batches = Batches(network, x, y, batch_size or PIECE, sample_weight)
    evaluator = Evaluator(network, *validation) if validation else None
    schedule = as_schedule(optimizer.learning_rate)
    steps = math.ceil(len(batches) / batches.size) if batch_size else 1
    training = Training(network, optimizer, epochs, steps)
    run = _FullBatch(training, batches) if batch_size is None else _MiniBatch(training, batches, rng)
    counter = Counter(network, batches.size) if accuracy and batches.labels is not None else None
    listeners = [*callbacks, *([ProgressBar()] if progress else [])]
    with (
        _blas_threads(threads or _threads(network, batches.size)),
        np.errstate(over="ignore", invalid="ignore"),
    ):
        for listener in listeners:
            listener.on_start(training)
        try:
            for epoch in range(epochs):
                start = time.perf_counter()
                training.epoch = epoch + 1
                rate = schedule(epoch, epochs)
                row: dict[str, float] = {"epoch": epoch + 1, "loss": run.epoch(rate, counter, listeners)}
                if counter:
                    row["accuracy"] = counter.rate()
                if evaluator:
                    row |= {f"val_{name}": value for name, value in evaluator().items()}
                training.history.add(row | {"learning_rate": rate, "seconds": time.perf_counter() - start})
                for listener in listeners:
                    listener.on_epoch(training)
                if training.stop:
                    break
        finally:
            for listener in listeners:
                listener.on_end(training)
    return training.history


class _Run:
    """What full-batch and mini-batch training share: the optimiser's vectors and the workspace."""

    def __init__(self, training: Training, batches: Batches):
        self.training, self.batches = training, batches
        self.network = training.network
        self.workspace = self.network.workspace(batches.size)
        self.state = training.optimizer.state(self.network.size, self.network.dtype)

    def update(self, gradient: Array, rate: float, loss: float, listeners: Sequence[Callback]) -> None:
        """One step of the optimiser, after a look at the loss."""
        training = self.training
        training.step += 1
        training.loss = loss
        if not math.isfinite(loss):
            raise TrainingDiverged(
                f"The loss became {loss} in epoch {training.epoch}, step {training.step}, so training stopped; "
                f"the learning rate ({rate:g}) is most likely too high: try a tenth of it."
            )
        training.optimizer.step(self.network.ops, self.network.theta, gradient, self.state, training.step, rate)
        for listener in listeners:
            listener.on_step(training)


class _MiniBatch(_Run):
    """One step a batch, the samples shuffled before each epoch."""

    def __init__(self, training: Training, batches: Batches, rng: np.random.Generator):
        super().__init__(training, batches)
        self.rng = rng
        self.order = np.arange(len(batches))

    def epoch(self, rate: float, counter: Counter | None, listeners: Sequence[Callback]) -> float:
        """All samples once; returns the mean of the losses as they were met."""
        network, total = self.network, 0.0
        self.rng.shuffle(self.order)
        for batch in self.batches.gathered(self.order):
            n = len(batch.x)
            views = self.workspace.views(n)
            y = network.forward(batch.x, views, train=True)
            if counter and batch.labels is not None:
                counter.add(y, batch.labels)
            loss = network.backward(batch.t, views, batch.weights, 1 / n)
            total += loss * n
            self.update(network.gradient, rate, loss, listeners)
            if self.training.stop:
                break
        return total / len(self.batches)


class _FullBatch(_Run):
    """One step for all samples: the gradient is the sum over pieces of them, each divided by the number of all."""

    def __init__(self, training: Training, batches: Batches):
        super().__init__(training, batches)
        self.total = np.zeros_like(self.network.gradient)

    def epoch(self, rate: float, counter: Counter | None, listeners: Sequence[Callback]) -> float:
        """One step; returns the mean loss before it."""
        network, loss = self.network, 0.0
        self.total.fill(0)
        for batch in self.batches.in_order():
            views = self.workspace.views(len(batch.x))
            y = network.forward(batch.x, views, train=True)
            if counter and batch.labels is not None:
                counter.add(y, batch.labels)
            loss += network.backward(batch.t, views, batch.weights, 1 / len(self.batches))
            np.add(self.total, network.gradient, out=self.total)
        np.copyto(network.gradient, self.total)
        self.update(network.gradient, rate, loss, listeners)
        return loss


def _threads(network: Network, rows: int) -> int | None:
    """One thread where the largest matrix product is under ten million operations; else as many as there are."""
    largest = max((p.size for p in network.arena.parameters), default=0)
    return 1 if 2 * rows * largest < 10_000_000 else None


def _blas_threads(threads: int | None) -> AbstractContextManager[Any]:
    from threadpoolctl import threadpool_limits

    return threadpool_limits(threads, user_api="blas")
