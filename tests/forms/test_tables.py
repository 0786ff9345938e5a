"""Tables of handwritten numbers that the project composes, read as rows and columns."""

import csv
import io
import json

import numpy as np
import pytest
from bench.reading.form_sheets import draw_grid, fill_sheet, inked, photographed, scanned
from PIL import Image

from byhand.core.errors import ByhandError
from byhand.forms.tables import read_tables
from byhand.handwriting.writers import drawn_writer
from tests.cli.test_commands import byhand  # noqa: F401  (a fixture)

KINDS = {"marks": (6, 4, (150, 64), True, 0), "sudoku": (9, 9, (56, 56), False, 3)}


def filled(kind, seed=1):
    """A filled table, and its truth row by row."""
    rows, columns, *_ = KINDS[kind]
    sheet, rng = draw_grid(*KINDS[kind]), np.random.default_rng(seed)
    ink, truth = fill_sheet(sheet, drawn_writer(0, "drawn 55"), rng, 0.4 if kind == "sudoku" else 0.1)
    first = 1 if kind == "marks" else 0
    wanted = [[truth[f"table.{i}.{k}"] for k in range(1, columns - first + 1)] for i in range(1, rows - first + 1)]
    return inked(sheet, ink, rng), wanted


@pytest.mark.parametrize("kind", KINDS)
def test_rows_and_columns_are_those_of_the_page(kind):
    page, wanted = filled(kind)
    page = (scanned if kind == "marks" else photographed)(page, np.random.default_rng(3))[0]
    skip = 1 if kind == "marks" else 0
    (table,) = read_tables(page, skip_rows=skip, skip_columns=skip, length=1 if kind == "sudoku" else "1-2")
    assert np.shape(table.texts) == np.shape(wanted)
    pairs = [
        (one, text) for row, texts in zip(table.rows, wanted, strict=True) for one, text in zip(row, texts, strict=True)
    ]
    assert all(one.text == text for one, text in pairs if one.accepted)
    assert sum(one.text == text for one, text in pairs) >= 0.9 * len(pairs)
    assert all(one.text == "" for one, text in pairs if not text)


def test_pages_without_a_table_and_options_that_mean_nothing_are_refused():
    with pytest.raises(ByhandError, match="no table was found"):
        read_tables(np.full((400, 300), 255, np.uint8))
    page = filled("marks")[0]
    with pytest.raises(ByhandError, match="all are skipped"):
        read_tables(page, skip_rows=6)
    with pytest.raises(ByhandError, match="length must be"):
        read_tables(page, length="some")


def test_the_command_writes_csv_and_json(byhand, tmp_path):  # noqa: F811
    page, wanted = filled("marks")
    Image.fromarray(page).save("marks.png")
    status, out, _ = byhand("form", "table", "marks.png", "--skip-rows", 1, "--skip-columns", 1)
    rows = [[text.rstrip("?") for text in row] for row in csv.reader(io.StringIO(out))]
    assert status == 0 and rows == wanted
    assert byhand("form", "table", "marks.png", "--json", "-o", "marks.jsonl")[:2] == (0, "")
    (record,) = map(json.loads, (tmp_path / "marks.jsonl").read_text().splitlines())
    assert np.shape(record["rows"]) == (6, 4)
