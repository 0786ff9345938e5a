"""What may happen beside training: progress bars, early stopping, one's own."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from byhand.core.errors import TrainingDiverged
from byhand.core.types import Array
from byhand.network import Network
from byhand.optimizers import Optimizer
from byhand.regularizers import Penalty, Regularizer
from byhand.schedules import Schedule, as_schedule
from byhand.training.batches import Batch, Batches
from byhand.training.divergence import LOOK_AT, Guard, LastGood
from byhand.training.history import History


@dataclass
class Training:
    """The state of a training that callbacks see.

    Attributes:
        network: the network in training.
        optimizer: its optimiser.
        epochs: how many epochs were asked for.
        steps: how many steps an epoch has.
        epoch: the current epoch, from 1.
        step: how many steps were made in all.
        rate: the learning rate of the current step.
        loss: the last batch's loss.
        history: the finished epochs.
        stop: set it to True to end the training after the current step.
        schedule: where the learning rate comes from.
        regularizers: the rules that change gradient or parameters at each step.
        scratch: room (size,) that they work in.
        batches: the samples.
        batch: those of the current step, in arrays that the next one takes over; None with the full batch.
        last_good: a copy of the weights from when the loss was well.
        guard: looks at the gradient.
        diverged: the error that ended the training, where the loss was not finite.
        validated: whether there are validation data.
        epoch_rate: the learning rate at the epoch's start.
        epoch_start: when the epoch began, by time.perf_counter().
    """

    network: Network
    optimizer: Optimizer
    epochs: int
    steps: int = 1
    epoch: int = 0
    step: int = 0
    rate: float = float("nan")
    loss: float = float("nan")
    history: History = field(default_factory=History)
    stop: bool = False
    schedule: Schedule = field(init=False)
    regularizers: tuple[Regularizer, ...] = ()
    scratch: Array = field(init=False, repr=False)
    batches: Batches | None = field(default=None, repr=False)
    batch: Batch | None = field(default=None, repr=False)
    last_good: LastGood = field(init=False, repr=False)
    guard: Guard = field(init=False, repr=False)
    diverged: TrainingDiverged | None = None
    validated: bool = False
    epoch_rate: float = float("nan")
    epoch_start: float = 0.0

    def __post_init__(self) -> None:
        self.schedule = as_schedule(self.optimizer.learning_rate)
        self.last_good, self.guard = LastGood(self.network), Guard(self.network, LOOK_AT)
        self.scratch = np.empty_like(self.network.theta if self.regularizers else self.network.theta[:0])

    def penalty(self) -> dict[str, float]:
        """{"penalty": what the regularisers add to the loss}, or nothing where they add nothing."""
        penalties = [
            rule.penalty(self.network, self.scratch) for rule in self.regularizers if isinstance(rule, Penalty)
        ]
        return {"penalty": sum(penalties)} if penalties else {}


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
        self._every = max(1, training.steps * training.epochs // 500)
        total = training.steps * training.epochs
        self._task = self._bar.add_task("training", total=total, epoch=1, epochs=training.epochs, news="")
        self._bar.start()

    def on_step(self, training: Training) -> None:
        """Move the bar, some five hundred times in all."""
        if self._bar and training.step % self._every == 0:
            self._bar.update(self._task, completed=training.step, epoch=training.epoch)

    def on_epoch(self, training: Training) -> None:
        """Show the epoch's figures."""
        if self._bar:
            names = ("loss", "accuracy", "val_loss", "val_accuracy")
            row = training.history.last
            news = "  ".join(f"{name} {row[name]:.4f}" for name in names if name in row)
            self._bar.update(self._task, completed=training.step, epoch=training.epoch, news=news)

    def on_end(self, training: Training) -> None:
        """Close the bar."""
        if self._bar:
            self._bar.stop()
