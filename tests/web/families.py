"""Tiny networks of every family that the page shows."""

from byhand.layers import (
    GRU,
    LSTM,
    RNN,
    Bidirectional,
    ClassToken,
    ConvTranspose2D,
    Dense,
    Embedding,
    FirstStep,
    LayerNorm,
    LearnedPositions,
    PatchEmbedding,
    Reshape,
    Sigmoid,
    Tanh,
    TransformerBlock,
)
from byhand.losses import BinaryCrossEntropy, CategoricalCrossEntropy
from byhand.network import Network

LETTERS = tuple("\n abcdefgh")


def of_digits(shape, layers, seed=0):
    return Network(shape, layers, CategoricalCrossEntropy(), rng=seed, inputs="grey levels")


def vit():
    """Patches of 7 × 7, a class token, two blocks with two heads."""
    blocks = [TransformerBlock(8, 2, 8)] * 2
    layers = [PatchEmbedding(7, 8), ClassToken(), LearnedPositions(17), *blocks, LayerNorm(), FirstStep(), Dense(10)]
    return of_digits((28, 28, 1), layers)


def lstm():
    return of_digits((28, 28), [LSTM(6), Dense(10)])


def others():
    """Further recurrent networks: both directions, and pixel by pixel."""
    return {
        "gru": of_digits((28, 28), [GRU(5), Dense(10)]),
        "gru before": of_digits((28, 28), [GRU(5, reset="before"), Dense(10)]),
        "rnn": of_digits((28, 28), [RNN(5, return_sequences=True), RNN(4, nonlinearity="relu"), Dense(10)]),
        "both": of_digits((28, 28), [Bidirectional(LSTM(4, peepholes=True)), Dense(10)]),
        "normalised": of_digits((28, 28), [GRU(5, layer_norm=True), Dense(10)]),
        "pixels": of_digits((784,), [Reshape((784, 1)), GRU(3), Dense(10)]),
        "hidden": of_digits((28, 28), [Dense(4), Tanh(), LSTM(5), Dense(6), Tanh(), Dense(10)]),
    }


def decoder(latent=2):
    return Network(latent, [Dense(12), Tanh(), Dense(784)], BinaryCrossEntropy(), rng=0)


def conv_generator():
    return Network(3, [Dense(49), Reshape((7, 7, 1)), ConvTranspose2D(1, 4, stride=4), Sigmoid()], rng=0)


def writer():
    blocks = [TransformerBlock(8, 2, 8, causal=True, longest=16)]
    layers = [Embedding(len(LETTERS), 8), LearnedPositions(16), *blocks, Dense(len(LETTERS))]
    return Network((16,), layers, CategoricalCrossEntropy(), rng=0, classes=LETTERS)
