"""Writing: what the network gives for the whole text so far decides over the next character, whichever way it runs."""

import numpy as np
import pytest

from byhand import (
    GRU,
    LSTM,
    RNN,
    Bidirectional,
    ByhandError,
    CategoricalCrossEntropy,
    Conv1D,
    Dense,
    Dropout,
    Embedding,
    LayerNorm,
    Network,
    Residual,
    Tanh,
    generate_text,
)
from byhand.generating import StepByStep, Windowed, next_token
from byhand.generating.text import draw_token
from tests.core.test_contract import LAYERS

T, CHARACTERS = 6, ("\n", " ", "a", "b", "c")
K = len(CHARACTERS)
STACKS = {
    "lstm": [LSTM(4, return_sequences=True), LayerNorm(), Dropout(0.5), GRU(4, return_sequences=True), Tanh()],
    "residual": [Residual([RNN(3, return_sequences=True)])],
    "convolution": [Conv1D(4, 3), Tanh()],
    "both ways": [Bidirectional(LSTM(4, return_sequences=True))],
}


def writer(name="lstm", **options):
    options = {"classes": CHARACTERS, "dtype": np.float64} | options
    return Network((T,), [Embedding(K, 3), *STACKS[name], Dense(K)], CategoricalCrossEntropy(), rng=3, **options)


SEQUENCES = [(layer, shape) for layer, shape in LAYERS if layer.incremental and np.ndim(shape) and len(shape) == 2]


@pytest.mark.parametrize(("layer", "shape"), SEQUENCES, ids=lambda part: getattr(part, "label", lambda: "")())
def test_incremental_layers_give_in_pieces_what_they_give_of_the_whole(layer, shape):
    steps, k = shape
    network = Network((2 * steps, k), [layer], dtype=np.float64)
    x = np.random.default_rng(0).standard_normal((3, 2 * steps, k))
    wanted, half = network.forward(x), network.reshaped(shape)
    workspace = half.workspace(3)
    pieces = [half.forward(piece, workspace, carry=True).copy() for piece in (x[:, :steps], x[:, steps:])]
    found = np.concatenate(pieces, axis=1) if wanted.ndim == 3 else pieces[1]
    np.testing.assert_allclose(found, wanted, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("name", STACKS)
def test_logits_are_those_of_the_sequence_so_far(name):
    network, tokens = writer(name), np.array([2, 0, 4, 4, 1, 3])
    model = next_token(network)
    assert isinstance(model, StepByStep if name in ("lstm", "residual") else Windowed)
    for n, token in enumerate(tokens, 1):
        found = model.feed(token)
        wanted = network.reshaped((n,)).forward(tokens[np.newaxis, :n])[0, -1]
        np.testing.assert_allclose(found, wanted, rtol=1e-12)


def test_a_window_moves_with_the_text():
    network, tokens = writer("convolution"), np.array([2, 0, 4, 4, 1, 3, 3, 0, 2])
    model = next_token(network)
    for token in tokens:
        found = model.feed(token)
    np.testing.assert_allclose(found, network.forward(tokens[np.newaxis, -T:])[0, -1], rtol=1e-12)


def test_tokens_are_drawn_from_the_softmax():
    rng, logits = np.random.default_rng(0), np.array([0.5, -1.0, 2.0, 0.0])
    for temperature in (0.5, 1.0, 3.0):
        p = np.exp(logits / temperature)
        p /= p.sum()
        counts = np.bincount([draw_token(logits, temperature, rng) for _ in range(4000)], minlength=4)
        assert np.abs(counts - 4000 * p).max() < 4 * np.sqrt(4000 * 0.25)


def test_what_is_drawn_goes_in_again():
    network = writer()
    text, model = "".join(generate_text(network, "ab", 30, 1e-6)), next_token(network)
    logits = [model.feed(CHARACTERS.index(c)) for c in "ab"][-1]
    for character in text:
        assert character == CHARACTERS[np.argmax(logits)]
        logits = model.feed(CHARACTERS.index(character))
    assert len(text) == 30


def test_the_seed_decides():
    one, same, other = ("".join(generate_text(writer(), "a", 40, 2.0, seed)) for seed in (1, 1, 2))
    assert one == same != other


@pytest.mark.parametrize(
    ("network", "options", "words"),
    [
        (writer(), {"temperature": 0}, "temperature must be a number above 0"),
        (writer(), {"temperature": float("nan")}, "temperature must be"),
        (writer(), {"length": 0}, "length must be a whole number"),
        (writer(), {"prompt": ""}, "The prompt is empty"),
        (writer(), {"prompt": "abx"}, "Character 3 of the prompt, 'x', is not in the vocabulary of 5"),
        (writer(classes=None), {}, "does not predict characters"),
        (writer(classes=("ab", "c", "d", "e", "f")), {}, "does not predict characters"),
        (Network((T, 2), [Dense(K)], CategoricalCrossEntropy(), classes=CHARACTERS), {}, "must take tokens"),
        (Network((T,), [Embedding(K, 2), LSTM(K)], CategoricalCrossEntropy(), classes=CHARACTERS), {}, "must take"),
    ],
)
def test_mistakes(network, options, words):
    with pytest.raises(ByhandError, match=words):
        generate_text(network, **options)  # at once, not with the first character
