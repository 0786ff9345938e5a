"""Recognise samples and labels, for training or testing, by the names of arrays.

`x_train` and `y_train`, `train_images` and `train_labels`, `Train` with `Features` and `Labels` within, `data` and
`labels` say so; what is named otherwise is left alone.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from byhand.core.errors import ByhandError
from byhand.core.types import Array

NamedSplit = tuple[Array, Array]  # samples (n, ...) and labels (n,)
SAMPLES = {"x", "image", "images", "feature", "features", "data", "pixel", "pixels", "input", "inputs", "samples"}
LABELS = {"y", "label", "labels", "target", "targets", "class", "classes", "digit", "digits"}
VALIDATION = {"valid", "validation", "val", "dev"}
TEST = {"test", "testing", "t10k"}


def by_name(found: Mapping[Any, Any]) -> dict[str, NamedSplit]:
    """The parts "train", "validation" and "test", as far as there are samples and labels of them.

    Raises:
        ByhandError: no training samples with labels, or two arrays whose names say the same.
    """
    roles: dict[tuple[str, bool], Array] = {}
    names = []
    for words, value in _arrays(found):
        names.append(" ".join(words))
        role = role_of(words)
        if role is None:
            continue
        if role in roles:
            raise ByhandError(f"it holds more than one array that could be the {_called(role)}: {', '.join(names)}.")
        roles[role] = value
    parts = {}
    for part in ("train", "validation", "test"):
        both = [(part, False), (part, True)]
        missing = [role for role in both if role not in roles]
        if len(missing) == 1 or (missing and part == "train"):
            raise ByhandError(f"it lacks the {_called(missing[0])}; its arrays are {', '.join(names) or 'none'}.")
        if not missing:
            parts[part] = (roles[both[0]], roles[both[1]])
    return parts


def role_of(words: list[str]) -> tuple[str, bool] | None:
    """(split, whether labels) for the words of an array's name, or None."""
    said = set(words)
    part = "test" if said & TEST else "validation" if said & VALIDATION else "train"
    labels = bool(said & LABELS)
    return (part, labels) if labels or said & SAMPLES else None


def words_of(name: Any) -> list[str]:
    """The words of a name: "trainImages" and "train_images" give train, images."""
    return re.findall(r"[a-z0-9]+", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", str(name)).lower())


def _arrays(found: Mapping[Any, Any], before: tuple[str, ...] = ()) -> Iterator[tuple[list[str], Array]]:
    """Every array, and every list of numbers, with the words of its name and of those around it."""
    for name, value in found.items():
        words = [*before, *words_of(name)]
        if isinstance(value, Mapping):
            yield from _arrays(value, tuple(words))
        elif isinstance(value, np.ndarray):
            yield words, value
        elif isinstance(value, list | tuple) and value and all(isinstance(item, int | float) for item in value):
            yield words, np.asarray(value)


def _called(role: tuple[str, bool]) -> str:
    part, labels = role
    return f"{'training' if part == 'train' else part} {'labels' if labels else 'samples'}"
