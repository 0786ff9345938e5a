"""The next character of Shakespeare, by an LSTM."""

import numpy as np

from byhand.data import Dataset, text_windows
from byhand.data.text import tokens_of
from byhand.layers import LSTM, Dense, Embedding
from byhand.losses import CategoricalCrossEntropy
from byhand.optimizers import Adam
from byhand.recipes.base import Figure, Outcome, Recipe, Split
from byhand.regularizers import ClipNorm
from byhand.schedules import CosineAnnealing

CHARACTERS = 65  # of the data set
WINDOW, STREAMS = 64, 32  # characters of a step's windows, and how many of them
LEARNT, HELD = 0.9, 0.95  # the text up to here is learnt; the next twentieth is held back, the last one tested with


def three_parts(dataset: Dataset, rng: np.random.Generator) -> Split:
    """The first nine tenths of a text to learn, a twentieth held back and the last one, each in 32 streams."""
    tokens = tokens_of(dataset)
    first, second = int(LEARNT * len(tokens)), int(HELD * len(tokens))
    parts = tokens[:first], tokens[first:second], tokens[second:]
    train, validation, test = (text_windows(part, WINDOW, streams=STREAMS) for part in parts)
    return Split(train, validation, test)


def loss_on_test(run: Outcome) -> float:
    """The loss of a test character, in nats."""
    return run.test.loss if run.test else 0.0


shakespeare_lstm = Recipe(
    name="shakespeare-lstm",
    source="byhand",
    takes="Characters of Shakespeare's plays (tiny Shakespeare), 65 different ones: embedded in 64 numbers, an LSTM of "
    "256 units, 65 outputs. Windows of 64 characters, 32 streams side by side, the state carried on from window to "
    "window; Adam along a cosine, the gradient's norm clipped at 1. The first 90 % of the text is learnt, 5 % is held "
    "back, 5 % tested with. `byhand write` writes with the model.",
    prepare=three_parts,
    layers=(Embedding(CHARACTERS, 64), LSTM(256, return_sequences=True), Dense(CHARACTERS)),
    loss=CategoricalCrossEntropy(),
    optimizer=Adam(CosineAnnealing(0.003)),
    dataset="shakespeare",
    input_shape=(WINDOW,),
    epochs=6,
    batch_size=STREAMS,
    regularizers=(ClipNorm(1.0),),
    carry=True,
    figures=(
        Figure("validation loss, nats a character", lambda run: run.history["val_loss"][-1], percent=False),
        Figure("test loss, nats a character", loss_on_test, percent=False),
    ),
)
