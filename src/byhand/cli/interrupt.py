"""Ctrl-C and its like while a run is trained: the step is finished, its state written, and how to go on said."""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import NoReturn

import click

from byhand.core.world import ALONE, World
from byhand.recipes.unfinished import command
from byhand.training.checkpoints import Checkpoints, Interrupted

SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def stoppable(checkpoints: Checkpoints, folder: Path, world: World = ALONE) -> Iterator[None]:
    """Stop the training after its step on the first signal, at once on the second; exit with 128 + the signal number.

    Where no training runs, before or after, the first one ends the command at once. Whatever is written at that moment
    is written whole or not at all.
    """

    def stop(number: int, frame: FrameType | None) -> None:
        if not checkpoints.stop(number):
            raise Interrupted(number, None)
        if world.rank == 0:
            os.write(
                2, b"\nStopping after this step; once more, and it stops at once.\n"
            )  # print may be at work just now

    before = {number: signal.signal(number, stop) for number in SIGNALS}
    try:
        yield
    except Interrupted as interruption:
        _leave(interruption, checkpoints, command(folder, world.size))
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _leave(interruption: Interrupted, checkpoints: Checkpoints, command: str) -> NoReturn:
    files = checkpoints.files()
    if files:
        step = int(files[-1].stem.removeprefix("step-"))
        print(
            f"byhand: stopped; the state after step {step:,} was written. Resume with: {command}",
            file=sys.stderr,
        )
    else:
        print("byhand: stopped before the first checkpoint.", file=sys.stderr)
    raise click.exceptions.Exit(128 + interruption.signal)
