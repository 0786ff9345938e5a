"""Lessons as notebooks: their cells are the lesson, and they run."""

import json

import pytest

from byhand.lessons import lessons
from byhand.lessons.notebook import chapter, write_notebooks
from tests.lessons.boards import LESSONS, board_of

QUICK = [name for name, lesson in LESSONS.items() if lesson.needs is None]


@pytest.mark.parametrize("name", QUICK)
def test_every_paragraph_is_text_and_every_cell_is_a_program(name):
    cells = chapter(LESSONS[name], 1)
    for kind, text in cells:
        if kind == "code":
            compile(text, name, "exec")
    whole = "\n".join(text for _, text in cells)
    said = [entry["text"] for entry in board_of(name).records() if entry["kind"] == "text"]
    literal = [text for text in said if text in whole]
    assert len(literal) >= 1


def test_running_the_cells_gives_the_board(monkeypatch):
    pytest.importorskip("IPython")
    cells = chapter(LESSONS["chain-rule"], 11)
    names: dict[str, object] = {}
    for kind, text in cells:
        if kind == "code" and "judge" not in text.splitlines()[-1]:
            exec(text, names)
    kept = [entry for entry in board_of("chain-rule").records() if entry["kind"] in ("check", "table")]
    shown = [entry for entry in names["board"].records() if entry["kind"] in ("check", "table")]
    assert shown == kept


def test_the_files_are_numbered_and_the_same_each_time(tmp_path):
    pytest.importorskip("nbformat")
    (path,) = write_notebooks(tmp_path, ["derivative"])
    number = list(lessons()).index("derivative") + 1
    assert path.name == f"{number:02}-derivative.ipynb"
    first = path.read_bytes()
    write_notebooks(tmp_path, ["derivative"])
    assert path.read_bytes() == first
    assert json.loads(first)["nbformat"] == 4


@pytest.mark.long
@pytest.mark.parametrize("name", QUICK)
def test_a_notebook_runs(name, tmp_path):
    nbformat, nbclient = pytest.importorskip("nbformat"), pytest.importorskip("nbclient")
    (path,) = write_notebooks(tmp_path, [name])
    book = nbformat.read(path, as_version=4)
    nbformat.validate(book)
    nbclient.NotebookClient(book, timeout=300, kernel_name="python3").execute()
    assert any(cell.get("outputs") for cell in book.cells)
