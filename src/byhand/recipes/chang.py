"""784-10-10 with all observations in one matrix."""

from byhand.initializers import Uniform
from byhand.layers import Dense, ReLU
from byhand.losses import CategoricalCrossEntropy
from byhand.optimizers import GradientDescent
from byhand.recipes.base import Figure, Recipe, everything

chang = Recipe(
    name="chang",
    source="Elliott Chang, Developing a Neural Network From Scratch",
    takes="Network, pixels in [0, 1], all m observations in one matrix (there as columns, here as rows), full-batch "
    "gradient descent. Rate, length and start are not given; chosen: η 0.3, 300 iterations, U(−½, ½).",
    prepare=everything,
    layers=(Dense(10, Uniform(), Uniform()), ReLU(), Dense(10, Uniform(), Uniform())),
    loss=CategoricalCrossEntropy(),
    optimizer=GradientDescent(0.3),
    epochs=300,
    batch_size=None,
    figures=(
        Figure("train accuracy", lambda run: run.train, 0.85),
        Figure("test accuracy", lambda run: run.test.accuracy if run.test else 0.0),
    ),
)
