"""A convolutional network for Fashion-MNIST."""

from dataclasses import replace

from byhand.data.augment import Augment, Erase, Flip, Shift
from byhand.layers import BatchNorm, Conv2D, Dense, Flatten, MaxPool2D, ReLU, Residual
from byhand.losses import CategoricalCrossEntropy
from byhand.optimizers import AdamW
from byhand.recipes.dense import dense
from byhand.schedules import OneCycle

fashion = replace(
    dense,
    name="fashion",
    takes="Convolutions of 3 × 3 with 32, 64 and 96 filters, a max pooling of 2 × 2 after the first two, then a "
    "residual block of two convolutions with 96 filters, batch normalisation throughout, the largest of each channel, "
    "ten outputs. Images mirrored by chance, moved by up to a pixel, some partly hidden; labels smoothed by 0.1; AdamW "
    "along one cycle, batches of 64, 20 epochs, the parameters averaged.",
    layers=(
        *(Conv2D(32), MaxPool2D(), BatchNorm(), ReLU()),
        *(Conv2D(64), MaxPool2D(), BatchNorm(), ReLU()),
        *(Conv2D(96), BatchNorm(), ReLU()),
        *(Residual((Conv2D(96), BatchNorm(), ReLU(), Conv2D(96), BatchNorm())), ReLU()),
        *(MaxPool2D(7), Flatten(), Dense(10)),
    ),
    loss=CategoricalCrossEntropy(0.1),
    optimizer=AdamW(OneCycle(0.008), beta2=0.99, weight_decay=0.05),
    dataset="fashion-mnist",
    input_shape=(28, 28, 1),
    epochs=20,
    batch_size=64,
    augment=Augment((Flip(), Shift(1, 1), Erase(0.3, (0.02, 0.12)))),
    averaging=0.999,
)
