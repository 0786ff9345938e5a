"""Batch and layer normalisation: what training, inference, single rows, files and threads make of them."""

import copy
import pickle
from dataclasses import replace

import numpy as np
import pytest

import byhand
from byhand import BatchNorm, ByhandError, CategoricalCrossEntropy, Dense, Dropout, LayerNorm, Network, ReLU, Residual
from byhand.recipes import RECIPES
from byhand.recipes.config import RunConfig, read_config
from byhand.testing import check_layer
from tests.core.faults import ops_with

INNER = [BatchNorm(), ReLU(), Dense(6), Residual([LayerNorm(), Dense(6)])]
NESTED = (Dense(6), Residual([*INNER, Dropout(0.1)]), BatchNorm(), ReLU(), Dense(3))


def make(layers=NESTED, inputs=5, dtype=np.float64):
    return Network(inputs, layers, CategoricalCrossEntropy(), rng=1, dtype=dtype)


def data(n=50, inputs=5):
    rng = np.random.default_rng(2)
    return 3 + rng.standard_normal((n, inputs)), rng.integers(0, 3, n)


def train(network, n=50, **options):
    return byhand.fit(network, *data(n), **{"progress": False, "epochs": 3, "batch_size": 8} | options)


def training_pass(layer, x):
    network = Network(x.shape[1:], [layer, byhand.Flatten()], byhand.MSE(), dtype=x.dtype)
    return network, network.forward(x, rng=np.random.default_rng(0)).reshape(x.shape)


# ---- the numbers ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_columns_have_mean_0_and_variance_1_however_far_from_zero(dtype):
    noise = np.random.default_rng(0).standard_normal((40, 3)) * [1e-1, 1, 10]
    x = (noise + np.array([1000, 0, -3])).astype(dtype)
    _, y = training_pass(BatchNorm(epsilon=1e-10), x)
    wanted = (x - x.mean(axis=0, dtype=float)) / x.std(axis=0, dtype=float)
    np.testing.assert_allclose(y, wanted, atol=1e-3 if dtype == np.float32 else 1e-7)


def test_two_rows_by_hand():
    network, y = training_pass(BatchNorm(momentum=0.5, epsilon=1.0), np.array([[1.0, 2.0], [5.0, 2.0]]))
    np.testing.assert_allclose(y, [[-2 / np.sqrt(5), 0], [2 / np.sqrt(5), 0]])  # mean 3, variance 4
    np.testing.assert_allclose(network.p[0].running_mean, [1.5, 1])
    np.testing.assert_allclose(network.p[0].running_var, [0.5 + 4, 0.5])  # half of 1, half of 4 · 2/1


def test_pixels_count_as_rows():
    x = np.random.default_rng(0).standard_normal((4, 3, 2, 5))
    images, y = training_pass(BatchNorm(), x)
    rows, same = training_pass(BatchNorm(), x.reshape(-1, 5))
    np.testing.assert_array_equal(y.reshape(-1, 5), same)
    np.testing.assert_array_equal(images.state, rows.state)


def test_layer_norm_of_a_row_by_hand_and_whatever_is_beside_it():
    x = np.array([[1.0, 2.0, 3.0], [100.0, -7.0, 0.0]])
    _, y = training_pass(LayerNorm(epsilon=1 / 3), x)
    np.testing.assert_allclose(y[0], [-1, 0, 1])  # mean 2, variance 2/3
    _, alone = training_pass(LayerNorm(epsilon=1 / 3), x[:1])
    np.testing.assert_array_equal(alone[0], y[0])


# ---- a single row, and inference --------------------------------------------------------------------------------


def test_a_single_row_goes_by_the_running_figures_and_leaves_them():
    network = make([BatchNorm(), Dense(3)])
    train(network)
    state, x = network.state.copy(), data()[0][:1]
    in_training = network.forward(x, rng=np.random.default_rng(0)).copy()
    np.testing.assert_array_equal(network.state, state)
    np.testing.assert_array_equal(in_training, network.forward(x))


def test_a_last_batch_of_one_row_does_not_end_a_training():
    assert np.isfinite(train(make(), n=17)["loss"]).all()


def test_an_image_alone_has_statistics_of_its_own():
    x = 5 + np.random.default_rng(0).standard_normal((1, 4, 3, 2))
    network, y = training_pass(BatchNorm(), x)
    np.testing.assert_allclose(y.mean(axis=(0, 1, 2)), 0, atol=1e-12)
    assert (network.p[0].running_mean > 0.1).all()


def test_inference_depends_on_nothing_but_the_sample():
    network = make()
    train(network)
    state, x = network.state.copy(), data()[0]
    together = network.predict_proba(x)
    np.testing.assert_array_equal(network.predict_proba(x), together)
    for i in (0, 7):
        np.testing.assert_allclose(network.predict_proba(x[i : i + 1])[0], together[i], rtol=1e-12)
    np.testing.assert_array_equal(network.state, state)


def test_inference_follows_training():
    """With running figures of the whole data, inference on them is what a training pass computes."""
    network, x = make([BatchNorm(momentum=1.0), Dense(3)]), data()[0]
    in_training = network.forward(x, rng=np.random.default_rng(0)).copy()
    network.p[0].running_var[...] *= 49 / 50  # the estimate for all data has n − 1 for n
    np.testing.assert_allclose(network.forward(x), in_training, rtol=1e-12)


# ---- training ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("batch_size", [8, None])
def test_the_same_seed_gives_the_same_bits(batch_size):
    networks = [make(dtype=np.float32) for _ in range(2)]
    for network, threads in zip(networks, (1, 2), strict=True):
        train(network, n=2500, batch_size=batch_size, rng=3, threads=threads if batch_size is None else 1, epochs=2)
    np.testing.assert_array_equal(networks[0].theta, networks[1].theta)
    np.testing.assert_array_equal(networks[0].state, networks[1].state)


def test_another_seed_gives_other_bits():
    networks = [make() for _ in range(2)]
    for seed, network in enumerate(networks):
        train(network, batch_size=None, rng=seed)  # nothing is shuffled: only dropout is random
    assert (networks[0].theta != networks[1].theta).any()


# ---- files ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_running_figures_and_nested_layers_come_back_from_a_file(tmp_path, dtype):
    network, (x, _) = make(dtype=dtype), data()
    train(network)
    network.save(tmp_path / "m")
    again = Network.load(tmp_path / "m")
    assert again.layers == network.layers
    np.testing.assert_array_equal(again.theta, network.theta)
    np.testing.assert_array_equal(again.state, network.state)
    assert (network.state_arena.parameters[0].view(again.state) != 0).all()
    np.testing.assert_array_equal(again.predict_proba(x), network.predict_proba(x))


@pytest.mark.parametrize("way", [copy.deepcopy, lambda network: pickle.loads(pickle.dumps(network))])
def test_copies_have_a_state_of_their_own(way):
    network = make()
    train(network)
    again = way(network)
    np.testing.assert_array_equal(again.state, network.state)
    train(again)
    assert (again.state != network.state).any()
    assert again.p[2].running_mean.base is again.state or np.shares_memory(again.p[2].running_mean, again.state)


def test_nested_layers_come_back_from_a_run_configuration(tmp_path):
    recipe = replace(RECIPES["dense"], layers=NESTED)
    (tmp_path / "run.toml").write_text(RunConfig(recipe, "mnist", 1).to_toml())
    assert read_config(tmp_path / "run.toml", RECIPES).recipe.layers == NESTED


# ---- refusals ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("wrong", [{"momentum": -0.1}, {"momentum": 1.1}, {"epsilon": 0}, {"epsilon": "small"}])
def test_batch_norm_refuses(wrong):
    with pytest.raises(ByhandError, match=next(iter(wrong))):
        BatchNorm(**wrong)


def test_layer_norm_refuses():
    with pytest.raises(ByhandError, match="epsilon"):
        LayerNorm(epsilon=0)
    with pytest.raises(ByhandError, match=r"Layer 2, LayerNorm: .* single number"):
        make([Dense(1), LayerNorm(), Dense(3)])


# ---- the contract suite sees what is wrong ----------------------------------------------------------------------


def statistics_taken_for_constants(sound, x, m, inverse, dy, gamma, dgamma, dbeta, share, dx):
    sound(x, m, inverse, dy, gamma, dgamma, dbeta, 0.0, dx)


def mean_forgotten(sound, x, m, inverse, dy, gamma, dgamma, dbeta, share, dx):
    sound(x, m, inverse, dy, gamma, dgamma, np.zeros_like(dbeta), share, dx)


def variance_forgotten(sound, x, m, inverse, dy, gamma, dgamma, dbeta, share, dx):
    sound(x, m, inverse, dy, gamma, np.zeros_like(dgamma), dbeta, share, dx)


def statistics_of_a_given_mean(sound, x, m, inverse, dy, gamma, dgamma, dbeta, share, dx):
    sound(x, m, inverse, dy, gamma, dgamma, dbeta, 1 / len(x), dx)


def gamma_forgotten(sound, x, m, inverse, dy, gamma, dgamma, dbeta, share, dx):
    sound(x, m, inverse, dy, np.ones_like(gamma), dgamma, dbeta, share, dx)


@pytest.mark.parametrize(
    "fault",
    [
        statistics_taken_for_constants,
        mean_forgotten,
        variance_forgotten,
        statistics_of_a_given_mean,  # shows with a single row
        gamma_forgotten,
    ],
)
def test_faults_of_batch_norm(fault):
    with pytest.raises(AssertionError, match="dx"):
        check_layer(BatchNorm(), 4, ops=ops_with("batch_norm_backward", fault))


def row_mean_forgotten(sound, u, dy, gamma, inverse, du, row, dx):
    sound(u, dy, gamma, inverse, du, row, dx)
    dx += du.mean(axis=1, keepdims=True) * inverse


def row_variance_forgotten(sound, u, dy, gamma, inverse, du, row, dx):
    sound(u, dy, gamma, inverse, du, row, dx)
    dx += u * (du * u).mean(axis=1, keepdims=True) * inverse


def deviation_forgotten(sound, u, dy, gamma, inverse, du, row, dx):
    sound(u, dy, gamma, np.ones_like(inverse), du, row, dx)


@pytest.mark.parametrize("fault", [row_mean_forgotten, row_variance_forgotten, deviation_forgotten])
def test_faults_of_layer_norm(fault):
    with pytest.raises(AssertionError, match="dx"):
        check_layer(LayerNorm(), 4, ops=ops_with("layer_norm_backward", fault))


def test_faults_of_scale_and_shift():
    def gamma_without_u(sound, u, dy, dgamma, dbeta):
        sound(np.ones_like(u), dy, dgamma, dbeta)

    def sums_without_mean(sound, x, m, inverse, dy, dgamma, dbeta, piece):
        sound(x, np.zeros_like(m), inverse, dy, dgamma, dbeta, piece)

    def beta_is_a_mean(sound, u, *rest):
        sound(u, *rest)
        rest[-2 if rest[-1].ndim > 1 else -1][...] /= len(u)

    for layer, name, fault, blamed in (
        (LayerNorm(), "scale_columns_backward", gamma_without_u, "dgamma"),
        (LayerNorm(), "scale_columns_backward", beta_is_a_mean, "dbeta"),
        (BatchNorm(), "batch_norm_sums", sums_without_mean, "dgamma"),
        (BatchNorm(), "batch_norm_sums", beta_is_a_mean, "dbeta"),
    ):
        with pytest.raises(AssertionError, match=blamed):
            check_layer(layer, 4, ops=ops_with(name, fault))
