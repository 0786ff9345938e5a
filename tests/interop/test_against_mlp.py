"""The same parameters give the network that scikit-learn's MLPClassifier and MLPRegressor give.

Both start from the same random numbers and see the same batches, so what remains is rounding.
"""

import inspect

import numpy as np
import pytest
from sklearn.datasets import load_digits, make_regression
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier, MLPRegressor

from byhand.interop.estimators import NetworkClassifier, NetworkRegressor

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

X, DIGITS = load_digits(return_X_y=True)
X = X[:500] / 16
DIGITS = DIGITS[:500]
TARGETS = {
    "digits": DIGITS,
    "two classes": np.where(DIGITS > 4, 7, 3),
    "labels": np.column_stack([DIGITS > 4, DIGITS % 2]).astype(int),
}
SETTINGS = {
    "adam": {},
    "full batch": {"batch_size": 500, "solver": "sgd", "learning_rate_init": 0.5, "momentum": 0.0},
    "nesterov": {"solver": "sgd", "learning_rate_init": 0.1},
    "momentum": {"solver": "sgd", "learning_rate_init": 0.1, "nesterovs_momentum": False, "activation": "tanh"},
    "invscaling": {"solver": "sgd", "learning_rate_init": 2.0, "learning_rate": "invscaling", "power_t": 0.4},
    "adaptive": {"solver": "sgd", "learning_rate": "adaptive", "learning_rate_init": 0.1, "tol": 0.03}
    | {"n_iter_no_change": 2, "max_iter": 40},
    "in order": {"shuffle": False, "batch_size": 64},
    "sigmoids": {"activation": "logistic", "hidden_layer_sizes": (20, 15), "learning_rate_init": 0.02},
    "linear": {"hidden_layer_sizes": (), "alpha": 5.0},
    "identity": {"activation": "identity", "alpha": 20.0, "beta_1": 0.8, "beta_2": 0.99, "epsilon": 1e-4},
    "early stopping": {"early_stopping": True, "learning_rate_init": 0.02, "n_iter_no_change": 2, "max_iter": 40},
    "stops": {"tol": 0.02, "n_iter_no_change": 1, "max_iter": 100},
}


def assert_same(ours, theirs, atol=1e-10):
    for name in ("coefs_", "intercepts_"):
        for a, b in zip(getattr(ours, name), getattr(theirs, name), strict=True):
            np.testing.assert_allclose(a, b, rtol=0, atol=atol)
    np.testing.assert_allclose(ours.loss_curve_, theirs.loss_curve_, rtol=1e-8)
    for name in ("n_iter_", "t_", "n_layers_", "n_outputs_", "out_activation_"):
        assert getattr(ours, name) == getattr(theirs, name), name
    for name in ("loss_", "best_loss_", "validation_scores_", "best_validation_score_"):
        a, b = getattr(ours, name), getattr(theirs, name)
        assert (a is None) == (b is None), name
        if a is not None:
            np.testing.assert_allclose(a, b, rtol=1e-8, err_msg=name)


def options(name):
    return {"hidden_layer_sizes": (20,), "max_iter": 8, "random_state": 3} | SETTINGS[name]


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("setting", SETTINGS)
def test_classifier(setting, target):
    ours = NetworkClassifier(**options(setting)).fit(X, TARGETS[target])
    theirs = MLPClassifier(**options(setting)).fit(X, TARGETS[target])
    assert_same(ours, theirs)
    np.testing.assert_array_equal(ours.classes_, theirs.classes_)
    np.testing.assert_array_equal(ours.predict(X), theirs.predict(X))
    np.testing.assert_allclose(ours.predict_proba(X), theirs.predict_proba(X), rtol=1e-8)
    np.testing.assert_allclose(ours.predict_log_proba(X), theirs.predict_log_proba(X), rtol=1e-8)


@pytest.mark.parametrize("outputs", [1, 3])
@pytest.mark.parametrize("setting", SETTINGS)
def test_regressor(setting, outputs):
    x, y = make_regression(300, 12, n_targets=outputs, random_state=0)
    y = y / np.std(y)
    changes = {"learning_rate_init": 0.01, "batch_size": 50}
    ours = NetworkRegressor(**options(setting) | changes).fit(x, y)
    theirs = MLPRegressor(**options(setting) | changes).fit(x, y)
    assert_same(ours, theirs)
    np.testing.assert_allclose(ours.predict(x), theirs.predict(x), rtol=1e-8, atol=1e-10)


def has_weights():
    return "sample_weight" in inspect.signature(MLPClassifier.fit).parameters  # since scikit-learn 1.7


@pytest.mark.skipif(not has_weights(), reason="this scikit-learn's MLPClassifier takes no sample weights")
@pytest.mark.parametrize("setting", ["adam", "full batch", "identity", "early stopping"])
def test_sample_weights(setting):
    weights = np.random.default_rng(0).exponential(3.0, len(X)) + 0.01
    ours = NetworkClassifier(**options(setting)).fit(X, DIGITS, weights)
    assert_same(ours, MLPClassifier(**options(setting)).fit(X, DIGITS, weights))


@pytest.mark.skipif(not has_weights(), reason="this scikit-learn's MLPRegressor knows no Poisson loss")
def test_counts():
    rng = np.random.default_rng(0)
    x = rng.standard_normal((300, 4))
    y = rng.poisson(np.exp(x @ [0.5, -0.4, 0.3, 0.0] + 0.5), 300).astype(float)
    keep = options("adam") | {"loss": "poisson", "learning_rate_init": 0.01, "max_iter": 30}
    ours, theirs = NetworkRegressor(**keep).fit(x, y), MLPRegressor(**keep).fit(x, y)
    assert_same(ours, theirs)
    np.testing.assert_allclose(ours.predict(x), theirs.predict(x))
    weights = rng.random(300)
    assert_same(NetworkRegressor(**keep).fit(x, y, weights), MLPRegressor(**keep).fit(x, y, weights))


@pytest.mark.parametrize("setting", ["adam", "nesterov", "invscaling", "momentum"])
def test_partial_fit(setting):
    ours, theirs = NetworkClassifier(**options(setting)), MLPClassifier(**options(setting))
    for start in (0, 200, 100, 300):
        rows = slice(start, start + 200)
        ours.partial_fit(X[rows], DIGITS[rows], classes=np.arange(10))
        theirs.partial_fit(X[rows], DIGITS[rows], classes=np.arange(10))
    assert_same(ours, theirs)


@pytest.mark.parametrize("setting", ["adam", "adaptive"])
def test_warm_start(setting):
    ours, theirs = (kind(**options(setting), warm_start=True) for kind in (NetworkClassifier, MLPClassifier))
    for _ in range(3):
        assert_same(ours.fit(X, DIGITS), theirs.fit(X, DIGITS))


def test_one_random_state_for_several_fits():
    ours, theirs = (
        kind(max_iter=2, random_state=np.random.RandomState(5)) for kind in (NetworkClassifier, MLPClassifier)
    )
    for _ in range(2):
        assert_same(ours.fit(X, DIGITS), theirs.fit(X, DIGITS))


def test_float32():
    x = X.astype(np.float32)
    ours = NetworkClassifier(**options("nesterov")).fit(x, DIGITS)
    theirs = MLPClassifier(**options("nesterov")).fit(x, DIGITS)
    for a, b in zip(ours.coefs_, theirs.coefs_, strict=True):
        assert a.dtype == b.dtype == np.float32
        np.testing.assert_allclose(a, b, rtol=0, atol=1e-5)
    assert ours.predict_proba(x).dtype == np.float32


def test_the_same_parameters_with_the_same_defaults():
    for ours, theirs in ((NetworkClassifier(), MLPClassifier()), (NetworkRegressor(), MLPRegressor())):
        expected = theirs.get_params()
        found = ours.get_params()
        assert expected.items() <= found.items()
        assert set(found) - set(expected) <= {"checkpoint", "class_weight", "layers", "loss"}


def test_warns_where_it_has_not_converged():
    with pytest.warns(ConvergenceWarning, match="max_iter=2") as caught:
        NetworkClassifier(max_iter=2).fit(X, DIGITS)
    assert caught[0].filename == __file__


def test_as_many_digits_read_as_by_mlp_classifier():
    x, y = load_digits(return_X_y=True)
    scores = []
    for seed in range(3):
        for kind in (NetworkClassifier, MLPClassifier):
            scores.append(kind((30,), max_iter=40, random_state=seed).fit(x[:1200], y[:1200]).score(x[1200:], y[1200:]))
    assert min(scores) > 0.8
    np.testing.assert_allclose(scores[::2], scores[1::2], atol=0.01)
