"""The gradient by the input, and what a network makes of an image."""

import numpy as np
import pytest

from byhand import (
    MSE,
    BatchNorm,
    ByhandError,
    CategoricalCrossEntropy,
    Conv2D,
    Dense,
    Dropout,
    Flatten,
    GlobalAveragePool2D,
    MaxPool2D,
    Network,
    ReLU,
    Residual,
    Sigmoid,
    SpectralNorm,
    Step,
    Tanh,
)
from byhand.explaining.looking import (
    image_shape,
    last_hidden,
    layer_outputs,
    nearest,
    occlusion,
    outputs,
    principal_plane,
)
from byhand.layers import Plan
from byhand.losses.ctc import CTC
from byhand.testing import central_differences

IMAGES = [Tanh(), Conv2D(3), BatchNorm(), ReLU(), MaxPool2D(), Residual([Conv2D(3), Tanh()]), Flatten(), Dense(4)]


def network(layers, shape, loss=None):
    """With running means and variances away from where they start."""
    net = Network(shape, layers, loss or CategoricalCrossEntropy(), rng=1, inputs="grey levels", dtype=np.float64)
    net.state += np.random.default_rng(2).uniform(0.1, 0.5, net.state.size)
    return net


@pytest.mark.parametrize(
    ("layers", "shape"),
    [
        (IMAGES, (6, 5, 2)),
        ([Conv2D(4, padding="valid"), Sigmoid(), Dropout(0.5), GlobalAveragePool2D()], (5, 4, 1)),
        ([ReLU(), Tanh(), Flatten()], (2, 3)),  # nothing to learn
        ([Dense(6), BatchNorm(), Tanh(), Dropout(0.3), Dense(4)], 5),
        ([Flatten(), Dropout(0.3), Dense(3)], (2, 2, 1)),  # layers before the first that learns
    ],
    ids=str,
)
def test_input_gradient_is_the_slope_of_the_outputs(layers, shape):
    net, rng = network(layers, shape), np.random.default_rng(0)
    x = rng.standard_normal((3, *net.input_shape))
    weights = rng.standard_normal((3, net.outputs))
    net.gradient[...] = 7
    before = net.gradient.copy(), net.state.copy(), net.theta.copy()
    dx = net.input_gradient(x, weights)
    for kept, now in zip(before, (net.gradient, net.state, net.theta), strict=True):
        np.testing.assert_array_equal(now, kept)
    slopes, kinks = central_differences(lambda: float(np.sum(weights * net.forward(x))), x)
    assert kinks.mean() < 0.1
    np.testing.assert_allclose(np.where(kinks, slopes, dx), slopes, rtol=1e-6, atol=1e-8)


def test_gradients_that_nobody_wants_are_left_out():
    net = network([Conv2D(3), Tanh(), Flatten(), SpectralNorm(Dense(4))], (6, 5, 2))
    x, t = np.random.default_rng(0).standard_normal((4, 6, 5, 2)), np.array([0, 3, 1, 1])
    dx = [np.empty_like(x), np.empty_like(x)]
    for learns in (True, False):
        workspace = net.workspace(4, learns=learns)
        net.gradient[...] = 7
        net.forward(x, workspace)
        net.backward(t, workspace, dx=dx[learns])
        assert np.all(net.gradient == 7) == (not learns)
    np.testing.assert_array_equal(*dx)


def test_input_gradient_of_one_output_leaves_the_pass_in_between_alone():
    net, rng = network(IMAGES, (6, 5, 2)), np.random.default_rng(0)
    x, t = rng.standard_normal((4, 6, 5, 2)), np.eye(4)
    net.forward(x)
    net.backward(t)
    wanted = net.gradient.copy()
    net.forward(x)
    net.input_gradient(x[:2] + 1, t[:2])
    net.backward(t)
    np.testing.assert_array_equal(net.gradient, wanted)


@pytest.mark.parametrize(
    ("x", "weights", "words"),
    [
        (np.zeros((2, 4)), np.zeros((2, 4)), ["weights", "(2, 3)", "(2, 4)"]),
        (np.zeros((2, 4)), np.zeros(3), ["weights", "(2, 3)"]),
        (np.zeros((2, 5)), np.zeros((2, 3)), ["(n, 4)", "(2, 5)"]),
    ],
)
def test_input_gradient_refuses_what_does_not_fit(x, weights, words):
    with pytest.raises(ByhandError) as caught:
        network([Dense(3)], 4).input_gradient(x, weights)
    assert all(word in str(caught.value) for word in words)


def test_input_gradient_refuses_a_step():
    with pytest.raises(ByhandError, match="derivative"):
        network([Dense(3), Step()], 4, MSE()).input_gradient(np.zeros((1, 4)), np.ones((1, 3)))


def test_layer_outputs_end_in_the_networks_own():
    net, x = network(IMAGES, (6, 5, 2)), np.random.default_rng(0).standard_normal((3, 6, 5, 2))
    found = list(layer_outputs(net, x))
    assert [y.shape[1:] for y in found] == [plan.out_shape for plan in net.plan]
    np.testing.assert_array_equal(found[-1], net.forward(x))
    np.testing.assert_array_equal(found[3], np.maximum(found[2], 0))  # not written over by a later layer
    assert (found[2] < 0).any()


def test_the_last_hidden_layer_is_what_the_last_dense_layer_sees(monkeypatch):
    net, x = network(IMAGES, (6, 5, 2)), np.random.default_rng(0).standard_normal((5, 6, 5, 2))
    monkeypatch.setattr("byhand.explaining.looking.PREDICTED_ROWS", 2)
    hidden = last_hidden(net, x)
    assert hidden.shape == (5, 3 * 2 * 3)
    np.testing.assert_allclose(hidden @ net.p[-1].W + net.p[-1].b, outputs(net, x), rtol=1e-12)
    np.testing.assert_allclose(outputs(net, x), net.forward(x), rtol=1e-12)
    grey = np.full((2, 4), 51, np.uint8)
    np.testing.assert_allclose(last_hidden(network([Dense(3)], 4), grey), np.full((2, 4), 0.2))  # the input itself


@pytest.mark.parametrize("patch", [1, 2, 3])
def test_occlusion_is_what_covering_by_hand_gives(patch):
    net, image = network([Conv2D(3), ReLU(), Flatten(), Dense(4)], (5, 6, 1)), np.random.default_rng(0).random((5, 6))
    fall = occlusion(net, image, 2, patch)
    for r, c in np.ndindex(5, 6):
        covered = image.copy()
        for k, l in np.ndindex(patch, patch):  # noqa: E741
            row, column = r + k - (patch - 1) // 2, c + l - (patch - 1) // 2
            if 0 <= row < 5 and 0 <= column < 6:
                covered[row, column] = 0
        z = net.forward(np.stack([image, covered]))[:, 2]
        assert fall[r, c] == pytest.approx(z[0] - z[1], abs=1e-12)


def test_nearest_first_with_their_distances():
    features = np.array([[3.0, 4.0], [0.0, 1.0], [6.0, 8.0], [0.0, -1.0]])
    order, distance = nearest(np.zeros(2), features, 3)
    assert order.tolist() == [1, 3, 0]
    assert distance.tolist() == [1, 1, 5]


def test_the_plane_is_spanned_by_the_covariances_first_eigenvectors():
    points = np.random.default_rng(0).standard_normal((40, 5)) * [1, 3, 0.5, 2, 0.1] + 7
    flat = principal_plane(points)
    values, vectors = np.linalg.eigh(np.cov(points.T))
    np.testing.assert_allclose(np.abs(np.sum(flat.axes * vectors[:, [-1, -2]], axis=0)), 1, rtol=1e-10)
    np.testing.assert_allclose(flat.shares, values[[-1, -2]] / values.sum(), rtol=1e-10)
    np.testing.assert_allclose(flat(points).mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(flat(points).var(axis=0, ddof=1), values[[-1, -2]], rtol=1e-10)
    assert (flat.axes[np.argmax(np.abs(flat.axes), axis=0), [0, 1]] > 0).all()
    assert principal_plane(np.array([[1.0], [3.0]])).axes.tolist() == [[1, 0]]  # a single number each: one axis


def test_a_network_that_reads_lines_gives_no_single_answer():
    class Steps(Flatten):
        def plan(self, in_shape):
            return Plan((in_shape[0] // 3, 3))

    net = network([Dense(12), Steps()], 16, CTC(2, 2))
    with pytest.raises(ByhandError, match="one answer"):
        image_shape(net)
    x, weights = np.random.default_rng(0).standard_normal((2, 16)), np.random.default_rng(1).standard_normal((2, 4, 3))
    dx = net.input_gradient(x, weights)  # which any network has
    np.testing.assert_allclose(dx, weights.reshape(2, 12) @ net.p[0].W.T, rtol=1e-12)


def test_image_shapes():
    assert image_shape(network([Flatten(), Dense(2)], (4, 3, 1))) == (4, 3)
    assert image_shape(network([Flatten(), Dense(2)], (4, 3))) == (4, 3)
    assert image_shape(network([Dense(2)], 16)) == (4, 4)
    assert image_shape(network([Dense(2)], 12), (4, 3)) == (4, 3)
    for shape in (12, (4, 3, 2), (2, 2, 2, 1)):
        with pytest.raises(ByhandError, match="not images"):
            image_shape(network([Flatten(), Dense(2)], shape))
