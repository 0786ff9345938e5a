"""Readings that stay the same where the picture changes in ways that should not matter, on pages drawn here."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from byhand.handwriting.compose import Style
from byhand.handwriting.glyphs import drawn_writers
from byhand.handwriting.page import draw_page
from byhand.reading.reader import READER, Reader

pytestmark = pytest.mark.skipif(not READER.exists(), reason="the package has no such reader")

ROWS = (["31425", "92653"], ["20480"], ["7", "5068", "550"], ["86420375"])


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader(READER, form="digits")


@pytest.fixture(scope="module")
def pages() -> list[np.ndarray]:
    writers = drawn_writers(8, np.random.default_rng(3))
    return [
        np.asarray(
            Image.fromarray(
                draw_page(
                    rows,
                    writers[2 * i],
                    np.random.default_rng(i),
                    (130 * len(rows) + 60, 460),
                    Style(gap=0.2),
                    shadow=0.2,
                ).picture
            ).convert("L")
        )
        for i, rows in enumerate(ROWS)
    ]


def jpeg(picture: np.ndarray) -> np.ndarray:
    file = BytesIO()
    Image.fromarray(picture).save(file, "JPEG", quality=80)
    return np.asarray(Image.open(file))


def resized(picture: np.ndarray, factor: float) -> np.ndarray:
    size = tuple(round(side * factor) for side in picture.shape[::-1])
    return np.asarray(Image.fromarray(picture).resize(size, Image.Resampling.BICUBIC))


def wedge(picture: np.ndarray) -> np.ndarray:
    """A dark wedge to the left, beside the paper."""
    wide = np.pad(picture, ((0, 0), (60, 0)), mode="edge")
    depth = np.linspace(15, 45, len(wide))[:, None]
    return np.where(np.arange(wide.shape[1]) < depth, 30, wide).astype(np.uint8)


CHANGES = {
    "rim": lambda p: np.pad(p, 12, mode="edge"),
    "cut": lambda p: p[2:-2, 2:-2],
    "inverted": lambda p: 255 - p,
    "twice as large": lambda p: resized(p, 2),
    "smaller": lambda p: resized(p, 0.6),  # digits of 12 pixels
    "jpeg": jpeg,
    "wedge": wedge,
}


def test_what_stands_on_the_pages(reader, pages):
    for page, rows in zip(pages, ROWS, strict=True):
        assert reader.read(page).text.split("\n") == rows


@pytest.mark.parametrize("name", CHANGES)
def test_the_reading_stays(reader, pages, name):
    for page, rows in zip(pages, ROWS, strict=True):
        assert reader.read(CHANGES[name](page)).text.split("\n") == rows


@pytest.mark.parametrize("around", [0, 6])
def test_a_rows_own_box_reads_the_same(reader, pages, around):
    for page in pages:
        for row in reader.read(page).lines:
            left, top, right, bottom = row.box
            part = page[max(top - around, 0) : bottom + around, max(left - around, 0) : right + around]
            assert reader.read(np.ascontiguousarray(part)).text == row.text


@pytest.mark.parametrize("turns", [1, 3])
def test_a_turned_page_is_read_and_its_boxes_lie_on_the_ink(reader, pages, turns):
    page, rows = pages[3], ROWS[3]
    upright, turned = reader.read(page), reader.read(np.ascontiguousarray(np.rot90(page, turns)))
    assert turned.text.split("\n") == rows
    marks = np.zeros(page.shape, bool)
    left, top, right, bottom = upright.lines[0].box
    marks[top:bottom, left:right] = True
    y, x = np.nonzero(np.rot90(marks, turns))
    np.testing.assert_allclose(turned.lines[0].box, (x.min(), y.min(), x.max() + 1, y.max() + 1), atol=6)


def test_two_numbers_on_a_row_are_two_groups(reader, pages):
    page = np.concatenate([pages[1], pages[1]], axis=1)
    (row,) = reader.read(page).lines
    assert row.text == "20480 20480" and row.groups == (5, 5)


def test_what_is_left_out_is_told(reader):
    unsure = Reader(READER, form="digits", sure=1.0)
    rng = np.random.default_rng(0)
    picture = draw_page(["31415"], drawn_writers(1, rng)[0], rng, (120, 320)).picture
    reading = unsure.read(picture)
    assert not reading.lines
    (place,) = [place for place in reading.rejected if place.reason == "unsure"]
    assert place.text and 0 < place.confidence < 1
