"""Sheets of images without gaps, pixel by pixel."""

import numpy as np
import pytest

from byhand import ByhandError
from byhand.plots import tiles


def test_each_image_is_in_its_place():
    images = np.random.default_rng(0).uniform(size=(2, 3, 4, 5))
    picture = tiles(images, "a title", rows=("one", "two"))
    (ax,) = picture.axes
    (shown,) = ax.images
    array = np.asarray(shown.get_array())
    assert array.shape == (2 * 4, 3 * 5)
    for row in range(2):
        for column in range(3):
            part = array[4 * row : 4 * row + 4, 5 * column : 5 * column + 5]
            np.testing.assert_array_equal(part, images[row, column])
    assert [label.get_text() for label in ax.get_yticklabels()] == ["one", "two"]
    assert ax.get_title() == "a title"


def test_colours():
    images = np.random.default_rng(0).uniform(size=(1, 2, 4, 4, 3))
    (shown,) = tiles(images).axes[0].images
    np.testing.assert_allclose(np.asarray(shown.get_array())[:, 4:], images[0, 1])


def test_what_is_refused():
    with pytest.raises(ByhandError, match="rows, columns, height, width"):
        tiles(np.zeros((2, 3, 4)))
    with pytest.raises(ByhandError, match="1 names for 2 rows"):
        tiles(np.zeros((2, 3, 4, 5)), rows=["one"])
