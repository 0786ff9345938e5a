"""The base class of optimisers."""

from typing import Any

import numpy as np

from byhand.core.checks import require_between
from byhand.core.types import Array
from byhand.schedules import Schedule, as_schedule

State = dict[str, Array]


class Optimizer:
    """Base of all optimisers.

    A weight decay λ shrinks the weights; biases do not decay. There are two kinds. L2 regularisation adds λ times the
    weights to the gradient, as if ½λ‖weights‖² were part of the loss (Krogh and Hertz, "A Simple Weight Decay Can
    Improve Generalization", 1991). Decoupled decay multiplies the weights by 1 − ηλ before the step and does not change
    the gradient (Loshchilov and Hutter, "Decoupled Weight Decay Regularization", 2019); for plain gradient descent the
    two are equivalent.
    """

    learning_rate: float | Schedule
    weight_decay: float = 0.0
    decoupled = False  # which kind of weight decay

    @property
    def vectors(self) -> tuple[str, ...]:
        """The names of the state vectors."""
        return ("scratch",)

    def __post_init__(self) -> None:
        as_schedule(self.learning_rate)
        require_between("weight_decay", self.weight_decay, 0)

    def state(self, size: int, dtype: Any, weights: int | None = None) -> State:
        """The state: vectors (size,), all zero before the first step.

        Args:
            size: number of parameters.
            dtype: their type.
            weights: how many of them are weights, which come first in θ; all by default.
        """
        state = {name: np.zeros(size, dtype) for name in self.vectors}
        if self.weight_decay:
            state["weights"] = np.array(size if weights is None else weights)
        if self.weight_decay and not self.decoupled:
            state["decayed"] = np.zeros(size, dtype)
        return state

    def step(self, ops: Any, theta: Array, g: Array, state: State, t: int, rate: float) -> None:
        """Update θ (size,) in place by the gradient g (size,), in step t = 1, 2, ... with learning rate η = rate."""
        raise NotImplementedError

    def decay(self, ops: Any, theta: Array, g: Array, state: State, rate: float) -> Array:
        """Apply the weight decay; returns the gradient to follow, which is g itself or lies in state["decayed"]."""
        if not self.weight_decay:
            return g
        weights = int(state["weights"])
        if self.decoupled:
            ops.shrink(theta[:weights], 1 - rate * self.weight_decay)
            return g
        ops.decay_gradient(theta, g, state["decayed"], self.weight_decay, weights)
        return state["decayed"]
