"""Picture files in requests: looked at before they are decoded, and made smaller where they are huge."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from byhand.core.errors import ByhandError
from byhand.core.types import Array
from byhand.pictures.image import decoding, grey_levels, opened
from byhand.web.limits import Limits
from byhand.web.slots import Slots

if TYPE_CHECKING:
    from PIL import Image

CALLED = "The picture"  # in messages
READ_PIXELS = 25_000_000  # a larger picture is read at half its size: a page at 300 pixels an inch has 8.7 million
STRIP = 128  # rows that are made smaller at once
FINDER_PIXELS, FINDER_BYTES = 2_600_000, 75  # what the finder looks at, and its room for each of these pixels
DECODED_BYTES, READ_BYTES = 5, 10  # of each pixel in the file, and of each that is read
ORIENTATION = 0x0112  # of the tags in a picture file, how it is turned
BEGINNINGS = (b"\x89PNG\r\n", b"\xff\xd8\xff", b"GIF8", b"BM", b"II*\0", b"MM\0*", b"RIFF", b"P4", b"P5", b"P6")
BOXED = b"ftyp"  # so do HEIF files begin, behind four bytes


def is_picture(body: bytes) -> bool:
    """Whether bytes begin as a picture file does."""
    return body.startswith(BEGINNINGS) or body[4:8] == BOXED


@contextmanager
def _opened(data: bytes, limits: Limits) -> Iterator["Image.Image"]:
    """The picture, not decoded yet."""
    with decoding(CALLED, data):
        picture = opened(data, CALLED)
        if picture.width * picture.height > limits.image_pixels:
            raise ByhandError(f"{CALLED} has more than {limits.image_pixels:,} pixels; make it smaller first.")
        yield picture


def shrinks_by(picture: "Image.Image") -> int:
    """The whole number by which a picture is made smaller before it is read."""
    return 2 if picture.width * picture.height > READ_PIXELS else 1


def memory_needed(data: bytes, limits: Limits) -> int:
    """The bytes that it takes at most to decode and to read a picture, by what its first bytes say of its size.

    Raises:
        ByhandError: no picture, or one with too many pixels.
    """
    with _opened(data, limits) as picture:
        pixels, shrink = picture.width * picture.height, shrinks_by(picture)
    reading = READ_BYTES * pixels // shrink**2 + FINDER_BYTES * min(pixels, FINDER_PIXELS)
    return max(DECODED_BYTES * pixels, reading)  # what was decoded is let go before it is read


@contextmanager
def room_for(source: bytes | Array, memory: Slots, limits: Limits) -> Iterator[None]:
    """Wait until there is memory for a picture file, and hold it; a canvas needs none to speak of.

    Raises:
        ByhandError: no picture, or one with too many pixels.
    """
    with memory.held(memory_needed(source, limits) if isinstance(source, bytes) else 0):
        yield


def open_picture(data: bytes, limits: Limits) -> tuple[Array, int]:
    """The grey levels of a picture, uint8 (height, width), and by what whole number it was made smaller.

    Raises:
        ByhandError: no picture, or one with too many pixels.
    """
    with _opened(data, limits) as picture:
        shrink = shrinks_by(picture)
        if shrink > 1 or picture.mode == "RGB":  # which takes four bytes a pixel
            picture = smaller(picture, shrink)
        return grey_levels(picture, CALLED), shrink


def smaller(picture: "Image.Image", shrink: int) -> "Image.Image":
    """The picture in shades of grey, each square of shrink × shrink pixels as one, made strip by strip.

    It is closed, so that its own pixels take no room any more.
    """
    from PIL import Image

    turn = picture.getexif().get(ORIENTATION, 1)
    size = (-(-picture.width // shrink), -(-picture.height // shrink))
    picture.draft(None, size)  # of a JPEG file only so much is decoded
    if picture.size == size:
        shrink = 1
    deep = picture.mode[0] if picture.mode.startswith(("I", "F")) else ""  # of more than 8 bits
    mode = deep or ("LA" if picture.has_transparency_data else "L")
    found = Image.new(mode, size)
    for top in range(0, picture.height, STRIP):
        strip = picture.crop((0, top, picture.width, min(top + STRIP, picture.height)))
        found.paste(grey(strip, mode).reduce(shrink), (0, top // shrink))
    picture.close()
    found.getexif()[ORIENTATION] = turn
    return found


def grey(picture: "Image.Image", mode: str) -> "Image.Image":
    """The picture in shades of grey, with what covers it in mode "LA"."""
    return picture.convert("RGBA").convert("LA") if mode == "LA" and picture.mode != "LA" else picture.convert(mode)
