"""What the finder should say of composed pages: its inputs and targets in training."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from byhand.core.types import Array
from byhand.handwriting.pages import MappedPage, compose_page
from byhand.reader_training.networks import FINDER_SIDE
from byhand.reader_training.small_pictures import FILL, small_pictures
from byhand.reading.finder import (
    CELL,
    CORE,
    DARK,
    LIGHT,
    MAPS,
    OTHER,
    PAD,
    SMALLEST,
    TALLEST,
    TURNED,
    UPRIGHT,
    rim_level,
    scale_page,
    stretch,
)

CORE_REACH = 0.3  # of the height: how far a core reaches at least to either side of its middle
SMALL_FIELDS = 0.45  # how often a field of small pictures is composed, where else a page is
PIECES = 3  # that are taken of a page


@dataclass(frozen=True)
class FieldPieces:
    """Composes pages, and takes pieces of them in sizes in which the finder knows numbers.

    Attributes:
        stock: whose writing it is.
    """

    stock: Any

    def batch(self, n: int, rng: np.random.Generator) -> tuple[Array, Array]:
        """n pieces (n, SIDE, SIDE, 1), uint8, and their maps (n, SIDE / 4 · SIDE / 4 · MAPS), float32, 0-1."""
        x = np.zeros((n, FINDER_SIDE, FINDER_SIDE, 1), np.uint8)
        t = np.zeros((n, (FINDER_SIDE // 4) ** 2 * MAPS), np.float32)
        done = 0
        while done < n:
            if rng.random() < SMALL_FIELDS:
                x[done, :, :, 0], maps = small_pictures(self.stock, rng)
                t[done] = as_target(maps)
                done += 1
                continue
            page = compose_page(rng, self.stock)
            picture = stretch(page.image)[page.image]
            for _ in range(min(PIECES, n - done)):
                x[done, :, :, 0], maps = piece(page, picture, rng)
                t[done] = as_target(maps)
                done += 1
        return x, t


def piece(page: MappedPage, picture: Array, rng: np.random.Generator) -> tuple[Array, Array]:
    """A piece of a page, uint8 (SIDE, SIDE), in some size, and its maps, float32 (MAPS, SIDE / 4, SIDE / 4)."""
    rows = page.rows
    at = None
    if rows and rng.random() < 0.9:
        row = rows[int(rng.integers(len(rows)))]
        scale = float(np.exp(rng.uniform(np.log(SMALLEST), np.log(TALLEST)))) / row.height
        group = row.groups[int(rng.integers(len(row.groups)))].polygon
        at = group.mean(axis=0)
    else:
        scale = float(np.exp(rng.uniform(np.log(0.1), 0)))
    scale = min(scale, 3.0, max(1.0, 3000 / max(picture.shape)))
    small = scale_page(picture, scale)
    scale_y, scale_x = small.shape[0] / picture.shape[0], small.shape[1] / picture.shape[1]
    level = np.full((small.shape[0] + 2 * PAD, small.shape[1] + 2 * PAD), rim_level(small), np.uint8)
    level[PAD : PAD + small.shape[0], PAD : PAD + small.shape[1]] = small
    # where the piece begins on the level
    corner = []
    for axis, s in ((0, scale_y), (1, scale_x)):
        room = level.shape[axis] - FINDER_SIDE
        if room <= 0:
            corner.append(0)
            continue
        start = (
            at[1 - axis] * s + PAD - rng.uniform(0.15, 0.85) * FINDER_SIDE if at is not None else rng.uniform(0, room)
        )
        corner.append(int(np.clip(start, 0, room)) // 8 * 8)
    y, x = corner
    seen = np.full((FINDER_SIDE, FINDER_SIDE), rim_level(small), np.uint8)
    part = level[y : y + FINDER_SIDE, x : x + FINDER_SIDE]
    seen[: part.shape[0], : part.shape[1]] = part
    maps = np.zeros((MAPS, FINDER_SIDE // CELL, FINDER_SIDE // CELL), np.float32)
    lighter = _lighter(page, picture)
    for k, mask in ((DARK, (page.ink == 1) & ~lighter), (LIGHT, (page.ink == 1) & lighter), (OTHER, page.ink == 2)):
        if mask.any():
            amount = np.pad(scale_page(mask * np.uint8(255), scale), PAD)[y : y + FINDER_SIDE, x : x + FINDER_SIDE]
            cells = np.pad(amount, [(0, FINDER_SIDE - side) for side in amount.shape]).reshape(
                FINDER_SIDE // CELL, CELL, -1, CELL
            )
            maps[k] = np.minimum(1, FILL / 255 * cells.mean(axis=(1, 3)))
    _cores(maps, page, (scale_y, scale_x), (y, x))
    return seen, maps


def _lighter(page: MappedPage, picture: Array) -> Array:
    """Where a page's writing is lighter than its paper, bool (height, width), by groups."""
    lighter = np.zeros(page.ink.shape, bool)
    for row in page.rows:
        for group in row.groups:
            low = np.maximum(np.floor(group.polygon.min(axis=0) - 0.2 * row.height).astype(int), 0)
            high = np.ceil(group.polygon.max(axis=0) + 0.2 * row.height).astype(int) + 1
            window = np.s_[low[1] : high[1], low[0] : high[0]]
            ink, around = page.ink[window] == 1, page.ink[window] == 0
            if ink.any() and around.any():
                lighter[window] |= np.median(picture[window][ink]) > np.median(picture[window][around])
    return lighter


def _cores(maps: Array, page: MappedPage, scale: tuple[float, float], corner: tuple[int, int]) -> None:
    """The bands along the middles of groups that have the right size."""
    mean = (scale[0] * scale[1]) ** 0.5
    k = TURNED if page.turn % 2 else UPRIGHT
    sub = np.arange(0.5, 4 * maps.shape[1], 1.0)  # pixels of the piece
    for row in page.rows:
        height = row.height * mean
        if not SMALLEST <= height <= TALLEST:
            continue
        for group in row.groups:
            points = group.polygon * (scale[1], scale[0]) + PAD - np.array(corner[::-1])  # x, y on the piece
            left, right = (points[0] + points[3]) / 2, (points[1] + points[2]) / 2
            along = right - left
            length = float(np.hypot(*along))
            unit = along / max(length, 1e-6) if length > 0 else np.array([1.0, 0.0])
            middle, half = (left + right) / 2, max(length / 2, CORE_REACH * height)
            low = np.floor(np.minimum(left, right) - height).astype(int).clip(0)
            high = np.ceil(np.maximum(left, right) + height).astype(int).clip(0)
            low, high = low // 4, -(-high // 4)
            xs, ys = sub[4 * low[0] : 4 * high[0]], sub[4 * low[1] : 4 * high[1]]
            if not (len(xs) and len(ys)):
                continue
            dx, dy = xs - middle[0], (ys - middle[1])[:, None]
            inside = (np.abs(dx * unit[0] + dy * unit[1]) <= half) & (
                np.abs(dy * unit[0] - dx * unit[1]) <= CORE * height
            )
            share = inside.reshape(len(ys) // 4, 4, len(xs) // 4, 4).mean(axis=(1, 3))
            place = maps[k, low[1] : low[1] + share.shape[0], low[0] : low[0] + share.shape[1]]
            np.maximum(place, share, out=place)


def as_target(maps: Array) -> Array:
    """Maps (MAPS, rows, columns) as the network gives them: (rows · columns · MAPS,)."""
    k, h, w = maps.shape
    return maps.reshape(k, h // 2, 2, w // 2, 2).transpose(1, 3, 2, 4, 0).reshape(-1)
