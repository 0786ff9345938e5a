"""The house's own dense network: what `byhand train` trains when nothing else is asked for."""

from byhand.initializers import He
from byhand.layers import Dense, ReLU
from byhand.losses import CategoricalCrossEntropy
from byhand.optimizers import Adam
from byhand.recipes.base import Figure, Recipe, hold_back
from byhand.schedules import CosineAnnealing

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
        Figure("test accuracy", lambda run: run.test.accuracy if run.test else 0.0),
    ),
)
