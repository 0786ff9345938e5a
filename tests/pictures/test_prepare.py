from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from byhand.core.errors import ByhandError
from byhand.handwriting.drawn import draw_digit
from byhand.pictures.prepare import place, prepare, strengthen


def block(height: int, width: int, top: int, left: int, shape: tuple[int, int] = (200, 200)) -> np.ndarray:
    """A dark rectangle on a light page."""
    image = np.full(shape, 230, np.uint8)
    image[top : top + height, left : left + width] = 20
    return image


def centre_of_mass(image: np.ndarray) -> tuple[float, float]:
    total = image.sum(dtype=float)
    return (
        float((image.sum(axis=1) * np.arange(28)).sum() / total),
        float((image.sum(axis=0) * np.arange(28)).sum() / total),
    )


def test_box_size_and_place_of_a_block() -> None:
    # 40 high, 16 wide -> 20 high, 8 wide; its middle (9.5, 3.5) moves to (14, 14), rounded to whole pixels
    image, box = prepare(block(40, 16, 100, 30))
    assert box == (30, 100, 46, 140)
    expected = np.zeros((28, 28), np.uint8)
    expected[4:24, 10:18] = 255
    np.testing.assert_array_equal(image, expected)


def test_a_wide_block_is_fitted_by_its_width() -> None:
    image, box = prepare(block(20, 50, 10, 20))
    assert box == (20, 10, 70, 30)
    rows, columns = np.flatnonzero(image.any(axis=1)), np.flatnonzero(image.any(axis=0))
    assert len(rows) == 8 and len(columns) == 20


def test_the_centre_of_mass_is_in_the_middle_not_the_box() -> None:
    seven = np.full((120, 120), 230, np.uint8)
    seven[30:40, 40:80] = 20  # the bar
    seven[30:90, 70:80] = 20  # the stem
    image, box = prepare(seven)
    assert box == (40, 30, 80, 90)
    y, x = centre_of_mass(image)
    assert abs(y - 14) <= 0.5 and abs(x - 14) <= 0.5
    middle = (np.flatnonzero(image.any(axis=0))[[0, -1]]).mean()
    assert middle < 13  # the box itself lies to the left


def test_place_at_the_edge_of_the_field() -> None:
    digit = np.zeros((20, 20), np.float32)
    digit[0, 0] = 1  # centre of mass in a corner: the field ends before it could be in the middle
    assert place(digit)[8, 8] == 255


@pytest.mark.parametrize("digit", range(10))
def test_invariances(digit: int) -> None:
    drawn = draw_digit(digit, np.random.default_rng(digit), size=120, pen=0.12, form=0)
    image, box = prepare(drawn)
    inverted, same_box = prepare(255 - drawn)
    assert same_box == box
    assert np.abs(inverted.astype(int) - image).max() <= 2
    big, big_box = prepare(np.kron(drawn, np.ones((4, 4), np.uint8)))
    assert np.abs(np.array(big_box) - 4 * np.array(box)).max() <= 8
    moved = [np.roll(big.astype(int), (y, x), (0, 1)) for y in (-1, 0, 1) for x in (-1, 0, 1)]
    assert min(np.abs(m - image).mean() for m in moved) < 6  # whole pixels: the centre may round the other way


def test_padding_does_not_change_it() -> None:
    small = block(40, 16, 20, 30, (80, 80))
    small[45:50, 30:70] = 20
    image, (left, top, right, bottom) = prepare(small)
    padded, box = prepare(np.pad(small, ((50, 120), (200, 10)), constant_values=230))
    np.testing.assert_array_equal(padded, image)
    assert box == (left + 200, top + 50, right + 200, bottom + 50)


def test_specks_frames_and_distant_writing_are_left_out() -> None:
    page = block(60, 12, 70, 90)
    clean, box = prepare(page)
    page[20:23, 30:33] = 20  # a speck
    page[60:75, 20:35] = 20  # a blot, too far away to belong to the digit
    page[2:4, 2:198] = page[196:198, 2:198] = page[2:198, 2:4] = page[2:198, 196:198] = 20  # a frame
    image, same_box = prepare(page)
    assert same_box == box
    np.testing.assert_array_equal(image, clean)


def test_a_broken_digit_keeps_its_parts() -> None:
    five = block(50, 8, 60, 90)
    five[48:56, 90:120] = 20  # a bar that does not touch
    assert prepare(five)[1] == (90, 48, 120, 110)


def test_large_pictures_are_made_smaller_but_the_box_is_in_their_pixels() -> None:
    image, box = prepare(block(800, 320, 1000, 600, (3000, 5000)))
    assert np.abs(np.array(box) - (600, 1000, 920, 1800)).max() <= 3
    np.testing.assert_array_equal(image[5:23, 11:17], 255)


def test_thin_strokes_are_thickened() -> None:
    line = np.ones((200, 1), np.float32)
    # 2 pixels of 20 are 20 of 200; 2 area / circumference = 2 · 200 / (402 π/4) = 1.27, so 9 on either side
    assert strengthen(line).shape == (218, 19)
    thick = np.ones((200, 40), np.float32)
    assert strengthen(thick) is thick


def test_blank_page_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ByhandError, match="no ink"):
        prepare(np.full((50, 50), 255, np.uint8))
    Image.new("L", (50, 50), 240).save(tmp_path / "blank.png")
    with pytest.raises(ByhandError, match=r"blank\.png"):
        prepare(tmp_path / "blank.png")


def test_a_page_with_nothing_but_dust_is_refused() -> None:
    page = np.full((100, 100), 230, np.uint8)
    page[10::30, 20::30] = 10
    with pytest.raises(ByhandError, match="no ink"):
        prepare(page)


def test_an_image_in_mnists_form_stays_as_it_is() -> None:
    # made as MNIST's were: 20 high, ink 254 on 0; its centre of mass is (13.84, 13.61), so pixel (14, 14)
    image = np.zeros((28, 28), np.uint8)
    image[4:24, 13:15] = 254
    image[14:18, 10:13] = 254
    image[4:24, 15:17] = 120  # a soft edge
    assert np.abs(np.array(centre_of_mass(image)) - 14).max() < 0.5
    prepared, box = prepare(image)
    assert box == (10, 4, 17, 24)
    assert np.abs(prepared.astype(int) - image).max() <= 2
