"""Where records are written to: standard output, or a file that is there whole or not at all, and can be resumed."""

import os
import shutil
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

from byhand.core.errors import ByhandError
from byhand.core.files import flush_folder
from byhand.documents.batch import PageReading
from byhand.documents.formats import OutputFormat

PART = ".part"  # added to the name of a file that is not finished
MARK = "\ufeff".encode()


class Output:
    """Records on their way out; a context manager.

    With a path, they are appended to PATH.part, each document as soon as it is read, and that file is renamed when the
    context ends without an error; whatever happens before leaves PATH alone, and PATH.part for `resume`. Resuming drops
    the last document of PATH.part, since pages of it may be missing, and goes on behind.

    Args:
        path: the file, or None for standard output.
        form: how records are written.
        resume: whether to go on with what PATH.part or PATH holds.
        write: how a page is written, by default as the format says.

    Attributes:
        done: the documents that the file had already.
        failed: how many of these have failed.

    Raises:
        ByhandError: the file cannot be written to, is in use, was left unfinished and is not to be resumed, or cannot
            be resumed.
    """

    def __init__(
        self,
        path: Path | None,
        form: OutputFormat,
        resume: bool = False,
        write: Callable[[PageReading], str] | None = None,
    ):
        self.path, self.form, self._write = path, form, write or form.page
        self.done: set[str] = set()
        self.failed: set[str] = set()
        self._file: BinaryIO | None = None
        self._fresh = True  # nothing was written that would be lost
        if resume and (path is None or form.file_of is None):
            raise ByhandError("only JSON and CSV that are written to a file (-o FILE) can be resumed.")
        if path is not None:
            self.part = path.with_name(path.name + PART)
            self._open(path, resume)

    def _open(self, path: Path, resume: bool) -> None:
        if path.is_dir():
            raise ByhandError(f"{path} is a folder; name a file for the output.")
        try:
            os.makedirs(path.parent, exist_ok=True)
        except OSError as error:
            raise ByhandError(f"{path}: cannot be written ({error.strerror or error}).") from None
        try:
            if resume and (self.part.exists() or path.exists()):
                unfinished = self.part.exists()
                if not unfinished:
                    shutil.copyfile(path, self.part)
                self._file, self._fresh = open(self.part, "r+b"), False  # noqa: SIM115
                _hold(self._file, self.part)
                self._go_on(self._file, unfinished)
                return
            self._file = open(self.part, "xb")  # noqa: SIM115
            _hold(self._file, self.part)
            self._begin()
        except FileExistsError:
            raise ByhandError(
                f"{self.part} is the beginning of an output that was not finished: go on with --resume, or remove it."
            ) from None
        except OSError as error:
            raise ByhandError(f"{path}: cannot be written ({error.strerror or error}).") from None

    def _begin(self) -> None:
        assert self._file
        self._file.write((MARK if self.form.mark else b"") + self.form.head.encode())
        self._file.flush()

    def _go_on(self, file: BinaryIO, unfinished: bool) -> None:
        """Go through the lines that are there, and cut off what may be incomplete."""
        assert self.form.file_of
        head = (MARK if self.form.mark else b"") + self.form.head.encode()
        begins = file.read(len(head))
        if begins != head:
            if not head.startswith(begins):
                raise ByhandError(f"{self.part} is not in the format that is to be written; it cannot be resumed.")
            file.seek(0)
            file.truncate()
            self._begin()
            return
        end = start = len(head)  # of the lines; of the last document
        last, bad = None, set()
        for number, line in enumerate(file, 1):
            if not line.endswith(b"\n"):
                break
            try:
                name, failed = self.form.file_of(line.decode())
            except (ValueError, KeyError, TypeError):
                raise ByhandError(
                    f"{self.part}: record {number} is not one of byhand's; it cannot be resumed."
                ) from None
            if name != last:
                last, start = name, end
            self.done.add(name)
            if failed:
                bad.add(name)
            end += len(line)
        if unfinished and last is not None:
            end = start
            self.done.discard(last)
            bad.discard(last)
        self.failed = bad
        file.seek(end)
        file.truncate()

    def __enter__(self) -> "Output":
        if self._file is None:
            self._print(self.form.head)
        return self

    def write(self, found: PageReading) -> None:
        """Write a page's record."""
        text = self._write(found)
        if self._file is None:
            self._print(text)
            return
        try:
            self._file.write(text.encode())
            self._file.flush()
            self._fresh = False
        except OSError as error:
            raise ByhandError(
                f"{self.part}: cannot be written ({error.strerror or error}); go on with --resume."
            ) from None

    def _print(self, text: str) -> None:
        sys.stdout.write(text.replace("\r\n", "\n"))  # which the system's own line ends replace
        sys.stdout.flush()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is None:
            if kind is None:
                self._print(self.form.foot)
            return
        with self._file as file:
            if kind is None:
                self._finish(file)
        with suppress(OSError):
            if kind is None:
                flush_folder(self.part.parent)
            elif self._fresh:
                self.part.unlink()

    def _finish(self, file: BinaryIO) -> None:
        assert self.path
        try:
            file.write(self.form.foot.encode())
            file.flush()
            os.fsync(file.fileno())
            if os.name == "nt":  # which renames no open file
                file.close()
            os.replace(self.part, self.path)
        except OSError as fault:
            raise ByhandError(f"{self.path}: cannot be written ({fault.strerror or fault}).") from None


def _hold(file: BinaryIO, path: Path) -> None:
    """Lock the file, so that no other process writes to it, where the system can; the lock goes with the process."""
    with suppress(ImportError):
        import fcntl

        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ByhandError(f"{path} is being written by another process.") from None
