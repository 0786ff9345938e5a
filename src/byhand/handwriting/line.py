"""A line of writing by one hand: glyphs side by side, uneven, tight or wide, touching, leaning, thin or bold."""

import re
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from byhand.core.types import Array
from byhand.handwriting.glyphs import HEIGHT, Writer
from byhand.handwriting.numbers import CLEAR, label_of
from byhand.handwriting.signs import foot
from byhand.handwriting.style import THINNEST, LineStyle
from byhand.handwriting.warp import warp

CLOSEST_GLYPHS = 0.3  # glyphs overlap by at most this part of the narrower one's width
LINE_GRID = 1.2  # a line's height, times this: how far the nodes of the bent grid are apart
SMALLEST_BENT = 6  # pixels of a line that is bent, at least
POINT_SIGNS = {".": 1, ":": 2}  # signs that are points
POINT = 1.4  # strokes: how wide a point is
WORN = 0.2  # of a stroke's thickness that may be lost on either side
SLIMMEST = 1.7  # a line that is too long is narrowed by at most this factor, then made less high, too


@dataclass(frozen=True)
class InkLine:
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


def write_line(
    text: str,
    writer: Writer,
    style: LineStyle,
    rng: np.random.Generator,
    size: tuple[float, float],
    digits_high: bool = False,
) -> InkLine:
    """The line that `text` makes by this hand; see `numbers` for what a text may hold.

    The ink is `size[0]` pixels high, or with `digits_high` a digit is; less where it would be wider than `size[1]`.
    Symbols that the writer lacks are written as other ones of their kind.
    """
    pieces = _spelled(text, writer, style, rng)
    shapes, tops, lefts, cells, glyphs = _laid_out(pieces, writer, style, rng)
    tops = tops - tops.min()
    feet = [t + s[0] for p, t, s in zip(_inked(pieces), tops, shapes, strict=True) if p[0].isdigit()]
    ink, boxes = _paste(glyphs, shapes, tops, lefts, style, rng)
    ink, boxes, x = _warped(ink, boxes, style, rng)
    tall, wide = len(ink) / HEIGHT, ink.shape[1] / HEIGHT * style.wide
    wide = max(wide, cells[-1]) if style.pitch else wide
    scale = float(size[0]) if digits_high else size[0] / tall  # pixels of a digit's height
    across = min(scale, size[1] / wide)
    scale = min(scale, SLIMMEST * across)
    high = max(1, round(len(ink) * scale / HEIGHT))
    factor = np.array([across * style.wide, scale]) / HEIGHT
    ink = _resized(ink, (max(1, round(ink.shape[1] * factor[0])), high), scale)
    boxes = np.clip(boxes * np.tile(factor, 2), 0, [ink.shape[1], ink.shape[0]] * 2)
    label, boxes, read = _by_symbol(pieces, boxes)
    base = float(sorted(feet)[len(feet) // 2] * HEIGHT if feet else tall * HEIGHT) * factor[1]
    return InkLine(ink, label, boxes, read, scale, base, cells * across + x * factor[0])


def _inked(pieces: list[str]) -> list[str]:
    return [piece for piece in pieces if piece != " "]


def _spelled(text: str, writer: Writer, style: LineStyle, rng: np.random.Generator) -> list[str]:
    """What is written one after the other: symbols, spaces, joined zeros where the writer has them."""
    pieces = [symbol if symbol == " " or symbol in writer.glyphs else _instead(symbol, writer, rng) for symbol in text]
    if "00" in writer.glyphs and not style.pitch and rng.random() < 0.5:
        pieces = re.findall("000|00|.", "".join(pieces))
    return pieces


def _instead(symbol: str, writer: Writer, rng: np.random.Generator) -> str:
    """Another symbol for one that the writer lacks: a letter that is not a digit for other ink, a point for a sign."""
    if label_of(symbol) == "?":
        return next((s for s in rng.permutation(list(CLEAR)).tolist() if s in writer.glyphs), "0")
    return "." if "." in writer.glyphs else "1"


def _laid_out(
    pieces: list[str], writer: Writer, style: LineStyle, rng: np.random.Generator
) -> tuple[Array, Array, Array, Array, list[Array]]:
    """Height and width (n, 2), top (n,), left (n,) of the glyphs as parts of a digit's height, cells' sides, glyphs."""
    inked = _inked(pieces)
    n = len(inked)
    glyphs = [writer.glyphs[piece][int(rng.integers(len(writer.glyphs[piece])))] for piece in inked]
    noise = rng.standard_normal((3, n))
    number = np.array([piece[0].isdigit() for piece in inked])
    glyphs = _as_thick(inked, glyphs, number, style)
    shapes = np.array([glyph.shape for glyph in glyphs]) / HEIGHT
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
        gaps[1:] = np.maximum(gaps[1:], -CLOSEST_GLYPHS * np.minimum(shapes[:-1, 1], shapes[1:, 1]))
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


def _as_thick(pieces: list[str], glyphs: list[Array], number: Array, style: LineStyle) -> list[Array]:
    """Digits as thick as the style says, or as they are; signs, which may be another pen's, as thick as the digits.

    Which of the pieces are digits says `number` (n,). Nothing is made so thin that its finer parts are lost.
    """
    glyphs = [glyph if own else _dark(glyph) for glyph, own in zip(glyphs, number, strict=True)]
    strokes = np.array([_stroke(piece, glyph) for piece, glyph in zip(pieces, glyphs, strict=True)])
    now = float(np.median(strokes[number] if number.any() else strokes))
    wanted = float(np.clip(style.stroke, (1 - 2 * WORN) * now, max(2 * now, THINNEST))) if style.stroke else now
    more = np.where(number, wanted - now, wanted - strokes) / 2
    return [thickened(g, d) for g, d in zip(glyphs, np.maximum(more, -WORN * strokes).tolist(), strict=True)]


def _dark(glyph: Array) -> Array:
    """The ink, its darkest place full."""
    return (glyph * (np.float32(255) / max(int(glyph.max()), 1))).astype(np.uint8)


def _stroke(piece: str, glyph: Array) -> float:
    """About how thick the strokes are, in pixels: twice the area by the outline, as in `glyphs.thickness`.

    Of points it is what a pen makes that thick, by their area.
    """
    if piece in POINT_SIGNS:
        return float(np.sqrt(glyph.sum(dtype=np.int64) / 255 / POINT_SIGNS[piece] * 4 / np.pi)) / POINT
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
    glyphs: list[Array], shapes: Array, tops: Array, lefts: Array, style: LineStyle, rng: np.random.Generator
) -> tuple[Array, Array]:
    """The glyphs at their places, digits HEIGHT pixels high and not widened: the ink, and each one's box (n, 4)."""
    box = np.maximum(np.rint(shapes * (HEIGHT, HEIGHT / style.wide)).astype(int), 1)
    y, x = np.rint(tops * HEIGHT).astype(int), np.rint(lefts * HEIGHT / style.wide).astype(int)
    row = np.zeros((int((y + box[:, 0]).max()), int((x + box[:, 1]).max())), np.uint8)
    for glyph, (h, w), i, j in zip(glyphs, box.tolist(), y.tolist(), x.tolist(), strict=True):
        if glyph.shape != (h, w):  # the nearest pixels: all of it is made smaller or larger afterwards
            glyph = glyph[_nearest(len(glyph), h)[:, None], _nearest(glyph.shape[1], w)]
        place = row[i : i + h, j : j + w]
        np.maximum(place, glyph, out=place)
    for _ in range(style.breaks):
        i, j = int(rng.integers(row.shape[0])), int(rng.integers(row.shape[1]))
        row[i : i + int(rng.integers(1, 4)), j : j + int(rng.integers(1, 5))] //= 4
    return row, np.stack([x, y, x + box[:, 1], y + box[:, 0]], axis=1).astype(float)


@lru_cache(maxsize=4096)
def _nearest(old: int, new: int) -> Array:
    """Which of `old` pixels is nearest to each of `new` (new,)."""
    return ((np.arange(new) + 0.5) * old / new).astype(int)


def _warped(ink: Array, boxes: Array, style: LineStyle, rng: np.random.Generator) -> tuple[Array, Array, float]:
    """The ink as its style bends and slants it, its boxes, and by how many pixels its foot was moved to the right."""
    if style.bent and min(ink.shape) > SMALLEST_BENT:
        ink = warp(ink, style.bent, rng, LINE_GRID)
        boxes = boxes + np.array([-0.5, -0.5, 0.5, 0.5]) * style.bent * len(ink)
    return _leaning(ink, boxes, style.slant / style.wide)


def _resized(ink: Array, size: tuple[int, int], scale: float) -> Array:
    """The ink (height, width) in another size (width, height), soft edges made sharp where it is enlarged."""
    from PIL import Image

    image = Image.fromarray(ink).resize(size, Image.Resampling.BILINEAR)
    if scale > 2 * HEIGHT:
        gain = scale / HEIGHT / 1.5
        image = image.point([min(255, max(0, round((v - 127) * gain + 127))) for v in range(256)])
    return np.array(image)


def _leaning(row: Array, boxes: Array, slant: float) -> tuple[Array, Array, float]:
    """The row (height, width), sheared: wider by |slant| · height; its boxes (n, 4), and how far its foot has moved."""
    from PIL import Image

    more = round(abs(slant) * row.shape[0])
    if not more:
        return row, boxes, 0.0
    first = slant * row.shape[0] if slant > 0 else 0.0  # by how far the top row is moved to the right
    shear = (1, slant, -first, 0, 1, 0)  # from the new picture's points to the old one's
    size = (row.shape[1] + more, row.shape[0])
    leant = np.asarray(Image.fromarray(row).transform(size, Image.Transform.AFFINE, shear, Image.Resampling.BILINEAR))
    moved = first - slant * boxes[:, [1, 3]]  # (n, 2): of the box's top and bottom
    boxes = boxes.copy()
    boxes[:, 0] += moved.min(axis=1)
    boxes[:, 2] += moved.max(axis=1)
    return leant, boxes, max(0.0, -slant * row.shape[0])


def _by_symbol(pieces: list[str], boxes: Array) -> tuple[str, Array, Array]:
    """The label of the pieces, the box of each of its symbols except spaces, and whether it belongs to a number."""
    label, k = "", 0
    found: list[tuple[float, float, float, float]] = []
    all_boxes = boxes.tolist()
    for piece in pieces:
        if piece == " ":
            label += " "
            continue
        left, top, right, bottom = all_boxes[k]
        k += 1
        symbols = label_of(piece)
        if symbols == "?" and label.endswith("?"):  # the run goes on
            a = found[-1]
            found[-1] = (min(a[0], left), min(a[1], top), max(a[2], right), max(a[3], bottom))
            continue
        label += symbols
        step = (right - left) / max(1, len(symbols))
        found += [(left + k * step, top, left + (k + 1) * step, bottom) for k in range(len(symbols))]
    read = np.array([symbol != "?" for symbol in label if symbol != " "], bool)
    return label, np.array(found, float).reshape(-1, 4), read
