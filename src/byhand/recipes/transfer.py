"""Transfer learning: features learnt on MNIST's digits, for a few images of clothes."""

from collections.abc import Callable
from dataclasses import replace
from fnmatch import fnmatchcase

import numpy as np

from byhand.data import Dataset, load, split_rows
from byhand.network import Network
from byhand.optimizers import Adam
from byhand.recipes.base import Split, rows, test_pair
from byhand.recipes.conv import conv
from byhand.schedules import CosineAnnealing
from byhand.training import Group, fit

FEW_OF_EACH, OTHERS = 100, 2_000
DIGITS_EPOCHS = 2
FILTERS = "0.*", "3.*"  # the parameters of both convolutions, by their names


def few_of_each(each: int | None, held_back: int = OTHERS) -> Callable[[Dataset, np.random.Generator], Split]:
    """A `prepare` that takes `each` training images of every class, None for all, and holds others back.

    Of a data set with fewer than twice as many a tenth is held back.
    """

    def prepare(dataset: Dataset, rng: np.random.Generator) -> Split:
        y = dataset.y_train
        rest, held = split_rows(y, held_back if len(y) >= 2 * held_back else 0.1, rng)
        few = np.concatenate([rest[y[rest] == label][:each] for label in range(len(dataset.classes))])
        return Split(rows(dataset, few), rows(dataset, held), test_pair(dataset))

    return prepare


def from_digits(network: Network, rng: np.random.Generator) -> None:
    """Train the same layers on MNIST, and give `network` the filters of both convolutions."""
    digits = load("mnist")
    first = Network(
        network.input_shape, network.layers, network.loss, rng=rng, inputs=network.inputs, classes=digits.classes
    )
    x = digits.x_train.reshape(-1, *network.input_shape)
    optimizer = Adam(CosineAnnealing(0.002))
    fit(first, x, digits.y_train, epochs=DIGITS_EPOCHS, batch_size=128, optimizer=optimizer, rng=rng)
    learnt = first.named_parameters()
    for name, parameter in network.named_parameters().items():
        if any(fnmatchcase(name, pattern) for pattern in FILTERS):
            parameter[...] = learnt[name]


transfer_scratch = replace(
    conv,
    name="transfer-scratch",
    takes="The network of the recipe conv on Fashion-MNIST, 100 images of each class; 2,000 others are held back. "
    "Adam along a cosine, batches of 32, 40 epochs.",
    prepare=few_of_each(FEW_OF_EACH),
    optimizer=Adam(CosineAnnealing(0.001)),
    dataset="fashion-mnist",
    epochs=40,
    batch_size=32,
)

transfer = replace(
    transfer_scratch,
    name="transfer",
    takes="As transfer-scratch, but the filters of both convolutions begin as two epochs of MNIST's digits left them, "
    "and are fine-tuned.",
    optimizer=Adam(CosineAnnealing(0.003)),  # of 0.001 and 0.003, each recipe's is the better one by held-back images
    start=from_digits,
)

transfer_frozen = replace(
    transfer,
    name="transfer-frozen",
    takes="As transfer, but the filters that the digits taught stay as they are.",
    groups=tuple(Group(pattern, rate=0) for pattern in FILTERS),
)
