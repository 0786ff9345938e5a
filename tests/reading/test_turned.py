"""Boxes of a turned picture, in the picture itself."""

import numpy as np
import pytest

from byhand.reading.reading import Digit, Reading, Row, Unread
from byhand.reading.turned import turned_back, without_rim


@pytest.mark.parametrize("turns", [0, 1, 2, 3])
def test_boxes_come_back_to_their_pixels(turns):
    picture = np.zeros((40, 70), np.uint8)
    picture[5:12, 20:50] = 1
    turned = np.rot90(picture, turns)
    y, x = np.nonzero(turned)
    box = (int(x.min()), int(y.min()), int(x.max()) + 1, int(y.max()) + 1)
    digit = Digit("3", 0.9, box, (), np.zeros((3, 3), np.uint8))
    place = Unread(box, "other")
    reading = turned_back(Reading((Row((digit,), 0.9, box, (1,), (place,)),), (place,)), turns, picture.shape)
    (row,) = reading.lines
    assert {row.box, row.symbols[0].box, row.unread[0].box, reading.rejected[0].box} == {(20, 5, 50, 12)}
    assert row.text == "3"


def test_boxes_of_a_picture_with_a_rim_lie_within_the_picture():
    inner, outer = (5 + 8, 2 + 8, 30 + 8, 20 + 8), (0, 0, 200, 200)
    places = tuple(Unread(box, "other") for box in (inner, outer))
    reading = without_rim(Reading((), places), 8, (40, 70))
    assert [place.box for place in reading.rejected] == [(5, 2, 30, 20), (0, 0, 70, 40)]
