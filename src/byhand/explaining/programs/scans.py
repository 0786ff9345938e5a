"""The lines of recurrent layers in JAX: its scan compiles one step, however long the sequences are."""

from byhand.explaining.programs.lines import CodeLines, LayerWriting, batch_shape, require_plain, writes
from byhand.layers import GRU, LSTM, RNN


@writes(RNN, LSTM, GRU, language="jax")
def _scan(at: LayerWriting, to: CodeLines) -> None:
    """A function of one step, and the scan over all of them."""
    layer, k, (steps, inside) = at.layer, at.layer.units, at.in_shape
    require_plain(layer)
    z, step, last, wide = at.own("z"), at.own("step"), at.own("last"), at.plan.params["W"][1]
    product = f"{batch_shape(at.in_shape)}({inside}, {wide}) → {batch_shape((steps, wide))}"
    to.ahead(f"{z} = {at.x} @ {at.p('W')} + {at.p('b')}", product)
    state = "h, c" if isinstance(layer, LSTM) else "h"
    now, each = ("(now, there)", "now and there (n, 1)") if at.mask else ("now", "now")
    to.ahead("")
    to.ahead(f"def {step}(state, {'step' if at.mask else 'now'}):", f"{state}: (n, {k}); {each} (n, {wide})")
    if at.mask:
        to.ahead(f"    {now} = step")
    to.ahead(f"    {state} = state")
    lines = {RNN: _rnn, LSTM: _lstm, GRU: _gru}[type(layer)](at)
    for line in lines:
        to.ahead(f"    {line}")
    new = [f"new_{name}" for name in state.split(", ")]
    if at.mask:
        kept = (f"np.where(there, new_{name}, {name})" for name in state.split(", "))
        to.ahead(f"    {', '.join(new)} = {', '.join(kept)}")
    together = f"({', '.join(new)})" if len(new) > 1 else new[0]
    to.ahead(f"    return {together}, new_h")
    to.ahead("")
    starts = at.begins or (f"np.zeros((n, {k}), FLOAT)",) * len(new)
    start = f"({', '.join(starts)})" if len(new) > 1 else starts[0]
    given = f"{z}.swapaxes(0, 1)"
    if at.mask:
        given = f"({given}, {at.mask}.T[:, :, None])"
    more = ", reverse=True" if layer.reverse else ""
    found = at.own("h")
    at.ends = (f"{last}[0]", f"{last}[1]") if len(new) > 1 else (last,)
    to.ahead(f"{last}, {found} = jax.lax.scan({step}, {start}, {given}{more})", f"({steps}, n, {k})")
    y = at.output("a")
    if layer.return_sequences:
        left = f" * {at.mask}[:, :, None]" if at.mask else ""
        to.ahead(f"{y} = {found}.swapaxes(0, 1){left}", batch_shape(at.plan.out_shape))
    else:
        to.ahead(f"{y} = {last}{'[0]' if isinstance(layer, LSTM) else ''}", batch_shape(at.plan.out_shape))
        at.lines.mask = None


def _rnn(at: LayerWriting) -> list[str]:
    inner = f"now + h @ {at.p('R')}"
    return [f"new_h = np.maximum({inner}, 0)" if at.layer.nonlinearity == "relu" else f"new_h = np.tanh({inner})"]


def _lstm(at: LayerWriting) -> list[str]:
    return [
        f"i, f, u, o = np.split(now + h @ {at.p('R')}, 4, axis=1)",
        "new_c = sigmoid(f) * c + sigmoid(i) * np.tanh(u)",
        "new_h = sigmoid(o) * np.tanh(new_c)",
    ]


def _gru(at: LayerWriting) -> list[str]:
    k, after = at.layer.units, at.layer.reset == "after"
    product = f"r * (h @ {at.p('V')} + {at.p('c')})" if after else f"(r * h) @ {at.p('V')}"
    return [
        f"r, u = np.split(sigmoid(now[:, :{2 * k}] + h @ {at.p('R')}), 2, axis=1)",
        f"a = np.tanh(now[:, {2 * k}:] + {product})",
        "new_h = u * h + (1 - u) * a",
    ]
