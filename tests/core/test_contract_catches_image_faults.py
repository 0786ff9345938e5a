"""The contract suite fails where layers of images are wrong: each fault here must be caught."""

import numpy as np
import pytest

from byhand import layers
from byhand.ops import reference
from byhand.testing import check_layer
from tests.core.faults import ops_with


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
