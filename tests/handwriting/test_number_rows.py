import numpy as np
import pytest

from byhand.core.errors import ByhandError
from byhand.handwriting.alphabet import ALPHABET, decode, encode
from byhand.handwriting.fonts import _like_digits
from byhand.handwriting.glyphs import HEIGHT, Writer
from byhand.handwriting.hands import hands_in
from byhand.handwriting.line import WORN, thickened, write_line
from byhand.handwriting.numbers import any_text, label_of
from byhand.handwriting.rows import NumberRows
from byhand.handwriting.signs import SIGNS, STRANGE
from byhand.handwriting.style import LineStyle, in_cells, some_style
from byhand.handwriting.writers import Stock, collect, held_out

PLAIN = LineStyle(gap=0.2, uneven_gap=0, uneven_height=0, uneven_base=0)


@pytest.fixture(scope="module")
def stock() -> Stock:
    return collect("train", drawn=6)


def blocks() -> Writer:
    """Each symbol is a block of a grey level of its own."""
    glyphs = {symbol: [np.full((HEIGHT, 20), 90 + 5 * k, np.uint8)] for k, symbol in enumerate(ALPHABET + "÷Kx")}
    return Writer(glyphs)


def test_a_label_is_what_was_written() -> None:
    assert label_of("1'234,50 €") == "1234,50 €"
    assert label_of("45÷9=5") == "45?9?5"
    assert label_of("Total netto 12") == "? ? 12"
    assert decode(encode("+41 79 %£$€")) == "+41 79 %£$€"
    rng = np.random.default_rng(0)
    for _ in range(300):
        assert 1 <= len(any_text(rng, 12)) <= 12
        encode(label_of(any_text(rng, 12)))


def test_every_glyph_stands_in_its_box() -> None:
    rng = np.random.default_rng(0)
    line = write_line("307 9÷x2", blocks(), PLAIN, rng, (40, 400), digits_high=True)
    assert line.label == "307 9?2" and line.read.tolist() == [True, True, True, True, False, True]
    assert line.digit == 40 and line.base == pytest.approx(40, abs=1)
    for symbol, (left, top, right, bottom) in zip("3079", line.boxes, strict=False):
        inside = line.ink[round(top) : round(bottom), round(left) : round(right)]
        assert (inside == 90 + 5 * ALPHABET.index(symbol)).all()
    assert line.boxes[3, 0] - line.boxes[2, 2] == pytest.approx(40 * (PLAIN.gap + PLAIN.space), abs=2)


@pytest.mark.parametrize("slant", [-0.4, 0.0, 0.5])
@pytest.mark.parametrize("bent", [0.0, 0.1])
def test_boxes_hold_all_ink(slant: float, bent: float, stock: Stock) -> None:
    style = LineStyle(gap=0.6, slant=slant, bent=bent, uneven_base=0.1)
    line = write_line("48,3%", stock.kinds["drawn"][0], style, np.random.default_rng(1), (60, 900))
    covered = np.zeros(line.ink.shape, bool)
    for left, top, right, bottom in line.boxes:
        covered[int(top) : int(np.ceil(bottom)), int(left) : int(np.ceil(right))] = True
    assert line.ink[~covered].max(initial=0) < 64


def test_a_cell_has_one_symbol(stock: Stock) -> None:
    rng = np.random.default_rng(2)
    line = write_line("1703", blocks(), in_cells(PLAIN, rng), rng, (40, 2000))
    middles = (line.boxes[:, 0] + line.boxes[:, 2]) / 2
    assert (np.searchsorted(line.cells, middles) == [1, 2, 3, 4]).all()


def test_strokes_become_thicker_and_thinner() -> None:
    glyph = np.zeros((20, 20), np.uint8)
    glyph[8:12] = 255
    assert (thickened(glyph, 1) > 127).sum() == 6 * 20 + 2 * 4  # a row more above and below, a column at either end
    assert (thickened(glyph, -1) > 127).sum() == 2 * 18


@pytest.mark.parametrize("stroke", [0.0, 1.5])
def test_signs_are_as_thick_as_the_digits_and_never_lost(stroke: float) -> None:
    """A thick pen's digits beside a fine pen's signs, as they are and made thinner."""
    ring = np.full((HEIGHT, 24), 255, np.uint8)
    ring[8:-8, 8:-8] = 0
    point, dash = np.full((3, 3), 140, np.uint8), np.full((2, 14), 255, np.uint8)
    writer = Writer({"0": [ring], ".": [point], "-": [dash]})
    style = LineStyle(gap=0.2, uneven_gap=0, uneven_height=0, uneven_base=0, stroke=stroke)
    line = write_line("-0.0", writer, style, np.random.default_rng(0), (40, 400), digits_high=True)
    high = [
        int((line.ink[round(top) : round(bottom), round(left) : round(right)] > 127).sum(axis=0).max())
        for left, top, right, bottom in line.boxes
    ]  # the tallest column of each symbol
    thick = 8 * (1 - 2 * WORN) if stroke else 8
    assert high[1] == pytest.approx(40 - (8 - thick), abs=1.5)
    assert high[0] == pytest.approx(thick, rel=0.35)
    assert high[2] == pytest.approx(1.4 * thick, rel=0.35)


def test_rows_are_the_same_for_the_same_generator_and_labelled(stock: Stock) -> None:
    rows = NumberRows(stock)
    x, t = rows.batch(20, np.random.default_rng(3))
    again = rows.batch(20, np.random.default_rng(3))
    assert (x == again[0]).all() and (t == again[1]).all()
    assert x.shape == (20, 40, 320, 1) and x.dtype == np.uint8 and t.shape == (20, 24)
    assert t.min() >= -1 and t.max() < len(ALPHABET)
    assert ((np.diff((t >= 0).astype(int), axis=1)) <= 0).all()  # −1 only behind the label


def test_a_space_stands_between_two_rows_side_by_side(stock: Stock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(NumberRows, "picture", lambda *_: (np.full((40, 150), 255, np.uint8), "12"))
    _, t = NumberRows(stock).batch(1, np.random.default_rng(0))
    assert decode(t[0]) == "12 12"


def test_writers_are_in_one_part_only() -> None:
    train, validation = (collect(part, drawn=60) for part in ("train", "validation"))
    names = [{writer.name for kind in stock.kinds.values() for writer in kind} for stock in (train, validation)]
    assert not names[0] & names[1] and len(names[0] | names[1]) == 60
    assert all(held_out(name) for name in names[1])
    with pytest.raises(ByhandError, match="train or validation"):
        collect("test")


def test_every_drawn_writer_has_every_sign(stock: Stock) -> None:
    for writer in stock.kinds["drawn"]:
        assert {*SIGNS, *STRANGE, *"0123456789"} <= {*writer.glyphs}


def test_hands_are_read_from_a_folder(tmp_path) -> None:
    images = np.zeros((40, 64, 64), np.uint8)
    images[:, 10:50, 20:40] = 255
    np.savez(tmp_path / "kensanata-train.npz", images=images, labels=np.arange(40) % 10, writer=["a"] * 20 + ["b"] * 20)
    line = np.array([[10, 0, 0], [10, 20, 0], [10, 40, 1]], np.float32)
    offsets = 3 * np.arange(41)
    np.savez(
        tmp_path / "uji_digits.npz", points=np.tile(line, (40, 1)), offsets=offsets, labels=np.repeat(range(10), 4)
    )
    writers = hands_in(tmp_path, np.random.default_rng(0))
    assert {writer.name for writer in writers} == {"kensanata a", "kensanata b", "uji 0", "uji 1"}
    for writer in writers:
        for digit in "0123456789":
            for glyph in writer.glyphs[digit]:
                assert glyph.dtype == np.uint8 and glyph.max() > 100 and abs(len(glyph) - HEIGHT) <= 2


def test_a_line_is_never_higher_than_asked_for(stock: Stock) -> None:
    for seed in range(200):
        rng = np.random.default_rng(seed)
        high, wide = int(rng.integers(3, 60)), int(rng.integers(3, 200))
        writer = stock.pick(rng)
        line = write_line(any_text(rng, 12), writer, some_style(rng), rng, (high, wide))
        assert 1 <= len(line.ink) <= high
        assert line.boxes.min(initial=0) >= 0 and line.boxes[:, 3].max(initial=0) <= len(line.ink)


def test_letters_that_look_like_digits_are_left_out() -> None:
    ring, bar = np.zeros((40, 24), np.uint8), np.full((40, 6), 255, np.uint8)
    ring[:4], ring[-4:], ring[:, :4], ring[:, -4:] = 255, 255, 255, 255
    cross = np.zeros((40, 24), np.uint8)
    cross[18:22], cross[:, 10:14] = 255, 255
    glyphs = {str(digit): [np.full((40, 24), 255, np.uint8)] for digit in range(2, 10)}
    glyphs |= {"0": [ring], "1": [bar], "O": [ring], "o": [ring[::2, ::2]], "l": [bar], "x": [cross]}
    assert _like_digits(glyphs) == ["O", "o", "l"]
