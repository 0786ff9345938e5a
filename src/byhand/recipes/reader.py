"""The network that reads single digits in the package."""

from dataclasses import replace

import numpy as np

from byhand.data import Dataset
from byhand.data.augment import Augment
from byhand.initializers import He
from byhand.layers import BatchNorm, Conv2D, Dense, Dropout, Flatten, Layer, MaxPool2D, ReLU
from byhand.optimizers import Adam
from byhand.recipes.base import Split, hold_back
from byhand.recipes.dense import dense
from byhand.schedules import OneCycle

DRAWN = 15_000  # digits that the project draws, in other hands than MNIST's


def _with_drawn(dataset: Dataset, rng: np.random.Generator) -> Split:
    """MNIST's images less those held back, and drawn ones."""
    from byhand.digits.as_mnist import drawn_images

    split = hold_back(5000)(dataset, rng)
    x, y = split.train
    images, labels = drawn_images(DRAWN * len(x) // 55_000, rng)
    ink = images if x.dtype == np.uint8 else images / x.dtype.type(255)
    train = np.concatenate([x, ink.reshape(len(ink), -1)]), np.concatenate([y, labels])
    return replace(split, train=train)


def _block(filters: int, padding: str = "same") -> tuple[Layer, ...]:
    return Conv2D(filters, 3, padding=padding), BatchNorm(), ReLU()


reader = replace(
    dense,
    name="reader",
    takes="Six convolutions of 3 × 3 with batch normalisation and ReLU, two max poolings between them, then 96 units; "
    "MNIST's images and 15,000 digits that the project draws in other hands, moved, turned, slanted, shaken; Adam "
    "along one cycle, batches of 128, the parameters averaged; 5,000 images held back for validation.",
    prepare=_with_drawn,
    layers=(
        *(*_block(32), *_block(32), MaxPool2D()),
        *(*_block(64), *_block(64), MaxPool2D()),
        *(*_block(96), *_block(96, "valid")),
        *(Flatten(), Dense(96, He()), BatchNorm(), ReLU(), Dropout(0.3), Dense(10)),
    ),
    input_shape=(28, 28, 1),
    optimizer=Adam(OneCycle(4e-3, peak=0.2)),
    epochs=24,
    batch_size=128,
    augment=Augment.digits(),
    averaging=0.999,
)
