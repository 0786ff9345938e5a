"""Layer normalisation inside recurrent layers, against PyTorch and against plain loops over single numbers."""

from math import exp, sqrt, tanh

import numpy as np
import pytest

from byhand import (
    GRU,
    LSTM,
    MSE,
    RNN,
    Adam,
    Bidirectional,
    ByhandError,
    CategoricalCrossEntropy,
    Dense,
    EncoderDecoder,
    Network,
    fit,
)
from byhand.exchange.c.writer import c_file
from byhand.exchange.keras_weights import Weighted, keras_shapes
from byhand.exchange.torch_tensors import to_torch
from byhand.explaining.explain import shapes, trace
from byhand.explaining.programs import LANGUAGES, program
from byhand.ops import default, reference
from byhand.testing import check_layer
from tests.core.test_explain_recurrent import moved
from tests.core.test_recurrent import run

N, T, K, IN = 4, 6, 5, 3
LAYERS = [RNN(K, layer_norm=True), RNN(K, nonlinearity="relu", layer_norm=True), LSTM(K, layer_norm=True)]
LAYERS += [GRU(K, layer_norm=True)]
MASK = np.arange(T) < np.array([6, 1, 4, 3])[:, None]


def a_network(layer, **options):
    """The layer with random parameters, gains and shifts among them."""
    network = Network((T, IN), [layer], dtype=np.float64, **options)
    network.theta = np.random.default_rng(1).standard_normal(network.size)
    return network


def labels_of(layer):
    return f"{layer.label()} {getattr(layer, 'nonlinearity', '')}"


def normal(a, gain, shift=0):
    """PyTorch's own layer normalisation of rows."""
    import torch

    return torch.nn.functional.layer_norm(a, a.shape[-1:], eps=1e-5) * gain + shift


def torch_step(layer, p, x, state):
    """One step as Ba, Kiros and Hinton (2016) write it, and their supplementary material: RNN, LSTM, GRU."""
    import torch

    h = state[0]
    if isinstance(layer, RNN):
        z = normal(x @ p["W"] + h @ p["R"], p["gz"], p["b"])
        return (torch.tanh(z) if layer.nonlinearity == "tanh" else torch.relu(z),)
    if isinstance(layer, LSTM):
        z = normal(x @ p["W"], p["gx"]) + normal(h @ p["R"], p["gh"]) + p["b"]
        i, f, g, o = z.chunk(4, dim=1)
        c = torch.sigmoid(f) * state[1] + torch.sigmoid(i) * torch.tanh(g)
        return torch.sigmoid(o) * torch.tanh(normal(c, p["gc"], p["beta"])), c
    z = x @ p["W"]
    gates = normal(z[:, : 2 * K], p["gx"][: 2 * K]) + normal(h @ p["R"], p["gh"]) + p["b"][: 2 * K]
    r, u = torch.sigmoid(gates).chunk(2, dim=1)
    inside = r * normal(h @ p["V"], p["gm"], p["c"])
    a = torch.tanh(normal(z[:, 2 * K :], p["gx"][2 * K :], p["b"][2 * K :]) + inside)
    return (u * h + (1 - u) * a,)


@pytest.mark.parametrize("reverse", [False, True], ids=["ahead", "reverse"])
@pytest.mark.parametrize("mask", [None, MASK], ids=["whole", "masked"])
@pytest.mark.parametrize("sequences", [False, True], ids=["last", "sequences"])
@pytest.mark.parametrize("layer", LAYERS, ids=labels_of)
def test_agrees_with_pytorch(layer, sequences, mask, reverse):
    torch = pytest.importorskip("torch")
    layer = type(layer)(**{**vars(layer), "return_sequences": sequences, "reverse": reverse})
    network, rng = a_network(layer), np.random.default_rng(2)
    x, dy = rng.standard_normal((N, T, IN)), rng.standard_normal((N, *network.plan[-1].out_shape))
    found = run(network, x, dy, mask)
    p = {name[2:]: torch.tensor(a, requires_grad=True) for name, a in network.named_parameters().items()}
    tx = torch.tensor(x, requires_grad=True)
    there = torch.tensor(np.ones((N, T), bool) if mask is None else mask)
    state = tuple(torch.zeros(N, K).double() for _ in layer.states)
    ys = [None] * T
    for t in reversed(range(T)) if reverse else range(T):
        now = there[:, t, None]
        new = torch_step(layer, p, tx[:, t], state)
        state = tuple(torch.where(now, a, b) for a, b in zip(new, state, strict=True))
        ys[t] = torch.where(now, state[0], 0.0)
    y = torch.stack(ys, dim=1) if sequences else state[0]
    y.backward(torch.tensor(dy))
    wanted = {"y": y, "dx": tx.grad} | {f"d0.{name}": a.grad for name, a in p.items()}
    wanted |= {name: a[None] for name, a in zip(layer.states, state, strict=True)}
    assert found.keys() == wanted.keys()
    for name, a in wanted.items():
        np.testing.assert_allclose(found[name], a.detach().numpy(), rtol=1e-10, atol=1e-11, err_msg=name)


CHECKED = [
    *(RNN(3, layer_norm=True), RNN(4, True, reverse=True, nonlinearity="relu", layer_norm=True)),
    *(LSTM(3, layer_norm=True), LSTM(3, True, reverse=True, dropout=0.4, layer_norm=True)),
    *(GRU(3, layer_norm=True), GRU(4, True, reverse=True, dropout=0.4, layer_norm=True)),
    *(EncoderDecoder(LSTM(3, layer_norm=True), 2), EncoderDecoder(GRU(3, layer_norm=True), 1)),
]


@pytest.mark.parametrize("layer", CHECKED, ids=lambda layer: layer.label())
def test_gradients_are_those_of_central_differences(layer):
    check_layer(layer, (4, 2), mask=True)


def by_hand(values, gain, shift):
    """A list of numbers normalised, one after the other."""
    mean = sum(values) / len(values)
    deviation = sqrt(sum((v - mean) ** 2 for v in values) / len(values) + 1e-5)
    return [g * (v - mean) / deviation + s for v, g, s in zip(values, gain, shift, strict=True)]


def test_the_lstm_is_what_plain_loops_give():
    """One sample, one step and one unit at a time, in Python's own numbers."""
    network = a_network(LSTM(K, layer_norm=True))
    p, x = network.p[0], np.random.default_rng(3).standard_normal((2, T, IN))
    y, none = network.forward(x), [0.0] * 4 * K
    for sample in range(2):
        h, c = [0.0] * K, [0.0] * K
        for t in range(T):
            into = [sum(x[sample, t, i] * p.W[i, j] for i in range(IN)) for j in range(4 * K)]
            back = [sum(h[i] * p.R[i, j] for i in range(K)) for j in range(4 * K)]
            parts = zip(by_hand(into, p.gx, none), by_hand(back, p.gh, none), p.b, strict=True)
            z = [sum(three) for three in parts]
            i, f, o = ([1 / (1 + exp(-v)) for v in z[j * K : (j + 1) * K]] for j in (0, 1, 3))
            c = [f[j] * c[j] + i[j] * tanh(z[2 * K + j]) for j in range(K)]
            s = by_hand(c, p.gc, p.beta)
            h = [o[j] * tanh(s[j]) for j in range(K)]
        np.testing.assert_allclose(y[sample], h, rtol=1e-12)


@pytest.mark.parametrize("layer", LAYERS, ids=labels_of)
def test_the_compiled_table_computes_the_same(layer):
    """Where the operations are compiled, normalisation takes their NumPy twins' way, in float32."""
    rng = np.random.default_rng(0)
    x, dy = rng.standard_normal((N, T, IN)).astype(np.float32), rng.standard_normal((N, K)).astype(np.float32)
    results = []
    for ops in (reference, default):
        network = Network((T, IN), [layer], ops=ops, rng=1)
        results.append(run(network, x, dy, MASK))
    for name, value in results[0].items():
        np.testing.assert_allclose(results[1][name], value, rtol=1e-4, atol=1e-5, err_msg=name)


def test_large_inputs_do_not_saturate_the_gates():
    """What it is for: x a thousand times as large gives nearly the same output."""
    x = np.random.default_rng(0).standard_normal((N, T, IN))
    normalised, plain = (Network((T, IN), [LSTM(K, layer_norm=norm)], dtype=np.float64) for norm in (True, False))
    np.testing.assert_allclose(normalised.forward(1000 * x).copy(), normalised.forward(10 * x), atol=1e-3)
    assert np.abs(plain.forward(1000 * x).copy() - plain.forward(10 * x)).max() > 0.1


def test_it_starts_at_gain_one_learns_and_is_saved(tmp_path):
    """The class of a sequence is whether its first number is above 0."""
    rng = np.random.default_rng(0)
    x, layers = rng.standard_normal((256, T, IN)), [Bidirectional(LSTM(8, layer_norm=True)), Dense(2)]
    network = Network((T, IN), layers, CategoricalCrossEntropy(), rng=0)
    first = network.p[0].children[0]
    for name, start in {"gx": 1, "gh": 1, "gc": 1, "beta": 0}.items():
        np.testing.assert_array_equal(getattr(first, name), start)
    history = fit(network, x, x[:, 0, 0] > 0, epochs=20, batch_size=32, optimizer=Adam(0.01), progress=False)
    assert history["loss"][-1] < 0.1 < history["loss"][0]
    assert np.abs(first.gc - 1).max() > 1e-3
    network.save(tmp_path / "network.safetensors")
    again = Network.load(tmp_path / "network.safetensors")
    assert again.layers[0].layer.layer_norm
    np.testing.assert_array_equal(again.predict_proba(x), network.predict_proba(x))


def test_a_step_of_time_makes_no_array():
    """As without normalisation: what a pass makes besides views doesn't grow with the batch."""
    import tracemalloc

    n = 4096
    layers = [LSTM(8, True, layer_norm=True), GRU(8, True, layer_norm=True), RNN(8, layer_norm=True)]
    network = Network((5, 3), layers, ops=reference)
    workspace, x, dy = network.workspace(n), np.ones((n, 5, 3), np.float32), np.ones((n, 8), np.float32)
    mask = np.arange(5) < np.full((n, 1), 3)
    buffer = np.setbufsize(64)
    try:
        for _ in range(2):
            tracemalloc.start()
            network.forward(x, workspace, mask=mask)
            network.backward_from(dy, workspace)
            peak = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
    finally:
        np.setbufsize(buffer)
    assert peak < n * 4  # bytes: a single column of the batch


def normalised_back(u, inverse, d):
    """The gradient by a, d being that by u = (a − μ) inverse."""
    return inverse * (d - d.mean(-1, keepdims=True) - u * (d * u).mean(-1, keepdims=True))


@pytest.mark.parametrize("reverse", [False, True], ids=["ahead", "reverse"])
@pytest.mark.parametrize("layer", LAYERS, ids=labels_of)
def test_explain_gives_the_numbers_of_its_equations(layer, reverse):
    layer = type(layer)(**{**vars(layer), "return_sequences": True, "reverse": reverse})
    network = Network((T, IN), [layer, Dense(2)], MSE(), dtype=np.float64)
    rng = np.random.default_rng(0)
    network.theta = rng.standard_normal(network.size)
    x, t = rng.standard_normal((2, T, IN)), rng.standard_normal((2, T, 2))
    v, text = trace(network, x, t), network.explain(x, t)
    assert r"\overline" in network.explain(latex=True)
    q = lambda name: v[f"{name}1′" if name in ("z", "dz") else f"{name}1"]  # noqa: E731
    before, after = (lambda a: moved(a, 1, reverse)), (lambda a: moved(a, -1, reverse))

    def same(found, wanted):
        np.testing.assert_allclose(found, wanted, rtol=1e-9, atol=1e-11)

    def normalises(name, product, d, columns=slice(None)):
        """The product's rows n, and the gradient by the product from that by n."""
        p, n = product[..., columns], q(f"n{name}")[..., columns]
        inverse = 1 / np.sqrt(p.var(-1, keepdims=True) + 1e-5)
        same(n, (p - p.mean(-1, keepdims=True)) * inverse)
        return normalised_back(n, inverse, d[..., columns])

    h, dz = q("h"), q("dz")
    for name in v.keys() & shapes(network).keys():
        if shapes(network)[name].startswith("(n"):
            assert f"({' × '.join(['n', *map(str, v[name].shape[1:])])})" == shapes(network)[name], name
        assert name in text or name == "da0", name  # nobody learns from it
    if isinstance(layer, RNN):
        same(q("pz"), x @ q("W") + before(h) @ q("R"))
        same(q("dpz"), normalises("z", q("pz"), q("gz") * dz))
        same(q("z"), q("gz") * q("nz") + q("b"))
        same(q("dh"), v["dz1"] + after(q("dpz")) @ q("R").T)
        same(q("dgz"), (dz * q("nz")).sum((0, 1)))
        return
    same(q("px"), x @ q("W"))
    same(q("ph"), before(h) @ q("R"))
    same(q("dW"), np.einsum("nti,ntk->ik", x, q("dpx")))
    same(q("dgx"), (dz * q("nx")).sum((0, 1)))
    same(q("db"), dz.sum((0, 1)))
    if isinstance(layer, LSTM):
        same(q("dpx"), normalises("x", q("px"), q("gx") * dz))
        same(q("dph"), normalises("h", q("ph"), q("gh") * dz))
        same(q("z"), q("gx") * q("nx") + q("gh") * q("nh") + q("b"))
        same(q("s"), q("gc") * q("nc") + v["β1"])
        same(h, q("o") * np.tanh(q("s")))
        same(q("ds"), q("dh") * q("o") * (1 - np.tanh(q("s")) ** 2))
        same(q("dc"), after(q("dc") * q("f")) + normalises("c", q("c"), q("gc") * q("ds")))
        same(q("do"), q("dh") * np.tanh(q("s")) * q("o") * (1 - q("o")))
        same(v["dβ1"], q("ds").sum((0, 1)))
        same(q("dh"), v["dz1"] + after(q("dph")) @ q("R").T)
        return
    gates = np.concatenate([q("dr"), q("du")], axis=-1)
    for columns in (slice(0, 2 * K), slice(2 * K, 3 * K)):
        same(q("dpx")[..., columns], normalises("x", q("px"), q("gx") * dz, columns))
    same(q("dph"), normalises("h", q("ph"), q("gh") * gates))
    same(q("dpm"), normalises("m", q("pm"), q("gm") * q("dm")))
    same(q("m"), q("gm") * q("nm") + q("c"))
    same(q("z"), q("gx") * q("nx") + q("b"))
    handed_back = after(q("dh") * q("u")) + after(q("dph")) @ q("R").T + after(q("dpm")) @ q("V").T
    same(q("dh"), v["dz1"] + handed_back)


def test_what_others_do_not_have_is_refused():
    network = Network((T, IN), [LSTM(K, layer_norm=True), Dense(2)], MSE())
    p = {name[2:]: a for name, a in network.named_parameters().items() if name.startswith("0.")}
    for call in (
        lambda: c_file(network),
        lambda: to_torch(network.layers[0], p),
        lambda: keras_shapes(Weighted("", network.layers[0], network.plan[0])),
        *(lambda language=language: program(network, language) for language in LANGUAGES),
    ):
        with pytest.raises(ByhandError, match=r"LSTM\(5, layer norm\) can't be .* because of its layer normalisation"):
            call()
    pytest.importorskip("onnx")
    from byhand.exchange.onnx.exporting import to_onnx

    with pytest.raises(ByhandError, match="can't be written as ONNX because of its layer normalisation"):
        to_onnx(network)


def test_what_cannot_be_combined_is_refused():
    with pytest.raises(ByhandError, match="not both"):
        LSTM(K, peepholes=True, layer_norm=True)
    with pytest.raises(ByhandError, match='defined for reset="after"'):
        GRU(K, reset="before", layer_norm=True)
    with pytest.raises(ByhandError, match="a single unit"):
        RNN(1, layer_norm=True)
