"""Pictures of faces: scikit-image's faces and other pictures, the Olivetti faces, Labeled Faces in the Wild."""

import io
import tarfile
import zlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import NamedTuple

import numpy as np

from byhand.core.errors import ByhandError
from byhand.data.dataset import Dataset, from_arrays
from byhand.data.folder import decoded
from byhand.data.splits import sklearn_order_split

FACE_CLASSES = ("no face", "face")
LFW_BOX, LFW_SHAPE = (78, 70, 172, 195), (50, 37)  # scikit-learn's: the middle of 250 × 250 pixels, times 0.4
MOST_PICTURES, LARGEST_TAR = 20_000, 2**29  # of the archive; the real one holds 13,233 and 251 MB


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
    except Exception as error:  # NumPy parses the header as Python text, which fails in many ways
        raise ByhandError(f"{path}: is not a readable .npy file ({str(error).rstrip('.')}).") from None
    if images.ndim != 3 or len(images) % 2 or images.dtype.kind != "f":
        raise ByhandError(f"{path}: holds no pictures, as many faces as others, but {images.shape} {images.dtype}.")
    labels = (np.arange(len(images)) < len(images) // 2).astype(int)
    return from_arrays(images.astype(np.float32), labels, name="faces", classes=FACE_CLASSES)


def load_olivetti(path: str | Path) -> Dataset:
    """The 400 grey pictures of 64 × 64 pixels in `olivettifaces.mat`, ten of each of forty people.

    The people's numbers are the classes. Samaria and Harter, "Parameterisation of a stochastic model for human face
    identification" (1994).

    Reading the file needs SciPy.

    Raises:
        ByhandError: SciPy or the file is missing, or it is damaged or holds anything else.
    """
    try:
        from scipy.io import loadmat
    except ImportError:
        raise ByhandError("Reading MATLAB's files needs SciPy: pip install scipy.") from None
    path = Path(path)
    try:
        faces = loadmat(path)["faces"]
    except Exception as error:  # its readers raise many kinds of errors for damaged files
        raise ByhandError(f"{path}: is not a readable MATLAB file with faces ({error}).") from None
    if faces.dtype != np.uint8 or faces.ndim != 2 or len(faces) != 64 * 64 or faces.shape[1] % 10:
        raise ByhandError(f"{path}: holds no pictures of 64 × 64 bytes, ten of each person, but {faces.shape}.")
    images = np.ascontiguousarray(faces.T.reshape(-1, 64, 64).transpose(0, 2, 1))
    return from_arrays(images, np.arange(len(images)) // 10, name="olivetti")


def load_lfw(path: str | Path, least: int = 70) -> Dataset:
    """Grey pictures of 50 × 37 pixels of those people of whom `lfw-funneled.tgz` has `least` pictures or more.

    They are cut out and made smaller as scikit-learn's `fetch_lfw_people(min_faces_per_person=70, resize=0.4)` does it,
    and the test pictures are those 322 of its example. Nothing is unpacked to the disk. Huang, Ramesh, Berg and
    Learned-Miller, "Labeled Faces in the Wild" (2007).

    Raises:
        ByhandError: the archive is missing or damaged, or has no such people.
    """
    path = Path(path)
    counts = Counter(person for person, _, _ in _pictures_of(path, read=False))
    people = sorted(person for person, count in counts.items() if count >= least)
    if not people:
        raise ByhandError(f"{path}: has no person with {least} pictures or more; give another least number.")
    found = {
        (person, name): decoded(io.BytesIO(content), f"{path}: {name}", LFW_SHAPE, box=LFW_BOX)
        for person, name, content in _pictures_of(path, read=True, people=people)
    }
    images = np.stack([found[key] for key in sorted(found)])
    labels = np.array([people.index(person) for person, _ in sorted(found)])
    order = np.random.RandomState(42).permutation(len(labels))  # scikit-learn mixes them, then splits
    train, test = (order[rows] for rows in sklearn_order_split(len(labels), 0.25))
    names = [person.replace("_", " ") for person in people]
    return from_arrays(images[train], labels[train], images[test], labels[test], name="lfw", classes=names)


class FacePair(NamedTuple):
    """Two pictures by the person's name and the picture's number, and whether they show the same person."""

    first: tuple[str, int]
    second: tuple[str, int]
    same: bool


def read_pairs(path: str | Path) -> list[FacePair]:
    """The pairs in `pairs.txt`, `pairsDevTrain.txt` or `pairsDevTest.txt`, by which faces are compared.

    Raises:
        ByhandError: the file is missing, or a line is no pair.
    """
    pairs = []
    try:
        lines = Path(path).read_text(encoding="utf-8").splitlines()
        for line in lines[1:]:
            match line.split("\t"):
                case [person, i, k]:
                    pairs.append(FacePair((person, int(i)), (person, int(k)), True))
                case [one, i, other, k]:
                    pairs.append(FacePair((one, int(i)), (other, int(k)), False))
                case _:
                    raise ValueError(f"a line has neither three nor four parts: {line[:60]!r}")
    except OSError as error:
        raise ByhandError(f"{path}: cannot be read ({error.strerror or error}).") from None
    except ValueError as error:
        raise ByhandError(f"{path}: is no list of pairs ({error}).") from None
    return pairs


def _pictures_of(path: Path, read: bool, people: list[str] | None = None) -> Iterator[tuple[str, str, bytes]]:
    """For each picture in the archive the person, its name and, with `read`, its bytes; of all people, or of these."""
    size = 0
    try:
        with tarfile.open(path, "r|*") as archive:
            for count, member in enumerate(archive):
                size += member.size
                if count >= MOST_PICTURES or size > LARGEST_TAR:
                    raise ByhandError(f"{path}: is larger than the archive of Labeled Faces in the Wild.")
                parts = PurePosixPath(member.name)
                if (
                    not member.isfile()
                    or parts.suffix != ".jpg"
                    or (people is not None and parts.parent.name not in people)
                ):
                    continue
                file = archive.extractfile(member) if read else None
                yield parts.parent.name, parts.name, file.read() if file else b""
    except (tarfile.TarError, EOFError, zlib.error) as error:
        raise ByhandError(f"{path}: is not a readable archive ({error}).") from None
    except OSError as error:
        raise ByhandError(f"{path}: cannot be read ({error.strerror or error}).") from None
