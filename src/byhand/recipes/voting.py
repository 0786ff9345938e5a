"""Networks with different kernels, which make different mistakes, for an ensemble that averages probabilities.

The idea, that the kernels' sizes should differ, is of An, Lee, Park, Yang and So, "An Ensemble of Simple Convolutional
Neural Network Models for MNIST Digit Recognition" (2020). These are smaller, and trained for fewer epochs.
"""

from dataclasses import replace

import numpy as np

from byhand.data import Dataset
from byhand.layers import Dense, Flatten, Layer, MaxPool2D
from byhand.recipes.base import Split, hold_back
from byhand.recipes.reader import block, reader


def _same_held_back(dataset: Dataset, rng: np.random.Generator) -> Split:
    """Hold back the same 5,000 images for every network and seed, so that the ensemble can be validated."""
    return hold_back(5000)(dataset, np.random.default_rng(0))


def _chain(kernel: int, *filters: int) -> tuple[Layer, ...]:
    """Convolutions without padding; each shrinks the image by `kernel` − 1 rows and columns."""
    return tuple(layer for size in filters for layer in block(size, kernel, padding="valid"))


_TRAINED = (
    "batch normalisation and ReLU after each, ten outputs. MNIST's images, varied as for `reader`; labels smoothed by "
    "0.1; Adam along one cycle, batches of 64, the parameters averaged; the same 5,000 images held back for all seeds."
)

voting_3 = replace(
    reader,
    name="voting-3",
    takes="Convolutions of 3 × 3: two with 24 and 32 filters, max pooling of 2 × 2, three with 64, max pooling, three "
    f"with 112, the last of each three unpadded; {_TRAINED}",
    prepare=_same_held_back,
    layers=(
        *(*block(24), *block(32), MaxPool2D()),  # (14, 14, 32)
        *(*block(64), *block(64), *block(64, padding="valid"), MaxPool2D()),  # (6, 6, 64)
        *(*block(112), *block(112), *block(112, padding="valid")),  # (4, 4, 112)
        *(Flatten(), Dense(10)),
    ),
    epochs=40,
)
voting_5 = replace(
    voting_3,
    name="voting-5",
    takes=f"Convolutions of 5 × 5 with 16, 32, 48, 64 and 80 filters, unpadded; {_TRAINED}",
    layers=(*_chain(5, 16, 32, 48, 64, 80), Flatten(), Dense(10)),  # (8, 8, 80) before the outputs
    epochs=32,
)
voting_7 = replace(
    voting_3,
    name="voting-7",
    takes=f"Convolutions of 7 × 7 with 16, 40, 64 and 96 filters, unpadded; {_TRAINED}",
    layers=(*_chain(7, 16, 40, 64, 96), Flatten(), Dense(10)),  # (4, 4, 96) before the outputs
    epochs=32,
)
