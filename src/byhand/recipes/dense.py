"""The project's dense networks: the default of `byhand train`, and the best for each data set."""

from dataclasses import replace

from byhand.data.augment import Augment, Flip, Shift
from byhand.initializers import He
from byhand.layers import BatchNorm, Dense, Dropout, Layer, ReLU
from byhand.losses import CategoricalCrossEntropy
from byhand.optimizers import Adam
from byhand.recipes.base import Figure, Recipe, accuracy_on_test, hold_back
from byhand.schedules import CosineAnnealing, OneCycle

dense = Recipe(
    name="dense",
    source="byhand",
    takes="784-256-128-10, ReLU, softmax and cross-entropy, Adam, batches of 128, the learning rate along a cosine, "
    "5,000 images held back for validation.",
    prepare=hold_back(5_000),
    layers=(Dense(256, He()), ReLU(), Dense(128, He()), ReLU(), Dense(10)),
    loss=CategoricalCrossEntropy(),
    optimizer=Adam(CosineAnnealing(0.002)),
    epochs=10,
    batch_size=128,
    figures=(
        Figure("train accuracy", lambda run: run.train),
        Figure("validation accuracy", lambda run: run.validation or 0.0),
        Figure("test accuracy", accuracy_on_test),
    ),
)


def normalised(sizes: tuple[int, ...], dropout: float) -> tuple[Layer, ...]:
    """Dense, batch normalisation, ReLU and dropout for each hidden size, and ten outputs."""
    hidden: list[Layer] = []
    for size in sizes:
        hidden += [Dense(size, He()), BatchNorm(), ReLU(), *([Dropout(dropout)] if dropout else [])]
    return (*hidden, Dense(10))


distorted = replace(
    dense,
    name="distorted",
    takes="784-1400-1000-10 with batch normalisation, on images that are moved, turned, slanted, stretched, distorted "
    "and thickened anew in every epoch; Adam along one cycle, 60 epochs; the average of the last thousand steps' "
    "parameters is kept.",
    layers=normalised((1400, 1000), 0.0),
    optimizer=Adam(OneCycle(0.003)),
    epochs=60,
    augment=Augment.digits(),
    averaging=0.999,
)

clothing = replace(
    distorted,
    name="clothing",
    takes="784-1024-512-10 with batch normalisation and dropout 0.25, on Fashion-MNIST, mirrored by chance and moved "
    "by up to a pixel; Adam along one cycle, 45 epochs, parameters averaged.",
    layers=normalised((1024, 512), 0.25),
    epochs=45,
    dataset="fashion-mnist",
    augment=Augment((Flip(), Shift(1, 1))),
)
