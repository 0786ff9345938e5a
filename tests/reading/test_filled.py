"""Pictures that one digit fills: there is no paper around it."""

import numpy as np
import pytest
from PIL import Image

from byhand import Network, Reader
from byhand.handwriting.drawn import draw_ink
from byhand.handwriting.pens import Pen
from byhand.handwriting.strokes import any_hand
from byhand.pictures.filled import papers, with_paper
from byhand.pictures.prepare import prepare
from byhand.reading.reader import MODEL

CLASSES = [0, 2, 3, 4, 5, 6, 8, 9]  # a 1 fills its box, and a 7's bar lies all along the rim


@pytest.fixture(scope="module")
def cut_out() -> tuple[list[np.ndarray], list[str]]:
    """Forty drawn digits, cut tightly and made 20 pixels high: ink 255 on paper 0."""
    rng = np.random.default_rng(4)
    labels = [str(digit) for digit in CLASSES * 5]
    images = []
    for label in labels:
        ink = draw_ink(label, rng, 80, any_hand(rng), Pen(0.13, 0.1, 0.2))
        size = (round(ink.shape[1] * 20 / ink.shape[0]), 20)
        images.append(
            np.asarray(Image.fromarray(np.rint(255 * ink).astype(np.uint8)).resize(size, Image.Resampling.BOX))
        )
    return images, labels


def test_the_papers_by_hand() -> None:
    image = np.full((10, 10), 200, np.uint8)
    image[2:8, 4:7] = 30  # 18 of 100 pixels
    image[0, 4:7] = 30  # and 3 of the 36 on the rim
    light, dark = papers(image) or pytest.fail("a digit could fill this picture")
    assert (light.level, dark.level) == (200, 30)
    assert light.rim == pytest.approx(33 / 36) and dark.rim == pytest.approx(3 / 36)
    wide, around = with_paper(image, light)
    assert around == 2 and wide.shape == (14, 14) and (wide[:2] == 200).all()
    np.testing.assert_array_equal(wide[2:-2, 2:-2], image)


def test_other_pictures_are_left_alone() -> None:
    grain = np.random.default_rng(0).normal(128, 30, (40, 40)).clip(0, 255).astype(np.uint8)
    little = np.full((40, 40), 230, np.uint8)
    little[10:30, 18:22] = 20  # 5 %
    row = np.full((20, 40), 230, np.uint8)
    row[4:16, 5:35:2] = 20  # twice as wide as high
    shade = np.tile(np.arange(0, 240, 8, dtype=np.uint8), (30, 1))
    assert papers(shade) is papers(grain) is papers(little) is papers(row) is papers(np.zeros((9, 9), np.uint8)) is None


@pytest.mark.parametrize("inverted", [False, True])
def test_they_are_read_whichever_side_is_darker(cut_out: tuple, inverted: bool) -> None:
    images, labels = cut_out
    pictures = [image if inverted else 255 - image for image in images]
    reader = Reader()
    readings = [reader.read(picture) for picture in pictures]
    assert sum(reading.text == label for reading, label in zip(readings, labels, strict=True)) >= 38
    for picture, reading in zip(pictures, readings, strict=True):
        for row in reading.lines:
            left, top, right, bottom = row.digits[0].box
            assert 0 <= left < right <= picture.shape[1] and 0 <= top < bottom <= picture.shape[0] == 20
            assert bottom - top >= 14  # the digit is as high as its picture


@pytest.mark.parametrize("inverted", [False, True])
def test_they_are_prepared_as_mnist_was(cut_out: tuple, inverted: bool) -> None:
    images, labels = cut_out
    prepared = [prepare(image if inverted else 255 - image) for image in images]
    network = Network.load(MODEL)
    named = network.predict(np.array([image for image, _ in prepared]).reshape(-1, *network.input_shape))
    assert sum(str(name) == label for name, label in zip(named, labels, strict=True)) >= 38
    for image, (left, top, right, bottom) in zip(images, (box for _, box in prepared), strict=True):
        assert left <= 1 and top <= 1 and image.shape[1] - right <= 1 and 20 - bottom <= 1
