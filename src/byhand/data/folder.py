"""A folder of images by class: ``folder/7/a.png`` is an image of the class ``7``."""

import io
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from byhand.core.errors import ByhandError
from byhand.core.files import numbers_by_value
from byhand.core.pixels import PIXELS, check_pixels
from byhand.core.types import Array

if TYPE_CHECKING:
    from PIL import Image

PICTURE_ENDINGS = {
    ".png",
    ".jpg",
    ".jpeg",
    ".bmp",
    ".gif",
    ".tif",
    ".tiff",
    ".webp",
    ".ppm",
    ".pgm",
}  # how their names end
FORMATS = ("PNG", "JPEG", "BMP", "GIF", "TIFF", "WEBP", "PPM")  # none of them runs another program


def read_folder(folder: Path, size: int = 28, colours: bool = False) -> tuple[Array, Array, tuple[str, ...]]:
    """Images ``(n, size, size)`` uint8, labels ``(n,)`` int64 and the classes' names, the sub-folders'.

    Classes come in order (numbers by value), and so do the files within; hidden files are skipped. An image becomes
    grey, or with ``colours`` red, green and blue, ``(n, size, size, 3)``; unless it is ``size`` by ``size`` already, it
    is resized (stretched where it is not square); its tones are not inverted. Raises ByhandError for a folder without
    sub-folders, a sub-folder without images, and a file that is not a readable image or has more than 2^26 pixels.
    """
    folder = Path(folder)
    classes = visible(folder, folders=True)
    if not classes:
        raise ByhandError(f"{folder} holds neither IDX files nor sub-folders of images, one for each class.")
    if all(path.name.isdecimal() for path in classes):
        classes.sort(key=lambda path: int(path.name))
    images, labels = [], []
    for label, path in enumerate(classes):
        files = visible(path, folders=False)
        if not files:
            raise ByhandError(f"{path} holds no images.")
        images += [read_image(file, size, colours) for file in files]
        labels += [label] * len(files)
    return np.stack(images), np.array(labels, np.int64), tuple(path.name for path in classes)


def image_files(folder: Path) -> list[Path]:
    """The pictures in a folder and in its sub-folders, by name, numbers in names by value; ByhandError for none."""
    folder = Path(folder)
    found = [*visible(folder, folders=False)]
    for within in visible(folder, folders=True):
        found += visible(within, folders=False)
    files = [path for path in found if path.suffix.lower() in PICTURE_ENDINGS]
    if not files:
        raise ByhandError(f"{folder} holds no pictures ({', '.join(sorted(PICTURE_ENDINGS))}).")
    return sorted(files, key=lambda path: numbers_by_value(str(path)))


def read_image(path: Path, size: int = 28, colours: bool = False) -> Array:
    """One image as ``(size, size)`` uint8, 0 black to 255 white, or with ``colours`` as ``(size, size, 3)``.

    Raises ByhandError where it cannot be read.
    """
    return decoded(path, str(path), (size, size), colours)


def decoded(
    file: "Path | io.BytesIO",
    name: str,
    shape: tuple[int, int],
    colours: bool = False,
    box: tuple[int, int, int, int] | None = None,
) -> Array:
    """The picture in a file, or in bytes of one, resized to ``shape`` (height, width), uint8.

    Args:
        file: where it is.
        name: what messages call it.
        shape: of the result, (height, width), with ``colours`` (height, width, 3).
        colours: whether it is to be red, green and blue instead of grey.
        box: (left, top, right, bottom) of what is cut out before, in pixels.

    Raises:
        ByhandError: it cannot be read, or is too large.
    """
    from PIL import Image

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(file, formats=FORMATS) as image:
                length = file.stat().st_size if isinstance(file, Path) else len(file.getbuffer())
                check_pixels(image.width, image.height, length, name)
                tones = image.convert("RGB") if colours else _grey(image)
                tones = tones.crop(box) if box else tones
                if tones.size != shape[::-1]:
                    tones = tones.resize(shape[::-1], Image.Resampling.BILINEAR)
                return np.asarray(tones, np.uint8)
    except ByhandError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise ByhandError(f"{name} has more than {PIXELS:,} pixels, which is too many.") from None
    except Exception:  # Pillow's decoders raise a dozen kinds of errors for damaged files
        known = ", ".join(FORMATS)
        raise ByhandError(f"{name} is not a readable image ({known}): replace or remove it.") from None


def _grey(image: "Image.Image") -> "Image.Image":
    from PIL import Image

    if image.mode.startswith("I;16"):
        return Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
    return image.convert("L")


def visible(folder: Path, *, folders: bool) -> list[Path]:
    """The files, or the folders, in a folder, by name; without hidden ones."""
    try:
        found = [path for path in folder.iterdir() if path.is_dir() == folders and not path.name.startswith(".")]
    except OSError as error:
        raise ByhandError(f"{folder} cannot be read: {error.strerror or error}.") from None
    return sorted(found, key=lambda path: path.name)
