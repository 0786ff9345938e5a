"""Points in the plane to learn from: made by a rule, or two columns of a table."""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from byhand.core.errors import ByhandError
from byhand.core.types import Array
from byhand.data.columns import Column, read_table
from byhand.data.csv import named_label
from byhand.web.limits import Refusal

FARTHEST = 2.5  # the largest coordinate of points without noise
MOST_POINTS, MOST_CLASSES = 500, 6

Rule = Callable[[Array, Array, np.random.Generator], Array]


def _clouds(c: Array, u: Array, rng: np.random.Generator) -> Array:
    """Two normal distributions around (−1.2, −1.2) and (1.2, 1.2)."""
    return 2.4 * c[:, None] - 1.2 + rng.normal(0, 0.5, (len(c), 2))


def _circle(c: Array, u: Array, rng: np.random.Generator) -> Array:
    """A disc, and a ring around it."""
    radius = np.where(c == 0, 1.1 * np.sqrt(u), 1.7 + 0.7 * u)
    angle = rng.uniform(0, 2 * np.pi, len(c))
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)


def _xor(c: Array, u: Array, rng: np.random.Generator) -> Array:
    """Class 1 where exactly one coordinate is positive."""
    x = rng.uniform(0.2, 2.4, (len(c), 2))
    sign = np.where(u < 0.5, -1, 1)
    x[:, 0] *= sign
    x[:, 1] *= np.where(c == 0, sign, -sign)
    return x


def _spiral(c: Array, u: Array, rng: np.random.Generator) -> Array:
    """Two arms of one turn and a quarter, r ~ φ."""
    angle = 0.3 + 2.5 * np.pi * np.sqrt(u)
    radius = FARTHEST * angle / (0.3 + 2.5 * np.pi)
    angle = angle + np.pi * c
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)


POINT_RULES: dict[str, Rule] = {"clouds": _clouds, "circle": _circle, "xor": _xor, "spiral": _spiral}


def made_points(kind: str, n: int, noise: float, seed: int) -> dict[str, Any]:
    """n points of two classes in turn.

    Args:
        kind: a key of POINT_RULES.
        n: how many.
        noise: the standard deviation of what is added to both coordinates.
        seed: of everything random.
    """
    rng = np.random.default_rng(seed)
    c = np.arange(n) % 2
    x = POINT_RULES[kind](c, rng.random(n), rng) + rng.normal(0, 1, (n, 2)) * noise
    return _record(x, c, ("0", "1"), ("x[0]", "x[1]"), n)


def points_of_table(file: bytes) -> dict[str, Any]:
    """The first two columns of numbers of a CSV file, each scaled to −2.5 … 2.5, and its classes.

    The classes are in the column that the header calls a label, else in the last one. Of more than 500 rows as many
    are taken, evenly spread.

    Raises:
        Refusal: no such columns, or too many classes.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "points.csv"
        path.write_bytes(file)
        try:
            columns = list(read_table(path).values())
        except ByhandError as error:
            raise Refusal(422, str(error).replace(str(path), "The file")) from None
    at = named_label([column.name for column in columns])
    label = columns[-1 if at is None else at]
    numeric = [column for column in columns if column is not label and column.is_numeric and not column.missing().any()]
    if len(numeric) < 2:
        raise Refusal(422, "The file needs two columns of numbers without gaps, and one for the classes: x,y,class.")
    classes, c = _classes(label)
    x = np.stack([column.numbers() for column in numeric[:2]], axis=1)
    low, high = x.min(axis=0), x.max(axis=0)
    if not np.isfinite(high - low).all() or (high == low).any():
        raise Refusal(422, "A column of numbers must have two different ones at least, and none too large.")
    x = (2 * (x - low) / (high - low) - 1) * FARTHEST
    keep = np.linspace(0, len(x) - 1, min(len(x), MOST_POINTS)).astype(int)
    return _record(x[keep], c[keep], classes, tuple(column.name for column in numeric[:2]), len(x))


def _classes(label: Column) -> tuple[tuple[str, ...], Array]:
    """The classes' names in order, and each row's number among them."""
    names, c = np.unique(label.texts(), return_inverse=True)
    if not 2 <= len(names) <= MOST_CLASSES:
        raise Refusal(
            422, f"The column {label.name!r} holds {len(names)} classes; the plane has room for 2 to {MOST_CLASSES}."
        )
    return tuple(map(str, names)), c


def _record(x: Array, c: Array, classes: tuple[str, ...], axes: tuple[str, ...], rows: int) -> dict[str, Any]:
    points = [[float(f"{a:.4g}"), float(f"{b:.4g}"), int(k)] for (a, b), k in zip(x, c, strict=True)]
    return {"points": points, "classes": list(classes), "axes": list(axes), "rows": rows}
