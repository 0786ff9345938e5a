"""Labels, targets and sample weights as training wants them."""

import warnings
from typing import Any

import numpy as np

from byhand.core.checks import as_array
from byhand.core.errors import ByhandError
from byhand.core.labels import as_column, class_names, is_whole, listed, numbered
from byhand.core.types import Array
from byhand.losses import MSE
from byhand.network import Network


def as_targets(network: Network, y: Any, n: int) -> tuple[Array, Array | None]:
    """Targets (n, *target_shape) in the network's dtype, and class numbers (n,) where y has any.

    Args:
        network: the network that is to be trained.
        y: class numbers (n,), or targets (n, *target_shape); rows with a single 1 and otherwise 0 count as class
            numbers too. Class numbers may come as a column (n, 1), as floats (0.0, 1.0), or as the classes' names. For
            one output of a loss of numbers, such as MSE, whole numbers are numbers like any others.
        n: how many samples there are.

    Raises:
        ByhandError: another length or shape, labels that are no whole numbers or out of range, NaN.
    """
    y = _plain(network, y)
    if len(y.shape) == 0 or len(y) != n:
        raise ByhandError(f"There are {n} samples but labels of shape {y.shape}; each sample needs one.")
    if y.dtype.kind not in "iufb":
        raise ByhandError(f"Labels must be numbers, not {y.dtype}; number the classes from 0.")
    if y.dtype.kind == "f" and not np.isfinite(y).all():
        raise ByhandError(f"The label of sample {int(np.argwhere(~np.isfinite(y))[0][0])} is not a finite number.")
    if y.ndim == 1 and y.dtype.kind in "iub":
        labels = y.astype(np.int64)
        return np.ascontiguousarray(network.loss.encode(labels, network.outputs), network.dtype), labels
    if y.ndim == 1 and network.outputs == 1:
        y = y[:, np.newaxis]
    if y.shape != (n, *network.target_shape):
        hint = " Class numbers must be whole numbers." if y.ndim == 1 else ""
        what = "outputs" if network.target_shape == (network.outputs,) else "symbols"
        columns = f"{network.target_shape[0]} {what}"
        raise ByhandError(f"Targets of shape {y.shape} do not fit {n} samples and {columns}.{hint}")
    network.loss.check_targets(y)
    one_hot = (
        network.target_shape == (network.outputs,)
        and network.outputs > 1
        and bool(((y == 0) | (y == 1)).all() and (y.sum(axis=1) == 1).all())
    )
    return np.ascontiguousarray(y, network.dtype), np.argmax(y, axis=1) if one_hot else None


def _plain(network: Network, y: Any) -> Array:
    """y as an array in which integers (n,) are class numbers, and all else are targets."""
    columns = network.target_shape == (network.outputs,)  # not for CTC, whose targets are rows of symbols
    y = as_column(y) if columns else as_array("y (the labels)", y)
    if y.ndim != 1 or not columns:
        return y
    if y.dtype.kind == "U":
        return _by_name(network, y)
    if isinstance(network.loss, MSE) and network.outputs == 1:
        return y.astype(np.float64) if y.dtype.kind in "iub" else y
    one = network.outputs == 1  # then other numbers than 0 and 1 are targets
    if y.dtype.kind == "f" and is_whole(y) and (not one or ((y == 0) | (y == 1)).all()):
        return y.astype(np.int64)
    return y


def _by_name(network: Network, y: Array) -> Array:
    """Class numbers (n,) of names (n,); a network without names for its classes gets these."""
    if network.classes is None and all(name.isdecimal() for name in np.unique(y)):
        return y.astype(np.int64)
    if network.classes is None:
        names = class_names(y)
        if len(names) != max(network.outputs, 2):
            raise ByhandError(
                f"The labels are {len(names)} names ({listed(names)}), but the network tells {max(network.outputs, 2)} "
                "classes apart; say in their order what they are called: Network(..., classes=[...])."
            )
        warnings.warn(f"The classes are numbered in the order of their names: {listed(names)}.", stacklevel=2)
        network.classes = names
    return numbered(y, network.classes)


def as_weights(weights: Any, n: int, dtype: Any) -> Array | None:
    """Sample weights (n,) scaled to a mean of one, so that they change what counts and not the learning rate.

    Raises:
        ByhandError: another length, a negative or non-finite weight, or all of them zero.
    """
    if weights is None:
        return None
    weights = as_array("sample_weight", weights)
    if weights.dtype.kind not in "fiub":
        raise ByhandError(f"Sample weights must be numbers, not {weights.dtype}.")
    weights = weights.astype(np.float64)
    if weights.shape != (n,):
        raise ByhandError(
            f"Sample weights of shape {weights.shape} do not fit {n} samples; there must be one for each."
        )
    wrong = np.flatnonzero(~np.isfinite(weights) | (weights < 0))
    if wrong.size:
        raise ByhandError(
            f"The weight of sample {wrong[0]} is {weights[wrong[0]]}; weights must be finite and at least 0."
        )
    if weights.sum() == 0:
        raise ByhandError("All sample weights are zero, so there is nothing to learn from.")
    return (weights * (n / weights.sum())).astype(dtype)
