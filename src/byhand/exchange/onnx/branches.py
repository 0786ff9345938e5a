"""Where branches of somebody's graph meet again: sums become Residual, concatenations Parallel."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from byhand.core.errors import ByhandError
from byhand.core.types import Array
from byhand.exchange.onnx.values import Computed, PlacedLayer, straight
from byhand.layers import Layer, Parallel, Residual, Sequential


def _as_one(steps: Sequence[PlacedLayer]) -> tuple[tuple, dict]:
    """Layers in a row, and their parameters as those of one composite."""
    p = {f"{i}.{name}": a for i, placed in enumerate(steps) for name, a in placed.p.items()}
    return tuple(placed.layer for placed in steps), p


def added(a: Computed, b: Computed) -> Computed:
    """x + F(x).

    Raises:
        ByhandError: neither branch is the other's beginning.
    """
    if len(a.steps) > len(b.steps):
        a, b = b, a
    n = len(a.steps)
    if not all(one is other for one, other in zip(a.steps, b.steps, strict=False)) or n == len(b.steps):
        raise ByhandError("A sum of two branches is known only where one of them has no layers of its own.")
    if a.shape != b.shape or not np.array_equal(a.order, b.order):
        raise ByhandError("A sum of two branches whose numbers stand in different orders isn't known.")
    layers, p = _as_one(b.steps[n:])
    return a.then(Residual(layers), p)


def concatenated(parts: Sequence[Computed], axis: int) -> Computed:
    """Values put side by side along byhand's last axis.

    Raises:
        ByhandError: they are no branches of one value, or stand side by side along another axis.
    """
    first = parts[0]
    n = 0
    while all(len(part.steps) > n and part.steps[n] is first.steps[n] for part in parts):
        n += 1
    base = first.steps[:n]
    where = axis - (axis > first.batch)
    moved = [np.moveaxis(part.order, where, -1) for part in parts]
    for part, order in zip(parts, moved, strict=True):
        if order.shape[-1] != part.shape[-1] or part.batch != first.batch:
            raise ByhandError("Concat is known along the channels only.")
        if not np.array_equal(order.reshape(-1), np.arange(order.size)):
            raise ByhandError("Concat of branches whose numbers stand in an order of their own isn't known.")
    if any(len(part.steps) == n for part in parts):
        raise ByhandError("Concat of a value with a branch of itself isn't known.")
    branches: list[Layer] = []
    p: dict[str, Array] = {}
    for i, part in enumerate(parts):
        layers, own = _as_one(part.steps[n:])
        branches.append(layers[0] if len(layers) == 1 else Sequential(layers))
        own = own if len(layers) > 1 else {name.removeprefix("0."): a for name, a in own.items()}
        p |= {f"{i}.{name}": a for name, a in own.items()}
    shape = (*first.shape[:-1], sum(part.shape[-1] for part in parts))
    whole = replace(first, steps=(*base, PlacedLayer(Parallel(branches), p)), shape=shape)
    order = straight((*moved[0].shape[:-1], whole.shape[-1]))
    return whole.arranged(np.moveaxis(order, -1, where))
