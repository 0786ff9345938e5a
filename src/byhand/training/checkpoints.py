"""Folders of checkpoints: when they are written, and which one a training resumes from."""

import re
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from math import inf
from pathlib import Path
from typing import Any

from byhand.core.checks import require_instance
from byhand.core.errors import ByhandError
from byhand.core.files import LOCK, locked, remove_unfinished
from byhand.training.callbacks import Callback
from byhand.training.checkpoint import (
    OTHERWISE_IN_0_1,
    SINCE_0_1,
    Checkpoint,
    identity,
    made_with,
    restore,
    snapshot,
)
from byhand.training.state import Training
from byhand.training.steps import Epochs
from byhand.training.trees import Tree, all_finite, difference

KEPT = 2
UNITS = {"s": "seconds", "sec": "seconds", "second": "seconds", "minute": "minutes", "min": "minutes"}
UNITS |= {"step": "steps", "epoch": "epochs"}


class Interrupted(KeyboardInterrupt):
    """Training was stopped by a signal, after finishing its step and writing a checkpoint.

    Attributes:
        signal: the number of the signal.
        path: the checkpoint to resume from; None if there is none.
    """

    def __init__(self, signal: int, path: Path | None):
        super().__init__()
        self.signal, self.path = signal, path


class OtherTraining(ByhandError):
    """A checkpoint belongs to a training with another network, other data or other settings."""


class Checkpoints:
    """Write checkpoints into a folder at an interval, and keep the last two.

    A training resumes from such a file bit for bit, also within an epoch. Files are written atomically, and a state
    with NaN or infinity is not written. If the disk is full, training continues with a warning.

    Example:
        >>> fit(network, x, y, checkpoint="checkpoints", resume=True)  # run again, the program resumes

    Args:
        folder: the folder, which belongs to one training.
        every: "60 seconds", "5 minutes", "500 steps" or "1 epoch"; "never" writes only when the training is stopped.
        note: plain data to store with the state.

    Raises:
        ByhandError: the interval is invalid.
    """

    def __init__(self, folder: str | Path, every: str = "60 seconds", note: Tree | None = None):
        self.folder, self.note = Path(folder), note or {}
        self.count, self.unit = interval(every)
        self._signal, self._training = 0, False
        self._written: list[Path] = []  # whole and good, oldest first

    def files(self) -> list[Path]:
        """The checkpoints in the folder, oldest first."""
        return sorted(self.folder.glob("step-*.safetensors"))

    def newest(self) -> tuple[Path, Checkpoint] | None:
        """The newest undamaged checkpoint, or None; warns of damaged ones.

        Raises:
            ByhandError: all checkpoints are damaged.
        """
        complaints = []
        for path in reversed(self.files()):
            try:
                found = Checkpoint.read(path)
            except ByhandError as error:
                complaints.append(str(error))
                continue
            for complaint in complaints:
                warnings.warn(f"{complaint} Training goes on from {path.name}, the one before.", stacklevel=2)
            return path, found
        if complaints:
            raise ByhandError(f"{complaints[0]} There is no whole one before it; begin anew.")
        return None

    def remove(self) -> None:
        """Delete all checkpoints, and the folder if it is then empty."""
        for path in self.files():
            path.unlink(missing_ok=True)
        if self.folder.is_dir():
            remove_unfinished(self.folder)
            (self.folder / LOCK).unlink(missing_ok=True)
            if not any(self.folder.iterdir()):
                self.folder.rmdir()

    def stop(self, signal: int = 2) -> bool:
        """Ask the training to stop after its step, with a checkpoint: `fit` raises Interrupted.

        Returns:
            Whether a training is running that had not been asked before.
        """
        first = self._training and not self._signal
        self._signal = signal
        return first


class Keeper(Callback):
    """Last of a training's listeners: writes checkpoints, and stops when asked to."""

    def __init__(
        self, where: Checkpoints, training: Training, run: Epochs, callbacks: Sequence[Callback],
        threads: int,
    ):  # fmt: skip
        self.where, self.run, self.callbacks = where, run, callbacks
        self._identity = training.world.first(lambda: identity(training, run, callbacks))  # which reads all data
        self._made_with = made_with(training, threads)
        self._every = {"steps": 1, "epochs": training.steps}.get(where.unit, inf) * where.count
        self._seconds = where.count if where.unit == "seconds" else inf
        self._plan(training.step)

    def _plan(self, step: int) -> None:
        """Set when the next one is due."""
        self._at_step = (step // self._every + 1) * self._every if self._every < inf else inf
        self._at_time = time.monotonic() + self._seconds

    def go_on(self, training: Training, path: Path | None, checkpoint: Checkpoint) -> None:
        """Bring the training to where the checkpoint was written.

        Raises:
            OtherTraining: it is another training's.
        """
        where = f"{path}: " if path else ""
        old = checkpoint.format == 1
        skipped = {*SINCE_0_1, *OTHERWISE_IN_0_1} if old else set()
        mine = {name: value for name, value in self._identity.items() if name not in skipped}
        if found := difference(checkpoint.identity, mine):
            raise OtherTraining(f"{where}the checkpoint is another training's ({found}).")
        if old:
            warnings.warn(
                f"{where}was written by byhand 0.1; training goes on, but not for certain bit for bit, and nobody "
                "compares whether data, layers and optimiser are the same.",
                stacklevel=3,
            )
        elif found := difference(checkpoint.made_with, self._made_with):
            warnings.warn(f"{where}training goes on, but not for certain bit for bit ({found}).", stacklevel=3)
        restore(training, self.run, self.callbacks, checkpoint.training)
        self.where._written = [path] if path else []
        self._plan(training.step)

    def on_step(self, training: Training) -> None:
        """Write a checkpoint where one is due, in the first process; where one is asked to stop, all do."""
        asked = training.world.largest(self.where._signal)
        if asked or training.step >= self._at_step or time.monotonic() >= self._at_time:
            if training.world.rank == 0:
                self._write(training, asked)
            self._plan(training.step)
        if asked:
            raise Interrupted(asked, self.where._written[-1] if self.where._written else None)

    def take(self, training: Training) -> Checkpoint:
        """The training as it stands, sharing its arrays."""
        tree = snapshot(training, self.run, self.callbacks)
        return Checkpoint(self._identity, self._made_with, tree, self.where.note)

    def _write(self, training: Training, asked: int) -> None:
        where = self.where
        checkpoint, path = self.take(training), where.folder / f"step-{training.step:012d}.safetensors"
        try:
            if not all_finite(checkpoint.training):
                raise ByhandError(f"{path}: not written, because the training's state is not finite.")
            checkpoint.write(path)
            where._written = [*where._written, path][-KEPT:]
            for old in where.files():
                if old not in where._written:
                    old.unlink(missing_ok=True)
        except (ByhandError, OSError) as error:
            last = f"the last one is {where._written[-1].name}" if where._written else "there is none yet"
            warnings.warn(f"{error} Training {'stops' if asked else 'goes on'}; {last}.", stacklevel=2)


def interval(text: Any) -> tuple[float, str]:
    """("500 steps") → (500, "steps"); minutes become seconds, "never" infinitely many of them.

    Raises:
        ByhandError: no number above 0, or no such unit.
    """
    if text == "never":
        return inf, "seconds"
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([a-z]+?)s?\s*", text) if isinstance(text, str) else None
    count = float(match[1]) if match else 0.0
    unit = UNITS.get(match[2] or "s", "") if match else ""
    if not count or not unit or (unit in ("steps", "epochs") and count != int(count)):
        raise ByhandError(
            "A checkpoint is written every so many steps, epochs, seconds or minutes, such as '500 steps'; "
            f"got {text!r}."
        )
    return (60 * count, "seconds") if unit == "minutes" else (count, unit)


def as_checkpoints(where: Any) -> Checkpoints:
    """A folder's name as Checkpoints; what is Checkpoints stays."""
    if isinstance(where, str | Path):
        return Checkpoints(where)
    require_instance("checkpoint", where, Checkpoints, "a folder, or Checkpoints(folder, every)")
    return where


@contextmanager
def kept(
    checkpoint: str | Path | Checkpoints | None,
    resume: bool | str | Path | Checkpoint,
    training: Training,
    run: Epochs,
    callbacks: Sequence[Callback],
    threads: int,
) -> Iterator[tuple[list[Callback], Callable[[], None]]]:
    """The listeners that write checkpoints while `fit` trains, and what brings the training to where it is to begin.

    The folder of the checkpoints is held for this process alone meanwhile.

    Raises:
        ByhandError: another process holds it, or `resume` names no checkpoint of this training.
    """
    if checkpoint is None and resume is False:
        yield [], lambda: None
        return
    if checkpoint is None and resume is True:
        raise ByhandError("resume=True needs checkpoint=FOLDER to go on from; or name a checkpoint: resume=PATH.")
    where = Checkpoints("", "never") if checkpoint is None else as_checkpoints(checkpoint)
    busy = f"{where.folder}: another process writes its checkpoints there; choose another folder, or wait."
    with ExitStack() as held:
        if checkpoint is not None:
            training.world.first(lambda: held.enter_context(locked(where.folder, busy)))
        found = training.world.first(lambda: chosen(resume, where))
        keeper = Keeper(where, training, run, callbacks, threads)
        where._signal, where._training = 0, True
        try:
            yield [] if checkpoint is None else [keeper], lambda: keeper.go_on(training, *found) if found else None
        finally:
            where._training = False


def chosen(resume: bool | str | Path | Checkpoint, where: Checkpoints) -> tuple[Path | None, Checkpoint] | None:
    """The checkpoint that `resume` asks for: the folder's newest (True), a file's, a folder's, or itself.

    Raises:
        ByhandError: a path without a checkpoint, or with damaged ones only.
    """
    if resume is True:
        return where.newest()
    if isinstance(resume, Checkpoint):
        return None, resume
    if isinstance(resume, str | Path):
        path = Path(resume)
        if path.is_dir():
            found = Checkpoints(path).newest()
            if found is None:
                raise ByhandError(f"{path}: holds no checkpoint.")
            return found
        return path, Checkpoint.read(path)
    require_instance("resume", resume, bool, "True, a checkpoint or the name of one")
    return None
