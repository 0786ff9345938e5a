"""The lines of dense layers, activations, normalisation, dropout and layers made of layers."""

from math import prod

from byhand.core.errors import ByhandError
from byhand.explaining.programs.lines import (
    CodeLines,
    LayerWriting,
    array_shape,
    batch_axes,
    batch_shape,
    flat_rows,
    writes,
)
from byhand.layers import (
    ELU,
    GELU,
    BatchNorm,
    Columns,
    Dense,
    Dropout,
    Flatten,
    LayerNorm,
    LeakyReLU,
    Parallel,
    ReLU,
    Reshape,
    Residual,
    Sequential,
    Sigmoid,
    SiLU,
    Softmax,
    SpatialDropout,
    Step,
    Tanh,
    TransformerBlock,
)


@writes(Dense)
def _dense(at: LayerWriting, to: CodeLines) -> None:
    """y = x W + b."""
    y, W, inside, out = at.output("z"), at.plan.params["W"], at.in_shape, at.plan.out_shape
    b = f" + {at.p('b')}" if at.layer.bias else ""
    shapes = f"{batch_shape(inside)}{array_shape(W)}{f' + ({W[1]},)' if b else ''} → {batch_shape(out)}"
    to.ahead(f"{y} = {at.x} @ {at.p('W')}{b}", shapes)
    x, dy = flat_rows(at.x, inside), flat_rows(at.dy, out)
    to.back(f"{at.g('W')} = {x}.T @ {dy}", f"({W[0]}, n)(n, {W[1]}) → {array_shape(W)}")
    if b:
        to.back(f"{at.g('b')} = {dy}.sum(axis=0)", f"({W[1]},)")
    if at.dx:
        to.back(f"{at.dx} = {at.dy} @ {at.p('W')}.T", f"{batch_shape(out)}({W[1]}, {W[0]}) → {batch_shape(inside)}")


def _each(at: LayerWriting, to: CodeLines, value: str, slope: str) -> None:
    """An activation of single numbers: y = value(x) and dx, which may name x, y and dy."""
    y = at.output("a")
    shape = batch_shape(at.plan.out_shape)
    to.ahead(f"{y} = {value.format(x=at.x, y=y)}", shape)
    if at.dx:
        to.back(f"{at.dx} = {slope.format(x=at.x, y=y, dy=at.dy)}", shape)


@writes(Step)
def _step(at: LayerWriting, to: CodeLines) -> None:
    """The threshold has no gradient."""
    raise ByhandError("A network with Step() has no gradient, so there is no program that trains it.")


@writes(Sigmoid)
def _sigmoid(at: LayerWriting, to: CodeLines) -> None:
    """σ(x), by tanh, which can't overflow."""
    _each(at, to, "sigmoid({x})", "{dy} * {y} * (1 - {y})")


@writes(Tanh)
def _tanh(at: LayerWriting, to: CodeLines) -> None:
    """tanh x."""
    _each(at, to, "np.tanh({x})", "{dy} * (1 - {y} ** 2)")


@writes(ReLU)
def _relu(at: LayerWriting, to: CodeLines) -> None:
    """max(0, x)."""
    _each(at, to, "np.maximum({x}, 0)", "{dy} * ({y} > 0)")


@writes(LeakyReLU)
def _leaky_relu(at: LayerWriting, to: CodeLines) -> None:
    """x where it is positive, else slope · x."""
    s = at.layer.negative_slope
    _each(at, to, f"np.where({{x}} > 0, {{x}}, {s} * {{x}})", f"np.where({{y}} > 0, {{dy}}, {s} * {{dy}})")


@writes(ELU)
def _elu(at: LayerWriting, to: CodeLines) -> None:
    """x where it is positive, else α (e^x − 1)."""
    a = at.layer.alpha
    value = f"np.where({{x}} > 0, {{x}}, {a} * np.expm1(np.minimum({{x}}, 0)))"
    _each(at, to, value, f"{{dy}} * np.where({{y}} > 0, 1, {{y}} + {a})")


@writes(GELU)
def _gelu(at: LayerWriting, to: CodeLines) -> None:
    """x Φ(x), exact or by tanh."""
    if not at.layer.approximate:
        density = "np.exp(-0.5 * {x} ** 2) / np.sqrt(2 * np.pi).astype(FLOAT)"
        _each(at, to, "{x} * normal_cdf({x})", f"{{dy}} * (normal_cdf({{x}}) + {{x}} * {density})")
        return
    u = at.own("u")
    to.ahead(f"{u} = np.tanh(0.7978845608028654 * ({at.x} + 0.044715 * {at.x} ** 3))", "√(2/π) (x + 0.044715 x³)")
    slope = f"{{dy}} * 0.5 * (1 + {u}) * (1 + {{x}} * (1 - {u}) * 0.7978845608028654 * (1 + 0.134145 * {{x}} ** 2))"
    _each(at, to, f"0.5 * {{x}} * (1 + {u})", slope)


@writes(SiLU)
def _silu(at: LayerWriting, to: CodeLines) -> None:
    """x σ(x)."""
    s = at.own("s")
    to.ahead(f"{s} = sigmoid({at.x})", batch_shape(at.in_shape))
    _each(at, to, f"{{x}} * {s}", f"{{dy}} * {s} * (1 + {{x}} * (1 - {s}))")


@writes(Softmax)
def _softmax(at: LayerWriting, to: CodeLines) -> None:
    """e^x / Σ e^x along the last axis."""
    e, y, shape = at.own("e"), at.output("a"), batch_shape(at.in_shape)
    to.ahead(f"{e} = np.exp({at.x} - {at.x}.max(axis=-1, keepdims=True))", shape)
    to.ahead(f"{y} = {e} / {e}.sum(axis=-1, keepdims=True)", shape)
    if at.dx:
        to.back(f"{at.dx} = {y} * ({at.dy} - ({at.dy} * {y}).sum(axis=-1, keepdims=True))", shape)


@writes(Flatten, Reshape, Columns)
def _reshaped(at: LayerWriting, to: CodeLines) -> None:
    """The same numbers in another shape."""
    y = at.output("a")
    to.ahead(f"{y} = {at.x}.reshape(n, {', '.join(map(str, at.plan.out_shape))})", batch_shape(at.plan.out_shape))
    if at.dx:
        to.back(f"{at.dx} = {at.dy}.reshape(n, {', '.join(map(str, at.in_shape))})", batch_shape(at.in_shape))


@writes(Dropout, SpatialDropout)
def _dropout(at: LayerWriting, to: CodeLines) -> None:
    """y = x ⊙ r."""
    channels = isinstance(at.layer, SpatialDropout)
    shape = f"(n, {at.in_shape[-1]})" if channels else f"{at.x}.shape"
    r, y = at.own("r"), at.output("a")
    at.lines.draws += 1
    key = f", {at.lines.draws}" if at.lines.language == "jax" else ""
    to.ahead(f"{r} = 1.0 if rng is None else dropout(rng, {at.layer.rate}, {shape}{key})", "0, or 1 / (1 − rate)")
    if channels:
        to.ahead(f"{r} = {r} if rng is None else {r}[:, None, None]", f"(n, 1, 1, {at.in_shape[-1]})")
    to.ahead(f"{y} = {at.x} * {r}", batch_shape(at.in_shape))
    if at.dx:
        to.back(f"{at.dx} = {at.dy} * {r}", batch_shape(at.in_shape))


@writes(BatchNorm)
def _batch_norm(at: LayerWriting, to: CodeLines) -> None:
    """Normalise each column over the batch, or by the running mean and variance outside training."""
    k, places = at.in_shape[-1], prod(at.in_shape[:-1])
    axes = batch_axes(at.in_shape)
    m, v, i, u, c = (at.own(name) for name in ("m", "v", "i", "u", "c"))
    y, mean, var = at.output("z"), at.s("running_mean"), at.s("running_var")
    keep, take, count = 1 - at.layer.momentum, at.layer.momentum, f"n * {places}" if places > 1 else "n"
    to.ahead("if rng is None" + (" or n == 1:" if places == 1 else ":"), "outside training: constants")
    to.ahead(f"    {m}, {v}, {c} = {mean}, {var}, 0", f"({k},), ({k},)")
    to.ahead("else:")
    to.ahead(f"    {m}, {v}, {c} = {at.x}.mean(axis={axes}), {at.x}.var(axis={axes}), 1 / ({count})", f"({k},), ({k},)")
    to.ahead(f"    {mean} = {keep:g} * {mean} + {take:g} * {m}", f"({k},)")
    to.ahead(f"    {var} = {keep:g} * {var} + {take:g} * {v} * ({count}) / ({count} - 1)", f"({k},)")
    to.ahead(f"{i} = 1 / np.sqrt({v} + {at.layer.epsilon})", f"({k},)")
    to.ahead(f"{u} = ({at.x} - {m}) * {i}", batch_shape(at.in_shape))
    to.ahead(f"{y} = {at.p('gamma')} * {u} + {at.p('beta')}", batch_shape(at.in_shape))
    to.back(f"{at.g('gamma')} = ({at.dy} * {u}).sum(axis={axes})", f"({k},)")
    to.back(f"{at.g('beta')} = {at.dy}.sum(axis={axes})", f"({k},)")
    if at.dx:
        inner = f"{at.dy} - {c} * ({at.g('beta')} + {u} * {at.g('gamma')})"
        to.back(f"{at.dx} = {at.p('gamma')} * {i} * ({inner})", batch_shape(at.in_shape))


@writes(LayerNorm)
def _layer_norm(at: LayerWriting, to: CodeLines) -> None:
    """Normalise each row."""
    k, axes = at.in_shape[-1], batch_axes(at.in_shape)
    i, u, y, x = at.own("i"), at.own("u"), at.output("z"), at.x
    to.ahead(
        f"{i} = 1 / np.sqrt({x}.var(axis=-1, keepdims=True) + {at.layer.epsilon})", batch_shape((*at.in_shape[:-1], 1))
    )
    to.ahead(f"{u} = ({x} - {x}.mean(axis=-1, keepdims=True)) * {i}", batch_shape(at.in_shape))
    to.ahead(f"{y} = {at.p('gamma')} * {u} + {at.p('beta')}", batch_shape(at.in_shape))
    to.back(f"{at.g('gamma')} = ({at.dy} * {u}).sum(axis={axes})", f"({k},)")
    to.back(f"{at.g('beta')} = {at.dy}.sum(axis={axes})", f"({k},)")
    if at.dx:
        du = f"d{u}"
        to.back(f"{du} = {at.dy} * {at.p('gamma')}", batch_shape(at.in_shape))
        to.back(f"{at.dx} = {du} - {du}.mean(axis=-1, keepdims=True)", batch_shape(at.in_shape))
        to.back(
            f"{at.dx} = {i} * ({at.dx} - {u} * ({du} * {u}).mean(axis=-1, keepdims=True))", batch_shape(at.in_shape)
        )


@writes(Residual)
def _residual(at: LayerWriting, to: CodeLines) -> None:
    """y = x + F(x)."""
    inside, mask = at.lines.fresh(f"d{at.x}_in") if at.dx else None, at.mask
    piece, F = at.lines.chain(at.layer.layers, at.plan.children, at.in_shape, at.path, at.x, inside)
    at.number, at.lines.mask = at.lines.number, mask
    y, shape = at.output("a"), batch_shape(at.in_shape)
    to.forward += piece.forward
    to.ahead(f"{y} = {at.x} + {F}", shape)
    to.back(f"d{F} = {at.dy}", shape)
    to.backward += piece.backward
    if at.dx:
        to.back(f"{at.dx} = {at.dy} + {inside}", shape)


@writes(Sequential, TransformerBlock)
def _sequential(at: LayerWriting, to: CodeLines) -> None:
    """The lines of the layers inside it."""
    piece, at.y = at.lines.chain(at.layer.layers, at.plan.children, at.in_shape, at.path, at.x, at.dx)
    to.forward, to.backward = piece.forward, piece.backward


@writes(Parallel)
def _parallel(at: LayerWriting, to: CodeLines) -> None:
    """The branches' outputs side by side."""
    parts, start, backs, back, masks = [], 0, [], CodeLines(), [at.mask]
    for k, (layer, plan) in enumerate(zip(at.layer.layers, at.plan.children, strict=True)):
        inside, at.lines.mask = at.lines.fresh(f"d{at.x}_in") if at.dx else None, masks[0]
        piece, y = at.lines.one(layer, plan, at.in_shape, (*at.path, k), at.x, inside)
        masks.append(at.lines.mask)
        to.forward += piece.forward
        parts.append((y, start, start + plan.out_shape[-1]))
        start += plan.out_shape[-1]
        backs.append(inside)
        back.backward += piece.backward
    at.number, at.lines.mask = at.lines.number, masks[1]
    y = at.output("a")
    to.ahead(
        f"{y} = np.concatenate([{', '.join(name for name, *_ in parts)}], axis=-1)", batch_shape(at.plan.out_shape)
    )
    for name, a, b in parts:
        to.back(f"d{name} = {at.dy}[..., {a}:{b}]", batch_shape((*at.plan.out_shape[:-1], b - a)))
    to.backward += back.backward
    if at.dx:
        to.back(f"{at.dx} = {' + '.join(map(str, backs))}", batch_shape(at.in_shape))
