"""Layers as one layer, and side by side: the same numbers, and the same masks, as without them."""

import numpy as np

from byhand import (
    LSTM,
    CategoricalCrossEntropy,
    Dense,
    Embedding,
    LastStep,
    MeanOverTime,
    Network,
    Parallel,
    Sequential,
)

TOKENS = np.array([[3, 1, 2, 0], [4, 0, 0, 0], [2, 2, 3, 1]])  # 0 is padding
LABELS = np.array([0, 1, 1])


def gradients(layers, like=None):
    network = Network((4,), layers, CategoricalCrossEntropy(), rng=1, dtype=np.float64)
    if like is not None:
        network.theta = like.theta
    network.forward(TOKENS)
    return network, network.backward(LABELS)


def test_a_sequence_of_layers_hands_on_tokens_and_the_mask_of_padding():
    flat, loss = gradients([Embedding(5, 3, padding=0), LSTM(4, return_sequences=True), LastStep(), Dense(2)])
    inside = Sequential([Embedding(5, 3, padding=0), LSTM(4, return_sequences=True)])
    nested, same = gradients([inside, LastStep(), Dense(2)], flat)
    assert nested.inputs == "tokens" and same == loss
    np.testing.assert_array_equal(nested.gradient, flat.gradient)


def test_branches_that_end_in_time_leave_no_mask():
    branches = Parallel([LastStep(), MeanOverTime()])
    network, _ = gradients([Embedding(5, 3, padding=0), branches, Dense(2)])
    y = network.forward(TOKENS)
    W = network.p[0].W
    means = [W[[3, 1, 2]].mean(axis=0), W[4], W[[2, 2, 3, 1]].mean(axis=0)]
    wanted = np.concatenate([W[[2, 4, 1]], means], axis=1) @ network.p[2].W + network.p[2].b
    np.testing.assert_allclose(y, wanted, rtol=1e-12)
    layers, at = network._last()
    assert layers[2].mask is None and at.mask is None
