"""The newest events of a training, for any number of listeners."""

import json
import threading
from collections import deque
from typing import Any

KEPT_EVENTS = 64  # events: who falls behind further hears of the newest only


class Journal:
    """Events in order, each with its number; one thread writes, any may read."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._events: deque[tuple[int, str]] = deque(maxlen=KEPT_EVENTS)
        self._count = 0
        self.closed = False

    def add(self, name: str, data: Any) -> None:
        """Append an event."""
        text = event(name, data)
        with self._lock:
            self._count += 1
            self._events.append((self._count, text))

    def close(self) -> None:
        """Close the journal."""
        self.closed = True

    def after(self, number: int) -> tuple[int, list[str]]:
        """The newest event's number, and the events after `number`."""
        with self._lock:
            return self._count, [text for i, text in self._events if i > number]


def event(name: str, data: Any) -> str:
    """Format a server-sent event."""
    return f"event: {name}\ndata: {json.dumps(data, ensure_ascii=False, allow_nan=False)}\n\n"
