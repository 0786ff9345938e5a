"""Convolution and pooling as the textbook writes them: one product after another, in plain loops.

Far too slow to train with, and therefore only the readable reference of `convolution`, whose functions have the same
names and arguments and are tested against these. Output (r, s) of an image sees, at place (k, l) of the kernel, the
pixel (r · stride + k · dilation − pad, s · stride + l · dilation − pad); outside the image there is nothing to add.

Every product that a convolution adds up has one number of x, one of W and one of y. Forward, x and W give y; backward,
x and dy give dW, and W and dy give dx, over the very same terms.
"""

from collections.abc import Iterator
from itertools import product
from math import inf

from byhand.core.types import Array, Pair

Index = tuple[int, ...]


def terms(
    x: Array, w: Array, y: Array, stride: Pair, dilation: Pair, pad: Pair, groups: int
) -> Iterator[tuple[Index, Index, Index]]:
    """The places in x, w and y of every product of the convolution of x (n, height, width, in) with w to y.

    Only the arrays' shapes are read.
    """
    n, height, width, _ = x.shape
    kh, kw, channels, outputs = w.shape
    _, rows, columns, _ = y.shape
    for i, r, s, o in product(range(n), range(rows), range(columns), range(outputs)):
        group = o // (outputs // groups)
        for k, l, c in product(range(kh), range(kw), range(channels)):  # noqa: E741
            row = r * stride[0] + k * dilation[0] - pad[0]
            column = s * stride[1] + l * dilation[1] - pad[1]
            if 0 <= row < height and 0 <= column < width:
                yield (i, row, column, group * channels + c), (k, l, c, o), (i, r, s, o)


def conv2d(
    x: Array,
    w: Array,
    b: Array,
    out: Array,
    stride: Pair,
    dilation: Pair,
    pad: Pair,
    groups: int,
    scratch: Array | None = None,
) -> None:
    """y = b + Σ x W."""
    out[...] = b
    for in_x, in_w, in_y in terms(x, w, out, stride, dilation, pad, groups):
        out[in_y] += x[in_x] * w[in_w]


def conv2d_weights(
    x: Array,
    dy: Array,
    dw: Array,
    stride: Pair,
    dilation: Pair,
    pad: Pair,
    groups: int,
    scratch: Array | None = None,
) -> None:
    """dW = Σ x dy."""
    dw[...] = 0
    for in_x, in_w, in_y in terms(x, dw, dy, stride, dilation, pad, groups):
        dw[in_w] += x[in_x] * dy[in_y]


def conv2d_input(
    dy: Array,
    w: Array,
    dx: Array,
    stride: Pair,
    dilation: Pair,
    pad: Pair,
    groups: int,
    scratch: Array | None = None,
) -> None:
    """dx = Σ W dy."""
    dx[...] = 0
    for in_x, in_w, in_y in terms(dx, w, dy, stride, dilation, pad, groups):
        dx[in_x] += w[in_w] * dy[in_y]


def windows(x: Array, y: Array, size: Pair, stride: Pair, pad: Pair) -> Iterator[tuple[Index, list[Index]]]:
    """Each number's place in y (n, rows, columns, channels), and the places in x that it is pooled from, row by row."""
    n, height, width, channels = x.shape
    for i, r, s, c in product(range(n), range(y.shape[1]), range(y.shape[2]), range(channels)):
        rows = [r * stride[0] + k - pad[0] for k in range(size[0])]
        columns = [s * stride[1] + l - pad[1] for l in range(size[1])]  # noqa: E741
        pixels = [(row, column) for row in rows for column in columns if 0 <= row < height and 0 <= column < width]
        yield (i, r, s, c), [(i, row, column, c) for row, column in pixels]


def max_pool(x: Array, out: Array, size: Pair, stride: Pair, pad: Pair) -> None:
    """y = the largest number of each window."""
    for place, seen in windows(x, out, size, stride, pad):
        out[place] = max((x[p] for p in seen), default=-inf)


def max_pool_backward(
    x: Array, y: Array, dy: Array, dx: Array, size: Pair, stride: Pair, pad: Pair, scratch: Array | None = None
) -> None:
    """dx += dy at the first of each window's largest numbers."""
    dx[...] = 0
    for place, seen in windows(x, y, size, stride, pad):
        dx[max(seen, key=lambda p: x[p])] += dy[place]  # max gives the first of equal ones


def average_pool(x: Array, out: Array, size: Pair, stride: Pair, pad: Pair) -> None:
    """y = the mean of each window's numbers inside the image."""
    for place, seen in windows(x, out, size, stride, pad):
        out[place] = sum(x[p] for p in seen) / len(seen)


def average_pool_backward(dy: Array, dx: Array, size: Pair, stride: Pair, pad: Pair) -> None:
    """dx += dy / (how many numbers the window has inside the image)."""
    dx[...] = 0
    for place, seen in windows(dx, dy, size, stride, pad):
        for p in seen:
            dx[p] += dy[place] / len(seen)
