"""Handwriting that the project draws itself: digits as much of the world writes them, by many hands and pens."""

import os
from io import BytesIO
from pathlib import Path

import numpy as np

from byhand.core.errors import ByhandError
from byhand.core.files import write_atomically
from byhand.core.types import Array
from byhand.handwriting.forms import FORMS
from byhand.handwriting.pens import Pen, pen_trace
from byhand.handwriting.strokes import Hand, all_forms, any_hand, write_down

SMOOTHING = 2  # a picture's digit is drawn this many times too large, then averaged


def draw_ink(label: str, rng: np.random.Generator, height: int, hand: Hand, pen: Pen, form: int | None = None) -> Array:
    """The ink of a digit, of joined zeros ("00", "000") or of a mark, cut tightly: float32, 0-1.

    A digit is `height` pixels high; a mark is as high as it is beside such a digit. `form` picks one of the ways of
    writing it, otherwise chance does.
    """
    forms = all_forms()[label]
    chosen = forms[int(rng.integers(len(forms))) if form is None else form]
    curve = write_down(chosen, hand, rng)
    if label[0].isdigit():
        curve /= np.ptp(curve[:, 1])
    return pen_trace(curve, chosen.starts, chosen.ends, chosen.along, pen, height, rng)


def draw_digit(
    digit: int,
    rng: np.random.Generator,
    size: int = 128,
    pen: float = 0.09,
    dark_on_light: bool = True,
    form: int | None = None,
) -> Array:
    """A picture of one handwritten digit: uint8 `(size, size)`.

    pen is the stroke's width as a part of the digit's height, 0.02-0.3. form picks one of the digit's ways of being
    written, otherwise chance does. The same generator state gives the same picture.
    """
    if digit not in FORMS:
        raise ByhandError(f"{digit!r} is not a digit; draw 0 to 9.")
    if not 8 <= size <= 4096:
        raise ByhandError(f"a picture of {size} pixels cannot be drawn; its side is 8 to 4096.")
    if not 0.02 <= pen <= 0.3:
        raise ByhandError(f"a pen of {pen:g} cannot be drawn with; its width is 0.02 to 0.3 of the digit's height.")
    forms = FORMS[digit]
    if form is None:
        form = int(rng.integers(len(forms)))
    if not 0 <= form < len(forms):
        raise ByhandError(f"there is no form {form} of the digit {digit}; it has the forms 0 to {len(forms) - 1}.")
    height = rng.uniform(0.5, 0.75) * size
    ink = draw_ink(str(digit), rng, round(SMOOTHING * height), any_hand(rng), Pen(pen, 0.15, 0.35), form)
    return on_paper(_somewhere(ink, size, rng), dark_on_light, rng)


def write_samples(folder: str | os.PathLike[str], rng: np.random.Generator, each: int = 1) -> list[tuple[Path, int]]:
    """Draw `each` pictures of every digit as PNG files in a folder, made if need be; the paths and their digits.

    They differ in size, pen, paper and ink; every fourth is light on dark.
    """
    from PIL import Image

    samples = []
    for n in range(each):
        for digit in range(10):
            size, pen = int(rng.integers(48, 256)), rng.uniform(0.06, 0.14)
            picture = draw_digit(digit, rng, size, pen, dark_on_light=(digit + n) % 4 != 3)
            png = BytesIO()
            Image.fromarray(picture).save(png, "PNG")
            path = Path(folder) / f"{digit}-{n + 1}.png"
            write_atomically(path, png.getvalue())
            samples.append((path, digit))
    return samples


def on_paper(amount: Array, dark_on_light: bool, rng: np.random.Generator) -> Array:
    """Ink, (height, width) 0-1, on paper that is shaded and grained a little: uint8."""
    height, width = amount.shape
    y, x = np.mgrid[0 : 1 : height * 1j, 0 : 1 : width * 1j] - 0.5
    shade = rng.normal(0, 12, 2)
    light, dark = rng.uniform(205, 245), rng.uniform(15, 75)
    paper, pen = (light, dark) if dark_on_light else (dark, light)
    grain = rng.normal(0, 2.5, amount.shape)
    picture = paper + (pen - paper) * amount * rng.uniform(0.9, 1) + shade[0] * x + shade[1] * y + grain
    return np.rint(np.clip(picture, 0, 255)).astype(np.uint8)


def _somewhere(ink: Array, size: int, rng: np.random.Generator) -> Array:
    """The ink, drawn SMOOTHING times too large, around the middle of a square of `size`."""
    from PIL import Image

    height, width = (max(1, round(side / SMOOTHING)) for side in ink.shape)
    if width > 0.8 * size:
        height, width = round(height * 0.8 * size / width), round(0.8 * size)
    small = np.asarray(Image.fromarray(ink).resize((width, height), Image.Resampling.BOX))
    square = np.zeros((size, size), np.float32)
    top, left = (round(np.clip(rng.normal(0.5, 0.12), 0.1, 0.9) * (size - side)) for side in small.shape)
    square[top : top + height, left : left + width] = small
    return square
