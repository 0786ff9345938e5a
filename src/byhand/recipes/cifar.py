"""Convolutional networks for CIFAR-10's photographs."""

from dataclasses import replace

from byhand.data.augment import Augment
from byhand.layers import BatchNorm, Conv2D, Dense, Dropout, Flatten, Layer, MaxPool2D, ReLU, Residual
from byhand.losses import CategoricalCrossEntropy
from byhand.optimizers import AdamW
from byhand.recipes.base import hold_back
from byhand.recipes.dense import dense
from byhand.schedules import OneCycle


def _pooled(filters: int) -> tuple[Layer, ...]:
    """A convolution of 3 × 3, and the greatest of each 2 × 2."""
    return Conv2D(filters), MaxPool2D(), BatchNorm(), ReLU()


def _kept(filters: int) -> tuple[Layer, ...]:
    """A residual block with two convolutions that keeps the shape."""
    return Residual((Conv2D(filters), BatchNorm(), ReLU(), Conv2D(filters), BatchNorm())), ReLU()


cifar = replace(
    dense,
    name="cifar",
    takes="Each colour is normalised by its mean and standard deviation (batch normalisation of the images); "
    "convolutions of 3 × 3 with 32, 64 and 128 filters, a pooling of 2 × 2 after the first two; behind the second and "
    "the third a residual block of two more; batch normalisation throughout; the largest of each channel, dropout, ten "
    "outputs. Images mirrored by chance, moved by up to four pixels, in changing brightness, contrast and saturation; "
    "labels smoothed by 0.1; AdamW along one cycle, batches of 64, 30 epochs, the parameters averaged; 5,000 images "
    "are held back.",
    prepare=hold_back(5_000),
    layers=(
        *(BatchNorm(), *_pooled(32)),  # (16, 16, 32)
        *(*_pooled(64), *_kept(64)),  # (8, 8, 64)
        *(Conv2D(128), BatchNorm(), ReLU(), *_kept(128)),  # (8, 8, 128)
        *(MaxPool2D(8), Flatten(), Dropout(0.2), Dense(10)),
    ),
    loss=CategoricalCrossEntropy(0.1),
    optimizer=AdamW(OneCycle(0.006), beta2=0.99, weight_decay=0.05),
    dataset="cifar-10",
    input_shape=(32, 32, 3),
    epochs=30,
    batch_size=64,
    augment=Augment.photographs(),
    averaging=0.999,
)

cifar_small = replace(
    cifar,
    name="cifar-small",
    takes="As cifar, but without residual blocks, dropout and label smoothing: three convolutions, each with a pooling "
    "of 2 × 2, and a hidden layer of 128 units; 20 epochs.",
    layers=(
        *(BatchNorm(), *_pooled(32), *_pooled(64), *_pooled(128)),  # (4, 4, 128)
        *(Flatten(), Dense(128, bias=False), BatchNorm(), ReLU(), Dense(10)),
    ),
    loss=CategoricalCrossEntropy(),
    epochs=20,
)
