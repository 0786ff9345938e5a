"""Metrics agree with scikit-learn, also where a class never occurs or is never predicted."""

import numpy as np
import pytest
from sklearn import metrics as sk

from byhand import MSE, BinaryCrossEntropy, CategoricalCrossEntropy, Dense, Network, evaluate, fit
from byhand.metrics import accuracy, confusion_matrix, regression_errors, scores

K = 5


def random(seed, of=range(K), called=range(K), n=200):
    rng = np.random.default_rng(seed)
    truth = rng.choice(list(of), n)
    return truth, np.where(rng.random(n) < 0.6, truth, rng.choice(list(called), n))


CASES = {
    "all classes": random(0),
    "a class that never occurs": random(1, of=[0, 1, 3, 4]),
    "a class that is never predicted": (random(2)[0], np.where(random(2)[1] == 2, 3, random(2)[1])),
    "a class of which there is nothing": random(3, of=[0, 1, 2], called=[0, 1, 2]),
    "all right": (np.arange(K).repeat(4), np.arange(K).repeat(4)),
    "all wrong": (np.arange(K), (np.arange(K) + 1) % K),
    "one sample": (np.array([3]), np.array([3])),
    "bytes": tuple(a.astype(np.uint8) for a in random(4)),
}


@pytest.mark.parametrize(("truth", "predicted"), CASES.values(), ids=CASES)
def test_like_scikit_learn(truth, predicted):
    labels = np.arange(K)
    confusion = confusion_matrix(truth, predicted, K)
    np.testing.assert_array_equal(confusion, sk.confusion_matrix(truth, predicted, labels=labels))
    assert accuracy(truth, predicted) == pytest.approx(sk.accuracy_score(truth, predicted), rel=1e-12)
    ours = scores(confusion)
    each = sk.precision_recall_fscore_support(truth, predicted, labels=labels, zero_division=0)
    for mine, theirs in zip((ours.precision, ours.recall, ours.f1, ours.support), each, strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-12)
    for average in ("macro", "weighted"):
        theirs = sk.precision_recall_fscore_support(truth, predicted, labels=labels, average=average, zero_division=0)
        assert getattr(ours, average)() == pytest.approx(theirs[:3], rel=1e-12)


def test_many_classes_in_small_integers():
    truth = np.arange(100, dtype=np.uint8)
    np.testing.assert_array_equal(confusion_matrix(truth, truth[::-1].copy(), 100), np.eye(100)[::-1])


def test_columns_of_labels_are_not_compared_with_rows():
    from byhand import ByhandError

    with pytest.raises(ByhandError, match="pair up"):
        accuracy(np.array([0, 1, 2]), np.array([[0], [1], [2]]))


@pytest.mark.parametrize(("outputs", "loss"), [(3, CategoricalCrossEntropy()), (1, BinaryCrossEntropy())])
def test_evaluate_agrees_with_scikit_learn_on_the_predictions(outputs, loss):
    rng = np.random.default_rng(0)
    network = Network(4, [Dense(outputs)], loss, rng=1)
    x, y = rng.standard_normal((1500, 4)), rng.integers(0, max(outputs, 2), 1500)  # more than one piece
    figures, p = evaluate(network, x, y), network.predict_proba(x)
    predicted = network.predict(x)
    np.testing.assert_array_equal(predicted, p.argmax(axis=1) if outputs > 1 else p[:, 0] >= 0.5)
    assert figures.samples == 1500
    assert figures.accuracy == pytest.approx(sk.accuracy_score(y, predicted))
    assert figures.loss == pytest.approx(sk.log_loss(y, p if outputs > 1 else p[:, 0]), rel=1e-5)
    np.testing.assert_array_equal(figures.confusion, sk.confusion_matrix(y, predicted))
    assert figures.scores.macro()[2] == pytest.approx(sk.f1_score(y, predicted, average="macro"))
    assert figures.seconds_per_image > 0
    assert figures.seconds_per_batch > 0


NUMBERS = {
    "one output": np.random.default_rng(5).normal(size=(2, 40)),
    "three outputs": np.random.default_rng(6).normal(1e3, 5, size=(2, 40, 3)),
    "constant truth": np.stack([np.ones(5), np.arange(5.0)]),
    "constant truth, met": np.ones((2, 5)),
    "all right": np.stack([np.arange(5.0), np.arange(5.0)]),
    "one column constant": np.stack([np.c_[np.ones(4), np.arange(4.0)], np.c_[np.arange(4.0), np.ones(4)]]),
}


@pytest.mark.parametrize("name", NUMBERS)
def test_errors_of_predicted_numbers_agree_with_scikit_learn(name):
    truth, predicted = NUMBERS[name]
    found = regression_errors(truth, predicted)
    assert found.mae == pytest.approx(sk.mean_absolute_error(truth, predicted), rel=1e-12)
    assert found.rmse == pytest.approx(sk.root_mean_squared_error(truth, predicted), rel=1e-12)
    assert found.r2 == pytest.approx(sk.r2_score(truth, predicted), rel=1e-12)


@pytest.mark.parametrize("form", [np.asarray, lambda y: y[:, None], np.int64, lambda y: y.astype(int)[:, None]])
def test_a_network_that_predicts_numbers_is_evaluated_as_one(form):
    rng = np.random.default_rng(0)
    x = rng.standard_normal((80, 3))
    y = form(np.rint(10 * x[:, 0]))  # whole numbers are numbers, too
    network = Network(3, [Dense(1)], MSE())
    history = fit(network, x, y, epochs=1, progress=False)
    assert "accuracy" not in history
    outputs, truth = network.predict_proba(x)[:, 0], np.ravel(y)
    found = evaluate(network, x, y)
    assert found.samples == 80
    assert found.loss == pytest.approx(np.mean((outputs - truth) ** 2), rel=1e-5)
    assert found.mae == pytest.approx(sk.mean_absolute_error(truth, outputs), rel=1e-5)
    assert found.rmse == pytest.approx(sk.root_mean_squared_error(truth, outputs), rel=1e-5)
    assert found.r2 == pytest.approx(sk.r2_score(truth, outputs), rel=1e-4)
