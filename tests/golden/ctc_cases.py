"""Logits and labels on which the CTC loss is compared with PyTorch's."""

import numpy as np

# name -> (steps, classes without the blank, labels)
CASES = {
    "one symbol": (4, 3, [[1], [0], [2]]),
    "lengths": (9, 4, [[0, 1, 2, 3], [2], [], [3, 1], [1, 0, 3, 2]]),
    "repeated": (12, 3, [[1, 1, 1], [2, 2], [0, 1, 1, 0, 0], [2]]),
    "just long enough": (5, 3, [[0, 1, 2, 0, 1], [1, 1, 1], [2, 2, 0, 1]]),
    "impossible": (3, 3, [[0, 0, 1], [0, 1, 2], [1, 1], [2, 2, 2], []]),
    "rows of digits": (60, 10, [[4, 0, 0, 7, 7, 1, 2, 9], [1, 1, 1, 1, 1, 1], list(range(10)), [8], []]),
}


def data(name):
    """Logits (n, T, k + 1), some steps sure and some not, and labels (n, U) filled up with −1."""
    steps, classes, labels = CASES[name]
    rng = np.random.default_rng(len(name))
    z = rng.standard_normal((len(labels), steps, classes + 1)) * rng.choice([0.5, 2, 8], (len(labels), steps, 1))
    t = np.full((len(labels), max(map(len, labels))), -1.0)
    for row, label in zip(t, labels, strict=True):
        row[: len(label)] = label
    return z, t
