"""Pictures of faces: scikit-image's hundred faces and hundred other pictures."""

from pathlib import Path

import numpy as np

from byhand.core.errors import ByhandError
from byhand.data.dataset import Dataset, from_arrays

FACE_CLASSES = ("no face", "face")


def load_faces(path: str | Path) -> Dataset:
    """The 200 grey pictures of 25 × 25 pixels in scikit-image's `lfw_subset.npy`, from 0 to 1; the first 100 are faces.

    They were cut out of Labeled Faces in the Wild (Huang, Ramesh, Berg and Learned-Miller, 2007).

    Raises:
        ByhandError: the file is missing or damaged, or holds no such array.
    """
    path = Path(path)
    try:
        images = np.array(np.load(path, mmap_mode="r", allow_pickle=False))
    except OSError as error:
        raise ByhandError(f"{path}: cannot be read ({error.strerror or error}).") from None
    except (ValueError, EOFError) as error:
        raise ByhandError(f"{path}: is not a readable .npy file ({str(error).rstrip('.')}).") from None
    if images.ndim != 3 or len(images) % 2 or images.dtype.kind != "f":
        raise ByhandError(f"{path}: holds no pictures, as many faces as others, but {images.shape} {images.dtype}.")
    labels = (np.arange(len(images)) < len(images) // 2).astype(int)
    return from_arrays(images.astype(np.float32), labels, name="faces", classes=FACE_CLASSES)
