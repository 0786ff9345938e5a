"""The operations of convolution and pooling, image by image.

Images are x (n, height, width, channels), outputs (n, rows, columns, out), kernels W (kh, kw, channels / groups, out).
Output (r, s) sees the pixels (r · stride + k · dilation − pad) for k = 0, 1, ... below the kernel's size, and the same
sideways; what lies outside the image counts as zero. `stride`, `dilation` and `size` are pairs (down, across), `pad`
is (above, left); what is missing below and on the right follows from the shapes. `naive` says the same in plain loops.

A convolution becomes a matrix product when each output's patch is written out as a row ("im2col"): (rows · columns,
kh · kw · channels) times (kh · kw · channels, out). That matrix is kh · kw times as large as the images, so it exists
only for a piece at a time, a few images or a few rows of one, in `scratch`, which then stays in the cache.
"""

from collections.abc import Iterator, Sequence
from math import prod

import numpy as np

from byhand.core.types import Array, Pair

Slices = tuple[slice, slice]


def conv2d(
    x: Array, w: Array, b: Array, out: Array, stride: Pair, dilation: Pair, pad: Pair, groups: int, scratch: Array
) -> None:
    """y_irs = b + Σ_k Σ_l x_i(r·stride + k·dilation − pad, s·stride + l·dilation − pad) W_kl (a cross-correlation).

    Shapes: x (n, height, width, in), w (kh, kw, in / groups, out), b (out,), out (n, rows, columns, out). Output
    channels come in `groups` equal parts, each of which sees its own part of the channels. scratch as in `_Patches`.
    """
    patches = _Patches(x, w, out, stride, dilation, pad, groups, scratch)
    for images, rows in patches.pieces(x):
        for g in range(groups):
            y = patches.group_of(out[images, rows], g)
            np.matmul(patches.matrix(rows, g), patches.kernel(w, g), out=y)  # (pixels, K)(K, out) → (pixels, out)
        np.add(out[images, rows], b, out=out[images, rows])


def conv2d_weights(
    x: Array, dy: Array, dw: Array, stride: Pair, dilation: Pair, pad: Pair, groups: int, scratch: Array
) -> None:
    """dW_kl = Σ_i Σ_r Σ_s x_i(r·stride + k·dilation − pad, s·stride + l·dilation − pad)ᵀ dy_irs; shapes as in `conv2d`.

    Each piece of an image adds (its patches as rows)ᵀ dy.
    """
    patches = _Patches(x, dw, dy, stride, dilation, pad, groups, scratch)
    dw.fill(0)
    for images, rows in patches.pieces(x):
        for g in range(groups):
            part = patches.group_of(dy[images, rows], g)
            np.matmul(patches.matrix(rows, g).T, part, out=patches.product)  # (K, pixels)(pixels, out) → (K, out)
            np.add(patches.kernel(dw, g), patches.product, out=patches.kernel(dw, g))


def conv2d_input(
    dy: Array, w: Array, dx: Array, stride: Pair, dilation: Pair, pad: Pair, groups: int, scratch: Array
) -> None:
    """dx_i(r·stride + k·dilation − pad, s·stride + l·dilation − pad) += dy_irs W_klᵀ over all r, s, k, l, from zero.

    Shapes as in `conv2d`; scratch holds at least rows · columns · in / groups numbers.
    """
    n, rows, columns, outputs = dy.shape
    *kernel, channels, _ = w.shape
    size, m = outputs // groups, rows * columns * channels
    step = min(n, scratch.size // m)
    product = scratch[: step * m].reshape(step, rows, columns, channels)
    shifts = [(w[place], *shift) for place, *shift in _shifts(kernel, stride, dilation, pad, dx.shape, dy.shape)]
    dx.fill(0)
    for i in range(0, n, step):
        images = slice(i, i + step)
        piece = product[: len(dy[images])]
        for g in range(groups):
            d = dy[images].reshape(-1, outputs)[:, g * size : (g + 1) * size]  # (pixels, out)
            below = dx[images, ..., g * channels : (g + 1) * channels]
            for w_kl, seen, windows in shifts:
                w_g = w_kl[:, g * size : (g + 1) * size]
                np.matmul(d, w_g.T, out=piece.reshape(-1, channels))  # (pixels, out)(out, in) → (pixels, in)
                np.add(below[:, *seen], piece[:, *windows], out=below[:, *seen])


def max_pool(x: Array, out: Array, size: Pair, stride: Pair, pad: Pair) -> None:
    """y_irs = the largest x_i(r·stride + k − pad, s·stride + l − pad) over k, l below `size`, channel by channel.

    Shapes: x (n, height, width, channels), out (n, rows, columns, channels). What lies outside counts as −∞.
    """
    out.fill(-np.inf)
    for _, seen, windows in _shifts(size, stride, (1, 1), pad, x.shape, out.shape):
        np.maximum(out[:, *windows], x[:, *seen], out=out[:, *windows])


def max_pool_backward(
    x: Array, y: Array, dy: Array, dx: Array, size: Pair, stride: Pair, pad: Pair, scratch: Array
) -> None:
    """dx at each window's maximum += dy, from zero; of several equal ones, at the first (row by row).

    scratch holds at least 2 · rows · columns · channels numbers.
    """
    n, m = len(y), y[0].size
    step = min(n, scratch.size // (2 * m))
    flags = scratch[step * m : 2 * step * m].view(np.bool_)
    room = scratch[: step * m], flags[: step * m], flags[step * m : 2 * step * m]
    share, hit, found = (part.reshape(step, *y.shape[1:]) for part in room)
    shifts = list(_shifts(size, stride, (1, 1), pad, x.shape, y.shape))
    dx.fill(0)
    for i in range(0, n, step):
        images = slice(i, min(i + step, n))
        k = slice(0, images.stop - i)
        found.fill(False)
        for _, seen, windows in shifts:
            mine, theirs = (k, *windows), (images, *windows)
            np.equal(x[images, *seen], y[theirs], out=hit[mine])
            np.greater(hit[mine], found[mine], out=hit[mine])  # and no maximum before it
            np.logical_or(found[mine], hit[mine], out=found[mine])
            np.multiply(dy[theirs], hit[mine], out=share[mine])
            np.add(dx[images, *seen], share[mine], out=dx[images, *seen])


def average_pool(x: Array, out: Array, size: Pair, stride: Pair, pad: Pair) -> None:
    """y_irs = the mean of x_i(r·stride + k − pad, s·stride + l − pad) over those k, l below `size` inside the image.

    Shapes as in `max_pool`. What lies outside is not counted, as in Keras and in PyTorch's count_include_pad=False.
    """
    out.fill(0)
    for _, seen, windows in _shifts(size, stride, (1, 1), pad, x.shape, out.shape):
        np.add(out[:, *windows], x[:, *seen], out=out[:, *windows])
    for rows, columns, count in _blocks(size, stride, pad, x.shape, out.shape):
        np.divide(out[:, rows, columns], count, out=out[:, rows, columns])


def average_pool_backward(dy: Array, dx: Array, size: Pair, stride: Pair, pad: Pair) -> None:
    """dx at each pixel of a window += dy / (the window's pixels inside the image), from zero; shapes as in `max_pool`.

    Windows with equally many pixels go together: dx ← (count dx + Σ dy) / count.
    """
    dx.fill(0)
    for rows, columns, count in _blocks(size, stride, pad, dx.shape, dy.shape):
        part = dy[:, rows, columns]
        first = (pad[0] - rows.start * stride[0], pad[1] - columns.start * stride[1])
        np.multiply(dx, count, out=dx)
        for _, seen, windows in _shifts(size, stride, (1, 1), first, dx.shape, part.shape):
            np.add(dx[:, *seen], part[:, *windows], out=dx[:, *seen])
        np.divide(dx, count, out=dx)


def average_pixels(x: Array, out: Array) -> None:
    """y_i = the mean of image i's pixels, channel by channel, for x (n, height, width, channels), out (n, channels)."""
    np.add.reduce(x, axis=(1, 2), out=out)
    np.divide(out, x.shape[1] * x.shape[2], out=out)


def average_pixels_backward(dy: Array, dx: Array) -> None:
    """dx = dy / (height · width) at every pixel; shapes as in `average_pixels`."""
    np.divide(dy[:, None, None], dx.shape[1] * dx.shape[2], out=dx)


class _Patches:
    """The patches of a few images, or of a few rows of one, as rows of a matrix.

    scratch is cut into the images with their padding (step, height, width, in), one group's product (K, out / groups)
    with K = kh · kw · in / groups, and the patches (pixels, K): of as many whole images as there is room for, else of
    as many rows of outputs of one, at least one row.
    """

    def __init__(
        self, x: Array, w: Array, y: Array, stride: Pair, dilation: Pair, pad: Pair, groups: int, scratch: Array
    ):
        (n, height, width, channels), (_, rows, columns, outputs), (kh, kw, depth, _) = x.shape, y.shape, w.shape
        tall = max(pad[0] + height, (rows - 1) * stride[0] + (kh - 1) * dilation[0] + 1)
        wide = max(pad[1] + width, (columns - 1) * stride[1] + (kw - 1) * dilation[1] + 1)
        k, self._depth, self._size, self._count = kh * kw * depth, depth, outputs // groups, rows
        image, row = tall * wide * channels, columns * k
        room = scratch.size - k * self._size
        self._step = max(1, min(n, room // (image + rows * row)))
        self._rows = rows if room >= image + rows * row else max(1, (room - image) // row)
        a = self._step * image
        b = a + k * self._size
        self.product = scratch[a:b].reshape(k, self._size)
        self._matrix = scratch[b : b + self._step * self._rows * row].reshape(-1, k)
        padded = scratch[:a].reshape(self._step, tall, wide, channels)
        padded.fill(0)
        self._inside = padded[:, pad[0] : pad[0] + height, pad[1] : pad[1] + width]
        one, down, across, deep = padded.strides
        self._seen: Array = np.ndarray(  # (step, rows, columns, kh, kw, in): a view, which repeats what windows share
            (self._step, rows, columns, kh, kw, channels),
            padded.dtype,
            padded,
            0,
            (one, down * stride[0], across * stride[1], down * dilation[0], across * dilation[1], deep),
        )

    def pieces(self, x: Array) -> Iterator[tuple[slice, slice]]:
        """Take up x (n, height, width, in) piece by piece: which images, and which of their rows of outputs."""
        for i in range(0, len(x), self._step):
            images = slice(i, min(i + self._step, len(x)))
            self._taken = slice(0, images.stop - i)
            np.copyto(self._inside[self._taken], x[images])
            for r in range(0, self._count, self._rows):
                yield images, slice(r, min(r + self._rows, self._count))

    def matrix(self, rows: slice, g: int) -> Array:
        """The patches of group g at these rows of outputs (pixels, K)."""
        seen = self._seen[self._taken, rows, ..., g * self._depth : (g + 1) * self._depth]
        matrix = self._matrix[: prod(seen.shape[:3])]
        np.copyto(matrix.reshape(seen.shape), seen)
        return matrix

    def kernel(self, w: Array, g: int) -> Array:
        """Group g's part of w as a matrix (K, out / groups)."""
        return w.reshape(-1, w.shape[-1])[:, g * self._size : (g + 1) * self._size]

    def group_of(self, y: Array, g: int) -> Array:
        """Group g's part of y (images, rows, columns, out) as a matrix (pixels, out / groups)."""
        return y.reshape(-1, y.shape[-1])[:, g * self._size : (g + 1) * self._size]


def _shifts(
    size: Sequence[int], stride: Pair, dilation: Pair, pad: Pair, x: tuple[int, ...], y: tuple[int, ...]
) -> Iterator[tuple[Pair, Slices, Slices]]:
    """For each place (k, l) in the window: the pixels that it sees, and the windows in which it lies inside the image.

    x and y are the shapes (n, height, width, channels) of images and outputs.
    """
    for k in range(size[0]):
        for l in range(size[1]):  # noqa: E741
            down = _shift(k * dilation[0] - pad[0], stride[0], x[1], y[1])
            across = _shift(l * dilation[1] - pad[1], stride[1], x[2], y[2])
            if down and across:
                yield (k, l), (down[0], across[0]), (down[1], across[1])


def _shift(offset: int, stride: int, pixels: int, windows: int) -> tuple[slice, slice] | None:
    """The windows r with 0 ≤ r · stride + offset < pixels, and those pixels; None where there are none."""
    first = max(0, -(offset // stride))
    last = min(windows - 1, (pixels - 1 - offset) // stride)
    if last < first:
        return None
    return slice(first * stride + offset, last * stride + offset + 1, stride), slice(first, last + 1)


def _blocks(
    size: Pair, stride: Pair, pad: Pair, x: tuple[int, ...], y: tuple[int, ...]
) -> Iterator[tuple[slice, slice, int]]:
    """Rows and columns of windows that have equally many pixels inside the image, and how many; shapes x and y."""
    for rows, tall in _runs(size[0], stride[0], pad[0], x[1], y[1]):
        for columns, wide in _runs(size[1], stride[1], pad[1], x[2], y[2]):
            yield rows, columns, tall * wide


def _runs(size: int, stride: int, pad: int, pixels: int, windows: int) -> list[tuple[slice, int]]:
    """Neighbouring windows with equally many pixels inside, along one side, and how many."""
    counts = [min(r * stride - pad + size, pixels) - max(r * stride - pad, 0) for r in range(windows)]
    starts = [r for r in range(windows) if r == 0 or counts[r] != counts[r - 1]]
    return [(slice(a, b), counts[a]) for a, b in zip(starts, [*starts[1:], windows], strict=True)]
