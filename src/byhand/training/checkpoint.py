"""A training between two of its steps, as one file: safetensors for the arrays, JSON in its header for all else."""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from byhand.core.errors import ByhandError
from byhand.core.files import write_atomically
from byhand.core.types import Array

FORMAT = 1
KEY = "byhand.checkpoint"
Tree = dict[str, Any]  # numbers, text, lists, tables and arrays, within each other


@dataclass(frozen=True)
class Checkpoint:
    """Everything that a training needs to go on as if it had never stopped.

    Attributes:
        identity: what is trained, how and on what, as plain data; a training goes on from its own checkpoint only.
        made_with: versions, machine and threads; with others the bits may differ.
        training: where it stands (see `byhand.training.resume.snapshot`).
        note: what whoever asked for the checkpoint wanted to keep beside it, as plain data.
    """

    identity: Tree
    made_with: Tree
    training: Tree
    note: Tree = field(default_factory=dict)

    @property
    def step(self) -> int:
        """How many steps had been made."""
        return self.training["step"]

    def write(self, path: Path) -> None:
        """Write it to `path`, whole or not at all; it is on the disk when this returns.

        Raises:
            ByhandError: the file cannot be written.
        """
        from safetensors.numpy import save

        arrays: dict[str, Array] = {}
        text = json.dumps({"format": FORMAT} | pack(asdict(self), arrays))
        write_atomically(path, save(arrays, metadata={KEY: text, "sha256": digest(text, arrays)}))

    @staticmethod
    def read(path: Path) -> "Checkpoint":
        """Read what `write` wrote.

        Raises:
            ByhandError: no such file, a damaged one, or one of another kind.
        """
        from safetensors import SafetensorError, safe_open

        try:
            with safe_open(path, "np") as file:
                metadata = file.metadata() or {}
                arrays = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
        except (SafetensorError, OSError) as error:
            raise ByhandError(f"{path}: is no readable checkpoint ({error}).") from None
        text = metadata.get(KEY)
        if text is None:
            raise ByhandError(f"{path}: is no checkpoint of a training.")
        if metadata.get("sha256") != digest(text, arrays):
            raise ByhandError(f"{path}: is damaged (its checksum is another).")
        try:
            table = json.loads(text)
            if table["format"] > FORMAT:
                raise ByhandError(f"{path}: was written by a newer byhand; please upgrade.")
            parts = {name: unpack(table[name], arrays) for name in ("identity", "made_with", "training", "note")}
            if not all(isinstance(part, dict) for part in parts.values()) or type(parts["training"]["step"]) is not int:
                raise ValueError
            return Checkpoint(**parts)
        except ByhandError:
            raise
        except (ValueError, TypeError, KeyError, RecursionError):
            raise ByhandError(f"{path}: is damaged.") from None


def digest(text: str, arrays: dict[str, Array]) -> str:
    """SHA-256 of the text and of all arrays, with their names and shapes."""
    import hashlib

    sha = hashlib.sha256(text.encode())
    for name in sorted(arrays):
        sha.update(f"\n{name} {arrays[name].dtype} {arrays[name].shape}\n".encode())
        sha.update(np.ascontiguousarray(arrays[name]).data)
    return sha.hexdigest()


def pack(value: Any, arrays: dict[str, Array], path: str = "") -> Any:
    """The tree as JSON has it: every array goes into `arrays` by its path, and {"array": path} stands in its place."""
    if isinstance(value, np.ndarray):
        arrays[path] = np.ascontiguousarray(value).reshape(value.shape)
        return {"array": path}
    if isinstance(value, dict):
        return {str(key): pack(item, arrays, f"{path}.{key}" if path else str(key)) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [pack(item, arrays, f"{path}.{i}") for i, item in enumerate(value)]
    if isinstance(value, np.generic):
        return value.item()
    if value is None or isinstance(value, str | int | float):
        return value
    raise ByhandError(
        f"A checkpoint holds numbers, text, lists, tables and arrays; {path} is a {type(value).__name__}."
    )


def unpack(value: Any, arrays: dict[str, Array]) -> Any:
    """The tree that `pack` packed."""
    if isinstance(value, dict):
        if value.keys() == {"array"}:
            return arrays[value["array"]]
        return {key: unpack(item, arrays) for key, item in value.items()}
    return [unpack(item, arrays) for item in value] if isinstance(value, list) else value


def mapped(tree: Any, change: Callable[[Array], Any]) -> Any:
    """The tree with `change` of each array in the array's place."""
    if isinstance(tree, dict):
        return {key: mapped(item, change) for key, item in tree.items()}
    if isinstance(tree, list | tuple):
        return [mapped(item, change) for item in tree]
    return change(tree) if isinstance(tree, np.ndarray) else tree
