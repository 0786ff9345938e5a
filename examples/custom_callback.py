"""A custom callback: stop when the accuracy is high enough, and record the norm of the gradient.

Run it with: python examples/custom_callback.py
"""

import numpy as np

import byhand as bh


class StopAt(bh.Callback):
    """Ends the training after the first epoch whose validation accuracy reaches `goal`."""

    def __init__(self, goal):
        self.goal = goal
        self.lengths = []

    def state(self):
        """The state that a resumed training needs."""
        return {"lengths": self.lengths}

    def restore(self, state):
        """Restore the state."""
        self.lengths = state["lengths"]

    def on_step(self, training):
        """Record ‖g‖ of every step."""
        self.lengths.append(float(np.linalg.norm(training.network.gradient)))

    def on_epoch(self, training):
        """Stop the training when the goal is reached."""
        if training.history.last["val_accuracy"] >= self.goal:
            training.stop = True


def main() -> float:
    """Train 64-32-10 until 95 % of the held-out digits are correct; returns the accuracy on them."""
    digits = bh.load("digits")
    x, y, x_held, y_held = bh.data.split(digits.x_train, digits.y_train, 0.2, np.random.default_rng(0))
    network = bh.Network(64, [bh.Dense(32, bh.He()), bh.ReLU(), bh.Dense(10)], bh.CategoricalCrossEntropy())
    watch = StopAt(0.95)
    history = bh.fit(network, x, y, validation=(x_held, y_held), epochs=100, callbacks=[watch])
    accuracy = history["val_accuracy"][-1]
    print(f"{accuracy:.1%} after {history.epochs} epochs; ‖g‖ from {watch.lengths[0]:.2f} to {watch.lengths[-1]:.2f}")
    return accuracy


if __name__ == "__main__":
    main()
