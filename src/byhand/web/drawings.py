"""What a browser draws or a camera took: grey levels of a canvas, the network's own image, or a picture file."""

from dataclasses import dataclass
from io import BytesIO
from typing import Any

import numpy as np

from byhand.digits.image import open_image
from byhand.digits.prepare import Box, prepare
from byhand.types import Array
from byhand.web.limits import Limits, Refusal
from byhand.web.packed import packed

RAW = "application/octet-stream"
SIDE = 28
LEAST, MOST = 8, 4096  # sides of a canvas, pixels


@dataclass(frozen=True)
class Drawing:
    """One digit, ready for a network.

    Attributes:
        image: uint8 (28, 28), ink 255 on paper 0.
        box: where it was found: left, top, right, bottom in pixels; None where it came ready.
    """

    image: Array
    box: Box | None

    def to_json(self) -> dict[str, Any]:
        """The image packed, and the box."""
        return {"image": packed(self.image), "box": list(self.box) if self.box else None}


class Picture(BytesIO):
    """A picture's bytes, with a name for sentences."""

    name = "The picture"


def picture(body: bytes, kind: str, width: int | None, height: int | None, limits: Limits) -> Array | Picture:
    """A request's body as `byhand.digits` reads it: dark ink on white paper (height, width), or a picture file.

    Args:
        body: the bytes.
        kind: their media type.
        width: of a canvas that came as plain grey levels, ink 255 on paper 0.
        height: the same.
        limits: the server's.

    Raises:
        Refusal: another type or size.
    """
    if not body:
        raise Refusal(400, "The request has no body; send a drawing.")
    if kind == RAW:
        return 255 - _grey_levels(body, width, height, limits)
    if kind.startswith("image/"):
        return Picture(body)
    raise Refusal(415, f"A drawing is {RAW} or image/png, image/jpeg, ..., not {kind or 'without a type'}.")


def digit(body: bytes, kind: str, values: dict[str, Any], limits: Limits) -> Drawing:
    """The one digit in a request's body: as it is where it is the network's own image, else found and prepared.

    Raises:
        Refusal: another type or size, or a box that lies outside.
        ByhandError: no picture, or no ink in it.
    """
    width, height, box = values.get("width"), values.get("height"), values.get("box")
    source = picture(body, kind, width, height, limits)
    if isinstance(source, np.ndarray) and width is None and box is None:
        if not (source < 255).any():
            raise Refusal(422, "There is no ink in the drawing.")
        return Drawing(255 - source, None)
    if box is None:
        return Drawing(*prepare(source))
    grey = open_image(source)
    left, top, right, bottom = box
    if not (0 <= left < right <= grey.shape[1] and 0 <= top < bottom <= grey.shape[0]):
        raise Refusal(422, f"The box lies outside the picture, which is {grey.shape[1]} × {grey.shape[0]} pixels.")
    image, found = prepare(np.ascontiguousarray(grey[top:bottom, left:right]))
    return Drawing(image, (found[0] + left, found[1] + top, found[2] + left, found[3] + top))


def _grey_levels(body: bytes, width: int | None, height: int | None, limits: Limits) -> Array:
    """The canvas, uint8 (height, width)."""
    if width is None and height is None:
        width = height = SIDE
    if width is None or height is None:
        raise Refusal(400, "Give width and height, or neither for an image of 28 × 28.")
    if width * height > limits.canvas_pixels:
        raise Refusal(413, f"A canvas has at most {limits.canvas_pixels:,} pixels, not {width} × {height}.")
    if len(body) != width * height:
        raise Refusal(400, f"{width} × {height} grey levels are {width * height} bytes; {len(body)} came.")
    return np.frombuffer(body, np.uint8).reshape(height, width)
