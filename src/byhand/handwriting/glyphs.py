"""Stocks of single digits, cut tightly, from which rows of writing are composed."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from byhand.core.types import Array
from byhand.handwriting.drawn import draw_ink
from byhand.handwriting.forms import FORMS, MARKS
from byhand.handwriting.pens import any_pen
from byhand.handwriting.strokes import all_forms, any_hand, has_bar, has_long_flag

HEIGHT = 40  # pixels of a digit in a stock
SLIMMEST, THICKEST = 0.28, 0.62  # where an enlarged MNIST digit is cut off: the higher, the thinner its strokes


@dataclass(frozen=True)
class Writer:
    """What one hand wrote with one pen.

    Attributes:
        glyphs: by what they read, a digit or joined zeros or a mark, pictures of ink: uint8 (height, width), 0-255.
        name: whose hand it is; it decides whether the hand is for training or for validation.
        feet: where a symbol's foot stands, 1 = on the line, 0 = a digit's height above; others stand as usual.
        printed: whether it is a printer's, whose digits are all alike.
    """

    glyphs: dict[str, list[Array]]
    name: str = ""
    feet: dict[str, float] = field(default_factory=dict)
    printed: bool = False


def drawn_writers(count: int, rng: np.random.Generator, each: int = 3) -> list[Writer]:
    """`count` writers, each with `each` pictures of every digit and one of each mark, drawn by strokes."""
    return [_drawn_writer(rng, each) for _ in range(count)]


def _drawn_writer(rng: np.random.Generator, each: int) -> Writer:
    hand, pen = any_hand(rng), any_pen(rng)
    glyphs = {}
    habits = {label: rng.integers(len(forms), size=2) for label, forms in all_forms().items()}  # of all the ways, two
    if any(has_long_flag(FORMS[1][form]) for form in habits["1"]):  # then it takes a bar to make a 7
        habits["7"] = rng.choice(barred_sevens(), 2)
    for label in [*"0123456789", "00", "000", *MARKS]:
        many = each if label.isdigit() else 1
        ways = [int(form) for form in habits[label]]
        glyphs[label] = [_bytes(draw_ink(label, rng, HEIGHT, hand, pen, ways[i % 2])) for i in range(many)]
    return Writer(glyphs)


def barred_sevens() -> list[int]:
    """Which forms of a 7 have a bar."""
    return [i for i, strokes in enumerate(FORMS[7]) if has_bar(strokes)]


def image_writers(
    images: Array, labels: Array, rng: np.random.Generator, count: int, marks: Sequence[Writer] = ()
) -> list[Writer]:
    """`count` writers made of images of single digits, such as MNIST's: the k-th has the k-th thickest of each digit.

    images are uint8 (n, height, width), ink 255 on paper 0, at least `count` of each digit; `labels` (n,) are their
    digits. Marks come from the writers `marks`, in turn.
    """
    cuts = rng.uniform(SLIMMEST, THICKEST, count)
    glyphs: list[dict[str, list[Array]]] = [{} for _ in range(count)]
    for digit in range(10):
        own = images[labels == digit]
        for k, part in enumerate(np.array_split(np.argsort(thickness(own), kind="stable"), count)):
            glyphs[k][str(digit)] = [enlarged(own[i], cuts[k]) for i in part]
    for k in range(count if marks else 0):
        glyphs[k] |= {mark: marks[k % len(marks)].glyphs[mark] for mark in MARKS}
    return [Writer(g) for g in glyphs]


def thickness(images: Array) -> Array:
    """About how thick the strokes of each image (n, height, width) are, in pixels: twice the area by the outline."""
    mask = np.pad(images > 127, ((0, 0), (1, 1), (1, 1)))
    outline = sum(np.diff(mask, axis=axis).sum(axis=(1, 2)) for axis in (1, 2)) * np.pi / 4
    return 2 * mask.sum(axis=(1, 2)) / np.maximum(outline, 1)


def enlarged(image: Array, cut: float, high: int = HEIGHT) -> Array:
    """The ink of a small image, cut tightly and enlarged to `high`, its soft edge made sharper around `cut`.

    What is much wider than high is made less high.
    """
    from PIL import Image

    rows, columns = np.flatnonzero((image > 63).any(axis=1)), np.flatnonzero((image > 63).any(axis=0))
    tight = np.ascontiguousarray(image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1])
    scale = high / max(tight.shape[0], 0.6 * tight.shape[1])
    size = (max(3, round(tight.shape[1] * scale)), max(3, round(tight.shape[0] * scale)))
    large = np.asarray(Image.fromarray(tight).resize(size, Image.Resampling.BICUBIC), np.float32) / 255
    return _bytes(np.clip((large - cut) * 3 + 0.5, 0, 1))


def _bytes(ink: Array) -> Array:
    return np.rint(ink * 255).astype(np.uint8)
