"""Figures worked out by hand: activations, losses, initialisers, schedules, where parameters lie."""

import warnings
from math import exp, log, sqrt

import numpy as np
import pytest

from byhand import (
    ELU,
    MSE,
    BinaryCrossEntropy,
    CategoricalCrossEntropy,
    Constant,
    CosineAnnealing,
    Dense,
    ExponentialDecay,
    Flatten,
    Glorot,
    He,
    LeakyReLU,
    Network,
    Normal,
    QuadraticCost,
    ReLU,
    Sigmoid,
    Softmax,
    Step,
    StepDecay,
    Tanh,
    Uniform,
    Zeros,
    initializers,
    schedules,
)
from byhand.core.arena import Arena
from byhand.layers import Plan
from byhand.ops import reference
from tests.passes import layer_pass, loss_pass

BOTH = pytest.mark.parametrize("dtype", [np.float32, np.float64])


@pytest.fixture(autouse=True)
def no_warnings():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def run(layer, x, dtype=np.float64):
    at = layer_pass(layer, np.atleast_2d(np.asarray(x, dtype)), dtype=dtype)
    layer.forward(reference, at)
    return at.y


def lose(loss, y, t, dtype=np.float64):
    at = loss_pass(loss, np.atleast_2d(np.asarray(y, dtype)), np.atleast_2d(np.asarray(t, dtype)))
    return loss.backward(reference, at), at.dy


# ---- activations ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("x", "y"), [(-5, 0.0067), (-2, 0.119), (0, 0.5), (2, 0.881), (5, 0.993)])
def test_sigmoid_table(x, y):
    digits = len(str(y)) - 2
    assert round(float(run(Sigmoid(), [x])[0, 0]), digits) == y
    assert run(Sigmoid(), [x])[0, 0] == pytest.approx(1 / (1 + exp(-x)), abs=1e-15)


@BOTH
@pytest.mark.parametrize(
    ("layer", "wanted"),
    [
        (Step(), [0, 0, 0, 0, 1, 1, 1]),
        (Sigmoid(), [0, 0.2689414213699951, 0.5, 0.5, 0.6224593312018546, 0.7310585786300049, 1]),
        (Tanh(), [-1, -0.7615941559557649, 0, 0, 0.46211715726000973, 0.7615941559557649, 1]),
        (ReLU(), [0, 0, 0, 0, 0.5, 1, 1000]),
        (LeakyReLU(0.2), [-200, -0.2, 0, 0, 0.5, 1, 1000]),
        (ELU(0.5), [-0.5, 0.5 * (exp(-1) - 1), 0, 0, 0.5, 1, 1000]),
    ],
    ids=str,
)
def test_activations_at_and_far_from_zero(layer, wanted, dtype):
    y = run(layer, [-1000, -1, -0.0, 0, 0.5, 1, 1000], dtype)
    np.testing.assert_allclose(y[0], wanted, rtol=1e-6 if dtype == np.float32 else 1e-14, atol=1e-14)


@BOTH
def test_softmax_of_huge_logits(dtype):
    y = run(Softmax(), [[1000, 0, -1000], [-1000, -1000, -1000], [0, log(2), log(5)]], dtype)
    wanted = [[1, 0, 0], [1 / 3, 1 / 3, 1 / 3], [0.125, 0.25, 0.625]]
    np.testing.assert_allclose(y, wanted, rtol=1e-6 if dtype == np.float32 else 1e-14)


def test_elu_is_precise_near_zero():
    assert run(ELU(), [-1e-12])[0, 0] == pytest.approx(-1e-12, rel=1e-9, abs=0)


# ---- losses -----------------------------------------------------------------------------------------------------


@BOTH
def test_categorical_cross_entropy_of_huge_logits(dtype):
    z = [1000, 0, -1000]
    for label, loss, dz in [(0, 0, [0, 0, 0]), (1, 1000, [1, -1, 0]), (2, 2000, [1, 0, -1])]:
        value, derivative = lose(CategoricalCrossEntropy(), z, np.eye(3)[label], dtype)
        assert value == loss
        np.testing.assert_array_equal(derivative, [dz])


@BOTH
def test_binary_cross_entropy_of_huge_logits(dtype):
    for z, t, loss, dz in [(1000, 1, 0, 0), (1000, 0, 1000, 1), (-1000, 1, 1000, -1), (-1000, 0, 0, 0)]:
        value, derivative = lose(BinaryCrossEntropy(), [z], [t], dtype)
        assert (value, derivative[0, 0]) == (loss, dz)


def test_cross_entropies_by_the_textbook():
    value, dz = lose(CategoricalCrossEntropy(), [[0, log(2), log(5)], [0, 0, 0]], [[0, 0, 1], [0.5, 0.5, 0]])
    assert value == pytest.approx((-log(0.625) + log(3)) / 2, rel=1e-14)
    np.testing.assert_allclose(dz, [[0.0625, 0.125, -0.1875], [-1 / 12, -1 / 12, 1 / 6]], rtol=1e-13)
    value, dz = lose(BinaryCrossEntropy(), [[log(3), -log(3)]], [[1, 1]])  # a = ¾, ¼
    assert value == pytest.approx(-log(0.75) - log(0.25), rel=1e-14)  # summed over the outputs
    np.testing.assert_allclose(dz, [[-0.25, -0.75]], rtol=1e-14)


def test_squared_errors_by_the_textbook():
    y, t = [[5.0], [3.0], [7.0]], [[4.8], [3.5], [6.9]]
    assert lose(MSE(), y, t)[0] == pytest.approx((0.04 + 0.25 + 0.01) / 3)
    assert lose(QuadraticCost(), y, t)[0] == pytest.approx((0.04 + 0.25 + 0.01) / 6)
    np.testing.assert_allclose(lose(MSE(), y, t)[1], [[0.4 / 3], [-1 / 3], [0.2 / 3]])
    np.testing.assert_allclose(lose(QuadraticCost(), y, t)[1], [[0.2 / 3], [-0.5 / 3], [0.1 / 3]])


def test_encoding_of_labels():
    labels = np.array([2, 0])
    np.testing.assert_array_equal(QuadraticCost().encode(labels, 3), [[0, 0, 1], [1, 0, 0]])
    np.testing.assert_array_equal(BinaryCrossEntropy().encode(np.array([1, 0]), 1), [[1], [0]])
    assert CategoricalCrossEntropy(label_smoothing=0.1).encode(labels, 4) is labels  # no array of zeros and ones
    smooth = CategoricalCrossEntropy(label_smoothing=0.1).smooth(np.eye(4)[labels])
    np.testing.assert_allclose(smooth, [[0.025, 0.025, 0.925, 0.025], [0.925, 0.025, 0.025, 0.025]], rtol=1e-14)
    smooth = BinaryCrossEntropy(label_smoothing=0.1).encode(labels, 3)
    np.testing.assert_allclose(smooth, [[0.05, 0.05, 0.95], [0.95, 0.05, 0.05]], rtol=1e-14)
    np.testing.assert_allclose(BinaryCrossEntropy(0.2).encode(np.array([1, 0]), 1), [[0.9], [0.1]], rtol=1e-14)


# ---- initialisers -----------------------------------------------------------------------------------------------

SHAPE = (250, 400)  # 100,000 numbers


@pytest.mark.parametrize(
    ("initializer", "variance", "limit"),
    [
        (Normal(1.0), 1.0, None),
        (Normal(0.01), 1e-4, None),
        (Uniform(-0.5, 0.5), 1 / 12, 0.5),
        (Glorot(), 2 / 650, sqrt(6 / 650)),
        (Glorot("normal"), 2 / 650, None),
        (He(), 2 / 250, None),
        (He("uniform"), 2 / 250, sqrt(6 / 250)),
    ],
    ids=str,
)
def test_initializer_has_its_variance(initializer, variance, limit):
    out = np.full(SHAPE, np.nan)
    initializer.fill(np.random.default_rng(0), out)
    assert abs(out.mean()) < 5 * sqrt(variance / out.size)
    assert out.var() == pytest.approx(variance, rel=0.025)  # five standard errors of a normal's variance
    if limit:
        assert 0.999 * limit < np.abs(out).max() <= limit
    else:
        assert np.abs(out).max() > 3.9 * sqrt(variance)  # tails that a uniform has not
        assert np.mean(np.abs(out) < sqrt(variance)) == pytest.approx(0.6827, abs=0.01)


def test_uniform_between_others_than_symmetric_limits():
    out = np.empty(SHAPE)
    Uniform(2, 5).fill(np.random.default_rng(0), out)
    assert out.min() >= 2
    assert out.max() <= 5
    assert out.mean() == pytest.approx(3.5, abs=0.02)


def test_zeros():
    out = np.full(5, np.nan)
    Zeros().fill(np.random.default_rng(0), out)
    assert not out.any()


@pytest.mark.parametrize(
    ("shape", "fans"), [((784, 30), (784, 30)), ((3, 5, 2, 7), (30, 105)), ((30,), (30, 30)), ((4, 1), (4, 1))]
)
def test_fans(shape, fans):
    assert initializers.fans(shape) == fans


@pytest.mark.parametrize("initializer", [Normal(), Uniform(), Glorot(), He()], ids=str)
def test_float32_starts_from_the_same_numbers_rounded(initializer):
    single, double = np.empty((5, 6), np.float32), np.empty((5, 6))
    initializer.fill(np.random.default_rng(3), single)
    initializer.fill(np.random.default_rng(3), double)
    np.testing.assert_array_equal(single, double.astype(np.float32))


def test_a_network_starts_layer_by_layer_with_each_layers_initializers():
    network = Network(4, [Dense(3, Normal(2.0), Normal(5.0)), Dense(2, He())], QuadraticCost(), rng=7, dtype=float)
    rng = np.random.default_rng(7)
    np.testing.assert_array_equal(network.p[0].W, 2 * rng.standard_normal((4, 3)))
    np.testing.assert_array_equal(network.p[0].b, 5 * rng.standard_normal(3))
    np.testing.assert_array_equal(network.p[1].W, sqrt(2 / 3) * rng.standard_normal((3, 2)))
    assert not network.p[1].b.any()


# ---- schedules --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("schedule", "rates"),
    [
        (Constant(0.3), {0: 0.3, 7: 0.3, 20: 0.3}),
        (StepDecay(0.8, 0.5, 10), {0: 0.8, 9: 0.8, 9.99: 0.8, 10: 0.4, 19: 0.4, 20: 0.2}),
        (StepDecay(1.0, 0.1, 3), {2: 1.0, 3: 0.1, 8: 0.01}),
        (ExponentialDecay(0.5), {0: 0.5, 1: 0.5 * 0.9048374180359595, 10: 0.5 * 0.36787944117144233}),
        (ExponentialDecay(2.0, 0.5), {2: 2 * 0.36787944117144233, 0.5: 2 * 0.7788007830714049}),
        (CosineAnnealing(0.4), {0: 0.4, 5: 0.2 * (1 + sqrt(0.5)), 10: 0.2, 20: 0.0, 25: 0.0}),
        (CosineAnnealing(0.4, 0.1), {0: 0.4, 10: 0.25, 20: 0.1}),
    ],
    ids=str,
)
def test_schedule(schedule, rates):
    for epoch, rate in rates.items():
        assert schedule(epoch, 20) == pytest.approx(rate, rel=1e-12, abs=1e-15)


def test_a_number_is_a_constant_schedule():
    assert schedules.as_schedule(0.25) == Constant(0.25)
    assert schedules.as_schedule(1) == Constant(1.0)
    assert schedules.as_schedule(StepDecay(0.1)) == StepDecay(0.1)


# ---- the arena --------------------------------------------------------------------------------------------------


def test_weights_lie_before_biases_in_the_order_of_layers():
    arena = Arena([Plan((2,), {"W": (3, 2), "b": (2,)}), Plan((2,)), Plan((4,), {"W": (2, 4), "b": (4,)})])
    names = [(p.full_name, p.start, p.shape) for p in arena.parameters]
    assert names == [("0.W", 0, (3, 2)), ("2.W", 6, (2, 4)), ("0.b", 14, (2,)), ("2.b", 16, (4,))]
    assert arena.size == 20
    assert arena.weights == slice(0, 14)
    views = arena.views(np.arange(20.0))
    np.testing.assert_array_equal(views[2].W, [[6, 7, 8, 9], [10, 11, 12, 13]])
    assert vars(views[1]) == {}


def test_views_share_memory_with_theta_and_gradient():
    network = Network(5, [Dense(4), ReLU(), Dense(3)], CategoricalCrossEntropy())
    for views, vector in ((network.p, network.theta), (network.g, network.gradient)):
        vector[...] = np.arange(network.size)
        np.testing.assert_array_equal(views[0].W, np.arange(20).reshape(5, 4))
        np.testing.assert_array_equal(views[2].b, [36, 37, 38])
        views[2].W[1, 2] = -1
        assert vector[20 + 1 * 3 + 2] == -1
    assert np.shares_memory(network.p[0].b, network.theta)
    assert not np.shares_memory(network.theta, network.gradient)


def test_numbers_of_parameters():
    assert Network(784, [Dense(10), ReLU(), Dense(10)], CategoricalCrossEntropy()).size == 7960
    assert Network((2, 3, 4), [Flatten(), Dense(10)], CategoricalCrossEntropy()).size == 250
