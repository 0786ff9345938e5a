"""Pictures with numbers on them, and where: what the finder learns from."""

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from byhand.core.types import Array
from byhand.handwriting.compose import any_number, any_style, write_row
from byhand.handwriting.glyphs import Writer
from byhand.handwriting.others import draw_other
from byhand.handwriting.paper import any_paper, blotches, patterns, put_on_paper
from byhand.reading.finder import CORE, MAPS, PAD, SIDE, SMALLEST, TALLEST, rim_level, stretched


class Scene(NamedTuple):
    """A picture, uint8 (height, width), and its maps, uint8 (MAPS, height, width), 0 to 255."""

    picture: Array
    maps: Array


def core_of(ink: Array) -> tuple[Array, float]:
    """The core of a row's ink, uint8 (height, width): a band along its middle, and the row's height."""
    high, wide = ink.shape
    there = ink > 90
    columns = there.any(axis=0)
    if not columns.any():
        return np.zeros_like(ink), 0.0
    top = np.where(columns, there.argmax(axis=0), high)
    bottom = np.where(columns, high - there[::-1].argmax(axis=0), 0)
    reach = max(2, high)
    windows = [
        np.lib.stride_tricks.sliding_window_view(np.pad(a, reach // 2, constant_values=c), 2 * (reach // 2) + 1)
        for a, c in ((top, high), (bottom, 0))
    ]
    upper, lower = windows[0].min(axis=1).astype(float), windows[1].max(axis=1).astype(float)
    tall = float(np.median((lower - upper)[columns]))
    box = np.ones(2 * (reach // 4) + 1) / (2 * (reach // 4) + 1)
    middle = np.convolve(np.pad((upper + lower) / 2, reach // 4, mode="edge"), box, "valid")
    x = np.flatnonzero(columns)
    y = np.arange(high)[:, None]
    core = (np.abs(y + 0.5 - middle) <= max(1.5, CORE * tall)).astype(np.uint8) * 255
    core[:, : max(0, x[0] - round(0.1 * tall))] = 0
    core[:, x[-1] + 1 + round(0.1 * tall) :] = 0
    return core, tall


@dataclass(frozen=True)
class Scenes:
    """Composes pictures by many writers.

    Attributes:
        writers: whose digits they are.
        fonts: files of printed letters.
    """

    writers: list[Writer]
    fonts: tuple[str, ...] = ()

    def batch(self, n: int, rng: np.random.Generator) -> tuple[Array, Array]:
        """n pictures (n, SIDE, SIDE, 1), uint8, and their maps (n, SIDE/4 · SIDE/4 · MAPS), float32 in [0, 1]."""
        x = np.zeros((n, SIDE, SIDE, 1), np.uint8)
        t = np.zeros((n, (SIDE // 4) ** 2 * MAPS), np.float32)
        for i in range(n):
            scene = self._scene(rng)
            if scene.maps[3].any() == 0 and rng.random() < 0.12:
                k = int(rng.integers(1, 4))
                maps = np.rot90(scene.maps, k, (1, 2)).copy()
                if k % 2:
                    maps[3], maps[0] = maps[0].copy(), 0
                scene = Scene(np.rot90(scene.picture, k), maps)
            x[i, :, :, 0] = scene.picture
            t[i] = as_target(scene.maps)
        return x, t

    def _row(self, rng: np.random.Generator, high: int, width: int) -> Array:
        label = any_number(rng, max(1, int(width / (0.6 * high))))
        if self.fonts and rng.random() < 0.22:
            return self._printed(rng, high, width, label)
        style = any_style(rng)
        if width < 2 * high:
            style = replace(style, bent=0.0)
        try:
            return write_row(label, self.writers[int(rng.integers(len(self.writers)))], style, rng, (high, width))
        except ZeroDivisionError:
            return self._row(rng, high, max(width, high))

    def _scene(self, rng: np.random.Generator) -> Scene:
        while True:
            try:
                return self.page(rng) if rng.random() < 0.6 else self.collage(rng)
            except (ValueError, ZeroDivisionError):
                continue

    # ---- small pictures side by side ----

    def collage(self, rng: np.random.Generator) -> Scene:
        """Small pictures, each with its own paper and light, in one."""
        picture, maps = np.zeros((SIDE, SIDE), np.uint8), np.zeros((MAPS, SIDE, SIDE), np.uint8)
        y = 0
        level = int(rng.integers(256))
        picture[...] = level
        while y + 24 + 2 * PAD <= SIDE:
            tall = min(SIDE - y, int(np.exp(rng.uniform(np.log(14), np.log(90)))) + 2 * PAD)
            x, used = 0, 0
            while x + 16 + 2 * PAD <= SIDE:
                small, some = self._small(rng, tall - 2 * PAD, SIDE - x - 2 * PAD)
                h, w = small.shape
                edge = rim_level(small)
                field = np.s_[y : y + h + 2 * PAD, x : x + w + 2 * PAD]
                picture[field] = edge
                inner = np.s_[y + PAD : y + PAD + h, x + PAD : x + PAD + w]
                picture[inner], maps[(slice(None), *inner)] = small, some
                x, used = x + w + 2 * PAD, max(used, h + 2 * PAD)
            y += max(used, 24)
        return Scene(picture, maps)

    def _small(self, rng: np.random.Generator, tall: int, wide: int) -> tuple[Array, Array]:
        """One small picture of a row, a digit, or of something else, with its maps."""
        margin = rng.uniform(0, 0.5) if rng.random() < 0.6 else 0.0
        high = max(8, round(tall / (1 + 2 * margin)))
        room = max(12, round(wide - 2 * margin * high))
        room = min(room, round(high * rng.uniform(0.7, 12)))
        kind = rng.random()
        ink = np.zeros((high, min(room, high)), np.uint8)
        maps_at = 0
        if kind < 0.82:
            ink, maps_at = self._row(rng, high, room), 1
        elif kind < 0.96:
            ink, maps_at = self._other(rng, high, room), 4
        pad = [round(margin * high * rng.uniform(0, 1)) for _ in range(4)]
        if rng.random() < 0.25:
            pad[int(rng.integers(4))] = 0
        ink = np.pad(ink, ((pad[0], pad[1]), (pad[2], pad[3])))[:tall, :wide]
        paper = any_paper(rng, high)
        seen = stretched(put_on_paper(np.ascontiguousarray(ink), paper, rng))
        maps = np.zeros((MAPS, *ink.shape), np.uint8)
        if maps_at == 1:
            self._mark(maps, np.s_[:, :], ink, paper.inverted)
        elif maps_at == 4:
            maps[4] = ink
        return seen, maps

    def _mark(self, maps: Array, place: tuple[slice, slice], ink: Array, light: bool) -> None:
        """Put a row's ink and core into the maps."""
        core, tall = core_of(ink)
        there = maps[(2 if light else 1, *place)]
        np.maximum(there, ink, out=there)
        if SMALLEST <= tall <= TALLEST:
            there = maps[(0, *place)]
            np.maximum(there, core, out=there)

    def _other(self, rng: np.random.Generator, high: int, room: int) -> Array:
        from PIL import Image

        kind = ("letter", "word", "word", "scribble", "line")[int(rng.integers(5))]
        if self.fonts and rng.random() < 0.5:
            return self._printed(rng, high, room)
        drawn = Image.fromarray(np.rint(255 * draw_other(rng, 2 * high, kind)).astype(np.uint8))
        wide = min(room, max(1, round(drawn.width * high / drawn.height)))
        return np.asarray(drawn.resize((wide, min(high, max(2, round(drawn.height * wide / drawn.width)))), 4))

    def _printed(self, rng: np.random.Generator, high: int, room: int, label: str = "") -> Array:
        from PIL import Image, ImageDraw

        if label:
            font = _font(self.fonts[int(rng.integers(len(self.fonts)))], max(8, round(high * 1.3)))
            left, top, right, bottom = font.getbbox(label)
            image = Image.new("L", (right - left + 2, bottom - top + 2))
            ImageDraw.Draw(image).text((1 - left, 1 - top), label, 255, font)
            wide = max(1, min(room, round(image.width * high / image.height * rng.uniform(0.8, 1.2))))
            return np.asarray(image.resize((wide, high), 2))
        letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
        words = ["".join(rng.choice(list(letters), int(rng.integers(2, 9)))) for _ in range(int(rng.integers(1, 4)))]
        font = _font(self.fonts[int(rng.integers(len(self.fonts)))], max(8, round(high * 0.8)))
        text = " ".join(w.lower() if rng.random() < 0.7 else w for w in words)
        image = Image.new("L", (room, high))
        ImageDraw.Draw(image).text((0, 0), text, 255, font)
        return np.asarray(image)

    # ---- pieces of pages ----

    def page(self, rng: np.random.Generator) -> Scene:
        """A piece of a page: rows, columns, other writing, printed lines and boxes, edges, shadows."""
        from PIL import Image

        size = SIDE + 96
        number = np.zeros((size, size), np.uint8)
        other, printed = np.zeros_like(number), np.zeros_like(number)
        maps = np.zeros((MAPS, size, size), np.uint8)
        high = int(np.exp(rng.uniform(np.log(9.5), np.log(60))))
        pitch = high * (rng.uniform(1.05, 1.5) if rng.random() < 0.5 else rng.uniform(1.5, 3.5))
        light = rng.random() < 0.25
        boxed = rng.random() < 0.35
        y = rng.uniform(-pitch, pitch)
        while y < size:
            x = rng.uniform(-2 * high, 6 * high)
            while x < size and rng.random() < 0.9:
                now = max(7, round(high * rng.uniform(0.8, 1.0)))
                room = round(rng.uniform(0.8, 12) * high)
                kind = rng.random()
                if kind < 0.62:
                    row = self._row(rng, now, max(room, now))
                    self._paste(number, row, int(y), int(x))
                    place, part = self._place(number, row, int(y), int(x))
                    if place:
                        self._mark(maps, place, part, light)
                    if boxed and rng.random() < 0.7:
                        self._box(printed, rng, y, x, row.shape)
                    x += row.shape[1]
                elif kind < 0.85:
                    row = self._other(rng, now, max(room, now))
                    self._paste(other, row, int(y), int(x))
                    place, part = self._place(number, row, int(y), int(x))
                    if place:
                        np.maximum(maps[(4, *place)], part, out=maps[(4, *place)])
                    x += row.shape[1]
                else:
                    x += room
                x += rng.uniform(1.4, 6) * high
            y += pitch
        if rng.random() < 0.45:
            self._rules(printed, rng, pitch, y)
        picture = self._lit(number, other, printed, rng, light)
        angle = np.deg2rad(rng.normal(0, 4) if rng.random() < 0.7 else 0.0)
        scale = rng.uniform(0.95, 1.15)
        c, s = np.cos(angle) / scale, np.sin(angle) / scale
        m = size / 2
        o = SIDE / 2
        matrix = (c, s, m - c * o - s * o, -s, c, m + s * o - c * o)
        picture = np.asarray(Image.fromarray(picture).transform((SIDE, SIDE), 0, matrix, 2))
        maps = np.stack(
            [
                np.asarray(Image.fromarray(one).transform((SIDE, SIDE), 0, matrix, 2))
                if one.any()
                else np.zeros((SIDE, SIDE), np.uint8)
                for one in maps
            ]
        )
        picture = self._photographed(picture, rng)
        if rng.random() < 0.3:  # the page ends within the picture
            self._beside(picture, maps, rng)
        return Scene(stretched(picture), maps)

    def _place(self, canvas: Array, row: Array, y: int, x: int) -> tuple[tuple[slice, slice] | None, Array]:
        h, w = row.shape
        y0, x0, y1, x1 = max(y, 0), max(x, 0), min(y + h, canvas.shape[0]), min(x + w, canvas.shape[1])
        if y0 >= y1 or x0 >= x1:
            return None, row
        return (slice(y0, y1), slice(x0, x1)), row[y0 - y : y1 - y, x0 - x : x1 - x]

    def _paste(self, canvas: Array, row: Array, y: int, x: int) -> None:
        place, part = self._place(canvas, row, y, x)
        if place:
            np.maximum(canvas[place], part, out=canvas[place])

    def _box(self, printed: Array, rng: np.random.Generator, y: float, x: float, shape: tuple[int, ...]) -> None:
        """A box around a row, cells in it now and then, or a comb."""
        h, w = shape
        m = rng.uniform(0.0, 0.35) * h
        thick = max(1, round(rng.uniform(0.02, 0.14) * h))
        y0, y1, x0, x1 = (round(v) for v in (y - m, y + h + m, x - m, x + w + m))
        cells = np.linspace(x0, x1, 2 + int(w / h / 0.75)) if rng.random() < 0.5 else np.array([x0, x1])
        comb = rng.random() < 0.2
        grey = int(rng.uniform(80, 255))
        for a in ([] if comb else [y0]) + [y1]:
            printed[max(a, 0) : max(a + thick, 0), max(x0, 0) : max(x1 + thick, 0)] = grey
        for a in cells.astype(int):
            printed[max((y0 + y1) // 2 if comb else y0, 0) : max(y1, 0), max(a, 0) : max(a + thick, 0)] = grey

    def _rules(self, printed: Array, rng: np.random.Generator, pitch: float, start: float) -> None:
        thick = int(rng.integers(1, 3))
        grey = int(rng.uniform(40, 230))
        step = pitch if rng.random() < 0.6 else rng.uniform(8, 60)
        for y in np.arange(start % pitch if rng.random() < 0.5 else rng.uniform(0, step), len(printed), step):
            printed[int(y) : int(y) + thick] = np.maximum(printed[int(y) : int(y) + thick], grey)
        if rng.random() < 0.45:
            across = step if rng.random() < 0.5 else rng.uniform(20, 160)
            for x in np.arange(rng.uniform(0, across), len(printed), across):
                printed[:, int(x) : int(x) + thick] = np.maximum(printed[:, int(x) : int(x) + thick], grey)

    def _lit(self, number: Array, other: Array, printed: Array, rng: np.random.Generator, light: bool) -> Array:
        from PIL import Image

        size = number.shape[0]
        white = rng.uniform(0.4, 1.0)
        contrast = rng.uniform(0.35, 0.95) if rng.random() < 0.7 else rng.uniform(0.1, 0.35)
        level = 1 - np.float32(contrast / 255) * number
        level *= 1 - np.float32(min(0.95, contrast * rng.uniform(0.5, 1.4)) / 255) * other
        level *= 1 - np.float32(min(0.95, contrast * rng.uniform(0.3, 1.2)) / 255) * printed
        tile = np.tile(patterns()[int(rng.integers(len(patterns())))][:160, :size], (3, 1))[:size]
        if rng.random() < 0.2:
            level *= 1 - np.float32(contrast * rng.uniform(0.1, 0.5)) * tile
        coarse = rng.random((3, 3)).astype(np.float32)
        clouds = np.asarray(Image.fromarray(coarse).resize((size, size), 3))
        level *= 1 + np.float32(rng.uniform(0, 0.6)) * (clouds - 0.6)
        if rng.random() < 0.25:  # a shadow with a hard edge
            y, x = np.mgrid[:size, :size].astype(np.float32)
            a = rng.uniform(0, 2 * np.pi)
            edge = (x - size / 2) * np.cos(a) + (y - size / 2) * np.sin(a) - rng.uniform(-120, 120)
            level *= 1 - np.float32(rng.uniform(0.2, 0.7)) * np.clip(edge / rng.uniform(0.5, 30) + 0.5, 0, 1)
        if rng.random() < 0.15:
            spots = np.tile(blotches()[int(rng.integers(8))][:, :size], (3, 1))[:size]
            level *= 1 + np.float32(rng.uniform(0, 0.1)) * spots
        level = np.clip(255 * white * level, 0, 255)
        return (255 - level if light else level).astype(np.uint8)

    def _photographed(self, picture: Array, rng: np.random.Generator) -> Array:
        from io import BytesIO

        from PIL import Image, ImageFilter

        image = Image.fromarray(picture)
        if rng.random() < 0.4:
            image = image.filter(ImageFilter.GaussianBlur(rng.uniform(0.2, 1.3)))
        if rng.random() < 0.6:
            noise = rng.normal(0, rng.uniform(1, 12), picture.shape)
            image = Image.fromarray(np.clip(np.asarray(image) + noise, 0, 255).astype(np.uint8))
        if rng.random() < 0.4:
            file = BytesIO()
            image.save(file, "JPEG", quality=int(rng.integers(20, 90)))
            image = Image.open(file)
        return np.asarray(image)

    def _beside(self, picture: Array, maps: Array, rng: np.random.Generator) -> None:
        """What lies beside the paper: a table, another sheet, a smear, over a side."""
        picture.setflags(write=True) if picture.flags.owndata else None
        y, x = np.mgrid[:SIDE, :SIDE].astype(np.float32)
        a = rng.integers(4) * np.pi / 2 + rng.normal(0, 0.15)
        edge = (x - SIDE / 2) * np.cos(a) + (y - SIDE / 2) * np.sin(a) - SIDE / 2 + rng.uniform(4, 90)
        there = edge > 0
        level = rng.uniform(0, 255) + rng.normal(0, rng.uniform(1, 15), int(there.sum()))
        out = picture.copy()
        out[there] = np.clip(level, 0, 255)
        np.copyto(picture, out) if picture.flags.writeable else None
        maps[:, there] = 0


def as_target(maps: Array) -> Array:
    """Maps uint8 (MAPS, height, width) as the network gives them: float32 (rows · columns · 4 · MAPS)."""
    k, h, w = maps.shape
    cells = maps.reshape(k, h // 4, 4, w // 4, 4).astype(np.float32)
    mean = cells.mean(axis=(2, 4)) / 255  # (MAPS, h/4, w/4)
    mean[1:3] = np.minimum(1, 2.0 * mean[1:3])
    mean[4] = np.minimum(1, 2.0 * mean[4])
    parts = mean.reshape(k, h // 8, 2, w // 8, 2).transpose(1, 3, 2, 4, 0)  # (rows, columns, 2, 2, MAPS)
    return parts.reshape(-1)


def _font(file: str, size: int) -> object:
    from PIL import ImageFont

    return ImageFont.truetype(file, size)
