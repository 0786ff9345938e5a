import numpy as np
import pytest
from PIL import Image

from byhand.handwriting.compose import Style, write_row
from byhand.handwriting.glyphs import Writer, drawn_writers
from byhand.handwriting.page import Page, draw_page
from byhand.reading.lines import find_lines, sorted_boxes, written_boxes
from byhand.reading.ruled import _standing, ruled_lines
from byhand.reading.writing import flatten, sum_of_nine

LABELS = ["31415", "926", "5358979", "32"]


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
        lines = find_lines(grey(page), bool(options.get("inverted")))
        assert len(lines) == len(LABELS), seed
        for line, box in zip(lines, page.boxes.tolist(), strict=True):
            assert overlap(line.box, box) > 0.75, (seed, line.box, box)


def test_the_lines_image_is_its_ink(writers: list[Writer]) -> None:
    page = draw_page(["4711"], writers[0], np.random.default_rng(0), (300, 500), inverted=True)
    (line,) = find_lines(grey(page))
    left, top, right, bottom = line.box
    height, width = line.image.shape
    assert 1.1 * (bottom - top) < height < 1.4 * (bottom - top) and width > right - left
    assert line.image.dtype == np.uint8 and np.median(line.image) == 0 and (line.image > 200).mean() > 0.03
    assert line.image[:, 0].mean() < 20  # the margin


def test_a_large_picture_gives_boxes_in_its_own_pixels(writers: list[Writer]) -> None:
    page = draw_page(LABELS, writers[1], np.random.default_rng(1), (700, 560))
    large = np.kron(grey(page), np.ones((4, 4), np.uint8))
    small, big = find_lines(grey(page)), find_lines(large)
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
        assert find_lines(np.clip(blank, 0, 255).astype(np.uint8)) == []
    ruled = np.full((200, 300), 220, np.uint8)
    ruled[20::40] = 120
    assert find_lines(ruled) == []


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


@pytest.mark.parametrize("label", ["1", "11", "7", "71", "417", "100"])
def test_frames_are_no_writing_and_ones_are(writers: list[Writer], label: str) -> None:
    for seed, writer in enumerate(writers):
        picture, box = cell(label, writer, seed)
        lines = find_lines(picture)
        assert len(lines) == 1, seed
        assert overlap(lines[0].box, box) > 0.6, (seed, lines[0].box, box)


def test_a_tight_crop_keeps_its_first_and_last_digit() -> None:
    """Ones from edge to edge, beside the rim: the strokes that look most like a frame."""
    picture = np.full((40, 100), 230, np.uint8)
    picture[4:36, 6:9] = picture[4:36, 91:94] = 40
    picture[4:36, 45:48] = picture[20:23, 40:55] = 40
    (line,) = find_lines(picture)
    assert line.box[0] <= 7 and line.box[2] >= 93


def test_a_one_whose_foot_is_on_the_rim_is_writing() -> None:
    picture = np.full((90, 280), 230, np.uint8)
    picture[16:88, 12:18] = 40
    for x in range(60, 260, 50):
        picture[20:80, x : x + 30] = 40
        picture[28:72, x + 8 : x + 22] = 230  # zeros
    (line,) = find_lines(picture)
    assert line.box[0] <= 13
    picture[:, 12:18] = 40  # from rim to rim: a frame
    assert find_lines(picture)[0].box[0] >= 55


def test_ruled_lines_go_and_strokes_across_them_stay() -> None:
    mask = np.zeros((60, 200), bool)
    mask[10:50, 50:54] = mask[10:50, 120:124] = True
    mask[10:13, 120:150] = True  # a 7's top
    strokes = mask.copy()
    x = np.arange(200)
    slanted = np.rint(40 + 0.04 * (x - 100)).astype(int)
    mask[slanted, x] = mask[slanted + 1, x] = True
    mask[30, :150] = True
    mask[:, 196:198] = True
    found = ruled_lines(mask)
    assert not (found & strokes).any()
    left = mask & ~found
    np.testing.assert_array_equal(left[:, :190], strokes[:, :190])
    assert left[:, 190:].sum() <= 8  # where two lines cross


def test_flatten_takes_shadow_and_polarity_out(writers: list[Writer]) -> None:
    page = draw_page(["2024"], writers[2], np.random.default_rng(2), (200, 400), shadow=0.6)
    dark = flatten(255 - grey(page))
    light = flatten(grey(page))
    paper = light > 150
    assert paper.mean() > 0.8 and np.percentile(light[paper], 5) > 215
    assert written_boxes(light)[1] and written_boxes(dark)[1]


@pytest.mark.parametrize("size", [(300, 440), (440, 300)])
def test_a_small_page_keeps_its_lines_under_a_shadow(writers: list[Writer], size: tuple[int, int]) -> None:
    for seed, writer in enumerate(writers):
        page = draw_page(LABELS, writer, np.random.default_rng(seed), size, shadow=0.4)
        lines = find_lines(grey(page), False)
        assert len(lines) == len(LABELS), seed
        assert all(overlap(a.box, b) > 0.6 for a, b in zip(lines, page.boxes.tolist(), strict=True)), seed


@pytest.mark.parametrize("size", [28, 90, 250, 700])
def test_a_thick_digit_keeps_its_ink_at_any_size(size: int) -> None:
    """A 1 and a 0 whose strokes are a quarter as wide as the picture is high, beside a shadow."""
    y, x = np.mgrid[-1 : 1 : size * 1j, -1 : 1 : size * 1j]
    light = 1 - 0.3 * np.exp(-2 * ((x - 0.6) ** 2 + (y - 0.6) ** 2))
    for stroke in (np.abs(np.hypot(x, y) - 0.6) < 0.25, (np.abs(x) < 0.25) & (np.abs(y) < 0.8)):
        flat = flatten(np.rint(np.where(stroke, 60, 230) * light).astype(np.uint8), False)
        assert flat[stroke].max() < 130 and flat[~stroke].min() > 190


def test_a_deep_shadow_at_the_rim_is_no_stroke(writers: list[Writer]) -> None:
    page = draw_page(["2663", "58"], writers[1], np.random.default_rng(2), (420, 520))
    y, x = np.mgrid[:420, :520]
    shadow = 0.6 * np.exp(-((x - 260) ** 2 + y**2) / 75**2)
    dark = (grey(page) * (1 - shadow)).astype(np.uint8)
    found = find_lines(dark, False)
    assert len(found) == 2
    assert all(overlap(line.box, tuple(box)) > 0.5 for line, box in zip(found, page.boxes.tolist(), strict=True))


def test_reading_order() -> None:
    first, beside, below, last = (5, 10, 50, 30), (70, 14, 120, 36), (0, 40, 40, 60), (60, 45, 90, 65)
    assert sorted_boxes([last, beside, below, first]) == [first, beside, below, last]


def test_what_stands_high_by_hand() -> None:
    mask = np.array([[1, 0, 1, 1], [1, 1, 1, 0], [0, 1, 1, 1], [0, 0, 1, 1]], bool)
    for size, expected in ((1, [2, 2, 4, 3]), (2, [2, 2, 4, 2]), (3, [0, 0, 4, 0]), (4, [0, 0, 4, 0]), (5, [0] * 4)):
        found = _standing(mask, size)
        assert found.sum(axis=0).tolist() == expected and not (found & ~mask).any()


def test_sum_of_nine_repeats_the_edge() -> None:
    a = np.random.default_rng(0).integers(0, 256, (5, 7), dtype=np.uint8)
    for picture in (a, a[:1], a[:, :1], a[:1, :1]):
        wide = np.pad(picture, 1, mode="edge").astype(int)
        height, width = picture.shape
        expected = sum(wide[i : i + height, j : j + width] for i in range(3) for j in range(3))
        np.testing.assert_array_equal(sum_of_nine(picture), expected)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("shape", [(1, 1), (1, 300), (300, 1), (2, 3), (11, 4000)])
def test_slivers_are_pictures_too(shape: tuple[int, int]) -> None:
    assert find_lines(np.full(shape, 90, np.uint8)) == []
    noise = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    for line in find_lines(noise):
        left, top, right, bottom = line.box
        assert 0 <= left < right <= shape[1] and 0 <= top < bottom <= shape[0]


def test_a_line_far_longer_than_high_is_a_pattern() -> None:
    stroke = np.pad(np.full((8, 3), 40, np.uint8), ((6, 6), (3, 3)), constant_values=220)
    assert len(find_lines(np.tile(stroke, (1, 80)))) == 1
    assert find_lines(np.tile(stroke, (1, 160))) == []
