"""Each diagnosis, on a training that has the illness and on one that has not; what is measured; how it is kept."""

import json
import math
import pickle
from contextlib import suppress
from functools import cache

import numpy as np
import pytest
from scipy.stats import entropy as scipy_entropy
from sklearn.datasets import load_digits

from byhand import (
    BatchNorm,
    BinaryCrossEntropy,
    ByhandError,
    Callback,
    CategoricalCrossEntropy,
    CosineAnnealing,
    Dense,
    Dropout,
    Glorot,
    GradientDescent,
    He,
    LayerNorm,
    Network,
    Normal,
    QuadraticCost,
    ReLU,
    Residual,
    Sigmoid,
    Tanh,
    TrainingDiverged,
    Uniform,
    Zeros,
    fit,
)
from byhand.diagnosis import Record, Watch, diagnose, measure, read_run
from byhand.diagnosis.findings import hint, outcome, unknown
from byhand.optimizers import Adam
from byhand.training import Averaging
from byhand.training.guard import LastGood

CE = CategoricalCrossEntropy


@cache
def digits():
    """scikit-learn's 1,797 digits of 8 × 8 pixels from 0 to 1, in an order of our own: training and validation."""
    x, y = load_digits(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(x))
    x, y = x[order] / 16, y[order]
    return (x[:1400], y[:1400]), (x[1400:], y[1400:])


def deep(activation, initializer, layers=6):
    hidden = [part for _ in range(layers) for part in (Dense(30, initializer), activation())]
    return [*hidden, Dense(10, initializer)]


def watched(layers, loss, optimizer, samples=1400, scale=1.0, epochs=5, batch_size=32, classes=10):
    """The Watch of a training on digits, also where it diverges."""
    (x, y), (x_val, y_val) = digits()
    chosen, held = np.flatnonzero(y < classes)[:samples], y_val < classes
    watch, network = Watch(), Network(64, layers, loss, rng=0)
    with suppress(TrainingDiverged):
        fit(
            network,
            x[chosen] * scale,
            y[chosen],
            validation=(x_val[held] * scale, y_val[held]),
            epochs=epochs,
            batch_size=batch_size,
            optimizer=optimizer,
            callbacks=[watch],
            progress=False,
        )
    return watch


def small():
    return [Dense(50, He()), ReLU(), Dense(50, He()), ReLU(), Dense(10)]


def nielsen():
    return [Dense(30, Normal(), Normal()), Sigmoid(), Dense(10, Normal(), Normal()), Sigmoid()]


HEALTHY = {
    "dense": lambda: watched(small(), CE(), Adam(CosineAnnealing(0.002)), epochs=8),
    "nielsen": lambda: watched(nielsen(), QuadraticCost(), GradientDescent(3.0), batch_size=10, epochs=8),
    "guide": lambda: watched(
        [Dense(256, Normal(0.01)), ReLU(), Dense(10, Normal(0.01))],
        BinaryCrossEntropy(),
        GradientDescent(0.5),
        batch_size=None,
        epochs=40,
    ),
    "guide, a few epochs": lambda: watched(
        [Dense(256, Normal(0.01)), ReLU(), Dense(10, Normal(0.01))],
        BinaryCrossEntropy(),
        GradientDescent(0.5),
        batch_size=None,
        epochs=5,
    ),
    "one layer": lambda: watched([Dense(10)], CE(), GradientDescent(0.5), epochs=10),
    "deep tanh": lambda: watched(deep(Tanh, Glorot()), CE(), GradientDescent(0.1), epochs=10),
    "deep ReLU": lambda: watched(deep(ReLU, He()), CE(), GradientDescent(0.05), epochs=10),
    "normalised blocks": lambda: watched(
        [Dense(30), Residual([BatchNorm(), ReLU(), Dense(30)]), LayerNorm(), Dropout(0.2), Dense(10)], CE(), Adam(0.003)
    ),
}

# What is wrong, and the training that has it; the same parts well chosen are among the healthy.
ILL = {
    "vanishing gradients": lambda: watched(deep(Sigmoid, Glorot()), CE(), GradientDescent(0.5)),
    "exploding gradients": lambda: watched(deep(ReLU, Normal(0.6)), CE(), GradientDescent(1e-4)),
    "dead ReLUs": lambda: watched([Dense(50, He(), Uniform(-9, -5)), ReLU(), Dense(10)], CE(), Adam()),
    "dead ReLUs (by large steps)": lambda: watched(small(), CE(), GradientDescent(8.0)),
    "saturated units": lambda: watched([Dense(30, Normal(9)), Tanh(), Dense(10)], CE(), GradientDescent(0.01)),
    "identical units": lambda: watched([Dense(30, Zeros()), Sigmoid(), Dense(10, Zeros())], CE(), GradientDescent(0.5)),
    "identical units (ReLU)": lambda: watched([Dense(30, Zeros()), ReLU(), Dense(10, Zeros())], CE(), Adam()),
    "learning rate too high": lambda: watched(nielsen(), QuadraticCost(), GradientDescent(100.0), batch_size=10),
    "learning rate too high (Adam)": lambda: watched(small(), CE(), Adam(0.5)),
    "learning rate too low": lambda: watched(nielsen(), QuadraticCost(), GradientDescent(0.001), batch_size=10),
    "learning rate too low (Adam)": lambda: watched(small(), CE(), Adam(1e-6)),
    "overfitting": lambda: watched(small(), CE(), Adam(0.01), samples=50, epochs=60, batch_size=10),
    "too little data": lambda: watched(small(), CE(), Adam(0.01), samples=50, epochs=60, batch_size=10),
    "underfitting": lambda: watched([Dense(2, He()), ReLU(), Dense(10)], CE(), Adam(0.01), epochs=50),
    "data not scaled": lambda: watched([Dense(30), Sigmoid(), Dense(10)], CE(), GradientDescent(0.1), scale=255.0),
    "the loss is not finite": lambda: watched(small(), CE(), GradientDescent(1e30)),
}


@cache
def run(kind, name):
    return {"healthy": HEALTHY, "ill": ILL}[kind][name]()


@pytest.mark.parametrize("name", HEALTHY)
def test_nothing_is_wrong_with_the_healthy(name):
    assert run("healthy", name).problems() == []


@pytest.mark.parametrize("name", ILL)
def test_the_illness_is_found(name):
    problems = {problem.name: problem for problem in run("ill", name).problems()}
    found = problems[name.split(" (")[0]]
    assert any(character.isdigit() for character in found.seen)  # the numbers that it saw
    assert found.seen.endswith(".") and found.advice.endswith(".")
    assert str(found).startswith(found.name[0].upper())


def test_the_worst_comes_first_and_causes_before_effects():
    names = [problem.name for problem in run("ill", "data not scaled").problems()]
    assert names[:2] == ["data not scaled", "saturated units"]
    severities = [problem.severity for problem in run("ill", "learning rate too high (Adam)").problems()]
    assert severities == sorted(severities, reverse=True)


# ---- rules, on histories written by hand --------------------------------------------------------------------------


def history(**columns):
    n = len(next(iter(columns.values())))
    return Record({"epoch": [float(i + 1) for i in range(n)]} | columns)


def names(record):
    return [problem.name for problem in diagnose(record)]


def test_overfitting_says_from_which_epoch():
    record = history(
        loss=[1.0, 0.5, 0.2, 0.1],
        val_loss=[1.1, 0.7, 0.8, 0.9],
        accuracy=[0.6, 0.8, 0.95, 0.99],
        val_accuracy=[0.6, 0.75, 0.76, 0.76],
    )
    (problem,) = diagnose(record)
    assert problem.name == "overfitting"
    assert "Since epoch 2 the validation loss rose from 0.7, while the training loss fell from 0.5." in problem.seen
    assert "99.0 % of the training samples" in problem.seen and "76.0 % of the validation" in problem.seen
    assert problem.numbers["accuracy_gap"] == pytest.approx(0.23)


@pytest.mark.parametrize(
    "columns, name",
    [
        ({"accuracy": [0.7, 0.97], "val_accuracy": [0.7, 0.96], "loss": [1, 0.1], "val_loss": [1, 0.3]}, None),
        ({"accuracy": [0.7, 0.97], "val_accuracy": [0.7, 0.90], "loss": [1, 0.3], "val_loss": [1, 0.4]}, None),
        ({"accuracy": [0.7, 0.97], "val_accuracy": [0.7, 0.90], "loss": [1, 0.1], "val_loss": [1, 0.4]}, "overfitting"),
        ({"loss": [1, 0.5, 0.1], "val_loss": [1.1, 0.6, 0.9]}, "overfitting"),
        ({"loss": [1, 0.5, 0.4], "val_loss": [1.1, 0.6, 0.62]}, None),
        ({"loss": [1, 2, 3], "val_loss": [1, 2, 3]}, "learning rate too high"),
        ({"loss": [3, 0.2, 1, 2], "val_loss": [1, 2, 3, 3]}, "learning rate too high"),
        ({"loss": [3, 2, 2.5, 1.5, 2, 1], "val_loss": [3, 2, 2.5, 1.5, 2, 1]}, None),  # it swings, but gets on
        ({"loss": [3, 2.95, 2.9, 2.85], "val_loss": [3, 2.95, 2.9, 2.85]}, "learning rate too low"),
        ({"loss": [3, 2.7, 2.65, 2.64], "val_loss": [3, 2.7, 2.65, 2.64]}, None),  # it slows down
        ({"loss": [2.3, 2.3], "val_loss": [2.3, 2.3], "accuracy": [0.1, 0.1]}, "it does not learn"),
        ({"loss": [0.01, 0.01], "val_loss": [0.01, 0.01], "accuracy": [1, 1]}, None),
        ({"loss": [1, math.nan], "val_loss": [1, 1]}, "the loss is not finite"),
        ({"loss": [1, 0.5], "val_loss": [1, math.inf]}, "the loss is not finite"),
        ({"loss": [1, 0.5]}, "no validation"),
    ],
)
def test_curves(columns, name):
    record = history(**columns)
    assert names(record) == ([name] if name else [])


def test_underfitting_needs_a_stop_and_low_accuracy():
    loss = [2 / (1 + i) + 1 for i in range(40)]
    low = {"loss": loss, "val_loss": loss, "accuracy": [0.6] * 40, "val_accuracy": [0.6] * 40}
    assert names(history(**low)) == ["underfitting"]
    assert names(history(**low | {"accuracy": [0.9] * 40, "val_accuracy": [0.9] * 40})) == []
    falling = [2 * 0.9**i for i in range(40)]
    assert names(history(**low | {"loss": falling, "val_loss": falling})) == []


@pytest.mark.parametrize("counts, severity", [([900, 100], None), ([1000, 90], 2), ([1000, 0], 1)])
def test_unbalanced_classes(counts, severity):
    record = history(loss=[1, 0.1], val_loss=[1, 0.1])
    record.data = {"counts": counts}
    found = diagnose(record)
    assert [problem.severity for problem in found] == ([severity] if severity else [])


@pytest.mark.parametrize("size, wrong", [(0.01, True), (0.03, False), (1, False), (4.9, False), (5.1, True)])
def test_scale_of_the_inputs(size, wrong):
    record = history(loss=[1, 0.1], val_loss=[1, 0.1])
    record.data = {"input_rms": size, "input_min": 0.0, "input_max": 2 * size}
    assert ("data not scaled" in names(record)) == wrong


def test_what_is_said_of_the_whole():
    record = history(loss=[2, 1.5, 1.1], accuracy=[0.2, 0.3, 0.4], val_accuracy=[0.2, 0.3, 0.45])
    assert outcome(record) == (
        "3 epochs; the loss went from 2 to 1.1, training accuracy 40.00 %, validation accuracy 45.00 %."
    )
    assert "26 % an epoch" in hint(record)  # 1 − √(1.1 / 2)
    assert hint(history(loss=[2, 1.99, 1.98], accuracy=[0.2] * 3)) == ""
    assert "gradients" in unknown(record) and unknown(run("healthy", "dense").record) == ""
    assert outcome(Record()) == "No epoch was finished."


@pytest.mark.parametrize(
    "first, last, norm, found",
    [
        (1e-2, 1.0, 2.0, []),
        (1 / 400, 1.0, 2.0, []),
        (1 / 600, 1.0, 2.0, ["vanishing gradients"]),
        (0.0, 1.0, 2.0, ["vanishing gradients"]),
        (1.0, 0.0, 2.0, []),
        (0.0, 0.0, 0.0, []),
        (1.0, 1.0, 99.0, []),
        (1.0, 1.0, 101.0, ["exploding gradients"]),
        (math.nan, math.nan, math.nan, []),
    ],
)
def test_gradients(first, last, norm, found):
    record = history(loss=[1, 0.1], val_loss=[1, 0.1])
    gradients = {f"gradient {n}": [value] * 3 for n, value in (("1", first), ("3", 0.5), ("5", last))}
    record.columns = {"epoch": [0.0, 1.0, 2.0], "norm": [norm] * 3} | gradients
    assert names(record) == found


def test_serious_before_moderate():
    record = history(loss=[1, 2, 3], val_loss=[1, 2, 3])
    record.data = {"counts": [1000, 90]}
    assert names(record) == ["learning rate too high", "unbalanced classes"]


# ---- what is measured ---------------------------------------------------------------------------------------------


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


# ---- files --------------------------------------------------------------------------------------------------------


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


# ---- a loss that is no number -------------------------------------------------------------------------------------


def diverging(optimizer, layers=None, epochs=5, batch_size=32, **changes):
    (x, y), _ = digits()
    network = Network(64, layers or small(), CE(), rng=0)
    start = network.theta.copy()
    with pytest.raises(TrainingDiverged) as caught:
        fit(network, x, y, epochs=epochs, batch_size=batch_size, optimizer=optimizer, progress=False, **changes)
    return network, start, caught.value


@pytest.mark.parametrize("batch_size", [32, None])
def test_the_layer_and_the_step_where_it_began(batch_size):
    """At step 1 θ becomes about 1e28 everywhere; at step 2 layer 1 gives 1e29, layer 3 1e57, too much for float32."""
    network, start, error = diverging(GradientDescent(1e30), batch_size=batch_size)
    assert (error.what, error.layer, error.step, error.kept_step) == ("output", 3, 2, 0)
    assert error.epoch == (1 if batch_size else 2) and error.rate == 1e30 and not math.isfinite(error.loss)
    np.testing.assert_array_equal(network.theta, start)  # one step was good: the weights before it
    for words in ("step 2", "layer 3, Dense(50", "last good weights", "a tenth"):
        assert words in str(error)
    again = pickle.loads(pickle.dumps(error))
    assert str(again) == str(error) and again.layer == 3


class Poison(ReLU):
    """After so many passes, something is not finite."""

    passes, way = 0, ""

    def forward(self, ops, at):
        Poison.passes += 1
        super().forward(ops, at)
        if Poison.way == "output" and Poison.passes > 250:
            at.y[0, 0] = np.inf

    def slope(self, ops, at, dx):
        super().slope(ops, at, dx)
        if Poison.way == "gradient" and Poison.passes > 250:
            dx[0, 0] = np.nan


@pytest.mark.parametrize("way, layer, step", [("output", 4, 251), ("gradient", 3, 251)])
def test_the_last_good_weights_come_back(monkeypatch, way, layer, step):
    """44 steps make an epoch; copies are renewed each 44 steps, with the weights before that step."""
    monkeypatch.setattr(Poison, "passes", 0)
    monkeypatch.setattr(Poison, "way", way)
    thetas = []

    class Keep(Callback):
        def on_step(self, training):
            thetas.append(training.network.theta.copy())

    layers = [Dense(20, He()), ReLU(), Dense(20, He()), Poison(), Dense(10)]
    network, _, error = diverging(GradientDescent(0.05), layers, epochs=10, callbacks=[Keep()])
    assert (error.what, error.layer, error.step) == (way, layer, step)
    assert error.kept_step == 5 * 44 - 1
    np.testing.assert_array_equal(network.theta, thetas[error.kept_step - 1])


class SpoilWeights(Callback):
    """After a step, one number of the weights' gradient or of the weights is not finite: biases know nothing of it."""

    def __init__(self, step, vector, value):
        self.step, self.vector, self.value = step, vector, value

    def on_step(self, training):
        if training.step == self.step:
            getattr(training.network, self.vector)[70] = self.value


def test_nan_in_a_weight_is_found_before_the_next_step_is_made():
    _, _, error = diverging(GradientDescent(0.1), callbacks=[SpoilWeights(30, "theta", np.nan)])
    assert (error.what, error.layer, error.step) == ("weights", 1, 31)


class WeightPoison(Dense):
    """A Dense layer whose weights' gradient, and nothing else, has infinity in it from some step on."""

    passes = 0

    def backward(self, ops, at):
        super().backward(ops, at)
        WeightPoison.passes += 1
        if WeightPoison.passes > 100:
            at.g.W[0, 0] = np.inf


@pytest.mark.parametrize("batch_size, step", [(512, 101), (32, 102), (None, 101)])
def test_infinity_in_the_gradient_of_a_weight_is_seen_at_once_or_by_the_next_loss(monkeypatch, batch_size, step):
    """Steps of 512 samples and more are looked at as a whole, those of 32 only now and then (step 112 here)."""
    monkeypatch.setattr(WeightPoison, "passes", 0 if batch_size else -200)  # a full batch of 1,400 goes in three pieces
    _, _, error = diverging(GradientDescent(0.01), [WeightPoison(20), ReLU(), Dense(10)], 200, batch_size)
    assert (error.what, error.layer, error.step) == ("gradient", 1, step)


def test_infinite_weights_behind_saturated_units_are_found_when_the_epoch_ends():
    layers = [Dense(20), Sigmoid(), Dense(10), Sigmoid()]
    (x, y), _ = digits()
    x = np.abs(x) + 0.1  # no zeros, since ∞ · 0 is NaN and would be seen at once
    network = Network(64, layers, QuadraticCost(), rng=0)
    spoil = SpoilWeights(30, "theta", np.inf)
    with pytest.raises(TrainingDiverged, match="weights are not finite in epoch 1, step 44") as caught:
        fit(network, x, y, batch_size=32, optimizer=GradientDescent(0.1), callbacks=[spoil], progress=False)
    assert caught.value.kept_step < 30 and np.isfinite(network.theta).all()


def test_infinite_weights_are_told_from_infinite_outputs():
    """1e39 is too much for float32: the first step itself makes the weights infinite."""
    _, _, error = diverging(GradientDescent(1e44))
    assert error.what == "weights" and error.layer == 1 and error.step == 2


def test_a_loss_on_its_way_to_infinity_is_not_kept():
    """Full batch: a copy at every step, while the loss is at most twice the lowest. Here it first falls, then grows."""
    (x, y), _ = digits()
    losses, thetas = [], []

    class Keep(Callback):
        def on_step(self, training):
            losses.append(training.loss)
            thetas.append(training.network.theta.copy())

    network = Network(64, [Dense(10)], QuadraticCost(), rng=0, task="classes")
    thetas.append(network.theta.copy())
    optimizer = GradientDescent(0.21)  # the largest eigenvalue of xᵀx / n is 10.5; above 2 / 10.5 that direction grows
    with pytest.raises(TrainingDiverged) as caught:
        fit(network, x, y, epochs=900, batch_size=None, optimizer=optimizer, callbacks=[Keep()], progress=False)
    well = [step for step, loss in enumerate(losses) if loss <= 2 * min(losses[: step + 1])]
    assert 0 < well[-1] < len(losses) - 20
    assert caught.value.kept_step == well[-1]
    np.testing.assert_array_equal(network.theta, thetas[well[-1]])


def test_good_weights_are_those_whose_loss_is_near_the_lowest():
    network = Network(2, [Dense(1)], QuadraticCost())
    good, kept = LastGood(network), []
    for step, loss in enumerate([10, 1, 3, 1.5, 19, 1.9, 0.5, 1.1], 1):
        good.look(loss, step, steps=1)
        kept.append(good.step)
    assert kept == [0, 1, 1, 3, 3, 5, 6, 6]


def test_averaging_does_not_bring_back_what_exploded():
    network, start, _ = diverging(GradientDescent(1e30), callbacks=[Averaging(0.9)])
    np.testing.assert_array_equal(network.theta, start)


def test_running_statistics_come_back_too():
    layers = [Dense(20), BatchNorm(), ReLU(), Dense(10)]
    network, *_ = diverging(GradientDescent(1e38), layers)
    assert np.isfinite(network.state).all() and np.isfinite(network.theta).all()
