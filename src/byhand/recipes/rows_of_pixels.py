"""MNIST read as sequences: row by row, and pixel by pixel."""

from dataclasses import replace

import numpy as np

from byhand.data import Dataset
from byhand.layers import GRU, LSTM, Bidirectional, Dense, Dropout, Reshape
from byhand.losses import CategoricalCrossEntropy
from byhand.optimizers import Adam
from byhand.recipes.base import Figure, LabelledSamples, Split, accuracy_on_test, hold_back
from byhand.recipes.dense import dense
from byhand.regularizers import ClipNorm
from byhand.schedules import OneCycle

rows_recipe = replace(
    dense,
    name="rows",
    takes="MNIST as sequences of 28 rows of 28 pixels, from the top to the bottom: an LSTM of 128 units in both "
    "directions, dropout, ten outputs. Adam along one cycle, batches of 128; 5,000 images are held back.",
    layers=(Bidirectional(LSTM(128)), Dropout(0.3), Dense(10)),
    loss=CategoricalCrossEntropy(),
    optimizer=Adam(OneCycle(0.005)),
    input_shape=(28, 28),
    epochs=12,
    batch_size=128,
    figures=(
        Figure("validation accuracy", lambda run: run.validation or 0.0),
        Figure("test accuracy", accuracy_on_test),
    ),
)

by_pixel = replace(
    rows_recipe,
    name="pixels",
    takes="MNIST pixel by pixel, sequences of 784 steps (Le, Jaitly and Hinton, 2015): a GRU of 128 units, ten "
    "outputs; the gradient's norm is clipped at 1.",
    layers=(Reshape((784, 1)), GRU(128), Dense(10)),
    optimizer=Adam(OneCycle(0.002)),
    input_shape=(784,),
    epochs=1,
    regularizers=(ClipNorm(1.0),),
)


def permuted(dataset: Dataset, rng: np.random.Generator) -> Split:
    """5,000 images held back; the pixels of all images in one random order, which is the same in every run."""
    order = np.random.default_rng(0).permutation(784)

    def in_order(samples: LabelledSamples) -> LabelledSamples:
        return samples[0].reshape(-1, 784)[:, order], samples[1]

    split = hold_back(5_000)(dataset, rng)
    return Split(
        in_order(split.train), split.validation and in_order(split.validation), split.test and in_order(split.test)
    )


by_permuted_pixel = replace(
    by_pixel,
    name="permuted-pixels",
    takes="The recipe `pixels` with the pixels of all images in one random order, so that what belongs together lies "
    "hundreds of steps apart. A model of this recipe takes pixels in that order only.",
    prepare=permuted,
)
