"""A custom optimiser: Signum, which uses only the sign of a running mean of the gradients.

Bernstein et al., "signSGD: Compressed Optimisation for Non-Convex Problems" (2018), algorithm 2.
Run it with: python examples/custom_optimizer.py
"""

from dataclasses import dataclass

import numpy as np

import byhand as bh
from byhand.optimizers import Optimizer


@bh.register
@dataclass(frozen=True)
class Signum(Optimizer):
    """m ← β m + (1 − β) g, θ ← θ − η sign(m)."""

    learning_rate: float | bh.schedules.Schedule = 0.001
    beta: float = 0.9

    vectors = ("m",)  # state: vectors as long as θ, zero before the first step

    def step(self, ops, theta, g, state, t, rate):
        """Update all parameters θ in place; `rate` is η in this step."""
        m = state["m"]
        m += (1 - self.beta) * (g - m)
        theta -= rate * np.sign(m)


def check() -> None:
    """Two steps by hand: g = (2, −4), then (−1, −4), with β ½ and η 0.1."""
    optimizer, theta = Signum(0.1, beta=0.5), np.zeros(2)
    state = optimizer.state(2, float)
    for t, g in enumerate(([2.0, -4.0], [-1.0, -4.0]), start=1):
        optimizer.step(None, theta, np.array(g), state, t, 0.1)
    np.testing.assert_allclose(state["m"], [0.0, -3.0])  # ½ · 1 + ½ · (−1), ½ · (−2) + ½ · (−4)
    np.testing.assert_allclose(theta, [-0.1, 0.2])  # sign(1), then sign(0) = 0; twice sign(−)


def main() -> float:
    """Check it and train 64-32-10 with it; returns the accuracy on held-out digits."""
    check()
    digits = bh.load("digits")
    x, y, x_test, y_test = bh.data.split(digits.x_train, digits.y_train, 0.2, np.random.default_rng(0))
    network = bh.Network(64, [bh.Dense(32, bh.He()), bh.ReLU(), bh.Dense(10)], bh.CategoricalCrossEntropy())
    bh.fit(network, x, y, epochs=20, optimizer=Signum(bh.CosineAnnealing(0.003)))
    accuracy = bh.evaluate(network, x_test, y_test).accuracy
    print(f"{accuracy:.1%} of {len(y_test)} digits right")
    return accuracy


if __name__ == "__main__":
    main()
