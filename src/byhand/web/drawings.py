"""Drawings in requests: grey levels of a canvas, an image of 28 × 28, or a picture file."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from byhand.core.types import Array
from byhand.pictures.boxes import Box, box_of
from byhand.pictures.prepare import prepare
from byhand.web.limits import Limits, Refusal
from byhand.web.packed import packed
from byhand.web.pictures import is_picture, open_picture

RAW = "application/octet-stream"
IMAGE_SIDE = 28
HIGH, RIM = 48, 8  # pixels: how high a line of writing need not be more than twice; paper around it at least


@dataclass(frozen=True)
class Drawing:
    """One digit, prepared for a network.

    Attributes:
        image: uint8 (28, 28), ink 255 on paper 0.
        box: where it was found: left, top, right, bottom in pixels; None where it came ready.
    """

    image: Array
    box: Box | None

    def to_json(self) -> dict[str, Any]:
        """The packed image and the box."""
        return {"image": packed(self.image), "box": list(self.box) if self.box else None}


@dataclass(frozen=True)
class Frame:
    """The position and scale of a cropped part of a canvas."""

    left: int = 0
    top: int = 0
    shrink: int = 1

    def back(self, box: Sequence[int]) -> Box:
        """Convert a box of the part to the whole canvas."""
        left, top, right, bottom = (side * self.shrink for side in box)
        return left + self.left, top + self.top, right + self.left, bottom + self.top


def trim(canvas: Array) -> tuple[Array, Frame]:
    """Crop a canvas to its ink with a margin.

    Lines of writing that are higher than twice HIGH pixels are made smaller by a whole number. An empty canvas stays as
    it is.

    Args:
        canvas: ink 255 on paper 0, uint8 (height, width).
    """
    from PIL import Image

    ink = canvas > 0
    box = box_of(ink)
    if box is None:
        return canvas, Frame()
    left, top, right, bottom = box
    edges = np.flatnonzero(np.diff(ink.any(axis=1), prepend=False, append=False))  # where lines begin and end
    high = int(np.diff(edges)[::2].max())  # of the highest one
    shrink = max(1, high // HIGH)
    rim = max(RIM * shrink, high // 8)
    part = np.pad(canvas[top:bottom, left:right], rim)
    if shrink > 1:
        part = np.asarray(Image.fromarray(part).reduce(shrink))
    return part, Frame(left - rim, top - rim, shrink)


def picture(body: bytes, kind: str, width: int | None, height: int | None, limits: Limits) -> Array | bytes:
    """A request's body: the ink of a canvas, uint8 (height, width), 255 on paper 0, or a picture file's bytes.

    Args:
        body: the bytes.
        kind: their media type; what begins as a picture file does is one, whatever it is called.
        width: of a canvas that came as plain grey levels, ink 255 on paper 0.
        height: the same.
        limits: the server's.

    Raises:
        Refusal: another type or size.
    """
    if not body:
        raise Refusal(400, "The request has no body; send a drawing.")
    plain = width is not None or height is not None
    if kind.startswith("image/") or (is_picture(body) and not plain):
        return body
    if kind == RAW:
        return _grey_levels(body, width, height, limits)
    raise Refusal(415, f"A drawing is {RAW} or image/png, image/jpeg, ..., not {kind or 'without a type'}.")


def digit(source: Array | bytes, ready: bool, box: Box | None, limits: Limits) -> Drawing:
    """The digit in a drawing, cropped and prepared.

    Args:
        source: what `picture` gives.
        ready: whether a drawing in grey levels is the image of 28 × 28 itself, and stays as it is.
        box: where in the drawing the digit stands; None for anywhere.
        limits: the server's.

    Raises:
        Refusal: a box that lies outside.
        ByhandError: no picture, or no ink in it.
    """
    if ready and box is None and not isinstance(source, bytes):
        if not source.any():
            raise Refusal(422, "There is no ink in the drawing.")
        return Drawing(source, None)
    if isinstance(source, bytes):
        grey, shrink = open_picture(source, limits)
        frame = Frame(shrink=shrink)
    elif box is None:
        part, frame = trim(source)
        grey = 255 - part
    else:
        grey, frame = 255 - source, Frame()
    if box is None:
        image, found = prepare(grey)
        return Drawing(image, frame.back(found))
    height, width = (side * frame.shrink for side in grey.shape)
    left, top, right, bottom = (side // frame.shrink for side in box)
    if not (0 <= left < right <= grey.shape[1] and 0 <= top < bottom <= grey.shape[0]):
        raise Refusal(422, f"The box lies outside the picture, which is {width} × {height} pixels.")
    image, found = prepare(np.ascontiguousarray(grey[top:bottom, left:right]))
    return Drawing(image, frame.back((found[0] + left, found[1] + top, found[2] + left, found[3] + top)))


def _grey_levels(body: bytes, width: int | None, height: int | None, limits: Limits) -> Array:
    """The canvas, uint8 (height, width)."""
    if width is None and height is None:
        width = height = IMAGE_SIDE
    if width is None or height is None:
        raise Refusal(400, "Give width and height, or neither for an image of 28 × 28.")
    if width * height > limits.canvas_pixels:
        raise Refusal(413, f"A canvas has at most {limits.canvas_pixels:,} pixels, not {width} × {height}.")
    if len(body) != width * height:
        raise Refusal(400, f"{width} × {height} grey levels are {width * height} bytes; {len(body)} came.")
    return np.frombuffer(body, np.uint8).reshape(height, width)
