"""Files that are whole or not there, and resuming them."""

import pytest

from byhand.core.errors import ByhandError
from byhand.documents.batch import PageReading
from byhand.documents.formats import OUTPUT_FORMATS
from byhand.documents.output import Output
from byhand.reading.reading import Reading

PAGES = [PageReading(f"{name}", page, 2, Reading(()), 9, 9) for name in ("a", "=ü", "c") for page in (1, 2)]
PAGES += [PageReading("d", error="it is no picture."), PageReading("e", 1, 1, Reading(()), 9, 9)]


def write(path, form, resume=False, stop=None):
    """Write the pages of all documents that the output does not have; stop before a page by an error."""
    with Output(path, OUTPUT_FORMATS[form], resume) as output:
        for i, page in enumerate(PAGES):
            if i == stop:
                raise KeyboardInterrupt
            if page.file not in output.done:
                output.write(page)
    return output


@pytest.mark.parametrize("form", ["json", "csv"])
def test_resumed_from_any_byte_the_output_is_the_same(tmp_path, form, monkeypatch):
    monkeypatch.setattr("os.fsync", lambda file: None)
    path, part = tmp_path / "out", tmp_path / "out.part"
    write(path, form)
    whole = path.read_bytes()
    path.unlink()
    for end in (*range(0, len(whole), 3), len(whole)):
        part.write_bytes(whole[:end])
        output = write(path, form, resume=True)
        assert path.read_bytes() == whole, end
        assert not part.exists() and output.failed <= {"d"}
        path.unlink()
    assert output.done == {"a", "=ü", "c", "d"} and output.failed == {"d"}


@pytest.mark.parametrize("form", ["json", "csv"])
def test_a_finished_output_is_gone_on_with_and_stays_until_that_is_finished(tmp_path, form, monkeypatch):
    path = tmp_path / "out"
    write(path, form)
    before = path.read_bytes()
    assert write(path, form, resume=True).done == {page.file for page in PAGES}
    assert path.read_bytes() == before
    monkeypatch.setitem(globals(), "PAGES", [*PAGES, PageReading("f", error="x.")])
    with pytest.raises(KeyboardInterrupt):
        write(path, form, resume=True, stop=8)
    assert path.read_bytes() == before
    write(path, form, resume=True)
    assert path.read_bytes() == before + OUTPUT_FORMATS[form].page(PAGES[-1]).encode()


def test_what_was_interrupted_is_kept_and_not_overwritten(tmp_path):
    path = tmp_path / "new/out"
    with pytest.raises(KeyboardInterrupt):
        write(path, "json", stop=0)
    assert [*path.parent.iterdir()] == []  # nothing was read yet
    with pytest.raises(KeyboardInterrupt):
        write(path, "json", stop=3)
    assert not path.exists() and (tmp_path / "new/out.part").read_bytes().count(b"\n") == 3
    with pytest.raises(ByhandError, match="go on with --resume, or remove it"):
        write(path, "json")
    write(path, "json", resume=True)
    assert [*path.parent.iterdir()] == [path]


def test_what_cannot_be_resumed_is_left_alone(tmp_path):
    path = tmp_path / "out"
    for content in (b"hello\n" * 9, b'{"file": 1}\n', b"[]\n", b"\xff\xfe\n"):
        path.write_bytes(content)
        for form in ("json", "csv"):
            with pytest.raises(ByhandError, match="cannot be resumed"):
                write(path, form, resume=True)
            assert path.read_bytes() == content
            (tmp_path / "out.part").unlink(missing_ok=True)
    for form, target in (("text", path), ("hocr", path), ("json", None)):
        with pytest.raises(ByhandError, match="only JSON and CSV"):
            write(target, form, resume=True)


def test_two_processes_do_not_write_one_file(tmp_path):
    with Output(tmp_path / "out", OUTPUT_FORMATS["json"]) as first:
        first.write(PAGES[0])
        with pytest.raises(ByhandError, match="being written by another process"):
            Output(tmp_path / "out", OUTPUT_FORMATS["json"], resume=True)
        first.write(PAGES[1])
    assert (tmp_path / "out").read_bytes().count(b"\n") == 2


def test_files_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("x")
    for path, fault in ((tmp_path, "is a folder"), (tmp_path / "file/out", "cannot be written")):
        with pytest.raises(ByhandError, match=fault):
            Output(path, OUTPUT_FORMATS["csv"])
