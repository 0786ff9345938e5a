"""A progress bar for downloads; silent if the output is not a terminal."""

import sys
from types import TracebackType
from typing import Any, Self


class Progress:
    """One bar on standard error, restarted for each file: the object that pooch expects of a progress bar."""

    def __init__(self, show: bool | None = None):
        self.show = sys.stderr.isatty() if show is None else show
        self.total = 0
        self._bar: Any = None
        self._task: Any = None

    def __enter__(self) -> Self:
        if self.show:
            from rich.console import Console
            from rich.progress import BarColumn, DownloadColumn, TextColumn, TransferSpeedColumn
            from rich.progress import Progress as Bar

            columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
            self._bar = Bar(*columns, console=Console(stderr=True), transient=True)
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def start(self, name: str) -> None:
        """Begin a new file of unknown size."""
        self.total = 0
        if self._bar is not None:
            if self._task is not None:
                self._bar.remove_task(self._task)
            self._task = self._bar.add_task(name, total=None)

    def update(self, amount: int) -> None:
        """``amount`` more bytes have come."""
        if self._bar is not None:
            self._bar.update(self._task, advance=amount, total=self.total or None)

    def reset(self) -> None:
        """Count from zero again."""
        if self._bar is not None:
            self._bar.reset(self._task, total=self.total or None)

    def close(self) -> None:
        """The file is complete."""
