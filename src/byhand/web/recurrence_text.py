"""The equations of one recurrent unit at one step, with their numbers."""

from collections.abc import Iterator, Mapping

from byhand.core.passes import Pass
from byhand.core.types import Array
from byhand.layers import GRU, LSTM, RNN
from byhand.layers.sequences.recurrent import Recurrent

StateLine = tuple[str, float, str]  # name, value, text


def state_equations(layer: Recurrent, at: Pass, kept: Mapping[str, Array], step: int, unit: int) -> Iterator[StateLine]:
    """Each number of a unit at a step as (name, value, text), in the order in which they are computed."""
    before = str(step + 1) if layer.reverse else str(step - 1).replace("-", "−")
    own = {name: float(kept[name][0, step, unit]) for name in kept if kept[name].shape[-1] == layer.units}
    h0 = float(at.cache.before[0, step, unit])
    t = str(step)
    if isinstance(layer, LSTM):
        for j, (gate, function) in enumerate((("i", "σ"), ("f", "σ"), ("g", "tanh"), ("o", "σ"))):
            yield _gate(layer, at, step, j * layer.units + unit, gate, function, own[gate], before)
        c0 = float(at.cache.cells[0, step, unit])
        yield _line(
            f"c[{t}]",
            own["c"],
            f"f c[{before}] + i g",
            f"{_in(own['f'])} · {_in(c0)} + {_in(own['i'])} · {_in(own['g'])}",
        )
        squashed = float(at.cache.squashed[0, step, unit])
        tanh = f"tanh({_show(own['c'])})" if not layer.layer_norm else _in(squashed)
        yield _line(f"h[{t}]", own["h"], "o tanh(c)", f"{_in(own['o'])} · {tanh}")
    elif isinstance(layer, GRU):
        for j, gate in enumerate("ru"):
            yield _gate(layer, at, step, j * layer.units + unit, gate, "σ", own[gate], before)
        yield _candidate(layer, at, step, unit, own, before)
        u = own["u"]
        yield _line(
            *(f"h[{t}]", own["h"], f"u h[{before}] + (1 − u) a"),
            f"{_in(u)} · {_in(h0)} + {_in(1 - u)} · {_in(own['a'])}",
        )
    else:
        function = "max" if isinstance(layer, RNN) and layer.nonlinearity == "relu" else "tanh"
        yield _gate(layer, at, step, unit, "h", function, own["h"], before)


def _gate(
    layer: Recurrent, at: Pass, step: int, column: int, gate: str, function: str, value: float, before: str
) -> StateLine:
    """For example i[4] = σ(x W + h[3] R + b) = σ(0.2 + 0.1 − 0.3) = 0.5."""
    name = f"{gate}[{step}]"
    opened, closed = ("max(0, " if function == "max" else f"{function}("), ")"
    if layer.layer_norm or getattr(layer, "peepholes", False):
        return _line(name, value, f"{opened}z{closed}", "")
    parts = (
        float(at.x[0, step] @ at.p.W[:, column]),
        float(at.cache.before[0, step] @ at.p.R[:, column]),
        float(at.p.b[column]),
    )
    return _line(name, value, f"{opened}x W + h[{before}] R + b{closed}", f"{opened}{_sum(*parts)}{closed}")


def _candidate(layer: GRU, at: Pass, step: int, unit: int, own: Mapping[str, float], before: str) -> StateLine:
    """A GRU's a = tanh(x W + b + r (h V + c)), or tanh(x W + b + (r h) V)."""
    name, column = f"a[{step}]", 2 * layer.units + unit
    if layer.layer_norm:
        return _line(name, own["a"], "tanh(z + r m)", "")
    z = float(at.x[0, step] @ at.p.W[:, column] + at.p.b[column])
    if layer.reset == "after":
        return _line(
            *(name, own["a"], f"tanh(x W + b + r (h[{before}] V + c))"),
            f"tanh({_show(z)} + {_in(own['r'])} · {_in(own['m'])})",
        )
    return _line(name, own["a"], f"tanh(x W + b + (r h[{before}]) V)", f"tanh({_sum(z, own['m'])})")


def _line(name: str, value: float, letters: str, figures: str) -> StateLine:
    lines = [f"{name} = {letters}", *([f"= {figures}"] if figures else []), f"= {_show(value)}"]
    return name, value, "\n".join(lines)


def _sum(*parts: float) -> str:
    first, *others = parts
    return _show(first) + "".join(f" {'−' if part < 0 else '+'} {_show(abs(part))}" for part in others)


def _show(value: float) -> str:
    """Three significant digits."""
    return f"{value:.3g}".replace("-", "−")


def _in(value: float) -> str:
    """The same within a product, in brackets below 0."""
    return _show(value) if value >= 0 else f"({_show(value)})"
