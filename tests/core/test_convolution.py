"""Networks of convolutions: the fast operations against plain loops, shapes, forms of images, files, refusals."""

import ast
import re
from itertools import cycle, product
from pathlib import Path

import numpy as np
import pytest

from byhand import (
    Adam,
    AveragePool2D,
    BatchNorm,
    ByhandError,
    CategoricalCrossEntropy,
    Conv2D,
    Dense,
    Flatten,
    GlobalAveragePool2D,
    He,
    MaxPool2D,
    Network,
    ReLU,
    Residual,
    SpatialDropout,
    evaluate,
    fit,
)
from byhand.explaining.receptive import receptive_fields
from byhand.initializers import fans
from byhand.layers.windows import Window
from byhand.ops import naive, reference
from byhand.recipes import RECIPES
from tests.core.test_explain import parse

CHANNELS = cycle([(1, 2, 1), (2, 3, 1), (2, 4, 2), (3, 3, 3)])  # in, out, groups
PLACES = list(product([(5, 7), (6, 4)], [(1, 1), (3, 3), (2, 3)], [(1, 1), (2, 1), (3, 3)], ["same", "valid"]))
SMALL = [Conv2D(4), ReLU(), MaxPool2D(), Conv2D(6), ReLU(), MaxPool2D(), Flatten(), Dense(3)]


def empty(shape):
    return np.full(shape, np.nan)


@pytest.mark.parametrize("dilation", [(1, 1), (1, 2)], ids=str)
def test_the_three_operations_are_the_plain_loops(dilation):
    rng = np.random.default_rng(0)
    for image, size, stride, padding in PLACES:
        channels, filters, groups = next(CHANNELS)
        layer = Conv2D(filters, size, stride, padding, groups, dilation)
        if padding == "valid" and any(e > side for e, side in zip(layer.window.extent, image, strict=True)):
            continue
        plan = layer.plan((*image, channels))
        x, dy = rng.standard_normal((2, *image, channels)), rng.standard_normal((2, *plan.out_shape))
        w, b = (rng.standard_normal(plan.params[name]) for name in "Wb")
        how = (stride, dilation, layer.window.pad(image), groups, empty(plan.scratch["scratch"]))
        for name, given, shape in (
            ("conv2d", (x, w, b), dy.shape),
            ("conv2d_weights", (x, dy), w.shape),
            ("conv2d_input", (dy, w), x.shape),
        ):
            fast, plain = empty(shape), empty(shape)
            getattr(reference, name)(*given, fast, *how)
            getattr(naive, name)(*given, plain, *how)
            np.testing.assert_allclose(fast, plain, rtol=1e-12, atol=1e-12, err_msg=f"{name} of {layer}")


def test_poolings_are_the_plain_loops():
    rng = np.random.default_rng(0)
    for image, size, stride, padding in PLACES:
        window = Window(size, stride, padding=padding)
        x = np.round(rng.standard_normal((2, *image, 2)))  # with equal numbers in many windows
        shape, how = (2, *window.places(image), 2), (size, stride, window.pad(image))
        y, dy = empty(shape), rng.standard_normal(shape)
        naive.max_pool(x, y, *how)
        for name, given, out, rest in (
            ("max_pool", (x,), shape, ()),
            ("max_pool_backward", (x, y, dy), x.shape, (empty(2 * y[0].size),)),
            ("average_pool", (x,), shape, ()),
            ("average_pool_backward", (dy,), x.shape, ()),
        ):
            fast, plain = empty(out), empty(out)
            getattr(reference, name)(*given, fast, *how, *rest)
            getattr(naive, name)(*given, plain, *how, *rest)
            np.testing.assert_allclose(fast, plain, rtol=1e-13, atol=1e-13, err_msg=f"{name}, {window}")


def test_a_maximum_that_is_there_twice_gives_its_gradient_to_the_first():
    x = np.array([[1.0, 3.0, 3.0, 2.0], [3.0, 0.0, 2.0, 3.0]]).reshape(1, 2, 4, 1)
    y, dy, dx = empty((1, 1, 2, 1)), np.array([5.0, 7.0]).reshape(1, 1, 2, 1), empty(x.shape)
    reference.max_pool(x, y, (2, 2), (2, 2), (0, 0))
    reference.max_pool_backward(x, y, dy, dx, (2, 2), (2, 2), (0, 0), empty(4))
    np.testing.assert_array_equal(dx[0, :, :, 0], [[0, 5, 7, 0], [0, 0, 0, 0]])


@pytest.mark.parametrize(
    ("window", "image", "places", "pad"),
    [
        (Window((3, 3), padding="same"), (28, 28), (28, 28), (1, 1)),
        (Window((3, 3), (2, 2), padding="same"), (28, 28), (14, 14), (0, 0)),  # the odd pixel below and on the right
        (Window((3, 3), (2, 2), padding="same"), (7, 8), (4, 4), (1, 0)),
        (Window((2, 4), padding="same"), (5, 5), (5, 5), (0, 1)),
        (Window((3, 5), (1, 1), (2, 1), "same"), (9, 9), (9, 9), (2, 2)),
        (Window((1, 1), (3, 3), padding="same"), (7, 6), (3, 2), (0, 0)),
        (Window((3, 5), (2, 3)), (8, 11), (3, 3), (0, 0)),
        (Window((3, 3), (1, 1), (3, 2)), (7, 5), (1, 1), (0, 0)),
    ],
    ids=str,
)
def test_places_and_padding(window, image, places, pad):
    """By hand: ⌈side / stride⌉ and half of what is missing; ⌊(side − extent) / stride⌋ + 1."""
    assert window.places(image) == places
    assert window.pad(image) == pad


def test_what_flows_into_a_filter():
    assert fans((3, 5, 2, 7)) == (3 * 5 * 2, 3 * 5 * 7)
    network = Network(
        (9, 9, 8), [Conv2D(64, 5, groups=2, weights=He()), GlobalAveragePool2D()], CategoricalCrossEntropy()
    )
    W = network.p[0].W  # (5, 5, 4, 64)
    assert float(W.std()) == pytest.approx((2 / (5 * 5 * 4)) ** 0.5, rel=0.03)  # 6,400 draws: 0.9 % is one deviation


def test_summary_names_windows_and_shapes():
    layers = [
        Conv2D(8, (3, 5), stride=2, padding="valid"),
        BatchNorm(),
        MaxPool2D(3, stride=2, padding="same"),
        Conv2D(8, 1, groups=4),
        AveragePool2D((1, 2)),
        SpatialDropout(0.2),
        GlobalAveragePool2D(),
    ]
    rows = [line.split("  ") for line in Network((28, 28, 3), layers, CategoricalCrossEntropy()).summary().splitlines()]
    assert [[part.strip() for part in row if part] for row in rows[1:-1]] == [
        ["input", "28 × 28 × 3"],
        ["Conv2D(8, 3 × 5, stride 2, valid)", "13 × 12 × 8", "368", "W 3 × 5 × 3 × 8, b 8"],
        ["BatchNorm", "13 × 12 × 8", "16", "gamma 8, beta 8"],
        ["MaxPool2D(3 × 3, stride 2, same)", "7 × 6 × 8", "0"],
        ["Conv2D(8, 1 × 1, 4 groups)", "7 × 6 × 8", "24", "W 1 × 1 × 2 × 8, b 8"],
        ["AveragePool2D(1 × 2)", "7 × 3 × 8", "0"],
        ["SpatialDropout(0.2)", "7 × 3 × 8", "0"],
        ["GlobalAveragePool2D", "8", "0"],
    ]


def test_grey_images_come_in_three_forms():
    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 256, (20, 6, 5, 1)).astype(np.uint8), rng.integers(0, 3, 20)
    thetas = []
    for form in (x, x[..., 0], x.reshape(20, -1)):
        network = Network((6, 5, 1), SMALL, CategoricalCrossEntropy(), inputs="grey levels")
        assert network.predict_proba(form).tolist() == network.predict_proba(x / np.float32(255)).tolist()
        fit(network, form, y, validation=(form, y), epochs=2, batch_size=8, progress=False)
        assert evaluate(network, form, y).accuracy == evaluate(network, x, y).accuracy
        thetas.append(network.theta)
    np.testing.assert_array_equal(thetas[0], thetas[1])
    np.testing.assert_array_equal(thetas[0], thetas[2])


def test_a_small_network_learns_where_a_stroke_is_not_which_way_it_goes():
    """Images of an upright, a level or a slanting stroke anywhere: what a filter is for."""
    rng = np.random.default_rng(0)
    y, x = rng.integers(0, 3, 400), np.zeros((400, 10, 10, 1), np.float32)
    steps = np.array([(1, 0), (0, 1), (1, 1)])
    for image, kind, (row, column) in zip(x, y, rng.integers(0, 6, (400, 2)), strict=True):
        for k in range(4):
            image[row + k * steps[kind, 0], column + k * steps[kind, 1]] = 1
    layers = [Conv2D(6, padding="valid"), ReLU(), MaxPool2D(8), Flatten(), Dense(3)]
    network = Network((10, 10, 1), layers, CategoricalCrossEntropy())
    fit(network, x[:300], y[:300], epochs=15, batch_size=20, optimizer=Adam(0.02), progress=False)
    assert evaluate(network, x[300:], y[300:]).accuracy > 0.97


def test_a_residual_block_of_convolutions_changes_width_by_a_convolution_before_it():
    block = Residual([Conv2D(6), BatchNorm(), ReLU(), Conv2D(6)])
    network = Network((5, 4, 2), [Conv2D(6, 1), block, GlobalAveragePool2D()], CategoricalCrossEntropy())
    assert network.plan[1].out_shape == (5, 4, 6)
    with pytest.raises(ByhandError, match="must be the same"):
        Network((5, 4, 2), [block, GlobalAveragePool2D()], CategoricalCrossEntropy())


def test_it_comes_back_from_its_file(tmp_path):
    layers = [Conv2D(4, (3, 2), stride=(1, 2), groups=2, dilation=2), MaxPool2D((2, 1)), SpatialDropout(0.1)]
    network = Network(
        (8, 9, 2), [*layers, AveragePool2D(2, 1, "same"), GlobalAveragePool2D()], CategoricalCrossEntropy()
    )
    network.save(tmp_path / "m.safetensors")
    again, x = Network.load(tmp_path / "m.safetensors"), np.random.default_rng(0).standard_normal((3, 8, 9, 2))
    assert again.layers == network.layers
    np.testing.assert_array_equal(again.predict_proba(x), network.predict_proba(x))


def test_spatial_dropout_drops_whole_channels():
    x, y, r = np.ones((50, 3, 4, 40)), empty((50, 3, 4, 40)), empty((50, 40))
    reference.dropout_mask(np.random.default_rng(0), 0.25, r)
    reference.scale_channels(x, r, y)
    assert (y == y[:, :1, :1]).all()  # the same at every pixel
    np.testing.assert_allclose(np.unique(y), [0, 4 / 3])
    assert float((y == 0).mean()) == pytest.approx(0.25, abs=0.04)  # 2,000 draws: four deviations


EXPLAINED = [
    Conv2D(3, (3, 2), stride=(2, 1), dilation=(1, 2)),
    ReLU(),
    MaxPool2D(),
    Residual([Conv2D(3, 1), Conv2D(3, (1, 3))]),
    Conv2D(2, padding="valid"),
    AveragePool2D(2, 1, "same"),
    SpatialDropout(0.3),
    GlobalAveragePool2D(),
]


def test_its_equations_in_words():
    network = Network((20, 12, 2), EXPLAINED, CategoricalCrossEntropy())
    text = network.explain().splitlines()
    lines = [" ".join(line.split("   ")[0].split()) for line in text if line.startswith("  ")]
    assert lines[:4] == [
        "z1 = Σₖₗ a0[i, 2r+k−p, s+2l−q] W1[k, l] + b1",
        "a1 = max(0, z1)",
        "a1′ = max of a1 over each window",
        "z2 = Σₖₗ a1′[i, r+k−p, s+l−q] W2[k, l] + b2",
    ]
    for line in (
        "z4 = Σₖₗ a3[i, r+k, s+l] W4[k, l] + b4",
        "dz4 = Σ da4 / m over the windows, m pixels each",
        "dW4 = Σᵢᵣₛ a3[i, r+k, s+l]ᵀ dz4[i, r, s]",
        "db4 = Σᵢᵣₛ dz4[i, r, s]",
        "da3 = Σₖₗ dz4[i, r−k, s−l] W4[k, l]ᵀ",
        "da1 = Σ da1′ over the windows whose first maximum a1 is",
        "dW1 = Σᵢᵣₛ a0[i, 2r+k−p, s+2l−q]ᵀ dz1[i, r, s]",
    ):
        assert line in lines
    assert [line.strip() for line in text[text.index("") :] if line.endswith("apart")] == [
        "z1    3 × 3, 2 × 1 apart",
        "a1′   5 × 4, 4 × 2 apart",
        "z2    5 × 4, 4 × 2 apart",
        "z3    5 × 8, 4 × 2 apart",
        "a3    5 × 8, 4 × 2 apart",
        "z4    13 × 12, 4 × 2 apart",
        "a4    17 × 14, 4 × 2 apart",
    ]


def test_its_latex_parses():
    lines = Network((20, 12, 2), EXPLAINED, CategoricalCrossEntropy()).explain(latex=True).splitlines()
    assert sum("field" in line for line in lines) == 7
    for line in lines[1:-1]:
        parse(line)


def test_dx_of_a_stride_as_its_equation_says():
    layer = Conv2D(1, (4, 3), stride=(3, 2), padding="valid", dilation=(2, 1))
    assert layer.backward_equations[2].text == "Σₖₗ $dy[i, (r−2k)/3, (s−l)/2] $W[k, l]ᵀ"
    rng, dx = np.random.default_rng(0), empty((1, 13, 7, 1))
    w, dy = rng.standard_normal((4, 3, 1, 1)), rng.standard_normal((1, *layer.window.places((13, 7)), 1))
    reference.conv2d_input(dy, w, dx, (3, 2), (2, 1), (0, 0), 1, empty(dy.size))
    for r, s in product(range(13), range(7)):
        places = {(k, l): ((r - 2 * k) / 3, (s - l) / 2) for k, l in product(range(4), range(3))}  # noqa: E741
        at = {p: (int(a), int(b)) for p, (a, b) in places.items() if a in range(3) and b in range(3)}
        assert dx[0, r, s, 0] == pytest.approx(sum(dy[0, *at[p], 0] * w[*p, 0, 0] for p in at))


def test_a_receptive_field_is_what_moves_a_number():
    """An output in the middle changes with the pixels of its field, and with no other."""
    layers = [Conv2D(3, (3, 2), (2, 1), dilation=2), MaxPool2D((2, 3), (1, 2)), Residual([Conv2D(3)]), Conv2D(2, 1)]
    layers += [AveragePool2D((1, 2)), GlobalAveragePool2D()]
    network = Network((40, 40, 1), layers, CategoricalCrossEntropy(), dtype=np.float64)
    fields = receptive_fields(network)
    assert [field.name for field in fields] == ["z1", "a1", "z2", "a2", "z3", "a3"]
    rng, field = np.random.default_rng(0), fields[-1]
    workspace, seen = network.workspace(1), np.zeros((40, 40), bool)
    place = (0, 10, 4)
    for _ in range(2):  # a maximum does not move with every pixel
        x = rng.standard_normal((1, 40, 40, 1))
        network.forward(x, workspace)
        before = workspace.passes.layers[4].y[place].copy()
        for r, s in np.ndindex(40, 40):
            kept, x[0, r, s, 0] = x[0, r, s, 0], 10.0
            network.forward(x, workspace)
            seen[r, s] |= (workspace.passes.layers[4].y[place] != before).any()
            x[0, r, s, 0] = kept
    rows, columns = np.flatnonzero(seen.any(axis=1)), np.flatnonzero(seen.any(axis=0))
    assert (rows[-1] - rows[0] + 1, columns[-1] - columns[0] + 1) == field.size


def test_the_example_in_the_docs():
    page = Path(__file__).parents[2] / "docs" / "convolution.md"
    known = dict(re.findall(r"^    (\w+) = ([\[\]\d, -]+)$", page.read_text(), re.MULTILINE))
    given = {name: np.array(ast.literal_eval(numbers), float) for name, numbers in known.items()}
    x, w, dy = given["x"].reshape(1, 3, 3, 1), given["W"].reshape(2, 2, 1, 1), given["dy"].reshape(1, 2, 2, 1)
    for ops in (naive, reference):
        y, dw, dx, how = empty(dy.shape), empty(w.shape), empty(x.shape), ((1, 1), (1, 1), (0, 0), 1, empty(50))
        ops.conv2d(x, w, given["b"].reshape(1), y, *how)
        ops.conv2d_weights(x, dy, dw, *how)
        ops.conv2d_input(dy, w, dx, *how)
        for name, value in (("y", y), ("dW", dw), ("dx", dx), ("db", dy.sum())):
            np.testing.assert_array_equal(np.squeeze(value), given[name])
    turned = np.pad(given["dy"], 1)  # dx is a convolution of dy, padded, with the kernel turned round
    again = empty(x.shape)
    naive.conv2d(turned.reshape(1, 4, 4, 1), w[::-1, ::-1], np.zeros(1), again, (1, 1), (1, 1), (0, 0), 1)
    np.testing.assert_array_equal(again[0, :, :, 0], given["dx"])
    fields = receptive_fields(Network((28, 28, 1), RECIPES["conv"].layers, CategoricalCrossEntropy()))
    rows = re.findall(r"^\| `.*2D\(.*\)` \| (\d+) × (\d+) \| (\d+) × (\d+) \|$", page.read_text(), re.MULTILINE)
    assert [tuple(map(int, row)) for row in rows] == [(*field.size, *field.stride) for field in fields]


def build(*layers, shape=(8, 8, 2)):
    return lambda: Network(shape, [*layers, GlobalAveragePool2D()], CategoricalCrossEntropy())


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (build(Conv2D(2, 9, padding="valid")), ["Layer 1", "9 × 9", "8 × 8", 'padding="same"']),
        (build(Conv2D(2, 3, padding="valid", dilation=4)), ["3 × 3, which sees 9 × 9 pixels", "8 × 8"]),
        (build(MaxPool2D((2, 10))), ["MaxPool2D(2 × 10)", "8 × 8"]),
        (build(Conv2D(3, groups=3)), ["2 channels", "3 groups"]),
        (lambda: Conv2D(4, groups=3), ["4 filters", "3 groups"]),
        (build(Conv2D(2), shape=(8, 8)), ["(height, width, channels)", "(8, 8)", "(height, width, 1)"]),
        (build(MaxPool2D(), shape=(8,)), ["MaxPool2D takes images", "(8,)"]),
        (build(AveragePool2D(), shape=(8,)), ["AveragePool2D takes images"]),
        (build(SpatialDropout(), shape=(8,)), ["SpatialDropout takes images"]),
        (build(shape=(8, 8)), ["GlobalAveragePool2D takes images"]),
        (build(Conv2D(2), Dense(3)), ["Layer 2, Dense(3)", "(8, 8, 2)", "Flatten()"]),
        (lambda: Conv2D(0), ["filters", "at least 1", "0"]),
        (lambda: Conv2D(2, 0), ["kernel", "0"]),
        (lambda: Conv2D(2, (3, 3, 3)), ["kernel", "(3, 5)", "(3, 3, 3)"]),
        (lambda: Conv2D(2, 3, 1.5), ["stride", "1.5"]),
        (lambda: Conv2D(2, 3, dilation=(1, 0)), ["dilation", "(1, 0)"]),
        (lambda: Conv2D(2, padding="full"), ['"same", "valid"', "'full'"]),
        (lambda: Conv2D(2, weights=0.1), ["weights", "He()", "0.1"]),
        (lambda: MaxPool2D(2.0), ["size", "2.0"]),
        (lambda: AveragePool2D(2, 0), ["stride", "0"]),
        (lambda: MaxPool2D(2, padding=2), ["2 × 2", "less padding"]),
        (lambda: SpatialDropout(1.0), ["rate", "1"]),
        (lambda: build(shape=(4, 4, 2))().predict(np.zeros((3, 32))), ["(n, 4, 4, 2)", "(3, 32)", "reshape"]),
        (lambda: build(shape=(4, 4, 1))().predict(np.zeros((3, 8, 2))), ["(n, 4, 4, 1)", "(3, 8, 2)"]),
    ],
    ids=lambda v: ", ".join(v) if isinstance(v, list) else "",
)
def test_refused_in_one_sentence(call, words):
    with pytest.raises(ByhandError) as caught:
        call()
    for word in words:
        assert word in str(caught.value)
