"""The calls of layers for sequences, of attention and of layers made of layers, in single precision.

Padding stands at the end of a sequence: where there is any, the variable `steps` says how many steps are there.
"""

from math import prod
from typing import Any

import numpy as np

from byhand.core.errors import ByhandError
from byhand.core.plan import Plan
from byhand.core.types import Array, Shape
from byhand.exchange.c.arrays import c_number
from byhand.exchange.c.single import Single, dense_rows, outputs_first, unknown_in_c, writes_in_c
from byhand.layers import (
    GRU,
    LSTM,
    RNN,
    Bidirectional,
    ClassToken,
    Conv1D,
    CrossAttention,
    DecoderBlock,
    Embedding,
    EncoderDecoder,
    FirstStep,
    LastStep,
    LayerNorm,
    LearnedPositions,
    MaxOverTime,
    MeanOverTime,
    MultiHeadAttention,
    Parallel,
    PatchEmbedding,
    RepeatVector,
    Residual,
    RMSNorm,
    Sequential,
    SinusoidalPositions,
    SplitSteps,
    StepsFrom,
    TiedDense,
    TransformerBlock,
)


@writes_in_c(Embedding)
def _embedding(to: Single, layer: Any, plan: Plan, shape: Shape, path: str) -> None:
    W, y = to.constant("W", to.own(path)["W"], f"{path}.W"), to.room(plan.out_shape)
    to.parts.call("embed", "x", W, y, *plan.out_shape)
    if layer.padding is not None:
        to.steps = "steps"
        to.line(f"int steps = {shape[0]};")
        to.line(f"while (steps > 1 && x[steps - 1] == {layer.padding}) steps--;")


@writes_in_c(TiedDense)
def _tied_dense(to: Single, layer: Any, plan: Plan, shape: Shape, path: str) -> None:
    full = plan.shared["W"][0]
    if full not in to.known:
        raise unknown_in_c(layer)
    dense_rows(to, to.known[full], to.constant("b", np.zeros(layer.units)), shape, plan.out_shape)


@writes_in_c(RNN, LSTM, GRU)
def _recurrent(to: Single, layer: Any, plan: Plan, shape: Shape, path: str) -> None:
    x, y = to.room(shape), to.other(plan.out_shape)
    _zero_behind(to, layer, y, plan.out_shape)
    _run(to, layer, to.own(path), shape, x, y, layer.units)
    to.turn()
    to.steps = to.steps if layer.return_sequences else None


@writes_in_c(Bidirectional)
def _bidirectional(to: Single, layer: Any, plan: Plan, shape: Shape, path: str) -> None:
    x, y, k, inner = to.room(shape), to.other(plan.out_shape), layer.layer.units, layer.layer
    added = layer.merge == "sum"
    second = to.parts.extra("second", 4 * prod(plan.out_shape)) if added else f"{y} + {k}"
    for i, into in enumerate((y, second)):
        if added or not i:
            _zero_behind(to, inner, into, plan.out_shape)
        _run(to, layer.layers[i], to.own(f"{path}.{i}"), shape, x, into, k if added else 2 * k)
    if added:
        to.each(plan.out_shape, f"{y}[i] += {second}[i];")
    to.turn()
    to.steps = to.steps if inner.return_sequences else None


@writes_in_c(EncoderDecoder)
def _encoder_decoder(to: Single, layer: Any, plan: Plan, shape: Shape, path: str) -> None:
    (steps, inside), source, x, y = shape, layer.source, to.room(shape), to.other(plan.out_shape)
    _whole_only(to, layer)
    for i, (inner, first, some) in enumerate(zip(layer.layers, (0, source), (source, steps - source), strict=True)):
        _run(to, inner, to.own(f"{path}.{i}"), (some, inside), f"{x} + {first * inside}", y, layer.layer.units, i == 1)
    to.turn()


@writes_in_c(SplitSteps)
def _split_steps(to: Single, layer: Any, plan: Plan, shape: Shape, path: str) -> None:
    _whole_only(to, layer)
    (steps, k), source, kept, children = shape, layer.source, _kept(to, shape), iter(enumerate(plan.children))
    joined = to.parts.extra(f"joined{to.depth}", 4 * prod(plan.out_shape))
    for layers, first, some in ((layer.first, 0, source), (layer.second, source, steps - source)):
        x = to.room((some, k))
        to.each((some, k), f"{x}[i] = {kept}[{first * k} + i];")
        if layers:
            i, inner = next(children)
            to.chain(layers, inner.children, (some, k), f"{path}.{i}.")
        out = (some, plan.out_shape[1])
        x = to.room(out)
        to.each(out, f"{joined}[{first * out[1]} + i] = {x}[i];")
    x = to.room(plan.out_shape)
    to.each(plan.out_shape, f"{x}[i] = {joined}[i];")
    to.depth -= 1


def _whole_only(to: Single, layer: Any) -> None:
    """Refuse sequences with padding."""
    if to.steps:
        raise ByhandError(f"The layer {layer.label()} can't be written in C behind tokens that only fill up yet.")


def _zero_behind(to: Single, layer: Any, y: str, out: Shape) -> None:
    """The steps behind a sequence's end are 0."""
    if to.steps and layer.return_sequences:
        to.each(out, f"{y}[i] = 0;")


def _run(
    to: Single, layer: Any, p: dict[str, Array], shape: Shape, x: str, y: str, wide: int, on: bool = False
) -> None:
    """One recurrent layer from x to y, whose steps are `wide` numbers apart; `on` from the last one's state."""
    layer.require_usual("written in C yet")
    k, (steps, inside), kind = layer.units, shape, type(layer).__name__.lower()
    work = to.parts.extra("work", 4 * k * {"rnn": 2, "lstm": 6, "gru": 5}[kind])
    names = ["W", "R", *["V"] * isinstance(layer, GRU), "b"]
    given = [to.constant(name, outputs_first(layer, p[name]) if name != "b" else p[name]) for name in names]
    if isinstance(layer, GRU):
        given.append(to.constant("c", p["c"]) if "c" in p else "(const float *)0")
    size = [to.steps or steps, inside, k, wide, int(layer.reverse), int(layer.return_sequences), int(on)]
    more = [int(layer.nonlinearity == "relu")] if isinstance(layer, RNN) else []
    to.parts.call(kind, x, *given, y, *size, *more, work)


@writes_in_c(Conv1D)
def _conv1d(to: Single, layer: Any, plan: Plan, shape: Shape, path: str) -> None:
    p, (steps, channels) = to.own(path), shape
    W, b = to.constant("W", outputs_first(layer, p["W"])), to.constant("b", p["b"])
    window = [1, steps, channels, 1, steps, 1, layer.size, 1, 1, 0, (layer.size - 1) * layer.dilation]
    to.parts.call("conv", to.room(shape), W, b, to.other(plan.out_shape), *window, layer.filters, 1, 1, layer.dilation)
    to.turn()


@writes_in_c(PatchEmbedding)
def _patches(to: Single, layer: Any, plan: Plan, shape: Shape, path: str) -> None:
    p, s = to.own(path), layer.size
    W = to.constant("W", outputs_first(layer, p["W"].reshape(s, s, shape[2], layer.units)))
    window = [*shape, shape[0] // s, shape[1] // s, s, s, s, s, 0, 0]
    b, y = to.constant("b", p["b"]), to.other(plan.out_shape)
    to.parts.call("conv", to.room(shape), W, b, y, *window, layer.units, 1, 1, 1)
    to.turn()


@writes_in_c(LayerNorm, RMSNorm)
def _norm(to: Single, layer: Any, plan: Plan, shape: Shape, path: str) -> None:
    p, centred = to.own(path), isinstance(layer, LayerNorm)
    gamma, beta = to.constant("s", p["gamma"]), to.constant("t", p.get("beta", np.zeros(shape[-1])))
    size = prod(shape[:-1]), shape[-1], int(centred), c_number(layer.epsilon)
    to.parts.call("norm_rows", to.room(shape), gamma, beta, *size)


@writes_in_c(MultiHeadAttention)
def _attention(to: Single, layer: Any, plan: Plan, shape: Shape, path: str) -> None:
    p, (steps, d) = to.own(path), shape
    x, y, zeros = to.room(shape), to.other(shape), {"b": np.zeros(3 * d), "c": np.zeros(d)}
    W, out = (to.constant(name, outputs_first(layer, p[name])) for name in "WO")
    b, c = (to.constant(name, p.get(name, zeros[name])) for name in "bc")
    z = to.parts.extra("scores", 4 * (3 * d * steps + d + steps))
    to.parts.use("dense")
    to.line(f"for (int t = 0; t < {steps}; t++) dense({x} + t * {d}, {W}, {b}, {z} + t * {3 * d}, {d}, {3 * d});")
    e = d // layer.heads
    if layer.rotary:
        angles = np.arange(steps)[:, None] * 10000.0 ** (-np.arange(e // 2) / (e // 2))
        table = to.constant("turn", np.stack([np.cos(angles), np.sin(angles)], axis=-1))
        to.parts.call("rotate", z, table, steps, d, layer.heads)
    sizes = steps, to.steps or steps, d, layer.heads, int(layer.causal), c_number(e**-0.5)
    queries = f"{z}, {3 * d}, {z} + {d}, {3 * d}"
    to.parts.call("attend", queries, out, c, y, *sizes, f"{z} + {3 * d * steps}")
    to.turn()


@writes_in_c(CrossAttention)
def _cross_attention(to: Single, layer: Any, plan: Plan, shape: Shape, path: str) -> None:
    _whole_only(to, layer)
    p, (steps, d), source = to.own(path), shape, layer.source
    x, y, zeros = to.room(shape), to.other(shape), {"b": np.zeros(d), "u": np.zeros(2 * d), "c": np.zeros(d)}
    W, U, out = (to.constant(name, outputs_first(layer, p[name])) for name in "WUO")
    b, u, c = (to.constant(name, p.get(name, zeros[name])) for name in "buc")
    rest, z = steps - source, to.parts.extra("scores", 4 * (d * (steps - source) + 2 * d * source + d + source))
    kv = f"{z} + {d * rest}"
    to.parts.use("dense")
    to.line(f"for (int t = 0; t < {rest}; t++) dense({x} + (t + {source}) * {d}, {W}, {b}, {z} + t * {d}, {d}, {d});")
    to.line(f"for (int t = 0; t < {source}; t++) dense({x} + t * {d}, {U}, {u}, {kv} + t * {2 * d}, {d}, {2 * d});")
    to.each((source, d), f"{y}[i] = 0;")
    queries, sizes = (
        f"{z}, {d}, {kv}, {2 * d}",
        f"{rest}, {source}, {d}, {layer.heads}, 0, {c_number((d // layer.heads) ** -0.5)}",
    )
    to.parts.call("attend", queries, out, c, f"{y} + {source * d}", sizes, f"{kv} + {2 * d * source}")
    to.turn()


@writes_in_c(LearnedPositions, SinusoidalPositions)
def _positions(to: Single, layer: Any, plan: Plan, shape: Shape, path: str) -> None:
    steps, k = shape
    if isinstance(layer, LearnedPositions):
        table = to.own(path)["P"][:steps]
    else:
        column = np.arange(k)
        angles = np.arange(steps)[:, None] * 10000.0 ** (-2 * (column // 2) / k)
        table = np.where(column % 2 == 1, np.cos(angles), np.sin(angles))
    P, x = to.constant("P", table), to.room(shape)
    to.each(shape, f"{x}[i] += {P}[i];")


@writes_in_c(ClassToken)
def _class_token(to: Single, layer: Any, plan: Plan, shape: Shape, path: str) -> None:
    x, y, k = to.room(shape), to.other(plan.out_shape), shape[1]
    q = to.constant("q", to.own(path)["q"])
    to.each(plan.out_shape, f"{y}[i] = i < {k} ? {q}[i] : {x}[i - {k}];")
    if to.steps:
        to.line("steps++;")
    to.turn()


@writes_in_c(FirstStep, LastStep, StepsFrom)
def _some_steps(to: Single, layer: Any, plan: Plan, shape: Shape, path: str) -> None:
    x, (steps, k) = to.room(shape), shape
    if isinstance(layer, StepsFrom):
        if to.steps:
            raise unknown_in_c(layer)
        to.each(plan.out_shape, f"{x}[i] = {x}[i + {layer.first * k}];")
        return
    if isinstance(layer, LastStep):
        to.each((k,), f"{x}[i] = {x}[({to.steps or steps} - 1) * {k} + i];")
    to.steps = None


@writes_in_c(MeanOverTime, MaxOverTime)
def _over_time(to: Single, layer: Any, plan: Plan, shape: Shape, path: str) -> None:
    function = "average_all" if isinstance(layer, MeanOverTime) else "largest_over_time"
    to.parts.call(function, to.room(shape), to.other(plan.out_shape), to.steps or shape[0], shape[1])
    to.turn()
    to.steps = None


@writes_in_c(RepeatVector)
def _repeat(to: Single, layer: Any, plan: Plan, shape: Shape, path: str) -> None:
    x, y = to.room(shape), to.other(plan.out_shape)
    to.each(plan.out_shape, f"{y}[i] = {x}[i % {shape[0]}];")
    to.turn()


@writes_in_c(Sequential, TransformerBlock, DecoderBlock)
def _in_a_row(to: Single, layer: Any, plan: Plan, shape: Shape, path: str) -> None:
    to.chain(layer.layers, plan.children, shape, f"{path}.")


@writes_in_c(Residual)
def _residual(to: Single, layer: Any, plan: Plan, shape: Shape, path: str) -> None:
    steps, kept = to.steps, _kept(to, shape)
    to.chain(layer.layers, plan.children, shape, f"{path}.")
    x = to.room(shape)
    to.each(shape, f"{x}[i] += {kept}[i];")
    to.steps, to.depth = steps, to.depth - 1


@writes_in_c(Parallel)
def _parallel(to: Single, layer: Any, plan: Plan, shape: Shape, path: str) -> None:
    steps, kept, start, after, wide = to.steps, _kept(to, shape), 0, [], plan.out_shape[-1]
    joined = to.parts.extra(f"joined{to.depth}", 4 * prod(plan.out_shape))
    for k, (branch, inner) in enumerate(zip(layer.layers, plan.children, strict=True)):
        to.steps = steps
        if k:
            x = to.room(shape)
            to.each(shape, f"{x}[i] = {kept}[i];")
        to.layer(branch, inner, shape, f"{path}.{k}")
        x, width = to.room(inner.out_shape), inner.out_shape[-1]
        place = f"i / {width} * {wide} + {start} + i % {width}"
        to.each(inner.out_shape, f"{joined}[{place}] = {x}[i];")
        start += width
        after.append(to.steps)
    x = to.room(plan.out_shape)
    to.each(plan.out_shape, f"{x}[i] = {joined}[i];")
    to.steps, to.depth = after[0], to.depth - 1


def _kept(to: Single, shape: Shape) -> str:
    """A copy of x, for this depth of layers inside layers."""
    to.depth += 1
    x, kept = to.room(shape), to.parts.extra(f"kept{to.depth}", 4 * prod(shape))
    to.each(shape, f"{kept}[i] = {x}[i];")
    return kept
