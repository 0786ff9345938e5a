"""Adding numbers as text: one network reads the question, another one writes the answer."""

from collections.abc import Mapping

import numpy as np

from byhand.data import Dataset
from byhand.layers import LSTM, Dense, Embedding, RepeatVector
from byhand.losses import CategoricalCrossEntropy
from byhand.network import Network
from byhand.optimizers import Adam
from byhand.recipes.base import Figure, Recipe, Split, accuracy_on_test, hold_back
from byhand.schedules import OneCycle

WHOLE_ANSWERS = "share of whole answers"


def whole_answers(network: Network, split: Split, dataset: Dataset) -> Mapping[str, float]:
    """The share of the test questions whose answer is right in every character."""
    if split.test is None:
        return {}
    x, answers = split.test[:2]
    return {WHOLE_ANSWERS: float(np.mean((network.predict(x) == answers).all(axis=1)))}


sums = Recipe(
    name="sums",
    source="byhand",
    takes="Sums of numbers with up to three digits as text, after Keras' example of sequence-to-sequence learning: an "
    "LSTM of 128 units reads the question backwards, its last state is the input of each step of a second LSTM of 128 "
    "units, which gives the answer's four characters. 50,000 different questions, of which 5,000 are held back (Keras: "
    "45,000 and 5,000), and 5,000 more to test with. Adam along one cycle, batches of 128.",
    prepare=hold_back(5_000),
    layers=(Embedding(12, 16), LSTM(128), RepeatVector(4), LSTM(128, return_sequences=True), Dense(12)),
    loss=CategoricalCrossEntropy(),
    optimizer=Adam(OneCycle(0.01)),
    dataset="sums",
    input_shape=(7,),
    epochs=40,
    batch_size=128,
    judge=whole_answers,
    figures=(
        Figure("validation accuracy by character", lambda run: run.validation or 0.0),
        Figure("test accuracy by character", accuracy_on_test, 0.99),
        Figure("test answers right in every character", lambda run: run.judged[WHOLE_ANSWERS]),
    ),
)
