"""Reading pictures in threads of the server or in additional processes."""

import contextlib
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import TimeoutError as TooSlow
from dataclasses import dataclass, field, replace
from functools import lru_cache
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np

from byhand.core.types import Array
from byhand.documents.batch import PageReading, Task
from byhand.documents.formats import OUTPUT_FORMATS
from byhand.documents.options import ReadOptions, placed
from byhand.documents.processes import prepare_process
from byhand.documents.sources import Document, shown
from byhand.reading.reader import Reader
from byhand.reading.reading import Reading
from byhand.web.catalogue import Model
from byhand.web.drawings import Frame, trim
from byhand.web.limits import Limits, Refusal
from byhand.web.packed import packed
from byhand.web.pictures import is_picture, memory_needed, open_picture, room_for
from byhand.web.slots import Slots

PAGE_BYTES = 800 * 1024**2  # a page of a PDF has 25 million pixels at most


@dataclass(frozen=True)
class ToRead:
    """What is to be read, and how the answer is written; it can be sent to another process.

    Attributes:
        source: a picture file's bytes, or the ink of a drawing, uint8 (height, width), 255 on paper 0.
        limits: the server's.
        options: what is read, and which rows are accepted.
        format: "json" for plain data, or "csv".
        images: whether plain data have the image of each digit.
        name: what the picture is called.
    """

    source: bytes | Array
    limits: Limits = field(default_factory=Limits)
    options: ReadOptions = field(default_factory=ReadOptions)
    format: str = "json"
    images: bool = True
    name: str = "picture"


class _OfDrawings:
    """Reads canvases: there is no paper to be told from the ink."""

    def __init__(self, reader: Reader):
        self.reader = reader

    def read(self, source: Array) -> Reading:
        """What is written on a canvas, uint8 (height, width), ink 255 on paper 0."""
        part, frame = trim(source)
        return placed(self.reader.read_drawing(part), frame.back)


@lru_cache(maxsize=16)
def _reader(path: str, pattern: str) -> Reader:
    """A reader of this process, by its model's file."""
    return Reader(path, form=pattern or None)


def _form(wanted: ToRead) -> str | None:
    """What a row may read: on a drawing digits, unless something else is asked for."""
    return wanted.options.form or (None if isinstance(wanted.source, bytes) else "digits")


def read_with_file(wanted: ToRead, path: str) -> Any:
    """The answer to a request: plain data, or text.

    Raises:
        ByhandError: no picture that can be read, or a pattern that the model in the file `path` cannot read.
    """
    return _answer(wanted, _reader(path, _form(wanted) or ""))


def _answer(wanted: ToRead, reader: Reader) -> Any:
    start = time.perf_counter()
    if isinstance(wanted.source, bytes):
        grey, shrink = open_picture(wanted.source, wanted.limits)
        frame, options = Frame(shrink=shrink), wanted.options
        height, width = (side * shrink for side in grey.shape)
        if shrink > 1 and options.region:
            region = (str(side // shrink) for side in options.box(width, height))
            options = replace(options, region=",".join(region))
        reading = placed(options.read(reader, grey), frame.back)
    else:
        height, width = wanted.source.shape
        reading = wanted.options.read(_OfDrawings(reader), wanted.source)
    seconds = time.perf_counter() - start
    if wanted.format != "json":
        page = PageReading(shown(wanted.name), 1, 1, reading, width, height)
        return OUTPUT_FORMATS[wanted.format].head + OUTPUT_FORMATS[wanted.format].page(page)
    size = {"width": width, "height": height, "turns": reading.turns}
    return _as_json(reading, wanted.images) | size | {"milliseconds": round(1000 * seconds, 2)}


def _as_json(reading: Reading, images: bool) -> dict[str, Any]:
    """The reading as `byhand read --json` prints it, with the image of each digit packed."""
    record = reading.to_json()
    for line, row in zip(record["lines"] if images else (), reading.lines, strict=False):
        for key, signs in (("digits", row.digits), ("symbols", row.symbols)):
            for plain, sign in zip(line[key], signs, strict=True):
                plain["image"] = packed(sign.image)
    return record


@dataclass(frozen=True)
class DocumentToRead:
    """A document, how it is read, and for how many seconds at most; it can be sent to another process."""

    task: Task
    document: Document
    seconds: float

    def pages(self) -> list[PageReading]:
        """What is read on each page; what is left when time is up is said."""
        end, found = time.monotonic() + self.seconds, []
        for page in self.task.pages(self.document):
            found.append(page)
            if time.monotonic() > end and page.pages and page.page != page.pages:
                fault = f"{page.file}: the pages behind {page.page} were left out; reading took {self.seconds:.0f} s."
                return [*found, PageReading(page.file, pages=page.pages, error=fault)]
        return found


class Readers:
    """Reads pictures in `processes` additional processes, or in the calling thread if 0.

    A process that needs too long is ended, and another one takes its place; a thread cannot be ended.

    Args:
        processes: how many.
        limits: the server's.
        memory: for pictures.
    """

    def __init__(self, processes: int, limits: Limits, memory: Slots):
        self.processes, self.limits, self.memory = processes, limits, memory
        self._pool: Any = _new_pool(processes) if processes else None

    def __call__(self, model: Model, wanted: ToRead, path: Path | None) -> Any:
        """What is written in a picture; see `read_with_file`.

        Args:
            model: the network that reads.
            wanted: what is to be read.
            path: the model's file, or None for a network that lies in none, such as one in training.

        Raises:
            ByhandError: no picture that can be read.
            Refusal: the process that read it was lost, or it took too long.
        """
        with room_for(wanted.source, self.memory, self.limits):
            if path is None:
                return _read_with_network(model, wanted)
            if not self._pool:
                return read_with_file(wanted, str(path))
            return self._by_process(self.limits.reading_seconds, read_with_file, wanted, str(path))

    def _by_process(self, seconds: float, work: Callable[..., Any], *arguments: Any) -> Any:
        from pebble import ProcessExpired

        try:
            return self._pool.schedule(work, args=arguments, timeout=seconds).result()
        except TooSlow:
            raise Refusal(
                422, f"This was not read within {seconds:.0f} seconds; make the picture smaller, or name a region."
            ) from None
        except ProcessExpired:
            raise Refusal(503, "The process that read this was lost; try again.", 1) from None

    def document(self, document: DocumentToRead) -> list[PageReading]:
        """What is read on each page of a document.

        Raises:
            Refusal: the process that read it was lost.
        """
        content = document.document.content
        with self.memory.held(memory_needed(content, self.limits) if is_picture(content) else PAGE_BYTES):
            if not self._pool:
                return document.pages()
            return self._by_process(2 * document.seconds, document.pages)

    def warm(self, path: Path) -> None:
        """Let every process load what it needs to read with the model in `path`, before the first request."""
        stroke = np.zeros((40, 40), np.uint8)
        stroke[5:35, 18:22] = 255
        wanted = ToRead(stroke)
        with contextlib.suppress(RuntimeError):  # the server ends already
            if self._pool:
                asked = [
                    self._pool.schedule(read_with_file, args=(wanted, str(path))) for _ in range(2 * self.processes)
                ]
                for future in asked:
                    future.result()
            else:
                read_with_file(wanted, str(path))

    def close(self) -> None:
        """End the processes."""
        if self._pool:
            self._pool.stop()
            self._pool.join()


def _new_pool(processes: int) -> Any:
    """Processes that are started afresh: a fork would copy locks that other threads hold."""
    from pebble import ProcessPool

    return ProcessPool(processes, initializer=prepare_process, context=get_context("spawn"))


def _read_with_network(model: Model, wanted: ToRead) -> Any:
    """The answer by a network that lies in no file yet; its reader is not kept."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / f"{model.id}.safetensors"
        model.network.save(file)
        return _answer(wanted, Reader(file, form=_form(wanted)))
