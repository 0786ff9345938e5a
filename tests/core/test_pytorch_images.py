"""Convolution and pooling agree with PyTorch to 1e-10, in float64: outputs, gradients, training of a network."""

from itertools import cycle, product

import numpy as np
import pytest
from safetensors.numpy import load_file

from byhand import AveragePool2D, Conv2D, MaxPool2D
from byhand.layers.base import Plan
from byhand.ops import reference
from tests.core.test_pytorch import CLOSE, by_case
from tests.golden import image_cases as cases
from tests.golden.make import FOLDER, compute_images
from tests.passes import layer_pass


@pytest.fixture(scope="module")
def golden():
    return by_case(load_file(FOLDER / "torch_images.safetensors"))


@pytest.fixture(scope="module")
def live():
    pytest.importorskip("torch")
    return by_case(compute_images())


@pytest.fixture(params=["golden", "live"])
def figures(request):
    return request.getfixturevalue(request.param)


def ours(layer, arrays):
    """y, dx and the parameters' gradients, in arrays full of NaN before."""
    at = layer_pass(layer, arrays["x"], {name: arrays[name] for name in layer.initializers()})
    at.dy = arrays["dy"]
    layer.forward(reference, at)
    layer.backward(reference, at)
    return {"y": at.y, "dx": at.dx} | {f"d{name}": value for name, value in vars(at.g).items()}


def compare(layer, arrays, wanted):
    for name, value in ours(layer, arrays).items():
        np.testing.assert_allclose(value, wanted[name], **CLOSE, err_msg=f"{layer}, {arrays['x'].shape}: {name}")


@pytest.mark.parametrize(("layer", "in_shape"), cases.LAYERS, ids=str)
def test_layer(layer, in_shape, figures):
    compare(layer, cases.layer_data(layer, in_shape), figures[str(layer)])


def test_ten_steps_of_adam(figures):
    wanted, data, net = figures["network"], cases.network_data(), cases.network()
    state = cases.OPTIMIZER.state(net.size, net.dtype)
    losses, rng = [], np.random.default_rng(0)
    for i in range(cases.STEPS):
        output = net.forward(data["x"][i], rng=rng).copy()
        losses.append(net.backward(np.eye(3)[data["y"][i]]))
        if i == 0:
            np.testing.assert_allclose(output, wanted["output"], **CLOSE)
            np.testing.assert_allclose(net.gradient, wanted["gradient"], **CLOSE)
        cases.OPTIMIZER.step(net.ops, net.theta, net.gradient, state, i + 1, cases.OPTIMIZER.learning_rate)
    np.testing.assert_allclose(losses, wanted["losses"], **CLOSE)
    np.testing.assert_allclose(net.theta, wanted["theta"], **CLOSE)


KERNELS = [1, 2, 3, 5, (1, 4), (3, 2), (4, 5)]
STRIDES = [1, 2, 3, (2, 1), (1, 3)]
IMAGES = [(9, 9), (10, 11), (12, 9)]


@pytest.mark.parametrize("kernel", KERNELS, ids=str)
def test_convolutions_of_every_kind(kernel):
    pytest.importorskip("torch")
    from tests.golden.torch_images import run_layer

    kinds = cycle([(1, 1, 2), (2, 1, 3), (3, 1, 1), (2, 2, 4), (3, 3, 3)])  # channels, groups, filters
    others = cycle(product((1, 3, 7), IMAGES))
    for stride, dilation, padding in product(STRIDES, (1, 2, (1, 2)), ("same", "valid")):
        (channels, groups, filters), (n, image) = next(kinds), next(others)
        layer = Conv2D(filters, kernel, stride, padding, groups, dilation)
        arrays = cases.layer_data(layer, (*image, channels), n)
        compare(layer, arrays, run_layer(layer, arrays))


@pytest.mark.parametrize("kind", [MaxPool2D, AveragePool2D])
def test_poolings_of_every_kind(kind):
    pytest.importorskip("torch")
    from tests.golden.torch_images import run_layer

    others = cycle(product((1, 3, 7), (1, 2, 3), IMAGES))
    for size, stride, padding in product(KERNELS, [None, *STRIDES], ("same", "valid")):
        n, channels, image = next(others)
        layer = kind(size, stride, padding)
        arrays = cases.layer_data(layer, (*image, channels), n)
        compare(layer, arrays, run_layer(layer, arrays))


def test_the_average_at_the_edges_is_pytorchs_without_its_padding():
    torch = pytest.importorskip("torch")
    arrays = cases.layer_data(AveragePool2D(3, 1, "same"), (5, 4, 2))
    x = torch.tensor(arrays["x"]).permute(0, 3, 1, 2)
    wanted = torch.nn.functional.avg_pool2d(x, 3, 1, 1, count_include_pad=False).permute(0, 2, 3, 1)
    np.testing.assert_allclose(ours(AveragePool2D(3, 1, "same"), arrays)["y"], wanted, **CLOSE)


@pytest.mark.parametrize("kernel", KERNELS, ids=str)
def test_same_is_pytorchs_same(kernel):
    torch = pytest.importorskip("torch")
    layer = Conv2D(2, kernel, dilation=2)
    arrays = cases.layer_data(layer, (9, 8, 1))
    x, w = torch.tensor(arrays["x"]).permute(0, 3, 1, 2), torch.tensor(arrays["W"]).permute(3, 2, 0, 1)
    wanted = torch.nn.functional.conv2d(x, w, torch.tensor(arrays["b"]), padding="same", dilation=2)
    np.testing.assert_allclose(ours(layer, arrays)["y"], wanted.permute(0, 2, 3, 1), **CLOSE)


def test_a_large_image_goes_through_in_pieces_of_rows(monkeypatch):
    """However little room the patches have, the numbers are the same."""
    layer = Conv2D(3, (3, 2), stride=(2, 1), groups=1)
    arrays = cases.layer_data(layer, (11, 9, 2), 7)
    wanted, sizes = ours(layer, arrays), []
    for piece in (1, 300, 1000):
        monkeypatch.setattr("byhand.layers.convolution.BLOCK_NUMBERS", piece)
        plan: Plan = layer.plan((11, 9, 2))
        sizes.append(plan.scratch["scratch"])
        for name, value in ours(layer, arrays).items():
            np.testing.assert_allclose(value, wanted[name], rtol=1e-13, atol=1e-13)
    assert sizes == sorted(set(sizes))


def test_the_golden_file_says_what_pytorch_says_today(golden, live):
    assert golden.keys() == live.keys() == {*(str(layer) for layer, _ in cases.LAYERS), "network"}
    for case, values in live.items():
        for name, value in values.items():
            np.testing.assert_allclose(golden[case][name], value, rtol=1e-11, atol=1e-12, err_msg=f"{case}/{name}")


@pytest.mark.parametrize(("kernel", "stride", "padding", "dilation"), [(3, 2, 1, 1), (4, 3, 2, 1), (3, 1, 2, 2)])
def test_padding_in_pixels(kernel, stride, padding, dilation):
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(1)
    x = rng.standard_normal((2, 9, 10, 3))
    layer = Conv2D(4, kernel, stride, padding, dilation=dilation)
    arrays = {"x": x, "W": rng.standard_normal((kernel, kernel, 3, 4)), "b": rng.standard_normal(4)}
    at = layer_pass(layer, x, {"W": arrays["W"], "b": arrays["b"]})
    layer.forward(reference, at)
    tx, tw = torch.from_numpy(x).permute(0, 3, 1, 2), torch.from_numpy(arrays["W"]).permute(3, 2, 0, 1)
    y = torch.nn.functional.conv2d(tx, tw, torch.from_numpy(arrays["b"]), stride, padding, dilation)
    assert np.allclose(at.y, y.permute(0, 2, 3, 1).numpy(), **CLOSE)
    if dilation == 1:
        pool = torch.nn.functional
        for layer, wanted in (
            (MaxPool2D(kernel, stride, padding), pool.max_pool2d(tx, kernel, stride, padding)),
            (AveragePool2D(kernel, stride, padding), pool.avg_pool2d(tx, kernel, stride, padding, False, False)),
        ):
            at = layer_pass(layer, x, {})
            layer.forward(reference, at)
            assert np.allclose(at.y, wanted.permute(0, 2, 3, 1).numpy(), **CLOSE)
