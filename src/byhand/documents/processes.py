"""Processes that read, or do other work, with one thread each, and end with the process that started them."""

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from functools import partial
from typing import Any

from byhand.core.errors import ByhandError

AHEAD = 4  # items for each process that are begun before the first of them is taken


def prepare_process() -> None:
    """Initialise a process of a pool: one thread; ignore Ctrl-C, which the parent sees; exit with the parent."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_the_parent, daemon=True).start()
    one_thread().__enter__()


def _end_with_the_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent:
        parent.join()
        os._exit(1)


@contextmanager
def one_thread() -> Iterator[None]:
    """Compute with one thread: there are more pictures than processors."""
    from threadpoolctl import threadpool_limits

    from byhand.ops import default

    before = default.set_threads(1)
    try:
        with threadpool_limits(1, user_api="blas"):
            yield
    finally:
        default.set_threads(before)


def new_pool(processes: int) -> ProcessPoolExecutor:
    """A pool of processes that are started afresh: a fork would copy locks that other threads hold."""
    return ProcessPoolExecutor(processes, multiprocessing.get_context("spawn"), initializer=prepare_process)


class Lost(Exception):
    """The process that worked on an item died."""


def in_order_by_processes(
    work: Callable[[Any], Any], items: Iterable[Any], processes: int
) -> Iterator[tuple[Any, Any]]:
    """Each item and work(item), in the order of the items, computed by several processes; holds a few items at a time.

    Where a process dies, what was being worked on is tried once more, one item at a time; an item whose process dies
    again gives `Lost`.

    Raises:
        ByhandError: the processes cannot start.
    """
    pool = _started(processes)
    waiting: deque[tuple[Any, Future[Any]]] = deque()
    try:
        for item in items:
            waiting.append((item, _submitted(pool, work, item)))
            if len(waiting) < AHEAD * processes:
                continue
            pool = yield from _first(work, waiting, pool, processes)
        while waiting:
            pool = yield from _first(work, waiting, pool, processes)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def pages_in_order(
    read: Callable[[Any], Iterable[Any]], failed: Callable[[Any], Any], documents: Iterable[Any], processes: int
) -> Iterator[Any]:
    """What `read(document)` gives for each page of the documents, in their order.

    `read` must be a function or method that pickle takes. A document whose process died twice gives failed(document).
    """
    for document, found in in_order_by_processes(partial(_all, read), documents, processes):
        if isinstance(found, Lost):
            yield failed(document)
        else:
            yield from found


def _all(read: Callable[[Any], Iterable[Any]], document: Any) -> list[Any]:
    return [*read(document)]


def _started(processes: int) -> ProcessPoolExecutor:
    pool = new_pool(processes)
    try:
        pool.submit(os.getpid).result()
    except BrokenProcessPool:
        raise ByhandError(
            "A process for reading could not start; in a script, put what it does under "
            "if __name__ == '__main__': (processes read the script anew), or use jobs=1."
        ) from None
    return pool


def _submitted(pool: ProcessPoolExecutor, work: Callable[[Any], Any], item: Any) -> Future[Any]:
    try:
        return pool.submit(work, item)
    except BrokenProcessPool as error:  # `_first` will see it
        future: Future[Any] = Future()
        future.set_exception(error)
        return future


def _first(work: Callable[[Any], Any], waiting: deque, pool: ProcessPoolExecutor, processes: int) -> Any:
    """Yield the first item that waits with its result; returns the pool for what follows, a new one if this broke."""
    item, future = waiting[0]
    try:
        result = future.result()
    except BrokenProcessPool:
        pool.shutdown(wait=False)
        yield from _tried_again(work, waiting)
        return _started(processes)
    waiting.popleft()
    yield item, result
    return pool


def _tried_again(work: Callable[[Any], Any], waiting: deque) -> Iterator[tuple[Any, Any]]:
    """What waits with its results; what has none is tried once more, one item at a time."""
    alone = new_pool(1)
    while waiting:
        item, future = waiting.popleft()
        if future.exception() is None:
            yield item, future.result()
            continue
        try:
            yield item, alone.submit(work, item).result()
        except BrokenProcessPool as error:
            alone.shutdown(wait=False)
            alone = new_pool(1)
            yield item, Lost(str(error))
    alone.shutdown(wait=False)
