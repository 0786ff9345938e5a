"""The number of threads during one or several trainings."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from byhand.network import Network


class SharedCount:
    """A number of threads that belongs to the whole process, while several trainings may ask for different ones.

    The one that asked last and still runs decides; when none does, the number is again what it was before all of them.

    Args:
        put: sets the number, and returns what it was.
    """

    def __init__(self, put: Callable[[Any], Any]):
        self._put, self._lock = put, threading.Lock()
        self._asked: dict[object, Any] = {}
        self._before: Any = None

    @contextmanager
    def at(self, count: int | None) -> Iterator[None]:
        """Compute with so many threads; None asks for nothing."""
        if not count:
            yield
            return
        mine = object()
        with self._lock:
            before = self._put(count)
            if not self._asked:
                self._before = before
            self._asked[mine] = count
        try:
            yield
        finally:
            with self._lock:
                del self._asked[mine]
                self._put(list(self._asked.values())[-1] if self._asked else self._before)


def _put_blas(count: Any) -> list[int]:
    """Give every matrix library `count` threads, or each its own of a list of counts."""
    try:
        from threadpoolctl import ThreadpoolController
    except ImportError:  # then they keep their number
        return []
    libraries = ThreadpoolController().select(user_api="blas").lib_controllers
    before = [library.num_threads for library in libraries]
    counts = count if isinstance(count, list) else [count] * len(libraries)
    for library, number in zip(libraries, counts, strict=False):
        library.set_num_threads(number)
    return before


BLAS = SharedCount(_put_blas)
POOLS: dict[Any, SharedCount] = {}  # one for each table of operations, by what sets its number


@contextmanager
def computing(ops: Any, count: int | None, blas: int | None) -> Iterator[None]:
    """Compute with so many threads, and let the matrix library have `blas` of them; None leaves them as they are."""
    with POOLS.setdefault(ops.set_threads, SharedCount(ops.set_threads)).at(count), BLAS.at(blas):
        yield


def blas_threads(network: Network, rows: int, threads: int | None) -> int | None:
    """How many threads the matrix library may have: as many as asked for, None for as many as there are cores.

    One where the operations bring products and threads of their own, and, unless asked for more, where the largest
    product is under a hundred million operations: the library's threads wait for each other by spinning, which gains
    little for small products on an idle machine and loses much on a busy one.
    """
    if getattr(network.ops, "kind", "") in ("avx2", "avx512") and network.dtype == np.float32:
        return 1
    largest = max((p.size for p in network.arena.parameters), default=0)
    return threads or (1 if 2 * rows * largest < 100_000_000 else None)
