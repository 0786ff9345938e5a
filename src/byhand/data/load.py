"""Load data of any kind, by name or path."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from byhand.core.checks import did_you_mean
from byhand.core.errors import ByhandError
from byhand.core.types import Array, Shape
from byhand.data.cache import cache_folder
from byhand.data.cifar import CIFAR_CLASSES, CIFAR_SHAPE, read_cifar
from byhand.data.columns import is_rows
from byhand.data.csv import holds_images, read_csv
from byhand.data.curve import sine_with_noise
from byhand.data.dataset import Dataset, from_arrays
from byhand.data.faces import load_faces, load_lfw, load_olivetti
from byhand.data.fetch import fetch, is_cached
from byhand.data.folder import read_folder, visible
from byhand.data.idx import idx_file, read_images, read_labels
from byhand.data.load_table import load_table
from byhand.data.made import load_adding, load_addition, load_sorting, load_sums
from byhand.data.npz import read_npz
from byhand.data.pickled import read_pickled
from byhand.data.sequences import load_lines, load_recordings, recording_folders, text_files
from byhand.data.series import load_series
from byhand.data.sources import AIRLINE, CIFAR, FACES, LFW, OLIVETTI, SOURCES, SUNSPOTS, VOWELS
from byhand.data.text import load_text
from byhand.data.ts_file import load_ts

DIGITS = tuple("0123456789")
CLOTHES = (
    *("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat"),
    *("Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"),
)
KANA = ("o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo")
EMNIST_CLASSES = (*DIGITS, *"ABCDEFGHIJKLMNOPQRSTUVWXYZ", *"abdefghnqrt")  # those small ones that differ from the large
IDX_CLASSES = {
    "fashion-mnist": CLOTHES,
    "kmnist": KANA,
    "emnist": EMNIST_CLASSES,
}  # of IDX files that are not of digits


@dataclass(frozen=True)
class Listed:
    """A line of ``listing``: what a data set is, how large, whether it is cached and where that is."""

    name: str
    about: str
    rows: str
    size: str
    cached: bool
    where: Path


def listing() -> list[Listed]:
    """The data sets that ``load`` knows by name."""
    folder = cache_folder()
    return [Listed(name, s.about, s.rows, s.size, is_cached(name), folder / name) for name, s in SOURCES.items()]


def load(
    data: Any,
    *,
    label: str | int | None = None,
    impute: bool = False,
    ignore: Sequence[str] = (),
    task: str | None = None,
    image_shape: Shape = (28, 28),
    progress: bool | None = None,
) -> Dataset:
    """Load a data set by name (fetching it where it is not cached), from a path, or a table.

    Names: ``mnist``, ``fashion-mnist``, ``kmnist``, ``emnist``, ``qmnist``, ``usps``, ``digits`` (8 × 8, float32, the
    values 0-16 divided by 16), ``diabetes`` and ``curve`` (two tables whose label is a number), ``shakespeare`` (a
    text, see ``load_text``), ``cifar-10`` (colours, see ``read_cifar``), ``faces``, ``olivetti`` and ``lfw`` (see
    ``byhand.data.faces``), ``surnames`` and ``reviews`` (see ``load_lines``), ``vowels`` (see ``load_ts``),
    ``airline`` and ``sunspots`` (see ``load_series``), ``adding``, ``sums``, ``addition`` and ``sorting`` (made, see
    ``byhand.data.made``). Paths: a ``.txt`` file, a ``.ts`` file, CIFAR-10's ``.tar.gz``, a folder of IDX files, of
    images by class, of ``.csv`` files by class (``load_recordings``), of ``.txt`` files, one for each class
    (``load_lines``), Kaggle's ``.csv`` (also ``.csv.gz``; it must have labels), ``mnist.pkl.gz`` and other pickled
    arrays (validation rows follow the training rows), Keras' ``.npz``. A name wins over a path spelt alike; write
    ``./mnist`` for the path.

    A ``.csv`` of anything but images, a dictionary of columns and a data frame are tables, of which ``label``
    says the column to predict; see ``load_table`` for what becomes of the others, and for ``impute``, ``ignore``
    and ``task``; with ``task="series"`` the column is a time series. In a ``.csv`` of images ``label`` is the name or
    the number of the labels' column.

    Pictures in folders are read as grey ones of 28 × 28 pixels, or as ``image_shape`` says: ``(side, side)``, or
    ``(side, side, 3)`` in colours. A folder of two folders, ``train`` and ``test``, each with the classes, has test
    images.

    Raises ByhandError.
    """
    as_table = bool(impute or ignore or task)
    if is_rows(data):
        return load_table(data, label, impute=impute, ignore=ignore, task=task)
    path = Path(data).expanduser()
    known = isinstance(data, str) and data in SOURCES
    if (label is not None or as_table) and (known or path.is_dir() or ".csv" not in path.name.lower()):
        raise ByhandError(f"{data}: only a table (.csv) has a column to call the label.")
    if known:
        return _load_known(str(data), progress)
    if data in MADE and isinstance(data, str):
        return MADE[data]()
    if path.is_dir():
        return _load_folder(path, image_shape)
    if not path.exists():
        if path.suffix:
            raise ByhandError(f"{str(data)!r}: there is no such file or folder.")
        meant = did_you_mean(path.name, DATA_SETS)
        raise ByhandError(f"{str(data)!r} is neither a file or folder nor a known data set; {meant}")
    ending = path.name.lower().removesuffix(".gz").rpartition(".")[2]
    if ending not in READERS:
        raise ByhandError(
            f"{path} is of no known kind: give a .csv, .pkl.gz, .npz, .tar.gz, .ts or .txt file, or a folder."
        )
    if ending == "csv" and task == "series":
        return load_series(path, label)
    if ending == "csv" and (as_table or not holds_images(path, label)):
        return load_table(path, label, impute=impute, ignore=ignore, task=task)
    return _load_csv(path, label) if ending == "csv" else READERS[ending](path)


def _load_known(name: str, progress: bool | None) -> Dataset:
    folder = fetch(name, progress=progress)
    try:
        return _load_cached(name, folder)
    except ByhandError as error:
        raise ByhandError(f"{str(error).rstrip('.')}: remove {folder}, and it will be fetched anew.") from None


def _load_cached(name: str, folder: Path) -> Dataset:
    if name == "diabetes":
        return load_table(_existing(folder, "diabetes.csv"), "progression")
    if name == "shakespeare":
        return load_text(_existing(folder, "input.txt"), name)
    if name == "cifar-10":
        return _load_cifar(_existing(folder, CIFAR))
    if name == "faces":
        return load_faces(_existing(folder, FACES))
    if name == "olivetti":
        return load_olivetti(_existing(folder, OLIVETTI))
    if name == "lfw":
        return load_lfw(_existing(folder, LFW[0]))
    if name == "surnames":
        return load_lines(folder, name)
    if name == "reviews":
        return load_lines(folder, name, words=True)
    if name == "vowels":
        return load_ts(_existing(folder, VOWELS[0]), name)
    if name in ("airline", "sunspots"):
        return load_series(_existing(folder, AIRLINE if name == "airline" else SUNSPOTS), 1, name)
    if name != "digits":
        return load_idx(folder, name, IDX_CLASSES.get(name, DIGITS))
    images = read_images(_existing(folder, "images-idx3-ubyte"))
    labels = read_labels(_existing(folder, "labels-idx1-ubyte"))
    return from_arrays(images / np.float32(16), labels, name=name, classes=DIGITS)


def load_idx(folder: Path, name: str | None = None, classes: tuple[str, ...] = DIGITS) -> Dataset:
    """The four IDX files of MNIST and similar data sets in a folder; the two test files may be absent."""
    parts = ["train", "t10k"] if idx_file(folder, "t10k-images-idx3-ubyte") else ["train"]
    arrays = []
    for part in parts:
        arrays.append(read_images(_existing(folder, f"{part}-images-idx3-ubyte")))
        arrays.append(read_labels(_existing(folder, f"{part}-labels-idx1-ubyte"), len(classes)))
    return _dataset(folder, arrays, name=name or folder.name, classes=classes)


def _load_folder(folder: Path, image_shape: Shape) -> Dataset:
    if idx_file(folder, "train-images-idx3-ubyte") or idx_file(folder, "train-labels-idx1-ubyte"):
        return load_idx(folder)
    if text_files(folder):
        return load_lines(folder)
    if recording_folders(folder):
        return load_recordings(folder)
    if image_shape[0] != image_shape[1] or image_shape[2:] not in ((), (1,), (3,)):
        raise ByhandError(f"Pictures are read as squares (side, side), or (side, side, 3); got {image_shape}.")
    how = image_shape[0], image_shape[2:] == (3,)
    parts = [folder / part for part in ("train", "test")]
    if not all(part.is_dir() for part in parts) or len(visible(folder, folders=True)) > 2:
        images, labels, classes = read_folder(folder, *how)
        return _dataset(folder, (images, labels), name=folder.name, classes=classes)
    (*train, classes), (*test, tested) = (read_folder(part, *how) for part in parts)
    if tested != classes:
        raise ByhandError(f"{folder}: train and test hold folders of other classes.")
    return _dataset(folder, (*train, *test), name=folder.name, classes=classes)


def _load_csv(path: Path, label: str | int | None = None) -> Dataset:
    pixels, labels = read_csv(path, label=label)
    if labels is None:
        raise ByhandError(f"{path} has no labels to learn from; read_csv gives its pixels alone.")
    side = math.isqrt(pixels.shape[1])
    return _dataset(path, (pixels, labels), name=path.name, classes=DIGITS, image_shape=(side, side))


def _load_pkl(path: Path) -> Dataset:
    parts = read_pickled(path)
    learn = [parts[name] for name in ("train", "validation") if name in parts]
    x, y = (np.concatenate(arrays) for arrays in zip(*learn, strict=True))
    side = math.isqrt(x.shape[1])
    shape = (side, side) if side * side == x.shape[1] else None
    arrays = (x, y, *parts.get("test", ()))
    return _dataset(path, arrays, name=path.name, classes=DIGITS, image_shape=shape)


def _load_npz(path: Path) -> Dataset:
    return _dataset(path, read_npz(path).values(), name=path.name)


def _dataset(path: Path, arrays: Iterable[Array], **names: Any) -> Dataset:
    try:
        return from_arrays(*arrays, **names)
    except ByhandError as error:
        raise ByhandError(f"{path}: {error}") from None


def _existing(folder: Path, name: str) -> Path:
    path = idx_file(folder, name)
    if path is None:
        raise ByhandError(f"{folder} holds no {name} (nor {name}.gz).")
    return path


def _load_cifar(path: Path) -> Dataset:
    return from_arrays(*read_cifar(path), name="cifar-10", classes=CIFAR_CLASSES, image_shape=CIFAR_SHAPE)


def _load_curve() -> Dataset:
    return load_table(sine_with_noise(), "y")


READERS = {"csv": _load_csv, "pkl": _load_pkl, "npz": _load_npz, "tar": _load_cifar, "ts": load_ts, "txt": load_text}
MADE = {
    "curve": _load_curve,
    "adding": load_adding,
    "sums": load_sums,
    "addition": load_addition,
    "sorting": load_sorting,
}
DATA_SETS = (*SOURCES, *MADE)  # what `load` knows by name
