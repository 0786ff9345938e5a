"""Text, JSON lines, CSV and hOCR."""

import csv
import io
import json
import xml.etree.ElementTree as ET

import numpy as np
import pytest

from byhand.documents.batch import PageReading
from byhand.documents.formats import CSV_HEADER, OUTPUT_FORMATS, guarded, guarded_name
from byhand.reading.reading import Digit, Reading, Row, Unread

DOT = np.zeros((1, 1), np.uint8)


def row(text, confidence=0.9):
    symbols = tuple(
        Digit(sign, 0.95, (10 * i, 0, 10 * i + 9, 20), (("7", 0.04),), DOT)
        for i, sign in enumerate(text.replace(" ", ""))
    )
    box = (0, 0, 10 * len(symbols) - 1, 20)
    return Row(symbols, confidence, box, tuple(map(len, text.split(" "))))


PAGES = [
    PageReading("a.png", 1, 1, Reading((row("12 345"), row("-3.75"))), 100, 50),
    PageReading("b & <c>.tif", 2, 3, Reading((), (Unread((1, 2, 3, 4), "unsure", "77", 0.25),)), 60, 40),
    PageReading("empty.gif", 1, 1, Reading(()), 60, 40, note="the first of 3 frames was read"),
    PageReading("=1+1|'x'.png", error="=1+1|'x'.png cannot be \"opened\"."),
]


def written(format):
    form = OUTPUT_FORMATS[format]
    return form.head + "".join(map(form.page, PAGES)) + form.foot


def test_text():
    assert written("text").splitlines() == [
        "a.png: 12 345  (90.0 %)",
        "a.png: -3.75  (90.0 %)",
        "b & <c>.tif, page 2: no digits found",
        "b & <c>.tif, page 2: refused: 77  (unsure, 25.0 %)",
        "empty.gif: no digits found",
        "=1+1|'x'.png: not read",
    ]


def test_json_lines_have_a_version_and_the_documented_keys():
    records = [json.loads(line) for line in written("json").splitlines()]
    always = ["version", "file", "page", "pages", "error", "note"]
    for record, page in zip(records, PAGES, strict=True):
        assert record["version"] == 1 and list(record)[:6] == always
        assert (record["file"], record["page"], record["pages"]) == (page.file, page.page, page.pages)
    assert list(records[0])[6:] == ["width", "height", "turns", "text", "lines", "rejected"]
    assert records[0]["lines"][0]["groups"] == ["12", "345"] and records[0]["text"] == "12 345\n-3.75"
    assert records[1]["rejected"] == [{"box": [1, 2, 3, 4], "reason": "unsure", "text": "77", "confidence": 0.25}]
    assert records[2]["note"] == "the first of 3 frames was read"
    assert list(records[3]) == always and records[3]["error"].endswith('"opened".')


def test_csv_has_a_row_for_every_number_and_everything_else():
    rows = [*csv.DictReader(io.StringIO(written("csv")))]
    assert tuple(rows[0]) == CSV_HEADER
    short = [(r["file"], r["page"], r["row"], r["number"], r["status"], r["text"], r["confidence"]) for r in rows]
    assert short == [
        ("a.png", "1", "1", "1", "read", "12", "0.9000"),
        ("a.png", "1", "1", "2", "read", "345", "0.9000"),
        ("a.png", "1", "2", "1", "read", "-3.75", "0.9000"),
        ("b & <c>.tif", "2", "", "", "refused", "77", "0.2500"),
        ("empty.gif", "1", "", "", "empty", "", ""),
        ("'=1+1|'x'.png", "", "", "", "failed", "", ""),
    ]
    assert [rows[1][side] for side in ("left", "top", "right", "bottom")] == ["20", "0", "49", "20"]
    assert [r["note"] for r in rows[3:]] == ["unsure", "the first of 3 frames was read", "'" + PAGES[3].error]
    assert written("csv").count("\r\n") == written("csv").count("\n") == len(rows) + 1


def test_what_a_spreadsheet_would_compute_is_text():
    assert [guarded(text) for text in ("12", "-3,75", "+5", "-2+3", "=1", "@x", "12:30", "-")] == [
        *("12", "-3,75", "+5", "'-2+3", "'=1", "'@x", "12:30", "'-")
    ]
    for name in ("a.png", "=a.png", "'a.png", "''=a", "-a", "+1.png", "@a", "'"):
        line = OUTPUT_FORMATS["csv"].page(PageReading(name, error="x"))
        assert OUTPUT_FORMATS["csv"].file_of(line) == (name, True)
        assert not guarded_name(name).startswith(("=", "+", "-", "@"))


def test_hocr_is_well_formed_and_says_where_everything_is():
    root = ET.fromstring(written("hocr"))
    space = "{http://www.w3.org/1999/xhtml}"
    pages = root.findall(f".//{space}div[@class='ocr_page']")
    assert [page.get("title").split("; bbox")[0] for page in pages] == [
        *('image "a.png"', 'image "b & <c>.tif"', 'image "empty.gif"', "image \"=1+1|'x'.png\"")
    ]
    assert "bbox 0 0 60 40; ppageno 1" in pages[1].get("title")
    words = pages[0].findall(f".//{space}span[@class='ocrx_word']")
    assert [(word.text, word.get("title")) for word in words] == [
        ("12", "bbox 0 0 19 20; x_wconf 90"),
        ("345", "bbox 20 0 49 20; x_wconf 90"),
        ("-3.75", "bbox 0 0 49 20; x_wconf 90"),
    ]
    (block,) = pages[1]
    assert block.get("title") == "bbox 1 2 3 4; x_refused unsure"
    assert "x_error \"=1+1|'x'.png cannot be 'opened'.\"" in pages[3].get("title")


@pytest.mark.parametrize("format", ["json", "csv"])
def test_a_line_tells_its_file_and_whether_it_failed(format):
    form = OUTPUT_FORMATS[format]
    for page in PAGES:
        for line in form.page(page).splitlines(keepends=True):
            assert form.file_of(line) == (page.file, bool(page.error))
