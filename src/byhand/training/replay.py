"""Training passes written down as the operations that they call, and called again without the layers between.

All that a layer does to a batch goes through the table of operations, into arrays that stay where they are from step to
step. So the calls of one step are those of every later step whose batch lies in the same array. Repeating them gives
the same bits, saves a small network a tenth of its step, and lets a ReLU and the max-pool behind it change places.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np

from byhand.layers import (
    ELU,
    AveragePool2D,
    BatchNorm,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    LeakyReLU,
    MaxPool2D,
    ReLU,
    Sigmoid,
    Tanh,
)
from byhand.losses import MSE, BinaryCrossEntropy, CategoricalCrossEntropy, QuadraticCost
from byhand.network import Network
from byhand.training.batches import Batch
from byhand.types import Array
from byhand.workspace import Views

# What is known to do nothing but call operations, the same ones at every step. A subclass may do more.
KNOWN = {
    *(Dense, Conv2D, Flatten, MaxPool2D, AveragePool2D, BatchNorm, Dropout, Sigmoid, Tanh, ReLU, LeakyReLU, ELU),
    *(QuadraticCost, MSE, BinaryCrossEntropy, CategoricalCrossEntropy),
}


@dataclass(frozen=True)
class Call:
    """One call of an operation, and what it gave: a number for the loss, else None."""

    name: str
    operation: Callable[..., Any]
    arguments: tuple[Any, ...]
    result: Any = None


class Tape:
    """A table of operations that writes down each call."""

    def __init__(self, ops: Any):
        self._ops = ops
        self.calls: list[Call] = []

    def __getattr__(self, name: str) -> Callable[..., Any]:
        operation = getattr(self._ops, name)

        def write_down(*arguments: Any, **named: Any) -> Any:
            arguments += tuple(named.values())  # the layers name arguments in the operations' order
            self.calls.append(Call(name, operation, arguments, operation(*arguments)))
            return self.calls[-1].result

        return write_down


class Passes:
    """The passes of a batch through the layers.

    Args:
        network: the network.
        views: the workspace's views for such a batch.
        rng: the training's generator.
    """

    def __init__(self, network: Network, views: Views, rng: np.random.Generator):
        self._network, self._views, self._rng = network, views, rng

    def forward(self, batch: Batch) -> Array:
        """As `network.forward`."""
        return self._network.forward(batch.x, self._views, self._rng)

    def backward(self, batch: Batch) -> float:
        """As `network.backward`."""
        return self._network.backward(batch.t, self._views, batch.weights)


class Replay(Passes):
    """The passes of all batches that lie in the same arrays: through the layers once, from then on call by call.

    The network's layers and its loss have to be KNOWN.
    """

    def __init__(self, network: Network, views: Views, rng: np.random.Generator):
        super().__init__(network, views, rng)
        self._there: list[tuple[Callable[..., Any], tuple[Any, ...]]] = []
        self._back: list[tuple[Callable[..., Any], tuple[Any, ...]]] = []
        self._loss = 0  # which of the calls back gives it

    def forward(self, batch: Batch) -> Array:
        """As `network.forward`."""
        if not self._there:
            writer, tape = self._writer()
            writer.forward(batch.x, self._views, self._rng)
            self._there = [(call.operation, call.arguments) for call in swap(tape.calls)]
            self._x = batch.x  # which stays where it is
        else:
            for operation, arguments in self._there:
                operation(*arguments)
        return self._views.y[-1]

    def backward(self, batch: Batch) -> float:
        """As `network.backward`."""
        if self._back:
            return [operation(*arguments) for operation, arguments in self._back][self._loss]
        writer, tape = self._writer()
        loss = writer.backward(batch.t, self._views, batch.weights)
        calls = swap_back(tape.calls)
        self._loss = next(i for i, call in enumerate(calls) if call.result is not None)
        self._back = [(call.operation, call.arguments) for call in calls]
        return loss

    def _writer(self) -> tuple[Network, Tape]:
        """The same network, but for its table of operations."""
        writer, tape = object.__new__(Network), Tape(self._network.ops)
        vars(writer).update(vars(self._network), ops=tape)
        return writer, tape


def is_known(network: Network) -> bool:
    """Whether all that it consists of is KNOWN."""
    return type(network) is Network and all(type(part) in KNOWN for part in (*network.layers, network.loss))


def swap(calls: list[Call]) -> list[Call]:
    """A ReLU in place goes behind the max-pool that follows it, where there are fewer numbers.

    The largest of max(0, x) is max(0, the largest x).
    """
    swapped = list(calls)
    for i, (relu, pool) in enumerate(pairwise(calls)):
        if (relu.name, pool.name) == ("relu", "max_pool") and same(*relu.arguments):
            y = pool.arguments[1]
            swapped[i : i + 2] = pool, replace(relu, arguments=(y, y))
    return swapped


def swap_back(calls: list[Call]) -> list[Call]:
    """The same on the way back: dy goes through the ReLU before the max-pool hands it on.

    Where the pool's y is 0, dy becomes 0; elsewhere the largest x is what it was. dy, dx and the ReLU's dz lie in two
    buffers by turns, and so they do now.
    """
    swapped = list(calls)
    for i, (pool, relu) in enumerate(pairwise(calls)):
        if (pool.name, relu.name) != ("max_pool_backward", "relu_backward"):
            continue
        x, y, dy, dx, *how = pool.arguments
        a, _, dz = relu.arguments
        if same(a, x):
            between = dx.reshape(-1)[: y.size].reshape(y.shape)
            swapped[i] = replace(relu, arguments=(y, dy, between))
            swapped[i + 1] = replace(pool, arguments=(x, y, between, dz, *how))
    return swapped


def same(a: Array, b: Array) -> bool:
    """Whether both are the same memory."""
    return a.ctypes.data == b.ctypes.data and a.shape == b.shape
