"""What is to be read: files, folders, patterns, lists, standard input and pictures in memory, in the order given."""

import codecs
import csv
import glob
import io
import os
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from byhand.core.errors import ByhandError
from byhand.core.files import numbers_by_value
from byhand.pictures.image import MAX_BYTES, URL

ENDINGS = frozenset(
    {".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".webp", ".bmp", ".dib", ".tif", ".tiff", ".gif"}
    | {".ppm", ".pgm", ".pbm", ".pnm", ".heic", ".heif", ".pdf"}
)
STDIN = "-"
_NOT_SHOWN = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


@dataclass(frozen=True)
class Document:
    """One file or picture to be read.

    Attributes:
        file: its name, as it is called in the output.
        content: a path, bytes, an array or a picture of Pillow; None if there is an error.
        error: why there is nothing to read, or "".
    """

    file: str
    content: Any = None
    error: str = ""


class Sources:
    """The documents in what was given; folders are walked while they are iterated over.

    Folders are taken with everything in them, sorted by name with numbers by value; files whose names do not end as
    those of pictures do are skipped and counted, and hidden ones are left alone. A path with `*`, `?` or `[` that does
    not exist is a pattern, `**` for any folders. What cannot be read becomes a document with an error.

    Args:
        given: a path, `"-"` for standard input, bytes, an open file, an array, a picture of Pillow, or an iterable of
            these.

    Attributes:
        skipped: how many files in folders were skipped so far.
    """

    def __init__(self, given: Any):
        self.given, self.skipped = given, 0

    def __iter__(self) -> Iterator[Document]:
        self.skipped = 0
        several = isinstance(self.given, Iterable) and not (
            isinstance(self.given, str | bytes | bytearray | os.PathLike | np.ndarray) or hasattr(self.given, "read")
        )
        for number, source in enumerate(self.given if several else [self.given], 1):
            yield from self._documents(source, number)

    def _documents(self, source: Any, number: int) -> Iterator[Document]:
        if not isinstance(source, str | os.PathLike):
            yield _in_memory(source, number)
            return
        path = os.fsdecode(source)
        if path == STDIN:
            yield Document("stdin", sys.stdin.buffer.read(MAX_BYTES + 1))
        elif URL.match(path):
            yield failed(path, "is an address; byhand opens no connections, so download the file first")
        elif os.path.isdir(path):
            yield from self._any(self._inside(path), path, "contains no pictures")
        elif not os.path.lexists(path) and glob.has_magic(path):
            found = sorted(glob.iglob(path, recursive=True), key=numbers_by_value)
            yield from self._any(self._matched(found), path, "matches no pictures")
        else:
            yield Document(shown(path), path)

    def _any(self, documents: Iterator[Document], name: str, fault: str) -> Iterator[Document]:
        """The documents, or one that says that there are none."""
        before, document = self.skipped, None
        for document in documents:
            yield document
        if document is None:
            others = self.skipped - before
            other = f" ({others:,} other file{'s' * (others != 1)} skipped)" if others else ""
            yield failed(name, f"{fault}{other}")

    def _matched(self, paths: list[str]) -> Iterator[Document]:
        for path in paths:
            if os.path.isfile(path):
                yield from self._picture(path)

    def _inside(self, folder: str) -> Iterator[Document]:
        """The pictures in a folder, then those in the folders in it."""
        try:
            entries = sorted(os.scandir(folder), key=lambda entry: numbers_by_value(entry.name))
        except OSError as error:
            yield failed(folder, f"cannot be read: {error.strerror or error}")
            return
        visible = [entry for entry in entries if not entry.name.startswith(".")]
        for entry in visible:
            if entry.is_file():
                yield from self._picture(entry.path)
        for entry in visible:
            if entry.is_dir(follow_symlinks=False):
                yield from self._inside(entry.path)

    def _picture(self, path: str) -> Iterator[Document]:
        if os.path.splitext(path)[1].lower() in ENDINGS:
            yield Document(shown(path), path)
        else:
            self.skipped += 1


def shown(name: str) -> str:
    """The name with control characters, line ends and bytes that are no text as escape sequences: one line of text."""
    return _NOT_SHOWN.sub(lambda found: found[0].encode("unicode_escape").decode(), name)


def failed(name: str, fault: str) -> Document:
    """A document that cannot be read."""
    return Document(shown(name), error=f"{shown(name)} {fault}.")


def _in_memory(source: Any, number: int) -> Document:
    """A picture that is not a path; files are read, since they cannot be sent to another process."""
    name = str(getattr(source, "filename", "") or getattr(source, "name", "") or f"picture {number}")
    if hasattr(source, "read"):
        try:
            source = source.read(MAX_BYTES + 1)
        except (OSError, ValueError) as error:
            return failed(name, f"cannot be read: {error}")
        if not isinstance(source, bytes):
            return failed(name, "was opened as text; open it with mode 'rb'")
    return Document(shown(name), source)


def read_list(path: str) -> list[str]:
    """The paths in a list: a text file with one on each line, or a CSV file with a column `file`; "-": standard input.

    Paths that are not absolute start from the list's folder. A byte order mark tells the text's encoding; without one
    it is UTF-8, or else Windows-1252.

    Raises:
        ByhandError: the list cannot be opened or is no text, or is empty.
    """
    try:
        data = sys.stdin.buffer.read() if path == STDIN else Path(path).read_bytes()
    except (OSError, ValueError) as error:
        raise ByhandError(f"{path} cannot be opened: {getattr(error, 'strerror', None) or error}.") from None
    name, folder = ("the list", "") if path == STDIN else (path, os.path.dirname(path))
    lines = _decoded(data, name).splitlines()
    paths = _column(lines) if lines else []
    if not paths:
        raise ByhandError(f"{name} names no files; it needs one path a line, or a CSV header with the column 'file'.")
    return [entry if URL.match(entry) or entry == STDIN else os.path.join(folder, entry) for entry in paths]


def _decoded(data: bytes, name: str) -> str:
    marks = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
    encodings = [encoding for mark, encoding in marks if data.startswith(mark)] or ["utf-8", "cp1252"]
    for encoding in encodings:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise ByhandError(f"{name} is not a text file in UTF-8, UTF-16 or Windows-1252; save it as UTF-8.")


def _column(lines: list[str]) -> list[str]:
    """The paths in the lines, or in the column `file` if the first line is a CSV header that has it."""
    for delimiter in ",;\t":
        header = [name.strip().lower() for name in next(csv.reader(lines[:1], delimiter=delimiter), [])]
        if "file" in header and (len(header) > 1 or delimiter == ","):
            try:
                rows = [*csv.reader(io.StringIO("\n".join(lines[1:])), delimiter=delimiter)]
            except csv.Error as error:
                raise ByhandError(f"the list is not a CSV file that can be read: {error}.") from None
            at = header.index("file")
            return [row[at] for row in rows if len(row) > at and row[at].strip()]
    return [line.strip() for line in lines if line.strip()]
