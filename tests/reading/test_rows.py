import numpy as np
import pytest
from PIL import Image

from byhand.handwriting.compose import Style, any_number, any_style, write_row
from byhand.handwriting.forms import FORMS, MARKS
from byhand.handwriting.glyphs import HEIGHT, Writer, barred_sevens, drawn_writers, image_writers, thickness
from byhand.handwriting.page import draw_page
from byhand.handwriting.paper import Paper, any_paper, printed_lines, put_on_paper
from byhand.handwriting.strokes import has_bar, has_long_flag
from byhand.handwriting.warp import warp
from byhand.reader_training.contrast import contrast
from byhand.reader_training.rows import RowPictures

PLAIN = Style(gap=0.2, uneven_gap=0, uneven_height=0, uneven_base=0)


@pytest.fixture(scope="module")
def drawn() -> list[Writer]:
    return drawn_writers(4, np.random.default_rng(0))


def blocks() -> Writer:
    """Each digit is a block of a grey level of its own, so that one sees where it stands."""
    glyphs = {str(d): [np.full((HEIGHT, 20 + 2 * d), 100 + 10 * d, np.uint8)] for d in range(10)}
    return Writer(glyphs | {mark: [np.full((6, 8), 250, np.uint8)] for mark in MARKS})


def read_blocks(row: np.ndarray, at: float) -> list[int]:
    """The levels from left to right at that part of the height, repetitions joined."""
    line = row[int(at * row.shape[0])].astype(int)
    steps = line[np.concatenate([[True], np.diff(line) != 0])]
    return [int(level) for level in steps if level]


def test_a_row_has_its_digits_in_order() -> None:
    rng = np.random.default_rng(0)
    row = write_row("30792", blocks(), PLAIN, rng, (40, 400))
    assert row.shape[0] == 40 and row.dtype == np.uint8
    assert read_blocks(row, 0.5) == [130, 100, 170, 190, 120]
    widths = [26, 20, 34, 38, 24]
    np.testing.assert_allclose(row.shape[1], sum(widths) + 4 * 0.2 * HEIGHT, atol=2)
    np.testing.assert_allclose([(row[20] == level).sum() for level in (130, 100, 170, 190, 120)], widths, atol=1)


def test_a_long_row_is_narrowed_and_then_made_less_high() -> None:
    rng = np.random.default_rng(0)
    natural = write_row("1234567890", blocks(), PLAIN, rng, (40, 1000))
    narrow = write_row("1234567890", blocks(), PLAIN, rng, (40, 250))
    tiny = write_row("1234567890", blocks(), PLAIN, rng, (40, 100))
    assert natural.shape[1] > 350 and narrow.shape == (40, pytest.approx(250, abs=3))
    assert tiny.shape[1] <= 103 and tiny.shape[0] < 20
    assert len(read_blocks(narrow, 0.5)) == 10


def test_marks_stand_where_they_belong_and_are_not_digits() -> None:
    rng, writer = np.random.default_rng(0), blocks()
    for mark, low, high in ((".", 0.85, 1.0), (",", 0.9, 1.0), ("'", 0.0, 0.2)):
        style = Style(0.2, 0, 0, 0, thousands=mark)
        row = write_row("1234567", writer, style, rng, (60, 900))
        y, x = np.nonzero(row == 250)
        assert low - 0.1 <= y.mean() / 60 <= high + 0.05, mark
        assert len(np.unique(x)) <= 2 * 12  # 1.234.567: two of them, 8 · 60/40 pixels wide
        assert [v for v in read_blocks(row, 0.5) if v != 250] == [110, 120, 130, 140, 150, 160, 170]
    row = write_row("12", writer, Style(0.2, 0, 0, 0, tail="-"), rng, (40, 400))
    assert read_blocks(row, 0.5) == [110, 120, 250]


def test_styles() -> None:
    def row(label: str = "70707", **changes: object) -> np.ndarray:
        style = Style(**({"gap": 0.2, "uneven_gap": 0, "uneven_height": 0, "uneven_base": 0} | changes))  # type: ignore[arg-type]
        return write_row(label, blocks(), style, np.random.default_rng(1), (40, 600))

    zero = np.flatnonzero((row(small_zeros=0.5) == 100).any(axis=1))
    assert 19 <= zero[0] <= 21 and zero[-1] == 39  # half as high, on the line
    first, last = (
        np.flatnonzero((row("1" + "5" * 5 + "2", climb=0.5) == level).any(axis=1))[0] for level in (110, 120)
    )
    assert first > last + 5  # it climbs
    assert row(gap=0.5).shape[1] > row().shape[1] + 40
    touching = row(gap=-0.1)
    assert (touching.max(axis=0) > 0).all()
    assert row(gap=-5.0).shape[1] > 0.6 * sum((20, 34, 20, 34, 34))  # never one upon the other
    heights = {
        level: (row("0123456789", uneven_height=0.2) == level).any(axis=1).sum() for level in range(100, 200, 10)
    }
    assert len(set(heights.values())) > 4
    assert (row(breaks=5) < row()).any() and (row(breaks=5) <= row()).all()
    spaced = row("1" * 12, space=0.5)
    assert 1.1 * row("1" * 12).shape[1] < spaced.shape[1]


def test_joined_zeros_are_taken_where_the_writer_has_them(drawn: list[Writer]) -> None:
    writer = Writer(
        blocks().glyphs | {"000": [np.full((HEIGHT, 70), 220, np.uint8)], "00": [np.full((HEIGHT, 45), 210, np.uint8)]}
    )
    seen = [
        tuple(read_blocks(write_row("4000700", writer, PLAIN, np.random.default_rng(seed), (40, 600)), 0.5))
        for seed in range(20)
    ]
    assert set(seen) == {(140, 100, 100, 100, 170, 100, 100), (140, 220, 170, 210)}


def test_writers(drawn: list[Writer]) -> None:
    for writer in drawn:
        assert {*"0123456789", "00", "000", *MARKS} == set(writer.glyphs)
    sevens = [writer.glyphs["7"] for writer in drawn]
    ink = [np.mean([(g > 127).sum() for g in pictures]) for pictures in sevens]
    assert max(ink) > 1.2 * min(ink)  # other pens
    again = drawn_writers(4, np.random.default_rng(0))
    np.testing.assert_array_equal(again[3].glyphs["8"][1], drawn[3].glyphs["8"][1])


def test_thickness_of_bars() -> None:
    images = np.zeros((3, 40, 40), np.uint8)
    for image, thick in zip(images, (2, 4, 8), strict=True):
        image[2:38, 10 : 10 + thick] = 255
    measured = thickness(images)  # outlines along an axis are counted π/4 too short, so widths come out 4/π too large
    np.testing.assert_allclose(measured * np.pi / 4, [2, 4, 8], rtol=0.25)
    assert (np.diff(measured) > 0).all()


def test_writers_of_images_are_sorted_by_thickness(drawn: list[Writer]) -> None:
    rng = np.random.default_rng(0)
    images, labels = np.zeros((120, 28, 28), np.uint8), np.tile(np.arange(10), 12)
    for image, thick in zip(images, np.repeat([2, 3, 4, 5, 6, 7], 20), strict=True):
        image[4:24, 8 : 8 + thick] = 255
    order = rng.permutation(120)
    writers = image_writers(images[order], labels[order], rng, 6, drawn)
    widths = [[picture.shape[1] for digit in "0123456789" for picture in w.glyphs[digit]] for w in writers]
    assert [len(w) for w in widths] == [20] * 6 and all(len(set(w)) == 1 for w in widths)
    assert [w[0] for w in widths] == [4, 6, 8, 10, 12, 14]  # 20 pixels become 40
    assert all(w.glyphs["1"][0].shape[0] == HEIGHT for w in writers)
    np.testing.assert_array_equal(writers[5].glyphs["."][0], drawn[1].glyphs["."][0])


def test_plain_paper_by_hand() -> None:
    ink = np.array([[0, 255, 51]], np.uint8)
    rng = np.random.default_rng(0)
    plain = Paper(white=0.8, contrast=0.5, grain=0)
    np.testing.assert_allclose(put_on_paper(ink, plain, rng), [[204, 102, 183]], atol=1)  # 204 (1 − 0.5 · ink)
    inverted = Paper(white=0.8, contrast=0.5, grain=0, inverted=True)
    np.testing.assert_allclose(put_on_paper(ink, inverted, rng), [[51, 153, 72]], atol=1)


@pytest.mark.parametrize(
    "changes",
    [{"pattern": 0.4}, {"rules": 0.5}, {"rules": 0.5, "squares": True}, {"rules": 0.5, "frame": True}, {"shadow": 0.5}],
    ids=lambda changes: "-".join(changes),
)
def test_what_is_printed_and_light(changes: dict[str, float]) -> None:
    blank = np.zeros((40, 200), np.uint8)
    plain = Paper(white=0.9, contrast=0.8, grain=0)
    pictures = [
        put_on_paper(blank, Paper(white=0.9, contrast=0.8, grain=0, **changes), np.random.default_rng(s))
        for s in range(4)
    ]  # type: ignore[arg-type]
    clean = put_on_paper(blank, plain, np.random.default_rng(0))
    assert all((picture != clean).any() for picture in pictures)
    assert len({picture.tobytes() for picture in pictures}) == 4
    darkest = min(int(picture.min()) for picture in pictures)
    assert darkest >= 229 * (1 - max(changes.get("rules", 0.5), 0.5)) - 3


def test_the_camera() -> None:
    ink = (np.random.default_rng(0).random((40, 120)) < 0.3).astype(np.uint8) * 255
    sharp = put_on_paper(ink, Paper(grain=0), np.random.default_rng(0)).astype(float)
    for changes in ({"coarse": 2.5}, {"blur": 1.0}, {"quality": 20}):
        taken = put_on_paper(ink, Paper(grain=0, **changes), np.random.default_rng(0)).astype(float)  # type: ignore[arg-type]
        assert abs(taken.mean() - sharp.mean()) < 6 and np.abs(taken - sharp).mean() > 5
        assert "quality" in changes or taken.std() < 0.7 * sharp.std()
    noisy = put_on_paper(np.zeros((60, 300), np.uint8), Paper(0.5, grain=0.05), np.random.default_rng(0))
    assert 0.7 < noisy.std() / (0.5 * 255 * 0.05) < 1.3


def test_a_line_covers_its_thickness() -> None:
    lines = printed_lines((60, 300), False, False, np.random.default_rng(0), 15.0)
    per_column = lines.sum(axis=0) / round(60 / 15)
    assert 0.4 < per_column.mean() < 1.9 and per_column.std() < 0.3
    assert lines.max() <= 1


def test_contrast_by_hand_and_in_both_polarities() -> None:
    picture = np.full((10, 30), 200, np.uint8)
    picture[2:8, 5] = 50
    picture[2:8, 7] = 125
    expected = np.where(picture == 50, 255, np.where(picture == 125, 127, 0))
    np.testing.assert_array_equal(contrast(picture), expected)
    np.testing.assert_array_equal(contrast(255 - picture), expected)
    assert not contrast(np.full((10, 30), 80, np.uint8)).any()


def test_batches(drawn: list[Writer]) -> None:
    rows = RowPictures(drawn, height=32, width=200, longest=6)
    x, t = rows.batch(300, np.random.default_rng(1))
    assert x.shape == (300, 32, 200, 1) and x.dtype == np.uint8 and t.shape == (300, 6)
    lengths = (t >= 0).sum(axis=1)
    assert lengths.max() == 6 and lengths.min() < 3 and (lengths < 3).mean() < 0.1
    assert all((row[n:] == -1).all() and (row[:n] >= 0).all() for row, n in zip(t, lengths, strict=True))
    assert np.bincount(t[t >= 0], minlength=10).min() > 60
    ends = np.array([np.flatnonzero(row.any(axis=0))[-1] if row.any() else 0 for row in x[:, :, :, 0]])
    assert (ends > 100).mean() > 0.9  # little of a row is left empty
    again, same = rows.batch(300, np.random.default_rng(1))
    np.testing.assert_array_equal(again, x)
    np.testing.assert_array_equal(same, t)


def test_short_rows_stand_side_by_side_and_are_read_from_the_left() -> None:
    asked = []

    class Blocks(RowPictures):
        """Instead of writing: blocks 30 wide, whose label says how many there were before."""

        def ink(self, rng: np.random.Generator, width: int, longest: int) -> tuple[str, np.ndarray, int]:
            asked.append((width, longest))
            ink = np.zeros((self.height, 30), np.uint8)
            ink[10:20, 10:20] = 255
            return str(len(asked)) * min(2, longest), ink, 10

    x, t = Blocks([], height=20, width=110, longest=5).batch(1, np.random.default_rng(0))
    # 110 − 38 = 72 and 34 columns are left for the second and the third, and of five digits three and one
    assert asked == [(110, 5), (72, 3), (34, 1)]
    assert t[0].tolist() == [1, 1, 2, 2, 3]
    blocks = np.flatnonzero(x[0, 15, :, 0] > 127)
    assert {0, 1, 2} == set(blocks // 38) and (blocks % 38 >= 9).all() and (blocks % 38 <= 20).all()


@pytest.mark.parametrize("far", [0.02, 0.12])
def test_bent_rows_keep_their_ink(far: float) -> None:
    row = np.zeros((40, 200), np.uint8)
    row[8:32, 20:180:20] = row[19:22, 20:181] = 255  # a fence
    bent = warp(row, far, np.random.default_rng(0))
    assert bent.shape == row.shape and bent.dtype == np.uint8
    assert 0.9 < bent.sum() / row.sum() < 1.1
    rail = bent[:, 30:160:40].astype(float)  # between the posts there is nothing else
    heights = (rail * np.arange(40)[:, None]).sum(axis=0) / rail.sum(axis=0)
    assert 0.1 < np.ptp(heights) < 2 * far * 40 + 1  # it is bent, and no further than two nodes may move


def test_nobody_writes_a_1_like_his_7() -> None:
    ones, sevens = FORMS[1], FORMS[7]
    flagged = [has_long_flag(form) for form in ones]
    assert flagged[:8] == [False, False, False, False, True, True, True, True]
    assert [has_bar(form) for form in sevens[:8]] == [False, True, False, True, True, False, True, True]
    assert [sevens[i] for i in barred_sevens()] == [form for form in sevens if has_bar(form)]


def test_any_number_and_style_keep_their_bounds() -> None:
    rng = np.random.default_rng(0)
    numbers = [any_number(rng, 5) for _ in range(500)]
    assert {len(n) for n in numbers} == {1, 2, 3, 4, 5} and all(n.isdigit() for n in numbers)
    assert sum(n.endswith("00") for n in numbers) > 15
    gaps = [any_style(rng).gap for _ in range(300)]
    assert min(gaps) < -0.05 and max(gaps) > 0.5
    papers = [any_paper(rng, 14) for _ in range(300)]
    assert 1.3 < max(p.coarse for p in papers) < 14 / 10  # fewer pixels than 10 hardly anybody could read
    assert 10 < sum(p.inverted for p in papers) < 60


def test_a_page(drawn: list[Writer]) -> None:
    labels = ["31415", "92", "6535897"]
    page = draw_page(labels, drawn[0], np.random.default_rng(0), (600, 500), rules=0.3)
    assert page.picture.shape == (600, 500, 3) and page.picture.dtype == np.uint8 and page.labels == tuple(labels)
    grey = np.asarray(Image.fromarray(page.picture).convert("L"), float)
    outside = np.ones((600, 500), bool)
    for left, top, right, bottom in page.boxes:
        assert 0 < left < right < 500 and 0 < top < bottom < 600
        outside[top:bottom, left:right] = False
        box = grey[top:bottom, left:right]
        assert np.percentile(box, 2) < np.median(grey[outside]) - 40
    assert (np.diff(page.boxes[:, 1]) > 0).all() and (page.boxes[1:, 1] > page.boxes[:-1, 3]).all()
    dark = draw_page(labels, drawn[0], np.random.default_rng(0), (600, 500), inverted=True)
    assert np.median(dark.picture) < 100
