"""Attention in somebody's graph: products of two computed values, and the softmax between them.

A graph cuts queries, keys and values out of dense layers' outputs and moves their axes about; what they are is known at
the end. Until then an `Excerpt` says which of a layer's numbers there are, and `AttentionScores` what was done to Q Kᵀ.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from byhand.core.errors import ByhandError
from byhand.core.types import Array
from byhand.exchange.onnx.nodes import Node, constant_input, one_number, whole_numbers
from byhand.exchange.onnx.values import BATCH, LARGEST_SAMPLE, Computed, PlacedLayer, straight
from byhand.layers import Dense, MultiHeadAttention, StepsFrom

OUT_OF_SIGHT = -1e4  # what is added to a score that doesn't count, or less


class Inside:
    """A value between layers, which no layer of byhand gives."""

    def read(self, at: Node, inputs: Sequence[Any]) -> Any:
        """What a node gives that one input of is this; None where axes only are moved about."""
        return read_inside(at, inputs)


@dataclass(frozen=True)
class Excerpt(Inside):
    """Some numbers of what a layer gives, times a number.

    Attributes:
        whole: what the layer gives.
        order: of ONNX's shape of a sample: which of the layer's numbers each number is.
        batch: which of ONNX's axes counts the samples.
        scale: the number.
    """

    whole: Computed
    order: Array
    batch: int
    scale: float = 1.0

    @property
    def sizes(self) -> list[int]:
        """ONNX's shape, with BATCH for the number of samples."""
        return [*self.order.shape[: self.batch], BATCH, *self.order.shape[self.batch :]]

    @property
    def samples(self) -> int:
        """How many samples the file is written for."""
        return self.whole.samples

    def arranged(self, order: Array, batch: int | None = None) -> "Excerpt":
        """The same numbers in another order or shape, or fewer of them."""
        return replace(self, order=order, batch=self.batch if batch is None else batch)


@dataclass(frozen=True)
class AttentionScores(Inside):
    """Q Kᵀ (n, heads, T, T) times a number.

    Attributes:
        q: the queries, (heads, T, e) of each sample.
        k: the keys, (heads, e, T).
        scale: the number.
        causal: whether no step sees later ones.
        soft: whether softmax has made weights of them.
    """

    q: Excerpt
    k: Excerpt
    scale: float
    causal: bool = False
    soft: bool = False


def as_part(x: Any) -> Excerpt:
    """A value as a part of itself."""
    if isinstance(x, Excerpt):
        return x
    if not isinstance(x, Computed):
        raise ByhandError("Attention takes queries, keys and values that depend on the network's input.")
    x = x.settled()
    return Excerpt(x, x.order, x.batch)


# ---- cutting ----


def taken(x: Any, axis: int, index: Array) -> Any:
    """The numbers of a value at some places of one of ONNX's axes; a number as `index` takes the axis away."""
    part = as_part(x)
    axis += (part.order.ndim + 1) * (axis < 0)
    if axis == part.batch or not 0 <= axis <= part.order.ndim or index.ndim > 1:
        raise ByhandError("A cut through the samples isn't known.")
    where = axis - (axis > part.batch)
    if part.order.size // max(1, part.order.shape[where]) * index.size > LARGEST_SAMPLE:
        raise ByhandError(f"A cut gives more than {LARGEST_SAMPLE:,} numbers a sample.")
    return part.arranged(part.order.take(index, where), part.batch - (axis < part.batch and index.ndim == 0))


def sliced(x: Any, *bounds: Any) -> Any:
    """Slice: the last steps of a sequence are StepsFrom, all else a part."""
    starts, ends = (whole_numbers("Slice's bounds", bound) for bound in bounds[:2])
    axes = whole_numbers("Slice's axes", bounds[2]) if len(bounds) > 2 else [*range(len(starts))]
    by = whole_numbers("Slice's steps", bounds[3]) if len(bounds) > 3 else [1] * len(starts)
    for start, end, axis, step in zip(starts, ends, axes, by, strict=True):
        whole = x.order.ndim == 2 and x.batch == 0 and axis in (1, -2) and step == 1
        if isinstance(x, Computed) and whole and 0 < start < x.order.shape[0] <= end:
            x = x.settled().as_rows("Slice").then(StepsFrom(start))
            continue
        sizes = x.sizes
        if not -len(sizes) <= axis < len(sizes):
            raise ByhandError(f"Slice along axis {axis} doesn't fit.")
        x = taken(x, axis, np.arange(sizes[axis])[start:end:step] if sizes[axis] != BATCH else np.arange(0))
    return x


def split_parts(at: Node, x: Any, sizes: Any = None) -> tuple[Any, ...]:
    """Split: parts one behind the other along an axis."""
    part, axis = as_part(x), at.whole("axis", 0)
    long = part.sizes[axis]
    if long == BATCH:
        raise ByhandError("Split of the samples isn't known.")
    count = len(at.used)
    each = at.numbers("split", [-(-long // count)] * count) if sizes is None else whole_numbers("Split's sizes", sizes)
    ends = [min(long, int(end)) for end in np.cumsum(each)]
    if len(each) != count or min(each) < 0 or ends[-1] != long:
        raise ByhandError(f"Split of {long} numbers into {each} doesn't fit.")
    return tuple(taken(part, axis, np.arange(start, end)) for start, end in zip([0, *ends], ends, strict=False))


# ---- products ----


def attention_product(a: Any, b: Any) -> Any:
    """Q Kᵀ; or the weights' product with the values, which is attention without its last matrix."""
    if not isinstance(a, AttentionScores):
        return AttentionScores(as_part(a), as_part(b), as_part(a).scale * as_part(b).scale)
    if not a.soft:
        raise ByhandError("A product of two computed values is known as attention, with softmax between, only.")
    q, v = a.q, as_part(b)
    base = q.whole.steps[:-1]
    for part in (q, a.k, v):
        steps = part.whole.steps
        known = len(steps) == len(base) + 1 and all(one is other for one, other in zip(steps, base, strict=False))
        if not known or not isinstance(steps[-1].layer, Dense) or len(part.whole.shape) != 2:
            raise ByhandError("Attention is known where queries, keys and values are dense layers of one sequence.")
    turned = a.k.arranged(a.k.order.swapaxes(-1, -2)) if a.k.order.ndim == 3 else a.k
    (Wq, bq), (Wk, bk), (Wv, bv) = (_columns(part) for part in (q, turned, v))
    heads, steps, e = q.order.shape
    d = len(Wq)
    if not q.order.shape == turned.order.shape == v.order.shape or heads * e != d or heads * steps**2 > LARGEST_SAMPLE:
        raise ByhandError(f"Attention of {heads} heads with {e} numbers each, over steps of {d}, isn't known.")
    turn = a.scale * e**0.5  # byhand's scores are divided by √e
    W, b_ = np.concatenate([Wq * turn, Wk, v.scale * Wv], axis=1), np.concatenate([bq * turn, bk, v.scale * bv])
    layer = MultiHeadAttention(heads, a.causal, bias=bool(b_.any()))
    p = {"W": W, "O": np.eye(d)} | ({"b": b_, "c": np.zeros(d)} if layer.bias else {})
    before = replace(q.whole, steps=base, shape=(steps, d), order=straight((steps, d)), batch=0)
    return before.then(layer, p, straight((steps, heads, e)).transpose(1, 0, 2))


def _columns(part: Excerpt) -> tuple[Array, Array]:
    """The columns of a dense layer's W and b that a part (heads, T, e) is of."""
    placed, m = part.whole.steps[-1], part.whole.shape[1]
    if part.order.ndim != 3 or part.batch != 0:
        raise ByhandError("Attention is known for queries, keys and values (n, heads, steps, numbers).")
    first = part.order[:, :1]
    own = first + m * np.arange(part.whole.shape[0])[:, None]
    if part.order.shape[1] != part.whole.shape[0] or not np.array_equal(own, part.order) or first.max() >= m:
        raise ByhandError("Attention among other things than the steps of a sequence isn't known.")
    columns = first.reshape(-1)
    b = placed.p.get("b", np.zeros(m))
    return placed.p["W"][:, columns], b[columns]


def with_output(x: Computed, W: Array, b: Array | None) -> Computed | None:
    """Attention with its last matrix; None where the layer before isn't attention without one."""
    last = x.steps[-1] if x.steps else None
    if last is None or not isinstance(last.layer, MultiHeadAttention) or W.shape != last.p["O"].shape:
        return None
    if not np.array_equal(last.p["O"], np.eye(len(W))) or np.any(last.p.get("c", 0)):
        return None
    bare = replace(x, steps=(*x.steps[:-1], PlacedLayer(last.layer, {**last.p, "O": W})))
    return bare if b is None else bare.scaled(1, b)


# ---- what is done to scores ----


def read_inside(at: Node, inputs: Sequence[Any]) -> Any:
    """A node one of whose inputs is a part or scores; None where axes only are moved about."""
    kind, constants = at.kind, [v for v in inputs if isinstance(v, np.ndarray)]
    flowing: Any = next(v for v in inputs if isinstance(v, Inside))
    if kind == "MatMul":
        return attention_product(*inputs)
    if kind in ("Identity", "Cast", "Dropout"):
        return flowing
    number = one_number(constants[0]) if len(constants) == 1 else None
    if number is not None and (kind == "Mul" or (kind == "Div" and inputs[0] is flowing and number)):
        return replace(flowing, scale=flowing.scale * (number if kind == "Mul" else 1 / number))
    if isinstance(flowing, AttentionScores) and not flowing.soft:
        steps = flowing.q.order.shape[-2]
        if kind == "Softmax" and at.whole("axis", -1) in (-1, flowing.q.order.ndim) and at.opset >= 13:
            return replace(flowing, soft=True)
        if kind == "Add" and constants and _hides_later(constants[0], steps):
            return replace(flowing, causal=True)
        hides = _hidden(inputs) if kind == "Where" and len(constants) == 2 else None
        if hides is not None and _hides_later(np.where(hides, 2 * OUT_OF_SIGHT, 0), steps):
            return replace(flowing, causal=True)
    if isinstance(flowing, Excerpt) and kind in ("Transpose", "Reshape", "Squeeze", "Unsqueeze", "Flatten"):
        return None
    raise ByhandError(f"{kind} within attention isn't known, or not with these inputs.")


def _hidden(inputs: Sequence[Any]) -> Array | None:
    """Where Where takes a number so low that it doesn't count."""
    condition, a, b = inputs
    low = one_number(a if isinstance(a, np.ndarray) else b) if isinstance(condition, np.ndarray) else None
    if low is None or low > OUT_OF_SIGHT:
        return None
    return condition.astype(bool) if isinstance(a, np.ndarray) else ~condition.astype(bool)


def _hides_later(added: Array, steps: int) -> bool:
    """Whether a constant leaves the scores up to one's own step as they are, and hides the later ones."""
    added = constant_input("What is added to scores", added)
    if added.shape[-2:] != (steps, steps) or added.size != steps**2 or steps == 1:
        return False
    square = added.reshape(steps, steps)
    own = np.tri(steps, dtype=bool)
    return bool((square[own] == 0).all() and (square[~own] <= OUT_OF_SIGHT).all())
