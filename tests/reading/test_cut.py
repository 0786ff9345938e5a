"""Where the numbers of a page are found, and how they are cut out of it."""

import numpy as np
import pytest
from PIL import Image

from byhand.handwriting.compose import Style, write_row
from byhand.handwriting.glyphs import Writer, drawn_writers
from byhand.handwriting.page import Page, draw_page
from byhand.reading.cut import TextLine, cut_all
from byhand.reading.find import Finder
from byhand.reading.model import load_model
from byhand.reading.reader import READER

LABELS = ["31425", "926", "5358979", "32"]
finder = Finder(load_model(READER).finder)


def found_lines(picture: np.ndarray) -> list[TextLine]:
    return [line for row in cut_all(finder.find(picture)) for line in row]


@pytest.fixture(scope="module")
def writers() -> list[Writer]:
    return drawn_writers(8, np.random.default_rng(0), each=1)


def grey(page: Page) -> np.ndarray:
    return np.asarray(Image.fromarray(page.picture).convert("L"))


def overlap(a: tuple[int, ...], b: tuple[int, ...]) -> float:
    """The intersection as a part of the union."""

    def area(left: int, top: int, right: int, bottom: int) -> int:
        return max(0, right - left) * max(0, bottom - top)

    shared = area(max(a[0], b[0]), max(a[1], b[1]), min(a[2], b[2]), min(a[3], b[3]))
    return shared / (area(*a) + area(*b) - shared)


@pytest.mark.parametrize(
    "options",
    [{}, {"rules": 0.5}, {"shadow": 0.6}, {"inverted": True}, {"inverted": True, "rules": 0.4, "shadow": 0.4}],
    ids=lambda options: "-".join(options) or "plain",
)
def test_a_page_is_parted_into_its_lines(writers: list[Writer], options: dict[str, float]) -> None:
    for seed, writer in enumerate(writers):
        page = draw_page(LABELS, writer, np.random.default_rng(seed), (700, 560), **options)  # type: ignore[arg-type]
        lines = found_lines(grey(page))
        assert len(lines) == len(LABELS), seed
        for line, box in zip(lines, page.boxes.tolist(), strict=True):
            assert overlap(line.box, box) > 0.6, (seed, line.box, box)


def test_the_lines_image_is_its_ink(writers: list[Writer]) -> None:
    page = draw_page(["4711"], writers[0], np.random.default_rng(0), (300, 500), inverted=True)
    (line,) = found_lines(grey(page))
    left, top, right, bottom = line.box
    height, width = line.image.shape
    assert 1.1 < height * line.scale / (bottom - top) < 1.8 and width * line.scale > right - left
    assert line.image.dtype == np.uint8 and np.median(line.image) < 10 and (line.image > 200).mean() > 0.03
    assert line.image[:, 0].mean() < 20 and not line.mask[:, 0].any()  # the margin


def test_a_large_picture_gives_boxes_in_its_own_pixels(writers: list[Writer]) -> None:
    page = draw_page(LABELS, writers[1], np.random.default_rng(1), (700, 560))
    large = np.kron(grey(page), np.ones((4, 4), np.uint8))
    small, big = found_lines(grey(page)), found_lines(large)
    assert all(overlap(a.box, tuple(v / 4 for v in b.box)) > 0.9 for a, b in zip(small, big, strict=True))  # type: ignore[arg-type]


def test_nothing_is_found_where_there_is_nothing() -> None:
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:200, :300]
    for blank in (
        np.full((200, 300), 200.0),
        rng.normal(200, 6, (200, 300)),
        rng.normal(60, 3, (200, 300)),
        120 + 0.3 * x + 0.1 * y + rng.normal(0, 3, (200, 300)),
    ):
        assert found_lines(np.clip(blank, 0, 255).astype(np.uint8)) == []
    ruled = np.full((200, 300), 220, np.uint8)
    ruled[20::40] = 120
    assert found_lines(ruled) == []


def cell(label: str, writer: Writer, seed: int) -> tuple[np.ndarray, tuple[int, ...]]:
    """A row in a dark frame that the picture cuts, on light paper."""
    rng = np.random.default_rng(seed)
    row = write_row(label, writer, Style(uneven_height=0, uneven_base=0), rng, (40, 200))
    picture = np.full((80, row.shape[1] + 90), 210.0)
    top, left = 18, 45
    picture[top : top + row.shape[0], left : left + row.shape[1]] -= 120 * (row / 255)
    picture[72:74] = picture[4:5, 10:] = 60
    picture[:, picture.shape[1] - 8 :][:, :2] = 60
    picture += rng.normal(0, 3, picture.shape)
    return np.clip(picture, 0, 255).astype(np.uint8), (left, top, left + row.shape[1], top + row.shape[0])


def test_frames_are_no_writing_and_ones_are(writers: list[Writer]) -> None:
    right = 0
    for label in ("1", "11", "7", "71", "417", "100"):
        for seed, writer in enumerate(writers):
            picture, box = cell(label, writer, seed)
            lines = found_lines(picture)
            right += len(lines) == 1 and overlap(lines[0].box, box) > 0.6
    assert right >= 46  # of 48


@pytest.mark.parametrize("size", [(300, 440), (440, 300)])
def test_a_small_page_keeps_its_lines_under_a_shadow(writers: list[Writer], size: tuple[int, int]) -> None:
    for seed, writer in enumerate(writers):
        page = draw_page(LABELS, writer, np.random.default_rng(seed), size, shadow=0.4)
        lines = found_lines(grey(page))
        assert len(lines) == len(LABELS), seed
        assert all(overlap(a.box, b) > 0.6 for a, b in zip(lines, page.boxes.tolist(), strict=True)), seed


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("shape", [(1, 1), (1, 300), (300, 1), (2, 3), (11, 4000)])
def test_slivers_are_pictures_too(shape: tuple[int, int]) -> None:
    assert found_lines(np.full(shape, 90, np.uint8)) == []
    noise = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    for line in found_lines(noise):
        left, top, right, bottom = line.box
        assert 0 <= left < right <= shape[1] and 0 <= top < bottom <= shape[0]
