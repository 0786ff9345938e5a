"""byhand's networks as scikit-learn estimators with the interface of MLPClassifier and MLPRegressor.

    >>> from byhand.interop.estimators import NetworkClassifier
    >>> from sklearn.datasets import load_digits
    >>> x, y = load_digits(return_X_y=True)
    >>> classifier = NetworkClassifier((30,), max_iter=50, random_state=0).fit(x[:1500], y[:1500])
    >>> classifier.network_.summary()  # a byhand.Network

Differences: solver="lbfgs" is refused; samples of weight zero are left out of the batches; sparse X is converted to a
dense array.
"""

from dataclasses import KW_ONLY, dataclass
from typing import Any

import numpy as np

from byhand.core.extras import how_to_install

try:
    from sklearn.utils.validation import _check_sample_weight, validate_data  # noqa: F401 (validate_data is new in 1.6)
except ImportError as error:
    raise ImportError(
        f"byhand.interop.estimators needs scikit-learn 1.6 or newer: {how_to_install('sklearn')}"
    ) from error

from sklearn.base import ClassifierMixin, RegressorMixin
from sklearn.metrics import accuracy_score, r2_score
from sklearn.preprocessing import LabelBinarizer
from sklearn.utils import column_or_1d, compute_sample_weight
from sklearn.utils.multiclass import check_classification_targets, type_of_target, unique_labels

from byhand.core.errors import ByhandError
from byhand.core.types import Array
from byhand.interop.base import NetworkEstimator
from byhand.interop.parameters import require_one_of
from byhand.interop.poisson import PoissonDeviance
from byhand.losses import BinaryCrossEntropy, CategoricalCrossEntropy, Loss, QuadraticCost

__all__ = ["NetworkClassifier", "NetworkRegressor"]


@dataclass(eq=False, repr=False)
class NetworkClassifier(ClassifierMixin, NetworkEstimator):
    """A classifier: one sigmoid for two classes, softmax for more, and one sigmoid per label for multilabel targets.

    Args:
        class_weight: weights of the classes: {class: weight}, "balanced" for n / (k · count of the class), or None.
            MLPClassifier has no such parameter.

    All other parameters and attributes are those of `NetworkEstimator`, and:

    Attributes:
        classes_: the classes, sorted; for multilabel targets the indices of the columns.
    """

    _: KW_ONLY
    class_weight: Any = None

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> "NetworkClassifier":
        """Train on X (n, features) and classes y (n,), or labels y (n, k) of zeros and ones.

        Args:
            X: samples, dense or sparse; float32 stays float32.
            y: numbers or strings.
            sample_weight: weights of the samples (n,).
        """
        return self._fit_classes(X, y, sample_weight, incremental=False, classes=None)

    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None, classes: Any = None) -> "NetworkClassifier":
        """Train for one epoch on X and y, continuing the previous call.

        Args:
            X: as for `fit`.
            y: as for `fit`; it need not contain every class.
            sample_weight: as for `fit`.
            classes: all classes that will occur; required in the first call.
        """
        if self.class_weight == "balanced":
            raise ByhandError(
                'class_weight="balanced" needs to see all samples, which partial_fit does not; give the weights as '
                "{class: weight}."
            )
        return self._fit_classes(X, y, sample_weight, incremental=True, classes=classes)

    def predict_proba(self, X: Any) -> Array:
        """The classes' probabilities (n, len(classes_)); for multilabel targets, the probability of each label."""
        p = self._outputs(X)
        if len(self.classes_) == 1:
            return np.ones_like(p)
        return np.hstack([1 - p, p]) if p.shape[1] == 1 else p

    def predict_log_proba(self, X: Any) -> Array:
        """The logarithms of `predict_proba`; −∞ where a probability is zero."""
        with np.errstate(divide="ignore"):
            return np.log(self.predict_proba(X))

    def predict(self, X: Any) -> Array:
        """The classes (n,), or labels (n, k)."""
        return self._decide(self._outputs(X))

    def _fit_classes(self, X: Any, y: Any, sample_weight: Any, incremental: bool, classes: Any) -> "NetworkClassifier":
        X, y = self._validated(X, y, incremental, numeric=False)
        if y.ndim == 2 and y.shape[1] == 1:
            y = column_or_1d(y, warn=True)
        check_classification_targets(y)
        weights = checked_weights(sample_weight, X)
        if self.class_weight is not None:
            weights = compute_sample_weight(self.class_weight, y) * (1 if weights is None else weights)
        self._learn_classes(y, incremental, classes)
        t = self._binarizer.transform(y).astype(X.dtype)
        names = [str(c) for c in self.classes_] if len(self.classes_) == max(t.shape[1], 2) else None
        self._fit(X, t, weights, incremental, names)
        return self

    def _learn_classes(self, y: Array, incremental: bool, classes: Any) -> None:
        """Set `classes_`, or check that y has no others.

        Raises:
            ByhandError: it has, or the first partial_fit does not say which there are.
        """
        if not self._is_fresh(incremental):
            found = unique_labels(y)
            unknown = np.setdiff1d(found, self.classes_)
            if unknown.size or (not incremental and len(found) < len(self.classes_)):
                raise ByhandError(f"Going on needs the same classes as before: {self.classes_}; y has {found}.")
            if classes is not None and not np.array_equal(np.unique(classes), self.classes_):
                raise ByhandError(f"classes={classes!r} are not those of the first call: {self.classes_}.")
            return
        if incremental and classes is None:
            raise ByhandError("The first call of partial_fit must say which classes there are: classes=[...].")
        several = type_of_target(y).startswith("multilabel")
        self._binarizer = LabelBinarizer().fit(y if several or classes is None else classes)
        self.classes_: Any = self._binarizer.classes_
        strangers = np.setdiff1d(unique_labels(y), self.classes_)
        if strangers.size:
            raise ByhandError(f"y has the class {strangers[0]!r}, which is not among classes={list(self.classes_)}.")

    def _loss(self) -> tuple[Loss, str]:
        if self._binarizer.y_type_ == "multiclass":
            return CategoricalCrossEntropy(), "softmax"
        return BinaryCrossEntropy(), "logistic"

    def _decide(self, outputs: Array) -> Array:
        return self._binarizer.inverse_transform(outputs[:, 0] if outputs.shape[1] == 1 else outputs)

    def _score(self, t: Array, predicted: Array, weights: Array | None) -> float:
        return accuracy_score(self._binarizer.inverse_transform(t), predicted, sample_weight=weights)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags


@dataclass(eq=False, repr=False)
class NetworkRegressor(RegressorMixin, NetworkEstimator):
    """A regressor for one or several outputs, trained on half the squared error.

    Args:
        loss: "squared_error", or "poisson" for counts: half the Poisson deviance, with e^z as the output.

    All other parameters and attributes are those of `NetworkEstimator`.
    """

    _: KW_ONLY
    loss: str = "squared_error"

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> "NetworkRegressor":
        """Train on X (n, features) and numbers y (n,) or (n, k).

        Args:
            X: samples, dense or sparse; float32 stays float32.
            y: targets (n,) or (n, k).
            sample_weight: weights of the samples (n,).
        """
        return self._fit_numbers(X, y, sample_weight, incremental=False)

    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> "NetworkRegressor":
        """Train for one epoch on X and y, continuing the previous call; arguments as for `fit`."""
        return self._fit_numbers(X, y, sample_weight, incremental=True)

    def predict(self, X: Any) -> Array:
        """The predicted numbers (n,), or (n, k) where y had k columns."""
        return self._decide(self._outputs(X))

    def _fit_numbers(self, X: Any, y: Any, sample_weight: Any, incremental: bool) -> "NetworkRegressor":
        require_one_of("loss", self.loss, ("squared_error", "poisson"))
        X, y = self._validated(X, y, incremental, numeric=True)
        if y.ndim == 2 and y.shape[1] == 1:
            y = column_or_1d(y, warn=True)
        t = (y if y.ndim == 2 else y[:, np.newaxis]).astype(X.dtype)
        self._fit(X, t, checked_weights(sample_weight, X), incremental)
        return self

    def _loss(self) -> tuple[Loss, str]:
        return (PoissonDeviance(), "exp") if self.loss == "poisson" else (QuadraticCost(), "identity")

    def _decide(self, outputs: Array) -> Array:
        return outputs[:, 0] if outputs.shape[1] == 1 else outputs

    def _score(self, t: Array, predicted: Array, weights: Array | None) -> float:
        return r2_score(t, predicted, sample_weight=weights)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags


def checked_weights(weights: Any, X: Any) -> Array | None:
    """Sample weights (n,) as scikit-learn checks them; a single number is used for all samples."""
    return None if weights is None else _check_sample_weight(weights, X, dtype=X.dtype)
