"""The base class of byhand's scikit-learn estimators."""

import warnings
from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from math import inf
from typing import Any

import numpy as np
from scipy.sparse import issparse
from sklearn.base import BaseEstimator
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from byhand.core.errors import ByhandError
from byhand.core.types import Array
from byhand.interop.building import layers_for
from byhand.interop.parameters import check_parameters
from byhand.interop.solvers import AdamSolver, MomentumSolver, Rate, Solver
from byhand.interop.training import EpochRecorder, SharedPenalty
from byhand.layers import Dense
from byhand.losses import Loss, QuadraticCost
from byhand.network import PREDICTED_ROWS, Network
from byhand.training import fit
from byhand.training.checkpoints import Checkpoints, as_checkpoints
from byhand.training.trees import difference

NOT_COMPARED = ("checkpoint", "warm_start", "verbose")  # parameters that change nothing in the result


@dataclass(eq=False, repr=False)
class NetworkEstimator(BaseEstimator):
    """Base of NetworkClassifier and NetworkRegressor: a network of dense layers, trained by `byhand.fit`.

    The parameters are those of scikit-learn's MLPClassifier, with the same names, meanings and defaults. The same
    `random_state` gives the same initial weights, the same batches and, up to rounding, the same network.

    X is (n, features), or (n, T, features), sequences of T steps: the hidden layers are then GRUs, and the outputs are
    computed from the last step's state. With `layers` it is what these take, such as images (n, height, width).

    Args:
        hidden_layer_sizes: number of units of each hidden layer; a single number for one layer, () for none.
        activation: that of the hidden layers: "identity", "logistic", "tanh" or "relu"; not used by GRUs.
        solver: "adam" or "sgd". "lbfgs" is refused.
        alpha: α of the L2 penalty: ½ α ‖weights‖² is added to the sum of a batch's losses before it is divided by the
            number of samples (or the sum of their weights).
        batch_size: number of samples per step; "auto" is 200, or all if there are fewer.
        learning_rate: for "sgd": "constant"; "invscaling", η₀ / (t + 1)^power_t with t the samples seen so far; or
            "adaptive", divided by 5 whenever training makes no progress.
        learning_rate_init: η₀, above 0.
        power_t: the exponent of "invscaling", at least 0.
        max_iter: the largest number of epochs.
        shuffle: whether samples are shuffled before each epoch.
        random_state: a seed, a numpy.random.RandomState, or None for numpy's own global state.
        tol: the smallest improvement of the loss (or the validation score) that counts as progress.
        verbose: whether to print each epoch's loss.
        warm_start: whether `fit` continues from the network of the last `fit`, or from a checkpoint.
        momentum: μ for "sgd", from 0 to 1.
        nesterovs_momentum: whether the momentum looks ahead.
        early_stopping: whether to hold out validation samples, stop when the score on them does not improve, and
            restore the best network.
        validation_fraction: the fraction of the samples to hold out, from 0 to below 1.
        beta_1: β₁ of "adam", from 0 to below 1.
        beta_2: β₂ of "adam", from 0 to below 1.
        epsilon: ε of "adam", above 0.
        n_iter_no_change: number of epochs without progress after which training stops.
        max_fun: a parameter of "lbfgs", which is ignored.
        checkpoint: a folder into which the state of an unfinished `fit` is written every minute; or
            `byhand.training.Checkpoints`. With warm_start, an interrupted `fit` resumes from it, also in another
            process: with the same data and parameters, and a number as random_state, the result has the same bits.
            MLPClassifier has no such parameter.
        layers: byhand's layers in place of the hidden layers, such as [PatchEmbedding(7, 64), TransformerBlock(64, 4),
            MeanOverTime()]; the output layer is added. MLPClassifier has no such parameter.

    Attributes:
        network_: the trained `byhand.Network`.
        loss_: the mean loss of the last epoch, including the penalty.
        loss_curve_: the losses of all epochs.
        best_loss_: the smallest of them; None with early stopping.
        validation_scores_: accuracy or R² after each epoch; None without early stopping.
        best_validation_score_: the largest of them; None without early stopping.
        n_iter_: number of epochs of the last fit.
        t_: number of samples seen in all.
        n_layers_: number of layers, including input and output.
        n_outputs_: number of outputs of the network.
        out_activation_: "softmax", "logistic" or "identity".
        n_features_in_: number of features.
        feature_names_in_: their names, if all names in X are strings.
    """

    hidden_layer_sizes: Any = (100,)
    activation: str = "relu"
    _: KW_ONLY
    solver: str = "adam"
    alpha: float = 0.0001
    batch_size: Any = "auto"
    learning_rate: str = "constant"
    learning_rate_init: float = 0.001
    power_t: float = 0.5
    max_iter: int = 200
    shuffle: bool = True
    random_state: Any = None
    tol: float = 1e-4
    verbose: bool = False
    warm_start: bool = False
    momentum: float = 0.9
    nesterovs_momentum: bool = True
    early_stopping: bool = False
    validation_fraction: float = 0.1
    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-8
    n_iter_no_change: float = 10
    max_fun: int = 15000
    checkpoint: Any = None
    layers: Any = None

    # ---- what the two do differently ----

    def _loss(self) -> tuple[Loss, str]:
        """The network's loss, and the name of the output activation."""
        raise NotImplementedError

    def _decide(self, outputs: Array) -> Array:
        """Predictions from the network's outputs (n, outputs)."""
        raise NotImplementedError

    def _score(self, t: Array, predicted: Array, weights: Array | None) -> float:
        """The score of predictions for targets t (n, outputs)."""
        raise NotImplementedError

    # ---- fitting ----

    @property
    def coefs_(self) -> list[Array]:
        """The weights of each layer (in, out), as views of the network's."""
        return [p.W for p in self._dense()]

    @property
    def intercepts_(self) -> list[Array]:
        """The biases of each layer (out,), as views of the network's."""
        return [p.b for p in self._dense()]

    def _dense(self) -> list[Any]:
        return [p for layer, p in zip(self.network_.layers, self.network_.p, strict=True) if isinstance(layer, Dense)]

    def _is_fresh(self, incremental: bool) -> bool:
        return not hasattr(self, "network_") or not (self.warm_start or incremental)

    def _fit(
        self, X: Any, t: Array, weights: Array | None, incremental: bool, classes: Sequence[str] | None = None
    ) -> None:
        """Fit to checked X (n, features), dense or sparse, and targets t (n, outputs).

        Samples whose weight is zero are left out, so that they change nothing, not even the batches.
        """
        fresh = self._is_fresh(incremental)
        kept, resume = (None, False) if incremental else self._checkpoints(fresh)
        if kept and resume:
            fresh = kept.note["fresh"]
        if weights is not None and weights.any():
            X, t, weights = (a[weights != 0] for a in (X, t, weights))
        X = X.toarray() if issparse(X) else X
        random_state = check_random_state(self.random_state)
        self._start(X, t.shape[1], fresh, random_state, classes)
        if not incremental or not hasattr(self, "_solver"):
            self._solver = self._make_solver()
        held_out = None
        if self.early_stopping:
            X, t, weights, held_out = self._hold_out(X, t, weights, random_state)
        mean_weight = 1.0 if weights is None else float(weights.mean())
        share = 1 / t.shape[1] if isinstance(self.network_.loss, QuadraticCost) else 1.0  # a mean over the outputs
        penalty = SharedPenalty(self.alpha, mean_weight, share)
        watch = EpochRecorder(self, len(X), held_out, incremental, penalty, random_state)
        try:
            fit(
                self.network_,
                X,
                t,
                epochs=1 if incremental else int(self.max_iter),
                batch_size=min(200, len(X)) if self.batch_size == "auto" else int(self.batch_size),
                optimizer=self._solver,
                shuffle=watch.shuffle if self.shuffle else False,
                sample_weight=weights,
                accuracy=False,
                regularizers=[penalty],
                callbacks=[penalty, watch],
                progress=False,
                checkpoint=kept,
                resume=resume,
            )
            if kept:
                kept.remove()
        except KeyboardInterrupt:
            more = (
                f"; fit with warm_start=True goes on from the state in {kept.folder}" if kept and kept.files() else ""
            )
            warnings.warn(f"Training was interrupted; the network stays as it is now{more}.", stacklevel=4)
        if watch.unfinished:
            message = f"Training was still making progress after max_iter={self.max_iter} epochs; raise max_iter."
            warnings.warn(message, ConvergenceWarning, stacklevel=4)  # whoever called the estimator's fit
        if watch.best is not None:
            self.network_.theta[:] = watch.best

    def _checkpoints(self, fresh: bool) -> tuple[Checkpoints | None, bool]:
        """The checkpoints of the fit, and whether to resume from them.

        Raises:
            ByhandError: it is to, and what is there was fitted with other parameters.
        """
        if self.checkpoint is None:
            return None, False
        kept = as_checkpoints(self.checkpoint)
        parameters = {name: repr(value) for name, value in self.get_params().items() if name not in NOT_COMPARED}
        kept.note = {"fresh": fresh, "parameters": parameters}
        found = kept.newest() if self.warm_start else None
        if found is None:
            return kept, False
        path, checkpoint = found
        if different := difference(checkpoint.note.get("parameters", {}), parameters):
            raise ByhandError(f"{path}: is of a fit with other parameters ({different}); remove it to begin anew.")
        kept.note = checkpoint.note
        return kept, True

    def _start(self, X: Array, outputs: int, fresh: bool, random_state: Any, classes: Sequence[str] | None) -> None:
        """Create the network, with new weights or those of the previous fit."""
        shape, layers = layers_for(self, X.shape[1:], outputs)
        loss, self.out_activation_ = self._loss()
        dtype = X.dtype if fresh else self.network_.dtype
        network = Network(shape, layers, loss, rng=None, dtype=dtype, classes=classes)
        if fresh:
            network.initialize(random_state)
            self.t_ = 0
            self.loss_curve_: list[float] = []
            self.validation_scores_: list[float] | None = None
            self._idle = 0  # epochs without progress
        elif network.arena.parameters != self.network_.arena.parameters:
            raise ByhandError(
                f"Going on needs layers of the same sizes as before: {self.network_} was fitted, not {network}; "
                "fit with warm_start=False to begin anew."
            )
        else:
            network.theta[:] = self.network_.theta
        self.network_: Network = network
        self.n_iter_ = 0
        self.n_outputs_ = outputs
        self.n_layers_ = len(self.coefs_) + 1
        scores = (self.validation_scores_ or []) if self.early_stopping else None
        self.validation_scores_ = scores
        self.best_validation_score_ = None if scores is None else max([-inf, *scores])
        self.best_loss_ = None if self.early_stopping else min([inf, *self.loss_curve_])

    def _make_solver(self) -> Solver:
        if self.solver == "adam":
            return AdamSolver(Rate(float(self.learning_rate_init)), self.beta_1, self.beta_2, self.epsilon)
        rate = Rate(float(self.learning_rate_init), self.learning_rate, self.power_t)
        return MomentumSolver(rate, self.momentum, self.nesterovs_momentum)

    def _hold_out(self, X: Array, t: Array, weights: Array | None, random_state: Any) -> tuple[Any, ...]:
        """Samples, targets and weights for training, and the same for validation."""
        stratify = t if self.out_activation_ == "logistic" and t.shape[1] == 1 else None
        parts = train_test_split(
            *(a for a in (X, t, weights) if a is not None),
            random_state=random_state,
            test_size=self.validation_fraction,
            stratify=stratify,
        )
        train, held_out = (*parts[::2], None)[:3], (*parts[1::2], None)[:3]
        if len(held_out[0]) < 2:
            raise ByhandError(
                f"validation_fraction={self.validation_fraction:g} of {len(X)} samples leaves fewer than 2 to validate "
                "on; raise it, or fit without early_stopping."
            )
        return (*train, held_out)

    # ---- predicting ----

    def _outputs(self, X: Any) -> Array:
        """The network's output activations (n, outputs)."""
        check_is_fitted(self, "network_")
        X = validate_data(self, X, accept_sparse="csr", dtype=(np.float64, np.float32), allow_nd=True, reset=False)
        if not issparse(X):
            return self.network_.predict_proba(X)
        pieces = range(0, X.shape[0], PREDICTED_ROWS)
        return np.concatenate([self.network_.predict_proba(X[i : i + PREDICTED_ROWS].toarray()) for i in pieces])

    # ---- checks ----

    def _validated(self, X: Any, y: Any, incremental: bool, numeric: bool) -> tuple[Array, Array]:
        """X and y as scikit-learn checks them."""
        check_parameters(self)
        if incremental and self.early_stopping:
            raise ByhandError("partial_fit makes a single epoch, so early_stopping=True makes no sense with it.")
        X, y = validate_data(
            self,
            X,
            y,
            accept_sparse="csr",
            dtype=(np.float64, np.float32),
            multi_output=True,
            allow_nd=True,
            y_numeric=numeric,
            reset=self._is_fresh(incremental),
        )
        if X.ndim > 3 and self.layers is None:
            raise ByhandError(f"X must be (n, features), or sequences (n, T, features); its shape is {X.shape}.")
        return X, y

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags
