"""The settings of a training: a recipe, or a choice of network and optimiser."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from byhand.initializers import Glorot, He, Initializer
from byhand.layers import (
    ELU,
    LSTM,
    Activation,
    ClassToken,
    Conv2D,
    Dense,
    FirstStep,
    Flatten,
    Layer,
    LayerNorm,
    LeakyReLU,
    LearnedPositions,
    MaxPool2D,
    PatchEmbedding,
    ReLU,
    Sigmoid,
    Tanh,
    TransformerBlock,
)
from byhand.losses import BinaryCrossEntropy, CategoricalCrossEntropy, Loss, QuadraticCost
from byhand.network import Network
from byhand.optimizers import (
    AdaGrad,
    Adam,
    AdamW,
    GradientDescent,
    Lion,
    Momentum,
    NAdam,
    Nesterov,
    Optimizer,
    RMSprop,
)
from byhand.recipes import RECIPES
from byhand.web.limits import Limits, Refusal

ACTIVATION_CHOICES: dict[str, Activation] = {
    "sigmoid": Sigmoid(),
    "tanh": Tanh(),
    "relu": ReLU(),
    "leaky-relu": LeakyReLU(),
    "elu": ELU(),
}
OPTIMIZER_CHOICES: dict[str, type] = {
    "gradient-descent": GradientDescent,
    "momentum": Momentum,
    "nesterov": Nesterov,
    "adagrad": AdaGrad,
    "rmsprop": RMSprop,
    "adam": Adam,
    "adamw": AdamW,
    "nadam": NAdam,
    "lion": Lion,
}
LOSS_CHOICES: dict[str, Loss] = {
    "cross-entropy": CategoricalCrossEntropy(),
    "binary-cross-entropy": BinaryCrossEntropy(),
    "quadratic": QuadraticCost(),
}
OF_SEQUENCES = ("lstm", "transformer")  # which read a drawing row by row, or patch by patch
DRAWING = ("vae", "gan")  # which draw
DRAWING_LOSS = "binary-cross-entropy"  # of the decoder's pixels, and of the critic
NETWORK_CHOICES = ("dense", "convolutional", *OF_SEQUENCES, *DRAWING)
RECIPE_CHOICES = ("guide-small", "guide", "nielsen", "shrivastava", "shrivastava-adam", "chang", "dense", "conv")
CLASSES = tuple("0123456789")
RATES = (0.0, 1e6)


@dataclass(frozen=True)
class Settings:
    """How a network is built and trained.

    Attributes:
        recipe: the recipe that this began from, or None.
        network: one of NETWORK_CHOICES.
        hidden: units of each hidden dense layer.
        activation: a key of ACTIVATION_CHOICES.
        loss: a key of LOSS_CHOICES.
        optimizer: a key of OPTIMIZER_CHOICES.
        learning_rate: η.
        batch_size: samples a step; None for all of them.
        epochs: how many times all samples are seen.
        images: how many training images.
        seed: of everything random.
    """

    recipe: str | None = None
    network: str = "dense"
    hidden: tuple[int, ...] = (30,)
    activation: str = "sigmoid"
    loss: str = "cross-entropy"
    optimizer: str = "gradient-descent"
    learning_rate: float = 0.5
    batch_size: int | None = 10
    epochs: int = 5
    images: int = 10_000
    seed: int = 0

    def to_json(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self) | {"hidden": list(self.hidden)}


def start_of(network: str) -> Settings:
    """The settings that a kind of network begins with."""
    if network in OF_SEQUENCES:
        return Settings(network=network, hidden=(), optimizer="adam", learning_rate=0.003, batch_size=50)
    if network in DRAWING:
        start = Settings(network=network, hidden=(256,), activation="relu", loss=DRAWING_LOSS, batch_size=50)
        return replace(start, optimizer="adam", learning_rate=0.001, epochs=10)
    return Settings(network=network)


STRUCTURE = ("network", "hidden", "activation", "loss", "optimizer")


def of_recipe(name: str, limits: Limits) -> Settings:
    """A recipe's own settings."""
    recipe = RECIPES[name]
    dense = [layer.units for layer in recipe.layers if isinstance(layer, Dense)]
    steps = [layer for layer in recipe.layers if isinstance(layer, Activation)]
    rate = recipe.optimizer.learning_rate
    return Settings(
        recipe=name,
        network="convolutional" if any(isinstance(layer, Conv2D) for layer in recipe.layers) else "dense",
        hidden=tuple(dense[:-1]),
        activation=_key(ACTIVATION_CHOICES, steps[0]) if steps else "sigmoid",
        loss=_key(LOSS_CHOICES, recipe.loss),
        optimizer=next(key for key, kind in OPTIMIZER_CHOICES.items() if type(recipe.optimizer) is kind),
        learning_rate=float(rate) if isinstance(rate, int | float) else float(rate(0.0, recipe.epochs)),
        batch_size=recipe.batch_size,
        epochs=min(recipe.epochs, limits.epochs),
        images=limits.images,
    )


def _key(table: Mapping[str, Any], value: Any) -> str:
    return next(key for key, known in table.items() if type(known) is type(value))


def read_settings(table: Mapping[str, Any], limits: Limits) -> Settings:
    """Settings from a JSON object; what is not said stays at the recipe's, or at the defaults.

    Raises:
        Refusal: an unknown name, a value that is none, or a loss with which no network draws.
    """
    name = table.get("recipe")
    if name is not None and (not isinstance(name, str) or name not in RECIPE_CHOICES):
        raise Refusal(422, f"recipe must be one of {', '.join(RECIPE_CHOICES)}, or null.")
    network = _CHECKS["network"]("network", table.get("network", "dense"), limits)
    start = of_recipe(name, limits) if name else start_of(network)
    known = asdict(start).keys()
    if unknown := sorted(set(table) - known):
        raise Refusal(422, f"There is no setting {unknown[0][:40]!r}; there are {', '.join(known)}.")
    changes = {key: _CHECKS[key](key, table[key], limits) for key in table if key != "recipe"}
    settings = replace(start, **changes)
    if settings.network in DRAWING and settings.loss != DRAWING_LOSS:
        raise Refusal(422, f"The loss of networks that draw is {DRAWING_LOSS}.")
    return settings


def _choice(options: Any) -> Any:
    def check(key: str, value: Any, limits: Limits) -> Any:
        if not isinstance(value, str) or value not in options:
            raise Refusal(422, f"{key} must be one of {', '.join(options)}.")
        return value

    return check


def _whole(least: int, most: str | int, none: bool = False) -> Any:
    """A whole number; `most` may name one of the limits; `none`: whether null will do too."""

    def check(key: str, value: Any, limits: Limits) -> Any:
        top = getattr(limits, most) if isinstance(most, str) else most
        if none and value is None:
            return None
        if type(value) is not int or not least <= value <= top:
            raise Refusal(422, f"{key} must be a whole number from {least} to {top}{', or null' if none else ''}.")
        return value

    return check


def _rate(key: str, value: Any, limits: Limits) -> float:
    if type(value) not in (int, float) or not RATES[0] < value <= RATES[1]:
        raise Refusal(422, f"{key} must be a number above {RATES[0]:g}, at most {RATES[1]:g}.")
    return float(value)


def _hidden(key: str, value: Any, limits: Limits) -> tuple[int, ...]:
    sizes = value if isinstance(value, list) else [None]
    fits = all(type(size) is int and 1 <= size <= limits.hidden_units for size in sizes)
    if not fits or len(sizes) > limits.hidden_layers:
        raise Refusal(
            422,
            f"hidden must be a list of at most {limits.hidden_layers} sizes from 1 to {limits.hidden_units}: [30].",
        )
    return tuple(sizes)


_CHECKS: dict[str, Any] = {
    "network": _choice(NETWORK_CHOICES),
    "hidden": _hidden,
    "activation": _choice(ACTIVATION_CHOICES),
    "loss": _choice(LOSS_CHOICES),
    "optimizer": _choice(OPTIMIZER_CHOICES),
    "learning_rate": _rate,
    "batch_size": _whole(1, "images", none=True),
    "epochs": _whole(1, "epochs"),
    "images": _whole(10, "images"),
    "seed": _whole(0, 2**31 - 1),
}


def build(settings: Settings, limits: Limits) -> tuple[Network, Optimizer]:
    """The network as it starts, and the optimiser: the recipe's own where nothing of its structure was changed."""
    own = of_recipe(settings.recipe, limits) if settings.recipe else None
    if own and all(getattr(own, key) == getattr(settings, key) for key in STRUCTURE):
        recipe = RECIPES[settings.recipe or ""]
        layers, loss, shape, optimizer = recipe.layers, recipe.loss, recipe.input_shape, recipe.optimizer
        if own.learning_rate != settings.learning_rate:
            optimizer = replace(optimizer, learning_rate=settings.learning_rate)  # type: ignore[type-var]
    else:
        layers, loss = _layers(settings), LOSS_CHOICES[settings.loss]
        shape = INPUT_SHAPES.get(settings.network, (28, 28, 1))
        optimizer = OPTIMIZER_CHOICES[settings.optimizer](settings.learning_rate)
    return Network(shape, layers, loss, rng=settings.seed, inputs="grey levels", classes=CLASSES), optimizer


INPUT_SHAPES = {"dense": (784,), "lstm": (28, 28)}


def _layers(settings: Settings) -> tuple[Layer, ...]:
    step = ACTIVATION_CHOICES[settings.activation]
    before: dict[str, tuple[Layer, ...]] = {
        "dense": (),
        "convolutional": (Conv2D(8, 5), step, MaxPool2D(), Conv2D(16), step, MaxPool2D(), Flatten()),
        "lstm": (LSTM(32),),
        "transformer": (
            *(PatchEmbedding(7, 32), ClassToken(), LearnedPositions(17)),
            *(TransformerBlock(32, 2, 64), TransformerBlock(32, 2, 64)),
            *(LayerNorm(), FirstStep()),
        ),
    }
    last = (Sigmoid(),) if settings.loss == "quadratic" else ()
    return (*before[settings.network], *hidden_layers(settings.hidden, settings.activation), Dense(10), *last)


def hidden_layers(sizes: tuple[int, ...], activation: str) -> list[Layer]:
    """Dense layers of these sizes, each with the activation behind it, and weights that suit it."""
    start: Initializer = Glorot() if activation in ("sigmoid", "tanh") else He()
    return [layer for size in sizes for layer in (Dense(size, start), ACTIVATION_CHOICES[activation])]
