"""Turns at computing: so many at once, the others wait in the order in which they came."""

import threading
from collections import deque
from collections.abc import Callable


class Slots:
    """A semaphore that is fair, and that one can stop waiting for.

    Args:
        count: how many may compute at once.
    """

    def __init__(self, count: int):
        self._free = count
        self._queue: deque[object] = deque()
        self._changed = threading.Condition()

    def acquire(self, given_up: Callable[[], bool]) -> bool:
        """Wait for a turn; False where `given_up` came true before it came."""
        me = object()
        with self._changed:
            self._queue.append(me)
            while not (self._free and self._queue[0] is me):
                if given_up():
                    self._queue.remove(me)
                    self._changed.notify_all()
                    return False
                self._changed.wait(0.1)
            self._queue.popleft()
            self._free -= 1
            self._changed.notify_all()
            return True

    def release(self) -> None:
        """The turn is over."""
        with self._changed:
            self._free += 1
            self._changed.notify_all()


class Turn:
    """One training's turn, which it takes and gives back any number of times.

    Args:
        slots: where the turns come from.
    """

    def __init__(self, slots: Slots):
        self._slots, self._mine = slots, False

    def take(self, given_up: Callable[[], bool]) -> bool:
        """Wait for the turn; False where `given_up` came true before it came."""
        self._mine = self._mine or self._slots.acquire(given_up)
        return self._mine

    def give(self) -> None:
        """Let another one have it."""
        if self._mine:
            self._mine = False
            self._slots.release()
