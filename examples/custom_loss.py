"""A custom loss: log cosh, like a square near zero and like an absolute value far from it.

Run it with: python examples/custom_loss.py
"""

from dataclasses import dataclass

import numpy as np

import byhand as bh
from byhand.losses import Loss
from byhand.testing import check_loss


@bh.register
@dataclass(frozen=True)
class LogCosh(Loss):
    """ℓ = Σⱼ log cosh(yⱼ − tⱼ), so ∂ℓ/∂y = tanh(y − t), which is at most 1 in size."""

    def derive(self, ops, at):
        """Write the loss of each sample into cache.each (n,), and the derivative into dy (n, k)."""
        e = at.y - at.t
        np.sum(np.logaddexp(e, -e) - np.log(2), axis=1, out=at.cache.each)
        np.tanh(e, out=at.dy)


def main() -> float:
    """Check it and train 64-32-10 with it; returns the accuracy on held-out digits."""
    check_loss(LogCosh(), 3)
    digits = bh.load("digits")
    x, y, x_test, y_test = bh.data.split(digits.x_train, digits.y_train, 0.2, np.random.default_rng(0))
    network = bh.Network(64, [bh.Dense(32, bh.He()), bh.ReLU(), bh.Dense(10)], LogCosh(), task="classes")
    bh.fit(network, x, y, epochs=20)
    accuracy = bh.evaluate(network, x_test, y_test).accuracy
    print(f"{accuracy:.1%} of {len(y_test)} digits right")
    return accuracy


if __name__ == "__main__":
    main()
