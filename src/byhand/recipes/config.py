"""A run's configuration as TOML: everything that is needed to repeat it bit for bit."""

import tomllib
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from byhand.core.checks import did_you_mean, require_between, require_whole
from byhand.core.config import from_config, to_config
from byhand.core.errors import ByhandError
from byhand.data import Dataset, load
from byhand.data.augment import Augment
from byhand.layers import Layer
from byhand.losses import Loss
from byhand.optimizers import Optimizer
from byhand.recipes.base import Recipe
from byhand.regularizers import Regularizer

PART_TYPES = {
    "optimizer": Optimizer,
    "loss": Loss,
    "layers": tuple,
    "augment": Augment | None,
    "regularizers": tuple,
}
COLUMN_TYPES = {"label": str | int, "impute": bool, "ignore": list, "task": str}
CONFIG_KEYS = {"byhand", "recipe", "data", "seed", "epochs", "batch_size", "averaging", "patience", "shards"}
CONFIG_KEYS |= {*COLUMN_TYPES, *PART_TYPES}
CONFIG_HEADER = "# How this network was trained; repeat it with: byhand train --config THIS_FILE\n"


@dataclass(frozen=True)
class RunConfig:
    """A recipe with its changes, the data that it was given, and the seed.

    Attributes:
        recipe: with layers, loss, optimiser, epochs and batch size as they were run.
        data: a data set's name or a path.
        seed: of the run's generator.
        columns: which column of a .csv file is the label, and how the others are taken: label, impute, ignore and task,
            as `byhand.load` takes them.
        shards: how many parts each batch is cut into.
    """

    recipe: Recipe
    data: str
    seed: int
    columns: dict[str, Any] = field(default_factory=dict)
    shards: int = 1

    def load(self) -> Dataset:
        """The data set."""
        shape = self.recipe.input_shape
        return load(self.data, image_shape=shape if len(shape) == 3 else (28, 28), **self.columns)

    def to_toml(self) -> str:
        """The configuration as text; a batch size of 0 stands for the full batch."""
        import tomli_w

        import byhand

        recipe = self.recipe
        table = {
            "byhand": byhand.__version__,
            "recipe": recipe.name,
            "data": self.data,
            "seed": self.seed,
            **self.columns,
            "epochs": recipe.epochs,
            "batch_size": recipe.batch_size or 0,
            "averaging": recipe.averaging,
            "patience": recipe.patience,
            "optimizer": to_config(recipe.optimizer),
            "loss": to_config(recipe.loss),
            "layers": to_config(recipe.layers),
            "regularizers": to_config(recipe.regularizers),
        }
        if self.shards > 1:
            table["shards"] = self.shards
        if recipe.augment:
            table["augment"] = to_config(recipe.augment)
        return CONFIG_HEADER + tomli_w.dumps(table)


def read_config(path: Path, recipes: dict[str, Recipe]) -> RunConfig:
    """Read a file written by `to_toml`, possibly edited by hand.

    Raises:
        ByhandError: no such file, no TOML, an unknown key, recipe or kind, or a value out of range.
    """
    try:
        return parse_config(path.read_bytes(), str(path), recipes)
    except OSError as error:
        raise ByhandError(f"{path}: cannot be read ({error.strerror}).") from None


def parse_config(content: bytes, path: str, recipes: dict[str, Recipe]) -> RunConfig:
    """Parse the content of a configuration file; `path` is used in messages."""
    try:
        table = tomllib.loads(content.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ByhandError(f"{path}: is not a TOML file ({error}).") from None
    if unknown := sorted(set(table) - CONFIG_KEYS):
        raise ByhandError(f"{path}: unknown key {unknown[0]!r}; known are {', '.join(sorted(CONFIG_KEYS))}.")
    name = table.get("recipe", "dense")
    if not isinstance(name, str) or name not in recipes:
        raise ByhandError(f"{path}: there is no recipe {name!r}; {did_you_mean(str(name), recipes)}")
    try:
        return _apply(table, recipes[name])
    except ByhandError as error:
        raise ByhandError(f"{path}: {error}") from None


def _apply(table: dict[str, Any], recipe: Recipe) -> RunConfig:
    seed, epochs = table.get("seed", 0), table.get("epochs", recipe.epochs)
    batch_size, data = table.get("batch_size", recipe.batch_size or 0), table.get("data", recipe.dataset)
    require_whole("seed", seed, 0)
    require_whole("epochs", epochs)
    require_whole("shards", table.get("shards", 1))
    require_whole("batch_size", batch_size, 0)
    averaging, patience = table.get("averaging", recipe.averaging), table.get("patience", recipe.patience)
    require_between("averaging", averaging, 0, 1)
    require_whole("patience", patience, 0)
    if not isinstance(data, str):
        raise ByhandError(f"data must be the name of a data set or a path; got {data!r}.")
    columns = {key: table[key] for key in COLUMN_TYPES if key in table}
    for key, value in columns.items():
        names = value if isinstance(value, list) else []
        if not isinstance(value, COLUMN_TYPES[key]) or not all(isinstance(name, str) for name in names):
            raise ByhandError(f"{key} can't be {value!r}.")
    parts = {}
    for key, kind in PART_TYPES.items():
        parts[key] = from_config(table[key], key) if key in table else getattr(recipe, key)
        if not isinstance(parts[key], kind):
            raise ByhandError(f"{key} must be {'an array of tables' if kind is tuple else 'a table'} with a kind.")
    if not all(isinstance(layer, Layer) for layer in parts["layers"]):
        raise ByhandError("layers must be layers, such as {kind = 'Dense', units = 10}.")
    if not all(isinstance(rule, Regularizer) for rule in parts["regularizers"]):
        raise ByhandError("regularizers must be rules, such as {kind = 'L2', rate = 0.0001}.")
    return RunConfig(
        replace(recipe, epochs=epochs, batch_size=batch_size or None, averaging=averaging, patience=patience, **parts),
        data,
        seed,
        columns,
        table.get("shards", 1),
    )
