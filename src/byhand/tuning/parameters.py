"""A recipe's parameters by name: `optimizer.learning_rate`, `hidden`, `batch_size`, ...

The whole parts are epochs, batch_size (0: all samples at once), layers, hidden (the sizes of the hidden layers),
activation (of the hidden layers), initializer (of every Dense layer's weights), optimizer, loss, augment (also "none",
"digits" or "clothing") and regularizers. A dot leads into a part, as deep as it goes: `optimizer.learning_rate.rate`,
`loss.label_smoothing`, `initializer.std`, `layers.1.units`, `regularizers.0.rate`.
"""

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass, replace
from difflib import get_close_matches
from typing import Any

from byhand.core.checks import require_whole
from byhand.core.config import from_config
from byhand.core.errors import ByhandError
from byhand.data.augment import Augment
from byhand.initializers import Initializer
from byhand.layers import Activation, Dense, Layer
from byhand.losses import Loss
from byhand.optimizers import Optimizer
from byhand.recipes import Recipe, with_hidden
from byhand.regularizers import Regularizer

TUNABLE_PARTS = {"optimizer": Optimizer, "loss": Loss, "layers": Layer, "augment": Augment, "regularizers": Regularizer}
RECIPE_PARAMETERS = (
    *("epochs", "batch_size", "layers", "hidden", "activation", "initializer"),  # in this order: layers come first
    *("optimizer", "loss", "augment", "regularizers"),
)
AUGMENTS = {"none": lambda: None, "digits": Augment.digits, "clothing": Augment.clothing}

Layers = tuple[Layer, ...]
Setter = Callable[[Any], Any]


def with_parameters(recipe: Recipe, parameters: Mapping[str, Any]) -> Recipe:
    """The recipe with other parameters; objects are set before their fields.

    Args:
        recipe: the recipe.
        parameters: name -> value. A part is given by its kind ("Adam": with its usual fields), as a table ({"kind":
            "Adam", "beta1": 0.8}), or as it is (Adam()).

    Raises:
        ByhandError: a name that the recipe does not have, or a value that the part refuses.
    """
    inside = sorted(set(parameters) - set(RECIPE_PARAMETERS), key=lambda name: (name.count("."), name))
    for name in (*(name for name in RECIPE_PARAMETERS if name in parameters), *inside):
        recipe = _changed(recipe, name, parameters[name])
    return recipe


def parameter_names(recipe: Recipe) -> list[str]:
    """All parameter names of this recipe."""
    parts = [(root, getattr(recipe, root)) for root in TUNABLE_PARTS]
    parts += [("activation", layer) for layer in recipe.layers if isinstance(layer, Activation)][:1]
    parts += [("initializer", layer.weights) for layer in recipe.layers if isinstance(layer, Dense)][:1]
    return [*RECIPE_PARAMETERS, *(name for root, part in parts for name in _names(root, part))]


def _names(root: str, part: Any) -> list[str]:
    inner = list(enumerate(part)) if isinstance(part, tuple) else []
    found = [name for i, item in inner if is_dataclass(item) for name in _names(f"{root}.{i}", item)]
    for f in fields(part) if is_dataclass(part) else ():
        found += [f"{root}.{f.name}", *_names(f"{root}.{f.name}", getattr(part, f.name))]
    return found


def _changed(recipe: Recipe, name: str, value: Any) -> Recipe:
    """The recipe with one parameter changed."""
    root, _, rest = name.partition(".")
    path = rest.split(".") if rest else []
    try:
        if root in ("epochs", "batch_size") and not path:
            require_whole(root, value, 1 if root == "epochs" else 0)
            return replace(recipe, **{root: value or None})  # type: ignore[arg-type]
        if root == "hidden" and not path:
            return replace(recipe, layers=with_hidden(recipe.layers, _sizes(value)))
        if root == "augment" and not path and isinstance(value, str) and value in AUGMENTS:
            return replace(recipe, augment=AUGMENTS[value]())
        if root in TUNABLE_PARTS:
            return replace(recipe, **{root: _within(getattr(recipe, root), path, value, TUNABLE_PARTS[root])})
        if root == "activation":
            return replace(recipe, layers=_activations(recipe.layers, lambda a: _within(a, path, value, Activation)))
        if root == "initializer":
            return replace(recipe, layers=_starts(recipe.layers, lambda w: _within(w, path, value, Initializer)))
        raise KeyError
    except KeyError:
        close = get_close_matches(name, parameter_names(recipe), n=3, cutoff=0)
        raise ByhandError(f"There is no parameter {name!r}; the nearest are {', '.join(close)}.") from None
    except (ByhandError, TypeError, ValueError) as error:
        raise ByhandError(f"{name}: {error}") from None


def _within(part: Any, path: list[str], value: Any, kind: type) -> Any:
    """`part` with what lies at `path` replaced by `value`; with no path, the new part itself.

    Raises:
        KeyError: there is no such field.
        ByhandError: the value is not a `kind`, or is refused.
    """
    if not path:
        return tuple(_part(item, kind) for item in value) if isinstance(part, tuple) else _part(value, kind)
    name, *rest = path
    if isinstance(part, tuple) and name.isdecimal() and int(name) < len(part):
        i = int(name)
        return (*part[:i], _within(part[i], rest, value, kind), *part[i + 1 :])
    if not is_dataclass(part) or isinstance(part, type) or name not in {f.name for f in fields(part)}:
        raise KeyError(name)
    inner = _within(getattr(part, name), rest, value, object) if rest else from_config(value)
    return replace(part, **{name: inner})


def _part(value: Any, kind: type) -> Any:
    """The object that a class name or a table describes; objects are returned as they are."""
    part = from_config({"kind": value} if isinstance(value, str) else value, "it")
    if not isinstance(part, kind):
        raise ByhandError(f"{value!r} is not of the type {kind.__name__}.")
    return part


def _sizes(value: Any) -> tuple[int, ...]:
    """Sizes of hidden layers: one number is one layer."""
    sizes = tuple(value) if isinstance(value, list | tuple) else (value,)
    if not sizes:
        raise ByhandError("needs at least one size, such as [128].")
    for size in sizes:
        require_whole("a hidden layer's size", size)
    return sizes


def _activations(layers: Layers, change: Setter) -> Layers:
    """Change every activation before the last Dense layer, but not the output activation."""
    last = max((i for i, layer in enumerate(layers) if isinstance(layer, Dense)), default=0)
    if not any(isinstance(layer, Activation) for layer in layers[:last]):
        raise ByhandError("this network has no hidden activation that could be changed.")
    return (*(change(a) if isinstance(a, Activation) else a for a in layers[:last]), *layers[last:])


def _starts(layers: Layers, change: Setter) -> Layers:
    """Change the weight initializer of every Dense layer."""
    return tuple(replace(a, weights=change(a.weights)) if isinstance(a, Dense) else a for a in layers)
