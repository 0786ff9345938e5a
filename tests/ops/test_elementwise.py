"""One pass over flat arrays: activations, sums and products, optimisers, averages; compiled, against NumPy's."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ops.operations import EXAMPLES, MODULES, check, numbers, parameters, places

NAMES = [
    *("copy", "add", "subtract", "multiply", "relu", "leaky_relu", "sigmoid"),
    *("relu_backward", "leaky_relu_backward", "sigmoid_backward", "tanh_backward"),
    *("shrink", "descend", "momentum", "nesterov", "adagrad", "rmsprop", "adam", "follow", "inverse_deviation"),
]
EXACT = {"copy", "add", "subtract", "multiply", "relu", "relu_backward", "tanh_backward", "shrink", "descend"}
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
    distance = max(-n, min(n, distance)) * (name != "leaky_relu")  # its reference doesn't compute in place
    written = next(p for p, mark in marks.items() if mark == "*")
    read = data.draw(st.sampled_from([p for p, mark in marks.items() if mark == "" and p != written]))
    if name == "leaky_relu" or (name.endswith("backward") and distance == 0):
        return
    values, results = arguments(name, number, (n,), 0.5), []
    from byhand.ops import reference

    for table in (reference, *MODULES):
        memory = np.zeros(3 * n, np.float32)
        memory[n : 2 * n] = values[read]
        over = {read: memory[n : 2 * n], written: memory[n + distance : 2 * n + distance]}
        getattr(table, name)(*({p: np.copy(v) for p, v in values.items()} | over).values())
        results.append(memory)
    for ours in results[1:]:
        np.testing.assert_allclose(ours, results[0], rtol=1e-6, atol=1e-6)
