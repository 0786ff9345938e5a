"""The learning-rate range test: on a bowl whose curvature is known, and on what could go wrong with it."""

import numpy as np
import pytest

from byhand import (
    L2,
    MSE,
    Adam,
    ByhandError,
    Callback,
    CategoricalCrossEntropy,
    Dense,
    GradientDescent,
    Momentum,
    Network,
    ReLU,
    Zeros,
    find_learning_rate,
    fit,
)
from byhand.training.finder import smooth, suggest


def bowl(curvature, n=64):
    """A network whose loss is ½ curvature ‖w − (3, −2)‖² + b², from w = 0, b = 0; and its x and y."""
    signs = np.stack([np.repeat([-1.0, 1.0], n // 2), np.tile([-1.0, 1.0], n // 2)], axis=1)
    x = signs * np.sqrt(curvature / 2)  # ∂²L/∂w² = 2 · mean x² = curvature, for both weights
    y = x @ [[3.0], [-2.0]]
    return Network(2, [Dense(1, Zeros())], MSE(), dtype=np.float64), x, y


@pytest.mark.parametrize("curvature", [2.0, 50.0, 1e4])
@pytest.mark.parametrize("batch_size", [None, 64])
def test_the_suggestion_for_a_bowl_lies_where_descent_is_stable_and_quick(curvature, batch_size):
    network, x, y = bowl(curvature)
    network.forward(x)
    network.backward(y)
    np.testing.assert_allclose(network.gradient[:2], -curvature * np.array([3.0, -2.0]), rtol=1e-12)  # it is that bowl
    found = find_learning_rate(
        network, x, y, optimizer=GradientDescent(), batch_size=batch_size, low=1e-6 / curvature, high=100 / curvature
    )
    assert 0.01 / curvature < found.suggestion < 2 / curvature  # descent diverges above 2 / curvature
    assert 2 / curvature < found.rates[-1] < 50 / curvature  # it went on until it had seen that
    assert found.losses[-1] > 2 * found.losses[0]


def test_the_losses_are_those_of_descent_with_growing_rates():
    network, x, y = bowl(2.0)
    found = find_learning_rate(network, x, y, optimizer=GradientDescent(), batch_size=None, low=0.01, high=1, steps=21)
    np.testing.assert_allclose(found.rates, np.geomspace(0.01, 1, 21), rtol=1e-12)
    distance = np.concatenate([[1.0], np.cumprod(1 - 2 * found.rates[:-1])])  # each step leaves 1 − 2η of it
    np.testing.assert_allclose(found.losses, 13 * distance**2, rtol=1e-10, atol=1e-12)
    slopes = np.gradient(found.smoothed, np.log(found.rates))
    assert found.suggestion == found.rates[np.argmin(slopes)]


def digits_like(n=300):
    rng = np.random.default_rng(3)
    y = np.arange(n) % 3
    return Network(8, [Dense(16), ReLU(), Dense(3)], CategoricalCrossEntropy(), rng=1), (
        rng.standard_normal((n, 8)) + y[:, None],
        y,
    )


@pytest.mark.parametrize("optimizer", [None, Adam(5.0, beta1=0.5), Momentum(0.9)], ids=str)
def test_the_network_is_left_alone_and_the_same_seed_finds_the_same(optimizer):
    network, (x, y) = digits_like()
    kept = network.theta.copy(), network.gradient.copy()
    found, again = (find_learning_rate(network, x, y, optimizer=optimizer, rng=4) for _ in range(2))
    np.testing.assert_array_equal(network.theta, kept[0])
    np.testing.assert_array_equal(network.gradient, kept[1])
    for name in ("rates", "losses", "smoothed"):
        np.testing.assert_array_equal(getattr(found, name), getattr(again, name))
    assert found.suggestion == again.suggestion in found.rates
    assert not np.array_equal(found.losses, find_learning_rate(network, x, y, optimizer=optimizer, rng=5).losses)


def test_a_network_trained_with_the_suggestion_learns():
    network, (x, y) = digits_like()
    found = find_learning_rate(network, x, y)
    history = fit(network, x, y, optimizer=Adam(found.suggestion), epochs=10, progress=False)
    assert history["loss"][-1] < 0.5 * history["loss"][0]


def test_it_ends_after_the_steps_that_were_asked_for():
    network, (x, y) = digits_like()
    for steps in (10, 37):
        found = find_learning_rate(network, x, y, high=1e-2, steps=steps)
        assert len(found.rates) == len(found.losses) == len(found.smoothed) == steps
        assert found.rates[0] == 1e-7 and found.rates[-1] == pytest.approx(1e-2)


def test_an_infinite_loss_ends_it_without_an_error():
    network, x, y = bowl(2.0)
    found = find_learning_rate(network, x, y, optimizer=GradientDescent(), low=1e-3, high=1e200)
    assert np.isfinite(found.losses).all() and len(found.losses) < 50


def test_options_reach_the_training():
    network, (x, y) = digits_like()
    steps = []

    class Count(Callback):
        def on_step(self, training):
            steps.append(training.rate)

    plain = find_learning_rate(network, x, y)
    found = find_learning_rate(network, x, y, callbacks=[Count()], sample_weight=1.0 + y, regularizers=[L2(0.1)])
    np.testing.assert_array_equal(steps, found.rates)
    assert not np.array_equal(found.losses, plain.losses)


def test_smoothing_by_hand():
    np.testing.assert_allclose(smooth(np.array([3.0, 0, 0, 6, 0]), 1), [2, 0.75, 1.5, 3, 2])
    np.testing.assert_allclose(smooth(np.full(4, 7.0), 9), 7)


def test_the_steepest_point_before_the_lowest():
    rates = np.geomspace(1e-4, 1, 9)
    losses = np.array([10, 10, 9, 5, 2, 1.5, 1, 30, 0.9])
    assert suggest(rates, losses).suggestion == rates[3]


MISTAKES = {
    "low of zero": ({"low": 0.0}, "low"),
    "high below low": ({"low": 1.0, "high": 0.1}, "high"),
    "few steps": ({"steps": 3}, "steps"),
    "optimiser by name": ({"optimizer": "adam"}, "optimiser"),
    "all far too high": ({"optimizer": GradientDescent(), "low": 1e5, "high": 1e6}, "lower"),
    "infinite at once": ({"optimizer": GradientDescent(), "low": 1e200, "high": 1e201}, "lower"),
}


@pytest.mark.parametrize(("options", "word"), MISTAKES.values(), ids=MISTAKES)
def test_mistakes(options, word):
    network, x, y = bowl(2.0)
    with pytest.raises(ByhandError, match=word):
        find_learning_rate(network, x, y, **options)


def test_the_picture_marks_the_suggestion():
    network, (x, y) = digits_like()
    found = find_learning_rate(network, x, y)
    ax = found.plot().axes[0]
    assert ax.get_xscale() == "log"
    batches, smoothed, mark, point = ax.lines
    np.testing.assert_array_equal(batches.get_ydata(), found.losses)
    np.testing.assert_array_equal(smoothed.get_ydata(), found.smoothed)
    assert list(mark.get_xdata()) == [found.suggestion] * 2
    assert point.get_xdata() == found.suggestion
