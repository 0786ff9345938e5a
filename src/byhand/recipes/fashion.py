"""A convolutional network for Fashion-MNIST."""

from dataclasses import replace

from byhand.data.augment import Augment, Erase, Flip, Shift
from byhand.layers import BatchNorm, Conv2D, Dense, Flatten, Layer, MaxPool2D, ReLU, Residual
from byhand.losses import CategoricalCrossEntropy
from byhand.optimizers import AdamW
from byhand.recipes.dense import dense
from byhand.schedules import OneCycle


def _more(filters: int) -> tuple[Layer, ...]:
    """A residual block with two convolutions that keeps the shape."""
    return Residual((Conv2D(filters), BatchNorm(), ReLU(), Conv2D(filters), BatchNorm())), ReLU()


fashion = replace(
    dense,
    name="fashion",
    takes="Convolutions of 3 × 3 with 32, 64 and 128 filters, a max pooling of 2 × 2 after the first, and before the "
    "third; behind the second one residual block of two more, behind the third two, batch normalisation throughout, "
    "the largest of each channel, ten outputs. Images mirrored by chance, moved by up to a pixel, some partly hidden; "
    "labels smoothed by 0.1; AdamW along one cycle, batches of 64, 24 epochs, the parameters averaged.",
    layers=(
        *(Conv2D(32), MaxPool2D(), BatchNorm(), ReLU()),  # (14, 14, 32)
        *(Conv2D(64), BatchNorm(), ReLU(), *_more(64), MaxPool2D()),  # (7, 7, 64)
        *(Conv2D(128), BatchNorm(), ReLU(), *_more(128), *_more(128)),  # (7, 7, 128)
        *(MaxPool2D(7), Flatten(), Dense(10)),
    ),
    loss=CategoricalCrossEntropy(0.1),
    optimizer=AdamW(OneCycle(0.006), beta2=0.99, weight_decay=0.05),
    dataset="fashion-mnist",
    input_shape=(28, 28, 1),
    epochs=24,
    batch_size=64,
    augment=Augment((Flip(), Shift(1, 1), Erase(0.3, (0.02, 0.12)))),
    averaging=0.999,
)
