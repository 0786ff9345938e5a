"""A network with its optimiser, and the order of the images: what trainings of several networks consist of."""

from collections.abc import Iterator
from math import prod
from typing import Any

import numpy as np

from byhand.core.errors import ByhandError, TrainingDiverged
from byhand.core.types import Array
from byhand.network import Network
from byhand.optimizers import Optimizer
from byhand.schedules import as_schedule
from byhand.training.trees import Tree, put_back, whole


class Learner:
    """A network that learns by its own optimiser from the gradient that somebody else writes.

    Attributes:
        network: the network.
        optimizer: its optimiser.
        steps: how many steps it has made.
    """

    def __init__(self, network: Network, optimizer: Optimizer):
        self.network, self.optimizer, self.steps = network, optimizer, 0
        self._vectors = optimizer.state(network.size, network.dtype, network.arena.weights.stop)
        self._schedule = as_schedule(optimizer.learning_rate)

    def step(self, epoch: float, epochs: int) -> None:
        """One step by the network's gradient, at `epoch` (0 at the start, with its fraction) of `epochs`.

        Raises:
            TrainingDiverged: the gradient is not finite.
        """
        network = self.network
        if not np.isfinite(network.gradient.sum()):
            raise TrainingDiverged(
                f"The gradient is not finite any more, after {self.steps:,} steps; try a lower learning rate."
            )
        self.steps += 1
        rate = self._schedule(epoch if self._schedule.per_step else int(epoch), epochs)
        self.optimizer.step(network.ops, network.theta, network.gradient, self._vectors, self.steps, rate)

    def state(self) -> Tree:
        """Parameters, the layers' state, the optimiser's vectors and the number of steps."""
        return {
            "theta": self.network.theta,
            "state": self.network.state,
            "vectors": self._vectors,
            "steps": self.steps,
        }

    def restore(self, tree: Tree) -> None:
        """Restore what `state` returned."""
        put_back(self.network.theta, tree["theta"])
        put_back(self.network.state, tree["state"])
        for name, vector in self._vectors.items():
            put_back(vector, tree["vectors"][name])
        self.steps = whole(tree["steps"], 0)


class Images:
    """Images (N, ...) and their classes, in batches, in a new order each time.

    Args:
        x: images with numbers from 0 to 1, or bytes, which are divided by 255.
        labels: their classes (N,), or None.
        shape: the shape that one image shall have.
        batch_size: images in a batch at most.
        dtype: of the batches.

    Raises:
        ByhandError: x or labels have another shape, or x other numbers.
    """

    def __init__(self, x: Any, labels: Array | None, shape: tuple[int, ...], batch_size: int, dtype: Any):
        self.x, self.labels, self.batch_size = np.asarray(x), labels, batch_size
        self._shape, self._dtype = shape, dtype
        if self.x.ndim < 2 or not len(self.x) or self.x[0].size != prod(shape):
            raise ByhandError(f"The images have to be of shape {shape}; got an array of shape {self.x.shape}.")
        if labels is not None and np.shape(labels) != (len(self.x),):
            raise ByhandError(f"There are {len(self.x)} images; their labels have the shape {np.shape(labels)}.")
        if self.x.dtype != np.uint8 and not (self.x.min() >= 0 and self.x.max() <= 1):
            raise ByhandError("The images have to be bytes (uint8) or numbers from 0 to 1.")

    @property
    def batches(self) -> int:
        """How many batches an epoch has."""
        return -(-len(self.x) // self.batch_size)

    def shuffled(self, rng: np.random.Generator, size: int = 0) -> Iterator[tuple[Array, Array | None]]:
        """Every image once, batch by batch: images (n, *shape) and labels (n,); `size` images at a time, or a batch."""
        order, size = rng.permutation(len(self.x)), size or self.batch_size
        for start in range(0, len(order), size):
            rows = order[start : start + size]
            x = self.x[rows].astype(self._dtype)
            if self.x.dtype == np.uint8:
                x /= 255
            yield x.reshape(len(rows), *self._shape), None if self.labels is None else self.labels[rows]
