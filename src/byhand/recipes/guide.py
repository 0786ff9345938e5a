"""784-256-10 with ten sigmoid outputs, by full-batch gradient descent; and the same guide's smaller design table."""

import numpy as np

from byhand.data import Dataset
from byhand.initializers import He, Normal
from byhand.layers import Dense, ReLU
from byhand.losses import BinaryCrossEntropy, CategoricalCrossEntropy
from byhand.optimizers import GradientDescent
from byhand.recipes.base import Figure, Outcome, Recipe, Split, accuracy_on_test, hold_back, rows, test_pair
from byhand.training import Evaluation

KAGGLE_ROWS = 42_000  # Kaggle's train.csv; its digits are MNIST's


def kaggle(dataset: Dataset, rng: np.random.Generator) -> Split:
    """42,000 shuffled rows, as many as Kaggle's file has: 1,000 for development, the rest to train."""
    order = rng.permutation(len(dataset.x_train))[:KAGGLE_ROWS]
    held = min(1000, len(order) // 10)
    return Split(rows(dataset, order[held:]), rows(dataset, order[:held]), test_pair(dataset))


def ms_per_image(run: Outcome) -> float:
    """Milliseconds per test image."""
    return 1000 * run.test.seconds_per_image if isinstance(run.test, Evaluation) else 0.0


guide = Recipe(
    name="guide",
    source="A Comprehensive Guide to Implementing Neural Networks",
    takes="Taken from the source: network, data, η 0.5, 150 iterations over all rows, weights 0.01·N(0,1), biases 0, "
    "output error A2 − Y. --data takes Kaggle's train.csv; without it 42,000 rows are drawn from MNIST's 60,000, "
    "which are the same digits.",
    prepare=kaggle,
    layers=(Dense(256, Normal(0.01)), ReLU(), Dense(10, Normal(0.01))),
    loss=BinaryCrossEntropy(),
    optimizer=GradientDescent(0.5),
    epochs=150,
    batch_size=None,
    figures=(
        Figure("train accuracy", lambda run: run.train, 0.925),
        Figure("dev accuracy", lambda run: run.validation or 0.0, 0.923),
        Figure("test accuracy", accuracy_on_test),
        Figure("ms per image", ms_per_image, 2.3, percent=False),
    ),
    fault="The source uses A2 − Y with sigmoid outputs and names no loss. It is the gradient of the summed binary "
    "cross-entropy, which is minimised here. The source takes its dev rows from the shuffled training rows and "
    "has no test set; here the test set is MNIST's 10,000 test images.",
)

guide_small = Recipe(
    name="guide-small",
    source="A Comprehensive Guide to Implementing Neural Networks (design tables)",
    takes="Taken from the source: 784-10-10, ReLU, softmax, cross-entropy, 7,960 parameters, 48,000/12,000/10,000 "
    "images. Not given there and chosen here: mini-batches of 32, η 0.1, 10 epochs, He initialisation.",
    prepare=hold_back(12_000),
    layers=(Dense(10, He()), ReLU(), Dense(10, He())),
    loss=CategoricalCrossEntropy(),
    optimizer=GradientDescent(0.1),
    epochs=10,
    batch_size=32,
    figures=(
        Figure("train accuracy", lambda run: run.train),
        Figure("validation accuracy", lambda run: run.validation or 0.0),
        Figure("test accuracy", accuracy_on_test),
    ),
    fault="The source's table of epochs, losses and accuracies is an illustration; the figures here are measured.",
)
