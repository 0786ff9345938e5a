"""What `Watch` measures, and the files that keep it."""

import json
import math

import numpy as np
import pytest
from scipy.stats import entropy as scipy_entropy

from byhand import (
    BatchNorm,
    ByhandError,
    Dense,
    Dropout,
    GradientDescent,
    Network,
    QuadraticCost,
    ReLU,
    Residual,
    Sigmoid,
    Tanh,
    fit,
)
from byhand.diagnosis import Watch, diagnose, measure, read_run
from byhand.optimizers import Adam
from tests.core.diagnosed import CE, digits, names, run


def test_sizes_and_shares_by_hand():
    assert measure.rms(np.array([[3.0, 4.0]])) == pytest.approx(math.sqrt(12.5))
    assert measure.rms(np.full(10, 1e-25, np.float32)) == pytest.approx(1e-25)
    assert measure.rms(np.full(10, 1e25, np.float32)) == pytest.approx(1e25)
    assert measure.relative(np.array([0.3, 0.4]), np.array([6.0, 8.0])) == pytest.approx(0.05)
    assert measure.relative(np.ones(2), np.zeros(2)) == math.inf and measure.relative(np.zeros(2), np.zeros(2)) == 0
    y = np.array([[0, 1, 0, 2], [0, 0, 0, 3.0]])
    assert measure.dead(y) == 0.5
    images = np.zeros((3, 4, 5, 2))
    images[1, 2, 2, 0] = 1  # a channel is a unit, wherever it is alive
    assert measure.dead(images) == 0.5
    # 4y(1 − y) < 0.01 beyond z = ±5.99; 1 − y² < 0.01 beyond z = ±2.9932
    z = np.array([[-6.0, -5.9, 0, 5.9, 6.0]])
    assert measure.saturated(Sigmoid(), 1 / (1 + np.exp(-z))) == pytest.approx(0.4)
    assert measure.saturated(Tanh(), np.tanh(np.array([[-3.0, -2.9, 0, 2.9, 3.0]]))) == pytest.approx(0.4)
    assert measure.one_answer(np.array([1, 2, 2, 2])) == 0.75


def test_twins():
    rng = np.random.default_rng(0)
    W = rng.standard_normal((70, 10))
    assert measure.twins(W) == 0
    W[:, [3, 8]] = W[:, [1, 6]]
    assert measure.twins(W) == 0.4
    W[:, 3] += 1e-5
    assert measure.twins(W) == 0.4
    W[::2, 3] += 0.1
    assert measure.twins(W) == pytest.approx(0.2)
    assert measure.twins(np.zeros((5, 4))) == 1 and measure.twins(np.zeros((5, 1))) == 0


def test_entropy():
    p = np.array([[0.7, 0.2, 0.1], [1 / 3, 1 / 3, 1 / 3]])
    assert measure.entropy(p, "softmax") == pytest.approx(np.mean(scipy_entropy(p, base=3, axis=1)))
    a = np.array([[0.5, 0.9]])
    assert measure.entropy(a, "sigmoid") == pytest.approx((1 + scipy_entropy([0.9, 0.1], base=2)) / 2)
    assert math.isnan(measure.entropy(p, None))


def test_columns_of_a_full_batch_step():
    """One step of gradient descent on 40 samples: everything follows from θ and the gradient, which NumPy gives."""
    (x, y), _ = digits()
    x, y = x[:40], y[:40]
    network = Network(64, [Dense(12), ReLU(), Dense(10)], CE(), rng=3, dtype=np.float64)
    W1, b1, W2, b2 = network.p[0].W.copy(), network.p[0].b, network.p[2].W.copy(), network.p[2].b
    h = np.maximum(x @ W1 + b1, 0)
    z = h @ W2 + b2
    p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    delta = (p - np.eye(10)[y]) / 40
    g2, g1 = h.T @ delta, x.T @ (delta @ W2.T * (h > 0))
    watch = Watch()
    fit(network, x, y, epochs=1, batch_size=None, optimizer=GradientDescent(0.3), callbacks=[watch], progress=False)
    columns, size = watch.record.columns, lambda a: math.sqrt(np.mean(a**2))
    assert columns["epoch"] == [0, 1]
    assert columns["gradient 1"][0] == pytest.approx(size(g1)) and columns["gradient 3"][0] == pytest.approx(size(g2))
    assert columns["weight 1"][0] == pytest.approx(size(W1))
    gb = [*delta.sum(axis=0), *(delta @ W2.T * (h > 0)).sum(axis=0)]
    assert columns["norm"][0] == pytest.approx(math.sqrt((g1**2).sum() + (g2**2).sum() + np.square(gb).sum()))
    assert math.isnan(columns["update 1"][0])
    assert columns["update 1"][1] == pytest.approx(0.3 * size(g1) / size(W1 - 0.3 * g1))
    assert columns["moved 3"][1] == pytest.approx(0.3 * size(g2) / size(W2))
    assert columns["dead 2"][0] == pytest.approx(np.mean((h == 0).all(axis=0)))
    assert columns["loss"][0] == pytest.approx(-np.mean(np.log(p[np.arange(40), y])))
    assert columns["entropy"][0] == pytest.approx(np.mean(scipy_entropy(p, base=10, axis=1)))
    assert columns["one answer"][0] == np.bincount(p.argmax(axis=1)).max() / 40
    assert "twins 1" in columns and "twins 3" not in columns  # outputs differ by their targets
    assert watch.record.data["counts"] == np.bincount(y, minlength=10).tolist()


def test_the_update_is_that_of_the_last_step():
    (x, y), _ = digits()
    network, thetas = Network(64, [Dense(12), ReLU(), Dense(10)], CE(), rng=3), []

    class Keep(Watch):
        def on_step(self, training):
            thetas.append(training.network.theta.copy())
            super().on_step(training)

    watch = Keep()
    fit(network, x[:100], y[:100], epochs=2, batch_size=32, optimizer=Adam(), callbacks=[watch], progress=False)
    W = [network.arena.parameters[0].view(theta) for theta in thetas]
    for epoch in (1, 2):
        before, after = W[4 * epoch - 2], W[4 * epoch - 1]
        expected = np.linalg.norm(after - before) / np.linalg.norm(after)
        assert watch.record.columns["update 1"][epoch] == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("batch_size", [32, None])
def test_watching_changes_no_bit(batch_size):
    layers = [Dense(20), BatchNorm(), ReLU(), Dropout(0.3), Residual([Dense(20), Tanh()]), Dense(10)]
    (x, y), _ = digits()
    networks = []
    for callbacks in ([], [Watch()]):
        network = Network(64, layers, CE(), rng=1)
        fit(network, x[:200], y[:200], epochs=3, batch_size=batch_size, callbacks=callbacks, progress=False)
        networks.append(network)
    np.testing.assert_array_equal(networks[0].theta, networks[1].theta)
    np.testing.assert_array_equal(networks[0].state, networks[1].state)
    np.testing.assert_array_equal(networks[0].gradient, networks[1].gradient)


def test_layers_within_layers_are_measured_too():
    record = run("healthy", "normalised blocks").record
    assert record.layers["2.2"] == "ReLU" and record.layers["2.3"].startswith("Dense(30")
    assert {"dead 2.2", "gradient 2.3", "update 2.3", "gradient 1", "gradient 5"} <= set(record.columns)
    assert all(math.isfinite(value) for value in record.columns["gradient 2.3"])
    assert record.label("2.2") == "layer 2.2 (ReLU)"


@pytest.mark.parametrize(
    "epochs, samples, measured",
    [
        (3, 100, [0, 1, 2, 3]),
        (25, 100, [0, *range(3, 25, 3), 25]),  # a tenth of them: 256 of 100 samples would be too many each time
        (25, 1400, [0, *range(3, 25, 3), 25]),
        (250, 1400, [0, *range(10, 251, 10)]),  # 256 of 14,000 samples are under a fiftieth
    ],
)
def test_when_is_measured(epochs, samples, measured):
    (x, y), _ = digits()
    watch, network = Watch(), Network(64, [Dense(10)], CE(), rng=0)
    fit(network, x[:samples], y[:samples], epochs=epochs, batch_size=None, callbacks=[watch], progress=False)
    assert watch.record.columns["epoch"] == measured


def test_targets_that_are_no_classes():
    rng = np.random.default_rng(0)
    x = rng.standard_normal((200, 3))
    watch = Watch()
    fit(Network(3, [Dense(8), Tanh(), Dense(2)], QuadraticCost()), x, x[:, :2], callbacks=[watch], progress=False)
    assert watch.record.data["counts"] is None and "saturated 2" in watch.record.columns
    assert [p.name for p in watch.problems() if p.severity > 1] == []


@pytest.mark.parametrize("kind, name", [("ill", "vanishing gradients"), ("ill", "the loss is not finite")])
def test_written_and_read_again_the_problems_are_the_same(tmp_path, kind, name):
    watch = run(kind, name)
    watch.record.write(tmp_path / "diagnosis.json")
    watch.history.write_csv(tmp_path / "history.csv")
    table = json.loads((tmp_path / "diagnosis.json").read_text())
    assert table["columns"]["epoch"][0] == 0 and table["columns"]["update 1"][0] is None
    assert math.isnan(read_run(tmp_path).columns["update 1"][0])
    for path in (tmp_path, tmp_path / "history.csv"):
        assert [str(p) for p in diagnose(read_run(path))] == [str(p) for p in watch.problems()]


def test_a_history_alone_is_enough(tmp_path):
    run("ill", "overfitting").history.write_csv(tmp_path / "history.csv")
    record = read_run(tmp_path)
    assert not record.measured and names(record) == ["overfitting"]


BAD_FILES = {
    "no run": ({}, "holds no run"),
    "no csv": ({"history.csv": "epoch,loss\n1,much\n"}, "history.csv: is not a history"),
    "a short row": ({"history.csv": "epoch,loss\n1\n"}, "history.csv: is not a history"),
    "other columns": ({"history.csv": "a,b\n1,2\n"}, "lacks the columns"),
    "no text": ({"history.csv": b"\xff\xfe\x00"}, "history.csv: is not a history"),
    "no json": ({"diagnosis.json": "{"}, "diagnosis.json: cannot be read"),
    "another format": ({"diagnosis.json": '{"format": 2, "columns": {}}'}, "diagnosis.json: cannot be read"),
    "a list": ({"diagnosis.json": "[]"}, "diagnosis.json: cannot be read"),
    "columns of unequal length": (
        {"diagnosis.json": '{"format": 1, "columns": {"epoch": [0], "norm": []}}'},
        "unequal length",
    ),
    "no columns": ({"diagnosis.json": '{"format": 1, "columns": 7}'}, "diagnosis.json: cannot be read"),
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_damaged_runs_are_refused_in_a_sentence(tmp_path, name):
    files, words = BAD_FILES[name]
    for file, content in files.items():
        (tmp_path / file).write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(ByhandError, match=words) as refusal:
        read_run(tmp_path)
    assert "\n" not in str(refusal.value)
