"""The processes that train together, on one machine or on several, by MPI.

The interface is small, after MLX's: `rank`, `size`, `all_sum`. Sums are taken in the order of the ranks, and not in the
order in which messages happen to arrive, so they have the same bits under every MPI and every time.
"""

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, TextIO

import numpy as np

from byhand.core.errors import ByhandError
from byhand.core.extras import how_to_install
from byhand.core.types import Array

STARTED_BY_MPI = (
    "OMPI_COMM_WORLD_SIZE",
    "PMI_SIZE",
    "PMI_RANK",
    "PMIX_RANK",
)  # in the environment of what mpiexec, srun start
SMALL = 4096  # numbers up to which all processes send each other everything, in one message instead of two
FAILING_TOGETHER = 2.0  # seconds in which all processes have to fail for it to be one failure of all
PASSED_ON = 2.0, 0.05  # seconds that a launcher has to read what a process wrote, and to hand it on


class World:
    """The processes of a training; this class stands for one process alone, where everything is its own.

    Example:
        >>> world = World.join()
        >>> if world.rank == 0:
        ...     print(world.size)
        1

    Attributes:
        rank: the number of this process, from 0.
        size: how many there are.
        local: how many of them are on this machine.
    """

    rank = 0
    size = 1
    local = 1

    @staticmethod
    def join() -> "World":
        """The processes that mpiexec or srun started together with this one; one alone where nobody did.

        Raises:
            ByhandError: they were started so, but mpi4py or an MPI is missing.
        """
        if not started_together():
            return ALONE
        try:
            from mpi4py import MPI
        except (ImportError, RuntimeError) as error:
            raise ByhandError(
                f"This process was started by MPI, but mpi4py cannot be used here ({error}); "
                f"install it, with an MPI: {how_to_install('mpi')}"
            ) from None
        if MPI.COMM_WORLD.size == 1:
            return ALONE
        global _joined
        if _joined is None:
            _joined = MPIWorld(MPI.COMM_WORLD)
            sys.excepthook = _ending(sys.excepthook, _joined)
        return _joined

    def all_sum(self, x: Array) -> Array:
        """The sum of all processes' x, element by element, in the order of their ranks."""
        out = np.empty_like(x)
        self.add_up(np.ascontiguousarray(x).reshape(1, -1), out.reshape(-1))
        return out

    def add_up(self, parts: Array, out: Array) -> None:
        """out (n,) = the sum of the rows of all processes' parts (m, n), in the order of ranks, then of rows."""
        sum_in_order(parts, out)

    def largest(self, value: int) -> int:
        """The largest of all processes' values."""
        return value

    def gather(self, value: Any) -> list[Any]:
        """Every process's value, by rank."""
        return [value]

    def first(self, make: Callable[[], Any]) -> Any:
        """What `make` returns, or raises, in process 0, where alone it is called."""
        return make()

    def leave(self, error: BaseException) -> None:
        """Say that this process fails; returns where all of them do, and ends the job where only some do."""


ALONE = World()
_joined: World | None = None


class MPIWorld(World):
    """Processes that send each other messages by MPI.

    Args:
        comm: an MPI communicator of mpi4py.
    """

    def __init__(self, comm: Any):
        self._comm, self._ends = comm, comm.Dup()  # a failing process says so on a line of its own
        self.rank, self.size = comm.Get_rank(), comm.Get_size()
        names: list[str] = comm.allgather(os.uname().nodename if hasattr(os, "uname") else "")
        self.local = names.count(names[self.rank])
        self._room: dict[Any, tuple[Array, ...]] = {}

    def add_up(self, parts: Array, out: Array) -> None:
        """out (n,) = the sum of the rows of all processes' parts (m, n), in the order of ranks, then of rows.

        Process r adds up the r-th piece of all rows, and sends it to all: as much traffic as a ring's, but each sum in
        a fixed order. Short vectors are sent to all as they are.
        """
        (m, n), size = parts.shape, self.size
        if n <= SMALL:
            (everyone,) = self._rooms((size, m, n), parts.dtype, 1)
            self._comm.Allgather(np.ascontiguousarray(parts), everyone)
            sum_in_order(everyone.reshape(-1, n), out)
            return
        piece = -(-n // size)  # numbers that a process adds up
        sent, received = self._rooms((size, m, piece), parts.dtype, 2)
        for r in range(size):
            here = parts[:, r * piece : (r + 1) * piece]
            sent[r, :, : here.shape[1]] = here
        self._comm.Alltoall(sent, received)
        summed, total = sent.reshape(-1)[:piece], received.reshape(-1)  # what is sent may be written over now
        sum_in_order(received.reshape(-1, piece), summed)
        total = total[: size * piece]
        self._comm.Allgather(summed, total)
        np.copyto(out, total[:n])

    def _rooms(self, shape: tuple[int, ...], dtype: Any, count: int) -> tuple[Array, ...]:
        """Arrays to send from and to receive into, the same each time."""
        key = (shape, np.dtype(dtype))
        if key not in self._room:
            self._room[key] = tuple(np.zeros(shape, dtype) for _ in range(count))
        return self._room[key]

    def largest(self, value: int) -> int:
        """The largest of all processes' values."""
        (everyone,) = self._rooms((self.size,), np.int64, 1)
        self._comm.Allgather(np.array([value], np.int64), everyone)
        return int(everyone.max())

    def gather(self, value: Any) -> list[Any]:
        """Every process's value, by rank."""
        return self._comm.allgather(value)

    def first(self, make: Callable[[], Any]) -> Any:
        """What `make` returns, or raises, in process 0, where alone it is called."""
        value: Any = None
        failure: Exception | None = None
        if self.rank == 0:
            try:
                value = make()
            except Exception as error:
                failure = error
        value, failure = self._comm.bcast((value, failure), root=0)
        if failure is not None:
            raise failure
        return value

    def leave(self, error: BaseException) -> None:
        """Say that this process fails; returns where all of them do, and ends the job where only some do."""
        said, end = self._ends.Ibarrier(), time.monotonic() + FAILING_TOGETHER
        while not said.Test():
            if time.monotonic() > end:
                print(f"byhand: process {self.rank} of {self.size} failed ({said_of(error)}) and ends the job.",
                      file=sys.__stderr__, flush=True)  # fmt: skip
                wait_until_read(sys.__stderr__)
                self._comm.Abort(2)
            time.sleep(0.01)


def sum_in_order(rows: Array, out: Array) -> None:
    """out (n,) = the sum of the rows of an array (m, n), one after the other."""
    np.copyto(out, rows[0])
    for row in rows[1:]:
        np.add(out, row, out=out)


def wait_until_read(stream: TextIO | None) -> None:
    """Wait until whoever reads a pipe has taken all that was written into it, two seconds at most.

    A launcher watches a process's output and its messages apart: told to end the job, it would drop what it has not
    read yet.
    """
    most, more = PASSED_ON
    end = time.monotonic() + most
    with suppress(ImportError, OSError, AttributeError, ValueError):  # no pipe, or a system that can't tell
        from fcntl import ioctl
        from termios import FIONREAD

        while any(ioctl(stream.fileno(), FIONREAD, bytes(4))) and time.monotonic() < end:  # type: ignore[union-attr]
            time.sleep(0.01)
    time.sleep(more)


def started_together() -> bool:
    """Whether this process was started by mpiexec, srun or the like."""
    return any(sign in os.environ for sign in STARTED_BY_MPI)


def said_of(error: BaseException) -> str:
    """An error in a line: its message, with its kind where it is not for the user."""
    return str(error) if isinstance(error, ByhandError) else f"{type(error).__name__}: {error}"


def _ending(hook: Any, world: World) -> Any:
    """What Python does about an error that nobody handles, and then the end of all processes."""

    def handle(kind: type[BaseException], error: BaseException, traceback: Any) -> None:
        hook(kind, error, traceback)
        sys.stderr.flush()
        world.leave(error)

    return handle


@contextmanager
def ending_together(world: World) -> Iterator[None]:
    """An error in one process ends all: they would wait for it for ever. Where all have one, it is raised in all."""
    try:
        yield
    except BaseException as error:
        world.leave(error)
        raise
