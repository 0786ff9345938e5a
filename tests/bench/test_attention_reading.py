"""The experiment with rows of digits: its rows, and how answers are written step by step."""

import numpy as np
from bench.accuracy.attention_reading import LONGEST, MARK, read_writer, some_rows, with_tokens


def test_rows_show_their_digits_from_left_to_right():
    images = np.zeros((10, 28, 28), np.uint8)
    images[:, 4:24, 9:18] = 20 * np.arange(1, 11)[:, None, None]  # digit d has the grey level 20 (d + 1)
    slices, digits = some_rows(images, np.arange(10), 200, np.random.default_rng(0))
    assert slices.shape == (200, 42, 112) and {len(d[d >= 0]) for d in digits} == set(range(1, LONGEST + 1))
    for row, label in zip(
        slices.reshape(-1, 42, 28, 4).transpose(0, 2, 1, 3).reshape(-1, 28, 168), digits, strict=True
    ):
        assert not row[:4].any() and not row[24:].any()
        levels = row[10][row[10] > 0].astype(int) // 20 - 1
        assert set(levels) == set(label[label >= 0])
        assert levels[0] == label[0] or levels[0] in label[:2]  # neighbours may overlap by two pixels


def test_answers_are_written_from_the_digits_before():
    """A network that always answers one more than the token before, and a mark after 4."""

    class Counting:
        def predict_proba(self, x):
            before = x[:, 42:, :11].argmax(axis=2)
            return np.eye(11)[np.where(before == MARK, 2, np.where(before == 4, MARK, before + 1))]

    slices = np.zeros((3, 42, 112), np.uint8)
    assert (read_writer(Counting(), slices) == [2, 3, 4, -1, -1, -1]).all()
    tokens = with_tokens(slices[:1], np.array([[5, 6, MARK, MARK, MARK, MARK, MARK]]))[0, 42:]
    assert tokens.shape == (7, 112) and (tokens.sum(axis=1) == 255).all()
    assert tokens.argmax(axis=1).tolist() == [MARK, 5, 6, MARK, MARK, MARK, MARK]
