"""Gradients that vanish or explode on their way back through a sequence are named."""

import math

import numpy as np
import pytest

from byhand import LSTM, RNN, SGD, Bidirectional, CategoricalCrossEntropy, Dense, Identity, Network, Watch, fit
from byhand.diagnosis import Record, diagnose

T = 40
VANISH, EXPLODE = "gradients that vanish over time", "gradients that explode over time"


def watched(layer, larger=1.0):
    """One epoch; the class is the sign of the first number."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal((64, T, 2))
    network = Network((T, 2), [layer, Dense(2)], CategoricalCrossEntropy(), dtype=np.float64)
    for p in network.p[0].children if hasattr(network.p[0], "children") else [network.p[0]]:
        p.R *= larger
    watch = Watch()
    fit(
        network, x, (x[:, 0, 0] > 0).astype(int), optimizer=SGD(1e-6), epochs=1, batch_size=32, callbacks=[watch],
        progress=False,
    )  # fmt: skip
    return {problem.name: problem for problem in watch.problems()}, watch.record


def test_a_plain_layer_forgets():
    problems, record = watched(RNN(16))
    assert "layer 1 (RNN(16))" in problems[VANISH].seen
    assert problems[VANISH].numbers["ratio"] == pytest.approx(np.median(record.columns["over time 1"]))
    assert EXPLODE not in problems


def test_a_large_matrix_explodes():
    problems, _ = watched(RNN(16, nonlinearity="relu", recurrent=Identity()), larger=1.3)
    assert "ClipNorm" in problems[EXPLODE].advice


def test_a_cell_that_remembers_does_neither():
    for layer in (LSTM(16, forget_bias=2.0), RNN(16, nonlinearity="relu", recurrent=Identity())):
        assert not watched(layer)[0].keys() & {VANISH, EXPLODE}


def test_both_ways_are_measured_and_each_from_its_own_end():
    _, record = watched(Bidirectional(RNN(8)))
    assert all(0 < ratio < 1e-2 for n in ("1.1", "1.2") for ratio in record.columns[f"over time {n}"])


@pytest.mark.parametrize(
    ("ratio", "accuracy", "found"),
    [
        (1 / 900, 0.5, []),
        (1 / 1100, 0.5, [VANISH]),
        (0.0, 0.5, [VANISH]),
        (1e-9, 0.95, []),
        (99.0, 0.5, []),
        (101.0, 0.5, [EXPLODE]),
        (math.nan, 0.5, []),
    ],
)
def test_where_the_limits_are(ratio, accuracy, found):
    record = Record({"epoch": [1.0], "loss": [1.0], "val_loss": [1.0], "accuracy": [accuracy], "val_accuracy": [0.5]})
    record.columns = {"epoch": [0.0, 1.0], "over time 1": [ratio] * 2}
    assert [p.name for p in diagnose(record) if "over time" in p.name] == found
