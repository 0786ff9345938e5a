"""The networks that read, before they learn: one finds numbers on a page, the other reads a row without cutting it."""

import numpy as np

from byhand.handwriting.alphabet import ALPHABET
from byhand.layers import BatchNorm, Columns, Conv2D, Flatten, Layer, ReLU, Residual
from byhand.losses import BinaryCrossEntropy
from byhand.losses.ctc import CTC
from byhand.network import Network
from byhand.network.folded import copy_parameters
from byhand.reading.finder import MAPS

FINDER_SIDE = 256  # pixels of a picture that the finder learns from
HEIGHT, WIDTH, LONGEST = 40, 256, 16  # pixels of a row in training, and its digits at most
MOST_SIGNS = 24  # of a row in training, signs and spaces among them
PAIRS: dict[int, tuple[int, int | tuple[int, int]]] = {  # channels and size of two convolutions behind the k-th layer
    8: (64, 3),
    11: (96, 3),
    17: (144, (1, 5)),
}
UNKNOWN = -4.0  # the logit of a sign that a network has not learnt yet


def finder_layers() -> list[Layer]:
    """From a picture (height, width, 1) to MAPS logits for every 4 × 4 pixels, those of 2 × 2 places together."""
    layers = [*_block(Conv2D(16, 3, stride=2)), *_block(Conv2D(24, 3, stride=2)), *_block(Conv2D(48, 3, stride=2))]
    for dilation in (1, 2, 4, 1):
        inner = [Conv2D(48, 3, dilation=dilation), BatchNorm(), ReLU(), Conv2D(48, 3), BatchNorm()]
        layers += [Residual(inner), ReLU()]
    return [*layers, Conv2D(4 * MAPS, 1), Flatten()]


def finder_network(rng: np.random.Generator | int | None = 0) -> Network:
    """The network for pictures (SIDE, SIDE, 1)."""
    return Network((FINDER_SIDE, FINDER_SIDE, 1), finder_layers(), BinaryCrossEntropy(), rng=rng, inputs="grey levels")


def row_layers(outputs: int = 11) -> list[Layer]:
    """Eight convolutions, from rows 40 pixels high to a column of logits every four pixels of width."""
    return [
        *_block(Conv2D(16, 3, stride=2)),  # (20, 128, 16)
        *_block(Conv2D(32, 3, stride=2)),  # (10, 64, 32)
        *_block(Conv2D(64, 3)),  # (10, 64, 64)
        *_block(Conv2D(96, 3, stride=(2, 1))),  # (5, 64, 96)
        *_block(Conv2D(144, (5, 3), stride=(5, 1))),  # (1, 64, 144)
        *_block(Conv2D(144, (1, 5))),  # (1, 64, 144)
        *_block(Conv2D(144, (1, 5))),  # (1, 64, 144)
        Conv2D(outputs, 1),  # (1, 64, outputs)
        Columns(),  # (64, outputs): the signs and the blank
    ]


def _block(convolution: Conv2D) -> list[Layer]:
    return [convolution, BatchNorm(), ReLU()]


def row_network(rng: np.random.Generator | int | None = 0, width: int = WIDTH) -> Network:
    """The network for rows (40, width, 1)."""
    return Network((HEIGHT, width, 1), row_layers(), CTC(10, LONGEST), rng=rng, inputs="grey levels")


def signs_network(start: Network | None = None, rng: np.random.Generator | int | None = 0, width: int = 320) -> Network:
    """The network for rows (40, width, 1) of all signs of the alphabet.

    It may start from a network that reads digits: then that one's parameters are taken over, and the signs it does not
    know start as improbable.
    """
    signs = len(ALPHABET)
    layers = [*(row_layers() if start is None else start.layers)[:-2], *row_layers(signs + 1)[-2:]]
    network = Network((HEIGHT, width, 1), layers, CTC(signs, MOST_SIGNS), rng=rng, inputs="grey levels")
    if start is not None:
        for name, place in vars(network.p[-2]).items():
            before = getattr(start.p[-2], name)
            if before.shape[-1] == place.shape[-1]:
                place[...] = before
                continue
            place[..., :10], place[..., -1] = before[..., :10], before[..., 10]
            place[..., 10:-1] = UNKNOWN if name == "b" else 0.1 * place[..., 10:-1]
        for known, place in zip(start.p[:-2], network.p[:-2], strict=True):
            copy_parameters(known, place)
    return network


def deepened(network: Network, rng: np.random.Generator | int | None = 0) -> Network:
    """The same function by a network with pairs of convolutions more, each with a way around it.

    They come behind the third, the fourth and the sixth convolution. The last γ of each pair is 0, so that it adds
    nothing before it learns; a ReLU behind changes nothing either, since what it gets is not negative.
    """
    rng = np.random.default_rng(rng)
    layers: list[Layer] = []
    kept = []  # where the network's own layers are
    for i, layer in enumerate(network.layers):
        kept.append(len(layers))
        layers.append(layer)
        if i in PAIRS:
            channels, size = PAIRS[i]
            pair = [Conv2D(channels, size), BatchNorm(), ReLU(), Conv2D(channels, size), BatchNorm()]
            layers += [Residual(pair), ReLU()]
    deeper = Network(network.input_shape, layers, network.loss, rng=rng, inputs=network.inputs, classes=network.classes)
    for place, known in zip(kept, network.p, strict=True):
        copy_parameters(known, deeper.p[place])
    for layer, p in zip(layers, deeper.p, strict=True):
        if isinstance(layer, Residual):
            p.children[-1].gamma[...] = 0
    return deeper
