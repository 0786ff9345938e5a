"""Passes of single layers and losses, in arrays full of NaN before."""

from types import SimpleNamespace

import numpy as np

from byhand.core.chains import bind, make_pass
from byhand.core.passes import LossPass
from byhand.layers.base import plan_layer


def layer_pass(layer, x, p=None, dtype=np.float64):
    """A pass of x through a layer with parameters p, by name; y, dx and the gradients are still to be written."""
    plan = plan_layer(layer, x.shape[1:])
    at = make_pass(plan, len(x), lambda shape, dtype=dtype: np.full(shape, np.nan, dtype), share=False)
    g = SimpleNamespace(**{name: np.full(shape, np.nan, dtype) for name, shape in plan.params.items()})
    bind(at, SimpleNamespace(**(p or {})), g)
    at.x, at.y, at.dx = x, np.full((len(x), *plan.out_shape), np.nan, dtype), np.full(x.shape, np.nan, dtype)
    return at


def loss_pass(loss, y, t, factor=None, weights=None):
    """A pass of the last layer's y and targets t through a loss; dy is still to be written."""
    at = LossPass()
    at.y, at.t, at.dy, at.weights = y, t, np.full(y.shape, np.nan, y.dtype), weights
    at.factor = 1 / len(y) if factor is None else factor
    shapes = loss.cache(y.shape[1:])
    at.cache = SimpleNamespace(**{k: np.full((len(y), *shape), np.nan, y.dtype) for k, shape in shapes.items()})
    return at
