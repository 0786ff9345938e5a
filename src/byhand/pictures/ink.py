"""Finding the ink: writing told apart from paper, whatever the light and whichever of the two is darker."""

import numpy as np

from byhand.core.types import Array

WINDOW = 0.4  # the background's window, as a part of the picture's size; strokes must be thinner
NEIGHBOURHOOD = 0.6  # likewise, where the darker and the lighter are weighed against each other
DARKER = 0.0  # the skewness of dark writing on light paper is below this
FRAME_RIM = 0.08  # the part of each side where a frame, or what lies beside the paper, might be: it does not count
STEEPEST_LIGHT = 4.0  # grey levels by which the light may change from pixel to pixel of the copy
GENTLE = 1 / 12  # or, where a shadow is deep, this part of its depth; a stroke's edge changes by more
LIGHT_SIZE = 128  # the background is smooth, so a copy of this size shows it
DARKEST = 64  # grey level: paper is not taken to be darker than this, or its grain would look like ink
CONTRAST = 0.06  # ink that takes away a smaller part of the light is not believed
THICK, THIN = 0.4, 0.14  # windows of the background, as parts of the picture's size, for thick strokes and for others
NOISE = 5.0  # and it must differ from the paper by this many standard deviations of the paper's grain


def ink(image: Array, inverted: bool | None = None) -> Array:
    """How much ink lies on each pixel: float32 `(height, width)`, 0 = paper, 1 = full ink.

    image uint8 `(height, width)`. Dark writing on light paper and light on dark give the same answer; `inverted` says
    that the writing is the lighter one, or that it is not, by default it is found out. Light
    that falls unevenly on the paper is taken out; the soft edges of the strokes stay. A page without writing is
    all zeros.
    """
    light = image.astype(np.float32)
    if light_on_dark(light) if inverted is None else inverted:
        light = 255 - light
    white = background(light)
    level = (white - light) / np.maximum(white, DARKEST)  # ink takes away a part of the paper's light
    paper = float(np.median(level))
    grain = 1.4826 * float(np.median(np.abs(level - paper)))  # standard deviation, from the median deviation
    threshold = max(otsu(level), paper + 3 * grain)
    strong = level[level > threshold]
    if strong.size == 0:
        return np.zeros_like(level)
    full = float(np.percentile(strong, 90))
    if full - paper < max(CONTRAST, NOISE * grain):
        return np.zeros_like(level)
    low = paper + 3 * grain
    return np.clip((level - low) / (full - low), 0, 1)


def light_on_dark(level: Array) -> bool:
    """Whether the writing is the lighter one."""
    return skewness(level) > DARKER


def skewness(level: Array) -> float:
    """The third moment of the differences from the neighbourhood's mean, in standard deviations, of uint8 or float32.

    Writing is the rarer of the two wherever one looks, so the differences are many and small on the paper's side, few
    and large on its own: their third moment has the sign of the ink. It is below DARKER for dark writing on light
    paper, above it for the reverse.
    """
    small = _smaller(level)
    difference = small - box_mean(small, _odd(NEIGHBOURHOOD * np.sqrt(small.size)))
    y, x = (round(FRAME_RIM * side) for side in small.shape)
    inner = difference[y : len(difference) - y, x : small.shape[1] - x]
    spread = float(np.mean(inner**2)) ** 1.5
    return float(np.mean(inner * inner**2)) / spread if spread else 0.0


def background(light: Array, window: float = WINDOW, narrower: float | None = None) -> Array:
    """The paper under dark strokes: a morphological closing, which wipes out what is thinner than its window.

    A narrower window follows the light more closely, but leaves thick strokes where they are. Where one is given, it
    is taken unless what it leaves has an edge, as strokes have and the light has not.
    """
    small = _smaller(light)
    size = _odd(window * np.sqrt(small.size))
    closed = _closing(small, size)
    if narrower:
        less = _odd(narrower * np.sqrt(small.size))
        closer = _closing(small, less)
        depth = closed - closer
        if _edge(depth) <= max(STEEPEST_LIGHT, GENTLE * depth.max()):
            closed, size = closer, less
    if closed.shape == light.shape:
        return closed
    return _resize(box_mean(closed, _odd(size / 4)), light.shape)


def _closing(small: Array, size: int) -> Array:
    wide = np.pad(small, size, mode="reflect", reflect_type="odd")  # light that fades towards an edge fades on
    closed = running_max(wide, size)  # the greatest of each window ...
    return -running_max(-closed, size)[size:-size, size:-size]  # ... and the least of those


def _edge(depth: Array) -> float:
    """How steep the edge of a hollow is: the median step from pixel to pixel where it is half as deep as anywhere."""
    deep = depth > depth.max() / 2
    steps = np.concatenate([np.abs(np.diff(depth, axis=axis))[np.diff(deep, axis=axis)] for axis in (0, 1)])
    return float(np.median(steps)) if steps.size else 0.0


def otsu(level: Array, times: Array | None = None) -> float:
    """The threshold that parts two groups best: it maximises the variance between them, w₀ w₁ (μ₀ − μ₁)².

    `times` says how often each level occurs, by default once.
    N. Otsu, A Threshold Selection Method from Gray-Level Histograms, 1979.
    """
    count, edge = np.histogram(level, bins=256, weights=times)
    middle = (edge[1:] + edge[:-1]) / 2
    w0 = np.cumsum(count)[:-1]
    w1 = count.sum() - w0
    sum0 = np.cumsum(count * middle)[:-1]
    total = float((count * middle).sum())
    between = w0 * w1 * (sum0 / np.maximum(w0, 1) - (total - sum0) / np.maximum(w1, 1)) ** 2
    return float(edge[1:][np.argmax(between)])


def median(level: Array, times: Array) -> float:
    """The median of levels in rising order, each of which occurs so many times, at least one of them once."""
    total = np.cumsum(times)
    middle = np.searchsorted(total, [(total[-1] - 1) // 2, total[-1] // 2], side="right")
    return float(level[middle].mean())


def _odd(size: float) -> int:
    return 2 * round(size / 2) + 1


def _smaller(level: Array) -> Array:
    height, width = level.shape
    factor = LIGHT_SIZE / max(height, width)
    if factor >= 1:
        return level.astype(np.float32)
    return _resize(level, (max(1, round(height * factor)), max(1, round(width * factor))))


def _resize(level: Array, shape: tuple[int, ...]) -> Array:
    from PIL import Image

    picture = Image.fromarray(level).convert("F")
    return np.asarray(picture.resize((shape[1], shape[0]), Image.Resampling.BILINEAR))


def box_mean(a: Array, size: int) -> Array:
    """The mean of the size × size pixels around each one, the edge repeated outwards; size is odd."""
    for _ in ("down", "across"):
        total = np.zeros((len(a) + size, a.shape[1]))  # total[i] is that of the rows before the i-th
        np.cumsum(_widened(a, size // 2), axis=0, dtype=np.float64, out=total[1:])
        a = ((total[size:] - total[:-size]) / size).T
    return a.astype(np.float32, order="C")


def running_max(a: Array, size: int) -> Array:
    """The greatest of the size × size pixels around each one, the edge repeated outwards; size is odd."""
    for _ in ("down", "across"):
        greatest = _widened(a, size // 2)
        wide = 1  # greatest[i] is that of the rows from i to i + wide − 1
        while 2 * wide <= size:
            greatest = np.maximum(greatest[:-wide], greatest[wide:])
            wide *= 2
        a = np.maximum(greatest[: len(a)], greatest[size - wide :]).T
    return a


def _widened(a: Array, by: int) -> Array:
    """The same with its first and its last row repeated so many times."""
    return a.take(np.arange(-by, len(a) + by), axis=0, mode="clip")


def flatten(image: Array, inverted: bool | None = None) -> Array:
    """The picture (height, width) with even light: every paper 255, writing darker, uint8."""
    light = image.astype(np.float32)
    if light_on_dark(light) if inverted is None else inverted:
        light = 255 - light
    white = background(light, THICK, THIN)
    taken = (white - light) / np.maximum(white, DARKEST)  # the part of the paper's light that is missing
    return np.clip(255 * (1 - taken), 0, 255).astype(np.uint8)
