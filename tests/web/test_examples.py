"""The digits that write themselves."""

import numpy as np

from byhand.handwriting.forms import FORMS
from byhand.web.examples import examples


def test_the_tidy_hand_follows_the_first_forms():
    """Its strokes begin and end where the forms' do, leaning a little."""
    for digit, strokes in examples(0).items():
        form = FORMS[int(digit)][0]
        assert len(strokes) == len(form)
        heights = [(stroke[0][1], stroke[-1][1]) for stroke in strokes]
        np.testing.assert_allclose(heights, [(stroke[0][1], stroke[-1][1]) for stroke in form], atol=0.12)


def test_every_hand_fills_the_same_box_and_no_two_write_alike():
    written = [examples(hand) for hand in range(20)]
    for digits in written:
        assert list(digits) == list("0123456789")
        for strokes in digits.values():
            points = np.concatenate(strokes)
            assert points[:, 1].min() == 0 and points[:, 1].max() == 1
            assert abs(points[:, 0].min() + points[:, 0].max()) < 0.003
    assert len({str(digits["8"]) for digits in written}) == 20
