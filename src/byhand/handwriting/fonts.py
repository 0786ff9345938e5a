"""Fonts as writers: printed digits, and handwriting that was made a font; from a folder of font files.

Every .woff2, .ttf or .otf file below the folder is one writer. A file below a folder named `printed` is a
printer, whose digits are all alike; any other is taken for a hand. `bench/reading/fetch_fonts.py` fills such a
folder with free fonts.
"""

from pathlib import Path
from typing import Any

import numpy as np

from byhand.core.types import Array
from byhand.handwriting.glyphs import HEIGHT, Writer
from byhand.handwriting.numbers import LATIN_LETTERS

SYMBOLS = "0123456789.,-/:+%€$£=÷×*#'()&" + LATIN_LETTERS
ALIKE = 0.12  # mean difference of two glyphs' pixels, 0-1, and of their proportions, below which they look alike
SUFFIXES = (".woff2", ".ttf", ".otf")


def fonts_in(folder: Path) -> list[Writer]:
    """A writer for each font file that has the ten digits; its name is that of the file's folder and of the file."""
    files = sorted(path for path in folder.rglob("*") if path.suffix in SUFFIXES)
    writers = [font_writer(path) for path in files]
    return [writer for writer in writers if all(str(digit) in writer.glyphs for digit in range(10))]


def font_writer(path: Path) -> Writer:
    """The symbols of a font file, its tallest digit HEIGHT pixels high.

    What the font lacks is left out, and so are letters that look like its digits.
    """
    from PIL import ImageFont

    large = ImageFont.truetype(str(path), 200)
    tall = max(
        large.getbbox(str(digit), anchor="ls")[3] - large.getbbox(str(digit), anchor="ls")[1] for digit in range(10)
    )
    font = ImageFont.truetype(str(path), max(8, round(200 * HEIGHT / tall)))
    missing = [_picture(font, symbol)[0].tobytes() for symbol in "\ue123\uffff"]
    glyphs, feet = {}, {}
    for symbol in SYMBOLS:
        picture, below = _picture(font, symbol)
        if picture.size and picture.max() > 127 and picture.tobytes() not in missing:
            glyphs[symbol] = [picture]
            feet[symbol] = 1 + below / HEIGHT
    for letter in _like_digits(glyphs):
        del glyphs[letter], feet[letter]
    return Writer(glyphs, f"{path.parent.name} {path.stem}", feet, printed="printed" in path.parts)


def _like_digits(glyphs: dict[str, list[Array]]) -> list[str]:
    """The letters that look like one of the font's digits, whatever their size: l, O and o in many, S in some."""
    from PIL import Image

    def shape(symbol: str) -> Array:
        glyph = glyphs[symbol][0]
        small = np.asarray(Image.fromarray(glyph).resize((16, 16), Image.Resampling.BOX), np.float32) / 255
        return np.append(small.ravel(), 16 * np.log(len(glyph) / glyph.shape[1]))

    digits = np.stack([shape(symbol) for symbol in "0123456789" if symbol in glyphs])
    letters = [symbol for symbol in glyphs if symbol.isalpha()]
    return [symbol for symbol in letters if np.abs(digits - shape(symbol)).mean(axis=1).min() < ALIKE]


def _picture(font: Any, symbol: str) -> tuple[Array, int]:
    """A symbol's ink, cut tightly, uint8 (height, width), and by how many pixels it reaches below the line."""
    from PIL import Image, ImageDraw

    left, top, right, bottom = font.getbbox(symbol, anchor="ls")
    image = Image.new("L", (max(1, right - left + 4), max(1, bottom - top + 4)))
    ImageDraw.Draw(image).text((2 - left, 2 - top), symbol, 255, font=font, anchor="ls")
    ink = np.asarray(image)
    rows, columns = np.flatnonzero((ink > 63).any(axis=1)), np.flatnonzero((ink > 63).any(axis=0))
    if not len(rows):
        return np.zeros((0, 0), np.uint8), 0
    tight = np.ascontiguousarray(ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1])
    return tight, int(rows[-1]) + 1 - 2 + top
