"""Pens, and the ink that they leave along a curve."""

from functools import lru_cache
from typing import NamedTuple

import numpy as np

from byhand.core.types import Array


class Pen(NamedTuple):
    """A pen.

    Attributes:
        width: of its stroke, as a part of a digit's height.
        pressure: how much the width changes along a stroke, as a part of it.
        lift: by how much the stroke thins towards its end.
        nib: how much thinner strokes along one direction are than across it, 0 for a round pen.
        roughness: how much of the ink is missing where the paper is low, 0 to 1.
        ink: the amount of ink, 0 to 1.
    """

    width: float = 0.09
    pressure: float = 0.1
    lift: float = 0.2
    nib: float = 0.0
    roughness: float = 0.0
    ink: float = 1.0


def any_pen(rng: np.random.Generator) -> Pen:
    """A ball pen, a pencil, a fountain pen, a felt pen or a marker."""
    kind = rng.random()
    if kind < 0.4:  # ball pen
        return Pen(rng.uniform(0.05, 0.1), rng.uniform(0, 0.25), rng.uniform(0, 0.5), 0, rng.uniform(0, 0.3))
    if kind < 0.6:  # pencil
        return Pen(rng.uniform(0.05, 0.11), 0.2, 0.3, 0, rng.uniform(0.3, 0.8), rng.uniform(0.5, 0.9))
    if kind < 0.75:  # fountain pen
        return Pen(rng.uniform(0.07, 0.13), rng.uniform(0.1, 0.3), 0.5, rng.uniform(0.2, 0.6), rng.uniform(0, 0.2))
    if kind < 0.9:  # felt pen
        return Pen(rng.uniform(0.09, 0.15), rng.uniform(0, 0.15), rng.uniform(0, 0.2))
    return Pen(rng.uniform(0.14, 0.22), 0.05, 0, 0, rng.uniform(0, 0.2))  # marker


def pen_trace(
    curve: Array, starts: Array, ends: Array, along: Array, pen: Pen, height: int, rng: np.random.Generator
) -> Array:
    """The ink of the curve's pieces, in a picture that holds it just so: float32 (about `height`, width), 0-1.

    The curve's points (q, 2) are in units of the writing's height, whatever it is: 1 becomes height less the pen's
    width. A piece from a to b covers the pixel p with r + ½ − |p − a − t (b − a)|, cut off at 0 and 1, where
    t = (p − a)·(b − a) / |b − a|² from 0 to 1 is the nearest point on it and r half the width there.
    """
    thick = max(pen.width * height, 1.0)
    points = curve * (height - thick - 1)
    points = points - points.min(axis=0) + (thick / 2 + 0.5)
    size = np.ceil(points.max(axis=0) + thick / 2 + 0.5).astype(int) + 1
    points = points.astype(np.float32)
    a = points[starts]
    v = points[ends] - a
    radius = (thick / 2 * _profile(v, along, pen, rng)).astype(np.float32)
    squared = np.maximum((v * v).sum(axis=1), 1e-6)[:, None, None]
    x = np.arange(size[0], dtype=np.float32) - a[:, :1]  # (s, width)
    y = np.arange(size[1], dtype=np.float32) - a[:, 1:]  # (s, height)
    t = ((y * v[:, 1:])[:, :, None] + (x * v[:, :1])[:, None, :]) / squared  # (s, height, width)
    np.clip(t, 0, 1, out=t)
    dx = x[:, None, :] - t * v[:, :1, None]
    t *= v[:, 1:, None]
    dy = np.subtract(y[:, :, None], t, out=t)
    dx *= dx
    dy *= dy
    dx += dy
    np.sqrt(dx, out=dx)
    dx -= radius[:, None, None]
    ink = 0.5 - dx.min(axis=0)
    np.clip(ink, 0, 1, out=ink)
    if pen.roughness:
        ink *= 1 - pen.roughness * texture(ink.shape, rng)
    if pen.ink < 1:
        ink *= pen.ink
    return ink


def _profile(v: Array, along: Array, pen: Pen, rng: np.random.Generator) -> Array:
    """How wide the pen is on each piece, 1 on average or less."""
    profile = 1 + pen.pressure * np.sin(rng.uniform(3, 9) * along + rng.uniform(0, 2 * np.pi))
    profile *= 1 - pen.lift * np.exp(8 * (along - 1))
    if pen.nib:
        direction = np.arctan2(v[:, 1], v[:, 0]) + np.pi / 4  # a nib held at 45° is thin along its edge
        profile *= 1 - pen.nib * np.cos(direction) ** 2
    return profile


def texture(shape: tuple[int, ...], rng: np.random.Generator) -> Array:
    """A piece (height, width) of a rough paper's surface, 0-1; most of it is near 0."""
    tile = _rough()
    y = int(rng.integers(tile.shape[0] - shape[0]))
    x = int(rng.integers(tile.shape[1] - shape[1]))
    return tile[y : y + shape[0], x : x + shape[1]]


@lru_cache(maxsize=1)
def _rough() -> Array:
    noise = np.random.default_rng(0).standard_normal((512, 1024)).astype(np.float32)
    noise += np.roll(noise, 1, axis=0) + np.roll(noise, 1, axis=1)
    return np.clip(0.35 + 0.3 * noise, 0, 1)
