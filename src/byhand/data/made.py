"""Sequences that are made, not collected: tasks to compare recurrent networks by."""

import numpy as np

from byhand.core.errors import ByhandError
from byhand.core.types import Array
from byhand.data.dataset import Dataset
from byhand.data.text import to_tokens

ADDING_STEPS = 200
SUM_DIGITS = 3
SUM_CHARACTERS = ("0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "+", " ")


def adding_problem(n: int, steps: int, rng: np.random.Generator) -> tuple[Array, Array]:
    """x (n, steps, 2) and y (n,): a random number at each step, and a mark at two of them, whose sum is y.

    x[..., 0] is uniform from 0 to 1, x[..., 1] is 1 at the two marked steps and 0 elsewhere. Always answering 1 has a
    mean squared error of 1/6. Hochreiter and Schmidhuber, "Long short-term memory" (1997), 5.4, in the form of Le,
    Jaitly and Hinton, "A simple way to initialize recurrent networks of rectified linear units" (2015).
    """
    values = rng.random((n, steps), np.float32)
    marked = rng.random((n, steps)).argpartition(2, axis=1)[:, :2]  # two different steps, all pairs alike
    marks = np.zeros((n, steps), np.float32)
    np.put_along_axis(marks, marked, 1, axis=1)
    return np.stack([values, marks], axis=-1), np.take_along_axis(values, marked, axis=1).sum(axis=1)


def load_adding(train: int = 20_000, test: int = 1_000, steps: int = ADDING_STEPS, seed: int = 0) -> Dataset:
    """The adding problem as a data set."""
    x, y = adding_problem(train + test, steps, np.random.default_rng(seed))
    return Dataset("adding", x[:train], y[:train], x[train:], y[train:], (), None)


def sums_as_text(digits: int, n: int, rng: np.random.Generator) -> tuple[list[str], list[str]]:
    """n questions such as "27+143" and answers such as "170", no two of them of the same two numbers, in any order.

    Raises:
        ByhandError: there are not twice as many different ones.
    """
    if 4 * n > 10**digits * (10**digits + 1):
        raise ByhandError(f"There are too few different sums of numbers with up to {digits} digits for {n:,} of them.")
    pairs = np.empty((0, 2), np.int64)
    while len(pairs) < n:
        more = rng.integers(10 ** rng.integers(1, digits + 1, (2 * n, 2)))
        pairs = np.concatenate([pairs, more])
        _, first = np.unique(np.sort(pairs, axis=1), axis=0, return_index=True)
        pairs = pairs[np.sort(first)]
    return [f"{a}+{b}" for a, b in pairs[:n]], [str(a + b) for a, b in pairs[:n]]


def load_sums(train: int = 50_000, test: int = 5_000, digits: int = SUM_DIGITS, seed: int = 0) -> Dataset:
    """Sums of numbers with up to three digits as texts, `x_train` (n, 7) and `y_train` (n, 4), written backwards.

    Questions and answers are filled up with spaces and then reversed, so that digits come as one adds them. Each
    character is a token, its place in `classes`. Sutskever, Vinyals and Le, "Sequence to sequence learning with neural
    networks" (2014), found that reversing helps; the task is Keras' example "Sequence to sequence learning for
    performing number addition".
    """
    questions, answers = sums_as_text(digits, train + test, np.random.default_rng(seed))
    x, y = (
        to_tokens("".join(text.ljust(width)[::-1] for text in texts), SUM_CHARACTERS).reshape(-1, width)
        for texts, width in ((questions, 2 * digits + 1), (answers, digits + 1))
    )
    return Dataset("sums", x[:train], y[:train], x[train:], y[train:], SUM_CHARACTERS, None)
