"""Recurrent layers against PyTorch, live and golden; what is padded, or carried on, changes nothing else."""

import ast
import re
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from byhand import (
    GRU,
    LSTM,
    MSE,
    RNN,
    Adam,
    Bidirectional,
    ByhandError,
    CategoricalCrossEntropy,
    Conv1D,
    Dense,
    Embedding,
    Identity,
    LastStep,
    MaxOverTime,
    MeanOverTime,
    MultiHeadAttention,
    Network,
    Orthogonal,
    RepeatVector,
    TransformerBlock,
    fit,
)
from byhand.explaining.explain import trace
from byhand.ops import reference
from byhand.training import evaluate
from tests.golden import recurrent_cases
from tests.golden.make import FOLDER, compute_recurrent


@pytest.fixture(scope="module")
def golden():
    return load_file(FOLDER / "torch_recurrent.safetensors")


@pytest.fixture(scope="module")
def live():
    pytest.importorskip("torch")
    return compute_recurrent()


@pytest.fixture(params=["golden", "live"])
def figures(request):
    return request.getfixturevalue(request.param)


def run(network, x, dy, mask=None, earlier=None):
    """y, last states and all gradients, by PyTorch's names of `torch_recurrent`."""
    workspace, dx = network.workspace(len(x)), np.full(x.shape, np.nan, network.dtype)
    if earlier is not None:
        network.forward(earlier, workspace)
    y = network.forward(x, workspace, mask=mask, carry=earlier is not None).copy()
    network.backward_from(dy, workspace, dx)
    at = workspace.passes.layers[0]
    carries = [vars(inner.carry) for inner in at.children or (at,)]
    states = {name: np.stack([carry[name] for carry in carries]) for name in carries[0]}
    gradients = {f"d{p.full_name}": p.view(network.gradient).copy() for p in network.arena.parameters}
    return {"y": y, "dx": dx} | states | gradients


@pytest.mark.parametrize("case", recurrent_cases.CASES, ids=lambda case: case.name)
def test_agrees_with_pytorch(case, figures):
    data = recurrent_cases.data(case)
    earlier = data.pop("earlier")
    found = run(recurrent_cases.network(case), **data, earlier=earlier if case.carries else None)
    wanted = {key.split("/")[1]: a for key, a in figures.items() if key.startswith(f"{case.name}/")}
    assert found.keys() == wanted.keys()
    for name, value in wanted.items():
        np.testing.assert_allclose(found[name], value, rtol=1e-10, atol=1e-12, err_msg=name)


def test_ten_steps_of_training_agree_with_pytorch(figures):
    network, x, labels, mask, adam = recurrent_cases.learner()
    memory, losses = adam.state(network.size, np.float64), []
    workspace = network.workspace(len(x))
    for t in range(1, 11):
        network.forward(x, workspace, np.random.default_rng(0), mask)
        losses.append(network.backward(labels, workspace))
        adam.step(network.ops, network.theta, network.gradient, memory, t, 0.05)
    np.testing.assert_allclose(losses, figures["learner/losses"], rtol=1e-9)
    for name, value in network.named_parameters().items():
        np.testing.assert_allclose(value, figures[f"learner/{name}"], rtol=1e-8, atol=1e-8, err_msg=name)


@pytest.mark.parametrize(
    "layer",
    [
        RNN(4),
        RNN(4, return_sequences=True),
        LSTM(4),
        LSTM(4, return_sequences=True, reverse=True),
        GRU(4),
        GRU(4, return_sequences=True, reset="before"),
        Bidirectional(LSTM(4, return_sequences=True)),
        LastStep(),
        MeanOverTime(),
        MaxOverTime(),
    ],
    ids=lambda layer: layer.label(),
)
def test_padding_changes_no_output_and_no_gradient(layer):
    rng = np.random.default_rng(0)
    short = Network((4, 3), [layer], rng=1, dtype=np.float64)
    long = short.reshaped((6, 3))
    x, dy = rng.standard_normal((5, 4, 3)), rng.standard_normal((5, *short.plan[-1].out_shape))
    plain = run(short, x, dy)
    for noise in (0, 1e6):
        more = noise * rng.standard_normal((5, 2, 3))
        padded_dy = dy if dy.ndim == 2 else np.concatenate([dy, 1 + noise * np.ones((5, 2, dy.shape[2]))], axis=1)
        padded = run(long, np.concatenate([x, more], axis=1), padded_dy, np.arange(6) < np.full((5, 1), 4))
        assert not padded["dx"][:, 4:].any()
        padded["dx"] = padded["dx"][:, :4]
        if dy.ndim == 3:
            assert not padded["y"][:, 4:].any()
            padded["y"] = padded["y"][:, :4]
        for name, value in plain.items():
            np.testing.assert_allclose(padded[name], value, rtol=1e-13, atol=1e-14, err_msg=name)


@pytest.mark.parametrize("layer", [RNN(4, True), LSTM(4, True), GRU(4, True)], ids=lambda layer: layer.label())
def test_passes_that_carry_on_give_what_one_long_pass_gives(layer):
    x = np.random.default_rng(0).standard_normal((3, 8, 2))
    whole = Network((8, 2), [layer], rng=1, dtype=np.float64)
    half = whole.reshaped((4, 2))
    workspace = half.workspace(3)
    first = half.forward(x[:, :4], workspace, carry=True).copy()
    second = half.forward(x[:, 4:], workspace, carry=True).copy()
    np.testing.assert_allclose(np.concatenate([first, second], axis=1), whole.forward(x), rtol=1e-12)
    workspace.reset()
    np.testing.assert_array_equal(half.forward(x[:, :4], workspace, carry=True), first)


def test_embedding_hands_on_a_mask_without_the_padding():
    tokens = np.array([[1, 2, 0, 0], [3, 4, 1, 2]])
    layers = [Embedding(5, 3, padding=0), GRU(4), Dense(2)]
    network = Network((4,), layers, CategoricalCrossEntropy(), dtype=np.float64)
    alone = network.reshaped((2,))
    np.testing.assert_allclose(network.forward(tokens)[:1], alone.forward(tokens[:1, :2]), rtol=1e-12)
    network.forward(tokens)
    network.backward(np.array([0, 1]))
    assert not network.g[0].W[0].any()
    assert network.g[0].W[1:].any(axis=1).all()
    with pytest.raises(ByhandError, match="outside the vocabulary"):
        network.predict(np.array([[1, 2, 5, 0]]))


def test_causal_convolution_is_the_sum_over_steps_before():
    x = np.random.default_rng(0).standard_normal((2, 6, 3))
    network = Network((6, 3), [Conv1D(2, 3, dilation=2)], rng=1, dtype=np.float64)
    w, y = network.p[0].W[:, 0], network.forward(x)
    for t in range(6):
        wanted = sum(x[:, t - 2 * (2 - j)] @ w[j] for j in range(3) if t >= 2 * (2 - j))
        np.testing.assert_allclose(y[:, t], wanted, rtol=1e-12, atol=1e-14)


def test_a_network_of_them_learns_by_lengths_and_is_saved(tmp_path):
    """The class of a sequence is its first token; what is padded is noise."""
    rng = np.random.default_rng(0)
    x, lengths = rng.integers(0, 4, (256, 6)), rng.integers(1, 7, 256)
    layers = [Embedding(4, 8), Bidirectional(GRU(8, return_sequences=True)), LSTM(16), Dense(4)]
    network = Network((6,), layers, CategoricalCrossEntropy(), rng=0)
    history = fit(network, x, x[:, 0], lengths=lengths, epochs=30, batch_size=32, optimizer=Adam(0.01), progress=False)
    assert history["loss"][0] > 1
    assert history["loss"][-1] < 0.1
    network.save(tmp_path / "network.safetensors")
    again = Network.load(tmp_path / "network.safetensors")
    mask = np.arange(6) < lengths[:, None]
    np.testing.assert_array_equal(again.predict_proba(x, mask), network.predict_proba(x, mask))


HIDDEN = [
    LastStep(),
    MeanOverTime(),
    MaxOverTime(),
    LSTM(2),
    GRU(2),
    RNN(2),
    MultiHeadAttention(1),
    TransformerBlock(2, 1),
]


@pytest.mark.parametrize("layer", HIDDEN, ids=lambda layer: layer.label())
def test_a_mask_that_hides_a_whole_sample_is_refused(layer):
    network, x = Network((3, 2), [layer], MSE(), rng=0), np.ones((2, 3, 2))
    mask = np.array([[True, True, False], [False, False, False]])
    y = np.zeros((2, *network.plan[-1].out_shape))
    for call in (
        lambda: network.predict(x, mask),
        lambda: network.forward(x, mask=mask),
        lambda: fit(network, x, y, mask=mask),
        lambda: evaluate(network, x, y, mask),
    ):
        with pytest.raises(ByhandError, match="The mask of sample 1 leaves no step; leave that sample out"):
            call()


def test_a_sample_of_padding_alone_is_refused():
    network = Network((3,), [Embedding(4, 2, padding=0), LSTM(2)], MSE(), rng=0)
    network.predict(np.array([[1, 0, 0]]))
    for call in (network.predict, network.forward, lambda x: fit(network, x, np.zeros((2, 2)))):
        with pytest.raises(ByhandError, match="Sample 1 holds the padding token 0 alone; leave that sample out"):
            call(np.array([[1, 0, 0], [0, 0, 0]]))


def test_starts():
    rng = np.random.default_rng(0)
    r = np.empty((4, 8))
    Orthogonal().fill(rng, r)
    for block in (r[:, :4], r[:, 4:]):
        np.testing.assert_allclose(block @ block.T, np.eye(4), atol=1e-12)
    Identity(0.5).fill(rng, r)
    np.testing.assert_array_equal(r, np.tile(0.5 * np.eye(4), 2))
    lstm = Network((3, 2), [LSTM(4)])
    np.testing.assert_array_equal(lstm.p[0].b, np.repeat([0, 1, 0, 0], 4))
    with pytest.raises(ByhandError, match="square"):
        Identity().fill(rng, np.empty((3, 4)))


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: LSTM(0), "units must be a whole number"),
        (lambda: RNN(3, nonlinearity="sigmoid"), "nonlinearity"),
        (lambda: GRU(3, reset="never"), "reset"),
        (lambda: Bidirectional(Dense(3)), "recurrent layer"),
        (lambda: Bidirectional(LSTM(3, reverse=True)), "goes forward"),
        (lambda: Embedding(5, 3, padding=5), "outside the vocabulary"),
        (lambda: Network(4, [LSTM(3)]), "takes sequences"),
        (lambda: Network((4, 3), [RepeatVector(3)]), "takes rows"),
        (lambda: Network((4, 3), [Embedding(5, 3)]), "sequences of tokens"),
    ],
)
def test_mistakes_are_named(make, message):
    with pytest.raises(ByhandError, match=message):
        make()


def test_a_step_of_time_makes_no_array():
    """What a pass makes besides views doesn't grow with the batch."""
    import tracemalloc

    n = 4096
    network = Network((5, 3), [LSTM(8, True), GRU(8, True), RNN(8)], ops=reference)
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


def test_the_example_in_the_docs():
    page = (Path(__file__).parents[2] / "docs" / "recurrent.md").read_text(encoding="utf-8")
    given = {k: np.array(ast.literal_eval(v)) for k, v in re.findall(r"^    (\w+) = (\[.*\])$", page, re.MULTILINE)}
    network = Network((3, 1), [RNN(1, return_sequences=True, nonlinearity="relu")], dtype=np.float64)
    for name in ("W", "R", "b"):
        getattr(network.p[0], name)[...] = given[name]
    workspace, dx = network.workspace(1), np.empty((1, 3, 1))
    h = network.forward(given["x"].reshape(1, 3, 1) * 1.0, workspace).copy()
    network.backward_from(given["dy"].reshape(1, 3, 1) * 1.0, workspace, dx)
    at = workspace.passes.layers[0]
    found = {"h": h, "dz": at.cache.dz, "dx": dx} | {f"d{name}": getattr(at.g, name) for name in ("W", "R", "b")}
    for name, value in found.items():
        np.testing.assert_array_equal(value.reshape(-1), given[name], err_msg=name)


def test_both_ways_are_explained():
    layers = [Dense(2), Bidirectional(RNN(2)), Dense(2)]
    network = Network((4, 3), layers, CategoricalCrossEntropy(), dtype=np.float64)
    text = network.explain()
    for line in ("a3 = (z2, z3)", "dz2 = da3[..., :2]", "dz3 = da3[..., 2:]", "dz1 = dz1′ + dz1′′"):
        assert f"  {line} " in text
    x, labels = np.random.default_rng(0).standard_normal((2, 4, 3)), np.array([0, 1])
    values = trace(network, x, labels)
    np.testing.assert_array_equal(values["a3"], np.concatenate([values["z2"], values["z3"]], axis=1))
    np.testing.assert_allclose(values["dz1"], values["dz1′"] + values["dz1′′"])
    assert network.explain(x, labels)


@pytest.mark.parametrize("layer", [RNN(4), LSTM(4), GRU(4), GRU(4, reset="before")])
def test_dropped_weights_are_the_same_at_every_step(layer):
    """A pass with dropout is one without, whose matrices have zeros, and the rest divided by 1 − dropout."""
    rng = np.random.default_rng(0)
    x, dy = rng.standard_normal((5, 6, 3)), rng.standard_normal((5, 4))
    dropping = Network((6, 3), [type(layer)(**{**vars(layer), "dropout": 0.4})], dtype=np.float64)
    plain = Network((6, 3), [layer], dtype=np.float64)
    dropping.theta = plain.theta = rng.standard_normal(plain.size)
    np.testing.assert_array_equal(dropping.forward(x), plain.forward(x))  # outside training nothing is dropped
    workspace = dropping.workspace(5)
    y = dropping.forward(x, workspace, np.random.default_rng(1)).copy()
    dropping.backward_from(dy, workspace)
    masks = {m: getattr(workspace.passes.layers[0].cache, f"{m}_mask") for m in layer.matrices}
    for name, mask in masks.items():
        assert set(np.unique(mask)) == {0, 1 / 0.6}
        getattr(plain.p[0], name)[...] *= mask
    np.testing.assert_allclose(y, plain.forward(x), rtol=1e-12)
    plain.backward_from(dy)
    for name in vars(plain.g[0]):
        wanted = getattr(plain.g[0], name) * masks.get(name, 1)
        np.testing.assert_allclose(getattr(dropping.g[0], name), wanted, rtol=1e-12, err_msg=name)
