import numpy as np
import pytest

from byhand import MSE, BatchNorm, Conv2D, Dense, Flatten, GlobalAveragePool2D, Network, ReLU, Residual
from byhand.network.folded import folded

LAYERS = [
    Conv2D(6, 3, stride=2),
    BatchNorm(),
    ReLU(),
    Conv2D(8, (1, 3), groups=2),
    BatchNorm(epsilon=0.1),
    BatchNorm(),
    Residual([Conv2D(8, 3), BatchNorm(), ReLU()]),
    BatchNorm(),  # behind no weights of its own
    Flatten(),
    Dense(5),
    BatchNorm(),
]


def trained(layers: list, dtype: type) -> Network:
    """A network whose every parameter, running mean and variance is its own."""
    network = Network((9, 11, 2), layers, MSE(), dtype=dtype)
    rng = np.random.default_rng(0)
    network.theta[...] = rng.normal(0, 0.5, network.size)
    network.state[...] = rng.uniform(0.2, 2, len(network.state))
    return network


@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float64, 1e-10), (np.float32, 2e-5)])
def test_the_outputs_stay(dtype: type, tolerance: float) -> None:
    network = trained(LAYERS, dtype)
    theta, state = network.theta.copy(), network.state.copy()
    x = np.random.default_rng(1).normal(size=(4, 9, 11, 2)).astype(dtype)
    other = folded(network)
    expected = network.predict_proba(x)
    assert expected.std(axis=0).max() > 1
    np.testing.assert_allclose(other.predict_proba(x), expected, rtol=tolerance, atol=tolerance)
    assert other.dtype == dtype and sum(isinstance(layer, BatchNorm) for layer in other.layers) == 1
    np.testing.assert_array_equal(network.theta, theta)
    np.testing.assert_array_equal(network.state, state)
    assert not np.shares_memory(other.theta, network.theta)


def test_without_weights_before_it_a_normalisation_stays() -> None:
    network = trained([BatchNorm(), ReLU(), BatchNorm(), GlobalAveragePool2D()], np.float64)
    x = np.random.default_rng(1).normal(size=(3, 9, 11, 2))
    assert folded(network).layers == network.layers
    np.testing.assert_array_equal(folded(network).predict_proba(x), network.predict_proba(x))


def test_weights_without_biases_get_some() -> None:
    layers = [Conv2D(3, 3, bias=False), BatchNorm(), Flatten(), Dense(5, bias=False), BatchNorm()]
    network = trained(layers, np.float64)
    x = np.random.default_rng(1).normal(size=(3, 9, 11, 2))
    assert [type(layer) for layer in folded(network).layers] == [Conv2D, Flatten, Dense]
    np.testing.assert_allclose(folded(network).predict_proba(x), network.predict_proba(x), rtol=1e-10)


def test_normalisations_inside_a_residual_are_folded() -> None:
    inner = [Conv2D(2, 3), BatchNorm(), ReLU(), Conv2D(2, 3), BatchNorm()]
    network = trained([Conv2D(2, 3), BatchNorm(), Residual(inner), ReLU(), Flatten(), Dense(5)], np.float64)
    x = np.random.default_rng(1).normal(size=(3, 9, 11, 2))
    other = folded(network)
    assert [type(layer) for layer in other.layers] == [Conv2D, Residual, ReLU, Flatten, Dense]
    assert [type(layer) for layer in other.layers[1].layers] == [Conv2D, ReLU, Conv2D]
    np.testing.assert_allclose(other.predict_proba(x), network.predict_proba(x), rtol=1e-10)
