"""Metrics of classification and regression.

Labels are whole numbers from 0; n samples, k classes or outputs.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from numbers import Real

import numpy as np

from byhand.core.errors import ByhandError
from byhand.core.types import Array


def accuracy(truth: Array, predicted: Array) -> float:
    """The fraction of samples whose prediction (n,) equals the truth (n,), from 0 to 1."""
    _check(truth, predicted)
    return float(np.mean(np.asarray(truth) == np.asarray(predicted)))


def confusion_matrix(truth: Array, predicted: Array, classes: int) -> Array:
    """Counts (k, k): row = truth, column = prediction."""
    _check(truth, predicted)
    truth, predicted = np.asarray(truth), np.asarray(predicted)
    if truth.dtype.kind not in "iub" or predicted.dtype.kind not in "iub":
        raise ByhandError("Labels must be whole numbers, of an integer type, to be counted in a confusion matrix.")
    if min(truth.min(), predicted.min()) < 0 or max(truth.max(), predicted.max()) >= classes:
        raise ByhandError(f"Labels must lie from 0 to {classes - 1} for a confusion matrix of {classes} classes.")
    cells = truth.astype(np.int64) * classes + predicted  # not in uint8, where 26 · 10 is 4
    return np.bincount(cells, minlength=classes * classes).reshape(classes, classes)


@dataclass(frozen=True)
class Scores:
    """Precision, recall and F1, of each class (k,) and averaged.

    Attributes:
        precision: the fraction of the samples predicted as this class that belong to it; 0 if there are none.
        recall: the fraction of the samples of this class that are predicted as it; 0 if there are none.
        f1: their harmonic mean 2PR / (P + R).
        support: number of samples of this class.
    """

    precision: Array
    recall: Array
    f1: Array
    support: Array

    def macro(self) -> tuple[float, float, float]:
        """(precision, recall, F1), the mean over the classes."""
        return float(self.precision.mean()), float(self.recall.mean()), float(self.f1.mean())

    def weighted(self) -> tuple[float, float, float]:
        """(precision, recall, F1), the mean over the classes weighted by their numbers of samples."""
        share = self.support / self.support.sum()
        return float(share @ self.precision), float(share @ self.recall), float(share @ self.f1)


def scores(confusion: Array) -> Scores:
    """Precision, recall and F1 from a confusion matrix (k, k) with rows = truth."""
    right = np.diag(confusion).astype(float)
    support, called = confusion.sum(axis=1), confusion.sum(axis=0)
    precision = right / np.maximum(called, 1)
    recall = right / np.maximum(support, 1)
    f1 = 2 * right / np.maximum(support + called, 1)  # = 2PR / (P + R)
    return Scores(precision, recall, f1, support)


@dataclass(frozen=True)
class Errors:
    """Errors of predicted numbers, averaged over the outputs.

    Attributes:
        mae: mean absolute error, (1/n) Σᵢ |yᵢ − tᵢ|.
        rmse: root mean squared error, √((1/n) Σᵢ (yᵢ − tᵢ)²).
        r2: R² = 1 − Σᵢ (yᵢ − tᵢ)² / Σᵢ (tᵢ − t̄)², the fraction of the variance that is explained: 1 at best, 0 for
            always predicting the mean. If the truth is constant it is 1 for exact predictions and otherwise 0, as in
            scikit-learn.
    """

    mae: float
    rmse: float
    r2: float

    def scaled(self, unit: float) -> "Errors":
        """The errors of the same numbers, all of them times `unit`."""
        return Errors(unit * self.mae, unit * self.rmse, self.r2)


def regression_errors(truth: Array, predicted: Array) -> Errors:
    """The errors of predicted numbers, (n,) or (n, k), by the true ones."""
    _check(truth, predicted)
    t, y = (np.asarray(a, np.float64).reshape(len(a), -1) for a in (truth, predicted))
    squares = np.square(y - t)
    left, all_ = squares.sum(axis=0), np.square(t - t.mean(axis=0)).sum(axis=0)
    r2 = np.where(all_ > 0, 1 - left / np.where(all_ > 0, all_, 1), left == 0)
    return Errors(float(np.abs(y - t).mean()), float(np.sqrt(squares.mean(axis=0)).mean()), float(r2.mean()))


Metric = Callable[[Array, Array], float]


def precision(truth: Array, predicted: Array) -> float:
    """Precision, the mean over the classes, as scikit-learn's "macro" average; from 0 to 1."""
    return _macro(truth, predicted, 0)


def recall(truth: Array, predicted: Array) -> float:
    """Recall, the mean over the classes, as scikit-learn's "macro" average; from 0 to 1."""
    return _macro(truth, predicted, 1)


def f1(truth: Array, predicted: Array) -> float:
    """F1 = 2PR / (P + R), the mean over the classes, as scikit-learn's "macro" average; from 0 to 1."""
    return _macro(truth, predicted, 2)


def mae(truth: Array, predicted: Array) -> float:
    """The mean absolute error, in the unit of the numbers."""
    return regression_errors(truth, predicted).mae


def rmse(truth: Array, predicted: Array) -> float:
    """The root mean squared error, in the unit of the numbers."""
    return regression_errors(truth, predicted).rmse


def r_squared(truth: Array, predicted: Array) -> float:
    """R², the fraction of the variance that is explained; 1 at best."""
    return regression_errors(truth, predicted).r2


METRICS: dict[str, Metric] = {
    "accuracy": accuracy,
    "precision": precision,
    "recall": recall,
    "f1": f1,
    "mae": mae,
    "rmse": rmse,
    "r2": r_squared,
}
LARGER_IS_BETTER = ("accuracy", "precision", "recall", "f1", "r2")


def as_metrics(metrics: Sequence[str | Metric]) -> dict[str, Metric]:
    """Functions (truth, predicted) → float by their names.

    Args:
        metrics: names of metrics of this module, or functions of your own, which keep their names.

    Raises:
        ByhandError: a name is unknown or not unique, or something is neither a name nor a function.
    """
    found: dict[str, Metric] = {}
    if isinstance(metrics, str) or callable(metrics):
        raise ByhandError(f'metrics must be a list, such as ["f1"]; got {metrics!r} alone.')
    for metric in metrics:
        if isinstance(metric, str):
            if metric not in METRICS:
                raise ByhandError(f"There is no metric {metric!r}; there are {', '.join(METRICS)}.")
            name, metric = metric, METRICS[metric]
        else:
            name = getattr(metric, "__name__", "")
        if not callable(metric) or not name.isidentifier() or name == "loss" or name in found:
            raise ByhandError(
                "A metric must be a name, or a function of (truth, predicted) with a name of its own, which no other "
                f"one has; got {metric!r}."
            )
        found[name] = metric
    return found


def measured(metrics: Mapping[str, Metric], truth: Array, predicted: Array) -> dict[str, float]:
    """Each metric's value, by its name.

    Raises:
        ByhandError: a metric does not return a number.
    """
    values = {name: metric(truth, predicted) for name, metric in metrics.items()}
    for name, value in values.items():
        if np.ndim(value) or not isinstance(value, Real | np.generic):
            raise ByhandError(f"The metric {name} must give a number; it gave {value!r}.")
    return {name: float(value) for name, value in values.items()}


def _macro(truth: Array, predicted: Array, which: int) -> float:
    """A score's mean over the classes that occur among truth or predictions."""
    _check(truth, predicted)
    counts = confusion_matrix(truth, predicted, 1 + int(max(np.max(truth), np.max(predicted))))
    occurs = counts.sum(axis=0) + counts.sum(axis=1) > 0
    table = scores(counts)
    return float((table.precision, table.recall, table.f1)[which][occurs].mean())


def _check(truth: Array, predicted: Array) -> None:
    if np.shape(truth) != np.shape(predicted):
        raise ByhandError(
            f"There are true labels of shape {np.shape(truth)} but predictions of shape {np.shape(predicted)}; "
            "they must pair up."
        )
    if len(truth) == 0:
        raise ByhandError("There are no samples to score.")
