"""The estimators inside scikit-learn: pipelines, searches, frames, weights, and what they refuse."""

import pickle
import runpy
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.datasets import make_classification
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.metrics import accuracy_score
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import byhand
from byhand import ByhandError, TrainingDiverged
from byhand.interop.estimators import NetworkClassifier, NetworkRegressor

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

X, Y = make_classification(200, 8, n_informative=5, n_classes=3, random_state=0)
NAMES = np.array(["apple", "pear", "quince"])[Y]


def small(**options):
    return NetworkClassifier(**{"hidden_layer_sizes": (8,), "max_iter": 20, "random_state": 0} | options)


def same(a, b):
    return all(np.array_equal(p, q) for p, q in zip(a.coefs_ + a.intercepts_, b.coefs_ + b.intercepts_, strict=True))


# ---- inside scikit-learn ----------------------------------------------------------------------------------------


def test_grid_search_over_two_processes_in_a_pipeline():
    pipeline = make_pipeline(StandardScaler(), small())
    grid = {"networkclassifier__alpha": np.logspace(-4, 0, 2), "networkclassifier__max_iter": np.array([5, 20])}
    grid["networkclassifier__hidden_layer_sizes"] = [8, (8, 4)]
    two = GridSearchCV(pipeline, grid, cv=3, n_jobs=2).fit(X, NAMES)
    one = GridSearchCV(pipeline, grid, cv=3).fit(X, NAMES)
    np.testing.assert_array_equal(two.cv_results_["mean_test_score"], one.cv_results_["mean_test_score"])
    assert len(set(two.cv_results_["mean_test_score"])) > 2
    assert same(two.best_estimator_[-1], one.best_estimator_[-1])


def test_cross_validation_equals_splits_by_hand():
    scores = cross_val_score(small(), X, NAMES, cv=[(np.arange(150), np.arange(150, 200))])
    assert scores[0] == accuracy_score(NAMES[150:], small().fit(X[:150], NAMES[:150]).predict(X[150:]))


def test_pickle_predicts_and_goes_on_the_same():
    model = small().partial_fit(X, NAMES, classes=np.unique(NAMES))
    copy = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(copy.predict_proba(X), model.predict_proba(X))
    assert same(copy.partial_fit(X, NAMES), model.partial_fit(X, NAMES))
    assert not hasattr(clone(model), "network_")


def test_frames_and_their_names():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(X, columns=[f"column {i}" for i in range(8)])
    model = small().fit(frame, pandas.Series(NAMES))
    assert list(model.feature_names_in_) == list(frame.columns)
    np.testing.assert_array_equal(model.predict(frame), small().fit(X, NAMES).predict(X))
    with pytest.raises(ValueError, match="feature names"):
        model.predict(frame.rename(columns={"column 0": "other"}))


@pytest.mark.parametrize("kind", [sparse.csr_matrix, sparse.csc_array, sparse.coo_matrix])
def test_sparse_gives_what_dense_gives(kind):
    x = np.where(np.abs(X) < 1, 0, X)
    model = small().fit(kind(x), NAMES)
    assert same(model, small().fit(x, NAMES))
    many = np.repeat(x, 8, axis=0)  # more rows than go through the network at once
    np.testing.assert_allclose(model.predict_proba(kind(many)), model.predict_proba(many), rtol=1e-12)


def test_the_network_itself_can_be_saved_and_explained(tmp_path):
    model = small(solver="sgd", learning_rate_init=0.1).fit(X, NAMES)
    model.network_.save(tmp_path / "fruit.safetensors")
    network = byhand.Network.load(tmp_path / "fruit.safetensors")
    assert network.classes == ("apple", "pear", "quince")
    np.testing.assert_array_equal(np.array(network.classes)[network.predict(X)], model.predict(X))
    assert "softmax" in model.network_.explain()
    model.coefs_[0][...] = 0  # a view of the network's weights
    assert (model.network_.p[0].W == 0).all()


# ---- targets ----------------------------------------------------------------------------------------------------


def test_text_labels_keep_their_order():
    model = small(max_iter=100, learning_rate_init=0.02).fit(X, NAMES)
    assert list(model.classes_) == ["apple", "pear", "quince"]
    assert set(model.predict(X)) <= set(NAMES)
    np.testing.assert_array_equal(model.classes_[model.predict_proba(X).argmax(axis=1)], model.predict(X))
    assert model.score(X, NAMES) > 0.85


def test_two_classes_have_one_output_and_two_probabilities():
    model = small().fit(X, Y > 0)
    assert model.out_activation_ == "logistic" and model.n_outputs_ == 1
    p = model.predict_proba(X)
    np.testing.assert_allclose(p.sum(axis=1), 1)
    np.testing.assert_allclose(p[:, [1]], model.network_.predict_proba(X))


def test_a_single_class_is_certain():
    model = small().fit(X, np.full(200, "only"))
    assert set(model.predict(X)) == {"only"}
    np.testing.assert_array_equal(model.predict_proba(X), np.ones((200, 1)))


def test_several_labels_at_once_also_sparse():
    labels = np.column_stack([Y > 0, X[:, 0] > 0, Y == 1]).astype(int)
    model = small(max_iter=200, learning_rate_init=0.03).fit(X, labels)
    assert model.out_activation_ == "logistic"
    assert model.score(X, labels) > 0.85  # all three right
    assert same(model, clone(model).fit(X, sparse.csr_matrix(labels)))


def test_several_numbers_at_once():
    y = np.column_stack([X[:, 0] * 2, X[:, 1] - X[:, 2]])
    model = NetworkRegressor((20,), max_iter=200, random_state=0, learning_rate_init=0.02).fit(X, y)
    assert model.predict(X).shape == (200, 2)
    assert model.score(X, y) > 0.98
    assert NetworkRegressor((3,), max_iter=2).fit(X, y[:, 0]).predict(X).shape == (200,)


# ---- weights ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [NetworkClassifier, NetworkRegressor])
def test_whole_weights_are_repetitions(kind):
    weights = np.random.default_rng(0).integers(0, 4, 60)
    options = {"hidden_layer_sizes": (8,), "max_iter": 50, "alpha": 2.0, "batch_size": 200, "random_state": 0}
    weighted = kind(**options).fit(X[:60], Y[:60], weights)
    repeated = kind(**options).fit(X[:60].repeat(weights, axis=0), Y[:60].repeat(weights))
    np.testing.assert_allclose(weighted.coefs_[0], repeated.coefs_[0], rtol=0, atol=1e-9)
    np.testing.assert_allclose(weighted.loss_curve_, repeated.loss_curve_, rtol=1e-9)


def test_weight_zero_is_absence_also_in_small_batches():
    weights = np.tile([1.0, 0.0], 100)
    assert same(small(batch_size=16).fit(X, Y, weights), small(batch_size=16).fit(X[::2], Y[::2]))


def test_balanced_classes_are_sample_weights():
    rare = np.r_[np.flatnonzero(Y == 0)[:6], np.flatnonzero(Y == 1), np.flatnonzero(Y == 2)]
    x, y = X[rare], Y[rare]
    weights = len(y) / (3 * np.bincount(y))
    balanced = small(class_weight="balanced").fit(x, y)
    assert same(balanced, small().fit(x, y, weights[y]))
    assert same(balanced, small(class_weight=dict(enumerate(weights))).fit(x, y))
    assert (balanced.predict(x) == 0).sum() > (small().fit(x, y).predict(x) == 0).sum()
    twice = small(class_weight="balanced").fit(x, y, np.arange(len(y)) + 1.0)
    assert same(twice, small().fit(x, y, weights[y] * (np.arange(len(y)) + 1.0)))


# ---- refusals ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"solver": "lbfgs"}, 'no solver="lbfgs"; use "adam" or "sgd"'),
        ({"solver": "newton"}, "solver must be one of adam, sgd"),
        ({"activation": "gelu"}, "activation must be one of identity, logistic, tanh, relu"),
        ({"learning_rate": 0.1}, "learning_rate must be one of constant"),
        ({"learning_rate_init": 0}, "learning_rate_init must be"),
        ({"hidden_layer_sizes": (10, 0)}, "hidden_layer_sizes must be a whole number, at least 1; got 0"),
        ({"hidden_layer_sizes": "ten"}, "hidden_layer_sizes"),
        ({"batch_size": "all"}, "batch_size"),
        ({"max_iter": 0}, "max_iter"),
        ({"alpha": -1}, "alpha"),
        ({"beta_1": 1.0}, "beta_1"),
        ({"momentum": 1.5}, "momentum"),
        ({"n_iter_no_change": 0}, "n_iter_no_change"),
        ({"early_stopping": True, "validation_fraction": 0.005}, "fewer than 2"),
    ],
)
def test_parameters_refused(options, words):
    with pytest.raises(ByhandError, match=words):
        small(**options).fit(X, Y)


def test_calls_refused():
    with pytest.raises(ByhandError, match="which classes there are"):
        small().partial_fit(X, Y)
    with pytest.raises(ByhandError, match="not among classes"):
        small().partial_fit(X, Y, classes=[0, 1])
    with pytest.raises(ByhandError, match="not those of the first call"):
        small().partial_fit(X, Y, classes=[0, 1, 2]).partial_fit(X, Y, classes=[0, 1, 3])
    with pytest.raises(ByhandError, match="balanced"):
        small(class_weight="balanced").partial_fit(X, Y, classes=[0, 1, 2])
    with pytest.raises(ByhandError, match="single epoch"):
        small(early_stopping=True).partial_fit(X, Y, classes=[0, 1, 2])
    with pytest.raises(ByhandError, match="at least 0"):
        small().fit(X, Y, np.where(Y == 0, -1.0, 1.0))
    with pytest.raises(ByhandError, match="negative"):
        NetworkRegressor(loss="poisson").fit(X, X[:, 0])
    with pytest.raises(ByhandError, match="loss must be one of"):
        NetworkRegressor(loss="huber").fit(X, X[:, 0])
    with pytest.raises(TrainingDiverged):
        NetworkRegressor(solver="sgd", learning_rate_init=1e9).fit(X, X[:, 0])
    with pytest.raises(NotFittedError):
        small().predict(X)
    with pytest.raises(AttributeError):
        small().coefs_  # noqa: B018


def test_says_so_where_scikit_learn_is_missing():
    code = "import sys, byhand; sys.modules['sklearn'] = None; import byhand.interop.estimators"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 1
    assert (
        f"needs scikit-learn 1.6 or newer: {sys.executable} -m pip install 'scikit-learn>=1.6'"
        in done.stderr.splitlines()[-1]
    )
    quick = "import sys, byhand; sys.exit('sklearn' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", quick]).returncode == 0


def test_the_example_runs(capsys):
    path = Path(__file__).parents[2] / "examples" / "moving_from_mlpclassifier.py"
    runpy.run_path(str(path), run_name="__main__")
    mlp, ours, *_ = capsys.readouterr().out.splitlines()
    assert mlp.split("loss")[1] == ours.split("loss")[1]


def test_sequences_are_told_apart_by_their_order():
    rng = np.random.default_rng(0)
    x = rng.random((200, 6, 1)).cumsum(axis=1)
    x[::2] = x[::2, ::-1]  # every other one falls
    y = np.array(["falls", "rises"])[np.arange(200) % 2]
    model = NetworkClassifier((8, 6), learning_rate_init=0.02, max_iter=15, random_state=0, tol=0)
    with pytest.warns(ConvergenceWarning):
        model.fit(x[:150], y[:150])
    assert [layer.label() for layer in model.network_.layers] == ["GRU(8, sequences)", "GRU(6)", "Dense(1)"]
    assert model.score(x[150:], y[150:]) == 1 and model.predict(x[-1:]) == ["rises"]
    with pytest.raises(ByhandError, match=r"or sequences \(n, T, features\); its shape is"):
        model.fit(x[..., np.newaxis], y)


def test_a_vision_transformer_is_an_estimator():
    rng = np.random.default_rng(0)
    y = np.arange(160) % 4
    rows = np.arange(28)[:, np.newaxis] % 2  # stripes across, stripes down, squares, and nothing but noise
    patterns = np.stack([rows + 0 * rows.T, 0 * rows + rows.T, (rows + rows.T) % 2, 0 * (rows + rows.T)])
    x = rng.random((160, 28, 28)) + patterns[y]
    names = np.array(["across", "down", "squares", "noise"])[y]
    block = byhand.TransformerBlock(8, 2, 16)
    vit = [byhand.PatchEmbedding(7, 8), byhand.LearnedPositions(16), block, byhand.LayerNorm(), byhand.MeanOverTime()]
    model = NetworkClassifier(layers=vit, learning_rate_init=0.02, max_iter=15, batch_size=20, random_state=0)
    model.fit(x[:120], names[:120])
    assert model.score(x[120:], names[120:]) > 0.9 and model.network_.input_shape == (28, 28, 1)
    assert model.predict_proba(x[120:]).shape == (40, 4)
    again = clone(model)
    assert again.layers == vit and not hasattr(again, "network_")
    again.fit(x[:120], names[:120])
    assert (again.network_.theta == model.network_.theta).all()
    assert (pickle.loads(pickle.dumps(model)).predict(x) == model.predict(x)).all()

    channels = [byhand.Conv2D(2, stride=7), byhand.ReLU()]  # the last shape is an image: it is flattened
    search = GridSearchCV(model, {"layers": [vit, channels], "max_iter": [1]}, cv=2).fit(x[..., np.newaxis], names)
    assert len(search.cv_results_["mean_test_score"]) == 2 and np.isfinite(search.cv_results_["mean_test_score"]).all()
    regressor = NetworkRegressor(layers=vit, max_iter=2, random_state=0).fit(x, x.mean(axis=(1, 2)))
    assert regressor.predict(x).shape == (160,)


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        ([byhand.PatchEmbedding(5, 8)], "patches of 5 pixels do not fill"),
        ([byhand.PatchEmbedding(7, 9), byhand.MultiHeadAttention(2)], "2 heads can't share 9 numbers"),
        ([], "layers must be a list of layers"),
        (byhand.Dense(3), "layers must be a list of layers"),
        (["GRU"], "layers must be a list of layers"),
    ],
)
def test_layers_that_do_not_fit_are_named(layers, message):
    with pytest.raises(ByhandError, match=message):
        NetworkClassifier(layers=layers).fit(np.zeros((4, 28, 28)), [0, 1, 0, 1])
