"""Files with pages."""

import sys

import numpy as np
import pytest
from PIL import Image

from byhand.core.errors import ByhandError
from byhand.documents import pages as pages_module
from byhand.documents.pages import PageChoice, page_images
from tests.documents.papers import encoded, paper, saved

LEVELS = (40, 120, 200)


def blank(level, shape=(60, 40)):
    return np.full(shape, level, np.uint8)


def opened(content, choice=""):
    return [*page_images(content, "the file", PageChoice(choice))]


@pytest.mark.parametrize("compression", [None, "tiff_deflate", "tiff_lzw", "group4"])
def test_every_page_of_a_tiff_file(tmp_path, compression):
    papers = [blank(level, (60, 40 + level)) for level in LEVELS]
    if compression == "group4":
        papers = [np.tile(np.uint8([0, 255]), (60, 10 * k + 10)) > 0 for k in range(3)]
    path = saved(tmp_path / "a.tif", *papers, compression=compression)
    found = opened(str(path))
    assert [(page.page, page.pages, page.error) for page in found] == [(1, 3, ""), (2, 3, ""), (3, 3, "")]
    for page, expected in zip(found, papers, strict=True):
        np.testing.assert_array_equal(page.image, expected if compression != "group4" else 255 * expected)


def test_chosen_pages(tmp_path):
    path = saved(tmp_path / "a.tif", *map(blank, LEVELS))
    assert [(page.page, int(page.image[0, 0])) for page in opened(str(path), "3,1")] == [(1, 40), (3, 200)]
    assert [page.page for page in opened(str(path), "2-")] == [2, 3]
    assert [page.page for page in opened(str(path), "2-99")] == [2, 3]
    with pytest.raises(ByhandError, match="has 3 pages; there is no page 4-5"):
        opened(str(path), "4-5")
    with pytest.raises(ByhandError, match="has 1 page; there is no page 2"):
        opened(blank(0), "2")


@pytest.mark.parametrize("text", ["0", "x", "3-2", "1,", "1;2", "-3", "1--2", "²", "1" * 12])
def test_other_choices_are_refused(text):
    with pytest.raises(ByhandError, match="pages"):
        PageChoice(text)


def test_pages_beyond_the_limit_are_named(tmp_path, monkeypatch):
    monkeypatch.setattr(pages_module, "MAX_PAGES", 2)
    path = saved(tmp_path / "a.tif", *map(blank, (*LEVELS, 5)))
    found = opened(str(path))
    assert [page.page for page in found] == [1, 2, 3] and found[2].image is None
    assert "pages 3 to 4 were left out" in found[2].error


def test_a_tiff_file_with_ten_thousand_pages(tmp_path):
    """Its pages share one strip of pixels, so that it is a small file."""
    entry = [(256, 3, 1, 1), (257, 3, 1, 1), (258, 3, 1, 8), (262, 3, 1, 1), (273, 4, 1, 8), (279, 4, 1, 1)]
    data, size = bytearray(b"II*\0" + (12).to_bytes(4, "little") + b"\x80\0\0\0"), 2 + 12 * len(entry) + 4
    for k in range(10_000):
        data += len(entry).to_bytes(2, "little")
        for tag, kind, count, value in entry:
            data += b"".join(n.to_bytes(w, "little") for n, w in ((tag, 2), (kind, 2), (count, 4), (value, 4)))
        data += (12 + (k + 1) * size if k < 9_999 else 0).to_bytes(4, "little")
    found = opened(bytes(data), "9998-")
    assert [(page.page, page.pages, page.image.tolist()) for page in found] == [
        (page, 10_000, [[128]]) for page in (9998, 9999, 10_000)
    ]


def test_of_an_animation_the_first_frame_is_read_and_that_is_said(tmp_path):
    path = saved(tmp_path / "a.gif", *map(blank, LEVELS))
    (page,) = opened(str(path))
    assert page.image[0, 0] == 40 and page.note == "the first of 3 frames was read"


def test_a_damaged_page_does_not_stop_the_others(tmp_path):
    rng = np.random.default_rng(0)
    papers = [rng.integers(0, 256, (60, 40), dtype=np.uint8) for _ in range(3)]
    data = bytearray(saved(tmp_path / "a.tif", *papers, compression="tiff_deflate").read_bytes())
    with Image.open(tmp_path / "a.tif") as picture:
        picture.seek(1)
        start, length = picture.tag_v2[273][0], picture.tag_v2[279][0]
    data[start : start + length] = b"\xff" * length
    found = opened(bytes(data))
    assert [bool(page.error) for page in found] == [False, True, False]
    np.testing.assert_array_equal(found[2].image, papers[2])


def test_pages_of_a_pdf_file(tmp_path):
    pytest.importorskip("pypdfium2")
    papers = [paper("2063"), paper("38", "60")]
    path = saved(tmp_path / "a.pdf", *papers, resolution=100)  # pixels an inch
    found = opened(str(path))
    assert [(page.page, page.pages, page.error) for page in found] == [(1, 2, ""), (2, 2, "")]
    for page, own in zip(found, papers, strict=True):
        height, width = own.shape  # 200 pixels an inch, of which the last ones may be cut
        assert page.image.shape == pytest.approx((2 * height, 2 * width), abs=1)
        assert np.abs(page.image[: 2 * height : 2, : 2 * width : 2].astype(int) - own).mean() < 8
    assert [page.page for page in opened(path.read_bytes(), "2")] == [2]


def test_large_and_small_pages_of_a_pdf_file_are_rendered_at_a_size_that_suits(tmp_path):
    pytest.importorskip("pypdfium2")
    (large,) = opened(str(saved(tmp_path / "a.pdf", blank(90, (2000, 1000)), resolution=1)))
    assert large.image.shape == pytest.approx((5000, 2500), abs=1)
    (small,) = opened(str(saved(tmp_path / "b.pdf", blank(90, (30, 60)), resolution=300)))
    assert small.image.shape == pytest.approx((100, 200), abs=1)


def test_bad_pdf_files(tmp_path, monkeypatch):
    pytest.importorskip("pypdfium2")
    good = saved(tmp_path / "a.pdf", paper("38")).read_bytes()
    for bad in (b"%PDF-1.4\n", good[:300], b"%PDF-" + b"\0" * 1000):
        with pytest.raises(ByhandError, match=r"the file (is damaged|has no pages)"):
            opened(bad)
    monkeypatch.setitem(sys.modules, "pypdfium2", None)
    with pytest.raises(ByhandError, match=r"pip install .*(pypdfium2|byhand\[pdf\])"):
        opened(good)


def test_bytes_arrays_and_pictures_of_pillow():
    grey = paper("38")
    for content in (encoded(grey), grey, Image.fromarray(grey), encoded(grey, "TIFF"), encoded(grey, "BMP")):
        (page,) = opened(content)
        np.testing.assert_array_equal(page.image, grey)
    for format in ("WEBP", "JPEG"):
        (page,) = opened(encoded(grey, format))
        assert np.abs(page.image.astype(int) - grey).mean() < 4
