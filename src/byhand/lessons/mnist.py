"""MNIST as the lessons use it: 50,000 digits to train, 10,000 to choose by, 10,000 to test."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from byhand.core.types import Array
from byhand.data import load
from byhand.initializers import Glorot, Initializer, Normal
from byhand.layers import Dense, Sigmoid
from byhand.losses import QuadraticCost
from byhand.network import Network
from byhand.optimizers import GradientDescent
from byhand.training import Callback, History, fit


@dataclass(frozen=True)
class Digits:
    """Images (n, 784) uint8 and their labels (n,)."""

    x: Array
    y: Array


def load_digits() -> tuple[Digits, Digits, Digits]:
    """Training, validation and test digits, cut as in `mnist.pkl.gz`: the last 10,000 training rows validate."""
    data = load("mnist")
    assert data.x_test is not None and data.y_test is not None
    return (
        Digits(data.x_train[:50_000], data.y_train[:50_000]),
        Digits(data.x_train[50_000:], data.y_train[50_000:]),
        Digits(data.x_test, data.y_test),
    )


def published_network(seed: int) -> Network:
    """[784, 30, 10], sigmoids everywhere, quadratic cost, weights and biases N(0, 1)."""
    return sigmoid_network(10, seed, Normal(1.0), Normal(1.0))


def sigmoid_network(
    outputs: int, seed: int, weights: Initializer | None = None, biases: Initializer | None = None
) -> Network:
    """784-30-outputs with sigmoids and quadratic cost; weights start by Glorot's rule unless told otherwise."""
    weights, biases = weights or Glorot(), biases or Normal(0.0)
    layers = [Dense(30, weights, biases), Sigmoid(), Dense(outputs, weights, biases), Sigmoid()]
    return Network(784, layers, QuadraticCost(), rng=seed, inputs="grey levels")


def train_network(network: Network, x: Array, y: Array, epochs: int, rate: float, seed: int, **more: Any) -> History:
    """Gradient descent with mini-batches of 10."""
    return fit(
        network, x, y,
        epochs=epochs, batch_size=10, optimizer=GradientDescent(rate), rng=seed, progress=False, **more,
    )  # fmt: skip


class Curve(Callback):
    """The mean loss of every so many steps, for a picture."""

    def __init__(self, every: int = 250):
        self.every = every
        self.steps: list[int] = []
        self.losses: list[float] = []
        self._sum = 0.0

    def on_step(self, training: Any) -> None:
        """Add one step."""
        self._sum += training.loss
        if training.step % self.every == 0:
            self.steps.append(training.step)
            self.losses.append(self._sum / self.every)
            self._sum = 0.0


def draw_seed(rng: np.random.Generator) -> int:
    """A seed for trainings that shall start alike."""
    return int(rng.integers(2**31))
