"""What there is to be read, and in which order."""

import io
import sys
from pathlib import Path

import numpy as np
import pytest

from byhand.core.errors import ByhandError
from byhand.documents.sources import Sources, read_list


@pytest.fixture
def tree(tmp_path, monkeypatch):
    """A folder with pictures in folders, and files that are none."""
    monkeypatch.chdir(tmp_path)
    for name in ("10.png", "2.png", "labels.csv", ".hidden.png", "b/3.JPG", "b/c/1.pdf", "a/4.tif", ".git/5.png"):
        path = tmp_path / "scans" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    return tmp_path / "scans"


def files(*given):
    return [document.file for document in Sources(list(given))]


def test_a_folder_is_walked_in_order_and_other_files_are_counted(tree):
    sources = Sources("scans")
    expected = ["scans/2.png", "scans/10.png", "scans/a/4.tif", "scans/b/3.JPG", "scans/b/c/1.pdf"]
    for _ in range(2):
        assert [document.file for document in sources] == expected
        assert sources.skipped == 1  # labels.csv


def test_files_stay_in_the_order_given(tree):
    assert files("scans/b/3.JPG", "scans/2.png", "scans/labels.csv") == [
        *("scans/b/3.JPG", "scans/2.png", "scans/labels.csv")
    ]


def test_patterns(tree):
    assert files("scans/*.png") == ["scans/2.png", "scans/10.png"]
    assert files("scans/**/*.*") == ["scans/2.png", "scans/10.png", "scans/a/4.tif", "scans/b/3.JPG", "scans/b/c/1.pdf"]
    (tree / "[1].png").write_bytes(b"x")  # a file that looks like a pattern is a file
    assert files("scans/[1].png") == ["scans/[1].png"]


FAULTS = {
    "https://example.org/a.png": "is an address",
    "nothing/*.png": "matches no pictures",
    "empty": "contains no pictures",
    "texts": r"contains no pictures \(1 other file skipped\)",
}


@pytest.mark.parametrize("given", FAULTS)
def test_what_is_not_there_is_named_and_stops_nothing(tmp_path, monkeypatch, given):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    (tmp_path / "texts").mkdir()
    (tmp_path / "texts/a.txt").write_text("x")
    (tmp_path / "a.png").write_bytes(b"x")
    bad, good = Sources([given, "a.png"])
    assert good.file == "a.png" and not good.error
    with pytest.raises(ByhandError, match=f"^{given.replace('*', '[*]')} .*{FAULTS[given]}"):
        raise ByhandError(bad.error)


def test_pictures_in_memory_and_generators_are_taken_one_by_one():
    taken = []

    def pictures():
        for k in range(3):
            taken.append(k)
            yield np.full((4, 4), k, np.uint8)

    documents = iter(Sources(pictures()))
    assert next(documents).file == "picture 1" and taken == [0]
    file = io.BytesIO(b"abc")
    file.name = "scan.png"
    first, second = Sources([file, b"def"])
    assert (first.file, first.content, second.file, second.content) == ("scan.png", b"abc", "picture 2", b"def")


def test_standard_input(monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"bytes")))
    (document,) = Sources("-")
    assert (document.file, document.content) == ("stdin", b"bytes")


def test_a_name_is_one_line_of_text(tmp_path):
    odd = tmp_path / "a\nb\udcff.png"
    odd.write_bytes(b"x")
    (document,) = Sources(tmp_path)
    assert document.file == f"{tmp_path}/a\\nb\\udcff.png"
    assert Path(document.content).read_bytes() == b"x"


LISTS = {
    "plain": "a.png\n\n  Zürich €.png \nhttps://x/y.png\n".encode(),
    "windows": "a.png\r\nZürich €.png\r\nhttps://x/y.png".encode("cp1252"),
    "mark": "a.png\nZürich €.png\nhttps://x/y.png".encode("utf-8-sig"),
    "utf-16": "a.png\nZürich €.png\nhttps://x/y.png".encode("utf-16"),
    "csv": 'label,file\n7,a.png\n8,"Zürich €.png"\n9,https://x/y.png\n'.encode(),
    "semicolons": "File;label\na.png;7\nZürich €.png;8\nhttps://x/y.png;9\n".encode("utf-8-sig"),
    "column": "file\na.png\nZürich €.png\nhttps://x/y.png\n".encode(),
}


@pytest.mark.parametrize("kind", LISTS)
def test_a_list_in_any_usual_encoding(tmp_path, kind):
    path = tmp_path / "list.csv"
    path.write_bytes(LISTS[kind])
    assert read_list(str(path)) == [f"{tmp_path}/a.png", f"{tmp_path}/Zürich €.png", "https://x/y.png"]


BAD_LISTS = {
    "empty": (b"", "names no files"),
    "blank": (b"\n \n", "names no files"),
    "header alone": (b"file,label\n", "names no files"),
    "binary": (b"\x89PNG\0\0\0", "not a text file"),
    "half a character": (b"\xff\xfea", "not a text file"),
    "undefined in Windows-1252": (b"\x81\x8d", "not a text file"),
    "huge field": (b"file,label\n" + b"a" * 200_000, "not a CSV file"),
}


@pytest.mark.parametrize("kind", BAD_LISTS)
def test_other_lists_are_refused(tmp_path, kind):
    content, message = BAD_LISTS[kind]
    path = tmp_path / "list.csv"
    path.write_bytes(content)
    with pytest.raises(ByhandError, match=message):
        read_list(str(path))
    with pytest.raises(ByhandError, match="cannot be opened"):
        read_list(str(tmp_path / "missing.txt"))
