"""The page of what a person must look at, and corrections put into the output."""

import csv
import io
import re
from html.parser import HTMLParser

import numpy as np
import pytest
from PIL import Image

from byhand.core.errors import ByhandError
from byhand.documents.formats import csv_lines
from byhand.forms.batch import FORM_HEADER, FormPage
from byhand.forms.desk import ReviewDesk
from byhand.forms.filling import FieldReading, FormReading
from byhand.forms.review import CORRECTION_HEADER, Review, corrected

WHITE, INK = np.full((20, 50), 255, np.uint8), np.zeros((20, 50), np.uint8)


def field(name, text, reason):
    return FieldReading(name, text, 0.5, reason, (0, 0, 5, 5), WHITE, INK)


def page(file="=a<b>.png"):
    fields = (field("n", '12"', "unsure"), field("t.1.2", "7", ""), field("sum", " 3", "sum"))
    return FormPage(file, 1, 1, FormReading(fields, 1.0))


class Inputs(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.found, self.images = [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        if tag == "input":
            self.found.append(dict(attrs))
        if tag == "img":
            self.images.append(dict(attrs)["src"])


def test_the_page_shows_doubtful_fields_alone_and_escapes_what_it_shows(tmp_path):
    review = Review(tmp_path / "r")
    review.add(page())
    review.add(FormPage("b.png", error="b.png is damaged."))
    text = review.write().read_text()
    shown = Inputs(text)
    assert [one["data-field"] for one in shown.found] == ["n", "sum"]
    assert [one["value"] for one in shown.found] == ['12"', " 3"]
    assert shown.found[0]["data-scan"] == "'=a<b>.png" and "<b>" not in text
    for name in [*shown.images, *(one["data-file"] for one in shown.found)]:
        assert np.asarray(Image.open(tmp_path / "r" / name)).shape == (20, 50)
    assert "http" not in re.sub(r"<!doctype[^>]*>", "", text)
    with pytest.raises(ByhandError, match="holds a review already"):
        Review(tmp_path / "r")


def output_file(tmp_path):
    rows = [
        (*FORM_HEADER, "n", "sum"),
        ("a.png", 1, "look", "n:unsure sum:sum", "", "1", "3"),
        ("b.png", 1, "ok", "", "", "4", "5"),
    ]
    (tmp_path / "out.csv").write_bytes(("\ufeff" + csv_lines(rows)).encode())
    return tmp_path / "out.csv"


def corrections(tmp_path, *rows):
    path = tmp_path / "corrections.csv"
    path.write_text(csv_lines([CORRECTION_HEADER, *rows]))
    return path


def test_corrections_are_put_in_and_no_longer_looked_at(tmp_path):
    out = output_file(tmp_path)
    text, count = corrected(out, corrections(tmp_path, ("ink/1.png", "17", "a.png", "1", "n")))
    first, second = csv.DictReader(io.StringIO(text))
    assert count == 1 and (first["n"], first["look_at"], first["status"]) == ("17", "sum:sum", "look")
    assert (second["n"], second["status"]) == ("4", "ok")
    both = ("ink/1.png", "17", "a.png", "1", "n"), ("ink/2.png", "=1", "a.png", "1", "sum")
    first = next(csv.DictReader(io.StringIO(corrected(out, corrections(tmp_path, *both))[0])))
    assert (first["sum"], first["look_at"], first["status"]) == ("'=1", "", "ok")


def test_other_files_are_refused(tmp_path):
    out = output_file(tmp_path)
    for rows in ([("i", "1", "c.png", "1", "n")], [("i", "1", "a.png", "1", "file")], [("i", "1", "a.png", "1", "x")]):
        with pytest.raises(ByhandError, match="has no"):
            corrected(out, corrections(tmp_path, *rows))
    for content in (b"", b"\xff\xfe\x00", b"a,b\n", b"file,label,scan,page,field\n1,2\n"):
        (tmp_path / "bad.csv").write_bytes(content)
        with pytest.raises(ByhandError, match=r"bad\.csv"):
            corrected(out, tmp_path / "bad.csv")
    with pytest.raises(ByhandError, match=r"none\.csv"):
        corrected(tmp_path / "none.csv", corrections(tmp_path))


def test_a_review_goes_on_where_it_was_left_and_fits_the_output(tmp_path):
    """Corrections are on disk after each field, in the form that `corrected` takes; a second desk goes on with them."""
    review = Review(tmp_path / "r")
    review.add(page("a.png"))
    review.add(page("b.png"))
    review.write()
    desk = ReviewDesk(tmp_path / "r")
    names = [(one["number"], one["scan"], one["field"], one["text"], one["label"]) for one in desk.fields()]
    assert names[1] == (2, "a.png", "sum", " 3", None) and len(names) == len(desk) == 4
    assert np.asarray(Image.open(io.BytesIO(desk.picture(3)))).shape == (20, 50)
    assert [desk.correct(3, "12"), desk.correct(2, "=9"), desk.correct(4, "x"), desk.correct(4, None)] == [1, 2, 3, 2]
    again = ReviewDesk(tmp_path / "r")
    assert [one["label"] for one in again.fields()] == [None, "=9", "12", None]
    text, count = corrected(output_file(tmp_path), tmp_path / "r" / "corrections.csv")
    first, second = csv.DictReader(io.StringIO(text))
    assert count == 2 and (first["sum"], first["look_at"]) == ("'=9", "n:unsure") and second["n"] == "12"
    for wrong in ((5, "1"), (0, "1"), (1, "x" * 201), (1, "a\nb")):
        with pytest.raises(ByhandError):
            again.correct(*wrong)
    (tmp_path / "r" / "fields.csv").write_text(
        "file,seen,scan,page,field,reason,text\nink/1.png,../out.csv,a.png,1,n,unsure,1\n"
    )
    with pytest.raises(ByhandError, match="missing"):
        ReviewDesk(tmp_path / "r").picture(1)
    with pytest.raises(ByhandError, match="holds no review"):
        ReviewDesk(tmp_path)
