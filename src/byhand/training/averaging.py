"""Averaging of parameters over the steps of training."""

from typing import Any

from byhand.core.checks import require_between
from byhand.training.callbacks import Callback
from byhand.training.state import Training


class Averaging(Callback):
    """Use an exponential average of the parameters (and running means) for validation and the finished network.

    With θ_i after step i, the average after step t is Σ_i w_i θ_i / Σ_i w_i with w_i = decay^(t − i): an exponential
    moving average whose weights sum to one from the first step on, so that the initial parameters have no weight. It
    covers about the last 1 / (1 − decay) steps. With a decay of 1 it is the plain mean of Polyak and Juditsky,
    "Acceleration of stochastic approximation by averaging" (1992), and Ruppert (1988).

    Training itself continues with its own parameters: the average replaces them after the last step of each epoch, for
    validation, and they are restored before the next epoch. In a list with EarlyStopping, Averaging comes first.

    Args:
        decay: from 0 (no averaging) to 1 (the mean of all steps); 0.999 is usual for a few thousand steps.
    """

    def __init__(self, decay: float = 0.999):
        require_between("decay", decay, 0, 1)
        self.decay = decay

    def on_start(self, training: Training) -> None:
        """Allocate the averages."""
        network = training.network
        self._count = 0
        self._ops = ops = network.ops
        vectors = (network.theta, network.state)
        self._vectors = [(v, ops.zeros(v.shape, v.dtype), ops.empty(v.shape, v.dtype)) for v in vectors]
        self._in_place = False  # whether the network holds the average

    def state(self) -> dict[str, Any]:
        """The number of steps averaged, and the averages."""
        return {"count": self._count, "averages": [self._ops.to_numpy(average) for _, average, _ in self._vectors]}

    def restore(self, state: dict[str, Any]) -> None:
        """Restore what `state` returned."""
        self._count = state["count"]
        for (_, average, _), saved in zip(self._vectors, state["averages"], strict=True):
            self._ops.put(saved, average)

    def on_step(self, training: Training) -> None:
        """ā ← ā + w (θ − ā), with w = (1 − decay) / (1 − decay^t), or 1/t for a decay of 1."""
        self._count += 1
        w = 1 / self._count if self.decay == 1 else (1 - self.decay) / (1 - self.decay**self._count)
        for vector, average, s in self._vectors:
            self._ops.subtract(vector, average, out=s)
            self._ops.shrink(s, w)
            self._ops.add(average, s, out=average)

    def on_validation(self, training: Training) -> None:
        """Swap in the average for validation."""
        self._swap(True)

    def on_epoch_start(self, training: Training) -> None:
        """Swap the parameters of the training back."""
        self._swap(False)

    def on_end(self, training: Training) -> None:
        """Keep the average; use it also if training was interrupted within an epoch, unless it diverged."""
        self._swap(self._count > 0 and training.diverged is None)

    def _swap(self, wanted: bool) -> None:
        if self._in_place != wanted:
            self._in_place = wanted
            for vector, average, s in self._vectors:
                self._ops.copy(vector, out=s)
                self._ops.copy(average, out=vector)
                self._ops.copy(s, out=average)
