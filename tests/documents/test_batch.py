"""Many documents, in this process and in several."""

import os

import numpy as np
import pytest
from PIL import Image

import byhand
from byhand.core.errors import ByhandError
from byhand.documents.options import ReadOptions
from byhand.documents.processes import Lost, in_order_by_processes
from tests.documents.papers import encoded, paper, saved


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("scans")
    saved(path / "1.png", paper("2063"))
    saved(path / "2.tif", paper("38"), paper("60"))
    (path / "3.jpg").write_bytes(b"no picture")
    saved(path / "10.bmp", paper("5"))
    (path / "labels.csv").write_text("file,label\n")
    return path


def told(pages):
    return [(page.file.rpartition("/")[2], page.page, page.pages, page.reading and page.reading.text) for page in pages]


EXPECTED = [("1.png", 1, 1, "2063"), ("2.tif", 1, 2, "38"), ("2.tif", 2, 2, "60"), ("3.jpg", None, None, None)]
EXPECTED += [("10.bmp", 1, 1, "5")]


def test_everything_in_a_folder_is_read_in_order(folder):
    pages = [*byhand.read_many(folder)]
    assert told(pages) == EXPECTED
    assert "3.jpg is not a picture" in pages[3].error
    assert (pages[0].width, pages[0].height) == paper("2063").shape[::-1]


def test_processes_give_the_same(folder):
    alone = [page.to_json(images=True) for page in byhand.read_many(folder)]
    assert [page.to_json(images=True) for page in byhand.read_many(folder, jobs=2)] == alone


def test_whatever_holds_a_picture_can_be_read(folder):
    grey = paper("38")
    with open(folder / "1.png", "rb") as file:
        sources = [grey, Image.fromarray(grey), encoded(grey), file, folder / "10.bmp", np.zeros(7)]
        pages = [*byhand.read_many(picture for picture in sources)]
    assert [page.reading and page.reading.text for page in pages] == ["38", "38", "38", "2063", "5", None]
    assert [page.file for page in pages[:3]] == ["picture 1", "picture 2", "picture 3"]
    (page,) = byhand.read_many(grey)
    assert page.reading.text == "38"


def test_options_reach_every_page(folder):
    assert told(byhand.read_many(folder / "2.tif", pages="2", length="1")) == [("2.tif", 2, 2, "")]
    (page,) = byhand.read_many(folder / "1.png", region="900,0,999,9")
    assert "1.png: the region 900,0,999,9 contains nothing" in page.error
    with pytest.raises(ByhandError, match="no option 'lenght'"):
        byhand.read_many(folder, lenght=4)
    with pytest.raises(ByhandError, match="jobs"):
        byhand.read_many(folder, jobs=0)
    with pytest.raises(ByhandError, match=r"pattern '\(' cannot be used"):
        byhand.read_many(folder, pattern="(")


def test_annotated_pictures_lie_in_their_folder(folder, tmp_path, monkeypatch):
    monkeypatch.chdir(folder)
    pages = [*byhand.read_many(["1.png", "../" + folder.name + "/2.tif"], annotate=tmp_path / "out")]
    assert not any(page.error for page in pages)
    found = sorted(str(path.relative_to(tmp_path)) for path in (tmp_path / "out").rglob("*.png"))
    assert found == [
        f"out/{name}" for name in ("1.png.png", f"up/{folder.name}/2.tif-1.png", f"up/{folder.name}/2.tif-2.png")
    ]
    with Image.open(tmp_path / "out/1.png.png") as picture:
        drawn = np.asarray(picture).astype(int)
    left, top, right, _bottom = pages[0].reading.lines[0].box
    assert drawn.shape[:2] == (pages[0].height, pages[0].width)
    assert (drawn[top - 2, left:right] == (0, 120, 60)).all()  # the frame is green


def squared(n):
    """Dies at 3 and at 5, at 5 only in the first process that meets it."""
    if n == 3 or (n == 5 and not os.path.exists(os.environ["BYHAND_TEST_SEEN"])):
        open(os.environ["BYHAND_TEST_SEEN"], "w").close()
        os._exit(9)
    return n * n


def test_a_process_that_dies_costs_its_own_item_alone(tmp_path, monkeypatch):
    monkeypatch.setenv("BYHAND_TEST_SEEN", str(tmp_path / "seen"))
    results = [*in_order_by_processes(squared, range(9), 2)]
    assert [item for item, _ in results] == [*range(9)]
    assert [result for item, result in results if item != 3] == [n * n for n in range(9) if n != 3]
    assert isinstance(results[3][1], Lost)


def test_signs_stand_for_the_pattern_text():
    assert [ReadOptions(signs=signs).form for signs in (None, True, False)] == ["", "text", "digits"]
    with pytest.raises(ByhandError, match="give one of them"):
        ReadOptions(pattern="date", signs=True)
