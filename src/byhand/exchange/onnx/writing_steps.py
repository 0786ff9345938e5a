"""Layers for sequences in ONNX: its recurrent nodes take (T, n, k) and know lengths, not masks."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from byhand.core.errors import ByhandError
from byhand.core.types import Array
from byhand.exchange.onnx.graph import Exported, Flow, GraphWriter, means
from byhand.layers import (
    GRU,
    LSTM,
    RNN,
    Bidirectional,
    Embedding,
    LastStep,
    MaxOverTime,
    MeanOverTime,
    RepeatVector,
    StepsFrom,
)

BLOCKS = {"RNN": (0,), "LSTM": (0, 3, 1, 2), "GRU": (1, 0, 2)}  # ONNX's gates, by their number here
FAR_BELOW = -3.4e38  # below every number that float32 holds


@means(Embedding)
def _embedding(at: Exported, flow: Flow) -> Flow:
    """Gather; where a token only fills up, the mask leaves its steps out (it may stand at the end only)."""
    to = at.to
    found = flow.to(to.node("Gather", to.constant("W", at.p["W"]), flow.name, axis=0))
    if at.layer.padding is None:
        return found
    filled = to.node("Equal", flow.name, to.constant("padding", at.layer.padding))
    mask = to.node("Cast", to.node("Not", filled), to=to.onnx.TensorProto.FLOAT)
    steps = to.node("ReduceSum", mask, to.constant("axes", [1]), keepdims=0)
    return found.to(found.name, mask=mask, lengths=to.node("Cast", steps, to=to.onnx.TensorProto.INT32))


def onnx_blocks(kind: str, array: Array) -> Array:
    """The blocks of the last axis, one a gate, in ONNX's order."""
    parts = np.split(array, len(BLOCKS[kind]), axis=-1)
    return np.concatenate([parts[i] for i in BLOCKS[kind]], axis=-1)


def onnx_tensors(layer: Any, p: Mapping[str, Array]) -> tuple[Array, Array, Array]:
    """W (g k, in), R (g k, k) and B (2 g k,) of one direction, as ONNX has them."""
    kind, k = type(layer).__name__, layer.units
    recurrent = np.concatenate([p["R"], p["V"]], axis=1) if kind == "GRU" else p["R"]
    second = np.zeros_like(p["b"])
    if "c" in p:
        second[2 * k :] = p["c"]
    W, R, b = (onnx_blocks(kind, a) for a in (p["W"], recurrent, p["b"]))
    return W.T, R.T, np.concatenate([b, second])


def recurrent_node(
    to: GraphWriter, layer: Any, parts: Sequence[Mapping[str, Array]], flow: Flow, outputs: Sequence[int], *start: str
) -> list[str]:
    """A recurrent node, with one part for each direction, that begins with the states `start`; its wanted outputs.

    Output 0 is (T, directions, n, k), 1 the last state (directions, n, k), 2 an LSTM's last cells.
    """
    if "P" not in parts[0]:  # ONNX knows peepholes
        layer.require_usual("written as ONNX")
    kind, k = type(layer).__name__, layer.units
    W, R, B = (np.stack(arrays) for arrays in zip(*(onnx_tensors(layer, p) for p in parts), strict=True))
    both = len(parts) == 2
    options: dict[str, Any] = {"hidden_size": k}
    options["direction"] = "bidirectional" if both else "reverse" if layer.reverse else "forward"
    if kind == "RNN":
        options["activations"] = [layer.nonlinearity.capitalize()] * len(parts)
    if kind == "GRU":
        options["linear_before_reset"] = int(layer.reset == "after")
    inputs = [to.transposed(flow.name, 1, 0, 2)]
    inputs += [to.constant(name, a) for name, a in (("W", W), ("R", R), ("B", B))]
    inputs += [flow.lengths or "", *start] if flow.lengths or start else []
    if "P" in parts[0]:  # peepholes of the gates i, f and o; ONNX has them in the order i, o, f
        inputs += [""] * (7 - len(inputs))
        inputs.append(to.constant("P", np.stack([p["P"][[0, 2, 1]].reshape(-1) for p in parts])))
    return to.several(kind, inputs, outputs, **options)


def _write(to: GraphWriter, layer: Any, parts: Sequence[Mapping[str, Array]], flow: Flow, summed: bool) -> Flow:
    """A recurrent layer, with one part for each direction."""
    k, steps, whole, both = layer.units, flow.shape[0], layer.return_sequences, len(parts) == 2
    (y,) = recurrent_node(to, layer, parts, flow, (0,) if whole else (1,))
    if summed:
        y = to.node("ReduceSum", y, to.constant("axes", [1 if whole else 0]), keepdims=1)
    wide = k if summed or not both else 2 * k
    if whole:
        return flow.to(to.reshaped(to.transposed(y, 2, 0, 1, 3), (steps, wide)))
    return flow.to(to.reshaped(to.transposed(y, 1, 0, 2), (wide,)), mask=None, lengths=None)


@means(RNN, LSTM, GRU)
def _recurrent(at: Exported, flow: Flow) -> Flow:
    return _write(at.to, at.layer, [at.p], flow, False)


@means(Bidirectional)
def _bidirectional(at: Exported, flow: Flow) -> Flow:
    parts = [{name[2:]: a for name, a in at.p.items() if name.startswith(f"{i}.")} for i in (0, 1)]
    return _write(at.to, at.layer.layer, parts, flow, at.layer.merge == "sum")


@means(LastStep)
def _last_step(at: Exported, flow: Flow) -> Flow:
    """Gather; with a mask the sum over the steps of x times 1 at the last one, else 0."""
    to = at.to
    if flow.lengths is None:
        return flow.to(to.node("Gather", flow.name, to.constant("last", flow.shape[0] - 1), axis=1))
    last = to.node("Sub", to.node("Cast", flow.lengths, to=to.onnx.TensorProto.INT64), to.constant("one", 1))
    one_hot = to.node("OneHot", last, to.constant("T", flow.shape[0]), to.constant("values", [0.0, 1.0]), axis=-1)
    return _summed(to, flow, one_hot)


def _summed(to: GraphWriter, flow: Flow, shares: str) -> Flow:
    """Σ_t shares_t x_t."""
    column = to.node("Unsqueeze", shares, to.constant("axes", [2]))  # (n, T) → (n, T, 1)
    product = to.node("Mul", flow.name, column)
    name = to.node("ReduceSum", product, to.constant("axes", [1]), keepdims=0)
    return flow.to(name, mask=None, lengths=None)


@means(MeanOverTime)
def _mean_over_time(at: Exported, flow: Flow) -> Flow:
    to = at.to
    if flow.mask is None:
        return flow.to(to.node("ReduceMean", flow.name, axes=[1], keepdims=0))
    steps = to.node("ReduceSum", flow.mask, to.constant("axes", [1]), keepdims=1)
    return _summed(to, flow, to.node("Div", flow.mask, steps))


@means(MaxOverTime)
def _max_over_time(at: Exported, flow: Flow) -> Flow:
    to, name = at.to, flow.name
    if flow.mask:
        column = to.node("Unsqueeze", flow.mask, to.constant("axes", [2]))
        there = to.node("Cast", column, to=to.onnx.TensorProto.BOOL)
        name = to.node("Where", there, name, to.constant("least", FAR_BELOW))
    return flow.to(to.node("ReduceMax", name, axes=[1], keepdims=0), mask=None, lengths=None)


@means(RepeatVector)
def _repeat(at: Exported, flow: Flow) -> Flow:
    to = at.to
    step = to.node("Unsqueeze", flow.name, to.constant("axes", [1]))
    return flow.to(to.node("Tile", step, to.constant("times", [1, at.layer.times, 1])))


@means(StepsFrom)
def _steps_from(at: Exported, flow: Flow) -> Flow:
    """Slice along the steps."""
    if flow.mask is not None:
        raise ByhandError("steps that a mask leaves out can't be cut off yet.")
    return flow.to(at.to.cut(flow.name, at.layer.first, flow.shape[0], 1))
