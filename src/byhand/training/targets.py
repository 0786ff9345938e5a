"""Conversion of labels, targets and sample weights."""

import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np

from byhand.core.checks import as_array, require_between
from byhand.core.errors import ByhandError
from byhand.core.labels import as_column, class_names, is_whole, listed, numbered
from byhand.core.types import Array
from byhand.losses.base import one_hot
from byhand.network import Network


def as_targets(network: Network, y: Any, n: int, soft: bool = False) -> tuple[Array, Array | None]:
    """Targets as the network's loss takes them, and class numbers (n,), or (n, T), where y has any.

    The targets are numbers (n, *target_shape) in the network's dtype, or class numbers, where the loss wants no more.

    Args:
        network: the network that is to be trained.
        y: class numbers (n,), of sequences (n, T), or targets (n, *target_shape); rows with a single 1 and
            otherwise 0 count as class numbers too. Class numbers may come as a column (n, 1), as floats (0.0, 1.0), or
            as the classes' names. For a network of numbers (see `Network.task`) with one output, whole numbers are
            numbers like any others.
        n: how many samples there are.
        soft: class numbers become targets of the outputs' shape in any case.

    Raises:
        ByhandError: another length or shape, labels that are not whole numbers or out of range, NaN.
    """
    y = _plain(network, y)
    if len(y.shape) == 0 or len(y) != n:
        raise ByhandError(f"There are {n} samples but labels of shape {y.shape}; each sample needs one.")
    if y.dtype.kind not in "iufb":
        raise ByhandError(f"Labels must be numbers, not {y.dtype}; number the classes from 0.")
    if y.dtype.kind == "f" and not np.isfinite(y).all():
        raise ByhandError(f"The label of sample {int(np.argwhere(~np.isfinite(y))[0][0])} is not a finite number.")
    labels_shape = (n, *network.target_shape[:-1])  # a class number for each sample, or for each step
    if y.shape == labels_shape and y.dtype.kind in "iub" and network.task == "classes":
        labels = y.astype(np.int64)
        t = network.loss.encode(labels, network.outputs, network.dtype)
        if soft and t.dtype.kind == "i":
            t = network.loss.smooth(one_hot(labels, network.outputs, network.dtype))
        return np.ascontiguousarray(t, None if t.dtype.kind == "i" else network.dtype), labels
    if y.shape == labels_shape and network.outputs == 1:
        y = y[..., np.newaxis]
    if y.shape != (n, *network.target_shape):
        raise ByhandError(_misfit(network, y, n))
    network.loss.check_targets(y)
    one_hots = (
        network.task == "classes"
        and network.target_shape[-1] == network.outputs > 1
        and bool(((y == 0) | (y == 1)).all() and (y.sum(axis=-1) == 1).all())
    )
    t = np.ascontiguousarray(network.loss.smooth(y.astype(network.dtype, copy=False)), network.dtype)
    return t, np.argmax(y, axis=-1) if one_hots else None


def _misfit(network: Network, y: Array, n: int) -> str:
    """Why targets y do not fit."""
    shape = network.target_shape
    if len(shape) == 2 and y.ndim == 1:
        return (
            f"The network gives {shape[0]} steps of {shape[1]} outputs for each sample, but there is one label a "
            "sample; put Flatten() before the last layers, or give a label for each step."
        )
    if y.ndim == 1 and network.task == "numbers" and network.loss.task is None:
        return (
            f"The network gives {network.outputs} numbers for each sample, but there is one label a sample; if labels "
            'are classes, make it with Network(..., task="classes").'
        )
    hint = " Class numbers must be whole numbers." if y.ndim == 1 and network.task == "classes" else ""
    what = "outputs" if shape[-1] == network.outputs else "symbols"
    steps = f"{shape[0]} steps of " if len(shape) == 2 else ""
    return f"Targets of shape {y.shape} do not fit {n} samples and {steps}{shape[-1]} {what}.{hint}"


def _plain(network: Network, y: Any) -> Array:
    """y as an array in which integers (n,) are class numbers, and all else are targets."""
    columns = network.target_shape[-1] == network.outputs  # not for CTC, whose targets are rows of symbols
    y = as_column(y) if columns else as_array("y (the labels)", y)
    if y.ndim != 1 or not columns:
        return y
    if y.dtype.kind == "U":
        return _by_name(network, y)
    if network.task == "numbers":
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
    weights = unscaled_weights(weights, n)
    if weights.sum() == 0:
        raise ByhandError("All sample weights are zero, so there is nothing to learn from.")
    return (weights * (n / weights.sum())).astype(dtype)


def unscaled_weights(weights: Any, n: int) -> Array:
    """Sample weights (n,) as they are, in float64.

    Raises:
        ByhandError: another length, a negative or non-finite weight.
    """
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
    return weights


def without_padding(y: Any, mask: Array, network: Network) -> Array:
    """Labels or targets y whose steps that are not there repeat one that is, so that they may hold anything.

    Args:
        y: one for each step (n, T), (n, T, k); others stay as they are.
        mask: (n, T), True at the steps that are there.
        network: the network that learns them.
    """
    y = as_array("y (the labels)", y)
    if y.shape[:2] != mask.shape or network.target_shape[:-1] != mask.shape[1:]:
        return y
    first = y[np.arange(len(y)), mask.argmax(axis=1)]
    return np.where(mask.reshape(mask.shape + (1,) * (y.ndim - 2)), y, first[:, np.newaxis])


def class_weights(weights: Any, labels: Array | None, network: Network) -> Array:
    """How much each sample counts (n,) by its class.

    Args:
        weights: {class number or name: weight}, 1 where a class has none; or "balanced" for n / (k · count of the
            class), with k the classes that there are.
        labels: class numbers (n,).
        network: for the classes' names.

    Raises:
        ByhandError: there is no class number for each sample, or weights are of another kind.
    """
    if labels is None or labels.ndim != 1:
        raise ByhandError("class_weight needs a class number for each sample; use sample_weight.")
    if isinstance(weights, str) and weights == "balanced":
        classes, place, counts = np.unique(labels, return_inverse=True, return_counts=True)
        return (len(labels) / (len(classes) * counts))[place]
    if not isinstance(weights, Mapping):
        raise ByhandError(f'class_weight must be {{class: weight}} or "balanced"; got {weights!r}.')
    names = {name: k for k, name in enumerate(network.classes or ())}
    by_class = np.ones(max(network.outputs, 2))
    for key, weight in weights.items():
        number = names.get(key, key) if isinstance(key, str) else key
        if number not in range(len(by_class)):
            raise ByhandError(f"class_weight has the class {key!r}; there are {_known(network)}.")
        require_between(f"The weight of class {key!r}", weight, 0)
        by_class[int(number)] = weight
    return by_class[labels]


def _known(network: Network) -> str:
    return listed(network.classes) if network.classes else f"0 to {max(network.outputs, 2) - 1}"
