"""The arrays that passes through a network work in, allocated once.

A workspace holds, for up to a given number of rows, every layer's output and cache, and two buffers that the gradient
moves between on its way back. A shorter batch uses the first rows of the same arrays: `views(n)` are made once for
each n and cost nothing after that.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from types import SimpleNamespace

import numpy as np

from byhand.core.types import Array, Shape
from byhand.layers.base import Layer, Plan
from byhand.losses import Loss


@dataclass
class Views:
    """A workspace's first n rows.

    Attributes:
        x: the batch (n, *in), set by whoever runs the forward pass.
        y: each layer's output (n, *out).
        dy: the gradient by each layer's output (n, *out); neighbours never share memory, but for a layer that reshapes.
        cache: each layer's cache.
        loss_cache: the loss's cache.
    """

    x: Array
    y: list[Array]
    dy: list[Array]
    cache: list[SimpleNamespace]
    loss_cache: SimpleNamespace


class Workspace:
    """Arrays for `rows` samples through `layers`.

    Args:
        layers: the network's layers.
        plans: their plans.
        in_shape: the shape of one sample.
        loss: the network's loss.
        rows: how many samples at most.
        dtype: float32 or float64.
    """

    def __init__(
        self,
        layers: Sequence[Layer],
        plans: Sequence[Plan],
        in_shape: Shape,
        loss: Loss,
        rows: int,
        dtype: np.dtype,
    ):
        self.rows = rows
        self._out_shapes = [plan.out_shape for plan in plans]
        self._dtype = dtype
        self._reshapes = [layer.reshapes for layer in layers]
        self._y: list[Array] = []
        needed = True  # the array before: the batch itself at first, then what a backward pass reads
        for layer, plan in zip(layers, plans, strict=True):
            shared = bool(self._y) and (layer.reshapes or (layer.in_place and not needed))
            if shared:
                self._y.append(self._y[-1].reshape((rows, *plan.out_shape)))
            else:
                self._y.append(np.empty((rows, *plan.out_shape), dtype))
            needed = layer.needs_output or (layer.reshapes and shared and needed)
        widest = max(prod(shape) for shape in [in_shape, *self._out_shapes])
        self._gradients = [np.empty(rows * widest, dtype), np.empty(rows * widest, dtype)]
        self._plans = tuple(plans)
        self._cache = [make_cache(plan, rows, dtype) for plan in plans]
        self._loss_cache = {k: np.empty((rows, *s), dtype) for k, s in loss.cache(*self._out_shapes[-1]).items()}
        self._views: dict[int, Views] = {}

    def views(self, n: int) -> Views:
        """The first n rows, n from 1 to `rows`."""
        if n not in self._views:
            self._views[n] = self._make_views(n)
        return self._views[n]

    def _make_views(self, n: int) -> Views:
        dy: list[Array] = []
        turn = 0  # the two buffers take turns, but for a layer that hands its gradient on in another shape
        for i in range(len(self._out_shapes) - 1, -1, -1):
            shape = self._out_shapes[i]
            dy.insert(0, self._gradients[turn][: n * prod(shape)].reshape((n, *shape)))
            turn ^= not self._reshapes[i]
        return Views(
            x=self._y[0][:0],
            y=[a[:n] for a in self._y],
            dy=dy,
            cache=[_first_rows(plan, cache, n) for plan, cache in zip(self._plans, self._cache, strict=True)],
            loss_cache=SimpleNamespace(**{k: a[:n] for k, a in self._loss_cache.items()}),
        )


def make_cache(plan: Plan, rows: int, dtype: np.dtype, fill: float = 0.0) -> SimpleNamespace:
    """A layer's cache for `rows` samples and its scratch, all `fill`, with those of the layers inside it."""
    shapes = {name: (rows, *shape) for name, shape in plan.cache.items()} | dict(plan.scratch)
    cache = SimpleNamespace(**{name: np.full(shape, fill, dtype) for name, shape in shapes.items()})
    if plan.children:
        cache.children = [make_cache(child, rows, dtype, fill) for child in plan.children]
    return cache


def _first_rows(plan: Plan, cache: SimpleNamespace, n: int) -> SimpleNamespace:
    """Views of the cache's first n rows; scratch has no rows."""
    views = SimpleNamespace(**vars(cache))
    for name in plan.cache:
        setattr(views, name, getattr(cache, name)[:n])
    if plan.children:
        views.children = [_first_rows(*pair, n) for pair in zip(plan.children, cache.children, strict=True)]
    return views
