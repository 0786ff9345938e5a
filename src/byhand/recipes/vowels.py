"""Who says it? Nine speakers told apart by two vowels: sequences of different lengths."""

from byhand.layers import GRU, Bidirectional, Dense, Dropout
from byhand.losses import CategoricalCrossEntropy
from byhand.optimizers import Adam
from byhand.recipes.base import Figure, Recipe, accuracy_on_test, hold_back
from byhand.schedules import OneCycle

vowels = Recipe(
    name="vowels",
    source="byhand",
    takes="Japanese vowels (Kudo, Toyama and Shimbo, 1999): 270 utterances to learn from and 370 to test with, 7 to 29 "
    "steps of 12 numbers, each by one of nine speakers. A GRU of 64 units in both directions, dropout, nine outputs; "
    "steps beyond an utterance's end are masked. Adam along one cycle, batches of 16; a tenth is held back.",
    prepare=hold_back(27),
    layers=(Bidirectional(GRU(64)), Dropout(0.3), Dense(9)),
    loss=CategoricalCrossEntropy(),
    optimizer=Adam(OneCycle(0.01)),
    dataset="vowels",
    input_shape=(29, 12),
    epochs=40,
    batch_size=16,
    figures=(
        Figure("validation accuracy", lambda run: run.validation or 0.0),
        Figure("test accuracy", accuracy_on_test),
    ),
)
