"""Random splits of data sets."""

import math

import numpy as np

from byhand.core.errors import ByhandError
from byhand.core.types import Array


def split(
    x: Array, y: Array, part: float | int, rng: np.random.Generator, *, stratify: bool = True
) -> tuple[Array, Array, Array, Array]:
    """Return ``x_rest, y_rest, x_part, y_part``: copies of the rows that ``split_rows`` chooses."""
    if len(x) != len(y):
        raise ByhandError(f"x has {len(x)} rows but y has {len(y)} labels.")
    rest, chosen = split_rows(y, part, rng, stratify=stratify)
    return x[rest], y[rest], x[chosen], y[chosen]


def split_rows(y: Array, part: float | int, rng: np.random.Generator, *, stratify: bool = True) -> tuple[Array, Array]:
    """Return the row numbers ``(rest, part)``, both shuffled: every row is in exactly one of them.

    ``part`` is a fraction (a float between 0 and 1, rounded to whole rows) or a number of rows (an int). With
    ``stratify`` each class has its share of the part, by largest remainders: of the class with n_c of n rows,
    n_c · part / n, rounded down or up so that the shares add up; labels of steps (n, T) have no shares. Raises
    ByhandError where either side would be empty.
    """
    n = len(y)
    count = int(part) if isinstance(part, int | np.integer) else round(part * n) if 0 < part < 1 else -1
    if not 0 < count < n:
        raise ByhandError(
            f"cannot split {part!r} off {n} rows: give a fraction between 0 and 1 or fewer rows than that."
        )
    order = rng.permutation(n)
    chosen = np.zeros(n, bool)  # of order, not of y
    if not stratify or np.ndim(y) > 1:
        chosen[:count] = True
    else:
        classes, label, size = np.unique(y[order], return_inverse=True, return_counts=True)
        share, remainder = np.divmod(size * count, n)
        largest = np.argsort(-remainder, kind="stable")[: count - share.sum()]
        share[largest] += 1
        for k in range(len(classes)):
            chosen[np.flatnonzero(label == k)[: share[k]]] = True
    return order[~chosen], order[chosen]


def sklearn_order_split(n: int, test_size: float = 0.2, random_state: int = 42) -> tuple[Array, Array]:
    """Row numbers ``(train, test)`` in the very order of scikit-learn's ``train_test_split`` without
    stratification.

    It draws one permutation from NumPy's old generator; the first ⌈n · test_size⌉ rows of it are the test
    rows.
    """
    order = np.random.RandomState(random_state).permutation(n)
    count = math.ceil(n * test_size)
    if not 0 < count < n:
        raise ByhandError(f"cannot split {test_size!r} off {n} rows: give a fraction between 0 and 1.")
    return order[count:], order[:count]
