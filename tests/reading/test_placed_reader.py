"""Rows read with a network for single digits."""

import numpy as np
import pytest

from byhand.network import Network
from byhand.reading.crops import Ink, row_ink
from byhand.reading.placed_reader import PlacedReader
from byhand.reading.reader import MODEL
from byhand.reading.row_read import RowRead

P = np.full((3, 10), 0.01)
P[[0, 1, 2], [7, 0, 4]] = 0.9, 0.8, 0.5


class Seen:
    """A network that keeps what it was shown, and answers P."""

    input_shape = (784,)

    def predict_proba(self, x: np.ndarray) -> np.ndarray:
        self.x = x
        return P[: len(x)]


class Places:
    """Rows that stand where they are told to."""

    def __init__(self, middles: list[float], probability: float = 0.9):
        self.found = RowRead((3,) * len(middles), probability, middles, np.full((len(middles), 10), 0.1), True)

    def read(self, row: Ink, again: bool = True) -> RowRead:
        return self.found


def blocks() -> Ink:
    """Three blocks of ink: 40 high and 10, 20 and 30 wide, around the columns 25, 80 and 145."""
    image = np.zeros((60, 200), np.uint8)
    for left, right in ((20, 30), (70, 90), (130, 160)):
        image[10:50, left:right] = 255
    return row_ink(image, image > 0)


@pytest.mark.parametrize(("of_places", "whole"), [(0.9, 0.36), (0.2, 0.2)])
def test_the_network_names_what_stands_in_each_place(of_places: float, whole: float) -> None:
    network = Seen()
    read = PlacedReader(network, Places([25, 80, 145], of_places)).read(blocks())  # type: ignore[arg-type]
    assert read.label == (7, 0, 4) and read.middles == [25, 80, 145] and read.doubtful
    assert read.probability == pytest.approx(whole)  # 0.9 × 0.8 × 0.5, or what the places are worth
    np.testing.assert_array_equal(read.p, P)
    images = network.x.reshape(3, 28, 28)
    # each fits into 20 × 20 pixels, centred: 20 high and 5, 10, 15 wide
    np.testing.assert_allclose((images > 127).any(axis=2).sum(axis=1), 20, atol=1)
    np.testing.assert_allclose((images > 127).any(axis=1).sum(axis=1), [5, 10, 15], atol=1)


def test_where_no_digit_stands_the_network_is_not_asked() -> None:
    network = Seen()
    assert PlacedReader(network, Places([], 0.3)).read(blocks()).label == ()  # type: ignore[arg-type]
    assert not hasattr(network, "x")


def test_its_digits_are_those_of_the_network_and_not_of_the_rows() -> None:
    image = np.zeros((60, 80), np.uint8)
    image[10:50, 38:42] = 255  # an upright stroke, which the rows are said to take for a 3
    row = row_ink(image, image > 0)
    network = Network.load(MODEL)
    read = PlacedReader(network, Places([40])).read(row)  # type: ignore[arg-type]
    assert read.label == (1,) and read.p.shape == (1, 10) and read.p[0, 1] > 0.9
