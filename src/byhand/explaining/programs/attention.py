"""The lines of attention, positions, patches, and normalisation by the root mean square."""

from byhand.explaining.programs.lines import CodeLines, LayerWriting, batch_axes, batch_shape, writes
from byhand.layers import (
    ClassToken,
    LearnedPositions,
    MultiHeadAttention,
    PatchEmbedding,
    RMSNorm,
    SinusoidalPositions,
)


@writes(MultiHeadAttention)
def _attention(at: LayerWriting, to: CodeLines) -> None:
    """A = softmax(Q Kᵀ / √e) of each head, y = A V O + c."""
    layer, (steps, d), x, shape = at.layer, at.in_shape, at.x, batch_shape(at.in_shape)
    heads, bias = layer.heads, layer.bias
    e = d // heads
    z, q, k, v, A, H = (at.own(name) for name in ("z", "q", "k", "v", "A", "H"))
    each, scores, wide = f"(n, {heads}, {steps}, {e})", f"(n, {heads}, {steps}, {steps})", f"(n, {steps}, {3 * d})"
    scale = repr(e**-0.5)
    to.ahead(f"{z} = {x} @ {at.p('W')}" + (f" + {at.p('b')}" if bias else ""), f"{shape}({d}, {3 * d}) → {wide}")
    cut = f"{z}.reshape(n, {steps}, 3, {heads}, {e}).transpose(2, 0, 3, 1, 4)"
    to.ahead(f"{q}, {k}, {v} = {cut}", f"{each} each")
    if layer.rotary:
        to.ahead(f"{q}, {k} = rotated({q}, 1), rotated({k}, 1)", f"{each} each")
    to.ahead(f"{A} = {q} @ {k}.swapaxes(2, 3) * {scale}", f"/ √{e}, {scores}")
    seen = [f"np.tri({steps}, dtype=bool)"] * layer.causal + [f"{at.mask}[:, None, None]"] * bool(at.mask)
    if seen:
        which = "steps up to one's own" if layer.causal else "steps that are there"
        to.ahead(f"{A} = np.where({' & '.join(seen)}, {A}, -np.inf)", which)
    to.ahead(f"{A} = np.exp({A} - {A}.max(axis=-1, keepdims=True))", scores)
    to.ahead(f"{A} = {A} / {A}.sum(axis=-1, keepdims=True)", f"softmax, {scores}")
    dropped = ""
    if layer.dropout:
        r = at.own("r")
        at.lines.draws += 1
        key = f", {at.lines.draws}" if at.lines.language == "jax" else ""
        drawn = f"dropout(rng, {layer.dropout}, {A}.shape{key})"
        to.ahead(f"{r} = 1.0 if rng is None else {drawn}", "0, or 1 / (1 − rate)")
        dropped = f" * {r}"
    weights = f"({A}{dropped})" if dropped else A
    to.ahead(f"{H} = ({weights} @ {v}).swapaxes(1, 2).reshape(n, {steps}, {d})", f"heads side by side, {shape}")
    y = at.output("y")
    to.ahead(f"{y} = {H} @ {at.p('O')}" + (f" + {at.p('c')}" if bias else ""), f"{shape}({d}, {d}) → {shape}")

    rows = f"reshape(-1, {d})"
    to.back(f"{at.g('O')} = {H}.{rows}.T @ {at.dy}.{rows}", f"({d}, {d})")
    if bias:
        to.back(f"{at.g('c')} = {at.dy}.sum(axis=(0, 1))", f"({d},)")
    turned = f"reshape(n, {steps}, {heads}, {e}).swapaxes(1, 2)"
    to.back(f"d{H} = ({at.dy} @ {at.p('O')}.T).{turned}", each)
    to.back(f"d{v} = {weights}.swapaxes(2, 3) @ d{H}", each)
    to.back(f"d{A} = d{H} @ {v}.swapaxes(2, 3){dropped}", scores)
    to.back(f"dS = {A} * (d{A} - ({A} * d{A}).sum(axis=-1, keepdims=True)) * {scale}", scores)
    to.back(f"d{q}, d{k} = dS @ {k}, dS.swapaxes(2, 3) @ {q}", f"{each} each")
    if layer.rotary:
        to.back(f"d{q}, d{k} = rotated(d{q}, -1), rotated(d{k}, -1)", "turned back")
    stacked = f"np.stack([d{q}, d{k}, d{v}]).transpose(1, 3, 0, 2, 4)"
    to.back(f"d{z} = {stacked}.reshape(n, {steps}, {3 * d})", wide)
    to.back(f"{at.g('W')} = {x}.{rows}.T @ d{z}.reshape(-1, {3 * d})", f"({d}, {3 * d})")
    if bias:
        to.back(f"{at.g('b')} = d{z}.sum(axis=(0, 1))", f"({3 * d},)")
    if at.dx:
        to.back(f"{at.dx} = d{z} @ {at.p('W')}.T", f"{wide}({3 * d}, {d}) → {shape}")


@writes(LearnedPositions)
def _learned_positions(at: LayerWriting, to: CodeLines) -> None:
    """y_t = x_t + P_t."""
    steps, shape = at.in_shape[0], batch_shape(at.in_shape)
    part = "" if steps == at.layer.longest else f"[:{steps}]"
    to.ahead(f"{at.output('y')} = {at.x} + {at.p('P')}{part}", shape)
    if part:
        to.back(f"{at.g('P')} = np.zeros_like({at.p('P')})", f"{at.plan.params['P']}")
    to.back(f"{at.g('P')}{part} = {at.dy}.sum(axis=0)", f"({steps}, {at.in_shape[1]})")
    if at.dx:
        to.back(f"{at.dx} = {at.dy}", shape)


@writes(SinusoidalPositions)
def _sinusoidal_positions(at: LayerWriting, to: CodeLines) -> None:
    """y_t = x_t + the sines and cosines of t."""
    to.ahead(f"{at.output('y')} = {at.x} + sinusoids{at.in_shape}", batch_shape(at.in_shape))
    if at.dx:
        to.back(f"{at.dx} = {at.dy}", batch_shape(at.in_shape))


@writes(ClassToken)
def _class_token(at: LayerWriting, to: CodeLines) -> None:
    """y = (q, x_1, ..., x_T)."""
    y, k, mask = at.output("y"), at.in_shape[1], at.mask
    first = f"np.broadcast_to({at.p('q')}, (n, 1, {k}))"
    to.ahead(f"{y} = np.concatenate([{first}, {at.x}], axis=1)", batch_shape(at.plan.out_shape))
    if mask is not None:
        at.lines.mask = at.own("mask")
        to.ahead(f"{at.mask} = np.concatenate([np.ones((n, 1), bool), {mask}], axis=1)", "the token is there")
    to.back(f"{at.g('q')} = {at.dy}[:, 0].sum(axis=0)", f"({k},)")
    if at.dx:
        to.back(f"{at.dx} = {at.dy}[:, 1:]", batch_shape(at.in_shape))


@writes(PatchEmbedding)
def _patches(at: LayerWriting, to: CodeLines) -> None:
    """y_t = x_t W + b for each patch."""
    (height, width, channels), s, (steps, units) = at.in_shape, at.layer.size, at.plan.out_shape
    X, y, k, down, across = at.own("X"), at.output("z"), s * s * channels, height // s, width // s
    patches = f"(n, {steps}, {k})"
    cut = f"{at.x}.reshape(n, {down}, {s}, {across}, {s}, {channels}).swapaxes(2, 3)"
    to.ahead(f"{X} = {cut}.reshape(n, {steps}, {k})", f"squares of {s} × {s} as rows, {patches}")
    to.ahead(f"{y} = {X} @ {at.p('W')} + {at.p('b')}", f"{patches}({k}, {units}) → {batch_shape(at.plan.out_shape)}")
    to.back(f"{at.g('W')} = {X}.reshape(-1, {k}).T @ {at.dy}.reshape(-1, {units})", f"({k}, {units})")
    to.back(f"{at.g('b')} = {at.dy}.sum(axis=(0, 1))", f"({units},)")
    if at.dx:
        cut = f"({at.dy} @ {at.p('W')}.T).reshape(n, {down}, {across}, {s}, {s}, {channels}).swapaxes(2, 3)"
        to.back(f"{at.dx} = {cut}.reshape(n, {height}, {width}, {channels})", batch_shape(at.in_shape))


@writes(RMSNorm)
def _rms_norm(at: LayerWriting, to: CodeLines) -> None:
    """Divide each row by the root mean square of its numbers."""
    shape, axes = batch_shape(at.in_shape), batch_axes(at.in_shape)
    i, u, y = at.own("i"), at.own("u"), at.output("z")
    mean = f"({at.x} ** 2).mean(axis=-1, keepdims=True)"
    to.ahead(f"{i} = 1 / np.sqrt({mean} + {at.layer.epsilon})", batch_shape((*at.in_shape[:-1], 1)))
    to.ahead(f"{u} = {at.x} * {i}", shape)
    to.ahead(f"{y} = {at.p('gamma')} * {u}", shape)
    to.back(f"{at.g('gamma')} = ({at.dy} * {u}).sum(axis={axes})", f"({at.in_shape[-1]},)")
    if at.dx:
        to.back(f"d{u} = {at.dy} * {at.p('gamma')}", shape)
        to.back(f"{at.dx} = {i} * (d{u} - {u} * (d{u} * {u}).mean(axis=-1, keepdims=True))", shape)
