"""RNN, LSTM and GRU of ONNX as layers of byhand."""

from typing import Any

import numpy as np

from byhand.core.errors import ByhandError
from byhand.core.types import Array
from byhand.exchange.onnx.nodes import Node, constant_input, reads
from byhand.exchange.onnx.values import Computed, straight
from byhand.exchange.onnx.writing_steps import BLOCKS
from byhand.layers import GRU, LSTM, RNN, Bidirectional

ONNX_ACTIVATIONS = {"RNN": ["Tanh"], "LSTM": ["Sigmoid", "Tanh", "Tanh"], "GRU": ["Sigmoid", "Tanh"]}


def own_blocks(kind: str, array: Array) -> Array:
    """The blocks of the last axis, one a gate, in byhand's order."""
    parts = np.split(array, len(BLOCKS[kind]), axis=-1)
    return np.concatenate([parts[BLOCKS[kind].index(i)] for i in range(len(parts))], axis=-1)


def _parameters(kind: str, k: int, W: Array, R: Array, B: Array, after: bool) -> dict[str, Array]:
    """byhand's of one direction from ONNX's W (g k, in), R (g k, k), B (2 g k,)."""
    W, R = own_blocks(kind, W.T), own_blocks(kind, R.T)
    first, second = (own_blocks(kind, half) for half in np.split(B, 2))
    if kind != "GRU":
        return {"W": W, "R": R, "b": first + second}
    p = {"W": W, "R": R[:, : 2 * k], "V": R[:, 2 * k :]}
    if not after:
        return p | {"b": first + second}
    b = np.concatenate([first[: 2 * k] + second[: 2 * k], first[2 * k :]])
    return p | {"b": b, "c": second[2 * k :]}


@reads("RNN", "LSTM", "GRU")
def _recurrent(at: Node, x: Computed, W: Any, R: Any, B: Any = None, lengths: Any = None, *more: Any) -> Any:
    """Y (T, directions, n, k) and the last state (directions, n, k); where layout is 1, n comes first."""
    kind, x = at.kind, x.settled()
    W, R = constant_input(f"{kind}'s W", W, 3), constant_input(f"{kind}'s R", R, 3)
    ways, wide, inside = W.shape
    gates = len(BLOCKS[kind])
    k, layout = R.shape[2], at.whole("layout", 0)
    if ways not in (1, 2) or wide != gates * k or R.shape != (ways, wide, k) or at.whole("hidden_size", k) != k:
        raise ByhandError(f"{kind}: W {W.shape} and R {R.shape} don't fit each other.")
    if x.order.ndim != 2 or x.batch != (0 if layout else 1) or x.order.shape[1] != inside:
        raise ByhandError(f"{kind} of samples {x.order.shape} with W {W.shape} isn't known.")
    steps = x.order.shape[0]
    B = np.zeros((ways, 2 * wide)) if B is None else constant_input(f"{kind}'s B", B, 2)
    if B.shape != (ways, 2 * wide):
        raise ByhandError(f"{kind}: B is {B.shape}, but must be {(ways, 2 * wide)}.")
    if lengths is not None and not (isinstance(lengths, np.ndarray) and (lengths == steps).all()):
        raise ByhandError(f"{kind} with lengths of its own isn't known; byhand takes them as a mask.")
    if any(start is not None and not (isinstance(start, np.ndarray) and not start.any()) for start in more):
        raise ByhandError(f"{kind} with a first state, or peepholes, isn't known.")
    layer = _layer(at, k, ways)
    after = getattr(layer, "reset", "") == "after"
    parts = [_parameters(kind, k, *arrays, after) for arrays in zip(W, R, B, strict=True)]
    p = parts[0] if ways == 1 else {f"{i}.{name}": a for i, part in enumerate(parts) for name, a in part.items()}
    rows = x.as_rows(kind)
    whole: Any = rows.then(_both(_returning(layer, True), ways), p)
    whole = whole.arranged(straight((steps, ways, k)), 0 if layout else 2)
    last: Any = rows.then(_both(layer, ways), p)
    last = last.arranged(straight((ways, k)), 0 if layout else 1)
    return whole, last


def _layer(at: Node, k: int, ways: int) -> Any:
    kind, direction = at.kind, at.text("direction", "forward")
    if (direction == "bidirectional") != (ways == 2) or direction not in ("forward", "reverse", "bidirectional"):
        raise ByhandError(f"{kind} goes {direction!r} with parameters for {ways} directions.")
    given = at.attributes.get("activations") or ONNX_ACTIVATIONS[kind] * ways
    names = [name.decode("utf-8", "replace") if isinstance(name, bytes) else str(name) for name in given]
    one = names[: len(ONNX_ACTIVATIONS[kind])]
    known = one == ONNX_ACTIVATIONS[kind] or (kind == "RNN" and one == ["Relu"])
    if names != one * ways or not known or "clip" in at.attributes or at.whole("input_forget", 0):
        raise ByhandError(f"{kind} with the activations {', '.join(names)} or with a clip isn't known.")
    reverse = direction == "reverse"
    if kind == "RNN":
        return RNN(k, reverse=reverse, nonlinearity=one[0].lower())
    if kind == "LSTM":
        return LSTM(k, reverse=reverse)
    return GRU(k, reverse=reverse, reset="after" if at.whole("linear_before_reset", 0) else "before")


def _returning(layer: Any, sequences: bool) -> Any:
    from dataclasses import replace

    return replace(layer, return_sequences=sequences)


def _both(layer: Any, ways: int) -> Any:
    return Bidirectional(layer) if ways == 2 else layer
