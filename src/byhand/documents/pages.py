"""The pages of a document, one after the other: those of PDF and TIFF files, or the one of any other picture."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from byhand.core.errors import ByhandError
from byhand.core.types import Array
from byhand.documents.pdf import open_pdf, render
from byhand.pictures.image import check_frame, decoding, grey_levels, open_image, opened, read_bytes

MAX_PAGES = 1_000  # of one document


@dataclass(frozen=True)
class PageImage:
    """A page of a document, or why it is not there.

    Attributes:
        page: its number, from 1.
        pages: how many the document has.
        image: grey levels, uint8 (height, width), or None if there is an error.
        error: "" or a sentence.
        note: what else is to be said, or "".
    """

    page: int
    pages: int
    image: Array | None = None
    error: str = ""
    note: str = ""


class PageChoice:
    """Pages by number: "3", "1,4-6", "2-" (to the end), "" for all.

    Raises:
        ByhandError: another text.
    """

    def __init__(self, text: str = ""):
        self.text = text
        self._ranges: list[tuple[int, int | None]] = []
        for part in text.split(",") if text else []:
            found = re.fullmatch(r"\s*([0-9]{1,9})\s*(?:(-)\s*([0-9]{1,9})?\s*)?", part)
            if not found:
                raise ByhandError(f"pages must be numbers and ranges such as 1,3-5 or 2-; got {text!r}.")
            first = int(found[1])
            last = (int(found[3]) if found[3] else None) if found[2] else first
            if first < 1 or (last is not None and last < first):
                raise ByhandError(f"pages are counted from 1, and ranges rise; got {text!r}.")
            self._ranges.append((first, last))

    def of(self, pages: int) -> list[int]:
        """The chosen page numbers of a document, in order."""
        if not self._ranges:
            return [*range(1, pages + 1)]
        chosen: set[int] = set()
        for first, last in self._ranges:
            chosen.update(range(first, min(last or pages, pages) + 1))
        return sorted(chosen)


def page_images(content: Any, name: str, choice: PageChoice) -> Iterator[PageImage]:
    """The chosen pages of a document; at most MAX_PAGES, then one with an error that says which were left out.

    Args:
        content: what `open_image` takes, or the path or bytes of a PDF.
        name: what to call it in messages.
        choice: which pages.

    Raises:
        ByhandError: the document cannot be opened, or has none of these pages.
    """
    from PIL import Image

    if isinstance(content, np.ndarray | Image.Image):
        _chosen(choice, 1, name)
        yield PageImage(1, 1, open_image(content))
        return
    data = read_bytes(content, name)
    if b"%PDF-" in data[:1024]:
        with open_pdf(data, name) as document:
            yield from _each(choice, len(document), name, lambda number: render(document, number, name))
        return
    with decoding(name, data):
        picture = opened(data, name)
        frames = int(getattr(picture, "n_frames", 1))
        pages = frames if picture.format == "TIFF" else 1

    def decode(number: int) -> Array:
        with decoding(name, data):
            if number > 1 or pages > 1:
                picture.seek(number - 1)
                check_frame(picture, len(data), name)
            return grey_levels(picture, name)

    note = f"the first of {frames:,} frames was read" if frames > pages else ""
    yield from _each(choice, pages, name, decode, note)


def _each(choice: PageChoice, pages: int, name: str, image: Any, note: str = "") -> Iterator[PageImage]:
    """Each chosen page, by a function that opens it; one that is damaged does not stop the others."""
    chosen = _chosen(choice, pages, name)
    for number in chosen[:MAX_PAGES]:
        try:
            yield PageImage(number, pages, image(number), note=note)
        except ByhandError as error:
            if pages == 1:
                raise
            yield PageImage(number, pages, error=str(error))
    if left := chosen[MAX_PAGES:]:
        at_once = f"at most {MAX_PAGES:,} pages of a file are read at once; choose others with pages"
        yield PageImage(left[0], pages, error=f"{name}: pages {left[0]:,} to {left[-1]:,} were left out: {at_once}.")


def _chosen(choice: PageChoice, pages: int, name: str) -> list[int]:
    chosen = choice.of(pages)
    if not chosen:
        having = f"{pages:,} page{'s' * (pages != 1)}"
        raise ByhandError(f"{name} has {having}; there is no page {choice.text}." if pages else f"{name} has no pages.")
    return chosen
