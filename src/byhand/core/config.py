"""Layers, losses, optimisers and schedules as plain data, and back.

Each of them is a frozen dataclass that holds hyper-parameters only, so it can be written as a table of its fields
with its class name under "kind": `Dense(10)` is `{"kind": "Dense", "units": 10, ...}`. Model files and run
configurations hold nothing else: reading one can build these objects, and never runs anything.

TOML has no null, so a field that is None is left out where None is its default, and otherwise is `{"kind": "None"}`. A
field that holds a dictionary is `{"kind": "dict", ...}` with its entries.
"""

from dataclasses import MISSING, fields, is_dataclass
from typing import Any, TypeVar

import numpy as np

from byhand.core.errors import ByhandError

T = TypeVar("T", bound=type)
_KINDS: dict[str, type] = {}


def register(kind: T) -> T:
    """Class decorator that lets files refer to a dataclass by its name.

    Raises:
        ByhandError: byhand has a class of that name itself.
    """
    known = _KINDS.get(kind.__name__)  # byhand's own come when they are asked for: perhaps after somebody's
    if known and known.__module__.startswith("byhand.") != kind.__module__.startswith("byhand."):
        raise ByhandError(f"byhand has a {kind.__name__} of its own; give yours another name.")
    _KINDS[kind.__name__] = kind
    return kind


def to_config(value: Any) -> Any:
    """The plain-data form of a registered dataclass, or of a list, tuple, number, text or None.

    A dictionary that is given itself counts as plain data already.

    Raises:
        ByhandError: an object of another class, or a dictionary in a field whose keys are not text (or are "kind"),
            which nobody could read back.
    """
    if is_dataclass(value) and type(value).__name__ in _KINDS:
        table = {f.name: getattr(value, f.name) for f in fields(value)}
        left_out = {f.name for f in fields(value) if f.default is None and table[f.name] is None}
        name = type(value).__name__
        return {"kind": name} | {key: _field(item) for key, item in table.items() if key not in left_out}
    if isinstance(value, list | tuple):
        return [to_config(item) for item in value]
    if isinstance(value, np.generic):
        return value.item()
    if value is None or isinstance(value, str | int | float | dict):
        return value
    name = type(value).__name__
    raise ByhandError(
        f"{name} cannot be written into a file; put @byhand.register and @dataclass(frozen=True) above its class."
    )


def _field(value: Any) -> Any:
    """The plain-data form of a field, in which None and dictionaries are distinguished from missing values."""
    if value is None:
        return {"kind": "None"}
    if isinstance(value, list | tuple):
        return [_field(item) for item in value]
    if isinstance(value, dict):
        if wrong := [key for key in value if not isinstance(key, str) or key == "kind"]:
            raise ByhandError(f'A dictionary with the key {wrong[0]!r} cannot be written: keys are text, not "kind".')
        return {"kind": "dict"} | {key: _field(item) for key, item in value.items()}
    return to_config(value)


def from_config(data: Any, where: str = "configuration") -> Any:
    """The object that `to_config` described.

    Raises:
        ByhandError: an unknown kind, an unknown field, or a value that the class refuses; `where` says in which file.
    """
    if isinstance(data, list):
        return tuple(from_config(item, where) for item in data)
    if not isinstance(data, dict):
        return data
    kind = data.get("kind")
    if kind == "None":
        return None
    if kind == "dict":
        return {key: from_config(value, where) for key, value in data.items() if key != "kind"}
    cls = _kind(kind) if isinstance(kind, str) else None
    if cls is None:
        from difflib import get_close_matches

        import byhand

        classes = {name for name in dir(byhand) if name[0].isupper()}  # perhaps not imported yet
        nearest = get_close_matches(str(kind), classes | set(_KINDS), n=3, cutoff=0)
        raise ByhandError(
            f"{where}: unknown kind {kind!r}; the nearest known are {', '.join(nearest)}; "
            "if it is your own, import its module first, and see that it has @byhand.register."
        )
    arguments = {key: from_config(value, where) for key, value in data.items() if key != "kind"}
    known = {f.name for f in fields(cls)}
    if unknown := sorted(set(arguments) - known):
        raise ByhandError(f"{where}: {kind} has no field {unknown[0]!r}; it has {', '.join(sorted(known)) or 'none'}.")
    required = {f.name for f in fields(cls) if f.default is MISSING and f.default_factory is MISSING}
    if missing := sorted(required - set(arguments)):
        raise ByhandError(f"{where}: {kind} needs the field {missing[0]!r}.")
    try:
        return cls(**arguments)
    except (TypeError, ValueError) as error:
        raise ByhandError(f"{where}: {kind} refused its values: {error}") from None


def _kind(name: str) -> type | None:
    """The registered class of that name; byhand's own is imported if nobody has asked for it yet."""
    import byhand

    if name not in _KINDS and name in dir(byhand):
        getattr(byhand, name)
    return _KINDS.get(name)
