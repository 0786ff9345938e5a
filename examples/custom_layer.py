"""A custom layer with parameters: PReLU, which learns the slope for negative inputs of each unit.

He et al., "Delving Deep into Rectifiers" (2015), equations 1 and 3. Run it with: python examples/custom_layer.py
"""

import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import byhand as bh
from byhand.layers import Layer, Plan
from byhand.testing import check_layer


@bh.register
@dataclass(frozen=True)
class PReLU(Layer):
    """y = x where x > 0, else a x, with one slope a for every unit."""

    start: float = 0.25

    def plan(self, in_shape):
        """The output has the shape of the input; a has one number per unit."""
        return Plan(in_shape, {"a": in_shape})

    def initializers(self):
        """All slopes start with the same value."""
        return {"a": bh.Uniform(self.start, self.start)}

    def forward(self, ops, at):
        """Compute y."""
        np.multiply(at.x, np.where(at.x > 0, 1, at.p.a), out=at.y)

    def backward(self, ops, at):
        """Compute da = Σᵢ dyᵢ min(xᵢ, 0), and dx = dy ⊙ (1 where x > 0, else a) if it is needed."""
        np.sum(at.dy * np.minimum(at.x, 0), axis=0, out=at.g.a)
        if at.dx is not None:
            np.multiply(at.dy, np.where(at.x > 0, 1, at.p.a), out=at.dx)


def main() -> float:
    """Check it, train 64-32-10 with it, save and load it; returns the accuracy on held-out digits."""
    check_layer(PReLU(), (7,))
    digits = bh.load("digits")
    x, y, x_test, y_test = bh.data.split(digits.x_train, digits.y_train, 0.2, np.random.default_rng(0))
    network = bh.Network(64, [bh.Dense(32, bh.He()), PReLU(), bh.Dense(10)], bh.CategoricalCrossEntropy())
    bh.fit(network, x, y, epochs=20)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "mine.safetensors"
        network.save(file)
        network = bh.Network.load(file)  # another program has to import PReLU first
    accuracy = bh.evaluate(network, x_test, y_test).accuracy
    slopes = network.p[1].a
    print(f"{accuracy:.1%} of {len(y_test)} digits right; slopes from {slopes.min():.2f} to {slopes.max():.2f}")
    return accuracy


if __name__ == "__main__":
    main()
