"""Generated sequences: tasks to compare networks by."""

import numpy as np

from byhand.core.errors import ByhandError
from byhand.core.types import Array
from byhand.data.dataset import Dataset
from byhand.data.text import to_tokens

ADDING_STEPS = 200
SUM_DIGITS = 3
EQUALS = 10  # the token behind a question, where its answer starts
ADDITION_CHARACTERS = ("0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "=")
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

    Questions and answers are padded with spaces and then reversed, so that digits come in the order of addition. Each
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


def load_addition(test: int = 1_000, seed: int = 0) -> Dataset:
    """All 10,000 sums of two numbers below 100: digits a₁ a₀ b₁ b₀ in `x` (n, 4), of their sum c₀ c₁ c₂ in `y` (n, 3).

    Answers are written backwards, so that digits come in the order of addition. Half of the test questions are drawn,
    and the others are the same with the numbers exchanged, b + a for a + b; neither is in the training data. The task
    is that of Karpathy's minGPT ("play_math", 2020; "adder", 2022).

    Args:
        test: how many questions are kept for testing, an even number below 9,900.
        seed: by which they are drawn.
    """
    a, b = np.divmod(np.arange(10_000), 100)
    smaller = np.flatnonzero(a < b)
    drawn = np.random.default_rng(seed).permutation(smaller)[: test // 2]
    tested = np.zeros(10_000, np.bool_)
    tested[drawn] = tested[100 * b[drawn] + a[drawn]] = True
    c = a + b
    x = np.stack([a // 10, a % 10, b // 10, b % 10], axis=1)
    y = np.stack([c % 10, c // 10 % 10, c // 100], axis=1)
    return Dataset("addition", x[~tested], y[~tested], x[tested], y[tested], ADDITION_CHARACTERS, None)


def load_sorting(train: int = 50_000, test: int = 5_000, digits: int = 6, seed: int = 0) -> Dataset:
    """Rows of random digits (n, digits) in `x`, and the same digits in order in `y`.

    A tenth of the sets of digits is kept for testing: no test row has the same digits as a training row, in any order.
    The task is that of Karpathy's minGPT ("demo", 2022), there with the digits 0 to 2.
    """
    rng = np.random.default_rng(seed)
    x = rng.integers(10, size=(2 * (train + 10 * test), digits))
    y = np.sort(x, axis=1)
    number = y @ 10 ** np.arange(digits)
    kept = rng.random(10**digits)[number] < 0.1  # the same for the same digits
    learnt, tested = np.flatnonzero(~kept)[:train], np.flatnonzero(kept)[:test]
    return Dataset("sorting", x[learnt], y[learnt], x[tested], y[tested], ADDITION_CHARACTERS, None)
