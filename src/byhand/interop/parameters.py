"""Checks of the parameters that the estimators share with MLPClassifier."""

from collections.abc import Iterable, Sequence
from math import inf
from typing import Any

import numpy as np

from byhand.core.checks import require_between, require_whole
from byhand.core.errors import ByhandError
from byhand.layers import Layer

ABOVE_ZERO = float(np.finfo(float).tiny)
BELOW_ONE = 1 - 1e-12


def check_parameters(estimator: Any) -> None:
    """Raise ByhandError for invalid parameters; scikit-learn requires this check in `fit`."""
    e = estimator
    hidden_sizes(e.hidden_layer_sizes)
    if e.layers is not None and (
        not isinstance(e.layers, Sequence) or not e.layers or not all(isinstance(layer, Layer) for layer in e.layers)
    ):
        raise ByhandError(f"layers must be a list of layers, such as [Conv2D(8), ReLU()], or None; got {e.layers!r}.")
    require_one_of("activation", e.activation, ("identity", "logistic", "tanh", "relu"))
    if e.solver == "lbfgs":
        raise ByhandError('byhand learns from batches and has no solver="lbfgs"; use "adam" or "sgd".')
    require_one_of("solver", e.solver, ("adam", "sgd"))
    require_one_of("learning_rate", e.learning_rate, ("constant", "invscaling", "adaptive"))
    if not isinstance(e.batch_size, str) or e.batch_size != "auto":
        require_whole('batch_size (or "auto")', e.batch_size)
    require_whole("max_iter", e.max_iter)
    if e.n_iter_no_change != inf:
        require_whole("n_iter_no_change", e.n_iter_no_change)
    for name, low, high in (
        ("alpha", 0, inf),
        ("power_t", 0, inf),
        ("tol", 0, inf),
        ("learning_rate_init", ABOVE_ZERO, inf),
        ("epsilon", ABOVE_ZERO, inf),
        ("momentum", 0, 1),
        ("validation_fraction", 0, BELOW_ONE),
        ("beta_1", 0, BELOW_ONE),
        ("beta_2", 0, BELOW_ONE),
    ):
        require_between(name, getattr(e, name), low, high)


def hidden_sizes(hidden: Any) -> list[int]:
    """The hidden layers' sizes as a list.

    Raises:
        ByhandError: they are neither a whole number above 0 nor several.
    """
    hidden = list(hidden) if isinstance(hidden, Iterable) and not isinstance(hidden, str) else [hidden]
    for units in hidden:
        require_whole("Each of hidden_layer_sizes", units)
    return [int(units) for units in hidden]


def require_one_of(name: str, value: Any, choices: Iterable[str]) -> None:
    """Raise ByhandError unless `value` is one of `choices`."""
    if not isinstance(value, str) or value not in choices:
        raise ByhandError(f"{name} must be one of {', '.join(choices)}; got {value!r}.")
