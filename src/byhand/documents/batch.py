"""Reading many documents, one after the other or in several processes."""

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from byhand.core.checks import require_whole
from byhand.core.errors import ByhandError
from byhand.documents.annotate import annotate
from byhand.documents.options import ReadOptions
from byhand.documents.pages import page_images
from byhand.documents.sources import Document, Sources
from byhand.reading.reader import Reader
from byhand.reading.reading import Reading

VERSION = 1  # of the record of a page, see docs/integration.md


@dataclass(frozen=True)
class PageReading:
    """What was read on a page of a document.

    Attributes:
        file: the document's name.
        page: the page's number, from 1; None where the document cannot be opened.
        pages: how many pages the document has; None where that is not known.
        reading: what was read, or None if there is an error.
        width: of the page, in pixels.
        height: of the page.
        error: why nothing was read, a sentence, or "".
        note: what else is to be said of the document, or "".
        seconds: how long it took to open and to read it.
    """

    file: str
    page: int | None = None
    pages: int | None = None
    reading: Reading | None = None
    width: int | None = None
    height: int | None = None
    error: str = ""
    note: str = ""
    seconds: float = field(default=0.0, compare=False)

    def to_json(self, images: bool = False) -> dict[str, Any]:
        """The record: plain data; with `images` each digit's own."""
        record: dict[str, Any] = {
            "version": VERSION,
            "file": self.file,
            "page": self.page,
            "pages": self.pages,
            "error": self.error or None,
            "note": self.note or None,
        }
        if self.reading is not None:
            size = {"width": self.width, "height": self.height, "turns": self.reading.turns}
            record |= size | self.reading.to_json(images)
        return record


@dataclass(frozen=True)
class Task:
    """How each document is read; it can be sent to another process.

    Args:
        options: what is read.
        model: a model file; None for the ones of the package.
        annotate: a folder for pictures that show what was read, or None.
        hand: a file of `byhand train-hand`, or None.
    """

    options: ReadOptions = field(default_factory=ReadOptions)
    model: str | None = None
    annotate: str | None = None
    hand: str | None = None

    def reader(self) -> Reader:
        """The reader, which is kept in this process.

        Raises:
            ByhandError: the model or the pattern cannot be used.
        """
        return _reader(self.model, self.options.form, self.hand)

    def pages(self, document: Document) -> Iterator[PageReading]:
        """What is read on each page; a document or a page that cannot be read gives an error."""
        if document.error:
            yield PageReading(document.file, error=document.error)
            return
        start, name = time.perf_counter(), document.file
        try:
            for sheet in page_images(document.content, name, self.options.choice):
                found = PageReading(name, sheet.page, sheet.pages, error=sheet.error, note=sheet.note)
                if sheet.image is not None:
                    found = self._read(found, sheet.image)
                now = time.perf_counter()
                yield PageReading(**(vars(found) | {"seconds": now - start}))
                start = time.perf_counter()
        except ByhandError as error:
            yield PageReading(name, error=str(error))

    def _read(self, found: PageReading, image: Any) -> PageReading:
        height, width = image.shape
        try:
            reading = self.options.read(self.reader(), image)
            if self.annotate:
                annotate(image, reading, Path(self.annotate), found.file, found.page if found.pages != 1 else None)
        except ByhandError as error:
            return PageReading(**(vars(found) | {"error": f"{found.file}: {error}"}))
        except MemoryError:
            return PageReading(**(vars(found) | {"error": f"{found.file}: there is not enough memory to read it."}))
        return PageReading(**(vars(found) | {"reading": reading, "width": width, "height": height}))


@lru_cache(maxsize=2)
def _reader(model: str | None, pattern: str, hand: str | None) -> Reader:
    return Reader(model, form=pattern or None, hand=hand)


def read_documents(documents: Iterable[Document], task: Task, jobs: int = 1) -> Iterator[PageReading]:
    """What is read on each page of the documents, in their order; see `read_many`."""
    if jobs == 1:
        return (page for document in documents for page in task.pages(document))
    from byhand.documents.processes import pages_in_order  # late: what processes need takes a twelfth of a start

    return pages_in_order(task.pages, _lost, documents, jobs)


def _lost(document: Document) -> PageReading:
    return PageReading(document.file, error=f"{document.file}: the process that read it died twice.")


def read_many(
    sources: Any,
    *,
    model: str | Path | None = None,
    jobs: int = 1,
    annotate: str | Path | None = None,
    hand: str | Path | None = None,
    **options: Any,
) -> Iterator[PageReading]:
    """Read many pictures and documents; yields what was read on each page, in the order given.

    A document that cannot be read does not stop the others: it gives a `PageReading` with an error.

    Example:
        >>> from byhand import read_many
        >>> for page in read_many(["scans/", "invoice.pdf"], confidence=0.9):  # doctest: +SKIP
        ...     print(page.file, page.page, page.error or page.reading.text)

    Args:
        sources: a path, folder, pattern such as "scans/*.png", "-" for standard input, bytes, an open file, an array, a
            picture of Pillow, or an iterable of these.
        model: a model file; by default the networks of the package.
        jobs: how many processes read, with one thread each; 1 reads in this process.
        annotate: a folder for a picture of each page with what was read on it.
        hand: a file of `byhand train-hand`: somebody's digits, learnt from samples.
        options: pattern, signs, confidence, length, region, rotate, pages: see `documents.options.ReadOptions`.

    Raises:
        ByhandError: an option, the model or the pattern cannot be used.
    """
    require_whole("jobs", jobs)
    known = ReadOptions.__dataclass_fields__
    if unknown := sorted(options.keys() - known.keys()):
        raise ByhandError(f"read_many has no option {unknown[0]!r}; its options are {', '.join(known)}.")
    files = (str(file) if file else None for file in (model, annotate, hand))
    task = Task(ReadOptions(**options), *files)
    task.reader()
    return read_documents(Sources(sources), task, jobs)
