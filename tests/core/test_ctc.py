"""The CTC loss against PyTorch, against all paths one by one, and against central differences."""

import subprocess
import sys
from itertools import groupby, product

import numpy as np
import pytest
from safetensors.numpy import load_file

from byhand import CTC, Adam, ByhandError, Columns, Conv2D, Dense, Flatten, Network, ReLU, fit
from byhand.layers import Layer, Plan
from byhand.ops import reference
from byhand.testing import central_differences
from tests.golden import ctc_cases
from tests.golden.make import FOLDER, compute_ctc
from tests.passes import loss_pass


def run(z, t):
    """Each row's loss and its derivative, from arrays full of NaN."""
    loss = CTC(z.shape[2] - 1, t.shape[1])
    at = loss_pass(loss, z, t.astype(z.dtype))
    loss.derive(reference, at)
    return at.cache.each, at.dy


@pytest.fixture(scope="module")
def golden():
    return load_file(FOLDER / "torch_ctc.safetensors")


@pytest.fixture(scope="module")
def live():
    pytest.importorskip("torch")
    return compute_ctc()


@pytest.fixture(params=["golden", "live"])
def figures(request):
    return request.getfixturevalue(request.param)


@pytest.mark.parametrize("name", ctc_cases.CASES)
def test_agrees_with_pytorch(name, figures):
    each, dz = run(*ctc_cases.data(name))
    np.testing.assert_allclose(each, figures[f"{name}/each"], rtol=1e-10, atol=1e-10)
    np.testing.assert_allclose(dz, figures[f"{name}/dz"], rtol=1e-10, atol=1e-10)
    if name == "impossible":
        np.testing.assert_array_equal(np.isinf(each), [True, False, False, True, False])


@pytest.mark.parametrize("name", ctc_cases.CASES)
def test_single_precision(name):
    z, t = ctc_cases.data(name)
    each, dz = run(z, t)
    single = run(z.astype(np.float32), t)
    assert single[0].dtype == single[1].dtype == np.float32
    np.testing.assert_allclose(single[0], each, rtol=1e-5)
    np.testing.assert_allclose(single[1], dz, atol=2e-4)


@pytest.mark.parametrize("label", [(), (0,), (1, 1), (0, 1), (1, 0, 1), (0, 0, 1)])
def test_is_the_sum_over_all_paths(label):
    steps, blank = 5, 2
    z = np.random.default_rng(3).standard_normal((1, steps, blank + 1)) * 2
    p = np.exp(z[0]) / np.exp(z[0]).sum(axis=1, keepdims=True)
    total, occupancy = 0.0, np.zeros((steps, blank + 1))
    for path in product(range(blank + 1), repeat=steps):
        if tuple(c for c, _ in groupby(path) if c != blank) == label:
            probability = np.prod([p[t, c] for t, c in enumerate(path)])
            total += probability
            occupancy[np.arange(steps), path] += probability
    t = np.array([[*label, *[-1] * (4 - len(label))]])
    each, dz = run(z, t)
    np.testing.assert_allclose(each, -np.log(total), rtol=1e-12)
    np.testing.assert_allclose(dz[0], p - occupancy / total, atol=1e-12)


def test_derivative_is_that_of_the_loss():
    z, t = ctc_cases.data("repeated")
    _, dz = run(z, t)
    numeric, _ = central_differences(lambda: float(run(z, t)[0].sum()), z)
    np.testing.assert_allclose(dz, numeric, atol=1e-7)


class Steps(Layer):
    """(n, T · k) as (n, T, k)."""

    def __init__(self, steps):
        self.steps = steps

    def plan(self, in_shape):
        return Plan((self.steps, in_shape[0] // self.steps))

    def forward(self, ops, at):
        at.y[...] = at.x.reshape(at.y.shape)

    def backward(self, ops, at):
        at.dx[...] = at.dy.reshape(at.dx.shape)


def rows_of_bars(n, rng):
    """Pictures (n, 2, 24) of symbols: 0 is a bar in the upper row, 1 in the lower, anywhere; and their labels."""
    x, t = np.zeros((n, 2, 24), np.float32), np.full((n, 3), -1)
    for i in range(n):
        places = np.sort(rng.choice(8, rng.integers(0, 4), replace=False))
        t[i, : len(places)] = rng.integers(0, 2, len(places))
        for place, symbol in zip(places, t[i], strict=False):
            x[i, symbol, 3 * place : 3 * place + 2] = 1
    return x, t


def test_a_network_learns_to_read_rows():
    rng = np.random.default_rng(0)
    x, t = rows_of_bars(600, rng)
    layers = [Flatten(), Dense(64), ReLU(), Dense(12 * 3), Steps(12)]
    network = Network((2, 24), layers, CTC(2, 3), rng=0)
    history = fit(network, x, t, validation=(x[:50], t[:50]), epochs=25, optimizer=Adam(0.005), progress=False)
    assert history["loss"][-1] < 0.1 < 2 < history["loss"][0]
    np.testing.assert_allclose(history["val_loss"][-1], history["loss"][-1], atol=0.05)
    x, t = rows_of_bars(200, rng)
    assert (network.predict(x) == t).all(axis=1).mean() > 0.95
    p = network.predict_proba(x[:5])
    assert p.shape == (5, 12, 3)
    np.testing.assert_allclose(p.sum(axis=2), 1, rtol=1e-5)
    assert "γ the share of those paths" in network.explain(x[:2], t[:2])


def test_refusals():
    steps = Steps(4)
    for layers, loss in (
        ([Dense(12)], CTC(2, 2)),
        ([Dense(12), steps], CTC(3, 2)),
        ([Dense(12), steps], CTC(2, 3)),
    ):
        with pytest.raises(ByhandError, match="needs a last layer that gives"):
            Network(6, layers, loss)
    network, x = Network(6, [Dense(12), steps], CTC(2, 2)), np.zeros((2, 6), np.float32)
    for t, message in (
        ([0, 1], "as rows of class numbers"),
        ([[0, 2], [1, 1]], "Symbol 1 of label 0 is 2"),
        ([[0, 1], [-1, 1]], "Symbol 1 of label 1 is 1"),
        ([[0.5, 1], [1, 1]], "Symbol 0 of label 0 is 0.5"),
        ([[0, -2], [1, 1]], "Symbol 1 of label 0 is -2"),
        ([[0, 1, 1], [1, 1, 1]], "2 samples and 2 symbols"),
    ):
        with pytest.raises(ByhandError, match=message):
            fit(network, x, np.array(t), epochs=1, progress=False)
    with pytest.raises(ByhandError, match="whole number"):
        CTC(0, 3)


def test_columns_of_an_image_are_steps_and_models_of_them_come_back(tmp_path):
    layers = [Conv2D(4, stride=(2, 1)), ReLU(), Conv2D(4, (3, 1), padding="valid"), Columns()]
    network = Network((6, 8, 1), layers, CTC(3, 4), rng=0)
    x = np.random.default_rng(0).standard_normal((2, 6, 8, 1)).astype(np.float32)
    before = network.forward(x).copy()
    assert before.shape == (2, 8, 4)
    np.testing.assert_array_equal(before[1, 5], Network.forward(network, x[1:])[0, 5])
    network.save(tmp_path / "rows.safetensors")
    code = "import sys; from byhand.storage import load_network; print(load_network(sys.argv[1]).loss)"
    answer = subprocess.run([sys.executable, "-c", code, tmp_path / "rows.safetensors"], capture_output=True, text=True)
    assert answer.stdout.strip() == "CTC(classes=3, longest=4)", answer.stderr
    with pytest.raises(ByhandError, match=r"one pixel high, not 3; put Conv2D with a kernel of \(3, 1\)"):
        Network((3, 8, 2), [Columns()], CTC(1, 4))
