"""Attention, positions and patches in ONNX: products and softmax, since opset 17 has no node for attention."""

from collections.abc import Sequence

import numpy as np

from byhand.core.types import Array, Shape
from byhand.exchange.onnx.graph import Exported, Flow, GraphWriter, means
from byhand.layers import (
    ClassToken,
    FirstStep,
    LearnedPositions,
    MultiHeadAttention,
    PatchEmbedding,
    RMSNorm,
    SinusoidalPositions,
    TiedDense,
)
from byhand.ops import reference

LEFT_OUT = -1e30  # added to a score: softmax makes it exactly 0


@means(MultiHeadAttention)
def _attention(at: Exported, flow: Flow) -> Flow:
    """A = softmax(Q Kᵀ / √e), y = A V O + c, head by head."""
    to, layer, (steps, d) = at.to, at.layer, flow.shape
    heads, e = layer.heads, d // layer.heads
    z = to.node("MatMul", flow.name, to.constant("W", at.p["W"]))
    z = to.node("Add", z, to.constant("b", at.p["b"])) if layer.bias else z
    z = to.transposed(to.reshaped(z, (steps, 3 * heads, e)), 0, 2, 1, 3)  # (n, 3 heads, T, e)
    q, k, v = (to.cut(z, i * heads, (i + 1) * heads, 1) for i in range(3))
    if layer.rotary:
        q, k = (_rotated(to, part, steps, e) for part in (q, k))
    later = [to.constant("later", np.triu(np.full((steps, steps), LEFT_OUT), 1))] if layer.causal else []
    return flow.to(write_attended(at, (q, k, v), (steps, d), later, flow.mask))


def write_attended(at: Exported, qkv: Sequence[str], shape: Shape, added: list[str], mask: str | None) -> str:
    """y = softmax(Q Kᵀ / √e) V O + c of each head, for Q, K and V (n, heads, steps, e).

    Args:
        at: the layer.
        qkv: Q, K and V.
        shape: of y, (steps, d).
        added: what is added to the scores.
        mask: 1 at the steps of K that are there, (n, steps); None where all are.
    """
    to, (q, k, v) = at.to, qkv
    scores = to.node("MatMul", q, to.transposed(k, 0, 1, 3, 2))
    scores = to.node("Mul", scores, to.constant("scale", float((shape[1] // at.layer.heads) ** -0.5)))
    if mask:
        gone = to.node("Mul", to.node("Sub", to.constant("one", 1.0), mask), to.constant("out", LEFT_OUT))
        added = [*added, to.node("Unsqueeze", gone, to.constant("axes", [1, 2]))]
    for term in added:
        scores = to.node("Add", scores, term)
    weighted = to.node("MatMul", to.node("Softmax", scores, axis=-1), v)  # (n, heads, T, e)
    joined = to.reshaped(to.transposed(weighted, 0, 2, 1, 3), shape)
    y = to.node("MatMul", joined, to.constant("O", at.p["O"]))
    return to.node("Add", y, to.constant("c", at.p["c"])) if at.layer.bias else y


def _rotated(to: GraphWriter, name: str, steps: int, e: int) -> str:
    """x cos + (−x₂, x₁) sin, with x₁ and x₂ the halves of each row."""
    ones = np.zeros((1, 1, steps, e), np.float32)
    ones[..., : e // 2] = 1
    reference.rotate_pairs(ones, 0, 1)
    cos, sin = (np.concatenate([half, half], axis=-1) for half in np.split(ones, 2, axis=-1))
    first, second = to.cut(name, 0, e // 2, 3), to.cut(name, e // 2, e, 3)
    other = to.node("Concat", to.node("Neg", second), first, axis=-1)
    straight = to.node("Mul", name, to.constant("cos", cos))
    return to.node("Add", straight, to.node("Mul", other, to.constant("sin", sin)))


@means(RMSNorm)
def _rms_norm(at: Exported, flow: Flow) -> Flow:
    to, flow = at.to, at.to.channels_last(flow)
    mean = to.node("ReduceMean", to.node("Mul", flow.name, flow.name), axes=[-1], keepdims=1)
    root = to.node("Sqrt", to.node("Add", mean, to.constant("epsilon", float(at.layer.epsilon))))
    return flow.to(to.node("Mul", to.node("Div", flow.name, root), to.constant("gamma", at.p["gamma"])))


@means(PatchEmbedding)
def _patches(at: Exported, flow: Flow) -> Flow:
    """A convolution whose stride is its kernel's size."""
    to, s, units = at.to, at.layer.size, at.layer.units
    flow = to.channels_first(flow)
    W = at.p["W"].reshape(s, s, flow.shape[2], units).transpose(3, 2, 0, 1)  # (out, in, s, s)
    arrays = to.constant("W", W), to.constant("b", at.p["b"])
    image = to.node("Conv", flow.name, *arrays, kernel_shape=[s, s], strides=[s, s])
    rows = to.reshaped(image, (units, at.plan.out_shape[0]))
    return flow.to(to.transposed(rows, 0, 2, 1), first=False)


@means(ClassToken)
def _class_token(at: Exported, flow: Flow) -> Flow:
    """Concat of q, once for each sample, and x."""
    to, k = at.to, flow.shape[1]
    samples = to.node("Shape", flow.name, start=0, end=1)

    def each(value: Array, *sides: int) -> str:
        shape = to.node("Concat", samples, to.constant("sides", [*sides]), axis=0)
        return to.node("Expand", to.constant("q", value), shape)

    y = to.node("Concat", each(at.p["q"].reshape(1, 1, k), 1, k), flow.name, axis=1)
    if flow.mask is None:
        return flow.to(y)
    mask = to.node("Concat", each(np.ones((1, 1), np.float32), 1), flow.mask, axis=1)
    one = to.node("Cast", to.constant("one", [1]), to=to.onnx.TensorProto.INT32)
    return flow.to(y, mask=mask, lengths=to.node("Add", flow.lengths or "", one))


@means(FirstStep)
def _first_step(at: Exported, flow: Flow) -> Flow:
    name = at.to.node("Gather", flow.name, at.to.constant("first", 0), axis=1)
    return flow.to(name, mask=None, lengths=None)


@means(LearnedPositions)
def _learned_positions(at: Exported, flow: Flow) -> Flow:
    return flow.to(at.to.node("Add", flow.name, at.to.constant("P", at.p["P"][: flow.shape[0]])))


@means(SinusoidalPositions)
def _sinusoids(at: Exported, flow: Flow) -> Flow:
    table = np.zeros((1, *flow.shape), np.float32)
    reference.add_sinusoids(table, 0, out=table)
    return flow.to(at.to.node("Add", flow.name, at.to.constant("s", table)))


@means(TiedDense)
def _tied(at: Exported, flow: Flow) -> Flow:
    """MatMul with the embedding's matrix, turned."""
    return flow.to(at.to.node("MatMul", flow.name, at.to.constant("W", at.p["W"].T)))
