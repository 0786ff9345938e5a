"""What `explain` says of recurrent layers: every quantity at every step fulfils the equation beside it."""

import numpy as np
import pytest

from byhand import GRU, LSTM, MSE, RNN, Bidirectional, Dense, EncoderDecoder, Network
from byhand.explaining.explain import shapes, trace

T, K = 4, 3
UNITS = [RNN(K), RNN(K, nonlinearity="relu"), LSTM(K), LSTM(K, peepholes=True), GRU(K), GRU(K, reset="before")]


def traced(layer, steps=T):
    network = Network((steps, 2), [layer, Dense(2)], MSE(), dtype=np.float64)
    rng = np.random.default_rng(0)
    network.theta = rng.standard_normal(network.size)
    x = rng.standard_normal((2, steps, 2))
    values = trace(network, x, rng.standard_normal((2, *network.target_shape)))
    for name, shape in shapes(network).items():
        if name in values and shape.startswith("(n"):
            assert f"({' × '.join(['n', *map(str, values[name].shape[1:])])})" == shape, name
    return network, values


def moved(a, by, reverse):
    """a of the step before (by = 1), or of the one after (−1); 0 where there is none."""
    by, out = -by if reverse else by, np.zeros_like(a)
    if by > 0:
        out[:, 1:] = a[:, :-1]
    else:
        out[:, :-1] = a[:, 1:]
    return out


def check(v, layer, n="1", dy=None, x="a0"):
    """The equations of the layer with this number; dy of each step."""
    h, dh = v[f"h{n}"], v[f"dh{n}"]
    q = lambda name: v[f"{name}{n}"]  # noqa: E731
    before, after = (lambda a: moved(a, 1, layer.reverse)), (lambda a: moved(a, -1, layer.reverse))
    z = v[f"z{n}′"]
    same = lambda found, wanted: np.testing.assert_allclose(found, wanted, rtol=1e-9, atol=1e-12)  # noqa: E731
    sigmoid = lambda a: 1 / (1 + np.exp(-a))  # noqa: E731
    if isinstance(layer, GRU):
        same(z, v[x] @ q("W") + q("b"))
        same(q("r"), sigmoid(z[..., :K] + before(h) @ q("R")[:, :K]))
        same(q("u"), sigmoid(z[..., K : 2 * K] + before(h) @ q("R")[:, K:]))
        m = before(h) @ q("V") + q("c") if layer.reset == "after" else (q("r") * before(h)) @ q("V")
        same(q("m"), m)
        same(q("a"), np.tanh(z[..., 2 * K :] + (q("r") * m if layer.reset == "after" else m)))
        same(h, q("u") * before(h) + (1 - q("u")) * q("a"))
        inner = after(q("dm")) @ q("V").T * (1 if layer.reset == "after" else after(q("r")))
        gates = np.concatenate([q("dr"), q("du")], axis=2)
        same(dh, dy + after(dh * q("u")) + after(gates) @ q("R").T + inner)
        same(q("du"), dh * (before(h) - q("a")) * q("u") * (1 - q("u")))
        same(q("da"), dh * (1 - q("u")) * (1 - q("a") ** 2))
    else:
        same(z, v[x] @ q("W") + before(h) @ q("R") + q("b"))
        same(dh, dy + after(v[f"dz{n}′"]) @ q("R").T)
    if isinstance(layer, RNN):
        relu = layer.nonlinearity == "relu"
        same(h, np.maximum(z, 0) if relu else np.tanh(z))
        same(v[f"dz{n}′"], dh * ((h > 0) if relu else 1 - h**2))
    if isinstance(layer, LSTM):
        i, f, o, c = (q(name) for name in "ifoc")
        peep = v.get(f"P{n}", np.zeros((3, K)))
        seen = np.concatenate([before(c) * peep[0], before(c) * peep[1], c * peep[2]], axis=2)
        same(np.concatenate([i, f, o], axis=2), sigmoid(np.delete(z, range(2 * K, 3 * K), axis=2) + seen))
        same(c, f * before(c) + i * q("g"))
        same(q("g"), np.tanh(z[..., 2 * K : 3 * K]))
        same(h, o * np.tanh(c))
        through = after(q("dc") * f + q("di") * peep[0] + q("df") * peep[1])
        same(q("dc"), through + dh * o * (1 - np.tanh(c) ** 2) + q("do") * peep[2])
        same(q("do"), dh * np.tanh(c) * o * (1 - o))
        same(q("df"), q("dc") * before(c) * f * (1 - f))
    same(q("dW"), np.einsum("nti,ntk->ik", v[x], v[f"dz{n}′"]))


def each(dy, reverse):
    """dy of the last step alone, (n, T, k)."""
    out = np.zeros((len(dy), T, K))
    out[:, 0 if reverse else -1] = dy
    return out


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("sequences", [False, True])
@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: f"{unit.label()} {getattr(unit, 'reset', '')}")
def test_every_step(unit, sequences, reverse):
    layer = type(unit)(**{**vars(unit), "return_sequences": sequences, "reverse": reverse})
    network, values = traced(layer)
    check(values, layer, dy=values["dz1"] if sequences else each(values["dz1"], reverse))
    text = network.explain()
    assert "h1[t+1]" in text if reverse else "h1[t−1]" in text
    assert ("dz1[t]" in text) == sequences
    assert r"\sum_t" in network.explain(latex=True)


def test_both_ways_and_one_after_the_other():
    layer = Bidirectional(LSTM(K))
    _, values = traced(layer)
    for n, one in zip("12", layer.layers, strict=True):
        check(values, one, n, each(values[f"dz{n}"], one.reverse))
    layer = EncoderDecoder(GRU(K), T)
    network, values = traced(layer, 2 * T)
    values["a0"], rest = values["a0"][:, :T], values["a0"][:, T:]
    check(values, layer.layers[0], "1", each(values["dz1"], False))
    assert np.abs(values["dz1"]).max() > 1e-3
    np.testing.assert_allclose(values["dW2"], np.einsum("nti,ntk->ik", rest, values["dz2′"]), rtol=1e-9)
    assert "starts from the last state of z1" in network.explain()
