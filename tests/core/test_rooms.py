"""Passes that only go forward share two blocks of memory; nothing that they compute may change by it."""

import threading

import numpy as np
import pytest

from byhand.core.chains import numbers_of
from byhand.layers import (
    LSTM,
    BatchNorm,
    ClassToken,
    Conv2D,
    Dense,
    Dropout,
    FirstStep,
    Flatten,
    LayerNorm,
    LearnedPositions,
    MaxPool2D,
    PatchEmbedding,
    ReLU,
    Residual,
    Sigmoid,
    TransformerBlock,
)
from byhand.losses import CategoricalCrossEntropy
from byhand.network import Network

INNER = [Conv2D(6, 3), BatchNorm(), ReLU(), Residual([ReLU(), Conv2D(6, 3)]), Conv2D(6, 3)]
NETWORKS = {
    "dense": ((12,), [Dense(30), ReLU(), Dense(20), Sigmoid(), Dropout(0.5), Dense(4)]),
    "convolutions": (
        (16, 12, 1),
        [Conv2D(6, 3, stride=2), ReLU(), Residual(INNER), ReLU(), MaxPool2D(2), Flatten(), Dense(4)],
    ),
    "first in place": ((12,), [ReLU(), Residual([Sigmoid(), Dense(12), ReLU()]), Dense(4)]),
    "flat": ((6, 5, 2), [Flatten(), Residual([Dense(60), ReLU(), Dense(60)]), Flatten(), Dense(4)]),
    "recurrent": ((7, 5), [LSTM(6, return_sequences=True), Residual([LSTM(6, return_sequences=True)]), LSTM(4)]),
    "transformer": (
        (8, 8, 1),
        [
            PatchEmbedding(4, 8),
            ClassToken(),
            LearnedPositions(5),
            *[TransformerBlock(8, 2, 16)] * 2,
            *(LayerNorm(), FirstStep(), Dense(4)),
        ],
    ),
}


def made(name):
    shape, layers = NETWORKS[name]
    network = Network(shape, layers, CategoricalCrossEntropy(), rng=1, inputs="numbers", dtype=np.float64)
    rng = np.random.default_rng(0)
    network.theta[...] += 0.1 * rng.standard_normal(network.theta.shape)
    return network, rng.standard_normal((9, *shape))


@pytest.mark.parametrize("name", NETWORKS)
def test_predictions_are_those_of_arrays_that_nobody_shares(name):
    network, x = made(name)
    workspace = network.workspace(len(x), share=False)
    network.forward(x.copy(), workspace)
    expected = np.empty((len(x), 4))
    network.activate(workspace.passes.loss, expected)
    before = x.copy()
    for n in (9, 4, 9):  # fewer rows in the same memory, too
        np.testing.assert_array_equal(network.predict_proba(x[:n]), expected[:n])
    np.testing.assert_array_equal(x, before)


def test_a_deep_network_predicts_in_the_memory_of_a_shallow_one():
    deep = Network((32, 32, 4), [*[Conv2D(8, 3), ReLU()] * 20, Flatten()], rng=0, inputs="numbers")
    deep.predict_proba(np.zeros((1, 32, 32, 4), np.float32))
    taken = sum(block.size for block in deep._rooms.blocks.values())
    one = 32 * 32 * 8
    assert 2 * one <= taken < 2 * one + 3 * deep.plan[0].scratch["scratch"][0] < numbers_of(deep.plan) / 2


def test_networks_of_other_sizes_predict_in_the_same_memory_and_other_threads_in_their_own():
    network = Network((16, 16, 1), [Conv2D(4, 3), ReLU(), Conv2D(4, 3), Flatten()], rng=0, inputs="numbers")
    x = np.random.default_rng(0).standard_normal((1, 16, 16, 1)).astype(np.float32)
    other = network.reshaped((8, 8, 1))
    expected = network.predict_proba(x)
    blocks = {key: block.ctypes.data for key, block in network._rooms.blocks.items() if "output" in key[1]}
    assert len(blocks) == 2
    assert other.predict_proba(x[:, :8, :8]).shape == (1, 256)
    assert {key: other._rooms.blocks[key].ctypes.data for key in blocks} == blocks
    found = []
    thread = threading.Thread(target=lambda: found.extend((network.predict_proba(x), dict(network._rooms.blocks))))
    thread.start()
    thread.join()
    np.testing.assert_array_equal(found[0], expected)
    assert not {block.ctypes.data for block in found[1].values()} & {*blocks.values()}
    np.testing.assert_array_equal(network.predict_proba(x), expected)
