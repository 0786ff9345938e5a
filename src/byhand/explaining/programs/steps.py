"""The lines of embeddings, and of layers from sequences to rows and back."""

from byhand.core.errors import ByhandError
from byhand.explaining.programs.lines import CodeLines, LayerWriting, batch_shape, flat_rows, writes
from byhand.layers import Embedding, FirstStep, LastStep, MaxOverTime, MeanOverTime, RepeatVector, StepsFrom, TiedDense


@writes(Embedding)
def _embedding(at: LayerWriting, to: CodeLines) -> None:
    """y_t = W[x_t]."""
    y, padding = at.output("z"), at.layer.padding
    to.ahead(f"{y} = {at.p('W')}[{at.x}]", f"rows of {at.plan.params['W']} → {batch_shape(at.plan.out_shape)}")
    if padding is not None:
        at.lines.mask = at.own("mask")
        to.ahead(f"{at.mask} = {at.x} != {padding}", f"steps that are no padding, {batch_shape(at.in_shape)}")
    full = ".".join([*map(str, at.path), "W"])
    if full not in at.lines.shared:  # else another layer has given its part of the gradient
        to.back(f"{at.g('W')} = np.zeros_like({at.p('W')})", f"{at.plan.params['W']}")
    to.back(f"np.add.at({at.g('W')}, {at.x}, {at.dy})", "added: the sum of dy over the steps with each token")


@writes(TiedDense)
def _tied_dense(at: LayerWriting, to: CodeLines) -> None:
    """y = x Wᵀ with an embedding's W."""
    full, (tokens, k) = at.plan.shared["W"]
    if full not in at.lines.tokens:
        raise ByhandError(f"{at.layer.label()} has the matrix of a layer that is no Embedding; a program can't yet.")
    y, W, g = at.output("z"), *(f'{kind}["{at.lines.names[full]}"]' for kind in "pg")
    to.ahead(f"{y} = {at.x} @ {W}.T", f"{batch_shape(at.in_shape)}({k}, {tokens}) → {batch_shape(at.plan.out_shape)}")
    to.back(f"{g} = {flat_rows(at.dy, at.plan.out_shape)}.T @ {flat_rows(at.x, at.in_shape)}", f"({tokens}, {k})")
    if at.dx:
        to.back(f"{at.dx} = {at.dy} @ {W}", batch_shape(at.in_shape))


def _last(at: LayerWriting, to: CodeLines) -> str:
    """The index of each sequence's last step."""
    if at.mask is None:
        return ":, -1"
    last = at.own("last")
    to.ahead(f"{last} = {at.in_shape[0] - 1} - {at.mask}[:, ::-1].argmax(axis=1)", "the last step of each, (n,)")
    return f"np.arange(n), {last}"


@writes(LastStep, FirstStep)
def _one_step(at: LayerWriting, to: CodeLines) -> None:
    """y = x_T, or x_1."""
    place = ":, 0" if isinstance(at.layer, FirstStep) else _last(at, to)
    y, at.lines.mask = at.output("a"), None
    to.ahead(f"{y} = {at.x}[{place}]", batch_shape(at.plan.out_shape))
    if at.dx:
        to.back(f"{at.dx} = np.zeros_like({at.x})", batch_shape(at.in_shape))
        to.back(f"{at.dx}[{place}] = {at.dy}", batch_shape(at.plan.out_shape))


@writes(StepsFrom)
def _steps_from(at: LayerWriting, to: CodeLines) -> None:
    """y_t = x_{first + t}."""
    y, first, mask, shape = at.output("a"), at.layer.first, at.mask, batch_shape(at.plan.out_shape)
    to.ahead(f"{y} = {at.x}[:, {first}:]", shape)
    if mask is not None:
        at.lines.mask = at.own("mask")
        to.ahead(f"{at.mask} = {mask}[:, {first}:]", batch_shape(at.plan.out_shape[:1]))
    if at.dx:
        to.back(f"{at.dx} = np.zeros_like({at.x})", batch_shape(at.in_shape))
        to.back(f"{at.dx}[:, {first}:] = {at.dy}", shape)


@writes(MeanOverTime)
def _mean_over_time(at: LayerWriting, to: CodeLines) -> None:
    """The mean over the steps."""
    y, mask, dx = at.output("a"), at.mask, at.dx
    if mask is None:
        to.ahead(f"{y} = {at.x}.mean(axis=1)", batch_shape(at.plan.out_shape))
        if dx:
            to.back(f"{dx} = np.zeros_like({at.x}) + {at.dy}[:, None] / {at.in_shape[0]}", batch_shape(at.in_shape))
        return
    share, at.lines.mask = at.own("share"), None
    to.ahead(f"{share} = ({mask} / {mask}.sum(axis=1, keepdims=True)).astype(FLOAT)[:, :, None]", "1 / steps, or 0")
    to.ahead(f"{y} = ({at.x} * {share}).sum(axis=1)", batch_shape(at.plan.out_shape))
    if dx:
        to.back(f"{dx} = {at.dy}[:, None] * {share}", batch_shape(at.in_shape))


@writes(MaxOverTime)
def _max_over_time(at: LayerWriting, to: CodeLines) -> None:
    """The maximum over the steps; the first step that has it gets the gradient."""
    y, x = at.output("a"), at.x
    if at.mask is not None:
        x = at.own("seen")
        to.ahead(f"{x} = np.where({at.mask}[:, :, None], {at.x}, -np.inf)", batch_shape(at.in_shape))
        at.lines.mask = None
    to.ahead(f"{y} = {x}.max(axis=1)", batch_shape(at.plan.out_shape))
    if at.dx:
        to.back(f"first = {x}.argmax(axis=1)[:, None]", f"(n, 1, {at.in_shape[1]})")
        to.back(f"{at.dx} = np.zeros_like({at.x})", batch_shape(at.in_shape))
        to.back(f"np.put_along_axis({at.dx}, first, {at.dy}[:, None], axis=1)", batch_shape(at.in_shape))


@writes(RepeatVector)
def _repeat_vector(at: LayerWriting, to: CodeLines) -> None:
    """The same row at every step."""
    y = at.output("a")
    to.ahead(f"{y} = np.repeat({at.x}[:, None], {at.layer.times}, axis=1)", batch_shape(at.plan.out_shape))
    if at.dx:
        to.back(f"{at.dx} = {at.dy}.sum(axis=1)", batch_shape(at.in_shape))
