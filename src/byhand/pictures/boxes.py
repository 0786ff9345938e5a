"""Boxes in pictures: left, top, right, bottom in pixels, right and bottom exclusive."""

from collections.abc import Sequence

import numpy as np

from byhand.core.types import Array

Box = tuple[int, int, int, int]


def box_of(mask: Array) -> Box | None:
    """The smallest box around a mask, nothing if it is empty."""
    x, y = np.flatnonzero(mask.any(axis=0)), np.flatnonzero(mask.any(axis=1))
    return (int(x[0]), int(y[0]), int(x[-1]) + 1, int(y[-1]) + 1) if x.size else None


def hull(boxes: Sequence[Box]) -> Box:
    """The smallest box around boxes."""
    left, top, right, bottom = zip(*boxes, strict=True)
    return min(left), min(top), max(right), max(bottom)


def whole_box(box: Sequence[float], shape: tuple[int, ...]) -> Box:
    """A box in whole pixels, within a picture (height, width)."""
    left, top = (min(max(0, int(np.floor(at))), side - 1) for at, side in zip(box[:2], shape[::-1], strict=True))
    right, bottom = (max(0, min(int(np.ceil(at)), side)) for at, side in zip(box[2:], shape[::-1], strict=True))
    return left, top, max(right, left + 1), max(bottom, top + 1)


def overlap(a: Sequence[float], b: Sequence[float]) -> float:
    """The part of the smaller box that lies in the other."""
    w = min(a[2], b[2]) - max(a[0], b[0])
    h = min(a[3], b[3]) - max(a[1], b[1])
    if w <= 0 or h <= 0:
        return 0.0
    return w * h / max(min((a[2] - a[0]) * (a[3] - a[1]), (b[2] - b[0]) * (b[3] - b[1])), 1e-9)
