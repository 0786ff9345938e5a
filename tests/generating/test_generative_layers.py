"""Layers and losses of networks that draw: against PyTorch to 1e-10, as adjoints, and what they refuse."""

import numpy as np
import pytest
from safetensors.numpy import load_file

from byhand import (
    ByhandError,
    Conv2D,
    ConvTranspose2D,
    Dense,
    Hinge,
    MinibatchStd,
    Network,
    ReLU,
    Reshape,
    SpectralNorm,
    UpSample2D,
    Wasserstein,
)
from byhand.ops import reference
from tests.core.test_pytorch import CLOSE, by_case
from tests.golden import generative_cases as cases
from tests.golden.make import FOLDER, compute_generative
from tests.passes import layer_pass, loss_pass


@pytest.fixture(scope="module")
def golden():
    return by_case(load_file(FOLDER / "torch_generative.safetensors"))


@pytest.fixture(scope="module")
def live():
    pytest.importorskip("torch")
    return by_case(compute_generative())


@pytest.fixture(params=["golden", "live"])
def figures(request):
    return request.getfixturevalue(request.param)


@pytest.mark.parametrize(("layer", "in_shape"), cases.SPECTRAL, ids=str)
def test_spectral_norm(layer, in_shape, figures):
    data, wanted = cases.spectral_data(layer, in_shape), figures[layer.label()]
    network = Network(in_shape, [layer], dtype=np.float64)
    network.load_state_dict({name: data[name[-1]] for name in network.state_dict()})
    dx = np.empty_like(data["x"][0])
    for i in range(cases.PASSES):
        y = network.forward(data["x"][i], rng=np.random.default_rng(0))
        np.testing.assert_allclose(y, wanted[f"y{i}"], **CLOSE)
        network.backward_from(data["dy"][i], dx=dx)
        inner = network.g[0].children[0]
        for name, value in {"dx": dx, "dW": inner.W, "db": inner.b, "u": network.p[0].u}.items():
            np.testing.assert_allclose(value, wanted[f"{name}{i}"], **CLOSE, err_msg=name)
    np.testing.assert_allclose(network.forward(data["x"][0]), wanted["y"], **CLOSE)


def test_spectral_norm_makes_the_largest_singular_value_one():
    network = Network(6, [SpectralNorm(Dense(4, bias=False), iterations=200)], dtype=np.float64)
    y = network.forward(np.eye(6), rng=np.random.default_rng(0))
    assert np.linalg.svd(y)[1][0] == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize(("layer", "in_shape"), cases.DEVIATIONS, ids=str)
def test_minibatch_std(layer, in_shape, figures):
    data, wanted = cases.deviation_data(layer, in_shape), figures[str(layer)]
    at = layer_pass(layer, data["x"])
    at.dy = data["dy"]
    layer.forward(reference, at)
    layer.backward(reference, at)
    np.testing.assert_allclose(at.y, wanted["y"], **CLOSE)
    np.testing.assert_allclose(at.dx, wanted["dx"], **CLOSE)


@pytest.mark.parametrize("loss", cases.CRITICS, ids=str)
def test_losses_of_critics(loss, figures):
    data, wanted = cases.critic_data(), figures[str(loss)]
    at = loss_pass(loss, data["y"], data["t"])
    assert loss.backward(reference, at) == pytest.approx(wanted["L"].item(), rel=1e-12)
    np.testing.assert_allclose(at.dy, wanted["dy"], **CLOSE)


def test_hinge_decides_by_the_sign():
    network = Network(1, [Dense(1, bias=False)], Hinge(), rng=None)
    network.theta[...] = 1
    assert network.predict(np.array([[0.2], [-0.2]])).tolist() == [1, 0]
    with pytest.raises(ByhandError, match="from 0 to 1; got -1"):
        Hinge().check_targets(np.array([[-1.0]]))


SHAPES = [(3, 1, "same"), (4, 2, "same"), ((2, 3), (3, 1), "same"), (2, 3, "valid"), ((1, 4), (2, 1), "valid")]


@pytest.mark.parametrize(("kernel", "stride", "padding"), SHAPES)
def test_transposed_convolution_is_the_adjoint_of_convolution(kernel, stride, padding):
    """⟨Conv(y), x⟩ = ⟨y, ConvTranspose(x)⟩ with the same W, for any x and y."""
    rng = np.random.default_rng(1)
    up = Network((3, 4, 2), [ConvTranspose2D(3, kernel, stride, padding, bias=False)], rng=1, dtype=np.float64)
    down = Network(up.plan[0].out_shape, [Conv2D(2, kernel, stride, padding, bias=False)], dtype=np.float64)
    down.theta = up.theta
    x, y = rng.standard_normal((5, 3, 4, 2)), rng.standard_normal((5, *up.plan[0].out_shape))
    assert np.vdot(down.forward(y), x) == pytest.approx(np.vdot(y, up.forward(x)), rel=1e-12)


def test_a_network_of_them_in_float32_agrees_with_float64_and_survives_a_file(tmp_path):
    """The compiled operations, where they were built, beside NumPy's."""
    layers = [
        *[Dense(2 * 3 * 4), Reshape((2, 3, 4)), UpSample2D(), Conv2D(3), ReLU()],
        *[ConvTranspose2D(2, 4, stride=2), MinibatchStd(), Reshape(8 * 12 * 3), SpectralNorm(Dense(1))],
    ]
    exact = Network(5, layers, Hinge(), rng=1, dtype=np.float64, ops=reference)
    network = Network(5, layers, Hinge(), rng=1)
    x, t = np.random.default_rng(2).standard_normal((6, 5)), np.eye(2)[[0, 1, 1, 0, 1, 0]][:, :1]
    for net in (exact, network):
        net.forward(net.as_input(x), rng=np.random.default_rng(0))
        net.backward(t)
    np.testing.assert_allclose(network.gradient, exact.gradient, rtol=1e-4, atol=1e-5)
    network.save(tmp_path / "drawing.safetensors")
    again = Network.load(tmp_path / "drawing.safetensors")
    np.testing.assert_array_equal(again.predict_proba(x), network.predict_proba(x))
    assert "ConvTranspose2D(2, 4 × 4, stride 2)" in again.summary()
    assert all(text in again.explain() for text in ("at (2r+k−p, 2s+l−q)", "every pixel repeated", "with W / σ(W)"))


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        ([Reshape((2, 2))], r"have 6 numbers, the shape \(2, 2\) 4"),
        ([UpSample2D()], "UpSample2D takes images"),
        ([ConvTranspose2D(2)], "ConvTranspose2D takes images"),
    ],
)
def test_shapes_that_do_not_fit_are_refused(layers, message):
    with pytest.raises(ByhandError, match=message):
        Network(6, layers, Wasserstein())


def test_spectral_norm_refuses_what_it_cannot_normalise():
    with pytest.raises(ByhandError, match="goes around Dense or Conv2D"):
        SpectralNorm(ReLU())
    with pytest.raises(ByhandError, match="activation after SpectralNorm"):
        SpectralNorm(Dense(3, activation="relu"))
