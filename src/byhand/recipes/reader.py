"""The package's network for single digits."""

from dataclasses import replace

import numpy as np

from byhand.data import Dataset
from byhand.data.augment import Augment, Elastic, Rotate, Scale, Shear, Shift, Thickness
from byhand.layers import BatchNorm, Conv2D, Dense, Flatten, Layer, MaxPool2D, ReLU
from byhand.losses import CategoricalCrossEntropy
from byhand.optimizers import Adam
from byhand.recipes.base import Split, hold_back
from byhand.recipes.dense import dense
from byhand.schedules import OneCycle

DRAWN = 4000  # digits that the project draws, in other hands than MNIST's


def _with_drawn(dataset: Dataset, rng: np.random.Generator) -> Split:
    """MNIST's training images except those held back, and drawn digits."""
    from byhand.reader_training.as_mnist import drawn_images

    split = hold_back(5000)(dataset, rng)
    x, y = split.train[:2]
    images, labels = drawn_images(DRAWN * len(x) // 55_000, rng)
    ink = images if x.dtype == np.uint8 else images / x.dtype.type(255)
    train = np.concatenate([x, ink.reshape(len(ink), -1)]), np.concatenate([y, labels])
    return replace(split, train=train)


def block(filters: int, kernel: int = 3, stride: int = 1, padding: str = "same") -> tuple[Layer, ...]:
    """A convolution with batch normalisation and ReLU."""
    return Conv2D(filters, kernel, stride, padding), BatchNorm(), ReLU()


reader = replace(
    dense,
    name="reader",
    takes="A convolution of 5 × 5 with 48 filters that moves two pixels at a time, then of 3 × 3 two with 80 filters, "
    "a max pooling of 2 × 2 and three with 112, batch normalisation and ReLU after each, ten outputs. MNIST's images "
    "and 4,000 digits that the project draws in other hands, moved, turned, slanted, shaken a little; labels smoothed "
    "by 0.1; Adam along one cycle, batches of 64, the parameters averaged; 5,000 images held back for validation.",
    prepare=_with_drawn,
    layers=(
        *block(48, 5, stride=2, padding="valid"),  # (12, 12, 48)
        *(*block(80), *block(80, padding="valid"), MaxPool2D()),  # (5, 5, 80)
        *(*block(112), *block(112), *block(112, padding="valid")),  # (3, 3, 112)
        *(Flatten(), Dense(10)),
    ),
    loss=CategoricalCrossEntropy(0.1),
    input_shape=(28, 28, 1),
    optimizer=Adam(OneCycle(3e-3, peak=0.2)),
    epochs=30,
    batch_size=64,
    augment=Augment((Shift(2, 2), Scale((0.88, 1.12)), Shear(10), Rotate(12), Elastic(16, 4), Thickness((-0.15, 0.2)))),
    averaging=0.999,
)
