"""What may happen beside training: progress bars, one's own records."""

from typing import Any

from byhand.training.state import Training


class Callback:
    """Base of all callbacks; override what is needed.

    One that remembers anything from one step to the next gives it away by `state` and takes it back by `restore`, so
    that an interrupted training goes on with it.
    """

    def state(self) -> dict[str, Any]:
        """What to remember in a checkpoint: numbers, text, lists, tables with text as keys, and arrays."""
        return {}

    def restore(self, state: dict[str, Any]) -> None:
        """Take back what `state` gave (tuples come as lists); called after `on_start`."""

    def on_start(self, training: Training) -> None:
        """Before the first step."""

    def on_epoch_start(self, training: Training) -> None:
        """Before each epoch's first step."""

    def on_step(self, training: Training) -> None:
        """After each step."""

    def on_validation(self, training: Training) -> None:
        """After each epoch's last step, before validation."""

    def on_epoch(self, training: Training) -> None:
        """After each epoch; `training.history.last` is its row."""

    def on_end(self, training: Training) -> None:
        """After the last step, also when training fails or is interrupted."""


class ProgressBar(Callback):
    """A bar with the epoch, the loss and what is left; silent where the output is no terminal."""

    def __init__(self) -> None:
        self._bar: Any = None

    def on_start(self, training: Training) -> None:
        """Open the bar."""
        from rich.console import Console

        console = Console(stderr=True)
        if not console.is_terminal:
            return
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

        columns = (
            TextColumn("epoch {task.fields[epoch]}/{task.fields[epochs]}"),
            BarColumn(),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            TextColumn("{task.fields[news]}"),
        )
        self._bar = Progress(*columns, console=console)
        self._first, left = training.step, training.steps * (training.epochs - training.epoch)
        self._every = max(1, left // 500)
        total = left or None  # an epoch of unknown length
        self._task = self._bar.add_task("training", total=total, epoch=1, epochs=training.epochs, news="")
        self._bar.start()

    def on_step(self, training: Training) -> None:
        """Move the bar, some five hundred times in all."""
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
