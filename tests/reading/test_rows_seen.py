"""How a row is laid before the network, cut, and put together again."""

import numpy as np
import pytest

from byhand.core.errors import ByhandError
from byhand.handwriting.alphabet import ALPHABET, UNREAD
from byhand.handwriting.glyphs import drawn_writers
from byhand.handwriting.line import write_line
from byhand.handwriting.others import draw_other
from byhand.handwriting.page import draw_page
from byhand.handwriting.style import LineStyle
from byhand.pictures.components import components
from byhand.pictures.image import open_image
from byhand.pictures.prepare import digit_image
from byhand.reader_training.networks import row_network, signs_network
from byhand.reading.crops import Crop, RowView, crop, row_ink, slant
from byhand.reading.cut import cut_all
from byhand.reading.pieces import cut_between, parted, upright
from byhand.reading.reader import Reader
from byhand.reading.row_reader import RowReader, own_ink


def bars(lean: float = 0.0, steep: float = 0.0, shape: tuple[int, int] = (90, 300)) -> np.ndarray:
    """Ink, uint8: six strokes, 40 pixels high and 4 wide, 40 apart, that lean and stand on a line that falls."""
    y, x = np.mgrid[: shape[0], : shape[1]]
    v = y - (shape[0] - 1) / 2 - steep * (x - (shape[1] - 1) / 2)
    u = x + lean * v
    return np.where((np.abs(v) < 20) & (np.abs((u - 50) % 40 - 2) < 2) & (u > 45) & (u < 255), 255, 0).astype(np.uint8)


@pytest.mark.parametrize("lean", [-0.3, 0.0, 0.2, 0.5])
@pytest.mark.parametrize("steep", [-0.15, 0.0, 0.15])
def test_climb_and_slant_are_measured(lean: float, steep: float) -> None:
    ink = bars(lean, steep)
    assert row_ink(ink, ink > 0).steep == pytest.approx(steep, abs=0.02)
    assert slant(ink > 0, steep) == pytest.approx(lean, abs=0.05)


@pytest.mark.parametrize(
    "view", [RowView(), RowView(share=0.5), RowView(stretch=1.5), RowView(lean=0.0), RowView(lean=0.3)]
)
def test_a_crop_is_level_as_high_as_asked_and_knows_its_columns(view: RowView) -> None:
    ink = bars(0.2, 0.1)
    row = row_ink(ink, ink > 0)
    seen = crop(row, view, 40)
    assert seen.image.shape[0] == 40 and seen.image.dtype == np.uint8
    y = np.nonzero(seen.image > 127)[0]
    assert np.ptp(y) + 1 == pytest.approx(40 * view.share, abs=1.5)
    assert (y.max() + y.min() + 1) / 2 == pytest.approx(20, abs=1)
    lean = 0.2 if view.lean is None else view.lean
    assert slant(seen.image > 127) == pytest.approx(lean * view.stretch, abs=0.1)
    # the middle of the row of crop and of image are the same: strokes stand at 52 + 40 i, upright
    middle = seen.image[19:21].mean(axis=0) > 127
    change = np.diff(middle.astype(int))
    starts, ends = np.flatnonzero(change == 1) + 1, np.flatnonzero(change == -1) + 1
    columns = seen.left + (starts + ends) / 2 / seen.scale
    np.testing.assert_allclose(columns, 52 + 40 * np.arange(len(columns)), atol=1.5)


def test_only_ink_wipes_out_the_rest() -> None:
    ink = bars()
    dirty = np.maximum(ink, 0)
    dirty[5:8] = 200
    row = row_ink(dirty, ink > 0)
    assert crop(row, RowView(share=0.4), 40).image[:8].max() > 100
    assert crop(row, RowView(share=0.4, only_ink=True), 40).image[:8].max() == 0


def test_pieces_are_parted_along_the_slant_and_left_whole() -> None:
    ink = bars(0.5)
    mask = ink > 0
    column = upright(mask.shape, 0.5)
    cuts = cut_between(mask, column, [52, 92, 132, 172, 212, 252])
    np.testing.assert_allclose(cuts, [72, 112, 152, 192, 232], atol=1.5)
    part = parted(components(mask), column, cuts)
    assert [int((part == i).sum()) for i in range(6)] == [int((part == 0).sum())] * 6
    mask[:, 60:64] = False
    moved = parted(components(mask), column, [53.0, *cuts[1:]])  # a cut just beside the first stroke's middle
    assert {*np.unique(moved[:, :45])} <= {-1, 0, 1} and (parted(components(mask), column, [51.0])[mask] >= 0).all()


def test_the_image_of_a_digit_is_as_mnist_has_them() -> None:
    ink = np.zeros((60, 30), np.uint8)
    ink[5:55, 10:18] = 180
    image = digit_image(ink)
    assert image.shape == (28, 28) and image.max() == 255
    assert (image > 127).any(axis=1).sum() == 20 and np.abs(np.argwhere(image > 127).mean(axis=0) - 14).max() <= 1
    assert not digit_image(np.zeros((5, 5), np.uint8)).any()


def test_what_is_not_sure_enough_is_left_out() -> None:
    rng = np.random.default_rng(3)
    scribble = np.pad(np.rint(200 * draw_other(rng, 60, "scribble")).astype(np.uint8), 20)
    assert Reader(sure=1.0).read(255 - scribble).lines == ()
    with pytest.raises(ByhandError, match="sure must be"):
        Reader(sure=2)


def test_only_so_many_doubtful_rows_are_looked_at_again(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    page = draw_page(["31425"] * 4, drawn_writers(1, rng)[0], rng, (560, 460)).picture
    reader, looked = Reader(sure=0), []
    lines = [line for row in cut_all(reader.finder.find(open_image(page))) for line in row]
    assert len(lines) == 4
    heights = np.cumsum([line.mask.shape[1] / line.mask.shape[0] for line in lines])

    def look(self: RowReader, crops: list[Crop]) -> tuple[list[Crop], np.ndarray]:
        """Every step may be anything."""
        looked.append(len(crops))
        return crops, np.log(np.full((len(crops), max(c.image.shape[1] for c in crops) // 4, 23), 1 / 23))

    monkeypatch.setattr(RowReader, "look", look)
    for limit, rows in ((0, 0), (0.5 * heights[0], 1), (0.99 * heights[1], 2), (500, 4)):
        looked.clear()
        monkeypatch.setattr("byhand.reading.reader.AGAIN", limit)
        reader.read(page)
        assert looked.count(2) == 4 and looked.count(5) == rows


class Seen:
    """Stands in for the network for single digits: strokes are 1s with this probability, whatever the image."""

    input_shape = (28, 28, 1)

    def __init__(self, p: float):
        self.p, self.asked = p, 0

    def predict_proba(self, x: np.ndarray) -> np.ndarray:
        assert x.shape[1:] == (28, 28, 1) and x.dtype == np.uint8 and all(image.max() == 255 for image in x)
        self.asked += len(x)
        p = np.zeros((len(x), 10))
        p[:, 1], p[:, 7] = self.p, 1 - self.p
        return p


@pytest.mark.parametrize(("p", "label"), [(0.9, (1, 1)), (0.1, (7, 1)), (0.5, (1, 1))])
def test_where_the_views_differ_the_second_network_judges_too(p: float, label: tuple[int, ...]) -> None:
    ink = np.where((np.arange(120) % 60 // 4 == 7)[None] & (np.abs(np.arange(60) - 30) < 20)[:, None], 255, 0)
    row = row_ink(ink.astype(np.uint8), ink > 0)  # two strokes, at columns 28-31 and 88-91
    second = Seen(p)
    reader = RowReader([row_network(0)], second)  # type: ignore[arg-type]
    calls = []

    def look(crops: list[Crop]) -> tuple[list[Crop], np.ndarray]:
        """Views in turn read 11, a little surer, and 71."""
        p = np.full((len(crops), 30, 11), 1e-3)
        for i, one in enumerate(crops):
            steps = [round((x - one.left) * one.scale / reader.step) for x in (30, 90)]
            p[i, :, 10] = 1
            p[i, steps, 10] = 1e-3
            first = 1 - len(calls) % 2
            calls.append(first)
            p[i, steps[0], (7, 1)[first]], p[i, steps[0], (1, 7)[first]] = 0.5 + 0.02 * first, 0.3
            p[i, steps[1], 1] = 0.9
        return crops, p

    reader.look = look  # type: ignore[method-assign]
    found = reader.read(row)
    assert found.label == label and len(calls) == 7 and second.asked == 1  # strokes, all alike
    np.testing.assert_allclose(found.middles, [30, 90], atol=4)
    assert RowReader([row_network(0)]).second is None
    reader.restricted("text").read(row)
    assert second.asked == 1  # it knows no signs


def test_networks_for_very_long_rows_are_not_kept() -> None:
    reader = RowReader([row_network(0)])
    long, short = np.zeros((2, 40, 2400), np.uint8), np.zeros((2, 40, 200), np.uint8)
    for image in (*short, *long):
        assert reader.look([Crop(image, 0.0, 1.0)])[1].shape[1] >= image.shape[1] / reader.step
    (kept,) = reader.widths
    assert 200 <= kept < 400


def test_where_digits_are_asked_for_a_stroke_is_rather_a_one_than_a_slash():
    network = signs_network(rng=0)
    p = np.full((1, 1, network.outputs), 1e-3)
    one, slash = ALPHABET.index("1"), ALPHABET.index("/")
    p[..., one], p[..., slash] = 0.4, 0.58
    p /= p.sum()
    seen = RowReader([network]).of_digits(p)
    assert seen.shape == (1, 1, 11) and seen.argmax() == one
    assert RowReader([network], form="text").of_digits(p).argmax() == slash


def test_ink_that_is_seen_and_is_no_numbers_counts_against_a_row():
    """By hand: two views, two steps; of 1.5 that is seen at the first step and 0.5 at the second, 0.6 is unread ink."""
    p = np.zeros((2, 2, len(ALPHABET) + 1))
    p[:, 0, UNREAD] = 0.5, 0.1
    p[:, 0, ALPHABET.index("7")] = 0.3, 0.6
    p[0, 1, ALPHABET.index("7")] = 0.5
    p[:, :, -1] = 1 - p[:, :, :-1].sum(axis=2)
    assert own_ink(p) == pytest.approx(1 - 0.6 / 2)
    assert own_ink(np.full((2, 2, 11), 1 / 11)) == 1  # a network for digits alone


@pytest.mark.parametrize("form", ["text", "digits"])
def test_letters_are_less_a_number_than_digits_are(form: str):
    way = Reader(form=form)._way

    def own(ink: np.ndarray) -> float:
        return way.read(row_ink(ink, ink > 100)).own

    rng = np.random.default_rng(0)
    words = [np.rint(255 * draw_other(rng, 40, "word")).astype(np.uint8) for _ in range(20)]
    rows = [write_line("20741", writer, LineStyle(), rng, (40, 400)).ink for writer in drawn_writers(20, rng)]
    assert np.mean([own(ink) for ink in rows]) > 0.97
    assert np.mean([own(ink) for ink in words]) < 0.7
