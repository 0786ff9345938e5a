"""Learning rates and solvers with the meaning that scikit-learn's MLPClassifier gives their parameters.

They differ from `byhand.optimizers` in where η and ε stand, which shows when η changes or gradients are tiny, and they
remember their vectors from one call of `fit` to the next, as `partial_fit` needs.
"""

from math import sqrt
from typing import Any

import numpy as np

from byhand.core.types import Array
from byhand.optimizers import Optimizer
from byhand.schedules import Schedule


class Rate(Schedule):
    """A learning rate η that callbacks change through `now`.

    Args:
        start: η₀.
        kind: "constant"; "invscaling", η = η₀ / (t + 1)^power after t samples; or "adaptive", η divided by 5 whenever
            training stands still, until it is 1e-6 or less.
        power: the exponent of "invscaling".
    """

    def __init__(self, start: float, kind: str = "constant", power: float = 0.5):
        self.start, self.kind, self.power = start, kind, power
        self.now = start

    def __call__(self, epoch: float, epochs: int) -> float:
        """η."""
        return self.now

    def after(self, samples: int) -> None:
        """Update the rate for the total number of samples seen."""
        if self.kind == "invscaling":
            self.now = self.start / (samples + 1) ** self.power

    def lower(self) -> bool:
        """Reduce η if training makes no progress; returns whether this was possible."""
        if self.kind != "adaptive" or self.now <= 1e-6:
            return False
        self.now /= 5
        return True


class Solver(Optimizer):
    """An optimiser that keeps its vectors and its step count t over several trainings.

    Args:
        rate: η.
    """

    learning_rate: Rate
    names: tuple[str, ...] = ()

    def __init__(self, rate: Rate):
        self.learning_rate = rate
        self.t = 0
        self.memory: dict[str, Array] = {}

    def state(self, size: int, dtype: Any, weights: int | None = None) -> dict[str, Array]:
        """The vectors (size,) of the previous training; zero before the first."""
        if not self.memory:
            self.memory = {name: np.zeros(size, dtype) for name in self.names}
        return self.memory


class MomentumSolver(Solver):
    """v ← μ v − η g, θ ← θ + v; with Nesterov's look ahead θ ← θ + μ v − η g.

    Sutskever et al., "On the importance of initialization and momentum in deep learning" (2013), eq. 1-4, with θ the
    point ahead. η stands inside the velocity.

    Args:
        rate: η.
        momentum: μ, from 0 to 1.
        nesterov: whether to look ahead.
    """

    names = ("velocity", "scratch")

    def __init__(self, rate: Rate, momentum: float, nesterov: bool):
        super().__init__(rate)
        self.momentum, self.nesterov = momentum, nesterov

    def step(self, ops: Any, theta: Array, g: Array, state: dict[str, Array], t: int, rate: float) -> None:
        """One step; `t` counts from the beginning of this training and is not used."""
        v, s = state["velocity"], state["scratch"]
        np.multiply(g, rate, out=s)
        np.multiply(v, self.momentum, out=v)
        np.subtract(v, s, out=v)  # v ← μ v − η g
        if self.nesterov:
            np.subtract(theta, s, out=theta)
            np.multiply(v, self.momentum, out=s)
            np.add(theta, s, out=theta)  # θ ← θ − η g + μ v
        else:
            np.add(theta, v, out=theta)


class AdamSolver(Solver):
    """m ← β₁ m + (1 − β₁) g, v ← β₂ v + (1 − β₂) g², θ ← θ − η √(1 − β₂ᵗ)/(1 − β₁ᵗ) m / (√v + ε).

    Kingma and Ba, "Adam: A Method for Stochastic Optimization" (2015), the order of operations at the end of section 2:
    its ε (there ε̂) is added to √v before the bias is corrected, so early steps are smaller where gradients are tiny.

    Args:
        rate: η.
        beta1: β₁, from 0 to below 1.
        beta2: β₂, the same.
        epsilon: ε, above 0.
    """

    names = ("m", "v", "scratch")

    def __init__(self, rate: Rate, beta1: float, beta2: float, epsilon: float):
        super().__init__(rate)
        self.beta1, self.beta2, self.epsilon = beta1, beta2, epsilon

    def step(self, ops: Any, theta: Array, g: Array, state: dict[str, Array], t: int, rate: float) -> None:
        """One step; its own count of steps goes on where the last training ended."""
        self.t += 1
        rate *= sqrt(1 - self.beta2**self.t) / (1 - self.beta1**self.t)
        m, v, s = state["m"], state["v"], state["scratch"]
        ops.adam(theta, g, m, v, s, rate, self.beta1, self.beta2, self.epsilon)
