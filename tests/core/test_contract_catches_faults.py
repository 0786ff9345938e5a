"""The contract suite is worth something only if it fails where code is wrong: each fault here must be caught."""

from dataclasses import dataclass

import numpy as np
import pytest

from byhand import layers
from byhand.layers import Plan
from byhand.testing import check_layer
from tests.core.faults import ops_with


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
