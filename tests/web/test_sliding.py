"""A kernel at every place of its maps, against sums over a padded image and against the layer's own output."""

import numpy as np
import pytest

from byhand.explaining.looking import layer_outputs
from byhand.layers import AveragePool2D, Conv2D, Dense, Flatten, MaxPool2D, Tanh
from byhand.network import Network
from byhand.web.limits import Refusal
from byhand.web.sliding import kernel_at

LAYERS = [
    Conv2D(3, 5, stride=2),
    Tanh(),
    MaxPool2D(3, stride=2),
    Conv2D(2, 3, dilation=2),
    AveragePool2D(),
    Flatten(),
    Dense(4),
]
IMAGE = np.random.default_rng(0).integers(0, 256, (28, 28)).astype(np.uint8)


@pytest.fixture(scope="module")
def network():
    return Network((28, 28, 1), LAYERS, rng=1, inputs="grey levels", dtype=np.float64)


@pytest.mark.parametrize("layer", [0, 2, 3, 4])
def test_what_lies_under_the_kernel_gives_the_output(network, layer):
    outputs = layer_outputs(network, IMAGE.reshape(1, 28, 28, 1) / 255)
    inputs = (IMAGE.reshape(28, 28, 1) / 255) if layer == 0 else outputs[layer - 1][0]
    result = outputs[layer][0]
    rows, columns, maps = result.shape
    for row, column, unit in [(0, 0, 0), (rows - 1, columns - 1, maps - 1), (rows // 2, 1, 1)]:
        found = kernel_at(network, IMAGE, layer, unit, (row, column))
        assert found["value"] == pytest.approx(result[row, column, unit], rel=1e-4, abs=1e-6)
        inside = np.array(found["inside"])
        dilation = 2 if layer == 3 else 1
        for channel in found["channels"]:
            for k, m in np.argwhere(inside):
                pixel = inputs[found["top"] + k * dilation, found["left"] + m * dilation, channel["channel"]]
                assert channel["values"][k][m] == pytest.approx(pixel, rel=1e-4, abs=1e-6)
        if found["kind"] == "conv":
            total = sum(np.multiply(c["values"], c["weights"]).sum() for c in found["channels"])
            assert total + found["bias"] == pytest.approx(found["value"], rel=1e-3, abs=1e-4)
            np.testing.assert_allclose(found["channels"][0]["weights"], network.p[layer].W[..., 0, unit], rtol=1e-4)
        else:
            values = np.array(found["channels"][0]["values"])[inside]
            assert found["value"] == pytest.approx(values.max() if found["kind"] == "max" else values.mean(), rel=1e-4)


def test_other_layers_and_places_are_refused(network):
    for layer, place in ((1, (0, 0)), (6, (0, 0)), (0, (99, 0)), (99, (0, 0))):
        with pytest.raises(Refusal):
            kernel_at(network, IMAGE, layer, 0, place)
