"""Atomic writing of files, locks on folders, and the order of names."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from byhand.core.errors import ByhandError

UNFINISHED = ".part"  # how files end that are still being written, or that a lost process left behind
LOCK = ".lock"
_NUMBERS = re.compile(r"(\d+)")


def write_atomically(path: Path, data: bytes) -> None:
    """Write `data` to `path` atomically: write a temporary file in the same folder, flush it to disk, and rename it.

    Raises:
        ByhandError: the folder cannot be written to, or the disk is full.
    """
    import tempfile

    temporary = ""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(UNFINISHED, f".{path.name}.", path.parent)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
        temporary = ""
        flush_folder(path.parent)
    except OSError as error:
        raise ByhandError(f"{path}: cannot be written ({error.strerror or error}); nothing was changed.") from None
    finally:
        if temporary:
            with suppress(OSError):
                os.unlink(temporary)


def flush_folder(folder: Path) -> None:
    """Flush the entries of a folder to disk, if the system supports it."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def remove_unfinished(folder: Path) -> None:
    """Remove temporary files of processes that were lost; call it only if no other process writes to the folder."""
    for path in folder.glob(f".*{UNFINISHED}"):
        with suppress(OSError):
            path.unlink()


@contextmanager
def locked(folder: Path, busy: str, wait: float = 0.0) -> Iterator[None]:
    """Create and lock `folder` for this process; the system releases the lock when the process ends.

    Args:
        folder: what to hold. The lock is a file in it, and goes when it is released.
        busy: what to say where another process holds it.
        wait: how many seconds to wait for that process.

    Raises:
        ByhandError: another process holds it, or it cannot be written to (an OSError is its cause then).
    """
    from filelock import FileLock, Timeout

    lock = FileLock(folder / LOCK, timeout=wait)
    made = [part for part in (folder, *folder.parents) if not part.exists()]
    try:
        with suppress(FileNotFoundError):  # the process that held it took the folder away
            folder.mkdir(parents=True, exist_ok=True)
            lock.acquire()
        if not lock.is_locked:
            folder.mkdir(parents=True, exist_ok=True)
            lock.acquire()
    except Timeout:
        raise ByhandError(busy) from None
    except OSError as error:
        raise ByhandError(f"{folder}: cannot be written to ({error.strerror or error}).") from error
    try:
        yield
    finally:
        with suppress(OSError):
            (folder / LOCK).unlink()  # while it is held: who waits for it sees that it is gone, and makes a new one
            for part in made:
                part.rmdir()  # only where it is empty
        lock.release()


def numbers_by_value(name: str) -> list[tuple[int, str]]:
    """A sort key for names that puts 2.png before 10.png."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in _NUMBERS.split(name)]
