"""What is read on a page, and what is refused."""

import numpy as np
import pytest

from byhand.core.errors import ByhandError
from byhand.documents.options import ReadOptions
from byhand.reading.forms import NumberForm
from byhand.reading.reader import MODEL, Reader
from tests.documents.papers import paper


@pytest.fixture(scope="module")
def reader():
    return Reader()


@pytest.fixture(scope="module")
def page():
    return paper("2063", "38", "60235")


def boxes(reading):
    return [(row.text, *row.box) for row in reading.lines]


def near(found, expected, pixels=3):
    assert [text for text, *_ in found] == [text for text, *_ in expected]
    np.testing.assert_allclose([box[1:] for box in found], [box[1:] for box in expected], atol=pixels)


def test_a_region_in_pixels_and_percent_has_the_boxes_of_the_page(reader, page):
    whole = boxes(ReadOptions().read(reader, page))
    height, width = page.shape
    middle = round(0.3 * height), round(0.7 * height)
    near(boxes(ReadOptions(region=f"0,{middle[0]},{width},{middle[1]}").read(reader, page)), whole[1:2])
    near(boxes(ReadOptions(region="0,30%,100%,70%").read(reader, page)), whole[1:2])
    assert ReadOptions(region="10%, 0, 9999, 50.5%").box(200, 100) == (20, 0, 200, 50)  # cut to the page


@pytest.mark.parametrize("rotate", [90, 180, 270])
def test_a_rotated_page_is_read_and_its_boxes_are_those_of_the_page_as_it_came(reader, page, rotate):
    came = np.rot90(page, rotate // 90)  # counter-clockwise; to be rotated back clockwise
    reading = ReadOptions(rotate=rotate).read(reader, came)
    assert reading.text == "2063\n38\n60235" and reading.turns == (-rotate // 90) % 4
    for row, upright in zip(reading.lines, ReadOptions().read(reader, page).lines, strict=True):
        for box, text in [(row.box, row.text), *((d.box, d.digit) for d in row.digits)]:
            left, top, right, bottom = box
            cut = np.rot90(came[top:bottom, left:right], -rotate // 90)
            own = {upright.text: upright.box} | {d.digit: d.box for d in upright.digits if row.text.count(d.digit) == 1}
            if text in own:
                a, b, c, d = own[text]
                assert cut.shape == (d - b, c - a)
                np.testing.assert_array_equal(cut, page[b:d, a:c])


def test_a_region_is_meant_on_the_page_as_it_comes(reader, page):
    came = np.ascontiguousarray(np.rot90(page))
    upright = boxes(ReadOptions().read(reader, page))[1]
    reading = ReadOptions(rotate=90, region="30%,0,70%,100%").read(reader, came)
    assert [row.text for row in reading.lines] == ["38"]
    _, left, top, right, bottom = upright
    expected = (top, page.shape[1] - right, bottom, page.shape[1] - left)
    np.testing.assert_allclose(reading.lines[0].box, expected, atol=3)


def test_rows_of_another_length_or_a_lower_confidence_are_listed_as_rejected(reader, page):
    reading = ReadOptions(length="4-5").read(reader, page)
    assert reading.text == "2063\n60235"
    assert [(place.text, place.reason) for place in reading.rejected] == [("38", "length")]
    assert ReadOptions(length="2").read(reader, page).text == "38"
    rows = ReadOptions().read(reader, page).lines
    least = min(row.confidence for row in rows)
    assert len(ReadOptions(confidence=least).read(reader, page).lines) == 3
    reading = ReadOptions(confidence=float(np.nextafter(least, 1))).read(reader, page)
    assert len(reading.lines) == 2
    (place,) = reading.rejected
    assert (place.reason, place.confidence) == ("unsure", least)


BAD = {
    "confidence": [-0.1, 1.5, float("nan"), "high"],
    "length": ["0", "x", "5-4", "-3", "1.5", "4-", "99999"],
    "rotate": [45, -90, 360],
    "region": ["1,2,3", "1,2,3,4,5", "a,b,c,d", "1,2,3,%", "-1,0,5,5", "1e9,0,5,5", "nan,0,1,1", "1,2,3,4;", ",,,"],
    "pages": ["x"],
}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in BAD.items() for value in values])
def test_what_means_nothing_is_refused_by_name(name, value):
    with pytest.raises(ByhandError, match=name):
        ReadOptions(**{name: value})


@pytest.mark.parametrize(
    "region", ["5,0,5,9", "9,0,5,9", "200,0,300,50", "0,100%,100%,100%", "999999999,0,999999999,9"]
)
def test_a_region_without_pixels_is_refused(region):
    with pytest.raises(ByhandError, match="contains nothing of a page of 200 × 100"):
        ReadOptions(region=region).box(200, 100)


def test_a_pattern_of_digits_alone(reader, page):
    assert NumberForm(r"\d{4}|1[0-2]").only_digits and not NumberForm(r"\d+([.,]\d\d)?").only_digits
    own = Reader(form=r"\d{4,5}")
    reading = ReadOptions(pattern=r"\d{4,5}").read(own, page)
    assert reading.text == "2063\n60235" and [place.reason for place in reading.rejected] == ["unsure"]
    assert own.sure == reader.sure
    with pytest.raises(ByhandError, match="reads single digits"):
        Reader(MODEL, form=r"\d{4}")
    with pytest.raises(ByhandError, match="knows nothing but digits"):
        Reader(MODEL, form="amount")
