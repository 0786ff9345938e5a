"""Forms that the project prints and fills: learnt, laid over scans and photos, read, checked, written."""

import csv
import io
import json
from dataclasses import replace

import numpy as np
import pytest
from bench.reading.form_sheets import draw_sheet, farthest, fill_sheet, inked, photographed, scanned
from PIL import Image

from byhand.core.errors import ByhandError
from byhand.forms.filling import FieldReading, FormReader, fault
from byhand.forms.learn import learn_form, sorted_boxes
from byhand.forms.perspective import fit_perspective, warped
from byhand.forms.register import PrintedForm, lay_over
from byhand.forms.template import FormField, FormSum, FormTemplate, load_form, save_form
from byhand.handwriting.writers import drawn_writer
from tests.cli.test_commands import byhand  # noqa: F401  (a fixture)


def rng(seed):
    return np.random.default_rng(seed)


@pytest.fixture(scope="module")
def sheet():
    return draw_sheet(rng(3))


@pytest.fixture(scope="module")
def written(sheet):
    """The sheet filled in, and what stands there."""
    ink, truth = fill_sheet(sheet, drawn_writer(0, "drawn 55"), rng(2))
    return inked(sheet, ink, rng(2)), truth


def kinds(places):
    return [(one.kind.replace("comb", "cells"), one.length if one.kind in ("cells", "comb") else 0) for one in places]


@pytest.mark.parametrize("seed", [3, 4])
def test_all_fields_of_a_form_are_found_where_they_are(seed):
    own = draw_sheet(rng(seed))
    scan, _ = scanned(own.image, rng(seed))
    form = learn_form(scan)
    assert kinds(form.fields) == kinds(own.places)
    back = learn_form(own.image)
    assert kinds(back.fields) == kinds(own.places)
    for found, place in zip(back.fields, own.places, strict=True):
        if found.kind != "line":
            assert np.abs(np.array(found.box) - place.box)[[0, 2, 3]].max() <= 5
    assert len(back.fields[-1].rows) == len(own.places[-1].rows)
    assert len(back.fields[-1].columns) == len(own.places[-1].columns)


def test_a_filled_form_gives_its_fields_and_no_writing(sheet, written):
    form = learn_form(written[0], filled=True)
    wanted = kinds(sheet.places)
    assert sum(kind in kinds(form.fields) for kind in wanted) == len(wanted)
    left, top, _, bottom = sheet.places[2].box  # cells with digits in them
    inside = form.picture[top + 6 : bottom - 6, left + 6 : left + 25]
    assert inside.min() > 200


@pytest.mark.parametrize("camera", [scanned, photographed])
def test_a_scan_is_laid_over_its_form_to_the_pixel_and_over_no_other(sheet, written, camera):
    form = PrintedForm(sheet.image)
    scan, matrix = camera(written[0], rng(5))
    where = lay_over(form, scan)
    assert where.fits and farthest(where.matrix, matrix, form.size) < 1.5
    turned = lay_over(form, np.ascontiguousarray(np.rot90(scan, 2)))
    assert turned.fits
    assert not lay_over(PrintedForm(draw_sheet(rng(4)).image), scan).fits


def test_a_photo_without_the_sheet_s_edges_is_laid_over_too(sheet, written):
    width, height = 1240, 1754
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], float)
    matrix = fit_perspective(corners, np.add(corners, [[-20, 15], [35, -30], [-15, 25], [30, -10]]), np.ones(4))
    scan = warped(written[0], np.linalg.inv(matrix), (width, height), 255)
    where = lay_over(PrintedForm(sheet.image), scan)
    assert where.fits and farthest(where.matrix, matrix, (width, height)) < 1.5


@pytest.mark.parametrize("scan", [np.full((900, 700), 255, np.uint8), np.zeros((900, 700), np.uint8)])
def test_blank_paper_fits_no_form(sheet, scan):
    assert not lay_over(PrintedForm(sheet.image), scan).fits
    noise = rng(0).integers(0, 256, scan.shape, np.uint8)
    assert not lay_over(PrintedForm(sheet.image), noise).fits


@pytest.fixture(scope="module")
def template(sheet):
    places = [place for place in sheet.places if place.kind != "table"][:8]
    fields = [
        FormField(p.name, p.box, "cells", p.length) if p.kind in ("cells", "comb") else FormField(p.name, p.box)
        for p in places
    ]
    return FormTemplate(sheet.image, tuple(fields))


@pytest.fixture(scope="module")
def scan(written):
    return photographed(written[0], rng(7))[0]


def test_fields_are_read_with_blanks_in_their_places(template, written, scan):
    reading = FormReader(template).read(scan)
    read = {one.name: one.text for one in reading.fields if one.accepted}
    assert len(read) >= len(template.fields) - 2
    assert read == {name: written[1][name] for name in read}
    blank = FormReader(template).read(template.picture)
    assert [one.text for one in blank.fields] == [""] * len(template.fields) and not blank.doubtful


def test_another_form_is_refused_in_a_sentence(template):
    with pytest.raises(ByhandError, match="does not fit the form 'form'"):
        FormReader(template).read(draw_sheet(rng(4)).image)


def test_sums_and_required_fields_are_looked_at(template, sheet):
    reader = FormReader(template)
    found = [FieldReading(name, text, 1.0, "", (0, 0, 1, 1), sheet.image, sheet.image) for name, text in
             (("f0", "12"), ("f1", "30"), ("f2", "42"), ("f3", "7"))]  # fmt: skip
    reader.form = replace(template, sums=(FormSum("f2", ("f0", "f1")),))
    assert [one.reason for one in reader._with_sums(found)] == ["", "", "", ""]
    reader.form = replace(template, sums=(FormSum("f2", ("f0", "f3")),))
    assert [one.reason for one in reader._with_sums(found)] == ["sum", "", "sum", "sum"]
    needed = FormReader(replace(template, fields=(replace(template.fields[0], required=True),)))
    assert [one.reason for one in needed.read(template.picture).fields] == ["required"]


def test_faults_of_values():
    box = FormField("a", (0, 0, 50, 20), length="2-4", check="luhn", least=10, most=8000)
    assert fault(box, "7") == "length" and fault(box, "19") == "check" and fault(box, "18") == ""
    assert fault(replace(box, check=""), "9000") == "range" and fault(replace(box, length=0, check=""), "9") == "range"
    assert fault(replace(box, check="", date="ddmmyy", length=6, least=None, most=None), "320199") == "date"


# ---- files and commands ----


def test_a_description_comes_back_from_its_file(template, tmp_path):
    fields = (
        *template.fields[:2],
        FormField("t", (100, 1000, 400, 1200), "table", columns=(100, 250, 400), rows=(1000, 1100, 1200)),
    )
    form = FormTemplate(template.picture, fields, (FormSum("f0", ("t.*.1",)),), "mine")
    save_form(form, tmp_path / "mine.toml")
    back = load_form(tmp_path / "mine.toml")
    assert (back.fields, back.sums, back.name) == (form.fields, form.sums, "mine")
    assert (back.picture == form.picture).all()
    assert [part.name for part in back.parts()][2:] == ["t.1.1", "t.1.2", "t.2.1", "t.2.2"]


BAD = {
    "box = [0, 0, 99999, 50]": "lie in the picture",
    "box = [50, 0, 10, 50]": "lie in the picture",
    'box = "all"': "whole pixels",
    "box = [0, 0, 50, 50]\nkind = 'circle'": "kind must be one of",
    "box = [0, 0, 50, 50]\nkind = 'cells'": "how many cells",
    "box = [0, 0, 50, 50]\nkind = 'cells'\nlength = 900": "too narrow",
    "box = [0, 0, 50, 50]\nlength = 'many'": "number of digits",
    "box = [0, 0, 50, 50]\ncheck = 'mod9'": "check must be one of",
    "box = [0, 0, 50, 50]\ndate = 'dmy'": "date must be one of",
    "box = [0, 0, 50, 50]\nleast = 5\nmost = 1": "greater than most",
    "box = [0, 0, 50, 50]\nleast = nan": "must be a number",
    "box = [0, 0, 50, 50]\nleast = 1e300": "must be a number",
    "box = [0, 0, 50, 50]\nsize = 3": "'size' is not known",
    "box = [0, 0, 50, 50]\nkind = 'table'": "table's columns",
    "box = [0, 0, 50, 50]\nkind = 'table'\ncolumns = [0, 1, 2]\nrows = [0, 50]": "rise by at least",
    "box = [0, 0, 50, 50]\npattern = 7": "pattern must be text",
}


@pytest.mark.parametrize("entry", BAD)
def test_what_means_nothing_is_refused_in_a_sentence(tmp_path, entry):
    Image.fromarray(np.full((100, 200), 255, np.uint8)).save(tmp_path / "f.png")
    (tmp_path / "f.toml").write_text(f"version = 1\npicture = 'f.png'\n[[fields]]\nname = 'a'\n{entry}\n")
    with pytest.raises(ByhandError, match=BAD[entry]) as caught:
        load_form(tmp_path / "f.toml")
    assert "\n" not in str(caught.value) and "f.toml" in str(caught.value)


@pytest.mark.parametrize(
    "content", [b"\xff\xfe\x00", b"version = ", b"", b"version = 2", b"version = 1\npicture = 1", b"[" * 9000]
)
def test_other_files_are_refused(tmp_path, content):
    (tmp_path / "f.toml").write_bytes(content)
    with pytest.raises(ByhandError, match=r"f\.toml") as caught:
        load_form(tmp_path / "f.toml")
    assert "\n" not in str(caught.value)


def test_commands(byhand, sheet, scan, tmp_path):  # noqa: F811
    Image.fromarray(sheet.image).save("empty.png")
    (tmp_path / "scans").mkdir()
    Image.fromarray(scan).save("scans/1.jpg", quality=90)
    Image.fromarray(np.full((500, 400), 255, np.uint8)).save("scans/2.png")
    status, out, _ = byhand("form", "learn", "empty.png", "-o", "f.toml")
    assert status == 0 and "17 fields" in out and (tmp_path / "f-fields.png").exists()
    assert byhand("form", "learn", "empty.png", "-o", "f.toml")[0] == 2
    form = load_form("f.toml")
    save_form(replace(form, fields=form.fields[:3]), "f.toml")
    status, out, err = byhand("form", "read", "f.toml", "scans", "-o", "out.csv")
    assert status == 1 and out == "" and err.count("\n") == 1 and "scans/2.png" in err
    content = (tmp_path / "out.csv").read_bytes()
    assert content.startswith(b"\xef\xbb\xbf")
    first, second = csv.DictReader(io.StringIO(content.decode("utf-8-sig")))
    names = [one.name for one in form.fields[:3]]
    assert [*first][:5] == ["file", "page", "status", "look_at", "note"] and [*first][5:] == names
    assert (first["file"], second["file"], second["status"]) == ("scans/1.jpg", "scans/2.png", "failed")
    read = byhand("form", "read", "f.toml", "scans/1.jpg", "--confidence", 1, "--review", "r", "--json")
    assert read[0] == 0 and "fields to look at" in read[2] and (tmp_path / "r/index.html").exists()
    assert byhand("form", "read", "f.toml", "scans", "-o", "o.csv", "--review", "s", "--resume")[0] == 2
    again = byhand("form", "read", "f.toml", "scans", "-o", "out.csv", "--resume", "--jobs", 2)
    assert again[0] == 1 and (tmp_path / "out.csv").read_bytes() == content
    record, _ = [json.loads(line) for line in byhand("form", "read", "f.toml", "scans", "--json")[1].splitlines()]
    assert record["version"] == 1 and [one["name"] for one in record["fields"]] == names
    assert [one["text"] for one in record["fields"]] == [first[name] for name in names]


def test_reading_order() -> None:
    first, beside, below, last = (5, 10, 50, 30), (70, 14, 120, 36), (0, 40, 40, 60), (60, 45, 90, 65)
    assert sorted_boxes([last, beside, below, first]) == [first, beside, below, last]
