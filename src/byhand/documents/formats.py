"""What was read as text, JSON lines, CSV and hOCR."""

import csv
import io
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from html import escape

from byhand.documents.batch import PageReading
from byhand.pictures.boxes import hull
from byhand.reading.reading import Digit, Row

CSV_HEADER = ("file", "page", "row", "number", "status", "text", "confidence", "left", "top", "right", "bottom", "note")
NUMBER = re.compile(r"[+-]?[0-9][0-9.,]*%?")  # what a spreadsheet may take as it is
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what begins so, a spreadsheet would compute


@dataclass(frozen=True)
class OutputFormat:
    """How records are written.

    Attributes:
        page: the text of a page's reading.
        head: what stands before all of them.
        foot: what stands behind.
        mark: whether a file begins with a byte order mark, without which Excel takes it for Windows-1252.
        file_of: the document's name in a complete line, for `--resume`; None where that cannot be told.
    """

    page: Callable[[PageReading], str]
    head: str = ""
    foot: str = ""
    mark: bool = False
    file_of: Callable[[str], tuple[str, bool]] | None = None


def row_numbers(row: Row) -> Iterator[tuple[str, tuple[Digit, ...]]]:
    """The row's numbers: text and symbols of each group."""
    at = 0
    for text in row.text.split(" "):
        yield text, row.symbols[at : at + len(text)]
        at += len(text)


# ---- text ----


def as_text(found: PageReading) -> str:
    """A line for every row, and for every row that is refused."""
    where = found.file if found.pages in (None, 1) else f"{found.file}, page {found.page}"
    if found.reading is None:
        return f"{where}: not read\n"
    lines = [f"{where}: {row.text}  ({_percent(row.confidence)})" for row in found.reading.lines]
    lines = lines or [f"{where}: no digits found"]
    for place in found.reading.rejected:
        if place.text:
            lines.append(f"{where}: refused: {place.text}  ({place.reason}, {_percent(place.confidence)})")
    return "\n".join(lines) + "\n"


def _percent(value: float) -> str:
    return f"{100 * value:.1f} %"


# ---- JSON lines ----


def as_json(found: PageReading, images: bool = False) -> str:
    """The page's record as a line."""
    return json.dumps(found.to_json(images), ensure_ascii=False, allow_nan=False) + "\n"


def _json_file(line: str) -> tuple[str, bool]:
    record = json.loads(line)
    return str(record["file"]), record["error"] is not None


# ---- CSV ----


def as_csv(found: PageReading) -> str:
    """A line for every number and everything that was rejected; one with a status for a page that has nothing."""
    page = "" if found.page is None else found.page
    rows: list[tuple] = []
    if found.reading is None:
        rows.append((page, "", "", "failed", "", "", "", "", "", "", found.error))
    else:
        for i, row in enumerate(found.reading.lines, 1):
            for k, (text, symbols) in enumerate(row_numbers(row), 1):
                box = hull([symbol.box for symbol in symbols])
                rows.append((page, i, k, "read", guarded(text), f"{row.confidence:.4f}", *box, found.note))
        for place in found.reading.rejected:
            sure = f"{place.confidence:.4f}" if place.text else ""
            rows.append((page, "", "", "refused", guarded(place.text), sure, *place.box, place.reason))
        if not rows:
            rows.append((page, "", "", "empty", "", "", "", "", "", "", found.note))
    return csv_lines([(guarded_name(found.file), *row[:-1], guarded(row[-1])) for row in rows])


def csv_lines(rows: list[tuple]) -> str:
    """Lines of CSV as RFC 4180 has them; line ends inside a value become spaces, so that a record is one line."""
    stream = io.StringIO()
    flat = [
        [" ".join(v.splitlines()) if isinstance(v, str) and not v.isprintable() else v for v in row] for row in rows
    ]
    csv.writer(stream).writerows(flat)
    return stream.getvalue()


def guarded(text: str) -> str:
    """The text with an apostrophe before it if a spreadsheet would take it for a formula."""
    return f"'{text}" if text.startswith(FORMULA) and not NUMBER.fullmatch(text) else text


def guarded_name(name: str) -> str:
    """A file's name likewise, so that it can be told again: what begins with an apostrophe gets another."""
    return f"'{name}" if name.startswith((*FORMULA, "'")) else name


def _csv_file(line: str) -> tuple[str, bool]:
    (row,) = csv.reader([line])
    record = dict(zip(CSV_HEADER, row, strict=True))
    return record["file"].removeprefix("'"), record["status"] == "failed"


# ---- hOCR ----


def as_hocr(found: PageReading) -> str:
    """A page with its rows as lines and its numbers as words."""
    title = f'image "{_attribute(found.file)}"; bbox 0 0 {found.width or 0} {found.height or 0}'
    title += f"; ppageno {(found.page or 1) - 1}"
    if found.reading is None:
        return f"  <div class='ocr_page' title='{title}; x_error \"{_attribute(found.error)}\"'></div>\n"
    inside = []
    for row in found.reading.lines:
        words = " ".join(
            f"<span class='ocrx_word' title='bbox {_box(hull([s.box for s in symbols]))}; "
            f"x_wconf {round(100 * row.confidence)}'>{escape(text)}</span>"
            for text, symbols in row_numbers(row)
        )
        inside.append(f"   <span class='ocr_line' title='bbox {_box(row.box)}'>{words}</span>\n")
    for place in found.reading.rejected:
        inside.append(f"   <div class='ocrx_block' title='bbox {_box(place.box)}; x_refused {place.reason}'></div>\n")
    return f"  <div class='ocr_page' title='{title}'>\n{''.join(inside)}  </div>\n"


def _box(box: tuple[int, int, int, int]) -> str:
    return " ".join(map(str, box))


def _attribute(text: str) -> str:
    """Text for a property in a title; XML allows no control characters."""
    return escape("".join(c if c.isprintable() else " " for c in text).replace('"', "'"), quote=True)


HOCR_HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN" "http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">
<html xmlns="http://www.w3.org/1999/xhtml" xml:lang="en" lang="en">
 <head>
  <title>byhand</title>
  <meta http-equiv="Content-Type" content="text/html; charset=utf-8"/>
  <meta name="ocr-system" content="byhand"/>
  <meta name="ocr-capabilities" content="ocr_page ocr_line ocrx_word ocrx_block"/>
 </head>
 <body>
"""

OUTPUT_FORMATS = {
    "text": OutputFormat(as_text),
    "json": OutputFormat(as_json, file_of=_json_file),
    "csv": OutputFormat(as_csv, csv_lines([CSV_HEADER]), mark=True, file_of=_csv_file),
    "hocr": OutputFormat(as_hocr, HOCR_HEAD, " </body>\n</html>\n"),
}
