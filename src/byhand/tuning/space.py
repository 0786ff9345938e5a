"""The search space: the values of parameters, and the validation data. A TOML file describes it:

folds = 5                    # cross-validation; or: validation = 0.2, the share that is held out

[space]
batch_size = { choices = [32, 64, 128] }
hidden = { choices = [[64], [128], [256, 128]] }

[space.optimizer.learning_rate]
low = 0.0001
high = 0.1
log = true
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from itertools import product
from pathlib import Path
from typing import Any

from byhand.core.checks import require_whole
from byhand.core.errors import ByhandError
from byhand.recipes import Recipe
from byhand.tuning.domains import Choices, Domain, NumberRange
from byhand.tuning.parameters import with_parameters

SETTINGS = ("choices", *(f.name for f in fields(NumberRange)))
SPACE_KEYS = ("folds", "validation", "space")


@dataclass(frozen=True)
class Space:
    """A search space.

    Args:
        parameters: name -> the values that it may take, in the order in which they are reported.
        folds: how many folds cross-validation has, at least 2; None for one held-out part.
        validation: the share of the training samples that is held out, between 0 and 1. None: what the recipe itself
            holds back, or a fifth where it holds nothing back.
    """

    parameters: dict[str, Domain] = field(default_factory=dict)
    folds: int | None = None
    validation: float | None = None

    def __post_init__(self) -> None:
        if not self.parameters:
            raise ByhandError("the space is empty; name at least one parameter, such as optimizer.learning_rate.")
        if self.folds is not None:
            require_whole("folds", self.folds, 2)
            if self.validation is not None:
                raise ByhandError("give either folds or validation, not both.")
        share = self.validation
        if share is not None and not (isinstance(share, float) and 0 < share < 1):
            raise ByhandError(f"validation must be a share between 0 and 1, such as 0.2; got {share!r}.")

    @staticmethod
    def of(table: Mapping[str, Any]) -> "Space":
        """The space that a file's tables describe: {"folds": 5, "space": {"epochs": {"choices": [5, 10]}}}.

        Raises:
            ByhandError: an unknown key, an empty space, or values that make no sense.
        """
        if unknown := [key for key in table if key not in SPACE_KEYS]:
            raise ByhandError(f"unknown key {unknown[0]!r}; known are {', '.join(SPACE_KEYS)}.")
        tables = table.get("space", {})
        if not isinstance(tables, Mapping):
            raise ByhandError("space must be a table, [space].")
        return Space(_parameters(tables, ""), table.get("folds"), table.get("validation"))

    def check(self, recipe: Recipe) -> None:
        """Check the extreme values of every parameter with all objects that it may belong to.

        Raises:
            ByhandError: a parameter that the recipe does not have, or a value that it refuses.
        """
        for name, domain in self.parameters.items():
            root = {"layers": "hidden"}.get(name.partition(".")[0], name.partition(".")[0])
            owner = self.parameters.get(root) if "." in name else None
            parts = [{root: part} for part in owner.extremes()] if owner else [{}]
            for part, value in product(parts, domain.extremes()):
                with_parameters(recipe, part | {name: value})


def read_space(path: str | Path) -> Space:
    """Read a space file.

    Raises:
        ByhandError: no such file, no TOML, or what it says makes no sense.
    """
    path = Path(path)
    try:
        return Space.of(tomllib.loads(path.read_bytes().decode()))
    except OSError as error:
        raise ByhandError(f"{path}: cannot be read ({error.strerror}).") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ByhandError(f"{path}: is not a TOML file ({error}).") from None
    except ByhandError as error:
        raise ByhandError(f"{path}: {error}") from None


def _parameters(tables: Mapping[str, Any], prefix: str) -> dict[str, Domain]:
    """Tables within tables as dotted names; anything but a table is a setting of its parameter."""
    found: dict[str, Domain] = {}
    for key, table in tables.items():
        name = f"{prefix}{key}"
        if not isinstance(table, Mapping):
            raise ByhandError(f"{name} must be a table such as {{ choices = [1, 2] }} or {{ low = 1, high = 2 }}.")
        settings = {k: v for k, v in table.items() if not isinstance(v, Mapping)}
        if settings:
            try:
                found[name] = _domain(settings)
            except ByhandError as error:
                raise ByhandError(f"{name}: {error}") from None
        found |= _parameters({k: v for k, v in table.items() if isinstance(v, Mapping)}, f"{name}.")
    return found


def _domain(settings: Mapping[str, Any]) -> Domain:
    for key in settings:
        if key not in SETTINGS:
            close = get_close_matches(key, SETTINGS, n=1, cutoff=0)[0]
            raise ByhandError(f"unknown setting {key!r} (did you mean {close}?); known are {', '.join(SETTINGS)}.")
    if "choices" in settings:
        if len(settings) > 1 or not isinstance(settings["choices"], list | tuple):
            raise ByhandError("choices stand alone and are a list, such as choices = [32, 64].")
        return Choices(tuple(settings["choices"]))
    if missing := {"low", "high"} - set(settings):
        raise ByhandError(f"{min(missing)} is missing; a range has low and high.")
    return NumberRange(**settings)
