"""What the page says of a network, against numbers that come another way."""

import numpy as np
import pytest

from byhand.explaining.looking import layer_outputs, sensitivity
from byhand.layers import (
    ELU,
    AveragePool2D,
    BatchNorm,
    Conv2D,
    Dense,
    Flatten,
    LeakyReLU,
    MaxPool2D,
    ReLU,
    Sigmoid,
    Softmax,
    Tanh,
)
from byhand.losses import MSE, BinaryCrossEntropy, CategoricalCrossEntropy, QuadraticCost
from byhand.network import Network
from byhand.web.catalogue import Catalogue, Model, logits_depth
from byhand.web.equation import WRITTEN, equation, window_pixels
from byhand.web.limits import Refusal
from byhand.web.look import look
from byhand.web.packed import json_number, packed
from byhand.web.weights import weights
from tests.web.schema import unpacked

NETWORKS = {
    "softmax": (784, [Dense(6), Tanh(), Dense(5), Sigmoid(), Dense(4)], CategoricalCrossEntropy()),
    "ten sigmoids": (784, [Dense(6), ELU(), Dense(4)], BinaryCrossEntropy()),
    "an activation of its own": (784, [Dense(6), Sigmoid(), Dense(4), Sigmoid()], QuadraticCost()),
    "softmax of its own": (784, [Dense(6), LeakyReLU(0.1), Dense(4), Softmax()], MSE()),
    "maps": (
        (28, 28, 1),
        [Conv2D(3, 5), Tanh(), MaxPool2D(), Conv2D(2, stride=2), Tanh(), AveragePool2D(3), Flatten(), Dense(4)],
        CategoricalCrossEntropy(),
    ),
}


@pytest.fixture(scope="module")
def uneven():
    """An image without two equal neighbours, so that no maximum is at a kink."""
    return np.random.default_rng(1).permutation(784).reshape(28, 28).astype(np.uint8)


@pytest.fixture(params=NETWORKS)
def model(request):
    shape, layers, loss = NETWORKS[request.param]
    return Model("it", Network(shape, layers, loss, rng=3, inputs="grey levels", dtype=np.float64))


def logits(network, x):
    return list(layer_outputs(network, x))[logits_depth(network) - 1]


def test_evidence_is_the_input_times_central_differences_of_the_logits(model, uneven):
    network, found = model.network, look(model, uneven)
    a, b = found["answer"]["index"], found["second"]["index"]
    x = uneven.reshape(1, *network.input_shape) / 255
    z = logits(network, x)[0]
    assert [a, b] == list(np.argsort(-z)[:2])
    np.testing.assert_allclose(found["logits"], z, rtol=1e-4)
    slopes = np.empty((784, 2))
    for i in range(784):
        step = np.zeros(784)
        step[i] = 1e-5
        d = (logits(network, x + step.reshape(x.shape)) - logits(network, x - step.reshape(x.shape)))[0] / 2e-5
        slopes[i] = d[a], d[a] - d[b]
    ink = x.reshape(784)
    for name, expected in (("for", ink * slopes[:, 0]), ("against", ink * slopes[:, 1]), ("gradient", slopes[:, 1])):
        record = found["evidence"][name]
        np.testing.assert_allclose(unpacked(record).ravel(), expected, atol=0.51 * record["scale"])


def test_a_normalised_network_is_looked_into_as_it_reads(uneven):
    """With the running means, not the batch's: along a random direction, by central differences."""
    layers = [Dense(6), BatchNorm(), Tanh(), Dense(4)]
    network = Network(784, layers, CategoricalCrossEntropy(), rng=3, inputs="grey levels", dtype=np.float64)
    rng = np.random.default_rng(4)
    network.state[:] = rng.uniform(0.5, 2, network.state.size)
    x, step = rng.uniform(0, 1, (2, 784)), 1e-6 * rng.normal(size=(2, 784))
    w = rng.normal(size=(2, 4))
    found = sensitivity(network, x, w)
    ahead, behind = ((w * logits(network, x + s * step)).sum(axis=1) for s in (1, -1))
    np.testing.assert_allclose((found.slopes[0] * step).sum(axis=1), (ahead - behind) / 2, rtol=1e-6)
    assert look(Model("it", network), uneven)["layers"][1]["kind"] == "norm"


def test_edges_and_biases_add_up_to_what_comes_out(model, seven):
    """Into each output: Σ value · weight + bias = logit; the shown edges are such terms, exactly."""
    network, found = model.network, look(model, seven)
    dense = [i for i, layer in enumerate(network.layers) if isinstance(layer, Dense)]
    x = seven.reshape(1, *network.input_shape) / 255
    values = [x, *layer_outputs(network, x)]
    for edge in found["paths"]["edges"]:
        i, incoming = edge["to_layer"], values[edge["to_layer"]][0].reshape(-1)
        weight = network.p[i].W[edge["from"], edge["to"]]
        assert edge["weight"] == json_number(weight)
        if i == dense[-1]:
            assert edge["contribution"] == json_number(incoming[edge["from"]] * weight)
    columns = [column["layer"] for column in found["paths"]["units"]]
    assert columns == ([-1] if dense[0] == 0 else []) + dense
    assert [unit["unit"] for unit in found["paths"]["units"][-1]["units"]] == [
        found["answer"]["index"],
        found["second"]["index"],
    ]


def test_layers_say_what_they_gave_and_what_it_did(model, seven):
    network, found = model.network, look(model, seven)
    x = seven.reshape(1, *network.input_shape) / 255
    for record, y in zip(found["layers"], layer_outputs(network, x), strict=True):
        if record["maps"]:
            got = unpacked(record["maps"]).transpose(1, 2, 0)
            np.testing.assert_allclose(got, y[0], atol=0.51 * record["maps"]["scale"])
            assert len(record["relevance"]) == y.shape[-1]
        elif record["kind"] != "flatten":
            np.testing.assert_allclose(record["values"], y[0], rtol=1e-4)
    last = found["layers"][logits_depth(network) - 1]
    expected = np.zeros(4)
    expected[found["answer"]["index"]] = found["logits"][found["answer"]["index"]]
    np.testing.assert_allclose(last["relevance"], expected, rtol=1e-3)


def test_another_rival(seven):
    model = Model("it", Network(784, [Dense(4)], CategoricalCrossEntropy(), rng=1, inputs="grey levels"))
    W = model.network.p[0].W
    found = look(model, seven, rival=2)
    a = found["answer"]["index"]
    rival = 2 if a != 2 else found["second"]["index"]
    assert found["second"]["index"] == rival
    record = found["evidence"]["gradient"]
    np.testing.assert_allclose(unpacked(record).ravel(), W[:, a] - W[:, rival], atol=0.51 * record["scale"])
    with pytest.raises(Refusal, match="no class 4"):
        look(model, seven, rival=4)


def test_sensitivity_by_every_layer(model):
    """∂(w · z)/∂(layer's output), against differences through the layers that follow."""
    network = model.network
    rng = np.random.default_rng(5)
    x = rng.uniform(0.1, 1, (2, *network.input_shape))
    depth = logits_depth(network)
    w = rng.normal(size=(2, 4))
    found = sensitivity(network, x, w, depth)
    for i in range(1, depth):
        rest = Network(network.plan[i - 1].out_shape, network.layers[i:], network.loss, rng=None, dtype=np.float64)
        offset = network.size - rest.size
        names = [p.full_name for p in rest.arena.parameters]
        for name, p in zip(names, rest.arena.parameters, strict=True):
            source = getattr(network.p[int(p.path[0]) + i], name.partition(".")[2])
            p.view(rest.theta)[...] = source
        assert offset >= 0
        step = rng.normal(size=found.values[i].shape)
        ahead, behind = (
            (w * list(layer_outputs(rest, found.values[i] + s * 1e-6 * step))[depth - i - 1]).sum(axis=1)
            for s in (1, -1)
        )
        along = (found.slopes[i] * step).reshape(2, -1).sum(axis=1)
        np.testing.assert_allclose(along, (ahead - behind) / 2e-6, rtol=1e-5, atol=1e-8)


@pytest.mark.parametrize("name", ["softmax", "maps", "an activation of its own", "ten sigmoids"])
def test_equations_come_to_the_networks_numbers(name, seven):
    shape, layers, loss = NETWORKS[name]
    network = Network(shape, layers, loss, rng=3, inputs="grey levels", dtype=np.float64)
    x = seven.reshape(1, *network.input_shape) / 255
    for i, y in enumerate(layer_outputs(network, x)):
        places = [(0, 0), (y.shape[1] - 1, y.shape[2] // 2)] if y.ndim == 4 else [(0, 0)]
        for place in places:
            found = equation(network, seven, i, 1, place)
            value = y[0][(*place, 1) if y.ndim == 4 else 1]
            assert found["value"] == json_number(value)
            assert found["text"].startswith(f"{found['name']} = ") and found["text"].count("\n") <= 2
            assert len(found["terms"]) <= WRITTEN
            if isinstance(network.layers[i], Dense | Conv2D):
                total = sum(t["value"] * t["weight"] for t in found["terms"]) + found["bias"]
                total += found["rest"]["sum"] if found["rest"] else 0
                assert total == pytest.approx(value, rel=1e-3, abs=1e-4)
    p = network.predict_proba(x)[0]
    assert equation(network, seven, None, 2, (0, 0))["value"] == json_number(p[2])


def test_an_equation_reads_as_one_writes_it():
    network = Network(784, [Dense(2), ReLU(), Dense(2)], CategoricalCrossEntropy(), rng=None, inputs="grey levels")
    network.p[0].W[[30, 31], 0] = 0.5, -0.25
    network.p[0].b[0] = -0.125
    image = np.zeros((28, 28), np.uint8)
    image[1, 2:4] = 255
    found = equation(network, image, 0, 0, (0, 0))
    assert found["text"].split("\n") == [
        "z1[0] = Σᵢ a0[i] W1[i, 0] + b1[0]",
        "      = 1 · 0.5 − 1 · 0.25 − 0.125",
        "      = 0.125",
    ]
    assert [term["input"] for term in found["terms"]] == ["a0[1, 2]", "a0[1, 3]"] and found["rest"] is None
    assert equation(network, image, 1, 0, (0, 0))["text"].split("\n")[1] == "      = max(0, 0.125)"
    soft = equation(network, image, None, 0, (0, 0))
    assert soft["text"].split("\n")[1] == "     = e^0 / (e^0 + e^0)" and soft["value"] == 0.5


def test_the_window_sees_what_the_convolution_adds_up():
    """A kernel with a single 1: the output at each place is the pixel that the window says."""
    image = np.arange(35.0).reshape(1, 5, 7, 1)
    for layer in (Conv2D(1, 3), Conv2D(1, 3, stride=2), Conv2D(1, (2, 3), dilation=2), Conv2D(1, 3, padding="valid")):
        network = Network((5, 7, 1), [layer, Flatten()], MSE(), rng=None, dtype=np.float64)
        for k, m in np.ndindex(*layer.window.size):
            network.theta[:] = 0
            network.p[0].W[k, m] = 1
            y = layer_outputs(network, image)[0][0, ..., 0]
            for r, c in np.ndindex(*y.shape):
                seen = dict(zip(*reversed(window_pixels(layer.window, (5, 7, 1), r, c)), strict=True))
                assert y[r, c] == (image[0, *seen[k, m], 0] if (k, m) in seen else 0)


def test_weights_as_images_and_what_later_units_answer_to():
    network = Network(784, [Dense(70), Sigmoid(), Dense(3), Sigmoid(), Dense(2)], CategoricalCrossEntropy(), rng=2)
    first, second, third = (network.p[i].W for i in (0, 2, 4))
    found = weights(network, 0)
    assert found["units"] == list(range(64)) and not found["effective"]
    got = unpacked(found["maps"]).reshape(64, 784)
    np.testing.assert_allclose(got, first[:, :64].T, atol=0.51 * found["maps"]["scale"])
    found = weights(network, 4, 1)
    assert found["effective"] and found["maps"]["shape"] == [1, 28, 28]
    np.testing.assert_allclose(
        unpacked(found["maps"]).ravel(), (first @ second @ third)[:, 1], atol=0.51 * found["maps"]["scale"]
    )
    np.testing.assert_allclose(found["vector"], third[:, 1], rtol=1e-4)
    conv = Network((28, 28, 1), [Conv2D(4, 5), Conv2D(6), Flatten(), Dense(2)], CategoricalCrossEntropy(), rng=2)
    found = weights(conv, 1, 5)
    assert found["channels"] == 4 and found["maps"]["shape"] == [4, 3, 3]
    np.testing.assert_allclose(unpacked(found["maps"])[2], conv.p[1].W[:, :, 2, 5], atol=0.51 * found["maps"]["scale"])
    assert weights(conv, 3)["maps"] is None
    for layer in (2, 9):
        with pytest.raises(Refusal):
            weights(conv, layer)


def test_packing_keeps_what_it_promises():
    rng = np.random.default_rng(0)
    for values in (rng.normal(size=(3, 4)), rng.uniform(size=5), np.zeros(3), np.full((2, 2), -1e-30)):
        record = packed(values)
        np.testing.assert_allclose(unpacked(record), values, atol=0.5001 * record["scale"])
        np.testing.assert_array_equal(unpacked(packed(np.where(values > 0, values, 0)))[values <= 0], 0)  # 0 is exact
    grey = np.arange(256, dtype=np.uint8)
    np.testing.assert_allclose(unpacked(packed(grey)), grey / 255)
    assert list(unpacked(packed(np.array([np.nan, -np.inf, 2.0])))) == [0, 0, 2]
    assert json_number(np.inf) is None and json_number(1.234567) == 1.2346


def test_a_new_file_in_the_folder_is_a_new_network(tmp_path):
    rows = Network((28, 28, 1), [Conv2D(2), Flatten(), Dense(1)], BinaryCrossEntropy(), inputs="grey levels")
    rows.save(tmp_path / "whole-rows.safetensors")
    Network(784, [Dense(10)], CategoricalCrossEntropy(), inputs="grey levels").save(tmp_path / "mine.safetensors")
    (tmp_path / "broken.safetensors").write_bytes(b"no network")
    found = Catalogue((tmp_path,))
    assert set(found.models) == {"mine", "whole-rows"} and set(found.unreadable) == {"broken"}
    assert found.get("mine").reads == "digit" and found.get("whole-rows").reads == "rows"
    assert found.get("mine").facts["accuracy"] is None
    with pytest.raises(Refusal, match="one answer"):
        look(found.get("whole-rows"), np.zeros((28, 28), np.uint8))
