"""One pass over flat arrays: activations, sums and products, optimisers, averages; compiled, against NumPy's."""

from math import erf, exp, pi, sqrt, tanh

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from byhand.ops import reference
from tests.ops.operations import EXAMPLES, MODULES, check, numbers, parameters, places

NAMES = [
    *("copy", "add", "subtract", "multiply", "relu", "leaky_relu", "sigmoid"),
    *("silu", "gelu", "gelu_tanh", "silu_backward"),
    *("relu_backward", "leaky_relu_backward", "sigmoid_backward", "tanh_backward"),
    *("shrink", "descend", "momentum", "nesterov", "adagrad", "rmsprop", "adam", "follow", "inverse_deviation"),
]
EXACT = {"copy", "add", "subtract", "multiply", "relu", "relu_backward", "tanh_backward", "shrink", "descend"}
NOT_IN_PLACE = {"leaky_relu", "silu"}
POSITIVE = {"variance", "v"}
LENGTHS = st.one_of(st.integers(0, 70), st.sampled_from([1000, 8191, 8192, 8193, 20_000, 50_001]))
SHAPES = st.one_of(st.tuples(LENGTHS), st.lists(st.integers(0, 9), max_size=4).map(tuple))


def arguments(name, number, shape, ratio):
    arrays = {p: number.positive(*shape) if p in POSITIVE else number(*shape) for p in parameters(name)}
    return arrays | {p: ratio for p, mark in parameters(name).items() if mark == "#"}


@pytest.mark.parametrize("name", NAMES)
@EXAMPLES
@given(number=numbers(), shape=SHAPES, ratio=st.sampled_from([0.5, 0.25, 1.0]), data=st.data())
def test_one_pass(name, number, shape, ratio, data):
    exact = number.whole and name in EXACT
    check(name, arguments(name, number, shape, ratio), data.draw(places(name)), exact=exact)


@pytest.mark.parametrize("name", [name for name in NAMES if "*" in parameters(name).values()])
@EXAMPLES
@given(number=numbers(), n=st.integers(1, 99), distance=st.integers(-99, 99), data=st.data())
def test_output_over_an_input(name, number, n, distance, data):
    """Where out begins some numbers before or behind an input, or is that input, the reference says what comes out."""
    marks = parameters(name)
    distance = max(-n, min(n, distance))
    written = next(p for p, mark in marks.items() if mark == "*")
    read = data.draw(st.sampled_from([p for p, mark in marks.items() if mark == "" and p != written]))
    if distance == 0 and (name in NOT_IN_PLACE or name.endswith("backward")):
        return
    values, results = arguments(name, number, (n,), 0.5), []
    for table in (reference, *MODULES):
        memory = np.zeros(3 * n, np.float32)
        memory[n : 2 * n] = values[read]
        over = {read: memory[n : 2 * n], written: memory[n + distance : 2 * n + distance]}
        getattr(table, name)(*({p: np.copy(v) for p, v in values.items()} | over).values())
        results.append(memory)
    for ours in results[1:]:
        np.testing.assert_allclose(ours, results[0], rtol=1e-6, atol=1e-6)


SMOOTH = {  # a and da/dz
    "silu": (lambda z: z / (1 + exp(-z)), lambda z: (1 + z / (1 + exp(z))) / (1 + exp(-z))),
    "gelu": (
        lambda z: z * (1 + erf(z / sqrt(2))) / 2,
        lambda z: (1 + erf(z / sqrt(2))) / 2 + z * exp(-z * z / 2) / sqrt(2 * pi),
    ),
    "gelu_tanh": (
        lambda z: z / 2 * (1 + tanh(sqrt(2 / pi) * (z + 0.044715 * z**3))),
        lambda z: (SMOOTH["gelu_tanh"][0](z + 1e-6) - SMOOTH["gelu_tanh"][0](z - 1e-6)) / 2e-6,
    ),
}


@pytest.mark.parametrize("name", SMOOTH)
@pytest.mark.parametrize("table", [reference, *MODULES])
def test_smooth_activations(table, name):
    """As the standard library computes them, from −30 to 30; far out they are z and 0 exactly."""
    z = np.concatenate([np.linspace(-30, 30, 1201), [0.0, -0.0, 1e-30]])
    value, slope = (np.array([f(number) for number in z]) for f in SMOOTH[name])
    for dtype, tolerance in ((np.float32, 3e-7), (np.float64, 1e-9 if name == "gelu_tanh" else 5e-15)):
        a, da, out, scratch = (
            z.astype(dtype),
            np.full_like(z, 2, dtype),
            np.empty_like(z, dtype),
            np.empty_like(z, dtype),
        )
        found = np.empty_like(a)
        if name == "silu":
            table.silu(a, out)
            table.silu_backward(a, da, found, scratch)
        else:
            getattr(table, name)(a, out, found, scratch)
            found *= 2
        np.testing.assert_allclose(out, value, rtol=tolerance, atol=2 * tolerance)
        np.testing.assert_allclose(found, 2 * slope, rtol=20 * tolerance, atol=20 * tolerance)


@pytest.mark.parametrize("name", ["momentum", "nesterov", "rmsprop", "adam"])
def test_averages_of_no_gradient_end_at_zero(name):
    """After a gradient of 1 and then none, an average that is multiplied by 0.9 is below 1e-38 after 830 steps."""
    for table in MODULES:
        values = {p: 0.9 if mark == "#" else np.zeros(40, np.float32) for p, mark in parameters(name).items()}
        averages = [values[p] for p in ("m", "v") if p in values]
        for step in range(900):
            values["g"].fill(step == 0)
            getattr(table, name)(*values.values())
            assert step > 700 or all(average.all() for average in averages)
        assert not any(average.any() for average in averages)
