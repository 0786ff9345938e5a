"""Texts as tokens: each character is one, numbered by its place in a vocabulary."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from byhand.core.checks import require_whole
from byhand.core.errors import ByhandError
from byhand.core.types import Array
from byhand.data.dataset import Dataset
from byhand.data.reading import LARGEST_FILE, open_bytes, read_at_most

FEWEST_CHARACTERS = 2  # of a text and of its vocabulary: with fewer there is nothing to predict


def read_text(path: str | Path) -> str:
    """The text of a UTF-8 file (also .gz), with "\\n" at the end of each line.

    Raises:
        ByhandError: the file cannot be read, or is not UTF-8.
    """
    path = Path(path)
    with open_bytes(path) as (stream, most):
        content = read_at_most(stream, min(most, LARGEST_FILE), path)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ByhandError(f"{path} is not a text in UTF-8: byte {error.start:,} does not belong there.") from None
    return text.replace("\r\n", "\n").replace("\r", "\n")


def characters_of(text: str) -> tuple[str, ...]:
    """The vocabulary of a text: its distinct characters, sorted."""
    return tuple(sorted(set(text)))


def to_tokens(text: str, characters: Sequence[str], name: str = "the text") -> Array:
    """The tokens (n,) of a text, int64: the place of each character in the vocabulary.

    Args:
        text: n characters.
        characters: the vocabulary.
        name: what the text is called in messages.

    Raises:
        ByhandError: a character is not in the vocabulary.
    """
    numbers = {character: i for i, character in enumerate(characters)}
    try:
        return np.fromiter((numbers[c] for c in text), np.int64, len(text))
    except KeyError:
        at, wrong = next((i, c) for i, c in enumerate(text) if c not in numbers)
        raise ByhandError(
            f"Character {at + 1} of {name}, {wrong!r}, is not in the vocabulary of {len(characters)} characters."
        ) from None


def from_tokens(tokens: Array, characters: Sequence[str]) -> str:
    """The text of tokens (n,)."""
    return "".join(characters[i] for i in tokens)


def text_windows(tokens: Array, steps: int, *, starts: Array | None = None, streams: int = 1) -> tuple[Array, Array]:
    """Windows of a text, and for each of their characters the one that follows: x and y, both (n, steps).

    By default the windows lie end to end. `streams` is for training that carries the state on from batch to batch,
    `fit(network, x, y, batch_size=streams, carry=True)`: the text is cut into that many parts of equal length, and
    row i of each batch continues row i of the batch before. The remainder at the end that does not fill a window is
    left out.

    Args:
        tokens: the text (N,).
        steps: number of characters of a window.
        starts: the first position (n,) of each window, from 0 to N − steps − 1, instead of windows end to end.
        streams: number of parts that are read in parallel.

    Raises:
        ByhandError: the text is too short for one window in each part, or a start lies outside.
    """
    require_whole("steps", steps)
    require_whole("streams", streams)
    if starts is None:
        each = (len(tokens) - 1) // (steps * streams)  # windows of a part
        if not each:
            raise ByhandError(
                f"A text of {len(tokens):,} characters is too short for {streams} × {steps} characters and the next; "
                "take a longer text, fewer steps, or fewer streams."
            )
        starts = (np.arange(each)[:, np.newaxis] + each * np.arange(streams)).reshape(-1) * steps  # part by part
    elif len(starts) and (min(starts) < 0 or max(starts) + steps >= len(tokens)):
        raise ByhandError(f"Windows of {steps} characters start from 0 to {len(tokens) - steps - 1} in this text.")
    places = np.asarray(starts)[:, np.newaxis] + np.arange(steps)  # (n, steps)
    return tokens[places], tokens[places + 1]


def load_text(path: str | Path, name: str | None = None) -> Dataset:
    """A text as a data set, for recipes: `x_train` (n, 1) holds its tokens, `y_train` (n,) the next ones.

    The classes are the characters. Recipes cut it into windows, and hold back its end.

    Raises:
        ByhandError: the file cannot be read, is not UTF-8, or has fewer than two different characters.
    """
    text = read_text(path)
    characters = characters_of(text)
    if len(characters) < FEWEST_CHARACTERS:
        raise ByhandError(f"{path} has fewer than two different characters, so there is nothing to predict.")
    tokens = to_tokens(text, characters)
    return Dataset(
        name=name or Path(path).name,
        x_train=tokens[:-1, np.newaxis],
        y_train=tokens[1:],
        x_test=None,
        y_test=None,
        classes=characters,
        image_shape=None,
    )


def tokens_of(dataset: Dataset) -> Array:
    """The tokens (n,) of a data set that `load_text` made."""
    return np.append(dataset.x_train[:, 0], dataset.y_train[-1])
