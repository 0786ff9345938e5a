"""Two watchmen over every step: one looks for NaN and infinity in the gradient, one keeps the last good weights."""

import math
from typing import Any

from byhand.core.checks import is_finite
from byhand.network import Network

KEEP_EVERY = 100  # steps between two copies of the weights, at most; never more than an epoch
LOOK_AT, WHOLE = 32, 512  # samples for each look at the biases' and at the whole gradient: under 1 % of their steps
TOLERANCE = 2.0  # weights with which the mean loss is more than so many times its lowest are no good ones
OF_LAST_GOOD = ("_lowest", "_total", "_count", "step")


class Guard:
    """Sees NaN and infinity in the gradient.

    Each look is one product g · g. It goes over the gradient of the biases, which any NaN on its way back through the
    layers reaches; every so many steps, and where there are no biases, over all of g. Steps of a few samples are too
    short for a look at each. What a look misses makes the next step's loss NaN, before another step is made; should a
    weight have no effect there, the look at all weights finds it when the epoch ends.

    Args:
        network: the network in training.
        rows: samples a step.
    """

    def __init__(self, network: Network, rows: int):
        self._all, self._ops, self._dot = network.gradient, network.ops, network.ops.dot
        self._biases = self._all[network.arena.weights.stop :]
        self._every, self._whole = (math.ceil(samples / rows) for samples in (LOOK_AT, WHOLE))
        if not self._biases.size:
            self._every = self._whole

    def passes(self, step: int) -> bool:
        """Whether what it looks at in this step is finite."""
        if step % self._every:
            return True
        part = self._biases if step % self._whole else self._all
        return math.isfinite(self._dot(part, part)) or is_finite(part, self._ops)


class LastGood:
    """A copy of θ and of the layers' state, renewed every so often while the loss is well.

    Renewing copies memory and nothing else. The weights count as good where the mean loss since the last look is at
    most twice the lowest such mean, or the first loss: a loss on its way to infinity is finite for a while.

    Attributes:
        step: how many steps had been made to reach these weights.
    """

    def __init__(self, network: Network, step: int = 0):
        self._network = network
        self._theta, self._state = network.theta.copy(), network.state.copy()
        self._lowest, self._total, self._count = math.inf, 0.0, 0
        self.step = step

    def look(self, loss: float, step: int, steps: int) -> None:
        """Take note of a finite loss with the present weights; perhaps copy them.

        Args:
            loss: of the batch of this step.
            step: how many steps have been made, this one included.
            steps: how many an epoch has; 0 where nobody knows.
        """
        self._total += loss
        self._count += 1
        if math.isinf(self._lowest):
            self._lowest = loss
        if self._count < KEEP_EVERY and self._count < (steps or KEEP_EVERY):
            return
        mean = self._total / self._count
        self._total, self._count = 0.0, 0
        if mean <= TOLERANCE * self._lowest and is_finite(self._network.theta, self._network.ops):
            self._lowest = min(mean, self._lowest)
            self._network.ops.copy(self._network.theta, out=self._theta)
            self._network.ops.copy(self._network.state, out=self._state)
            self.step = step - 1

    def state(self) -> dict[str, Any]:
        """What a checkpoint keeps of it."""
        figures = {name: getattr(self, name) for name in OF_LAST_GOOD}
        host = self._network.ops.to_numpy
        return {"theta": host(self._theta), "state": host(self._state), "figures": figures}

    def restore_state(self, state: dict[str, Any]) -> None:
        """Restore what `state` returned."""
        self._network.ops.put(state["theta"], self._theta)
        self._network.ops.put(state["state"], self._state)
        for name, value in state["figures"].items():
            if name in OF_LAST_GOOD:
                setattr(self, name, value)

    def restore(self) -> None:
        """Give the network these weights and this state."""
        self._network.ops.copy(self._theta, out=self._network.theta)
        self._network.ops.copy(self._state, out=self._network.state)
