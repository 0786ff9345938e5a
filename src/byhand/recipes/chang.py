"""784-10-10 with all observations in one matrix."""

from byhand.initializers import Uniform
from byhand.layers import Dense, ReLU
from byhand.losses import CategoricalCrossEntropy
from byhand.optimizers import GradientDescent
from byhand.recipes.base import Figure, Recipe, accuracy_on_test, everything

chang = Recipe(
    name="chang",
    source="Elliott Chang, Developing a Neural Network From Scratch",
    takes="Taken from the source: network, pixels in [0, 1], all m observations in one matrix (as columns there, as "
    "rows here), full-batch gradient descent. Not given there and chosen here: η 0.3, 300 iterations, U(−½, ½).",
    prepare=everything,
    layers=(Dense(10, Uniform(), Uniform()), ReLU(), Dense(10, Uniform(), Uniform())),
    loss=CategoricalCrossEntropy(),
    optimizer=GradientDescent(0.3),
    epochs=300,
    batch_size=None,
    figures=(
        Figure("train accuracy", lambda run: run.train, 0.85),
        Figure("test accuracy", accuracy_on_test),
    ),
)
