"""Max-pooling, compiled, against NumPy's."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from byhand.ops import reference
from tests.ops.operations import EXAMPLES, check, numbers, places

NAMES = ["max_pool", "max_pool_backward"]
PAIR = st.tuples(st.integers(1, 4), st.integers(1, 4))


@pytest.mark.parametrize("name", NAMES)
@EXAMPLES
@given(
    number=numbers(whole=True),  # with many that are equally large
    n=st.integers(1, 4),
    image=st.tuples(st.integers(1, 10), st.integers(1, 10)),
    channels=st.sampled_from([1, 3, 8, 16, 17, 33]),
    size=st.one_of(st.just((2, 2)), PAIR),
    stride=st.one_of(st.just((2, 2)), st.just((3, 3)), PAIR),
    pad=st.one_of(st.just((0, 0)), PAIR),
    more=st.tuples(st.integers(-9, 1), st.integers(-9, 1)),
    data=st.data(),
)
def test_any_window(name, number, n, image, channels, size, stride, pad, more, data):
    """Windows that overlap, that leave pixels between them or beside them, and that see nothing."""
    windows = [max(1, (i + p - 1) // s + 1 + m) for i, p, s, m in zip(image, pad, stride, more, strict=True)]
    x, y = number(n, *image, channels), np.empty((n, *windows, channels), np.float32)
    how = {"size": size, "stride": stride, "pad": pad}
    reference.max_pool(x, y, size, stride, pad)
    scratch = np.empty(2 * y[0].size * data.draw(st.integers(1, 5)), np.float32)
    values = {"x": x, "y": y, "out": y, "dy": number(*y.shape), "dx": x, **how, "scratch": scratch}
    check(name, values, data.draw(places(name)), exact=True)
