"""The contract suite is worth something only if it fails where code is wrong: each fault here must be caught."""

from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np
import pytest

from byhand import layers, losses
from byhand.layers import Plan
from byhand.ops import reference
from byhand.testing import check_layer, check_loss


class Dense(layers.Dense):
    """Square where it is used, so that a transposed matrix fits and only the numbers tell."""

    fault = ""

    def forward(self, ops, at):
        super().forward(ops, at)
        match self.fault:
            case "forward forgets b":
                at.y[...] = at.x @ at.p.W
            case "forward adds to y":
                at.y += at.y
            case "forward changes x":
                at.x *= 2
            case "forward changes W":
                at.p.W *= 2
            case "forward drifts":
                at.y += np.random.default_rng().standard_normal()
            case "forward leaves the last column":
                at.y[:, -1] = np.nan

    def backward(self, ops, at):
        old = {name: value.copy() for name, value in vars(at.g).items()}
        old_dx = None if at.dx is None else at.dx.copy()
        super().backward(ops, at)
        n = len(at.x)
        match self.fault:
            case "sign of dW":
                at.g.W *= -1
            case "dW transposed":
                at.g.W[...] = at.g.W.T.copy()
            case "dW adds up":
                at.g.W += old["W"]
            case "dW over n":
                at.g.W /= n
            case "dW misses a column":
                at.g.W[:, -1] = 0
            case "dW from y":
                at.g.W[...] = at.y.T @ at.dy
            case "dW a millionth too large":
                at.g.W *= 1 + 3e-6
            case "db forgotten":
                at.g.b[...] = old["b"]
            case "db is zero":
                at.g.b[...] = 0
            case "db is a mean":
                at.g.b /= n
            case "db adds up":
                at.g.b += old["b"]
            case "sign of db":
                at.g.b *= -1
            case "dx from W untransposed" if at.dx is not None:
                at.dx[...] = at.dy @ at.p.W
            case "dx adds up" if at.dx is not None:
                at.dx += old_dx
            case "sign of dx" if at.dx is not None:
                at.dx *= -1
            case "dx forgotten" if at.dx is not None:
                at.dx[...] = old_dx
            case "dx into x" if at.dx is not None:
                at.x[...] = at.dx
            case "dy changed":
                at.dy *= 2
            case "W changed":
                at.p.W -= 0.1 * at.g.W
            case "without dx another dW" if at.dx is None:
                at.g.W *= 2
            case "needs dx":
                at.dx += 0 if at.dx is not None else np.nan


DENSE_FAULTS = {
    "forward forgets b": "db",
    "forward adds to y": "dW",
    "forward changes x": "x after forward",
    "forward changes W": "W after forward",
    "forward drifts": "y of a second forward",
    "forward leaves the last column": "y",
    "sign of dW": "dW",
    "dW transposed": "dW",
    "dW adds up": "dW",
    "dW over n": "dW",
    "dW misses a column": "dW",
    "dW from y": "dW",
    "dW a millionth too large": "dW",
    "db forgotten": "db",
    "db is zero": "db",
    "db is a mean": "db",
    "db adds up": "db",
    "sign of db": "db",
    "dx from W untransposed": "dx",
    "dx adds up": "dx",
    "sign of dx": "dx",
    "dx forgotten": "dx",
    "dx into x": "x after backward",
    "dy changed": "dy after backward",
    "W changed": "W after backward",
    "without dx another dW": "dW without dx",
}


@pytest.mark.parametrize(("fault", "blamed"), DENSE_FAULTS.items())
def test_dense(fault, blamed):
    kind = type("Faulty", (Dense,), {"fault": fault})
    with pytest.raises(AssertionError, match=rf"Dense\(4\) with \d rows: {blamed}"):
        check_layer(kind(4), 4)


def test_the_sound_twin_of_the_faulty_dense_passes():
    check_layer(Dense(4), 4)


def ops_with(name, function):
    """The reference operations with one of them replaced; `function` gets the sound one first."""
    sound = getattr(reference, name)
    faulty = {name: lambda *a, **k: function(sound, *a, **k)}
    return SimpleNamespace(**vars(reference) | faulty)


def negated(sound, a, da, dz, *rest, **options):
    sound(a, da, dz, *rest, **options)
    np.negative(dz, out=dz)


def without_upstream(sound, a, da, dz, *rest, **options):
    sound(a, np.ones_like(da), dz, *rest, **options)


def upstream_alone(sound, a, da, dz, *rest, **options):
    dz[...] = da


def doubled(sound, a, da, dz, *rest, **options):
    sound(a, da, dz, *rest, **options)
    dz *= 2


def adding_up(sound, a, da, dz, *rest, **options):
    old = dz.copy()
    sound(a, da, dz, *rest, **options)
    dz += old


def one_row_short(sound, a, da, dz, *rest, **options):
    old = dz[-1].copy()
    sound(a, da, dz, *rest, **options)
    dz[-1] = old


def output_for_upstream(sound, a, da, dz, *rest, **options):
    sound(da, a, dz, *rest, **options)


def into_upstream(sound, a, da, dz, *rest, **options):
    sound(a, da, dz, *rest, **options)
    da[...] = dz


ANY_ACTIVATION = [
    negated,
    without_upstream,
    upstream_alone,
    doubled,
    adding_up,
    one_row_short,
    output_for_upstream,
    into_upstream,
]


def sigmoid_without_one_minus(sound, a, da, dz):
    dz[...] = da * a


def sigmoid_twice(sound, a, da, dz):
    s = 1 / (1 + np.exp(-a))  # as if it were given the input
    dz[...] = da * s * (1 - s)


def tanh_without_square(sound, a, da, dz):
    dz[...] = da * (1 - a)


def relu_keeps_negative(sound, a, da, dz):
    dz[...] = da * (a < 0)


def leaky_slope_above(sound, a, da, dz, slope):
    dz[...] = da * np.where(a > 0, slope, 1)


def leaky_without_slope(sound, a, da, dz, slope):
    dz[...] = da * (a > 0)


def elu_without_alpha(sound, a, da, dz, alpha, scratch):
    dz[...] = da * np.where(a > 0, 1, a + 1)


def elu_from_input(sound, a, da, dz, alpha, scratch):
    dz[...] = da * np.where(a > 0, 1, alpha * np.exp(a))


def softmax_diagonal_only(sound, p, dp, dz, row):
    dz[...] = dp * p * (1 - p)


def softmax_sum_without_p(sound, p, dp, dz, row):
    dz[...] = p * (dp - dp.sum(axis=1, keepdims=True))


def softmax_over_the_batch(sound, p, dp, dz, row):
    dz[...] = p * (dp - (dp * p).sum(axis=0))


ACTIVATIONS = {
    layers.Sigmoid(): ("sigmoid_backward", [sigmoid_without_one_minus, sigmoid_twice]),
    layers.Tanh(): ("tanh_backward", [tanh_without_square]),
    layers.ReLU(): ("relu_backward", [relu_keeps_negative]),
    layers.LeakyReLU(0.2): ("leaky_relu_backward", [leaky_slope_above, leaky_without_slope]),
    layers.ELU(0.7): ("elu_backward", [elu_without_alpha, elu_from_input]),
    layers.Softmax(): ("softmax_backward", [softmax_diagonal_only, softmax_sum_without_p, softmax_over_the_batch]),
}
ACTIVATION_FAULTS = [
    (layer, name, fault) for layer, (name, own) in ACTIVATIONS.items() for fault in [*ANY_ACTIVATION, *own]
]


@pytest.mark.parametrize(("layer", "name", "fault"), ACTIVATION_FAULTS, ids=lambda v: getattr(v, "__name__", str(v)))
def test_activation(layer, name, fault):
    with pytest.raises(AssertionError, match=" dy after backward" if fault is into_upstream else ": dx"):
        check_layer(layer, 4, ops=ops_with(name, fault))


@pytest.mark.parametrize("layer", [layers.Sigmoid(), layers.Tanh(), layers.Softmax()], ids=str)
def test_forward_that_reads_its_input_after_writing_is_no_in_place_forward(layer):
    class Twice(type(layer)):
        def forward(self, ops, at):
            super().forward(ops, at)
            super().forward(ops, at)

    with pytest.raises(AssertionError, match="y computed in place"):
        check_layer(Twice(), 4)


def test_needs_output_must_be_claimed_by_who_reads_it():
    class Careless(layers.Sigmoid):
        needs_output = False

    with pytest.raises(AssertionError, match="without y"):
        check_layer(Careless(), 4)


def test_in_place_must_not_be_claimed_by_who_reads_x_in_backward():
    class Reader(layers.Tanh):
        def backward(self, ops, at):
            if at.dx is not None:
                at.dx[...] = at.dy * (1 - np.tanh(at.x) ** 2)

    with pytest.raises(AssertionError, match="after forward in place"):
        check_layer(Reader(), 4)


def kernel_turned_round(sound, dy, w, dx, *how):
    sound(dy, w[::-1, ::-1].copy(), dx, *how)


def channels_swapped(sound, dy, w, dx, *how):
    sound(dy, w[:, :, ::-1].copy(), dx, *how)


def input_pad_forgotten(sound, dy, w, dx, stride, dilation, pad, *rest):
    sound(dy, w, dx, stride, dilation, (0, pad[1]), *rest)


def input_adds_up(sound, dy, w, dx, *how):
    old = dx.copy()
    sound(dy, w, dx, *how)
    dx += old


def weights_of_the_last_image(sound, x, dy, dw, *how):
    sound(x[-1:], dy[-1:], dw, *how)


def weights_turned_round(sound, x, dy, dw, *how):
    sound(x, dy, dw, *how)
    dw[...] = dw[::-1, ::-1].copy()


def weights_pad_forgotten(sound, x, dy, dw, stride, dilation, pad, *rest):
    sound(x, dy, dw, stride, dilation, (pad[0], 0), *rest)


def weights_add_up(sound, x, dy, dw, *how):
    old = dw.copy()
    sound(x, dy, dw, *how)
    dw += old


def edge_forgotten(sound, x, w, b, out, *how):
    sound(x, w, b, out, *how)
    out[:, -1] = 0


def to_every_pixel(sound, x, y, dy, dx, size, stride, pad, scratch):
    reference.average_pool_backward(dy, dx, size, stride, pad)


def overlap_overwritten(sound, x, y, dy, dx, size, stride, pad, scratch):
    sound(x, y, dy, dx, size, stride, pad, scratch)
    np.clip(dx, dy.min(), dy.max(), out=dx)  # no pixel gets more than one window's share


def edges_counted(sound, dy, dx, size, stride, pad):
    dx.fill(0)
    wide = np.zeros((len(dx), dx.shape[1] + 2, dx.shape[2] + 2, dx.shape[3]))
    sound(dy, wide, size, stride, (0, 0))
    dx[...] = wide[:, pad[0] :, pad[1] :][:, : dx.shape[1], : dx.shape[2]]


def negated_image(sound, dy, dx):
    sound(-dy, dx)


CONVOLUTION = layers.Conv2D(2), (4, 5, 2)
AVERAGE = layers.AveragePool2D(3, stride=2, padding="same"), (5, 5, 1)
IMAGE_FAULTS = [
    (*CONVOLUTION, "conv2d_input", kernel_turned_round, "dx"),
    (*CONVOLUTION, "conv2d_input", channels_swapped, "dx"),
    (*CONVOLUTION, "conv2d_input", input_pad_forgotten, "dx"),
    (*CONVOLUTION, "conv2d_input", input_adds_up, "dx"),
    (*CONVOLUTION, "conv2d_weights", weights_of_the_last_image, "dW"),
    (*CONVOLUTION, "conv2d_weights", weights_turned_round, "dW"),
    (*CONVOLUTION, "conv2d_weights", weights_pad_forgotten, "dW"),
    (*CONVOLUTION, "conv2d_weights", weights_add_up, "dW"),
    (*CONVOLUTION, "conv2d", edge_forgotten, "d[Wb]"),
    (layers.MaxPool2D(), (4, 4, 1), "max_pool_backward", to_every_pixel, "dx"),
    (layers.MaxPool2D(3, stride=1), (5, 5, 1), "max_pool_backward", overlap_overwritten, "dx"),
    (*AVERAGE, "average_pool_backward", edges_counted, "dx"),
    (layers.GlobalAveragePool2D(), (3, 4, 2), "average_pixels_backward", negated_image, "dx"),
]


@pytest.mark.parametrize(
    ("layer", "shape", "name", "fault", "blamed"), IMAGE_FAULTS, ids=lambda v: getattr(v, "__name__", None)
)
def test_images(layer, shape, name, fault, blamed):
    with pytest.raises(AssertionError, match=rf" rows: ({blamed})\b"):
        check_layer(layer, shape, ops=ops_with(name, fault))


def test_flatten_in_another_order():
    class Columns(layers.Flatten):
        def backward(self, ops, at):
            if at.dx is not None:
                at.dx[...] = at.dy.reshape(at.dx.shape[::-1]).T

    with pytest.raises(AssertionError, match=r": dx\["):
        check_layer(Columns(), (2, 3))


@dataclass(frozen=True)
class Planner(layers.Dense):
    wrong: str = ""

    def plan(self, in_shape):
        plan = super().plan(in_shape)
        if self.wrong == "output too wide":
            return Plan((self.units + 1,), plan.params)
        if self.wrong == "no bias":
            return Plan(plan.out_shape, {"W": plan.params["W"]})
        return Plan(plan.out_shape, plan.params | {"W": (self.units, *in_shape)})


@pytest.mark.parametrize(
    ("wrong", "blamed"),
    [("output too wide", "does not fit the arrays"), ("no bias", "plan names"), ("W as columns", "does not fit")],
)
def test_plan(wrong, blamed):
    with pytest.raises(AssertionError, match=blamed):
        check_layer(Planner(4, wrong=wrong), 3)


def test_a_layer_whose_output_jumps_has_no_gradient_to_check():
    with pytest.raises(AssertionError, match="derivative is zero"):
        check_layer(layers.Step(), 4)


# ---- losses -----------------------------------------------------------------------------------------------------


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
