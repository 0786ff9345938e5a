"""Opening pictures: whatever a camera, a scanner or a drawing program saves, as one array of grey levels."""

import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from os import PathLike
from typing import TYPE_CHECKING, Any, BinaryIO, Union

import numpy as np

from byhand.core.errors import ByhandError
from byhand.core.extras import how_to_install
from byhand.core.pixels import check_pixels
from byhand.core.types import Array

if TYPE_CHECKING:
    from PIL import Image

ImageSource = Union[str, PathLike[str], bytes, BinaryIO, Array, "Image.Image"]

MAX_BYTES = 64 * 1024**2
MAX_PIXELS, MAX_SIDE = 50_000_000, 65_535
URL = re.compile(r"[a-z][a-z0-9+.-]+://", re.IGNORECASE)
IMAGE_FORMATS = ("PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP", "PPM")  # no format whose reader starts another program


def open_image(source: ImageSource) -> Array:
    """The picture as grey levels: uint8 `(height, width)`, 0 = black, 255 = white, turned the right way up.

    `source` is a path, a file's bytes, a file opened for reading bytes, a picture of Pillow, or an array: uint8 0-255
    or float 0-1, `(height, width)` or `(height, width, 3 or 4)`. Transparent places are laid on white paper, light
    writing with nothing around it on black; of an animation the first frame is taken, of a TIFF file the first page.
    Raises ByhandError, naming the file, for whatever is not a picture of at most 64 MiB, 50 million pixels and 65,535
    pixels a side.
    """
    from PIL import Image

    if isinstance(source, np.ndarray):
        return grey_levels(Image.fromarray(_as_bytes(source)), "the array")
    name = name_of(source)
    if isinstance(source, Image.Image):
        with decoding(name):
            check_size(source.width, source.height, name)
            return grey_levels(source, name)
    data = read_bytes(source, name)
    with decoding(name, data):
        return grey_levels(opened(data, name), name)


@contextmanager
def decoding(name: str, data: bytes = b"") -> Iterator[None]:
    """Turn whatever a decoder raises about the file `name` with the content `data` into a ByhandError."""
    from PIL import Image

    with warnings.catch_warnings():
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        try:
            yield
        except ByhandError:
            raise
        except (Image.DecompressionBombError, Image.DecompressionBombWarning):
            raise ByhandError(f"{name} has far more than {MAX_PIXELS:,} pixels; make it smaller first.") from None
        except Image.UnidentifiedImageError:
            known = ", ".join(_formats())
            raise ByhandError(f"{name} is not a picture that can be read ({known}).{_hint(data)}") from None
        except Exception as error:  # a decoder fed with damaged bytes may raise anything
            raise ByhandError(f"{name} is damaged and cannot be read as a picture ({_line(error)}).") from error


def opened(data: bytes, name: str) -> "Image.Image":
    """The picture in a file's bytes; nothing is decoded yet. To be called inside `decoding`."""
    from PIL import Image

    formats = _formats() if data[4:8] == b"ftyp" else IMAGE_FORMATS
    picture = Image.open(BytesIO(data), formats=formats)
    check_frame(picture, len(data), name)
    return picture


def check_frame(picture: "Image.Image", size: int, name: str) -> None:
    """Refuse a frame that is too large, or larger than a file of `size` bytes can hold, before it is decoded."""
    check_size(picture.width, picture.height, name)
    check_pixels(picture.width, picture.height, size, name)


def _line(error: Exception) -> str:
    """What a decoder says, in one line."""
    said = " ".join(str(error).split()) or type(error).__name__
    return said if len(said) <= 200 else said[:200] + "..."


def _formats() -> tuple[str, ...]:
    """What can be read: FORMATS, and HEIF (iPhones' HEIC) where pillow-heif is installed."""
    try:
        from pillow_heif import register_heif_opener
    except ImportError:
        return IMAGE_FORMATS
    register_heif_opener(thumbnails=False)
    return (*IMAGE_FORMATS, "HEIF")


def _hint(data: bytes) -> str:
    """What to do about a file that is another kind of document, by its first bytes."""
    if b"%PDF-" in data[:1024]:
        return " It is a PDF: byhand.read_many and byhand read read its pages."
    if data[4:8] != b"ftyp" or data[8:12] not in (b"heic", b"heix", b"mif1", b"msf1", b"hevc"):
        return ""
    if "HEIF" in _formats():
        return " It begins as an HEIC picture does, but is damaged."
    return f" It is an HEIC picture: save it as JPEG, or {how_to_install('heic')}"


def name_of(source: ImageSource) -> str:
    """What to call the picture in a sentence."""
    if isinstance(source, np.ndarray):
        return "the array"
    if isinstance(source, str | PathLike):
        return str(source)
    return str(getattr(source, "filename", "") or getattr(source, "name", "") or "the picture")


def check_size(width: int, height: int, name: str) -> None:
    """Refuse a picture of more than MAX_PIXELS, or more than MAX_SIDE along a side."""
    if width * height > MAX_PIXELS or max(width, height) > MAX_SIDE:
        raise ByhandError(
            f"{name} is {width} × {height} pixels; at most {MAX_PIXELS:,} are read, and {MAX_SIDE:,} a side, so make "
            "it smaller first."
        )


def read_bytes(source: Any, name: str) -> bytes:
    """The file's bytes; a file that is too big is not read to its end.

    Raises:
        ByhandError: it cannot be opened, is empty, or is larger than MAX_BYTES; or `source` is something else.
    """
    if isinstance(source, bytes | bytearray | memoryview):
        data = bytes(source)
    elif hasattr(source, "read"):
        data = source.read(MAX_BYTES + 1)
    elif isinstance(source, str | PathLike):
        if URL.match(str(source)):
            raise ByhandError(f"{name} is an address; byhand opens no connections, so download the file first.")
        try:
            with open(source, "rb") as file:
                data = file.read(MAX_BYTES + 1)
        except (OSError, ValueError) as error:  # ValueError: a zero byte in the name
            reason = getattr(error, "strerror", None) or str(error)
            raise ByhandError(f"{name} cannot be opened: {reason}.") from error
    else:
        raise ByhandError(
            f"a picture is a path, bytes, a file, a Pillow image or a numpy array, not {type(source).__name__}."
        )
    if not isinstance(data, bytes):
        raise ByhandError(f"{name} was opened as text; open it with mode 'rb'.")
    if not data:
        raise ByhandError(f"{name} is empty.")
    if len(data) > MAX_BYTES:
        raise ByhandError(f"{name} is larger than {MAX_BYTES // 1024**2} MiB; make it smaller first.")
    return data


def grey_levels(picture: "Image.Image", name: str) -> Array:
    """One frame of any mode as uint8 (height, width)."""
    from PIL import Image, ImageChops, ImageOps, ImageStat

    picture = ImageOps.exif_transpose(picture)
    if picture.mode.startswith(("I", "F")):
        return _deep_grey(np.asarray(picture), name)
    if picture.has_transparency_data:
        picture = picture if picture.mode in ("LA", "RGBA") else picture.convert("RGBA")
        cover, picture = picture.getchannel("A"), picture.convert("L")  # 0 where nothing is; without it
        amount, covered = ImageStat.Stat(ImageChops.multiply(picture, cover)).sum[0], ImageStat.Stat(cover)
        paper = "black" if amount > 127 / 255 * covered.sum[0] and covered.mean[0] < 127.5 else "white"
        return np.array(Image.composite(picture, Image.new("L", picture.size, paper), cover))
    return np.array(picture.convert("L"))


def _deep_grey(levels: Array, name: str) -> Array:
    """Grey levels of more than 8 bits: whole numbers 0-65535, or floats 0-1."""
    if levels.dtype.kind == "f":
        return _as_bytes(levels, name)
    if levels.min() < 0 or levels.max() > 65535:
        raise ByhandError(f"{name} has grey levels outside 0-65535; save it with 8 or 16 bits.")
    return ((levels.astype(np.int32) + 128) // 257).astype(np.uint8)  # rounded; 65535 / 255 = 257


def _as_bytes(a: Array, name: str = "the array") -> Array:
    """An array given as a picture, checked, as uint8 of the same shape."""
    if a.ndim not in (2, 3) or (a.ndim == 3 and a.shape[2] not in (3, 4)):
        raise ByhandError(f"{name} has shape {a.shape}; one picture is (height, width) or (height, width, 3 or 4).")
    if a.size == 0:
        raise ByhandError(f"{name} has shape {a.shape}: there is no pixel in it.")
    check_size(a.shape[1], a.shape[0], name)
    if a.dtype == np.uint8:
        return np.ascontiguousarray(a)
    if a.dtype.kind != "f":
        raise ByhandError(f"{name} is of {a.dtype}; a picture is uint8 0-255 or float 0-1.")
    low, high = float(a.min()), float(a.max())
    if not (low >= 0 and high <= 1):  # NaN fails too
        raise ByhandError(f"{name} has values from {low:g} to {high:g}; as floats a picture's are 0-1, without NaN.")
    return np.rint(a * 255).astype(np.uint8)
