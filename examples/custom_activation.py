"""A custom activation function: softsign, y = x / (1 + |x|).

Run it with: python examples/custom_activation.py
"""

from dataclasses import dataclass

import numpy as np

import byhand as bh
from byhand.layers import Activation
from byhand.testing import check_layer


@bh.register
@dataclass(frozen=True)
class Softsign(Activation):
    """y = x / (1 + |x|). Range (−1, 1); in terms of y the derivative is (1 − |y|)²."""

    def forward(self, ops, at):
        """Compute y."""
        np.divide(at.x, 1 + np.abs(at.x), out=at.y)

    def slope(self, ops, at, dx):
        """Compute dx = dy ⊙ (1 − |y|)²."""
        np.multiply(at.dy, (1 - np.abs(at.y)) ** 2, out=dx)


def main() -> float:
    """Check it and train 64-32-10 with it; returns the accuracy on held-out digits."""
    check_layer(Softsign(), (7,))
    digits = bh.load("digits")
    x, y, x_test, y_test = bh.data.split(digits.x_train, digits.y_train, 0.2, np.random.default_rng(0))
    network = bh.Network(64, [bh.Dense(32), Softsign(), bh.Dense(10)], bh.CategoricalCrossEntropy())
    bh.fit(network, x, y, epochs=20)
    accuracy = bh.evaluate(network, x_test, y_test).accuracy
    print(f"{accuracy:.1%} of {len(y_test)} digits right")
    return accuracy


if __name__ == "__main__":
    main()
