"""The project's convolutional network."""

from dataclasses import replace

from byhand.initializers import He
from byhand.layers import Conv2D, Dense, Flatten, MaxPool2D, ReLU
from byhand.recipes.dense import dense

conv = replace(
    dense,
    name="conv",
    takes="Two convolutions of 3 × 3 with 16 and 32 filters, ReLU and a max pooling of 2 × 2 after each, then 128 ReLU "
    "units and ten outputs; softmax and cross-entropy, Adam, batches of 128, the learning rate along a cosine, 5,000 "
    "images held back for validation.",
    layers=(
        *(Conv2D(16), ReLU(), MaxPool2D()),
        *(Conv2D(32), ReLU(), MaxPool2D()),
        *(Flatten(), Dense(128, He()), ReLU(), Dense(10)),
    ),
    input_shape=(28, 28, 1),
    epochs=5,
)
