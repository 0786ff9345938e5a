"""The layers of an estimator's network."""

from collections.abc import Callable, Sequence
from math import sqrt
from typing import Any

from byhand.core.errors import ByhandError
from byhand.core.types import Shape
from byhand.initializers import Uniform
from byhand.interop.parameters import hidden_sizes
from byhand.layers import GRU, Dense, Flatten, Layer, ReLU, Sigmoid, Tanh, plan_layers

ACTIVATIONS: dict[str, Callable[[], Layer] | None] = {
    "identity": None,
    "logistic": Sigmoid,
    "tanh": Tanh,
    "relu": ReLU,
}


def layers_for(estimator: Any, in_shape: Shape, outputs: int) -> tuple[Shape, list[Layer]]:
    """The shape of a sample as the network takes it, and its layers, an output layer last.

    Of dense layers all numbers come from U(−r, r) with r = √(6 / (in + out)), or √(2 / (in + out)) for "logistic":
    Glorot and Bengio (2010), with scikit-learn's factor for the sigmoid. Layers of one's own start as they say.

    Args:
        estimator: with its parameters.
        in_shape: the shape of one sample of X.
        outputs: how many outputs there are.

    Raises:
        ByhandError: `layers` cannot take such samples.
    """
    if estimator.layers is not None:
        in_shape, layers = _own(list(estimator.layers), in_shape)
        wide: int = plan_layers(layers, in_shape)[-1].out_shape[-1]
        return in_shape, [*layers, _dense(estimator, wide, outputs)]
    layers, wide = [], in_shape[-1]
    hidden = hidden_sizes(estimator.hidden_layer_sizes)
    if len(in_shape) == 2:  # a GRU for each hidden layer, every step's state for all but the last
        layers = [GRU(units, return_sequences=i < len(hidden)) for i, units in enumerate(hidden, 1)] or [Flatten()]
        wide, hidden = (hidden[-1] if hidden else in_shape[0] * wide), []
    for units in hidden:
        layers.append(_dense(estimator, wide, units))
        if activation := ACTIVATIONS[estimator.activation]:
            layers.append(activation())
        wide = units
    return in_shape, [*layers, _dense(estimator, wide, outputs)]


def _dense(estimator: Any, wide: int, units: int) -> Dense:
    factor = 2 if estimator.activation == "logistic" else 6
    start = Uniform(-sqrt(factor / (wide + units)), sqrt(factor / (wide + units)))
    return Dense(units, start, start)


def _own(layers: Sequence[Layer], in_shape: Shape) -> tuple[Shape, list[Layer]]:
    """Samples (height, width) have one channel where the layers want one; what is no row in the end becomes one."""
    try:
        plan = plan_layers(layers, in_shape)
    except ByhandError:
        if len(in_shape) != 2:
            raise
        in_shape = (*in_shape, 1)
        plan = plan_layers(layers, in_shape)
    return in_shape, [*layers, *([Flatten()] if len(plan[-1].out_shape) > 1 else [])]
