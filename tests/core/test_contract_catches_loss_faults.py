"""The contract suite for losses fails where a loss is wrong: each fault here must be caught."""

import numpy as np
import pytest

from byhand import layers, losses
from byhand.testing import check_layer, check_loss
from tests.core.faults import ops_with


def loss_sign(sound, y, t, *rest):
    sound(y, t, *rest)
    derivative(rest)[...] *= -1


def loss_targets_swapped(sound, y, t, *rest):
    sound(t, y, *rest)


def loss_factor(sound, y, t, *rest):
    sound(y, t, *rest)
    derivative(rest)[...] *= 2


def loss_without_targets(sound, y, t, *rest):
    sound(y, t, *rest)
    derivative(rest)[...] += t


def loss_adds_up(sound, y, t, *rest):
    old = derivative(rest).copy()
    sound(y, t, *rest)
    derivative(rest)[...] += old


def loss_one_row_short(sound, y, t, *rest):
    old = derivative(rest)[-1].copy()
    sound(y, t, *rest)
    derivative(rest)[-1] = old


def loss_by_the_activation(sound, y, t, *rest):
    sound(y, t, *rest)
    a = 1 / (1 + np.exp(-y))
    derivative(rest)[...] *= a * (1 - a)  # the last activation's slope, once too often


def loss_off_by_a_row(sound, y, t, *rest):
    sound(y, t, *rest)
    each = next(a for a in rest if isinstance(a, np.ndarray) and a.ndim == 1)
    each[...] = np.roll(each, 1)


def derivative(rest):
    """The array dy among an operation's arguments: squared_error takes a factor first, all take `each`, then dy."""
    return [a for a in rest if isinstance(a, np.ndarray)][1]


LOSS_FAULTS = [
    loss_sign,
    loss_targets_swapped,
    loss_factor,
    loss_without_targets,
    loss_adds_up,
    loss_one_row_short,
    loss_by_the_activation,
]
LOSS_OPERATIONS = {
    losses.QuadraticCost(): "squared_error",
    losses.MSE(): "squared_error",
    losses.BinaryCrossEntropy(): "binary_cross_entropy",
    losses.CategoricalCrossEntropy(): "softmax_cross_entropy",
}


@pytest.mark.parametrize("fault", LOSS_FAULTS, ids=lambda f: f.__name__)
@pytest.mark.parametrize(("loss", "name"), LOSS_OPERATIONS.items(), ids=str)
def test_loss(loss, name, fault):
    with pytest.raises(AssertionError, match="dy"):
        check_loss(loss, 3, ops=ops_with(name, fault))


@pytest.mark.parametrize(("loss", "name"), LOSS_OPERATIONS.items(), ids=str)
def test_losses_of_the_wrong_samples_show_with_weights(loss, name):
    with pytest.raises(AssertionError, match="with sample weights: dy"):
        check_loss(loss, 3, ops=ops_with(name, loss_off_by_a_row))


def weights_forgotten_in_dy(sound, each, dy, factor, weights, row):
    np.multiply(dy, factor, out=dy)
    return factor * float(np.dot(each, weights))


def weights_forgotten_in_loss(sound, each, dy, factor, weights, row):
    sound(each, dy, factor, weights, row)
    return factor * float(np.sum(each))


def weights_squared(sound, each, dy, factor, weights, row):
    return sound(each, dy, factor, weights**2, row)


@pytest.mark.parametrize("fault", [weights_forgotten_in_dy, weights_forgotten_in_loss, weights_squared])
def test_weights(fault):
    with pytest.raises(AssertionError, match=r"with sample weights: (dy|L)"):
        check_loss(losses.MSE(), 3, ops=ops_with("weighted_mean_loss", fault))


def factor_forgotten(sound, each, dy, factor):
    return factor * float(np.sum(each))


def factor_forgotten_in_loss(sound, each, dy, factor):
    np.multiply(dy, factor, out=dy)
    return float(np.mean(each))


@pytest.mark.parametrize("fault", [factor_forgotten, factor_forgotten_in_loss])
def test_factor(fault):
    with pytest.raises(AssertionError, match=r"class labels: (dy|L)"):
        check_loss(losses.MSE(), 3, ops=ops_with("mean_loss", fault))


def test_the_message_says_what_where_and_by_how_much():
    def third_too_large(sound, a, da, dz):
        sound(a, da, dz)
        dz[0, 2] *= 1.5

    with pytest.raises(AssertionError) as caught:
        check_layer(layers.Sigmoid(), 4, ops=ops_with("sigmoid_backward", third_too_large))
    words = str(caught.value)
    assert words.startswith("Sigmoid with 1 rows: dx[0, 2] is ")
    assert "by central differences" in words
    assert "relative error" in words
