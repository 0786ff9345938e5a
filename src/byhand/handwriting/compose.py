"""Rows of writing, composed of single digits: heights and baselines uneven, tight or wide, touching, broken."""

import re
from dataclasses import dataclass, replace

import numpy as np

from byhand.core.types import Array
from byhand.handwriting.glyphs import HEIGHT, Writer
from byhand.handwriting.warp import warp

# Where a mark's middle stands in a digit's height, 0 = top, 1 = foot.
PLACE = {".": 0.96, ",": 1.04, "-": 0.52, "=": 0.52, "'": 0.08, "*": 0.55}
USUAL = 8  # digits of most rows, at most
CLOSEST = 0.3  # glyphs overlap by at most this part of the narrower one's width


@dataclass(frozen=True)
class Style:
    """How a row is written; lengths as parts of a digit's height.

    Attributes:
        wide: by how much every digit is made wider.
        slant: by how many columns a row all of the writing leans further to the right.
        gap: from one digit to the next.
        uneven_gap: standard deviation of the gap.
        uneven_height: of a digit's height.
        uneven_base: of a digit's foot.
        climb: how far the line rises over its length, by height of a digit.
        wave: how far it swings up and down meanwhile.
        space: the chance of a wider space after a digit.
        small_zeros: the zeros' height.
        raised_zeros: where small ones stand: 0 on the line, 1 at the top.
        thousands: the mark between groups of three, or none.
        tail: marks behind the last digit.
        breaks: how many places without ink.
        bent: how far the paper is stretched unevenly.
    """

    wide: float = 1.0
    slant: float = 0.0
    gap: float = 0.15
    uneven_gap: float = 0.05
    uneven_height: float = 0.05
    uneven_base: float = 0.03
    climb: float = 0.0
    wave: float = 0.0
    space: float = 0.0
    small_zeros: float = 1.0
    raised_zeros: float = 0.0
    thousands: str = ""
    tail: str = ""
    breaks: int = 0
    bent: float = 0.0


def any_style(rng: np.random.Generator) -> Style:
    """Some way of writing a row."""
    kind = rng.random()
    gap = rng.uniform(-0.12, 0.02) if kind < 0.25 else rng.uniform(0.0, 0.3) if kind < 0.8 else rng.uniform(0.3, 1.0)
    style = Style(
        wide=float(np.exp(rng.normal(0.14, 0.2))),
        slant=rng.normal(-0.08, 0.22) if rng.random() < 0.8 else 0.0,
        gap=gap,
        uneven_gap=rng.uniform(0.02, 0.12),
        uneven_height=rng.uniform(0.02, 0.14),
        uneven_base=rng.uniform(0.01, 0.08),
        climb=rng.normal(0, 0.25) if rng.random() < 0.4 else 0.0,
        wave=rng.uniform(0, 0.25) if rng.random() < 0.15 else 0.0,
        space=0.3 if rng.random() < 0.12 else 0.0,
        small_zeros=rng.uniform(0.4, 0.9) if rng.random() < 0.35 else 1.0,
        raised_zeros=rng.uniform(0, 1) if rng.random() < 0.4 else 0.0,
        breaks=int(rng.integers(1, 5)) if rng.random() < 0.1 else 0,
        bent=rng.uniform(0.02, 0.12) if rng.random() < 0.6 else 0.0,
    )
    if rng.random() < 0.35:
        style = replace(style, thousands=".,.'"[int(rng.integers(4))])
    if rng.random() < 0.2:
        style = replace(style, tail=(".", ",", "-", "=", ".-", ",-", ".=", "*", "//", "./")[int(rng.integers(10))])
    return style


def any_number(rng: np.random.Generator, longest: int) -> str:
    """Digits to write: 1 to `longest` of them, sometimes round, sometimes many of a kind."""
    usual = min(longest, USUAL)
    n = int(rng.integers(1, usual + 1, size=2).min() if rng.random() < 0.3 else rng.integers(1, usual + 1))
    if rng.random() < 0.1:
        n = int(rng.integers(1, longest + 1))
    kind = rng.random()
    digits = rng.integers(10, size=n)
    if kind < 0.18:
        digits[int(rng.integers(n + 1)) :] = 0  # 4000, 120
    elif kind < 0.25:
        digits[:] = rng.choice(digits[:2], n)
    return "".join(map(str, digits))


def write_row(label: str, writer: Writer, style: Style, rng: np.random.Generator, size: tuple[int, int]) -> Array:
    """The ink of a row that reads `label`: uint8 (height, width), at most `size`, as high as `size` says or less wide.

    All of the writing is in it, cut tightly from above and below.
    """
    pieces = _spelled(label, writer, style, rng)
    n = len(pieces)
    noise = rng.standard_normal((3, n))
    glyphs = [_pick(writer, piece, rng) for piece in pieces]
    shapes = np.array([glyph.shape for glyph in glyphs]) / HEIGHT  # (n, 2)
    digit = np.array([piece.isdigit() for piece in pieces])
    relative = np.exp(style.uneven_height * noise[0])
    zero = np.array([piece.strip("0") == "" for piece in pieces])
    relative *= np.where(zero, style.small_zeros, 1)
    shapes *= np.where(digit, relative, 1)[:, None] * (1, style.wide)
    gaps = style.gap + style.uneven_gap * noise[1] + (rng.random(n) < style.space) * rng.uniform(0.4, 1.2)
    gaps[1:] = np.maximum(gaps[1:], -CLOSEST * np.minimum(shapes[:-1, 1], shapes[1:, 1]))
    left = np.cumsum(gaps + np.concatenate([[0], shapes[:-1, 1]]))
    left -= left[0]
    along = left / max(left[-1], 1)  # 0-1
    base = style.uneven_base * noise[2] - style.climb * along
    if style.wave:
        base += style.wave * np.sin(rng.uniform(2, 7) * along + rng.uniform(0, 6))
    base -= style.raised_zeros * (1 - style.small_zeros) * zero
    middle = np.array([PLACE.get(piece, 0.0) - 1 for piece in pieces])
    top = base + np.where(digit, -shapes[:, 0], middle - shapes[:, 0] / 2)
    room = size[0], max(1, size[1] - round(abs(style.slant) * size[0]))
    row = _paste(glyphs, shapes, left, top - top.min(), style, rng, room)
    return _leaning(warp(row, style.bent, rng) if style.bent else row, style.slant)


def _spelled(label: str, writer: Writer, style: Style, rng: np.random.Generator) -> list[str]:
    """What is written one after the other: digits, joined zeros where the writer has them, marks."""
    pieces = []
    for i, digit in enumerate(label):
        if style.thousands and i and (len(label) - i) % 3 == 0 and style.thousands in writer.glyphs:
            pieces.append(style.thousands)
        pieces.append(digit)
    pieces += [mark for mark in style.tail if mark in writer.glyphs]
    if "00" in writer.glyphs and rng.random() < 0.5:
        pieces = re.findall("000|00|.", "".join(pieces))
    return pieces


def _pick(writer: Writer, piece: str, rng: np.random.Generator) -> Array:
    pictures = writer.glyphs[piece]
    return pictures[int(rng.integers(len(pictures)))]


def _paste(
    glyphs: list[Array],
    shapes: Array,
    left: Array,
    top: Array,
    style: Style,
    rng: np.random.Generator,
    size: tuple[int, int],
) -> Array:
    """The glyphs at their places, everything scaled to fit `size`; narrowed where the row would be too long."""
    from PIL import Image

    extent = np.array([(top + shapes[:, 0]).max(), (left + shapes[:, 1]).max()])
    scale = size[0] / extent[0]
    across = min(scale, size[1] / extent[1])
    scale = min(scale, 1.7 * across)  # digits would be too slim: then the row is less high, too
    box = np.maximum(np.rint(shapes * (scale, across)).astype(int), 1)
    y, x = np.rint(top * scale).astype(int), np.rint(left * across).astype(int)
    row = np.zeros((int((y + box[:, 0]).max()), int((x + box[:, 1]).max())), np.uint8)
    for glyph, (h, w), i, j in zip(glyphs, box.tolist(), y.tolist(), x.tolist(), strict=True):
        small = np.asarray(Image.fromarray(glyph).resize((w, h), Image.Resampling.BILINEAR))
        place = row[i : i + h, j : j + w]
        np.maximum(place, small, out=place)
    for _ in range(style.breaks):
        i, j = int(rng.integers(row.shape[0])), int(rng.integers(row.shape[1]))
        row[i : i + int(rng.integers(1, 4)), j : j + int(rng.integers(1, 5))] //= 4
    return row


def _leaning(row: Array, slant: float) -> Array:
    """The row (height, width), sheared: wider by |slant| · height."""
    from PIL import Image

    more = round(abs(slant) * row.shape[0])
    if not more:
        return row
    first = slant * row.shape[0] if slant > 0 else 0.0  # by how far the top row is moved to the right
    shear = (1, slant, -first, 0, 1, 0)  # from the new picture's points to the old one's
    size = (row.shape[1] + more, row.shape[0])
    return np.asarray(Image.fromarray(row).transform(size, Image.Transform.AFFINE, shear, Image.Resampling.BILINEAR))
