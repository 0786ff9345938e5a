"""Callbacks that track the best epoch: early stopping, and saving the best network."""

from pathlib import Path
from typing import Any

import numpy as np

from byhand.core.checks import require_between, require_whole
from byhand.core.errors import ByhandError
from byhand.metrics import LARGER_IS_BETTER, METRICS
from byhand.training.callbacks import Callback
from byhand.training.state import Training

KNOWN = ("loss", "penalty", *METRICS)  # columns of which everybody knows whether larger is better


class Best(Callback):
    """Base of callbacks that monitor a column of the history.

    Args:
        monitor: the column of the history to watch.
        min_delta: the smallest improvement over the best value that counts, at least 0.
        mode: whether smaller ("min") or larger ("max") is better; "auto" decides for losses, accuracy and the metrics
            of `byhand.metrics`.

    Attributes:
        best: the best value of the column.
        best_epoch: its epoch, from 1; 0 before there is any.

    Raises:
        ByhandError: there is no such mode, or it is "auto" and the column is a metric of your own.
    """

    def __init__(self, monitor: str = "val_loss", min_delta: float = 0.0, mode: str = "auto"):
        require_between("min_delta", min_delta, 0)
        if not isinstance(monitor, str):
            raise ByhandError(f'monitor must be the name of a column such as "val_loss"; got {monitor!r}.')
        name = monitor.removeprefix("val_")
        if mode not in ("auto", "min", "max") or (mode == "auto" and name not in KNOWN):
            raise ByhandError(f'Say whether small or large values of {monitor} are better: mode="min" or "max".')
        larger = name in LARGER_IS_BETTER if mode == "auto" else mode == "max"
        self.monitor, self.min_delta = monitor, min_delta
        self._sign = 1 if larger else -1
        self.best, self.best_epoch = -self._sign * np.inf, 0

    def on_start(self, training: Training) -> None:
        """Reset."""
        self.best, self.best_epoch = -self._sign * np.inf, 0

    def state(self) -> dict[str, Any]:
        """The best figure so far, and its epoch."""
        return {"best": self.best, "best_epoch": self.best_epoch}

    def restore(self, state: dict[str, Any]) -> None:
        """Restore what `state` returned."""
        self.best, self.best_epoch = state["best"], state["best_epoch"]

    def improved(self, training: Training) -> bool:
        """Whether the epoch's figure is the best so far; then it is remembered.

        Raises:
            ByhandError: the history has no such column.
        """
        row = training.history.last
        if self.monitor not in row:
            hint = "give fit validation=(x, y), or monitor" if self.monitor.startswith("val_") else "monitor"
            raise ByhandError(f"There is no {self.monitor!r} to watch; {hint} one of {', '.join(row)}.")
        value = row[self.monitor]
        better = self._sign * (value - self.best) > self.min_delta
        if better:
            self.best, self.best_epoch = value, training.epoch
        return better


class EarlyStopping(Best):
    """Stop the training after `patience` epochs without improvement, and restore the weights of the best epoch.

    They are restored in any case, also if training completed all its epochs or failed, together with state such as
    running means. Prechelt, "Early stopping, but when?" (1998); Goodfellow, Bengio and Courville, "Deep learning"
    (2016), algorithm 7.1.

    Args:
        patience: number of epochs in a row without improvement after which training stops, at least 1.
        monitor: the column of the history to watch.
        min_delta: the smallest improvement over the best value that counts, at least 0.
        mode: "min", "max" or "auto"; see `Best`.

    Attributes:
        best: the best value of the column.
        best_epoch: its epoch, from 1; 0 before there is any.
        stopped_epoch: the epoch after which it ended the training; 0 if it did not.
    """

    def __init__(self, patience: int = 10, monitor: str = "val_loss", min_delta: float = 0.0, mode: str = "auto"):
        require_whole("patience", patience)
        super().__init__(monitor, min_delta, mode)
        self.patience = patience
        self.stopped_epoch = 0

    def on_start(self, training: Training) -> None:
        """Allocate the best weights."""
        super().on_start(training)
        self.stopped_epoch = 0
        self._ops = training.network.ops
        self._theta, self._state = training.network.theta.copy(), training.network.state.copy()

    def state(self) -> dict[str, Any]:
        """The best figure so far, its epoch and its weights."""
        figures = super().state() | {"stopped_epoch": self.stopped_epoch}
        return figures | (self._weights() if self.best_epoch else {})

    def restore(self, state: dict[str, Any]) -> None:
        """Restore what `state` returned."""
        super().restore(state)
        self.stopped_epoch = state["stopped_epoch"]
        if self.best_epoch:
            self._ops.put(state["theta"], self._theta)
            self._ops.put(state["state"], self._state)

    def _weights(self) -> dict[str, Any]:
        return {"theta": self._ops.to_numpy(self._theta), "state": self._ops.to_numpy(self._state)}

    def on_epoch(self, training: Training) -> None:
        """Keep the weights of the best epoch; stop after `patience` epochs without improvement."""
        if self.improved(training):
            self._ops.copy(training.network.theta, out=self._theta)
            self._ops.copy(training.network.state, out=self._state)
        elif training.epoch - self.best_epoch >= self.patience:
            self.stopped_epoch = training.epoch
            training.stop = True

    def on_end(self, training: Training) -> None:
        """Restore the best weights."""
        if self.best_epoch:
            self._ops.copy(self._theta, out=training.network.theta)
            self._ops.copy(self._state, out=training.network.state)

    def __str__(self) -> str:
        if not self.best_epoch:
            return f"No epoch had a {self.monitor} to go by."
        stopped = f"Stopped after epoch {self.stopped_epoch}; the" if self.stopped_epoch else "The"
        return (
            f"{stopped} best {self.monitor}, {self.best:.6g}, was in epoch {self.best_epoch}, whose weights were kept."
        )


class SaveBest(Best):
    """Save the network to a file after every epoch that improves the watched column.

    The file is written atomically, and `Network.load` reads it. In a list with Averaging, Averaging comes first: the
    file then holds the averaged weights that were validated.

    Args:
        path: the file, such as "best.safetensors".
        monitor: the column of the history to watch.
        min_delta: the smallest improvement over the best value that counts, at least 0.
        mode: "min", "max" or "auto"; see `Best`.
    """

    def __init__(self, path: str | Path, monitor: str = "val_loss", min_delta: float = 0.0, mode: str = "auto"):
        super().__init__(monitor, min_delta, mode)
        self.path = Path(path)

    def on_epoch(self, training: Training) -> None:
        """Save the network if this epoch is the best so far."""
        if self.improved(training) and training.world.rank == 0:
            training.network.save(self.path)
