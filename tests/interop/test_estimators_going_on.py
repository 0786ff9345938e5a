"""Estimators that train on, stop early, or were interrupted."""

import warnings

import numpy as np
import pytest
from sklearn.datasets import load_digits, make_classification
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split

from byhand import ByhandError
from byhand.interop.estimators import NetworkClassifier, NetworkRegressor
from byhand.training.checkpoints import Checkpoints

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

X, Y = make_classification(200, 8, n_informative=5, n_classes=3, random_state=0)
NAMES = np.array(["apple", "pear", "quince"])[Y]


def small(**options):
    return NetworkClassifier(**{"hidden_layer_sizes": (8,), "max_iter": 20, "random_state": 0} | options)


def same(a, b):
    return all(np.array_equal(p, q) for p, q in zip(a.coefs_ + a.intercepts_, b.coefs_ + b.intercepts_, strict=True))


def test_partial_fits_are_epochs_of_a_fit():
    whole = small(max_iter=6, shuffle=False, batch_size=32).fit(X, NAMES)
    parts = small(shuffle=False, batch_size=32)
    for _ in range(6):
        parts.partial_fit(X, NAMES, classes=np.unique(NAMES))
    assert same(whole, parts)
    assert parts.loss_curve_ == whole.loss_curve_ and parts.t_ == 6 * 200


@pytest.mark.filterwarnings("error")
def test_partial_fit_never_warns_of_too_few_epochs():
    assert small(max_iter=1).partial_fit(X, Y, classes=[0, 1, 2]).n_iter_ == 1


def test_partial_fit_goes_on_after_fit_and_needs_not_see_all_classes():
    model = small(max_iter=5, learning_rate_init=0.05).fit(X, NAMES)
    loss = model.loss_
    for _ in range(20):
        model.partial_fit(X[Y == 0], NAMES[Y == 0])
    assert set(model.predict(X[Y == 0])) == {"apple"} and model.loss_ < loss
    with pytest.raises(ValueError, match="plum"):
        model.partial_fit(X[:1], ["plum"])


def test_warm_start_goes_on_where_the_last_fit_ended():
    options = {"solver": "sgd", "momentum": 0.0, "shuffle": False, "warm_start": True}
    twice = small(max_iter=3, **options).fit(X, Y).fit(X, Y)
    assert same(twice, small(max_iter=6, **options).fit(X, Y))
    assert len(twice.loss_curve_) == 6 and twice.n_iter_ == 3
    cold = small(max_iter=3, **options | {"warm_start": False})
    assert not same(cold.fit(X, Y).fit(X, Y), twice)
    with pytest.raises(ByhandError, match="same sizes"):
        twice.set_params(hidden_layer_sizes=(9,)).fit(X, Y)
    with pytest.raises(ByhandError, match="same classes"):
        twice.set_params(hidden_layer_sizes=(8,)).fit(X, Y + 1)


@pytest.mark.parametrize("kind", [NetworkClassifier, NetworkRegressor])
def test_early_stopping_restores_the_best_network(kind):
    x, y = load_digits(return_X_y=True)
    x, y = x[:300] / 16, y[:300]
    options = {"learning_rate_init": 0.1, "max_iter": 60, "n_iter_no_change": 3, "tol": 0.0}
    model = kind((20,), early_stopping=True, validation_fraction=0.3, random_state=1, **options).fit(x, y)
    scores = model.validation_scores_
    assert model.n_iter_ == len(scores) == len(model.loss_curve_) < 60
    assert model.best_validation_score_ == max(scores) > scores[-1] and model.best_loss_ is None
    random_state = np.random.RandomState(1)
    for p in model.coefs_:  # the start is drawn before the split: W, then b, of each layer
        random_state.uniform(size=p.size + p.shape[1])
    _, x_val, _, y_val = train_test_split(x, y, test_size=0.3, random_state=random_state)
    assert model.score(x_val, y_val) == pytest.approx(max(scores))


def test_early_stopping_may_be_switched_between_warm_starts():
    model = small(warm_start=True, max_iter=4).fit(X, Y).set_params(early_stopping=True).fit(X, Y)
    assert len(model.validation_scores_) == 4 and len(model.loss_curve_) == 8
    model.set_params(early_stopping=False).fit(X, Y)
    assert model.validation_scores_ is None and model.best_loss_ == min(model.loss_curve_)


def test_interrupted_training_keeps_the_network(monkeypatch):
    from byhand.interop.training import EpochRecorder

    on_epoch = EpochRecorder.on_epoch

    def interrupt(self, training):
        on_epoch(self, training)
        if training.epoch == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr(EpochRecorder, "on_epoch", interrupt)
    with pytest.warns(UserWarning, match="interrupted") as caught:
        model = small().fit(X, Y)
    assert caught[0].filename == __file__
    monkeypatch.undo()
    assert model.n_iter_ == 3 and same(model, small(max_iter=3).fit(X, Y))


def test_random_states():
    assert same(small(random_state=7).fit(X, Y), small(random_state=7).fit(X, Y))
    assert not same(small(random_state=7).fit(X, Y), small(random_state=8).fit(X, Y))
    assert not same(small(random_state=None).fit(X, Y), small(random_state=None).fit(X, Y))


def test_verbose(capsys):
    small(max_iter=2, verbose=True, early_stopping=True).fit(X, Y)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2 and lines[0].startswith("Epoch 1: loss ") and "validation score" in lines[1]


class Interrupting(Checkpoints):
    """Checkpoints at every third step, and Ctrl-C after so many steps."""

    def __init__(self, folder, after):
        super().__init__(folder, "3 steps")
        self.after = after

    @property
    def _signal(self):
        self.after -= 1
        if self.after == 0:
            raise KeyboardInterrupt
        return 0

    @_signal.setter
    def _signal(self, value):
        pass


@pytest.mark.parametrize("early_stopping", [False, True])
@pytest.mark.parametrize("solver", [{"solver": "adam"}, {"solver": "sgd", "learning_rate": "invscaling"}])
@pytest.mark.parametrize("another_process", [False, True])
def test_warm_start_goes_on_with_an_interrupted_fit_bit_for_bit(tmp_path, early_stopping, solver, another_process):
    x, y = load_digits(return_X_y=True)
    x, y = x[:300] / 16, y[:300]
    options = {"max_iter": 12, "batch_size": 50, "random_state": 3, "early_stopping": early_stopping} | solver
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        whole = NetworkClassifier((8,), **options).fit(x, y)
        cut = NetworkClassifier((8,), **options, warm_start=True, checkpoint=Interrupting(tmp_path / "c", 40))
        with pytest.warns(UserWarning, match="interrupted.*warm_start=True goes on from the state in"):
            cut.fit(x, y)
        assert 0 < cut.n_iter_ < 12
        if another_process:
            cut = NetworkClassifier((8,), **options, warm_start=True)
        cut.set_params(checkpoint=tmp_path / "c").fit(x, y)
    assert not (tmp_path / "c").exists()
    assert cut.network_.theta.tobytes() == whole.network_.theta.tobytes()
    for name in ("loss_curve_", "n_iter_", "t_", "best_loss_", "validation_scores_", "best_validation_score_"):
        assert getattr(cut, name) == getattr(whole, name), name


def test_a_checkpoint_of_a_fit_with_other_parameters_is_refused(tmp_path):
    x, y = load_digits(return_X_y=True)
    options = {"warm_start": True, "random_state": 0}
    with pytest.warns(UserWarning, match="interrupted"):
        NetworkClassifier((8,), checkpoint=Interrupting(tmp_path / "c", 9), **options).fit(x, y)
    with pytest.raises(ByhandError, match=r"other parameters \(alpha: 0.0001 there, 0.5 here\)"):
        NetworkClassifier((8,), alpha=0.5, checkpoint=tmp_path / "c", **options).fit(x, y)
