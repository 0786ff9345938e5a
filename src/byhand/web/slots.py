"""Turns at computing, and room for large pictures: so much at once, the others wait in the order in which they came."""

import itertools
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

STEP, AGAIN, NEW = range(3)  # who goes first: a single step, a training that let one through, all others


class Slots:
    """A semaphore that is fair, that counts any number of places, and that one can stop waiting for.

    Args:
        count: how many places there are.
    """

    def __init__(self, count: int):
        self._count = self._free = count
        self._queue: list[tuple[int, int]] = []  # of all who wait their rank and number
        self._arrivals = itertools.count()
        self._changed = threading.Condition()

    def acquire(self, given_up: Callable[[], bool], rank: int = NEW, need: int = 1) -> bool:
        """Wait for `need` places, all of them where there are not so many; False where `given_up` came true before."""
        with self._changed:
            me = rank, next(self._arrivals)
            self._queue.append(me)
            while self._free < min(need, self._count) or min(self._queue) != me:
                if given_up():
                    self._queue.remove(me)
                    self._changed.notify_all()
                    return False
                self._changed.wait(0.1)
            self._queue.remove(me)
            self._free -= min(need, self._count)
            self._changed.notify_all()
            return True

    def release(self, need: int = 1) -> None:
        """The places are free again."""
        with self._changed:
            self._free += min(need, self._count)
            self._changed.notify_all()

    @contextmanager
    def held(self, need: int) -> Iterator[None]:
        """Hold places for a while."""
        self.acquire(lambda: False, need=need)
        try:
            yield
        finally:
            self.release(need)

    def wanted(self, rank: int) -> bool:
        """Whether somebody of that rank waits."""
        with self._changed:
            return any(other == rank for other, _ in self._queue)


class Turn:
    """One training's turn, which it takes and gives back any number of times.

    Args:
        slots: where the turns come from.
    """

    def __init__(self, slots: Slots):
        self._slots, self._mine = slots, False

    def take(self, given_up: Callable[[], bool], rank: int = NEW) -> bool:
        """Wait for the turn; False where `given_up` came true before it came."""
        self._mine = self._mine or self._slots.acquire(given_up, rank)
        return self._mine

    def give(self) -> None:
        """Let another one have it."""
        if self._mine:
            self._mine = False
            self._slots.release()

    def let_through(self, given_up: Callable[[], bool]) -> None:
        """Let somebody's single step go first, if one waits."""
        if self._slots.wanted(STEP):
            self.give()
            self.take(given_up, AGAIN)
