"""MNIST read as sequences: row by row, and pixel by pixel."""

from dataclasses import replace

from byhand.layers import GRU, LSTM, Bidirectional, Dense, Dropout, Reshape
from byhand.losses import CategoricalCrossEntropy
from byhand.optimizers import Adam
from byhand.recipes.base import Figure, accuracy_on_test
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
