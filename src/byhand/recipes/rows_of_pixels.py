"""MNIST read as sequences: row by row, and pixel by pixel."""

from dataclasses import replace
from math import prod

import numpy as np

from byhand.data import Dataset
from byhand.layers import GRU, LSTM, Bidirectional, Dense, Dropout, Reshape
from byhand.losses import CategoricalCrossEntropy
from byhand.network import Network
from byhand.optimizers import Adam
from byhand.recipes.base import Figure, LabelledSamples, Split, accuracy_on_test, hold_back
from byhand.recipes.dense import dense
from byhand.regularizers import ClipNorm
from byhand.schedules import CosineAnnealing, OneCycle

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


def remember(network: Network, rng: np.random.Generator) -> None:
    """Let units forget over 1 to T steps at the start: the update gates' biases are log U(1, T − 1).

    Tallec and Ollivier, "Can recurrent neural networks warp time?" (2018), equation 17.
    """
    (gru,) = (i for i, layer in enumerate(network.layers) if isinstance(layer, GRU))
    b = network.named_parameters()[f"{gru}.b"]  # (3k,): r, u, a
    units = len(b) // 3
    b[units : 2 * units] = np.log(rng.uniform(1, prod(network.input_shape) - 1, units))


by_pixel = replace(
    rows_recipe,
    name="pixels",
    takes="MNIST pixel by pixel, sequences of 784 steps (Le, Jaitly and Hinton, 2015): a GRU of 128 units whose update "
    "gates start so that units remember over 1 to 784 steps, ten outputs; the gradient's norm is clipped at 1. Adam "
    "along a cosine.",
    layers=(Reshape((784, 1)), GRU(128), Dense(10)),
    optimizer=Adam(CosineAnnealing(0.004)),
    input_shape=(784,),
    epochs=10,
    regularizers=(ClipNorm(1.0),),
    start=remember,
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
