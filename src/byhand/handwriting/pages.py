"""Pages as cameras, scanners and screens show them, and for every pixel what it is: what a page finder learns from."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np

from byhand.core.types import Array
from byhand.handwriting.appearance import Look, any_look, pictured
from byhand.handwriting.canvas import Canvas
from byhand.handwriting.layouts import LAYOUTS
from byhand.handwriting.print import stamps_and_ticks
from byhand.handwriting.truth import NumberGroup, PageRow, rows_and_cores
from byhand.handwriting.view import View
from byhand.handwriting.writers import Stock

NUMBER, WRITING, PRINT, EDGE = 1, 2, 3, 4  # what a pixel of `Page.ink` is; 0 is paper
FROM_ABOVE = 2.5  # times as wide as high: seen straight from above
INK = 50  # of 255 is the least that counts as ink
PAGE_KINDS = (*LAYOUTS, "strips")


@dataclass(frozen=True)
class MappedPage:
    """A page's picture and what is where on it.

    Attributes:
        image: grey levels, uint8 (height, width).
        ink: what each pixel is, uint8: 0 paper, NUMBER, WRITING that is not a number, PRINT, EDGE of page or shadow.
        core: the middle band of each run of glyphs, bool.
        height: the digits' height in pixels where there is a core, else 0, float32.
        angle: likewise by which the row falls to the right before quarter turns, in radians.
        turn: by how many quarter turns counter-clockwise all of it was turned.
        rows: as a reader goes through them on the upright page.
        kind: which of PAGE_KINDS.
    """

    image: Array
    ink: Array
    core: Array
    height: Array
    angle: Array
    turn: int
    rows: list[PageRow]
    kind: str


def compose_page(
    rng: np.random.Generator,
    stock: Stock,
    size: tuple[int, int] = (512, 512),
    kind: str | None = None,
    turn: int | None = None,
) -> MappedPage:
    """A page (height, width) by one or more of the stock's writers; the same generator state gives the same page.

    kind is one of PAGE_KINDS, by default some; turn is 0 to 3, by default mostly 0.
    """
    if turn is None:
        turn = int(rng.integers(1, 4)) if rng.random() < 0.15 else 0
    upright = size if turn % 2 == 0 else size[::-1]
    if kind is None:
        chances = np.cumsum([chance for _, chance in LAYOUTS.values()])
        kind = PAGE_KINDS[int(np.searchsorted(chances, rng.random()))]  # the rest are strips
    page = _strips(rng, stock, upright) if kind == "strips" else _sheet(rng, stock, upright, kind)
    return turned(page, turn) if turn else page


def _sheet(rng: np.random.Generator, stock: Stock, size: tuple[int, int], kind: str) -> MappedPage:
    """One upright page; what is low for its width is seen straight from above."""
    look = any_look(rng, kind, stock.held)
    if size[1] > FROM_ABOVE * size[0]:
        look = replace(look, still=True, edges=False)
    view, canvas = _view(rng, size, look)
    scribe = LAYOUTS[kind][0](canvas, stock, rng)
    if look.clutter:
        stamps_and_ticks(canvas, scribe.word, scribe.scribble, scribe.high, rng)
    layers = _seen(canvas, view)
    digit = max(6.0, min((placed.line.digit for placed in canvas.lines), default=scribe.high))
    image, edges = pictured(layers, view, canvas.size, look, digit, rng)
    ink = np.zeros(size, np.uint8)
    ink[edges] = EDGE
    ink[layers[2] > INK] = PRINT
    ink[layers[1] > INK] = WRITING
    ink[layers[0] > INK] = NUMBER
    return _mapped(image, ink, *rows_and_cores(canvas.lines, view), kind)


def _view(rng: np.random.Generator, size: tuple[int, int], look: Look) -> tuple[View, Canvas]:
    """How the sheet is seen, and the empty sheet: larger than the picture, or smaller where its edges are seen."""
    if look.still:
        return View.of(size, size), Canvas.empty(*size)
    angle = float(np.clip(rng.normal(0, 0.07), -0.27, 0.27)) if rng.random() < 0.7 else rng.uniform(-0.27, 0.27)
    aside = (0.0, 0.0)
    if rng.random() < 0.4:
        aside = float(rng.normal(0, 0.06)), float(rng.normal(0, 0.06))
    swell = rng.uniform(0, 0.012) * size[0] if rng.random() < 0.2 else 0.0
    waves = (float(rng.uniform(0.3, 1.5)), float(rng.uniform(0, 2 * np.pi)))
    shift = (0.0, 0.0)
    if look.edges:
        height, width = (int(side * rng.uniform(0.6, 1.0)) for side in size)
        shift = float(rng.normal(0, 0.12) * size[1]), float(rng.normal(0, 0.12) * size[0])
    else:
        more = abs(np.sin(angle)) + 0.08 * any(aside)
        height, width = (int(side * (1 + more) + 4) for side in size)
    sheet = height, width
    view = View.of(sheet, size, angle, 1.0, shift, aside, swell, waves)
    canvas = Canvas.empty(*sheet)
    canvas.free = _visible(view, sheet)
    return view, canvas


def _visible(view: View, sheet: tuple[int, int]) -> tuple[float, float, float, float]:
    """A box of the sheet that the picture shows whole: inside the picture's corners as they lie on the sheet."""
    height, width = view.size
    edge = np.linspace(0, 1, 9)
    top, bottom = (view.sheet(np.stack([edge * width, np.full(9, y)], axis=1))[:, 1] for y in (2.0, height - 2.0))
    left, right = (view.sheet(np.stack([np.full(9, x), edge * height], axis=1))[:, 0] for x in (2.0, width - 2.0))
    box = max(1.0, left.max()), max(1.0, top.max()), min(sheet[1] - 1.0, right.min()), min(sheet[0] - 1.0, bottom.min())
    return float(box[0]), float(box[1]), float(box[2]), float(box[3])


def _seen(canvas: Canvas, view: View) -> Array:
    """The layers as the picture shows them: ink of numbers, other writing, print: uint8 (3, height, width)."""
    from PIL import Image

    printed = np.asarray(canvas.printed)
    if canvas.size == view.size and np.array_equal(view.matrix, np.eye(3)):
        return np.stack([canvas.ink, canvas.other, printed])
    merged = Image.merge("RGB", [Image.fromarray(layer) for layer in (canvas.ink, canvas.other, printed)])
    seen: Any = view.layer(merged)
    return np.stack([np.asarray(band) for band in seen.split()])


def _mapped(
    image: Array, ink: Array, rows: list[PageRow], cores: list[tuple[Array, float, float]], kind: str
) -> MappedPage:
    """The page with the maps of its cores."""
    from PIL import Image, ImageDraw

    size = image.shape[::-1]
    maps = [Image.new("F", size) for _ in range(2)]
    for quad, high, angle in cores:
        corners = [(float(x) - 0.5, float(y) - 0.5) for x, y in quad]
        for one, value in zip(maps, (high, angle), strict=True):
            ImageDraw.Draw(one).polygon(corners, fill=value)
    height, slope = (np.array(one, np.float32) for one in maps)
    return MappedPage(image, ink, height > 0, height, slope, 0, rows, kind)


def _strips(rng: np.random.Generator, stock: Stock, size: tuple[int, int]) -> MappedPage:
    """Small pictures of one row each, cut out tightly, one below the other, each on a paper of its own."""
    height, width = size
    ends = [0]
    while ends[-1] < height - 12:
        ends.append(min(height, ends[-1] + int(np.exp(rng.uniform(np.log(14), np.log(max(15, height / 2)))))))
    ends[-1] = height
    pages = [
        _sheet(rng, stock, (b - a, width), "filling" if rng.random() < 0.8 else "words") for a, b in pairwise(ends)
    ]

    def lower(down: int) -> Callable[[Array], Array]:
        return lambda points: points + np.array([0, down], np.float32)

    rows = [
        _moved(row, lower(down), k)
        for k, (page, down) in enumerate(zip(pages, ends, strict=False))
        for row in page.rows
    ]
    image, ink, core, high, angle = (
        np.concatenate([getattr(page, what) for page in pages]) for what in ("image", "ink", "core", "height", "angle")
    )
    return MappedPage(image, ink, core, high, angle, 0, rows, "strips")


def _moved(row: PageRow, move: Callable[[Array], Array], line: int) -> PageRow:
    """The row, all its points moved."""
    groups = [NumberGroup(group.text, move(group.polygon)) for group in row.groups]
    corners = move(row.boxes[:, [0, 1, 2, 1, 2, 3, 0, 3]].reshape(-1, 2)).reshape(-1, 4, 2)
    boxes = np.concatenate([corners.min(axis=1), corners.max(axis=1)], axis=1)
    return PageRow(row.text, groups, move(row.polygon), row.height, row.angle, boxes, line)


def turned(page: MappedPage, turn: int) -> MappedPage:
    """The upright page, turned counter-clockwise by `turn` quarters, 0 to 3; `angle` stays what it was before."""
    height, width = page.image.shape

    def move(points: Array) -> Array:
        x, y = points[:, 0], points[:, 1]
        new = ((x, y), (y, width - x), (width - x, height - y), (height - y, x))[turn]
        return np.stack(new, axis=1)

    image, ink, core, high, angle = (
        np.ascontiguousarray(np.rot90(layer, turn))
        for layer in (page.image, page.ink, page.core, page.height, page.angle)
    )
    return MappedPage(
        image, ink, core, high, angle, turn, [_moved(row, move, row.line) for row in page.rows], page.kind
    )
