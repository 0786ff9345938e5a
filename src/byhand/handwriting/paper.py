"""Paper, light and camera: what lies between the ink of a row and the picture of it.

Everything that is costly to compute, such as printed patterns, clouds of light and grain, is laid out once on sheets
larger than any row; a row takes a random piece of them.
"""

from dataclasses import dataclass, replace
from functools import lru_cache
from io import BytesIO

import numpy as np

from byhand.core.types import Array

SHEET = (160, 1400)  # pixels of a sheet; a picture is at most half as high and wide
PATTERNS, CLOUDS = 40, 12  # sheets of each
LEGIBLE = 10  # pixels of a digit's height, below which it is not made smaller


@dataclass(frozen=True)
class Paper:
    """How a row's picture came about; grey levels as parts of white.

    Attributes:
        white: of the paper.
        contrast: the part of the light that full ink takes away.
        pattern: likewise of a printed security pattern.
        shadow: how much the light varies over the row, as a part of it.
        rules: likewise of ruled lines, 0 for none.
        squares: whether the paper is squared.
        frame: whether the row stands in a cell's frame.
        footed: whether a ruled line runs along the writing's feet.
        thick: of lines, in pixels.
        blotches: the paper's own unevenness, some pixels wide: as a part of white.
        coarse: by how much the camera's picture was smaller.
        blur: the radius of a blur, in pixels.
        grain: the standard deviation of the noise.
        quality: of JPEG, 0 for none.
        inverted: whether the writing is the lighter one.
        binary: whether the scanner knew black and white only.
        held: whether its patterns are those kept for validation, the others, or, for None, any.
    """

    white: float = 0.9
    contrast: float = 0.8
    pattern: float = 0.0
    shadow: float = 0.0
    rules: float = 0.0
    squares: bool = False
    frame: bool = False
    footed: bool = False
    thick: float = 1.0
    blotches: float = 0.0
    coarse: float = 1.0
    blur: float = 0.0
    grain: float = 0.01
    quality: int = 0
    inverted: bool = False
    binary: bool = False
    held: bool | None = None


def any_paper(rng: np.random.Generator, digits: float) -> Paper:
    """Some paper, some light, some camera, on which digits `digits` pixels high can still be read.

    What is printed is paler than the ink, or as dark but thin.
    """
    contrast = rng.uniform(0.3, 0.95) if rng.random() < 0.75 else rng.uniform(0.05, 0.3)
    ruled = rng.random() < 0.4
    frame = ruled and rng.random() < 0.4
    return Paper(
        white=rng.uniform(0.35, 1.0),
        contrast=contrast,
        pattern=contrast * rng.uniform(0.1, 0.6) if rng.random() < 0.35 else 0.0,
        shadow=rng.uniform(0, 0.3) if rng.random() < 0.5 else 0.0,  # what is left of it by `lines.flatten`
        rules=contrast * rng.uniform(0.15, 1.1) if ruled else 0.0,
        squares=ruled and rng.random() < 0.2,
        frame=frame,
        footed=ruled and rng.random() < 0.5,
        thick=rng.uniform(1, 5) if frame and rng.random() < 0.5 else rng.uniform(0.5, 2),
        blotches=contrast * rng.uniform(0, 0.5) if rng.random() < 0.18 else 0.0,
        coarse=1 + max(0.1, min(4, digits / LEGIBLE) - 1) * rng.random() ** 1.5 if rng.random() < 0.6 else 1.0,
        blur=rng.uniform(0.3, max(0.4, digits / 30)) if rng.random() < 0.3 else 0.0,
        grain=contrast * rng.uniform(0, 0.12),
        quality=int(rng.integers(25, 90)) if rng.random() < 0.45 else 0,
        inverted=rng.random() < 0.1,
        binary=rng.random() < 0.04,
    )


def plainer(paper: Paper, rng: np.random.Generator) -> Paper:
    """The same in good light: more contrast, hardly any grain, no blotches; as coarse as it was."""
    contrast = max(paper.contrast, rng.uniform(0.4, 0.9))
    more = contrast / paper.contrast
    return replace(
        paper,
        contrast=contrast,
        pattern=min(0.6, paper.pattern * more),
        rules=min(0.95, paper.rules * more),
        blotches=0.0,
        blur=paper.blur / 2,
        grain=paper.grain / 2,
    )


def put_on_paper(ink: Array, paper: Paper, rng: np.random.Generator, printed: Array | None = None) -> Array:
    """The picture of ink (height, width), uint8 0-255, on that paper: grey levels, uint8.

    `printed`, uint8 0-255, is what stands on the paper, as dark as `paper.rules` says, instead of its own lines.
    """
    level: Array = ink * np.float32(-paper.contrast / 255) + np.float32(1)
    if printed is not None:
        level *= np.float32(1) - printed * np.float32(paper.rules / 255)
    elif paper.rules:
        level *= 1 - np.float32(paper.rules) * _rules(ink, paper, rng)
    if paper.pattern:
        level *= 1 - np.float32(paper.pattern) * sheet_piece(patterns(), ink.shape, rng, paper.held)
    level *= np.float32(255 * paper.white)
    if paper.shadow:
        level *= 1 + np.float32(paper.shadow / 2) * (
            sheet_piece(clouds(), ink.shape, rng, paper.held) - np.float32(0.5)
        )
    if paper.blotches:
        level *= 1 + np.float32(paper.blotches) * sheet_piece(blotches(), ink.shape, rng, paper.held)
    if paper.inverted:
        level = 255 - level
    return _photographed(level, paper, rng)


def _rules(ink: Array, paper: Paper, rng: np.random.Generator) -> Array:
    """The lines on the paper: float32 (height, width), 0-1."""
    feet = None
    if paper.footed:
        feet = float(np.flatnonzero(ink.max(axis=1) > 63).max(initial=0)) * rng.uniform(0.88, 1.02)
    return printed_lines(ink.shape, paper.squares, paper.frame, rng, thick=paper.thick, feet=feet)


def _photographed(level: Array, paper: Paper, rng: np.random.Generator) -> Array:
    """What a camera makes of grey levels (height, width): a smaller picture, blurred, grainy, squeezed; made larger."""
    from PIL import Image, ImageFilter

    height, width = level.shape
    picture = Image.fromarray(np.clip(level, 0, 255).astype(np.uint8))
    if paper.coarse > 1:
        small = (max(8, round(width / paper.coarse)), max(8, round(height / paper.coarse)))
        picture = picture.resize(small, Image.Resampling.BOX)
    if paper.blur:
        picture = picture.filter(ImageFilter.BoxBlur(paper.blur / paper.coarse))
    if paper.grain:
        noise = np.float32(255 * paper.white * paper.grain) * sheet_piece(grain(), (picture.height, picture.width), rng)
        picture = Image.fromarray(np.clip(np.asarray(picture) + noise, 0, 255).astype(np.uint8))
    if paper.binary and not paper.rules and not paper.pattern:  # of those, little would be left
        low, high = np.asarray(picture).min(), np.asarray(picture).max()
        picture = picture.point([255 * (v > (int(low) + int(high)) / 2) for v in range(256)])
    if paper.quality:
        file = BytesIO()
        picture.save(file, "JPEG", quality=paper.quality)
        picture = Image.open(file)
    return np.asarray(picture.resize((width, height), Image.Resampling.BILINEAR) if paper.coarse > 1 else picture)


def printed_lines(
    shape: tuple[int, ...],
    squares: bool,
    frame: bool,
    rng: np.random.Generator,
    period: float | None = None,
    thick: float = 1.0,
    feet: float | None = None,
) -> Array:
    """Ruled lines, squares or a cell's frame, not quite straight, `thick` pixels: float32 (height, width), 0-1.

    `period` is how many pixels lie between two lines, by default a good part of the height. With `feet` there is a
    line at that height, and without a frame no other.
    """
    lines = np.zeros(shape, np.float32)
    height, width = shape
    lean = rng.normal(0, 0.012)
    if feet is not None:
        _line(lines, feet, lean, thick)
    if frame:
        _draw_frame(lines, lean, thick, rng)
    if frame or (feet is not None and not squares):
        return lines
    period = period or rng.uniform(0.35, 1.2) * height
    for y in np.arange(rng.uniform(0, 1) * period, height, period):
        _line(lines, y, lean, thick)
    if squares:
        for x in np.arange(rng.uniform(0, 1) * period, width, period):
            _line(lines.T, x, -lean, thick)
    return lines


def _draw_frame(lines: Array, lean: float, thick: float, rng: np.random.Generator) -> None:
    """Most sides of a cell; sometimes double, sometimes the line between two columns."""
    height, width = lines.shape
    for y in (rng.uniform(0, 0.1), rng.uniform(0.9, 1)):
        if rng.random() < 0.7:
            _line(lines, y * height, lean, thick * rng.uniform(0.6, 1.2))
            if rng.random() < 0.15:
                _line(lines, y * height + 2.5 * thick, lean, thick)
    for x in (rng.uniform(0, 0.06), rng.uniform(0.94, 1)):
        if rng.random() < 0.6:
            _line(lines.T, x * width, -lean, thick * rng.uniform(0.6, 1.2))
    if rng.random() < 0.08:
        _line(lines.T, rng.uniform(0.08, 0.2) * width, -lean, thick)


def _line(lines: Array, y: float, lean: float, thick: float) -> None:
    """A line across, y at its middle, `thick` pixels: each column's pixels are covered as far as they lie in it."""
    height, width = lines.shape
    x = np.arange(width)
    top = y + lean * (x - width / 2) - thick / 2
    first = np.floor(top).astype(int)
    for k in range(int(np.ceil(thick)) + 1):
        row = first + k
        covered = np.clip(np.minimum(row + 1, top + thick) - np.maximum(row, top), 0, 1)
        inside = (row >= 0) & (row < height)
        lines[row[inside], x[inside]] = np.maximum(lines[row[inside], x[inside]], covered[inside])


def own_sheets(count: int, held: bool | None) -> list[int]:
    """Which of `count` sheets: those kept for validation, every fourth; the others; or, for None, all."""
    return [k for k in range(count) if held is None or (k % 4 == 3) == held]


def sheet_piece(sheets: Array, shape: tuple[int, ...], rng: np.random.Generator, held: bool | None = None) -> Array:
    """A random piece (height, width) of a random one of `own_sheets`, sometimes mirrored."""
    own = own_sheets(len(sheets), held)
    k, y, x = (int(rng.integers(n)) for n in (len(own), SHEET[0] - shape[0], SHEET[1] - shape[1]))
    found = sheets[own[k], y : y + shape[0], x : x + shape[1]]
    return found[::-1] if rng.random() < 0.5 else found


@lru_cache(maxsize=1)
def patterns() -> Array:
    """Printed patterns: waves, hatches, stipple: float32 (sheets, height, width), 0-1."""
    rng = np.random.default_rng(1)
    y, x = np.mgrid[: SHEET[0], : SHEET[1]].astype(np.float32)
    sheets = np.empty((PATTERNS, *SHEET), np.float32)
    for k, sheet in enumerate(sheets):
        sheet[...] = _waves(x, y, rng)
        if k % 3 == 1:  # two sets that cross
            np.maximum(sheet, _waves(x, y, rng), out=sheet)
        elif k % 6 == 2:  # stipple
            sheet[...] = rng.random(SHEET) < rng.uniform(0.1, 0.4)
    return sheets


def _waves(x: Array, y: Array, rng: np.random.Generator) -> Array:
    """Lines in some direction, waved."""
    angle, period = rng.uniform(-1.2, 1.2), rng.uniform(2.5, 9)
    across = x * np.sin(angle) + y * np.cos(angle)
    along = x * np.cos(angle) - y * np.sin(angle)
    across = across + rng.uniform(0, 3) * np.sin(along / rng.uniform(4, 25))
    thin = rng.uniform(-0.2, 0.7)
    return np.clip((np.sin(2 * np.pi * across / period) - thin) / (1 - thin), 0, 1)


@lru_cache(maxsize=1)
def clouds() -> Array:
    """Light that varies slowly, edges of shadows among it: float32 (sheets, height, width), 0-1."""
    from PIL import Image

    rng = np.random.default_rng(2)
    sheets = np.empty((CLOUDS, *SHEET), np.float32)
    for k, sheet in enumerate(sheets):
        coarse = rng.random((3, 6 + 2 * k)).astype(np.float32)
        smooth = np.asarray(Image.fromarray(coarse).resize(SHEET[::-1], Image.Resampling.BICUBIC))
        if k % 3 == 0:  # a shadow with an edge
            smooth = 1 / (1 + np.exp(-rng.uniform(10, 60) * (smooth - 0.5)))
        sheet[...] = np.clip(smooth, 0, 1)
    return sheets


@lru_cache(maxsize=1)
def grain() -> Array:
    """Noise of standard deviation 1, fine and less fine: float32 (sheets, height, width)."""
    fine = np.random.default_rng(3).standard_normal((1, *SHEET)).astype(np.float32)
    soft = fine + sum(np.roll(fine, (0, i, j), (0, 1, 2)) for i, j in ((0, 1), (1, 0), (1, 1)))
    return np.concatenate([fine, soft / 2])


@lru_cache(maxsize=1)
def blotches() -> Array:
    """Unevenness 5 to 20 pixels wide, some of it square as JPEG leaves it: float32 (sheets, height, width), mean 0."""
    from PIL import Image

    rng = np.random.default_rng(4)
    sheets = np.empty((8, *SHEET), np.float32)
    for k, sheet in enumerate(sheets):
        size = rng.uniform(5, 20)
        coarse = rng.uniform(-1, 1, (round(SHEET[0] / size), round(SHEET[1] / size))).astype(np.float32)
        how = Image.Resampling.NEAREST if k % 4 == 0 else Image.Resampling.BICUBIC
        sheet[...] = np.asarray(Image.fromarray(coarse).resize(SHEET[::-1], how))
        if how == Image.Resampling.NEAREST:
            sheet /= 2
    return sheets
