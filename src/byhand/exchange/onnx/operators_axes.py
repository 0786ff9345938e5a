"""What operators of ONNX mean that normalise, that move axes about, or that end a sequence."""

from dataclasses import replace
from math import prod
from typing import Any

import numpy as np

from byhand.core.errors import ByhandError
from byhand.core.types import Array
from byhand.exchange.onnx.attention import Excerpt, taken
from byhand.exchange.onnx.branches import concatenated
from byhand.exchange.onnx.nodes import Node, constant_input, one_number, reads, whole_numbers
from byhand.exchange.onnx.operators import as_settled, vector
from byhand.exchange.onnx.root_mean_square import mean_square
from byhand.exchange.onnx.values import BATCH, Computed, PlacedLayer, straight
from byhand.layers import (
    BatchNorm,
    Bidirectional,
    ClassToken,
    Dropout,
    Embedding,
    FirstStep,
    GlobalAveragePool2D,
    LastStep,
    LayerNorm,
    MaxOverTime,
    MaxPool2D,
    MeanOverTime,
    RepeatVector,
    Softmax,
)

# ---- normalisation, dropout, softmax ----


@reads("BatchNormalization")
def _batch_norm(at: Node, x: Computed, *numbers: Any) -> Computed:
    x = as_settled(x)
    if at.whole("training_mode", 0) or any(at.used[1:]):
        raise ByhandError("BatchNormalization in training isn't known; export the network for inference.")
    if x.order.ndim == 1:
        rows, k = x.as_rows(at.kind), x.order.shape[0]
        order = x.order
    else:
        order, k = x.order, x.order.shape[0]
        moved = np.moveaxis(order, 0, -1)  # the channels last
        if x.batch != 0 or not np.array_equal(moved.reshape(-1), np.arange(moved.size)):
            raise ByhandError("BatchNormalization comes after axes were put in an order that no layer of byhand has.")
        rows = x.as_shape(moved.shape, moved, at.kind) if x.shape[-1] != k else x
    if len(numbers) != 4:
        raise ByhandError("BatchNormalization needs five inputs.")
    names = ("gamma", "beta", "running_mean", "running_var")
    p = {name: vector(f"BatchNormalization's {name}", a, k) for name, a in zip(names, numbers, strict=True)}
    if (p["running_var"] < 0).any():
        raise ByhandError("BatchNormalization has a negative variance.")
    momentum = min(1.0, max(0.0, 1 - at.number("momentum", 0.9)))
    return rows.then(BatchNorm(round(momentum, 7), max(1e-12, at.number("epsilon", 1e-5))), p, order)


@reads("LayerNormalization")
def _layer_norm(at: Node, x: Computed, gamma: Any, beta: Any = None) -> Computed:
    x = as_settled(x)
    axis = at.whole("axis", -1)
    if axis not in (-1, x.order.ndim) or any(at.used[1:]) or x.batch != 0:
        raise ByhandError("LayerNormalization is known along the last axis only.")
    k = x.order.shape[-1]
    shift = np.zeros(k) if beta is None else vector("LayerNormalization's bias", beta, k)
    p = {"gamma": vector("LayerNormalization's scale", gamma, k), "beta": shift}
    return x.as_rows(at.kind).then(LayerNorm(max(1e-12, at.number("epsilon", 1e-5))), p)


@reads("Dropout")
def _dropout(at: Node, x: Computed, ratio: Any = None, training: Any = None) -> Computed:
    given = at.number("ratio", 0.5) if ratio is None else one_number(constant_input("Dropout's ratio", ratio))
    rate = float(str(np.float32(given or 0)))
    drops = rate > 0 and training is not None and constant_input("Dropout's training_mode", training).any()
    if any(at.used[1:]) or drops:
        raise ByhandError("Dropout in training isn't known; export the network for inference.")
    return as_settled(x).then(Dropout(rate)) if 0 < rate < 1 else x


@reads("Softmax", "LogSoftmax")
def _softmax(at: Node, x: Computed) -> Computed:
    """Along any axis whose numbers lie side by side in byhand."""
    x = as_settled(x)
    axis = at.whole("axis", -1 if at.opset >= 13 else 1)
    axis += (x.order.ndim + 1) * (axis < 0)
    if at.kind == "LogSoftmax":
        raise ByhandError("LogSoftmax is known as the last layer only.")
    if axis == x.batch or not 0 <= axis <= x.order.ndim:
        raise ByhandError(f"Softmax along axis {axis} mixes the samples.")
    where = axis - (axis > x.batch)
    if at.opset < 13:  # all axes from there on are one
        if x.batch != 0:
            raise ByhandError("Softmax of several axes isn't known here.")
        moved = x.order.reshape(*x.order.shape[:where], -1)
    else:
        moved = np.moveaxis(x.order, where, -1)
    k = moved.shape[-1]
    rows = moved.reshape(-1, k)
    sorted_rows = np.sort(rows, axis=1)
    if not (np.diff(sorted_rows, axis=1) == 1).all() or (sorted_rows[:, 0] % k).any():
        raise ByhandError("Softmax along an axis whose numbers stand apart isn't known.")
    shape = (k,) if len(rows) == 1 else (len(rows), k)
    flat = (
        x.arranged(straight(shape))
        if x.shape == shape
        else x.arranged(straight(x.shape)).as_shape(shape, straight(shape), at.kind)
    )
    return flat.then(Softmax(), order=x.order)


# ---- axes ----


@reads("Flatten")
def _flatten(at: Node, x: Computed) -> Computed:
    axis = at.whole("axis", 1)
    axis += (x.order.ndim + 1) * (axis < 0)
    if x.batch != 0 or axis != 1:
        raise ByhandError("Flatten is known where it leaves the samples apart (axis 1).")
    return x.arranged(x.order.reshape(-1))


@reads("Reshape")
def _reshape(at: Node, x: Computed, shape: Any = None) -> Computed:
    target = at.numbers("shape", []) if shape is None else whole_numbers("Reshape's shape", shape)
    before = x.sizes
    if not at.whole("allowzero", 0):
        target = [before[i] if n == 0 and i < len(before) else n for i, n in enumerate(target)]
    ahead = prod(before[: x.batch])  # numbers of ONNX's axes before the one that counts the samples
    for axis, size in enumerate(target):
        rest = [n for i, n in enumerate(target) if i != axis]
        known = [n for n in rest if n != -1]
        fits = all(0 < n < BATCH for n in known) and rest.count(-1) <= 1 and prod(target[:axis]) == ahead
        fits = fits and not (rest.count(-1) and size not in (BATCH, x.samples)) and x.order.size % prod(known) == 0
        if not fits or (prod(known) != x.order.size and -1 not in rest):
            continue
        sizes = [n if n != -1 else x.order.size // prod(known) for n in rest]
        if size in (-1, BATCH) or (size == x.samples and BATCH not in target):
            return x.arranged(x.order.reshape(sizes), axis)
    raise ByhandError(f"Reshape to {[n if n != BATCH else 'n' for n in target]} doesn't keep the samples apart.")


@reads("Transpose")
def _transpose(at: Node, x: Computed) -> Computed:
    sides = x.order.ndim + 1
    axes = at.numbers("perm", [*range(sides)][::-1])
    if sorted(axes) != [*range(sides)]:
        raise ByhandError(f"Transpose: {axes} is no order of {sides} axes.")
    own = [axis - (axis > x.batch) for axis in axes if axis != x.batch]
    return x.arranged(x.order.transpose(own), axes.index(x.batch))


def _axes(at: Node, axes: Any, sides: int) -> list[int]:
    found = whole_numbers(f"{at.kind}'s axes", axes) if axes is not None else at.numbers("axes", [])
    found = [axis + sides * (axis < 0) for axis in found]
    if len(set(found)) != len(found) or not all(0 <= axis < sides for axis in found):
        raise ByhandError(f"{at.kind}: {found} are no axes of {sides}.")
    return found


@reads("Squeeze")
def _squeeze(at: Node, x: Computed, axes: Any = None) -> Computed:
    sizes = x.sizes
    gone = _axes(at, axes, len(sizes)) or [i for i, n in enumerate(sizes) if n == 1]
    if any(sizes[axis] != 1 for axis in gone):
        raise ByhandError(f"Squeeze: axes {gone} don't all have the size 1.")
    left = [n for i, n in enumerate(sizes) if i not in gone]
    return x.arranged(x.order.reshape([n for n in left if n != BATCH]), left.index(BATCH))


@reads("Unsqueeze")
def _unsqueeze(at: Node, x: Computed, axes: Any = None) -> Computed:
    count = len(at.attributes.get("axes", ())) if axes is None else constant_input("Unsqueeze's axes", axes).size
    added = _axes(at, axes, x.order.ndim + 1 + count)
    sizes = iter(x.sizes)
    whole = [1 if i in added else next(sizes) for i in range(x.order.ndim + 1 + count)]
    return x.arranged(x.order.reshape([n for n in whole if n != BATCH]), whole.index(BATCH))


@reads("Cast")
def _cast(at: Node, x: Computed) -> Computed:
    return x


@reads("Concat")
def _concat(at: Node, *parts: Any) -> Computed:
    axis = at.whole("axis", 0)
    if len(parts) == 2 and isinstance(parts[0], np.ndarray):
        return _with_token(parts[0], parts[1].settled(), axis)
    if not all(isinstance(part, Computed) for part in parts):
        raise ByhandError("Concat with constants isn't known.")
    axis += (parts[0].order.ndim + 1) * (axis < 0)
    settled = [part.settled() for part in parts]
    if axis == settled[0].batch or not 0 <= axis <= settled[0].order.ndim:
        raise ByhandError("Concat of samples isn't known.")
    return settled[0] if len(settled) == 1 else concatenated(settled, axis)


def _with_token(q: Array, x: Computed, axis: int) -> Computed:
    """The same step before each sequence."""
    if axis != 1 or x.order.ndim != 2 or x.batch != 0 or q.shape != (1, 1, x.order.shape[1]):
        raise ByhandError("Concat with a constant is known for one step before a sequence only.")
    return x.as_rows("Concat").then(ClassToken(), {"q": q.reshape(-1)})


# ---- steps ----


@reads("Gather")
def _gather(at: Node, table: Any, index: Any) -> Any:
    """Rows of a table by tokens; the first or last step of a sequence; or some numbers of what a layer gives."""
    axis = at.whole("axis", 0)
    if isinstance(table, Excerpt):
        return taken(table, axis, constant_input("Gather's index", index))
    if not isinstance(table, Computed):
        W = constant_input("Gather's table", table, 2)
        if axis or not index.steps == () or index.order.ndim != 1 or index.batch != 0:
            raise ByhandError("Gather is known for tokens (n, T) at the network's beginning.")
        return index.then(Embedding(*W.shape), {"W": W})
    x, steps = table.settled(), table.order.shape[0]
    axis += (x.order.ndim + 1) * (axis < 0)
    where = one_number(constant_input("Gather's index", index))
    if x.order.ndim != 2 or x.batch != 0 or axis != 1 or where not in (-1, 0, steps - 1) or index.ndim > 1:
        return taken(x, axis, index)
    y = x.as_rows("Gather").then(FirstStep() if where == 0 and steps > 1 else LastStep())
    return y if index.ndim == 0 else y.arranged(y.order.reshape(1, -1))


@reads("ReduceMean", "ReduceMax")
def _reduce(at: Node, x: Computed, axes: Any = None) -> Any:
    """Over the steps of a sequence, over an image's pixels, or the mean of each row's squares."""
    gone, keep = _axes(at, axes, x.order.ndim + 1), at.whole("keepdims", 1)
    if at.kind == "ReduceMean" and keep and gone == [x.order.ndim] and (found := mean_square(x)):
        return found
    x = x.settled()
    if x.order.ndim == 2 and gone == [1] and x.batch == 0:
        y = x.as_rows(at.kind).then(MeanOverTime() if at.kind == "ReduceMean" else MaxOverTime())
        return y.arranged(y.order.reshape(1, -1)) if keep else y
    if x.order.ndim == 3 and sorted(gone) == [2, 3] and x.batch == 0:
        image = x.as_image(at.kind)
        y = image.then(
            GlobalAveragePool2D() if at.kind == "ReduceMean" else MaxPool2D((image.shape[0], image.shape[1]))
        )
        return y.arranged(np.arange(image.shape[2]).reshape(-1, *(1, 1) * keep))
    raise ByhandError(f"{at.kind} over the axes {gone} isn't known.")


@reads("ReduceSum")
def _reduce_sum(at: Node, x: Computed, axes: Any = None) -> Computed:
    """Both directions of a recurrent node added up."""
    gone, keep = _axes(at, axes, x.order.ndim + 1), at.whole("keepdims", 1)
    layer = x.steps[-1].layer if x.steps and x.formula is None else None
    where = gone[0] - (gone[0] > x.batch) if len(gone) == 1 else -1
    if not isinstance(layer, Bidirectional) or layer.merge != "concat" or x.order.shape[where : where + 1] != (2,):
        raise ByhandError("ReduceSum is known for both directions of a recurrent node only.")
    first = np.take(x.order, [0], where)
    if not np.array_equal(first + layer.layer.units, np.take(x.order, [1], where)):
        raise ByhandError("ReduceSum is known for both directions of a recurrent node only.")
    placed = PlacedLayer(replace(layer, merge="sum"), x.steps[-1].p)
    shape = (*x.shape[:-1], layer.layer.units)
    order = straight(shape).reshape(first.shape)
    y = replace(x, steps=(*x.steps[:-1], placed), shape=shape, order=order)
    if keep:
        return y
    return y.arranged(np.squeeze(order, where), y.batch - (gone[0] < y.batch))


@reads("Tile")
def _tile(at: Node, x: Computed, times: Any) -> Computed:
    """The same row at every step: (n, 1, k) → (n, times, k)."""
    x = x.settled()
    found = whole_numbers("Tile's repeats", times)
    if x.batch != 0 or x.order.ndim != 2 or x.order.shape[0] != 1 or found[::2] != [1, 1] or len(found) != 3:
        raise ByhandError("Tile is known for one row at several steps only.")
    row = x.arranged(x.order[0]).as_rows("Tile")
    return row.then(RepeatVector(found[1]))
