"""Samples without labels, for prediction: from files, folders, data frames and arrays."""

import math
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from byhand.core.errors import ByhandError
from byhand.core.inputs import as_samples
from byhand.core.types import Array, Shape
from byhand.data.columns import is_rows, read_table
from byhand.data.csv import find_column, first_row, is_image, named_label, read_csv
from byhand.data.folder import PICTURE_ENDINGS, image_files, read_image
from byhand.data.idx import idx_file, read_images
from byhand.data.naming import role_of, words_of
from byhand.data.npz import read_arrays
from byhand.data.sequences import lines_as_tokens
from byhand.data.table import Table
from byhand.data.text import read_text

LIGHT = 127  # grey levels: paper is lighter, MNIST's background darker


@dataclass(frozen=True, eq=False)
class UnlabelledSamples:
    """Samples to predict.

    Attributes:
        x: the samples (n, *input_shape).
        names: the files that they come from, where each is a file of its own.
    """

    x: Array
    names: tuple[str, ...] | None = None


def read_samples(
    data: Any,
    input_shape: Shape,
    table: Table | None = None,
    label: str | int | None = None,
    vocabulary: tuple[str, ...] = (),
) -> UnlabelledSamples:
    """Samples of `input_shape` from files, folders, data frames or arrays; labels are ignored.

    Args:
        data: a data set's name (its test rows), a CSV file with or without labels, an .npz file with one array of
            samples, an IDX file of images or a folder with one, a picture, a folder of pictures or of such folders, an
            array (n, *input_shape), or, for a network of a table, a dictionary of columns or a data frame.
        input_shape: the shape of one sample.
        table: how raw rows become inputs, where the network learnt from a table.
        label: a CSV file's column of labels, where it has one that is not found.
        vocabulary: that of a network for lines of text; it takes a .txt file, each line a sample, or a list of texts.

    Raises:
        ByhandError: nothing there that can be read, or samples of another shape.
    """
    if vocabulary and (texts := _lines(data)) is not None:
        return UnlabelledSamples(lines_as_tokens(texts, vocabulary, input_shape[0]))
    if is_rows(data) and table is None:
        raise ByhandError("Named columns are for networks that learnt from a table; hand over an array of numbers.")
    if is_rows(data) and table is not None:
        return UnlabelledSamples(table.encode(data))
    if not isinstance(data, str | Path):
        return UnlabelledSamples(as_samples(data, input_shape))
    path = Path(data).expanduser()
    if not path.exists():
        return UnlabelledSamples(_shaped(_named(str(data), table), input_shape))
    if path.is_dir():
        return _from_folder(path, input_shape)
    if path.suffix.lower() in PICTURE_ENDINGS:
        return _pictures([path], [path.name], input_shape)
    ending = path.name.lower().removesuffix(".gz").rpartition(".")[2]
    try:
        if ending == "csv":
            x = table.encode(read_table(path)) if table else _from_csv(path, math.prod(input_shape), label)
        else:
            x = _from_npz(path) if ending == "npz" else read_images(path)
        return UnlabelledSamples(_shaped(x, input_shape))
    except ByhandError as error:
        where = "" if str(path) in str(error) else f"{path}: "
        raise ByhandError(f"{where}{error}") from None


def _lines(data: Any) -> list[str] | None:
    """The texts of a list, or the lines of a .txt file that are not empty; None for anything else."""
    if isinstance(data, list | tuple) and all(isinstance(text, str) for text in data):
        return list(data)
    if isinstance(data, str | Path) and Path(data).name.lower().removesuffix(".gz").endswith(".txt"):
        return [line.strip() for line in read_text(data).split("\n") if line.strip()]
    return None


def _named(name: str, table: Table | None) -> Array:
    """The test samples of a data set, or all samples if it has no test samples."""
    from byhand.data.load import load

    dataset = load(name)
    return dataset.x_train if dataset.x_test is None else dataset.x_test


def _shaped(x: Array, input_shape: Shape) -> Array:
    """The samples reshaped to the input shape if their size fits."""
    if x.ndim > 1 and math.prod(x.shape[1:]) == math.prod(input_shape):
        return x.reshape((-1, *input_shape))
    return as_samples(x, input_shape)


def _from_csv(path: Path, width: int, label: str | int | None) -> Array:
    """Rows of `width` numbers: images as bytes, other numbers as floats."""
    _, cells = first_row(path)
    if len(cells) in (width, width + 1) and is_image(cells, width):
        return read_csv(path, classes=256, label=label)[0]
    columns = read_table(path)
    if len(columns) == width + 1:
        at = named_label(list(columns)) if label is None else find_column(list(columns), label, len(columns), str(path))
        if at is not None:
            del columns[list(columns)[at]]
    if len(columns) != width:
        raise ByhandError(f"{path} has {len(columns)} columns, but the network takes {width} numbers a row.")
    x = np.empty((len(next(iter(columns.values()))), width), np.float32)
    for i, column in enumerate(columns.values()):
        if (missing := column.missing()).any():
            raise column.missing_error(missing)
        x[:, i] = column.numbers()
    return x


def _from_npz(path: Path) -> Array:
    """The array of samples in a file: the test samples, the training samples, or the only array."""
    arrays = read_arrays(path)
    roles = {role_of(words_of(name)): x for name, x in arrays.items()}
    for part in ("test", "validation", "train"):
        if (part, False) in roles:
            return roles[part, False]
    if len(arrays) == 1:
        return next(iter(arrays.values()))
    raise ByhandError(f"its arrays are {', '.join(arrays)}; call the samples x.")


def _from_folder(folder: Path, input_shape: Shape) -> UnlabelledSamples:
    """Images of an IDX file, or pictures in the folder and its sub-folders."""
    for part in ("t10k", "train"):
        if found := idx_file(folder, f"{part}-images-idx3-ubyte"):
            return UnlabelledSamples(_shaped(read_images(found), input_shape))
    files = image_files(folder)
    return _pictures(files, [str(path.relative_to(folder)) for path in files], input_shape)


def _pictures(files: list[Path], names: list[str], input_shape: Shape) -> UnlabelledSamples:
    """Pictures as images of the network's size, grey or in colours."""
    height = input_shape[0] if len(input_shape) == 3 else math.isqrt(input_shape[0])
    colours = input_shape[2:] == (3,)
    if math.prod(input_shape) != height * height * (3 if colours else 1):
        raise ByhandError(f"The network takes no square images, but samples of shape {input_shape}.")
    x = np.stack([read_image(path, height, colours) for path in files])
    if x.mean() > LIGHT and not colours:
        warnings.warn(
            "The pictures are mostly light; a network that learnt light digits on a dark ground, as MNIST's, needs "
            "them inverted (byhand read takes photos of digits as they are).",
            stacklevel=2,
        )
    return UnlabelledSamples(_shaped(x, input_shape), tuple(names))
