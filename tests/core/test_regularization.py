"""Dropout, rules on gradient and weights, early stopping and averaging."""

import numpy as np
import pytest

import byhand
from byhand import (
    L1,
    L2,
    MSE,
    ByhandError,
    Callback,
    ClipNorm,
    ClipValue,
    Dense,
    GradientDescent,
    MaxNorm,
    Momentum,
    Residual,
    Tanh,
)
from byhand.core.config import from_config, to_config
from tests.core.regularized import make, train

# ---- rules ----------------------------------------------------------------------------------------------------------


def with_numbers(theta, gradient):
    """A network of one Dense(2) for two inputs: W is the first four numbers, b the last two."""
    network = make([Dense(2)], 2, MSE())
    network.theta[...], network.gradient[...] = theta, gradient
    return network, np.empty(6)


def changed(rule, theta=(3, -4, 0, 1, 5, -6), gradient=(1, 2, 3, 4, 5, 6)):
    network, scratch = with_numbers(theta, gradient)
    rule.change_gradient(network, scratch)
    np.testing.assert_array_equal(network.theta, theta)
    after_gradient = network.gradient.tolist()
    rule.change_parameters(network, scratch)
    np.testing.assert_array_equal(network.gradient, after_gradient)
    return after_gradient, network.theta.tolist()


def test_rules_by_hand():
    theta, g = [3, -4, 0, 1, 5, -6], [1, 2, 3, 4, 5, 6]
    assert changed(L2(0.5)) == ([2.5, 0, 3, 4.5, 5, 6], theta)  # biases go free
    assert changed(L1(0.5)) == ([1.5, 1.5, 3, 4.5, 5, 6], theta)
    assert changed(ClipValue(3.5)) == ([1, 2, 3, 3.5, 3.5, 3.5], theta)
    assert changed(ClipValue(3.5), gradient=[-9, 0, 0, 0, 9, 1])[0] == [-3.5, 0, 0, 0, 3.5, 1]
    assert changed(ClipNorm(10)) == (g, theta)  # ‖g‖ = √91
    assert changed(ClipNorm(1))[0] == pytest.approx(np.array(g) / np.sqrt(91))
    assert changed(MaxNorm(5)) == (g, theta)
    # W = [[3, −4], [0, 1]]: the units' incoming weights are its columns.
    unit = [3, -4 * 2 / np.sqrt(17), 0, 2 / np.sqrt(17)]
    assert changed(MaxNorm(2.0))[1] == pytest.approx([2, unit[1], 0, unit[3], 5, -6])


def test_penalties_by_hand():
    network, scratch = with_numbers((3, -4, 0, 1, 5, -6), 0)
    assert L2(0.5).penalty(network, scratch) == 0.25 * 26
    assert L1(0.5).penalty(network, scratch) == 0.5 * 8


@pytest.mark.parametrize("size", [1e25, 1e38])
def test_exploding_gradients_keep_their_direction_in_float32(size):
    network = make([Dense(2)], 2, MSE(), np.float32)
    network.gradient[...] = np.array([1, -2, 0, 0.5, 0, 3], np.float32) * np.float32(size)
    with np.errstate(over="ignore"):  # as in fit
        ClipNorm(1.0).change_gradient(network, np.empty(6, np.float32))
    direction = np.array([1, -2, 0, 0.5, 0, 3]) / np.sqrt(1 + 4 + 0.25 + 9)
    np.testing.assert_allclose(network.gradient, direction, rtol=1e-6)


def test_a_gradient_of_zero_stays():
    for rule in (ClipNorm(1e-3), ClipValue(1e-3), L2(0.1), L1(0.1)):
        assert changed(rule, [0] * 6, [0] * 6) == ([0] * 6, [0] * 6)


def test_l2_finds_what_ridge_regression_solves():
    """argmin (1/n) ‖X w + b − y‖² + ½ λ ‖w‖² is (XᵀX + ½ n λ I) w = Xᵀ y for centred X and y."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal((60, 4)) + 1
    y = x @ [1, -2, 0, 3] + 7 + 0.1 * rng.standard_normal(60)
    network = make([Dense(1)], 4, MSE())
    options = {"batch_size": None, "epochs": 3000, "optimizer": Momentum(0.05, 0.9), "progress": False}
    history = byhand.fit(network, x, y, regularizers=[L2(0.4)], **options)
    xc, yc = x - x.mean(axis=0), y - y.mean()
    w = np.linalg.solve(xc.T @ xc + 0.5 * 60 * 0.4 * np.eye(4), xc.T @ yc)
    np.testing.assert_allclose(network.p[0].W[:, 0], w, rtol=1e-9)
    np.testing.assert_allclose(network.p[0].b, y.mean() - x.mean(axis=0) @ w, rtol=1e-9)
    assert history["penalty"][-1] == pytest.approx(0.2 * w @ w)
    assert history["loss"][-1] == pytest.approx(np.mean((xc @ w - yc) ** 2))  # of the data alone


def test_l1_finds_what_the_lasso_finds():
    """Scikit-learn's (1/2n) ‖X w − y‖² + α ‖w‖₁ is half of ours with λ = 2α."""
    linear_model = pytest.importorskip("sklearn.linear_model")
    rng = np.random.default_rng(0)
    x = rng.standard_normal((60, 4))
    y = x @ [1, -2, 0, 0] + 0.5 * rng.standard_normal(60)
    network = make([Dense(1)], 4, MSE())
    rate = byhand.CosineAnnealing(0.1)
    options = {"batch_size": None, "epochs": 2000, "optimizer": GradientDescent(rate), "progress": False}
    byhand.fit(network, x, y, regularizers=[L1(0.6)], **options)
    lasso = linear_model.Lasso(alpha=0.3).fit(x, y)
    assert (lasso.coef_ == 0).any()
    np.testing.assert_allclose(network.p[0].W[:, 0], lasso.coef_, atol=1e-3)


@pytest.mark.parametrize("batch_size", [8, None])
def test_l2_is_weight_decay(batch_size):
    """With plain gradient descent in each of its forms."""
    decayed, ruled = make(), make()
    train(decayed, batch_size=batch_size, optimizer=GradientDescent(0.3, weight_decay=0.1))
    train(ruled, batch_size=batch_size, optimizer=GradientDescent(0.3), regularizers=(L2(0.1),))
    np.testing.assert_allclose(ruled.theta, decayed.theta, rtol=1e-12)


def test_max_norm_holds_after_every_step_and_inside_blocks():
    class Watch(Callback):
        largest = 0.0

        def on_step(self, training):
            for p in training.network.arena.parameters:
                if p.name == "W":
                    norms = np.linalg.norm(p.view(training.network.theta), axis=0)
                    self.largest = max(self.largest, norms.max())

    watch = Watch()
    network = make([Dense(6), Residual([Dense(4), Tanh(), Dense(6)]), Dense(3)])
    train(network, regularizers=[MaxNorm(0.7)], callbacks=[watch])
    assert watch.largest == pytest.approx(0.7, rel=1e-12)


def test_without_penalties_there_is_no_such_column():
    assert "penalty" not in train(make(), regularizers=[ClipNorm(1.0), MaxNorm(3.0)])
    assert len(train(make(), regularizers=[L2(0.1), L1(0.1)])["penalty"]) == 3


@pytest.mark.parametrize("rule", [L1(0.1), L2(0.2), MaxNorm(3.0), ClipValue(0.5), ClipNorm(1.5)], ids=str)
def test_rules_survive_being_written(rule):
    assert from_config(to_config(rule)) == rule


@pytest.mark.parametrize("kind", [L1, L2])
@pytest.mark.parametrize("rate", [-1, "much", None, float("inf"), float("nan")])
def test_penalties_refuse(kind, rate):
    with pytest.raises(ByhandError, match="rate"):
        kind(rate)


@pytest.mark.parametrize("kind", [MaxNorm, ClipValue, ClipNorm])
@pytest.mark.parametrize("limit", [0, -1, "much", None, float("inf")])
def test_limits_refuse(kind, limit):
    with pytest.raises(ByhandError, match="limit"):
        kind(limit)


@pytest.mark.parametrize("wrong", [L2(0.1), [0.1], ["L2"], [L2]])
def test_fit_refuses_what_is_no_list_of_rules(wrong):
    with pytest.raises(ByhandError, match="rule"):
        train(make(), regularizers=wrong)
