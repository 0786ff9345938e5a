"""A line of writing by one hand: glyphs side by side, uneven, tight or wide, touching, leaning, thin or bold."""

import re
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from byhand.core.types import Array
from byhand.handwriting.glyphs import HEIGHT, Writer
from byhand.handwriting.numbers import CLEAR, label_of
from byhand.handwriting.signs import foot
from byhand.handwriting.warp import warp

CLOSEST = 0.3  # glyphs overlap by at most this part of the narrower one's width
CELL = 0.9  # a line's height, times this: how far the nodes of the bent grid are apart
SMALLEST_BENT = 6  # pixels of a line that is bent, at least
SLIMMEST = 1.7  # a line that is too long is narrowed by at most this factor, then made less high, too
THINNEST, THICKEST = 1.3, 11.0  # pixels of a stroke, for digits of HEIGHT


@dataclass(frozen=True)
class Style:
    """How a line is written; lengths as parts of a digit's height.

    Attributes:
        wide: by how much every glyph is made wider.
        slant: by how many columns a row all of the writing leans further to the right.
        gap: from one glyph to the next.
        uneven_gap: standard deviation of the gap.
        uneven_height: of a glyph's height.
        uneven_base: of a glyph's foot.
        climb: how far the line rises over its length.
        wave: how far it swings up and down meanwhile.
        space: how wide a space is, beside the gaps.
        small_zeros: the zeros' height.
        raised_zeros: where small ones stand: 0 on the line, 1 at the top.
        breaks: how many places without ink.
        bent: how far the paper is stretched unevenly.
        stroke: how thick strokes are, in pixels of a digit HEIGHT pixels high; 0 as the writer's are.
        pitch: the width of a cell, if every symbol has one; 0 without.
    """

    wide: float = 1.0
    slant: float = 0.0
    gap: float = 0.15
    uneven_gap: float = 0.05
    uneven_height: float = 0.05
    uneven_base: float = 0.03
    climb: float = 0.0
    wave: float = 0.0
    space: float = 0.8
    small_zeros: float = 1.0
    raised_zeros: float = 0.0
    breaks: int = 0
    bent: float = 0.0
    stroke: float = 0.0
    pitch: float = 0.0


@dataclass(frozen=True)
class Line:
    """What was written.

    Attributes:
        ink: uint8 (height, width), cut tightly from above and below.
        label: what it reads, see `numbers.label_of`.
        boxes: of each symbol of the label except spaces: left, top, right, bottom in pixels, float (n, 4).
        read: which of these are of a number, not of other ink (n,).
        digit: pixels of a digit's height.
        base: the y of the line that digits stand on, at the left.
        cells: where the cells' sides stand, x in pixels, empty without cells.
    """

    ink: Array
    label: str
    boxes: Array
    read: Array
    digit: float
    base: float
    cells: Array


def any_style(rng: np.random.Generator, printed: bool = False) -> Style:
    """Some way of writing a line; what is printed stands evenly."""
    kind = rng.random()
    gap = (
        rng.uniform(-0.12, 0.02)
        if kind < 0.22
        else rng.uniform(0.0, 0.3)
        if kind < 0.8
        else float(np.exp(rng.uniform(-1.2, 0.5)))
    )
    space = max(0.45, 1.2 * gap) + rng.uniform(0, 0.9)
    if printed:
        wide = float(np.exp(rng.normal(0, 0.12)))
        return Style(wide, 0, min(gap, 0.5) if gap > 0 else 0.08, 0, 0, 0, space=space, stroke=_any_stroke(rng, 0.3))
    return Style(
        wide=float(np.exp(rng.normal(0.1, 0.2))),
        slant=rng.normal(-0.08, 0.22) if rng.random() < 0.7 else 0.0,
        gap=gap,
        uneven_gap=rng.uniform(0.02, 0.12),
        uneven_height=rng.uniform(0.02, 0.14),
        uneven_base=rng.uniform(0.01, 0.08),
        climb=rng.normal(0, 0.25) if rng.random() < 0.4 else 0.0,
        wave=rng.uniform(0, 0.25) if rng.random() < 0.15 else 0.0,
        space=space,
        small_zeros=rng.uniform(0.4, 0.9) if rng.random() < 0.3 else 1.0,
        raised_zeros=rng.uniform(0, 1) if rng.random() < 0.4 else 0.0,
        breaks=int(rng.integers(1, 5)) if rng.random() < 0.1 else 0,
        bent=rng.uniform(0.02, 0.12) if rng.random() < 0.6 else 0.0,
        stroke=_any_stroke(rng, 0.5),
    )


def _any_stroke(rng: np.random.Generator, chance: float) -> float:
    return float(np.clip(np.exp(rng.normal(1.35, 0.5)), THINNEST, THICKEST)) if rng.random() < chance else 0.0


def in_cells(style: Style, rng: np.random.Generator) -> Style:
    """The same, every symbol in a cell of its own."""
    return replace(style, pitch=rng.uniform(0.85, 1.7), slant=0.0, climb=0.0, wave=0.0, bent=min(style.bent, 0.03))


def write_line(
    text: str,
    writer: Writer,
    style: Style,
    rng: np.random.Generator,
    size: tuple[float, float],
    digits_high: bool = False,
) -> Line:
    """The line that `text` makes by this hand; see `numbers` for what a text may hold.

    The ink is `size[0]` pixels high, or with `digits_high` a digit is; less where it would be wider than `size[1]`.
    Symbols that the writer lacks are written as other ones of their kind.
    """
    pieces = _spelled(text, writer, style, rng)
    shapes, tops, lefts, cells, glyphs = _laid_out(pieces, writer, style, rng)
    tops = tops - tops.min()
    tall, wide = float((tops + shapes[:, 0]).max()), float((lefts + shapes[:, 1]).max())
    if style.pitch:
        wide = max(wide, cells[-1])
    scale = float(size[0]) if digits_high else size[0] / tall
    room = max(1.0, size[1] - abs(style.slant) * scale * tall)
    across = min(scale, room / wide)
    scale = min(scale, SLIMMEST * across)
    ink, boxes = _paste(glyphs, shapes * (scale, across), tops * scale, lefts * across, style, rng)
    if not digits_high:
        ink = ink[: max(1, round(size[0]))]  # each glyph's height and place were rounded
    if style.bent and min(ink.shape) > SMALLEST_BENT:
        ink = warp(ink, style.bent, rng, CELL)
        boxes += np.array([-0.5, -0.5, 0.5, 0.5]) * style.bent * len(ink)
    ink, boxes = _leaning(ink, boxes, style.slant)
    boxes = np.clip(boxes, 0, [ink.shape[1], ink.shape[0]] * 2)
    label, boxes, read = _by_symbol(pieces, boxes)
    base = float(np.median([(t + s[0]) * scale for p, t, s in zip(_inked(pieces), tops, shapes, strict=True)
                            if p[0].isdigit()] or [tall * scale]))  # fmt: skip
    return Line(ink, label, boxes, read, scale, base, cells * across)


def _inked(pieces: list[str]) -> list[str]:
    return [piece for piece in pieces if piece != " "]


def _spelled(text: str, writer: Writer, style: Style, rng: np.random.Generator) -> list[str]:
    """What is written one after the other: symbols, spaces, joined zeros where the writer has them."""
    pieces = [symbol if symbol == " " or symbol in writer.glyphs else _instead(symbol, writer, rng) for symbol in text]
    if "00" in writer.glyphs and not style.pitch and rng.random() < 0.5:
        pieces = re.findall("000|00|.", "".join(pieces))
    return pieces


def _instead(symbol: str, writer: Writer, rng: np.random.Generator) -> str:
    """Another symbol for one that the writer lacks: a letter that is no digit for other ink, a point for a sign."""
    if label_of(symbol) == "?":
        return next((s for s in rng.permutation(list(CLEAR)).tolist() if s in writer.glyphs), "0")
    return "." if "." in writer.glyphs else "1"


def _laid_out(
    pieces: list[str], writer: Writer, style: Style, rng: np.random.Generator
) -> tuple[Array, Array, Array, Array, list[Array]]:
    """Height and width (n, 2), top (n,), left (n,) of the glyphs as parts of a digit's height, cells' sides, glyphs."""
    inked = _inked(pieces)
    n = len(inked)
    glyphs = [writer.glyphs[piece][int(rng.integers(len(writer.glyphs[piece])))] for piece in inked]
    if style.stroke:
        now = _stroke(glyphs[0])
        more = np.clip(style.stroke, THINNEST, max(2 * now, THINNEST)) - now
        glyphs = [thickened(glyph, more / 2) for glyph in glyphs]
    noise = rng.standard_normal((3, n))
    shapes = np.array([glyph.shape for glyph in glyphs]) / HEIGHT
    number = np.array([piece[0].isdigit() for piece in inked])
    sizes = np.exp(style.uneven_height * noise[0] * np.where(number, 1.0, 1.8))
    zero = np.array([piece.strip("0") == "" for piece in inked])
    sizes = sizes * np.where(zero, style.small_zeros, 1)
    shapes = shapes * sizes[:, None] * (1, style.wide)
    before = np.zeros(n)
    k = -1
    for piece in pieces:
        if piece == " ":
            before[min(k + 1, n - 1)] += style.space
        else:
            k += 1
    if style.pitch:
        column = np.arange(n) + np.cumsum(np.rint(before / max(style.space, 0.01)))
        shapes[:, 1] = np.minimum(shapes[:, 1], 1.05 * style.pitch)
        lefts = (column + 0.5) * style.pitch - shapes[:, 1] / 2 + 0.06 * style.pitch * noise[1]
        lefts = np.maximum(lefts, 0)
        cells = np.arange(int(column[-1]) + 2) * style.pitch
    else:
        gaps = style.gap + style.uneven_gap * noise[1] + before
        gaps[1:] = np.maximum(gaps[1:], -CLOSEST * np.minimum(shapes[:-1, 1], shapes[1:, 1]))
        lefts = np.cumsum(gaps + np.concatenate([[0], shapes[:-1, 1]]))
        lefts = lefts - lefts[0]
        cells = np.zeros(0)
    along = lefts / max(lefts[-1], 1)  # 0-1
    base = style.uneven_base * noise[2] - style.climb * along
    if style.wave:
        base = base + style.wave * np.sin(rng.uniform(2, 7) * along + rng.uniform(0, 6))
    base = base - style.raised_zeros * (1 - style.small_zeros) * zero
    feet = np.array([1.0 if piece[0] == "0" and piece not in writer.feet else writer.feet.get(piece, foot(piece, high))
                     for piece, high in zip(inked, shapes[:, 0], strict=True)])  # fmt: skip
    return shapes, base + feet - shapes[:, 0], lefts, cells, glyphs


def _stroke(glyph: Array) -> float:
    """About how thick a glyph's strokes are, in pixels: twice the area by the outline, as in `glyphs.thickness`."""
    mask = np.zeros((glyph.shape[0] + 2, glyph.shape[1] + 2), bool)
    mask[1:-1, 1:-1] = glyph > 127
    outline = np.count_nonzero(mask[1:] ^ mask[:-1]) + np.count_nonzero(mask[:, 1:] ^ mask[:, :-1])
    return 2 * np.count_nonzero(mask) / max(outline * np.pi / 4, 1)


def thickened(glyph: Array, pixels: float) -> Array:
    """The ink, its strokes `pixels` thicker on either side, thinner if below 0: uint8, larger by the whole pixels."""
    left = abs(pixels)
    while left > 0.1:
        if pixels > 0:
            now = np.zeros((glyph.shape[0] + 2, glyph.shape[1] + 2), np.uint8)
            now[1:-1, 1:-1] = glyph
            changed = now.copy()
            for place in (changed[:-2, 1:-1], changed[2:, 1:-1], changed[1:-1, :-2], changed[1:-1, 2:]):
                np.maximum(place, glyph, out=place)
        else:
            now, changed = glyph, glyph.copy()
            for place, part in ((changed[1:], now[:-1]), (changed[:-1], now[1:])):
                np.minimum(place, part, out=place)
            for place, part in ((changed[:, 1:], now[:, :-1]), (changed[:, :-1], now[:, 1:])):
                np.minimum(place, part, out=place)
            changed[[0, -1]], changed[:, [0, -1]] = 0, 0
            if changed.max() < 150:
                break
        glyph = changed if left >= 1 else (now + left * (changed.astype(np.float32) - now)).astype(np.uint8)
        left -= 1
    return glyph


def _paste(
    glyphs: list[Array], shapes: Array, tops: Array, lefts: Array, style: Style, rng: np.random.Generator
) -> tuple[Array, Array]:
    """The glyphs at their places in pixels: the ink, and each one's box (n, 4)."""
    from PIL import Image

    box = np.maximum(np.rint(shapes).astype(int), 1)
    y, x = np.rint(tops).astype(int), np.rint(lefts).astype(int)
    image = Image.new("L", (int((x + box[:, 1]).max()), int((y + box[:, 0]).max())))
    for glyph, (h, w), i, j in zip(glyphs, box.tolist(), y.tolist(), x.tolist(), strict=True):
        sized = Image.fromarray(glyph).resize((w, h), Image.Resampling.BILINEAR)
        if h > 2 * HEIGHT and len(glyph) > 12:  # what was enlarged is soft: make its edge sharp again
            gain = h / HEIGHT / 1.5
            sized = sized.point([min(255, max(0, round((v - 127) * gain + 127))) for v in range(256)])
        image.paste(255, (j, i), sized)
    row = np.array(image)
    for _ in range(style.breaks):
        i, j, unit = int(rng.integers(row.shape[0])), int(rng.integers(row.shape[1])), len(row) / HEIGHT
        row[i : i + int(rng.integers(1, 4) * unit + 1), j : j + int(rng.integers(1, 5) * unit + 1)] //= 4
    return row, np.stack([x, y, x + box[:, 1], y + box[:, 0]], axis=1).astype(float)


def _leaning(row: Array, boxes: Array, slant: float) -> tuple[Array, Array]:
    """The row (height, width), sheared: wider by |slant| · height; its boxes (n, 4) with it."""
    from PIL import Image

    more = round(abs(slant) * row.shape[0])
    if not more:
        return row, boxes
    first = slant * row.shape[0] if slant > 0 else 0.0  # by how far the top row is moved to the right
    shear = (1, slant, -first, 0, 1, 0)  # from the new picture's points to the old one's
    size = (row.shape[1] + more, row.shape[0])
    leant = np.asarray(Image.fromarray(row).transform(size, Image.Transform.AFFINE, shear, Image.Resampling.BILINEAR))
    moved = first - slant * boxes[:, [1, 3]]  # (n, 2): of the box's top and bottom
    boxes = boxes.copy()
    boxes[:, 0] += moved.min(axis=1)
    boxes[:, 2] += moved.max(axis=1)
    return leant, boxes


def _by_symbol(pieces: list[str], boxes: Array) -> tuple[str, Array, Array]:
    """The label of the pieces, the box of each of its symbols except spaces, and whether it belongs to a number."""
    label, k = "", 0
    found: list[tuple[float, float, float, float]] = []
    for piece in pieces:
        if piece == " ":
            label += " "
            continue
        left, top, right, bottom = boxes[k]
        k += 1
        symbols = label_of(piece)
        if symbols == "?" and label.endswith("?"):  # the run goes on
            a = found[-1]
            found[-1] = (min(a[0], left), min(a[1], top), max(a[2], right), max(a[3], bottom))
            continue
        label += symbols
        edges = np.linspace(left, right, len(symbols) + 1)
        found += [(a, top, b, bottom) for a, b in pairwise(edges.tolist())]
    read = np.array([symbol != "?" for symbol in label if symbol != " "], bool)
    return label, np.array(found, float).reshape(-1, 4), read
