"""The pages of PDF files as grey levels, rendered by PDFium (the extra `pdf`)."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from byhand.core.errors import ByhandError
from byhand.core.extras import how_to_install
from byhand.core.types import Array

DPI = 200  # pixels an inch of the page: handwriting 3 mm high becomes 24 pixels high
LONGEST_PAGE = 5_000  # pixels: larger pages are rendered with fewer pixels an inch
SHORTEST_PAGE = 100  # pixels: of the shorter side of smaller pages, as far as LONGEST_PAGE allows
POINTS_PER_INCH = 72  # of a page's size

_one_at_a_time = threading.RLock()  # PDFium must not run in two threads at once


@contextmanager
def open_pdf(data: bytes, name: str) -> Iterator[Any]:
    """The document in a file's bytes.

    Raises:
        ByhandError: pypdfium2 is not installed, or the file is damaged or protected by a password.
    """
    try:
        import pypdfium2
    except ImportError:
        raise ByhandError(f"{name} is a PDF, which needs the package pypdfium2: {how_to_install('pdf')}") from None
    try:
        with _one_at_a_time:
            document = pypdfium2.PdfDocument(data)
            document.init_forms()  # so that what is filled in on a screen is seen, too
    except pypdfium2.PdfiumError as error:
        protected = "password" in str(error).lower()
        fault = "is protected by a password; remove it first" if protected else "is damaged and cannot be opened"
        raise ByhandError(f"{name} {fault}.") from None
    try:
        yield document
    finally:
        with _one_at_a_time:
            document.close()


def render(document: Any, number: int, name: str) -> Array:
    """Page `number`, from 1, as uint8 (height, width).

    Raises:
        ByhandError: the page is damaged.
    """
    import pypdfium2

    try:
        with _one_at_a_time:
            page = document[number - 1]
            width, height = page.get_size()
            if not (width > 0 and height > 0):
                raise ByhandError(f"{name}: page {number} has no size.")
            scale = max(DPI / POINTS_PER_INCH, SHORTEST_PAGE / min(width, height))
            scale = min(scale, LONGEST_PAGE / max(width, height))
            pixels: Array = page.render(scale=scale, grayscale=True).to_numpy().copy()
    except (pypdfium2.PdfiumError, RuntimeError, MemoryError):
        raise ByhandError(f"{name}: page {number} is damaged and cannot be rendered.") from None
    return pixels.reshape(pixels.shape[:2])
