"""A command that several processes carry out together, started by mpiexec or srun."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout

import click

from byhand.core.world import World, ending_together


@contextmanager
def started_by_mpi() -> Iterator[World]:
    """The processes that were started with this one: the first one speaks for all, as long as they do the same."""
    world = World.join()
    if world.rank == 0:
        with ending_together(world):
            yield world
        return
    with open(os.devnull, "w") as nowhere, redirect_stdout(nowhere), redirect_stderr(nowhere):
        try:
            with ending_together(world):
                yield world
        except click.exceptions.Exit:
            raise
        except Exception:
            raise click.exceptions.Exit(2) from None  # the first process says what it was
