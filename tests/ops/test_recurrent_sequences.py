"""Recurrent layers over sequences, compiled, against NumPy's."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ops.operations import EXAMPLES, check, numbers, places, sizes

NAMES = ["rnn", "rnn_backward", "lstm", "lstm_backward", "gru", "gru_backward"]
GATES = {"rnn": 1, "lstm": 4, "gru": 3}


@pytest.mark.parametrize("name", NAMES)
@EXAMPLES
@given(
    number=numbers(whole=False),
    n=st.one_of(st.integers(1, 5), sizes(40, 43)),
    steps=st.integers(1, 6),
    k=sizes(20, 40, 100),
    each=st.booleans(),
    masked=st.booleans(),
    flags=st.tuples(st.booleans(), st.booleans(), st.sampled_from([True, True, False])),
    data=st.data(),
)
def test_sequences(name, number, n, steps, k, each, masked, flags, data):
    """Few sequences and many, whole and masked, in both directions, with every step's output and with the last one."""
    kind, (reverse, relu, after) = name.removesuffix("_backward"), flags
    g, share = GATES[kind], np.float32(0.7 / np.sqrt(k))
    unit = lambda *shape: 1 / (1 + np.exp(-number(*shape)))  # noqa: E731  what gates are: from 0 to 1
    columns = {"rnn": k, "lstm": 4 * k, "gru": 2 * k}[kind]
    z = unit(n, steps, g * k) if name.endswith("_backward") else number(n, steps, g * k)
    values = {
        "r": share * number(k, columns),
        "v": share * number(k, k),
        "z": z,
        "c": number(n, k) if kind == "lstm" else number(k) if after else None,
        "mask": number.rng.random((n, steps)) < 0.7 if masked else None,
        "reverse": reverse,
        "relu": relu,
        "after": after,
        "row": np.empty((n, 2 * k if kind == "gru" else g * k), np.float32),
        "y": number(n, steps, k) if each else None,
        "dy": number(n, steps, k) if each else None,
        "dz": np.empty_like(z),
        "dgates": np.empty((n, steps, 2 * k), np.float32),
    }
    rows = {name: number(n, k) for name in ("h", "dh", "dc", "s", "s2")}
    whole = {name: number(n, steps, k) for name in ("before", "cells", "squashed", "inner", "dinner")}
    check(name, values | rows | whole, data.draw(places(name)), 1e-5)
