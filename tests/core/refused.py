"""What refusals are tried on, and the sentence that they give."""

import numpy as np
import pytest

from byhand import (
    ByhandError,
    CategoricalCrossEntropy,
    Dense,
    Flatten,
    Network,
    ReLU,
    fit,
)

X = np.random.default_rng(0).standard_normal((12, 4))


Y = np.arange(12) % 3


def make(loss=None, outputs=3, inputs=4, dtype=np.float32):
    return Network(
        inputs, [Dense(5), ReLU(), Dense(outputs)], loss or CategoricalCrossEntropy(), dtype=dtype, task="classes"
    )


def train(x=X, y=Y, network=None, **options):
    return lambda: fit(network or make(), x, y, **{"epochs": 1, "progress": False} | options)


def one_wrong(at, value, array=X):
    array = np.array(array, float)
    array[at] = value
    return array


def sentence(call):
    """The words with which `call` is refused."""
    with pytest.raises(ByhandError) as caught:
        call()
    words = str(caught.value)
    assert words.endswith("."), words
    assert "\n" not in words, words
    assert 15 < len(words) < 400, words
    assert "Traceback" not in words, words
    return words


PLANES = Network((2, 1, 2), [Flatten(), Dense(3)], CategoricalCrossEntropy())


IMAGES = Network((2, 2, 1), [Flatten(), Dense(3)], CategoricalCrossEntropy())


TARGETS = np.full((12, 3), 1 / 3)
