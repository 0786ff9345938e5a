"""What scikit-learn's MLPClassifier does in training and `byhand.fit` does otherwise, each in a place that `fit` has.

The order of samples is its generator, the L2 penalty its network, and when to stop its callback.
"""

from typing import Any

import numpy as np

from byhand.core.types import Array
from byhand.core.workspace import Workspace
from byhand.network import Network
from byhand.training import Callback, Training


class Order(np.random.Generator):
    """The order of samples, drawn from a RandomState as scikit-learn draws it: o ← o[π] with a permutation π.

    Args:
        random_state: a numpy.random.RandomState.
        shuffled: whether there is any shuffling.
    """

    def __init__(self, random_state: Any, shuffled: bool):
        super().__init__(np.random.PCG64(0))  # never drawn from
        self.random_state, self.shuffled = random_state, shuffled

    @property
    def bit_generator(self) -> Any:
        """What a checkpoint takes the generator's state from, and gives it back to."""
        return Stream(self.random_state)

    def shuffle(self, x: Any, axis: int = 0) -> None:
        """Shuffle `x` (n,) in place."""
        if self.shuffled:
            x[:] = x[self.random_state.permutation(len(x))]


class Stream:
    """A RandomState's state under the name that generators have for it."""

    def __init__(self, random_state: Any):
        self._random_state = random_state

    @property
    def state(self) -> dict[str, Any]:
        """The state, as a table."""
        return self._random_state.get_state(legacy=False)

    @state.setter
    def state(self, state: dict[str, Any]) -> None:
        self._random_state.set_state(state)


class Penalised(Network):
    """A network with the same θ whose loss for a batch is (Σᵢ wᵢ ℓᵢ · share + ½ α ‖weights‖²) / Σᵢ wᵢ.

    The penalty counts once a batch, as if it were one more sample's loss, and leaves the biases alone.

    Args:
        network: whose θ it shares.
        alpha: α, at least 0.
        mean_weight: the mean of the sample weights; `fit` hands them over divided by it.
        share: what the samples' loss is multiplied by where it is reported; the gradient is that of the sum.
    """

    def __init__(self, network: Network, alpha: float, mean_weight: float, share: float):
        self.__setstate__(network.__getstate__())
        self.alpha, self.mean_weight, self.share = alpha, mean_weight, share
        self._scratch = np.empty_like(self.theta[self.arena.weights])

    def backward(
        self,
        t: Array,
        workspace: Workspace | None = None,
        weights: Array | None = None,
        factor: float | None = None,
        add: bool = False,
    ) -> float:
        """Overwrite `gradient` with that of the penalised loss; returns the loss as scikit-learn reports it.

        Its factor is always 1 / Σᵢ wᵢ of the batch, whatever `factor` says.
        """
        by = 1 / len(t) if weights is None else 1 / float(weights.sum())
        loss = super().backward(t, workspace, weights, by, add) * self.share
        strength = self.alpha * by / self.mean_weight
        theta, gradient = self.theta[self.arena.weights], self.gradient[self.arena.weights]
        self.ops.add_scaled(gradient, theta, self._scratch, strength)  # g ← g + α W / Σᵢ wᵢ
        return loss + 0.5 * strength * self.ops.sum_squares(theta)


class Watch(Callback):
    """Keeps an estimator's records epoch by epoch, stops when there is no progress, remembers the best network.

    Args:
        estimator: whose records these are.
        samples: how many samples an epoch has.
        held_out: samples, targets and weights to validate on; None without early stopping.
        incremental: whether this is a `partial_fit`, which makes one epoch and is never finished.

    Attributes:
        unfinished: whether training was still making progress when its epochs ran out.
    """

    unfinished = False
    records = ("n_iter_", "t_", "loss_curve_", "validation_scores_", "best_validation_score_", "best_loss_", "_idle")

    def __init__(self, estimator: Any, samples: int, held_out: tuple[Any, ...] | None, incremental: bool):
        self.estimator, self.samples, self.held_out, self.incremental = estimator, samples, held_out, incremental
        self.best = estimator.network_.theta.copy() if held_out else None

    def state(self) -> dict[str, Any]:
        """The estimator's records, its solver's step and rate, and the best network."""
        solver = self.estimator._solver
        records = {name: getattr(self.estimator, name) for name in self.records}
        return {"records": records, "t": solver.t, "rate": solver.learning_rate.now, "best": self.best}

    def restore(self, state: dict[str, Any]) -> None:
        """Take back what `state` gave."""
        solver = self.estimator._solver
        for name in self.records:
            setattr(self.estimator, name, state["records"][name])
        solver.t, solver.learning_rate.now, self.best = state["t"], state["rate"], state["best"]

    def on_epoch(self, training: Training) -> None:
        """One epoch more."""
        e = self.estimator
        e.n_iter_ += 1
        e.t_ += self.samples
        e.loss_ = training.history["loss"][-1]
        e.loss_curve_.append(e.loss_)
        progress = self._validate() if self.held_out else self._compare_loss()
        e._idle = 0 if progress else e._idle + 1
        if e.verbose:
            score = f", validation score {e.validation_scores_[-1]:.6f}" if self.held_out else ""
            print(f"Epoch {e.n_iter_}: loss {e.loss_:.8f}{score}")
        rate = e._solver.learning_rate
        rate.after(e.t_)
        if e._idle > e.n_iter_no_change:
            training.stop = not rate.lower()
            e._idle = e._idle if training.stop else 0
        self.unfinished = e.n_iter_ == e.max_iter and not training.stop and not self.incremental

    def _compare_loss(self) -> bool:
        """Whether the loss fell by tol or more."""
        e, before = self.estimator, self.estimator.best_loss_
        e.best_loss_ = min(e.loss_, before)
        return e.loss_ <= before - e.tol

    def _validate(self) -> bool:
        """Whether the score on the samples held out rose by tol or more; keeps θ where it is the best so far."""
        assert self.held_out
        e, (X, t, weights) = self.estimator, self.held_out
        before = e.best_validation_score_
        score = e._score(t, e._decide(e.network_.predict_proba(X)), weights)
        e.validation_scores_.append(score)
        if score > before:
            self.best = e.network_.theta.copy()
            e.best_validation_score_ = score
        return score >= before + e.tol
