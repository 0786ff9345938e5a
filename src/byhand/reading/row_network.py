"""The network that reads a row of writing without cutting it: convolutions along the row, and CTC."""

from typing import Any

import numpy as np

from byhand.layers import BatchNorm, Columns, Conv2D, Layer, ReLU
from byhand.losses.ctc import CTC
from byhand.network import Network

HEIGHT, WIDTH, LONGEST = 40, 256, 16  # pixels of a row in training, and its digits at most


def row_layers() -> list[Layer]:
    """Eight convolutions, from rows 40 pixels high to a column of eleven logits every four pixels of width."""
    return [
        *_block(Conv2D(16, 3, stride=2)),  # (20, 128, 16)
        *_block(Conv2D(32, 3, stride=2)),  # (10, 64, 32)
        *_block(Conv2D(64, 3)),  # (10, 64, 64)
        *_block(Conv2D(96, 3, stride=(2, 1))),  # (5, 64, 96)
        *_block(Conv2D(144, (5, 3), stride=(5, 1))),  # (1, 64, 144)
        *_block(Conv2D(144, (1, 5))),  # (1, 64, 144)
        *_block(Conv2D(144, (1, 5))),  # (1, 64, 144)
        Conv2D(11, 1),  # (1, 64, 11)
        Columns(),  # (64, 11): ten digits and the blank
    ]


def _block(convolution: Conv2D) -> list[Layer]:
    return [convolution, BatchNorm(), ReLU()]


def row_network(rng: np.random.Generator | int | None = 0, width: int = WIDTH) -> Network:
    """The network for rows (40, width, 1)."""
    return Network((HEIGHT, width, 1), row_layers(), CTC(10, LONGEST), rng=rng)


def widened(network: Network, width: int) -> Network:
    """The same network, with the same θ and state, for rows of another width: no parameter depends on it."""
    height, before, channels = network.input_shape
    loss: Any = network.loss
    steps = width * network.plan[-1].out_shape[0] // before
    longest = min(loss.longest, (steps + 1) // 2)
    other = Network((height, width, channels), network.layers, CTC(loss.classes, longest), rng=None)
    other.theta[...], other.state[...] = network.theta, network.state
    return other
