"""What a photo of a page shows beside ink: paper's patterns, light and shadows, tables, hands, the camera.

What is costly is laid out once on sheets SIDE pixels large; a page takes a random piece of one, mirrored at random.
"""

from functools import lru_cache
from io import BytesIO

import numpy as np

from byhand.core.types import Array
from byhand.handwriting.paper import own_sheets

SIDE = 640  # pixels of a sheet
SHEETS = {"pattern": 24, "cloud": 12, "grain": 3, "blotch": 8, "wood": 8}


def scene_piece(what: str, shape: tuple[int, int], rng: np.random.Generator, held: bool | None = None) -> Array:
    """A random piece of a sheet: float32 (height, width); a larger one than the sheet is repeated.

    `held` says which sheets: those that are kept for validation (see `paper.own_sheets`), the others, or all for None.
    """
    own = own_sheets(SHEETS[what], held)
    sheet = _sheets(what)[own[int(rng.integers(len(own)))]]
    if max(shape) > SIDE:
        many = tuple(-(-side // SIDE) for side in shape)
        sheet = np.tile(sheet, many)
    y, x = (int(rng.integers(whole - side + 1)) for whole, side in zip(sheet.shape, shape, strict=True))
    part = sheet[y : y + shape[0], x : x + shape[1]]
    part = part[::-1] if rng.random() < 0.5 else part
    return part[:, ::-1] if rng.random() < 0.5 else part


@lru_cache(maxsize=8)
def _sheets(what: str) -> Array:
    rng = np.random.default_rng(sum(what.encode()))
    make = {"pattern": _pattern, "cloud": _cloud, "grain": _grain, "blotch": _blotch, "wood": _wood}[what]
    return np.stack([make(rng, k) for k in range(SHEETS[what])]).astype(np.float32)


def _resized(coarse: Array) -> Array:
    from PIL import Image

    return np.asarray(Image.fromarray(coarse.astype(np.float32)).resize((SIDE, SIDE), Image.Resampling.BICUBIC))


def _pattern(rng: np.random.Generator, k: int) -> Array:
    """Printed waves, hatches or stipple, 0-1."""
    y, x = np.mgrid[:SIDE, :SIDE].astype(np.float32)
    if k % 6 == 5:
        return (rng.random((SIDE, SIDE)) < rng.uniform(0.1, 0.4)).astype(np.float32)
    sheet = np.zeros((SIDE, SIDE), np.float32)
    for _ in range(1 + k % 3 // 2):
        angle, period = rng.uniform(-1.2, 1.2), float(np.exp(rng.uniform(1, 2.8)))
        across = x * np.sin(angle) + y * np.cos(angle)
        along = x * np.cos(angle) - y * np.sin(angle)
        across = across + rng.uniform(0, 5) * np.sin(along / rng.uniform(6, 40))
        thin = rng.uniform(-0.2, 0.7)
        np.maximum(sheet, np.clip((np.sin(2 * np.pi * across / period) - thin) / (1 - thin), 0, 1), out=sheet)
    return sheet


def _cloud(rng: np.random.Generator, k: int) -> Array:
    """Something that varies slowly, 0-1."""
    n = 3 + k % 5
    return np.clip(_resized(rng.random((n, n))), 0, 1)


def _grain(rng: np.random.Generator, k: int) -> Array:
    """Noise of standard deviation 1; the later the sheet, the softer."""
    noise: Array = rng.standard_normal((SIDE, SIDE))
    for _ in range(k):
        noise = (noise + np.roll(noise, 1, 0) + np.roll(noise, 1, 1) + np.roll(noise, (1, 1), (0, 1))) / 2
    return noise / noise.std()


def _blotch(rng: np.random.Generator, k: int) -> Array:
    """Unevenness some pixels wide, -1 to 1."""
    n = round(SIDE / rng.uniform(6, 40))
    return np.clip(_resized(rng.uniform(-1, 1, (n, n))), -1, 1)


def _wood(rng: np.random.Generator, k: int) -> Array:
    """A table: streaks, a weave or spots, 0-1."""
    if k % 4 == 3:  # plain
        return np.full((SIDE, SIDE), 0.5, np.float32) + 0.05 * _blotch(rng, 1)
    long, short = (int(rng.integers(3, 10)), int(rng.integers(40, 200)))
    streaks = _resized(rng.random((short, long)))
    if k % 4 == 2:
        streaks = (streaks + _resized(rng.random((long, short)))) / 2
    return np.clip(streaks, 0, 1) if k % 2 else np.clip(streaks.T, 0, 1)


def illumination(
    shape: tuple[int, int], rng: np.random.Generator, strength: float = 1.0, held: bool | None = None
) -> Array:
    """The light on a page, 1 at most about: a ramp, clouds, a shadow with a hard or a soft edge: float32.

    `strength` is how much of all that there is, 0-1; for `held` see `piece`.
    """
    from PIL import Image, ImageDraw

    height, width = shape
    light = np.ones(shape, np.float32)
    if rng.random() < 0.6:
        slope = rng.normal(0, 0.22 * strength, 2)
        ramp = slope[0] * np.linspace(-0.5, 0.5, height)[:, None] + slope[1] * np.linspace(-0.5, 0.5, width)[None]
        light += ramp.astype(np.float32)
    if rng.random() < 0.3 * strength:
        light *= 1 - np.float32(rng.uniform(0.1, 0.4)) * scene_piece("cloud", shape, rng, held)
    for _ in range(int(rng.integers(1, 3)) if rng.random() < 0.32 * strength else 0):
        light *= 1 - np.float32(rng.uniform(0.12, 0.55)) * shadow(shape, rng)
    if rng.random() < 0.1 * strength:  # a fold: two planes, and the crease between them
        image = Image.new("L", (width, height))
        crease = half_plane(shape, rng)
        draw = ImageDraw.Draw(image)
        draw.polygon(crease, fill=128)
        draw.line([*crease, crease[0]], fill=255, width=int(rng.integers(1, 4)))
        light *= 1 + np.float32(rng.uniform(-0.25, 0.25) / 255) * np.asarray(image)
    if rng.random() < 0.15:  # overexposed
        light *= np.float32(rng.uniform(1.05, 1.6))
    return np.maximum(light, 0.12)


def shadow(shape: tuple[int, int], rng: np.random.Generator) -> Array:
    """Where something's shadow falls, float32 (height, width) 0-1: a hand's, a head's, a straight edge's."""
    from PIL import Image, ImageDraw, ImageFilter

    height, width = (max(8, side // 2) for side in shape)  # half as large, for speed
    image = Image.new("L", (width, height))
    draw, reach = ImageDraw.Draw(image), max(height, width)
    if rng.random() < 0.5:  # all beyond a straight edge
        draw.polygon(half_plane((height, width), rng), fill=255)
    else:
        x, y = rng.uniform(0, width), rng.uniform(0, height)
        angle = rng.uniform(0, 2 * np.pi)
        for _ in range(int(rng.integers(1, 5))):  # an arm, fingers
            bend = angle + rng.normal(0, 0.25)
            far = (x + 2 * reach * np.cos(bend), y + 2 * reach * np.sin(bend))
            wide = int(reach * rng.uniform(0.04, 0.25))
            draw.line((x, y, *far), fill=255, width=wide)
            draw.ellipse((x - wide / 2, y - wide / 2, x + wide / 2, y + wide / 2), fill=255)
            x, y = x + rng.normal(0, wide), y + rng.normal(0, wide)
    soft = rng.choice([0, 0.5, 1, 2, 5, 15])
    image = image.filter(ImageFilter.BoxBlur(float(soft))) if soft else image
    return np.asarray(image.resize(shape[::-1], Image.Resampling.BILINEAR), np.float32) / 255


def things(shape: tuple[int, int], rng: np.random.Generator) -> Array:
    """What lies on a table: pens, cables, cups, keys: float32 (height, width), -1 to 1."""
    from PIL import Image, ImageDraw

    height, width = (max(8, side // 2) for side in shape)
    image = Image.new("L", (width, height), 128)
    draw = ImageDraw.Draw(image)
    for _ in range(int(rng.integers(1, 12))):
        x, y = rng.uniform(0, width), rng.uniform(0, height)
        size, level = min(width, height) * rng.uniform(0.02, 0.3), int(rng.integers(256))
        kind = rng.random()
        if kind < 0.4:
            end = (x + rng.normal(0, 4) * size, y + rng.normal(0, 4) * size)
            draw.line((x, y, *end), fill=level, width=max(1, int(size * rng.uniform(0.02, 0.4))))
        elif kind < 0.6:
            draw.ellipse((x - size, y - size, x + size, y + size), outline=level, width=max(1, int(0.1 * size)))
        else:
            draw.rounded_rectangle((x, y, x + size * rng.uniform(0.3, 3), y + size), size / 5, fill=level)
    seen = image.resize(shape[::-1], Image.Resampling.BILINEAR)
    return np.asarray(seen, np.float32) / 128 - 1


def half_plane(shape: tuple[int, int], rng: np.random.Generator, most: float = 0.5) -> list[tuple[float, float]]:
    """A polygon beyond an edge that cuts off up to `most` of the picture at one side, nearly parallel to it."""
    height, width = shape
    side, depth, lean = int(rng.integers(4)), rng.uniform(0.02, most), rng.normal(0, 0.12)
    a, b = depth + lean / 2, depth - lean / 2
    corners = [(-0.5, -0.5), (a, -0.5), (b, 1.5), (-0.5, 1.5)]  # at the left
    if side % 2:
        corners = [(y, x) for x, y in corners]
    if side >= 2:
        corners = [(1 - x, 1 - y) for x, y in corners]
    return [(x * width, y * height) for x, y in corners]


def fingers(shape: tuple[int, int], rng: np.random.Generator) -> Array:
    """Where a hand's fingers reach into the picture from a side: bool (height, width)."""
    from PIL import Image, ImageDraw

    height, width = shape
    image = Image.new("L", (width, height))
    draw = ImageDraw.Draw(image)
    wide = min(shape) * rng.uniform(0.06, 0.2)
    side, at = int(rng.integers(4)), rng.uniform(0.1, 0.9)
    for k in range(int(rng.integers(1, 5))):
        deep = rng.uniform(0.03, 0.25)
        x, y = (
            (deep * width, at * height + 1.05 * k * wide) if side % 2 else (at * width + 1.05 * k * wide, deep * height)
        )
        far = (-wide, y + rng.normal(0, wide)) if side % 2 else (x + rng.normal(0, wide), -wide)
        if side >= 2:
            (x, y), far = (width - x, height - y), (width - far[0], height - far[1])
        draw.line((x, y, *far), fill=255, width=int(wide))
        draw.ellipse((x - wide / 2, y - wide / 2, x + wide / 2, y + wide / 2), fill=255)
    return np.asarray(image) > 127


def photographed(level: Array, digit: float, contrast: float, rng: np.random.Generator, sharp: bool = False) -> Array:
    """What a camera makes of grey levels 0-255 (height, width) with digits of `digit` pixels: uint8.

    `contrast` is how much darker than paper ink is, 0-1.

    It may see less detail, blurred, grainy, squeezed by JPEG; what is `sharp` mostly not.
    """
    from PIL import Image, ImageFilter

    height, width = level.shape
    picture = Image.fromarray(np.clip(level, 0, 255).astype(np.uint8))
    coarse = 1.0
    if rng.random() < (0.1 if sharp else 0.45):
        coarse = 1 + max(0.05, min(4.0, digit / 10) - 1) * rng.random() ** 1.5
        picture = picture.resize((max(8, round(width / coarse)), max(8, round(height / coarse))), Image.Resampling.BOX)
    if rng.random() < (0.15 if sharp else 0.35):
        picture = picture.filter(ImageFilter.BoxBlur(rng.uniform(0.3, max(0.4, digit / 22)) / coarse))
    if rng.random() < (0.1 if sharp else 0.75):
        most = np.log(max(1.5, 30 * contrast))
        noise = np.float32(np.exp(rng.uniform(0, most))) * scene_piece("grain", (picture.height, picture.width), rng)
        picture = Image.fromarray(np.clip(np.asarray(picture) + noise, 0, 255).astype(np.uint8))
    if not sharp and rng.random() < 0.1:
        picture = picture.filter(ImageFilter.UnsharpMask(rng.uniform(0.8, 3), int(rng.integers(50, 250)), 0))
    if not sharp and rng.random() < 0.03:  # a scanner that knows black and white only
        seen = np.asarray(picture)
        local = np.asarray(picture.filter(ImageFilter.BoxBlur(float(2 * digit / coarse))), np.float32)
        picture = Image.fromarray(np.where(seen > local - 80 * contrast, 255, 0).astype(np.uint8))
    if rng.random() < (0.2 if sharp else 0.55):
        file = BytesIO()
        picture.save(file, "JPEG", quality=int(rng.integers(25, 92)))
        picture = Image.open(file)
    return np.asarray(picture.resize((width, height), Image.Resampling.BILINEAR) if coarse > 1 else picture)
