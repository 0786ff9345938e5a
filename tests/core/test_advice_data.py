"""The advice of a diagnosis about the data, and about the rate that find-rate suggests, is followed and works."""

from contextlib import suppress
from dataclasses import replace

import numpy as np
import pytest

from byhand import (
    L2,
    Adam,
    CategoricalCrossEntropy,
    Dense,
    GradientDescent,
    Network,
    TrainingDiverged,
    Watch,
    find_learning_rate,
    fit,
)
from tests.core.diagnosed import digits, small
from tests.core.test_advice import SLOW, on_digits

CE = CategoricalCrossEntropy


def trained(x, y, validation, layers=None, **options):
    """The Watch and the network of a training on other data."""
    watch, network = Watch(), Network(64, layers or small(), CE())
    with suppress(TrainingDiverged):
        fit(network, x, y, validation=validation, callbacks=[watch], progress=False, **options)
    return watch, network


def found(watch):
    return [problem.name for problem in watch.problems()]


def test_more_weight_for_a_rare_class_gets_it_recognised():
    (x, y), (x_val, y_val) = digits()
    rows = np.r_[np.flatnonzero(y == 3), np.flatnonzero(y == 8)[:8]]
    x, y, held = x[rows], (y[rows] == 8).astype(int), np.isin(y_val, (3, 8))
    x_val, y_val = x_val[held], (y_val[held] == 8).astype(int)
    recall = {}
    for weights in (None, np.where(y == 1, (y == 0).sum() / 8, 1.0)):
        watch, network = trained(
            x, y, (x_val, y_val), [Dense(2)], sample_weight=weights, epochs=6, optimizer=GradientDescent(0.1)
        )
        assert "unbalanced classes" in found(watch)
        recall[weights is not None] = np.mean(network.predict(x_val[y_val == 1]))
    assert recall[False] < 0.2
    assert recall[True] > 0.8


def test_labels_that_do_not_belong_to_their_samples():
    (x, y), validation = digits()
    options = {"epochs": 4, "batch_size": 128}
    watch, _ = trained(x, np.random.default_rng(0).permutation(y), validation, **options)
    assert found(watch) == ["it does not learn"]
    assert "whether samples and labels belong together" in watch.problems()[0].advice
    assert found(trained(x, y, validation, **options)[0]) == []


def test_a_class_with_wrong_labels_is_named():
    (x, y), validation = digits()
    sevens, wrong = np.flatnonzero(y == 7), y.copy()
    wrong[sevens[: int(0.7 * len(sevens))]] = 1
    options = {"epochs": 40, "optimizer": GradientDescent(0.05), "regularizers": [L2(0.01)]}
    watch, _ = trained(x, wrong, validation, **options)
    (problem,) = watch.problems()
    assert problem.name == "classes rarely recognised" and "class 7" in problem.seen and "labels" in problem.advice
    assert found(trained(x, y, validation, **options)[0]) == []


def test_an_extreme_value_in_the_data():
    (x, y), validation = digits()
    extreme = x.copy()
    extreme[5, 3] = 1e15
    assert "the loss is not finite" in found(trained(extreme, y, validation, optimizer=SLOW)[0])
    assert found(trained(x, y, validation, optimizer=SLOW)[0]) == []


@pytest.mark.parametrize("optimizer", [Adam(0.5), Adam(1e-6), GradientDescent(100.0), GradientDescent(1e-4)], ids=str)
def test_the_rate_that_find_rate_suggests_learns(optimizer):
    (x, y), _ = digits()
    suggestion = find_learning_rate(Network(64, small(), CE()), x, y, optimizer=optimizer, batch_size=32).suggestion
    watch, accuracy, _ = on_digits(small(), optimizer=replace(optimizer, learning_rate=suggestion))
    assert accuracy > 0.95
    assert watch.problems() == []
