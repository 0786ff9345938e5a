"""What a page is made of and how it was pictured: paper, screen or blackboard, light, camera."""

from dataclasses import dataclass

import numpy as np

from byhand.core.types import Array
from byhand.handwriting.scenery import fingers, half_plane, illumination, photographed, scene_piece, shadow, things
from byhand.handwriting.view import View


@dataclass(frozen=True)
class Look:
    """How a page looks.

    Attributes:
        surface: "paper", "screen" or "board".
        still: whether it is seen straight from above, neither turned nor bent.
        edges: whether the sheet's edges, and what lies beyond, are in the picture.
        pattern: how dark a printed background is, as a part of the ink's contrast, 0 for none.
        plain: whether it is seen well: in even light, sharp, with little grain.
        clutter: whether stamps, ticks and scribbles are on it.
        inverted: whether it is lighter where there is ink.
        contrast: the part of the light that full ink takes away.
        print: how dark print is, as a part of the contrast.
        held: whether patterns and tables are those kept for validation, the others, or, for None, any.
    """

    surface: str
    still: bool
    edges: bool
    pattern: float
    plain: bool
    clutter: bool
    inverted: bool
    contrast: float
    print: float
    held: bool | None


def any_look(rng: np.random.Generator, kind: str, held: bool | None = None) -> Look:
    """Some look for a page of that kind; for `held` see `Look`."""
    at = rng.random()
    small = kind in ("filling", "single")
    surface = "screen" if at < (0.35 if small else 0.12) else "board" if at < (0.4 if small else 0.2) else "paper"
    screen = surface == "screen"
    still = rng.random() < (0.95 if screen else 0.8 if small else 0.25)
    plain = rng.random() < 0.45
    strong = plain or screen or rng.random() < 0.75
    return Look(
        surface,
        still,
        edges=not still and not small and rng.random() < 0.35,
        pattern=0.0 if screen or rng.random() > (0.9 if kind == "cheque" else 0.12) else rng.uniform(0.1, 0.6),
        plain=plain,
        clutter=not small and rng.random() < 0.25,
        inverted=surface == "board" or rng.random() < (0.5 if screen else 0.08),
        contrast=rng.uniform(0.4, 0.97) if strong else rng.uniform(0.15, 0.45),
        print=rng.uniform(0.2, 1.2),
        held=held,
    )


def pictured(
    layers: Array, view: View, sheet: tuple[int, int], look: Look, digit: float, rng: np.random.Generator
) -> tuple[Array, Array]:
    """The picture, uint8 (height, width), of the layers, uint8 (3, height, width); and where edges are, bool.

    `sheet` is the sheet's size, `digit` the smallest digits' height in pixels.
    """
    size = view.size
    edges = np.zeros(size, bool)
    writing = np.maximum(layers[0], layers[1])
    if look.surface == "screen":
        level = _screen(writing, layers[2], look, rng)
        return photographed(_rimmed(level, edges, rng), digit, 1.0, rng, sharp=True), edges
    ink = writing * np.float32(look.contrast / 255)
    printed = layers[2] * np.float32(min(0.97, look.contrast * look.print) / 255)
    if look.surface == "board":
        blotches = scene_piece("blotch", size, rng, look.held)
        level = np.float32(rng.uniform(0.05, 0.35)) * (1 + np.float32(rng.uniform(0, 0.3)) * blotches)
        chalk = ink * (1 - np.float32(rng.uniform(0, 0.6)) * np.abs(scene_piece("grain", size, rng)).clip(0, 1))
        level = level + (np.float32(1) - level) * np.maximum(chalk, printed)
    else:
        white = np.float32(rng.uniform(0.45, 1.0))
        level = (1 - ink) * (1 - printed) * white
        if rng.random() < 0.04:  # the other side's writing shows through
            level *= 1 - np.float32(look.contrast * rng.uniform(0.05, 0.2) / 255) * writing[:, ::-1]
        if look.pattern:
            level *= 1 - np.float32(look.pattern * look.contrast) * scene_piece("pattern", size, rng, look.held)
        if not look.plain and rng.random() < 0.25:
            level *= 1 + np.float32(look.contrast * rng.uniform(0.01, 0.16)) * scene_piece(
                "blotch", size, rng, look.held
            )
        if look.inverted:
            level = np.float32(rng.uniform(0.9, 1.1)) - level
    if look.edges:
        level = _on_table(level, view, sheet, edges, rng, look.held)
    if rng.random() < 0.08:
        hand = fingers(size, rng)
        if not (writing[hand] > 40).any():
            level = np.where(hand, np.float32(rng.uniform(0.25, 0.75)), level)
            edges |= _outline(hand)
    if rng.random() < (0.5 if look.plain else 0.85):
        level = level * illumination(size, rng, 0.4 if look.plain else 1.0, look.held)
    if rng.random() < 0.1:  # a smear, or what shows through from behind
        smear = shadow(size, rng) * scene_piece("cloud", size, rng, look.held)
        level = level * (1 - np.float32(rng.uniform(0.05, 0.3)) * smear)
    level = _rimmed(level * 255, edges, rng)
    return photographed(level, digit, look.contrast * (0.4 if look.plain else 1), rng, sharp=look.plain), edges


def _screen(writing: Array, printed: Array, look: Look, rng: np.random.Generator) -> Array:
    """Ink of one level on a ground of another, 0-255."""
    ground = float(rng.choice([255, 255, 250, 240, rng.uniform(180, 255)]))
    ink = 0.0 if rng.random() < 0.6 else rng.uniform(0, 110)
    if rng.random() < 0.15:
        ground = ink + (ground - ink) * look.contrast
    level = ground + (ink - ground) * (np.maximum(writing, printed * np.float32(min(1, look.print))) / np.float32(255))
    return 255 - level if look.inverted else level


def _rimmed(level: Array, edges: Array, rng: np.random.Generator) -> Array:
    """Grey levels with a rim or a wedge of another level at some sides, where there is no ink's worth to lose."""
    from PIL import Image, ImageDraw

    if rng.random() < 0.07:  # a frame along the rim
        thick, value = (
            int(rng.integers(1, max(2, min(level.shape) // 24))),
            rng.choice([0.0, 255.0, rng.uniform(0, 255)]),
        )
        sides = rng.random(4) < 0.7
        level = level.copy()
        for side, part in zip(sides, (level[:thick], level[-thick:], level[:, :thick], level[:, -thick:]), strict=True):
            if side:
                part[...] = value
    if rng.random() < 0.07:  # a dark wedge
        image = Image.new("L", level.shape[::-1])
        ImageDraw.Draw(image).polygon(half_plane(level.shape, rng, 0.06), fill=255)
        beyond = np.asarray(image) > 0
        level = np.where(beyond, np.float32(rng.uniform(0, 120)), level)
        edges |= _outline(beyond)
    return level


def _on_table(
    level: Array, view: View, sheet: tuple[int, int], edges: Array, rng: np.random.Generator, held: bool | None
) -> Array:
    """The sheet on a table, with its shadow."""
    from PIL import Image, ImageDraw, ImageFilter

    height, width = sheet
    n = 12
    along = np.linspace(0, 1, n, endpoint=False)
    rim = np.concatenate([
        np.stack([along * width, np.zeros(n)], 1), np.stack([np.full(n, width), along * height], 1),
        np.stack([width - along * width, np.full(n, height)], 1), np.stack([np.zeros(n), height - along * height], 1),
    ])  # fmt: skip
    outline = [(float(x), float(y)) for x, y in view.picture(rim)]
    image = Image.new("L", view.size[::-1])
    draw = ImageDraw.Draw(image)
    draw.polygon(outline, fill=255)
    if rng.random() < 0.15:  # a spiral's holes along one side
        radius, side = rng.uniform(2, 6), int(rng.integers(4))
        for k in np.arange(side * n, (side + 1) * n, 0.5):
            x, y = rim[int(k) % len(rim)] if k % 1 == 0 else (rim[int(k)] + rim[(int(k) + 1) % len(rim)]) / 2
            x, y = view.picture(np.array([[x + (width / 2 - x) * 0.04, y + (height / 2 - y) * 0.04]]))[0]
            draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=0)
    sheet_there = np.asarray(image, np.float32) / 255
    base, depth = rng.uniform(0.03, 0.95), rng.uniform(0, 0.5)
    table = np.clip(base + np.float32(depth) * (scene_piece("wood", view.size, rng, held) - np.float32(0.5)), 0.02, 1)
    if rng.random() < 0.4:
        table = np.clip(table + np.float32(rng.uniform(0.2, 0.6)) * things(view.size, rng), 0.02, 1)
    if rng.random() < 0.6:  # the sheet's shadow
        moved = np.asarray(image.filter(ImageFilter.BoxBlur(float(rng.uniform(1, 12)))), np.float32) / 255
        shift = tuple(int(v) for v in rng.integers(-8, 9, size=2))
        table = table * (1 - np.float32(rng.uniform(0.1, 0.6)) * np.roll(moved, shift, (0, 1)))
    edges |= _outline(sheet_there > 0.5)
    return sheet_there * level + (1 - sheet_there) * table


def _outline(inside: Array) -> Array:
    """Where an area (height, width), bool, begins or ends: 2 pixels wide."""
    edge = np.zeros_like(inside)
    across, down = inside[:, 1:] != inside[:, :-1], inside[1:] != inside[:-1]
    edge[:, 1:] |= across
    edge[:, :-1] |= across
    edge[1:] |= down
    edge[:-1] |= down
    return edge
