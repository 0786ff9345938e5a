"""Callbacks, and the progress bar."""

import sys
from importlib.util import find_spec
from typing import Any

from byhand.training.state import Training


class Callback:
    """Base of all callbacks; override the methods that you need.

    A callback with a state of its own returns it from `state` and takes it back in `restore`, so that an interrupted
    training can be resumed with it.
    """

    def state(self) -> dict[str, Any]:
        """The state to store in a checkpoint: numbers, text, lists, dictionaries with text as keys, arrays."""
        return {}

    def restore(self, state: dict[str, Any]) -> None:
        """Restore what `state` returned (tuples become lists); called after `on_start`."""

    def on_start(self, training: Training) -> None:
        """Called before the first step."""

    def on_epoch_start(self, training: Training) -> None:
        """Called before the first step of each epoch."""

    def on_step(self, training: Training) -> None:
        """Called after each step."""

    def on_validation(self, training: Training) -> None:
        """Called after the last step of each epoch, before validation."""

    def on_epoch(self, training: Training) -> None:
        """Called after each epoch; `training.history.last` is its row."""

    def on_end(self, training: Training) -> None:
        """Called after the last step, also if training fails or is interrupted."""


class ProgressBar(Callback):
    """A progress bar with epoch, loss and remaining time; silent if the output is not a terminal."""

    def __init__(self) -> None:
        self._bar: Any = None

    def on_start(self, training: Training) -> None:
        """Open the bar."""
        if not sys.stderr.isatty() or find_spec("rich") is None:
            return
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

        columns = (
            TextColumn("epoch {task.fields[epoch]}/{task.fields[epochs]}"),
            BarColumn(),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            TextColumn("{task.fields[news]}"),
        )
        self._bar = Progress(*columns, console=Console(stderr=True))
        self._first, left = training.step, training.steps * (training.epochs - training.epoch)
        self._every = max(1, left // 500)
        total = left or None  # an epoch of unknown length
        self._task = self._bar.add_task("training", total=total, epoch=1, epochs=training.epochs, news="")
        self._bar.start()

    def on_step(self, training: Training) -> None:
        """Advance the bar, about five hundred times in all."""
        if self._bar and training.step % self._every == 0:
            self._bar.update(self._task, completed=training.step - self._first, epoch=training.epoch)

    def on_epoch(self, training: Training) -> None:
        """Show the epoch's figures."""
        if self._bar:
            names = ("loss", "accuracy", "val_loss", "val_accuracy")
            row = training.history.last
            news = "  ".join(f"{name} {row[name]:.4f}" for name in names if name in row)
            self._bar.update(self._task, completed=training.step - self._first, epoch=training.epoch, news=news)

    def on_end(self, training: Training) -> None:
        """Close the bar."""
        if self._bar:
            self._bar.stop()
