"""64-64-10 on scikit-learn's 8 × 8 digits, with three losses, and under Adam."""

from dataclasses import replace

import numpy as np

from byhand.data import Dataset, minmax, sklearn_order_split
from byhand.initializers import Glorot
from byhand.layers import Dense, ReLU, Sigmoid
from byhand.losses import MSE, BinaryCrossEntropy, CategoricalCrossEntropy
from byhand.optimizers import Adam, GradientDescent
from byhand.recipes.base import Figure, Recipe, Split, accuracy_on_test


def scaled(dataset: Dataset, rng: np.random.Generator) -> Split:
    """scikit-learn's train_test_split(test_size=0.2, random_state=42), columns brought to [0, 1] by the training rows.

    The source follows train and test loss; so does the history here, whose val_ columns are the test rows. Nothing is
    chosen by them.
    """
    train, test = sklearn_order_split(len(dataset.x_train))
    scale = minmax(dataset.x_train[train])
    pairs = [(scale(dataset.x_train[index]), dataset.y_train[index]) for index in (train, test)]
    return Split(train=pairs[0], validation=pairs[1], test=pairs[1])


math_behind = Recipe(
    name="math-behind",
    source="Cristian Leo, The Math Behind Neural Networks",
    takes="Taken from the source: network, MinMaxScaler, split with random_state 42, η 0.1, 1,000 epochs over all rows,"
    " softmax and categorical cross-entropy. Not given there and chosen here: Glorot initialisation.",
    prepare=scaled,
    layers=(Dense(64, Glorot("normal")), Sigmoid(), Dense(10, Glorot("normal"))),
    loss=CategoricalCrossEntropy(),
    optimizer=GradientDescent(0.1),
    epochs=1000,
    batch_size=None,
    dataset="digits",
    input_shape=(64,),
    figures=(
        Figure("train accuracy", lambda run: run.train),
        Figure("test accuracy", accuracy_on_test),
        Figure("test loss", lambda run: run.test.loss if run.test else 0.0, percent=False),
    ),
    fault="The source inverts the factors of the chain rule (∂a/∂L for ∂L/∂a), and prints no accuracy to compare with.",
)

math_behind_mse = replace(
    math_behind,
    name="math-behind-mse",
    takes="As math-behind, with sigmoid outputs and MSE.",
    layers=(*math_behind.layers, Sigmoid()),
    loss=MSE(),
    fault="The source's output error a − y leaves out σ′(z) and the factor 2/k. With them, as here, η 0.1 is far too "
    "small.",
)

math_behind_log_loss = replace(
    math_behind,
    name="math-behind-log-loss",
    takes="As math-behind, with sigmoid outputs and log loss summed over the outputs.",
    loss=BinaryCrossEntropy(),
    fault="The source's output error −(y/a − (1−y)/(1−a)) is ∂L/∂a; backpropagation needs ∂L/∂z = a − y, as here.",
)

math_behind_adam = replace(
    math_behind,
    name="math-behind-adam",
    takes="The variant in a framework: ReLU hidden units, Adam, batches of 32, 1,000 epochs.",
    layers=(Dense(64), ReLU(), Dense(10)),
    optimizer=Adam(),
    batch_size=32,
    fault="",
)
