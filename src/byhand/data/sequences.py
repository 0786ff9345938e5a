"""Sequences of different lengths as arrays, and folders of them."""

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from byhand.core.errors import ByhandError
from byhand.core.labels import listed
from byhand.core.types import Array
from byhand.data.columns import read_table
from byhand.data.dataset import Dataset
from byhand.data.text import characters_of, read_text, to_tokens
from byhand.data.words import UNKNOWN_WORD, is_of_words, split_words, vocabulary_of

FEW_NUMBERS = 2**22  # arrays of as many are made of any sequences
MOST_FILLED = 50  # larger ones must not be mostly filling: at most so many numbers for one of the data
PADDING = 0  # the token that fills up; characters and words are numbered from 1


def filled_up(sequences: Sequence[Array]) -> tuple[Array, Array]:
    """Sequences of shape (T_i,) or (T_i, k) as one array (n, T, ...) and their lengths (n,); T is the longest's.

    Shorter sequences are padded with 0; with the lengths, ``fit(network, x, y, lengths=lengths)`` ignores the padding.

    Raises:
        ByhandError: there are none, one of them is empty, they have steps of different shapes, or one is so much longer
            than the others that the array would be nearly empty.
    """
    if not sequences:
        raise ByhandError("There are no sequences.")
    arrays = [np.asarray(sequence) for sequence in sequences]
    step = arrays[0].shape[1:]
    for i, a in enumerate(arrays):
        if a.ndim not in (1, 2) or a.shape[1:] != step or not a.size:
            raise ByhandError(f"Sequence {i} has the shape {a.shape}; each needs (T, *{step}), with T of at least 1.")
    lengths = np.array([len(a) for a in arrays])
    width = math.prod(step)
    if len(arrays) * lengths.max() * width > max(FEW_NUMBERS, MOST_FILLED * lengths.sum() * width):
        raise ByhandError(
            f"Sequence {lengths.argmax()} has {lengths.max():,} steps and most have far fewer; cut it into pieces."
        )
    filled = np.zeros((len(arrays), lengths.max(), *step), np.result_type(*{a.dtype for a in arrays}))
    for row, a in zip(filled, arrays, strict=True):
        row[: len(a)] = a
    return filled, lengths


def load_lines(folder: Path, name: str | None = None, *, words: bool = False) -> Dataset:
    """A folder of texts by class: each line of ``folder/Italian.txt`` is a sequence of the class Italian.

    ``x_train`` (n, T) holds tokens: 0 is padding, and the i-th of the data set's ``vocabulary`` has the number i, from
    1 on, so that ``Embedding(len(vocabulary) + 1, k, padding=0)`` takes them. The vocabulary is that of the lines'
    characters, or with ``words`` of their words (see ``byhand.data.words``). Empty and repeated lines are left out, so
    that no test line is also in the training data.

    Raises:
        ByhandError: fewer than two such files, one that cannot be read, or one without lines.
    """
    files = text_files(folder)
    if len(files) < 2:
        raise ByhandError(f"{folder} holds one text; give one .txt file for each class.")
    lines: list[str] = []
    labels: list[int] = []
    for label, path in enumerate(files):
        found = list(dict.fromkeys(line.strip() for line in read_text(path).split("\n") if line.strip()))
        if not found:
            raise ByhandError(f"{path} holds no lines.")
        lines += found
        labels += [label] * len(found)
    vocabulary = vocabulary_of(lines) if words else characters_of("".join(lines))
    x, lengths = _named(folder, _tokens(lines, vocabulary))
    return Dataset(
        name=name or folder.name,
        x_train=x,
        y_train=np.array(labels),
        x_test=None,
        y_test=None,
        classes=tuple(path.name.removesuffix(".gz").removesuffix(".txt") for path in files),
        image_shape=None,
        lengths_train=lengths,
        vocabulary=vocabulary,
    )


def load_recordings(folder: Path, name: str | None = None) -> Dataset:
    """A folder of sequences by class: ``folder/walking/a.csv`` is one of the class walking, a row for each step.

    ``x_train`` (n, T, k) float32 holds the numbers of k columns, with zeros after a sequence's end.

    Raises:
        ByhandError: a file cannot be read, has other columns than the first one, or a cell that is not a finite number.
    """
    classes = recording_folders(folder)
    sequences, labels = [], []
    columns: list[str] = []
    for label, within in enumerate(classes):
        for path in _files(within, ".csv"):
            table = read_table(path)
            columns = columns or list(table)
            if list(table) != columns:
                raise ByhandError(f"{path} has the columns {listed([*table])}, but others have {listed(columns)}.")
            for column in table.values():
                if (missing := column.missing()).any():
                    raise ByhandError(f"{path}: {column.missing_error(missing)}")
            try:
                steps = np.stack([column.numbers() for column in table.values()], axis=1)  # (T, k)
            except ByhandError as error:
                raise ByhandError(f"{path}: {error}") from None
            sequences.append(steps.astype(np.float32))
            labels.append(label)
    x, lengths = _named(folder, sequences)
    return Dataset(
        name=name or folder.name,
        x_train=x,
        y_train=np.array(labels),
        x_test=None,
        y_test=None,
        classes=tuple(path.name for path in classes),
        image_shape=None,
        lengths_train=lengths,
    )


def lines_as_tokens(lines: Sequence[str], vocabulary: tuple[str, ...], steps: int) -> Array:
    """Lines of text as `load_lines` numbers them: tokens (n, steps), 0 where a line has ended.

    Raises:
        ByhandError: there are none, one is empty or longer than `steps`, or a character is not in the vocabulary.
    """
    x = np.full((len(lines), steps), PADDING, np.int64)
    if not len(x):
        raise ByhandError("There are no lines of text.")
    for i, (row, tokens) in enumerate(zip(x, _tokens(lines, vocabulary), strict=True), 1):
        if not 0 < len(tokens) <= steps:
            what = "words" if is_of_words(vocabulary) else "characters"
            raise ByhandError(f"Line {i} has {len(tokens)} {what}; the network takes 1 to {steps}.")
        row[: len(tokens)] = tokens
    return x


def _tokens(lines: Sequence[str], vocabulary: tuple[str, ...]) -> list[Array]:
    """For each line its tokens (T_i,) from 1 on."""
    if not is_of_words(vocabulary):
        return [to_tokens(line, vocabulary, f"line {i}") + 1 for i, line in enumerate(lines, 1)]
    numbers = {word: i for i, word in enumerate(vocabulary, 1)}
    return [np.array([numbers.get(word, numbers[UNKNOWN_WORD]) for word in split_words(line)], int) for line in lines]


def text_files(folder: Path) -> list[Path]:
    """The .txt files in a folder, by name."""
    return _files(folder, ".txt")


def recording_folders(folder: Path) -> list[Path]:
    """The sub-folders that hold .csv files, by name, where all that are there do; else none."""
    folders = sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))
    return folders if all(_files(path, ".csv") for path in folders) else []


def _files(folder: Path, ending: str) -> list[Path]:
    try:
        return sorted(
            p for p in folder.iterdir() if p.is_file() and p.name.lower().removesuffix(".gz").endswith(ending)
        )
    except OSError as error:
        raise ByhandError(f"{folder} cannot be read: {error.strerror or error}.") from None


def _named(folder: Path, sequences: Sequence[Array]) -> tuple[Array, Array]:
    try:
        return filled_up(sequences)
    except ByhandError as error:
        raise ByhandError(f"{folder}: {error}") from None
