"""The differences between the training of scikit-learn's MLPClassifier and `byhand.fit`, as callbacks and regularisers.

The order of samples is what `shuffle` calls, the L2 penalty a regulariser, and when to stop a callback.
"""

from typing import Any

from byhand.core.types import Array
from byhand.network import Network
from byhand.regularizers import Regularizer
from byhand.training import Callback, Training


class SharedPenalty(Regularizer, Callback):
    """Makes the loss of a batch (Σᵢ wᵢ ℓᵢ · share + ½ α ‖weights‖²) / Σᵢ wᵢ, as scikit-learn does.

    The penalty counts once a batch, as if it were one more sample's loss, and leaves the biases alone. As a regulariser
    it changes the gradient, as a callback it knows the batch's weights; the history has the loss without it.

    Args:
        alpha: α, at least 0.
        mean_weight: the mean of the sample weights; `fit` divides them by it.
        share: what the samples' loss is multiplied by where it is reported; the gradient is that of the sum.

    Attributes:
        loss: the mean over the epoch's samples, as scikit-learn reports it.
    """

    def __init__(self, alpha: float, mean_weight: float, share: float):
        self.alpha, self.mean_weight, self.share = alpha, mean_weight, share
        self._total, self._seen = 0.0, 0

    def __repr__(self) -> str:
        return f"SharedPenalty({self.alpha}, {self.mean_weight}, {self.share})"

    def state(self) -> dict[str, Any]:
        """The losses of the epoch's batches so far."""
        return {"total": self._total, "seen": self._seen}

    def restore(self, state: dict[str, Any]) -> None:
        """Restore what `state` returned."""
        self._total, self._seen = state["total"], state["seen"]

    def on_start(self, training: Training) -> None:
        """Keep the training, for the batch of each step."""
        self._training = training

    def on_epoch_start(self, training: Training) -> None:
        """Reset."""
        self._total, self._seen = 0.0, 0

    def change_gradient(self, network: Network, scratch: Array) -> None:
        """g ← g n / Σᵢ wᵢ + α W / Σᵢ wᵢ: `fit` takes the mean over the n samples."""
        batch, weights = self._training.batch, network.arena.weights
        assert batch is not None
        n = len(batch.x)
        counted = n if batch.weights is None else float(batch.weights.sum())
        if batch.weights is not None:
            network.ops.shrink(network.gradient, n / counted)
        strength = self.alpha / (counted * self.mean_weight)
        theta = network.theta[weights]
        network.ops.add_scaled(network.gradient[weights], theta, scratch[weights], strength)
        loss = self._training.loss * (n / counted) * self.share + 0.5 * strength * network.ops.sum_squares(theta)
        self._total += loss * n
        self._seen += n

    @property
    def loss(self) -> float:
        """The mean over the epoch's samples."""
        return self._total / self._seen


class EpochRecorder(Callback):
    """Records each epoch for an estimator, stops when there is no progress, and keeps the best network.

    Args:
        estimator: whose records these are.
        samples: how many samples an epoch has.
        held_out: samples, targets and weights to validate on; None without early stopping.
        incremental: whether this is a `partial_fit`, which makes one epoch and is never finished.
        penalty: what knows the losses.
        random_state: a numpy.random.RandomState, which draws the order of the samples.

    Attributes:
        unfinished: whether training was still making progress when its epochs ran out.
    """

    unfinished = False
    records = ("n_iter_", "t_", "loss_curve_", "validation_scores_", "best_validation_score_", "best_loss_", "_idle")

    def __init__(
        self,
        estimator: Any,
        samples: int,
        held_out: tuple[Any, ...] | None,
        incremental: bool,
        penalty: SharedPenalty,
        random_state: Any,
    ):
        self.estimator, self.samples, self.held_out, self.incremental = estimator, samples, held_out, incremental
        self.penalty, self.random_state = penalty, random_state
        self.best = estimator.network_.theta.copy() if held_out else None

    def state(self) -> dict[str, Any]:
        """The estimator's records, its solver's step and rate, the best network, and what draws the order."""
        solver = self.estimator._solver
        return {
            "records": {name: getattr(self.estimator, name) for name in self.records},
            "t": solver.t,
            "rate": solver.learning_rate.now,
            "best": self.best,
            "random_state": self.random_state.get_state(legacy=False),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Restore what `state` returned."""
        solver = self.estimator._solver
        for name in self.records:
            setattr(self.estimator, name, state["records"][name])
        solver.t, solver.learning_rate.now, self.best = state["t"], state["rate"], state["best"]
        self.random_state.set_state(state["random_state"])

    def shuffle(self, order: Array) -> None:
        """Shuffle the samples' numbers (n,) as scikit-learn does: o ← o[π] with a permutation π."""
        order[:] = order[self.random_state.permutation(len(order))]

    def on_epoch(self, training: Training) -> None:
        """One epoch more."""
        e = self.estimator
        e.n_iter_ += 1
        e.t_ += self.samples
        e.loss_ = self.penalty.loss
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
