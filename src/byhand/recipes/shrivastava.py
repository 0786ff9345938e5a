"""784-10-10 from basics to code: the same layers by full-batch gradient descent, and under Adam as in the framework."""

from byhand.initializers import Uniform
from byhand.layers import Dense, Flatten, ReLU
from byhand.losses import CategoricalCrossEntropy
from byhand.optimizers import Adam, GradientDescent
from byhand.recipes.base import Figure, Recipe, hold_back
from byhand.recipes.guide import kaggle

SPLIT_FIGURES = (
    Figure("train accuracy", lambda run: run.train),
    Figure("validation accuracy", lambda run: run.validation or 0.0),
    Figure("test accuracy", lambda run: run.test.accuracy if run.test else 0.0),
    Figure("seconds of training", lambda run: run.seconds, percent=False),
)
SHRIVASTAVA = "Vaibhav Shrivastava, Neural network from basics to code"

shrivastava = Recipe(
    name="shrivastava",
    source=SHRIVASTAVA,
    takes="Network, full-batch gradient descent on Kaggle's 42,000 rows (as in `guide`). Rate, length and start are "
    "not given; chosen: η 0.3, 300 iterations, everything from U(−½, ½).",
    prepare=kaggle,
    layers=(Dense(10, Uniform(), Uniform()), ReLU(), Dense(10, Uniform(), Uniform())),
    loss=CategoricalCrossEntropy(),
    optimizer=GradientDescent(0.3),
    epochs=300,
    batch_size=None,
    figures=SPLIT_FIGURES,
)

shrivastava_adam = Recipe(
    name="shrivastava-adam",
    source=SHRIVASTAVA + " (the framework twin)",
    takes="The same layers on 60,000 images of 28 × 28, flattened by the network, under Adam. Chosen: the frameworks' "
    "defaults (η 0.001, batch 32, Glorot's start), 10 epochs, 6,000 images held back for validation.",
    prepare=hold_back(6_000),
    layers=(Flatten(), Dense(10), ReLU(), Dense(10)),
    loss=CategoricalCrossEntropy(),
    optimizer=Adam(),
    epochs=10,
    batch_size=32,
    input_shape=(28, 28),
    figures=SPLIT_FIGURES,
    fault='The claim is "more accurate and faster", without figures: these are ours.',
)
