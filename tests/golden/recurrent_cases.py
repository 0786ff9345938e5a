"""Recurrent layers, with and without lengths, that are compared with PyTorch's."""

from typing import NamedTuple

import numpy as np

from byhand import GRU, LSTM, RNN, Adam, Bidirectional, CategoricalCrossEntropy, Dense, Identity, Network
from byhand.layers import Layer

LENGTHS = (5, 7, 1, 4)


class Case(NamedTuple):
    """A layer over sequences (4, 7, 3); with lengths, or in two passes that carry the state on."""

    name: str
    layer: Layer
    lengths: tuple[int, ...] | None = None
    carries: bool = False


CASES = [
    Case("rnn", RNN(4, return_sequences=True)),
    Case("rnn last, lengths", RNN(4), LENGTHS),
    Case("irnn", RNN(4, return_sequences=True, nonlinearity="relu", recurrent=Identity()), LENGTHS),
    Case("lstm", LSTM(4, return_sequences=True)),
    Case("lstm lengths", LSTM(4, return_sequences=True), LENGTHS),
    Case("lstm last, lengths", LSTM(4), LENGTHS),
    Case("lstm carried on", LSTM(4, return_sequences=True), carries=True),
    Case("gru", GRU(4, return_sequences=True)),
    Case("gru lengths", GRU(4, return_sequences=True), LENGTHS),
    Case("gru last, carried on", GRU(4), carries=True),
    Case("gru reset before", GRU(4, return_sequences=True, reset="before")),
    Case("both ways, rnn", Bidirectional(RNN(4, return_sequences=True)), LENGTHS),
    Case("both ways, lstm", Bidirectional(LSTM(4, return_sequences=True)), LENGTHS),
    Case("both ways, lstm last", Bidirectional(LSTM(4)), LENGTHS),
    Case("both ways, gru summed", Bidirectional(GRU(4, return_sequences=True), merge="sum"), LENGTHS),
]


def network(case):
    """The layer alone, in float64, all of its parameters random."""
    made = Network((7, 3), [case.layer], dtype=np.float64)
    made.theta = 0.5 * np.random.default_rng(len(case.name)).standard_normal(made.size)
    return made


def data(case):
    """Samples x, as many before them (for what is carried on), the gradient by the output, and the mask."""
    rng = np.random.default_rng(1 + len(case.name))
    x, earlier = rng.standard_normal((2, 4, 7, 3))
    dy = rng.standard_normal((4, *network(case).plan[-1].out_shape))
    mask = None if case.lengths is None else np.arange(7) < np.array(case.lengths)[:, None]
    return {"x": x, "earlier": earlier, "dy": dy, "mask": mask}


def learner():
    """A network that tells sequences of different lengths apart, its data, and how it learns."""
    made = Network((7, 3), [LSTM(5), Dense(3)], CategoricalCrossEntropy(), rng=3, dtype=np.float64)
    rng = np.random.default_rng(4)
    mask = np.arange(7) < rng.integers(1, 8, (20, 1))
    return made, rng.standard_normal((20, 7, 3)), rng.integers(0, 3, 20), mask, Adam(0.05)
