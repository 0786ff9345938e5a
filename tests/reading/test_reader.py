"""Whole pictures read with the networks that come with the package."""

import json
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import byhand
from byhand.core.errors import ByhandError
from byhand.handwriting.alphabet import ALPHABET
from byhand.handwriting.drawn import draw_ink
from byhand.handwriting.line import write_line
from byhand.handwriting.pens import Pen
from byhand.handwriting.strokes import Hand
from byhand.handwriting.style import LineStyle
from byhand.handwriting.writers import drawn_writer
from byhand.reading.reader import MODEL, Reader, sureness
from byhand.reading.reading import Digit, Row
from byhand.reading.row_read import RowRead
from byhand.reading.row_reader import RowReader

HAND, PEN = Hand(0.05, 0.0, 1.0, 0.01, 0.005), Pen(0.09)
ROWS = ["2063", "38", "60235"]  # digits that everybody writes alike


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader()


@pytest.fixture(scope="module")
def placed() -> Reader:
    return Reader(MODEL)


@pytest.fixture(params=["reader", "placed"])
def either(request: pytest.FixtureRequest) -> Reader:
    return request.getfixturevalue(request.param)  # type: ignore[no-any-return]


def page(rows: list[str] = ROWS, seed: int = 0, high: int = 60) -> tuple[np.ndarray, list[list[tuple[int, ...]]]]:
    """Dark digits on light paper, uint8 (height, width), and the box of each digit's ink."""
    rng = np.random.default_rng(seed)
    amount = np.zeros((30 + 2 * high * len(rows), 60 + high * max(map(len, rows))), np.float32)
    boxes = []
    for i, row in enumerate(rows):
        x, y = 30 + 11 * i, 30 + 2 * i * high
        boxes.append([])
        for name in row:
            ink = draw_ink(name, rng, high, HAND, PEN, form=0)
            place = amount[y : y + ink.shape[0], x : x + ink.shape[1]]
            np.maximum(place, ink, out=place)
            down, along = np.flatnonzero((ink > 0.5).any(axis=1)), np.flatnonzero((ink > 0.5).any(axis=0))
            boxes[-1].append((x + along[0], y + down[0], x + along[-1] + 1, y + down[-1] + 1))
            x += ink.shape[1] + 12
    picture = 230 - 190 * amount + rng.normal(0, 1.5, amount.shape)
    return np.clip(picture, 0, 255).astype(np.uint8), boxes


def test_rows_in_order_with_every_digit_in_its_place(either: Reader) -> None:
    picture, boxes = page()
    reading = either.read(picture)
    assert reading.text == "\n".join(ROWS)
    assert [line.text for line in reading.lines] == ROWS
    assert [digit.digit for digit in reading.digits] == list("".join(ROWS))
    for line, row in zip(reading.lines, boxes, strict=True):
        for digit, box in zip(line.digits, row, strict=True):
            np.testing.assert_allclose(digit.box, box, atol=2)
        hull = (*np.min(row, axis=0)[:2], *np.max(row, axis=0)[2:])
        np.testing.assert_allclose(line.box, hull, atol=2)
        assert 0 < line.confidence <= 1
        assert all(line.confidence <= 1.01 * max(digit.confidence for digit in line.digits) for line in reading.lines)


def test_digits_side_by_side_are_read_from_the_left(either: Reader) -> None:
    left, right = (page([row])[0] for row in ("23", "608"))
    width = left.shape[1]
    both = np.concatenate([left, np.full((left.shape[0], 300), 230, np.uint8), right], axis=1)
    reading = either.read(both)
    assert reading.text.split() == ["23", "608"]  # two rows, or two groups of one
    boxes = [digit.box for digit in reading.digits]
    assert boxes[1][2] <= width and boxes[2][0] >= width + 300


def test_light_on_dark_reads_the_same(either: Reader) -> None:
    picture, _ = page()
    dark, light = either.read(picture), either.read(255 - picture)
    assert dark.text == light.text
    np.testing.assert_allclose([d.box for d in dark.digits], [d.box for d in light.digits], atol=5)


def test_a_photo_is_turned_as_its_exif_says(reader: Reader) -> None:
    picture, boxes = page(["2063"])
    exif, stream = Image.Exif(), BytesIO()
    exif[0x0112] = 6  # the camera was held on its side: turn it clockwise to see it
    Image.fromarray(np.rot90(picture)).save(stream, "PNG", exif=exif)
    stream.seek(0)
    reading = reader.read(stream)
    assert reading.text == "2063"
    np.testing.assert_allclose([digit.box for digit in reading.digits], boxes[0], atol=2)


def test_a_large_photo_has_its_boxes_in_its_own_pixels(reader: Reader) -> None:
    picture, boxes = page()
    reading = reader.read(np.kron(picture, np.ones((6, 6), np.uint8)))
    assert reading.text == "\n".join(ROWS)
    truth = [6 * np.array(box) for row in boxes for box in row]
    np.testing.assert_allclose([digit.box for digit in reading.digits], truth, atol=15)


def test_nothing_is_read_where_nothing_is_written(either: Reader) -> None:
    rng = np.random.default_rng(0)
    for blank in (
        np.full((80, 60), 255.0),
        rng.normal(200, 5, (300, 400)),
        np.tile(np.linspace(90, 220, 300), (200, 1)),
    ):
        reading = either.read(np.clip(blank, 0, 255).astype(np.uint8))
        assert reading.text == "" and reading.lines == () and reading.digits == ()
        assert reading.to_json() == {"text": "", "lines": [], "rejected": []}
        assert reading.confidence == 1


def test_the_same_picture_gives_the_same_bits(either: Reader) -> None:
    picture, _ = page(seed=3)
    first = either.read(picture)
    either.read(page(["8"], seed=4)[0])
    assert json.dumps(first.to_json(images=True)) == json.dumps(either.read(picture.copy()).to_json(images=True))


def test_plain_data(either: Reader) -> None:
    plain = either.read(page()[0]).to_json()
    assert plain == json.loads(json.dumps(plain))
    assert plain.keys() == {"text", "lines", "rejected"}
    for line in plain["lines"]:
        assert line.keys() == {"text", "confidence", "box", "groups", "digits", "symbols", "unread"}
        assert line["text"] == "".join(digit["digit"] for digit in line["digits"])
        for digit in line["digits"]:
            assert digit.keys() == {"digit", "confidence", "box", "alternatives"}
            others = digit["alternatives"]
            assert all(other.keys() == {"digit", "confidence"} for other in others)
            assert digit["digit"] not in [other["digit"] for other in others]
            sure = [other["confidence"] for other in others]
            assert sure == sorted(sure, reverse=True) and digit["confidence"] + sum(sure) <= 1 + 1e-6
    (line, *_) = either.read(page()[0]).to_json(images=True)["lines"]
    image = np.array(line["digits"][0]["image"])
    assert image.shape == (28, 28) and image.max() > 200
    rows, columns = np.flatnonzero(image.max(axis=1) > 50), np.flatnonzero(image.max(axis=0) > 50)
    assert 18 <= max(np.ptp(rows), np.ptp(columns)) + 1 <= 20  # as MNIST has them


def test_the_short_way(tmp_path: Path) -> None:
    picture, _ = page(["2063"])
    Image.fromarray(picture).save(tmp_path / "a.png")
    assert byhand.read(tmp_path / "a.png").text == byhand.read(picture).text == "2063"
    assert byhand.read(picture, model=MODEL).text == "2063"
    with pytest.raises(ByhandError, match=r"b\.png cannot be opened"):
        byhand.read(tmp_path / "b.png")
    (tmp_path / "c.png").write_bytes(b"no picture")
    with pytest.raises(ByhandError, match=r"c\.png is not a picture"):
        byhand.read(tmp_path / "c.png")


def test_networks_that_read_no_digits_are_refused(tmp_path: Path) -> None:
    for shape, classes in ((784, 3), ((28, 28, 3), 10), (64, 10)):
        layers = [byhand.Flatten(), byhand.Dense(classes)] if isinstance(shape, tuple) else [byhand.Dense(classes)]
        byhand.Network(shape, layers, byhand.CategoricalCrossEntropy()).save(tmp_path / "m")
        with pytest.raises(ByhandError, match="28 × 28 and the ten digits"):
            Reader(tmp_path / "m")


def test_a_network_that_was_not_told_of_grey_levels_is_refused(tmp_path: Path) -> None:
    byhand.Network(784, [byhand.Dense(10)], byhand.CategoricalCrossEntropy()).save(tmp_path / "m")
    with pytest.raises(ByhandError, match='takes numbers; for pictures make it with inputs="grey levels"'):
        Reader(tmp_path / "m")


def test_a_drawing_is_read_as_its_picture_is(placed: Reader) -> None:
    """The ink alone, and the same ink on paper: the same digits in the same places."""
    picture, _ = page()
    ink = np.clip((picture.max() - picture.astype(int)) * 2, 0, 255).astype(np.uint8)
    drawn, read = placed.read_drawing(ink), placed.read(picture)
    assert drawn.text == read.text == "\n".join(ROWS)
    for a, b in zip(drawn.digits, read.digits, strict=True):
        np.testing.assert_allclose(a.box, b.box, atol=2)
        assert a.image.shape == (28, 28)
    assert placed.read_drawing(np.zeros((30, 30), np.uint8)).lines == ()
    with pytest.raises(ByhandError, match="uint8"):
        placed.read_drawing(np.zeros((30, 30)))


def test_the_finder_looks_at_a_drawing_only_where_its_bands_are_not_sure(
    reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    picture, _ = page()
    ink = np.clip((picture.max() - picture.astype(int)) * 2, 0, 255).astype(np.uint8)
    asked = []
    find = reader.finder.find
    monkeypatch.setattr(reader.finder, "find", lambda image: asked.append(image.shape) or find(image))
    assert reader.read_drawing(ink).text == "\n".join(ROWS) and not asked
    # the lowest row beside the others, half a row lower than the one above: no empty band parts them
    high = 120
    beside = np.zeros((ink.shape[0], 2 * ink.shape[1]), np.uint8)
    beside[:, : ink.shape[1]] = ink
    beside[2 * high :, : ink.shape[1]] = 0
    beside[high + 60 : high + 60 + ink.shape[0] - 2 * high, ink.shape[1] :] = ink[2 * high :]
    text = reader.read_drawing(beside).text
    assert asked and sorted(text.split()) == sorted(ROWS)


def test_a_row_without_digits_is_no_number(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    """A dash or a point by itself is told of, but not read."""
    picture, _ = page(["2063"])
    minus = RowRead((ALPHABET.index("-"),), 0.9, [40.0], np.full((1, len(ALPHABET)), 0.9))
    monkeypatch.setattr(RowReader, "read", lambda self, ink, again: minus)
    reading = reader.read(picture)
    assert reading.lines == () and [place.text for place in reading.rejected] == ["-"]


def test_signs_are_read_unless_digits_are_asked_for() -> None:
    rng = np.random.default_rng(1)
    writer = drawn_writer(0, "drawn 3")
    line = write_line("12.50", writer, LineStyle(), rng, (60, 400))
    picture = 230 - 190 * (np.pad(line.ink, 30) / 255)
    picture = np.clip(picture + rng.normal(0, 1.5, picture.shape), 0, 255).astype(np.uint8)
    assert Reader().read(picture).text == "12.50"
    assert Reader(form="digits").read(picture).text == "1250" == Reader(MODEL).read(picture).text


def test_a_row_is_as_sure_as_its_signs_are_and_as_its_ink_is_a_number() -> None:
    sign = Digit("7", 0.9, (0, 0, 9, 9), (), np.zeros((9, 9), np.uint8))
    assert sureness(Row((sign, sign), 0.81, (0, 0, 9, 9))) == pytest.approx(0.9)
    assert sureness(Row((sign, sign), 0.81, (0, 0, 9, 9), share=0.5)) == pytest.approx(0.45)


def test_what_the_finder_takes_for_letters_is_left_out(reader: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same row, most of whose ink is taken for other writing: it is rejected, and named."""
    picture, _ = page(["2074"])
    (row,) = reader.read(picture).lines
    assert row.text == "2074" and row.share > 0.9
    monkeypatch.setattr("byhand.reading.cut.number_share", lambda c: 0.3)
    reading = reader.read(picture)
    assert not reading.lines and [(place.reason, place.text) for place in reading.rejected] == [("unsure", "2074")]
