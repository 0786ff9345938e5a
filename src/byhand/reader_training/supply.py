"""New rows of writing for a network, composed between the epochs."""

from concurrent.futures import ProcessPoolExecutor
from typing import Any

import numpy as np

from byhand.core.types import Array
from byhand.ops.compiled import cores
from byhand.training import Callback, Training

SUPPLY_ROWS = 256  # rows that a process composes at a time

_rows: Any  # of a worker process


class FreshRows(Callback):
    """Exchanges a part of the training rows before every epoch, so that the network meets each of them a few times.

    The rows are those of `first`, in as many parts of the same size as there are epochs for a row to stay; the oldest
    part goes first. Which rows come when depends on the seed and the epoch alone.

    Args:
        rows: composes them.
        part: how many are exchanged at a time.
        stay: for how many epochs a row stays.
        seed: of all rows.
        processes: that compose them; by default one a core.
    """

    def __init__(self, rows: Any, part: int, stay: int = 4, seed: int = 0, processes: int | None = None):
        self.rows, self.part, self.stay, self.seed = rows, part, stay, seed
        self.processes = processes or cores()

    def first(self) -> tuple[Array, Array]:
        """The rows (part · stay, height, width, 1) of the first epoch, and their labels; see `Rows.batch`."""
        return self._compose(*range(self.stay))

    def on_start(self, training: Training) -> None:
        """Take up the training."""
        self._training = training

    def on_epoch_start(self, training: Training) -> None:
        """Put new rows in the place of the oldest."""
        if training.epoch > 1:
            self._exchange(training.epoch + self.stay - 2)

    def state(self) -> dict[str, Any]:
        """The epoch tells which rows there are."""
        return {"epoch": self._training.epoch}

    def restore(self, state: dict[str, Any]) -> None:
        """Compose that epoch's rows again."""
        for k in range(max(self.stay, state["epoch"] - 1), state["epoch"] + self.stay - 1):
            self._exchange(k)

    def _exchange(self, k: int) -> None:
        """The k-th part in the place of the one `stay` before it."""
        batches = self._training.batches
        assert batches is not None
        place = slice(k % self.stay * self.part, (k % self.stay + 1) * self.part)
        batches.x[place], batches.t[place] = self._compose(k)

    def _compose(self, *parts: int) -> tuple[Array, Array]:
        """These parts, one behind the other, by processes that end with them."""
        pieces = [
            (self.seed, k, i, min(SUPPLY_ROWS, self.part - i)) for k in parts for i in range(0, self.part, SUPPLY_ROWS)
        ]
        with ProcessPoolExecutor(self.processes, initializer=_start, initargs=(self.rows,)) as pool:
            x, t = (np.concatenate(arrays) for arrays in zip(*pool.map(_piece, pieces), strict=True))
        return x, t


def _start(rows: Any) -> None:
    global _rows
    _rows = rows


def _piece(what: tuple[int, int, int, int]) -> tuple[Array, Array]:
    *seed, n = what
    return _rows.batch(n, np.random.default_rng(seed))
