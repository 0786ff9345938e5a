"""What the page's trainings learn from: MNIST, loaded once a process."""

import threading
from dataclasses import dataclass

import numpy as np

from byhand.core.types import Array
from byhand.data import load, split_rows
from byhand.data.fetch import is_cached

VALIDATION_IMAGES = 5_000
CONFUSION_SAMPLES = 1_000  # of those held back: what the confusion matrix counts while the network learns


@dataclass(frozen=True)
class Data:
    """MNIST's training images, shuffled, and those held back; the test images are left alone.

    Attributes:
        x: images (55000, 784), uint8.
        y: their labels (55000,).
        held_x: images (5000, 784).
        held_y: their labels (5000,).
    """

    x: Array
    y: Array
    held_x: Array
    held_y: Array


_lock = threading.Lock()
_loaded: list[Data] = []


def is_there() -> bool:
    """Whether MNIST is in the cache, so that nothing need be fetched."""
    return bool(_loaded) or is_cached("mnist")


def mnist() -> Data:
    """The data, fetched where they are not in the cache.

    Raises:
        ByhandError: they cannot be had.
    """
    with _lock:
        if not _loaded:
            dataset = load("mnist", progress=False)
            rest, held = split_rows(dataset.y_train, VALIDATION_IMAGES, np.random.default_rng(0))
            x, y = dataset.x_train, dataset.y_train
            _loaded.append(Data(x[rest], y[rest], x[held], y[held]))
        return _loaded[0]
