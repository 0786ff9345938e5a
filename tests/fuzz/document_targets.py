"""What is fuzzed of documents and forms: pages of PDF and TIFF files, lists of files, forms' descriptions, hands."""

import io
from functools import cache

import numpy as np
from PIL import Image

from byhand.documents.pages import PageChoice, page_images
from byhand.documents.sources import read_list
from byhand.forms.template import FormField, FormTemplate, load_form, save_form
from byhand.reading.hand import save_hand, with_hand
from byhand.reading.model import load_model
from byhand.reading.reader import READER


def pages(scratch, data):
    """All pages of a document, at most three."""
    for _ in page_images(data, "document", PageChoice("1-3")):
        pass


def file_list(scratch, data):
    read_list(str(scratch.file("list.csv", data)))


def form(scratch, data):
    """A description whose picture is well; what it allows is laid out in parts."""
    scratch.file("form.png", png())
    load_form(scratch.file("form.toml", data)).parts()


def hand(scratch, data):
    with_hand(base(), scratch.file("mine.hand", data))


@cache
def base():
    return load_model(READER).rows[0]


@cache
def png():
    page = np.full((300, 240), 255, np.uint8)
    page[40:42, 30:200] = page[90:92, 30:200] = page[40:92, 30:32] = page[40:92, 198:200] = 0
    page[200:202, 30:200] = 0
    return _saved("PNG", page)


def _saved(format, *arrays, **options):
    stream = io.BytesIO()
    first, *others = map(Image.fromarray, arrays)
    more = {"save_all": True, "append_images": others} if others else {}
    first.save(stream, format, **more, **options)
    return stream.getvalue()


def document_files():
    """PDF and TIFF files with pages."""
    page = np.full((60, 50), 200, np.uint8)
    pair = page, page[:40]
    tiffs = [_saved("TIFF", *pair, compression=name) for name in (None, "tiff_lzw", "packbits", "tiff_deflate")]
    return [_saved("PDF", page, resolution=72), _saved("PDF", *pair, resolution=72), *tiffs]


def list_files():
    text = "file;label\r\nscans/ä.png;12\r\nb c.tif;\r\n"
    return [text.encode(), text.encode("utf-16"), text.encode("cp1252"), b"a.png\nb.png\n", text.encode("utf-8-sig")]


def form_files():
    """Descriptions as they are written, and one with all that may stand in them."""
    import tempfile
    from pathlib import Path

    fields = (
        FormField("a", (30, 40, 200, 92), "cells", 5, check="luhn", required=True),
        FormField("b", (30, 40, 200, 92), "table", "1-3", columns=(30, 100, 200), rows=(40, 60, 92), least=0, most=9),
    )
    with tempfile.TemporaryDirectory() as folder:
        save_form(FormTemplate(np.full((300, 240), 255, np.uint8), fields), Path(folder) / "form.toml")
        whole = (Path(folder) / "form.toml").read_bytes()
    return [whole, whole + b'\n[[sums]]\ntotal = "a"\nof = ["b.*"]\n']


def hand_files():
    import tempfile
    from pathlib import Path

    with tempfile.TemporaryDirectory() as folder:
        save_hand(base(), base(), Path(folder) / "mine.hand", {})
        return [(Path(folder) / "mine.hand").read_bytes()]


DOCUMENT_TARGETS = {  # name -> (target, good files)
    "pages": (pages, document_files),
    "file-list": (file_list, list_files),
    "form": (form, form_files),
    "hand": (hand, hand_files),
}
