"""Whole pages that look like photos: rows of digits by one writer, on paper, to try the finding of rows on."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from byhand.core.types import Array
from byhand.handwriting.compose import Style, write_row
from byhand.handwriting.glyphs import Writer
from byhand.handwriting.paper import printed_lines

INKS = (
    (25, 25, 30),
    (30, 45, 120),
    (20, 90, 150),
    (150, 30, 35),
    (110, 110, 112),
)  # black, blue, light blue, red, grey


@dataclass(frozen=True)
class Page:
    """A page's picture and what stands on it.

    Attributes:
        picture: red, green and blue, uint8 (height, width, 3).
        labels: its rows, from above.
        boxes: where each row's ink stands: left, top, right, bottom in pixels, right and bottom exclusive (rows, 4).
    """

    picture: Array
    labels: tuple[str, ...]
    boxes: Array


def draw_page(
    labels: Sequence[str],
    writer: Writer,
    rng: np.random.Generator,
    size: tuple[int, int] = (1000, 800),
    style: Style | None = None,
    rules: float = 0.0,
    shadow: float = 0.3,
    inverted: bool = False,
) -> Page:
    """A page (height, width) with the rows `labels` on it, one below the other, each somewhere across.

    `rules` is how dark its ruled lines are, 0 for none; `shadow` how much the light varies, both from 0 to 1.
    """
    from PIL import Image

    height, width = size
    pitch = height / (len(labels) + 0.5)
    ink = np.zeros(size, np.uint8)
    boxes = []
    for i, label in enumerate(labels):
        high = round(min(0.6 * pitch, 0.14 * height) * rng.uniform(0.8, 1))
        row = write_row(label, writer, style or Style(), rng, (high, round(0.85 * width)))
        top = round((i + 0.75) * pitch - row.shape[0] / 2)
        left = round(rng.uniform(0.05 * width, 0.95 * width - row.shape[1]))
        place = ink[top : top + row.shape[0], left : left + row.shape[1]]
        np.maximum(place, row, out=place)
        boxes.append((left, top, left + row.shape[1], top + row.shape[0]))
    cover = ink / 255 * rng.uniform(0.8, 1)
    paper = rng.uniform(200, 245) * np.array([1, rng.uniform(0.93, 1), rng.uniform(0.82, 1)])
    colour = np.array(INKS[int(rng.integers(len(INKS)))])
    picture = paper + cover[:, :, None] * (colour - paper)
    if rules:
        picture *= 1 - rules * printed_lines((height, width), False, False, rng, pitch / 2)[:, :, None]
    light = Image.fromarray(rng.random((3, 3), np.float32)).resize((width, height), Image.Resampling.BICUBIC)
    picture *= 1 + shadow * (np.asarray(light)[:, :, None] - 0.7)
    picture += rng.normal(0, 2.5, (height, width, 1))
    picture = np.clip(255 - picture if inverted else picture, 0, 255).astype(np.uint8)
    return Page(picture, tuple(labels), np.array(boxes))
