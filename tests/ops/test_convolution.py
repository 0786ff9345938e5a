"""Convolutions, compiled, against NumPy's patches and products."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.ops.operations import EXAMPLES, check, numbers, places

NAMES = ["conv2d", "conv2d_weights", "conv2d_input"]


PAIRS = st.tuples(st.integers(1, 5), st.integers(1, 5))
STRIDES = st.one_of(st.just((1, 1)), st.tuples(st.integers(1, 4), st.just(1)), PAIRS)
DILATIONS = st.one_of(st.just((1, 1)), PAIRS)
CHANNELS = st.sampled_from([1, 2, 3, 5, 8, 16, 32, 33])
REGISTERS = st.sampled_from([16, 32, 48])
ANY = {"kernel": PAIRS, "stride": STRIDES, "dilation": DILATIONS, "depth": CHANNELS, "size": CHANNELS}
ONE = st.just((1, 1))
WINDOWS = {  # those that have an algorithm of their own, and the others
    "any": ANY | {"groups": st.integers(1, 3)},
    "single": ANY | {"depth": REGISTERS},
    "square": {"kernel": st.just((3, 3)), "stride": ONE, "dilation": ONE, "depth": REGISTERS, "size": REGISTERS},
    "rows": {
        "kernel": st.tuples(st.integers(1, 4), st.just(3)),
        "stride": st.tuples(st.integers(1, 4), st.just(1)),
        "dilation": st.tuples(st.integers(1, 3), st.just(1)),
        "depth": REGISTERS,
        "size": REGISTERS,
    },
    "grey": {"kernel": st.just((3, 3)), "stride": STRIDES, "dilation": ONE, "depth": st.just(1), "size": REGISTERS},
}


@st.composite
def geometries(draw, kind):
    g = {key: draw(value) for key, value in WINDOWS[kind].items()}
    image = draw(st.tuples(st.integers(1, 10), st.integers(1, 10)))
    pad = draw(st.one_of(st.just((0, 0)), st.just((1, 1)), st.tuples(st.integers(0, 5), st.integers(0, 5))))
    most = [(i + p) // s + 2 for i, p, s in zip(image, pad, g["stride"], strict=True)]  # the last windows see nothing
    out = [most[i] - draw(st.integers(0, min(3, most[i] - 1))) for i in range(2)]
    n, room = draw(st.sampled_from([1, 2, 3, 8, 9, 20])), draw(st.sampled_from([0, 100, 10_000]))
    return {"groups": 1, **g, "image": image, "pad": pad, "out": out, "n": n, "room": room}


def scratch(g):
    """What the reference needs at least (see `_Patches` and `conv2d_input`), and some room for more."""
    (height, width), (rows, columns), (kh, kw) = g["image"], g["out"], g["kernel"]
    tall = max(g["pad"][0] + height, (rows - 1) * g["stride"][0] + (kh - 1) * g["dilation"][0] + 1)
    wide = max(g["pad"][1] + width, (columns - 1) * g["stride"][1] + (kw - 1) * g["dilation"][1] + 1)
    k = kh * kw * g["depth"]
    patches = k * g["size"] + tall * wide * g["depth"] * g["groups"] + columns * k
    return np.empty(max(patches, rows * columns * g["depth"]) + g["room"], np.float32)


@pytest.mark.parametrize("kind", WINDOWS)
@pytest.mark.parametrize("name", NAMES)
@EXAMPLES
@given(number=numbers(), blank=st.booleans(), data=st.data())
def test_any_window(name, kind, number, blank, data):
    """Images with a margin of zeros as beside a digit, and a dy of which little is not zero."""
    g = data.draw(geometries(kind))
    groups, zeros, number.zeros = g["groups"], number.zeros, 0
    x = number(g["n"], *g["image"], g["depth"] * groups)
    w, b = number(*g["kernel"], g["depth"], g["size"] * groups), number(g["size"] * groups)
    number.zeros = zeros
    dy = number(g["n"], *g["out"], g["size"] * groups)
    if blank:
        x[:, :1] = x[:, -2:] = x[:, :, :1] = x[:, :, -1:] = x[0] = 0
    values = {"x": x, "w": w, "b": b, "out": dy, "dy": dy, "dw": w, "dx": x, "scratch": scratch(g)}
    values |= {key: g[key] for key in ("stride", "dilation", "pad", "groups")}
    check(name, values, data.draw(places(name)), 1e-5, exact=number.whole)
