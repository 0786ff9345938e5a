"""Processes that carry out trials, one at a time each, and survive what a trial does to its process."""

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from multiprocessing.connection import Connection, wait
from typing import Any

from byhand.core.errors import ByhandError
from byhand.recipes import Recipe
from byhand.tuning.measure import Material, Result, measure, portable

THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")


class Here:
    """One trial at a time, in this process; the same interface as `Workers`."""

    def __init__(self, data: Material):
        self._data = data
        self._waiting: deque[tuple[int, Recipe]] = deque()

    @property
    def free(self) -> bool:
        """Whether another trial may start."""
        return not self._waiting

    def start(self, number: int, recipe: Recipe) -> None:
        """Take on a trial."""
        self._waiting.append((number, recipe))

    def finished(self) -> Iterator[tuple[int, Result]]:
        """Carry out what was taken on."""
        while self._waiting:
            number, recipe = self._waiting.popleft()
            yield number, measure(recipe, self._data, number)

    def close(self) -> None:
        """Nothing is left running."""


class Workers:
    """Up to `jobs` trials at once, each in a process of its own that computes with one thread.

    The processes are started afresh ("spawn": nothing is inherited but the data, which are sent once), and ended when
    this one goes. Where one dies, killed by the system for its memory perhaps, its trial has failed, and another
    process takes its place.

    Args:
        data: what the trials learn from.
        jobs: how many processes.
    """

    def __init__(self, data: Material, jobs: int):
        self._data, self._jobs = data, jobs
        self._idle: list[_Worker] = []
        self._busy: dict[Any, tuple[int, _Worker]] = {}

    @property
    def free(self) -> bool:
        """Whether another trial may start."""
        return len(self._busy) < self._jobs

    def start(self, number: int, recipe: Recipe) -> None:
        """Give a trial to a process."""
        worker = self._idle.pop() if self._idle else _Worker(self._data)
        with suppress(ConnectionError):  # where it has died, `finished` will say so
            worker.pipe.send((portable(recipe), number))
        self._busy[worker.pipe] = (number, worker)

    def finished(self) -> Iterator[tuple[int, Result]]:
        """Wait until at least one trial has ended; yields those that have.

        Raises:
            ByhandError: a process ended before it could begin.
        """
        for pipe in wait(list(self._busy)):
            number, worker = self._busy[pipe]
            answer = worker.answer()
            if answer == "ready":
                continue
            del self._busy[pipe]
            if isinstance(answer, Result):
                self._idle.append(worker)
            else:
                answer = Result((), (), 0.0, answer)
            yield number, answer

    def close(self) -> None:
        """End all processes, whatever they are doing."""
        for worker in [*self._idle, *(worker for _, worker in self._busy.values())]:
            worker.end()
        self._idle, self._busy = [], {}


class _Worker:
    """One process and the pipe to it."""

    def __init__(self, data: Material):
        context = multiprocessing.get_context("spawn")
        self.pipe, other = context.Pipe()
        self._ready = False
        self._process = context.Process(target=_work, args=(other,), daemon=True)
        kept = {name: os.environ.get(name) for name in THREADS}
        os.environ.update(dict.fromkeys(THREADS, "1"))
        try:
            self._process.start()
        finally:
            for name, value in kept.items():
                os.environ.pop(name)
                if value is not None:
                    os.environ[name] = value
        other.close()
        with suppress(ConnectionError):
            self.pipe.send(data)

    def answer(self) -> Any:
        """What the process says: "ready", a result, or, as text, that it has died."""
        try:
            said = self.pipe.recv()
        except (EOFError, OSError):
            self._process.join()
            if not self._ready:
                raise ByhandError(
                    "A process for the trials could not start; in a script, put what it does under "
                    "if __name__ == '__main__': (processes read the script anew), or use jobs=1."
                ) from None
            return f"Its process ended (exit status {self._process.exitcode}); perhaps there was not enough memory."
        self._ready = True
        return said

    def end(self) -> None:
        """End the process."""
        self._process.terminate()
        self._process.join()
        self.pipe.close()


def _work(pipe: Connection) -> None:
    """What a process does: receive the data, then trials, until the pipe closes. Ctrl-C is the parent's matter."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    with suppress(EOFError, OSError):
        data = pipe.recv()
        pipe.send("ready")
        while True:
            recipe, number = pipe.recv()
            pipe.send(measure(recipe, data, number))


def _end_with_parent() -> None:
    """Where the parent is killed, end at once: another search goes on with this one's trials."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
