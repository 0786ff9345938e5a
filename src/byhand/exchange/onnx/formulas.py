"""Functions of single numbers in somebody's graph: activations, and what they are made of."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from byhand.core.errors import ByhandError
from byhand.core.types import Array
from byhand.exchange.onnx.branches import added
from byhand.exchange.onnx.nodes import Node, one_number, reads
from byhand.exchange.onnx.values import Computed, erf
from byhand.layers import ELU, GELU, LeakyReLU, LearnedPositions, ReLU, SiLU

OF_ONE: dict[str, Callable[[Any], Any]] = {
    "Abs": np.abs,
    "Erf": erf,
    "Exp": np.exp,
    "Neg": np.negative,
    "Identity": lambda x: x,
    "Reciprocal": lambda x: 1 / x,
    "Sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "Sqrt": np.sqrt,
    "Tanh": np.tanh,
}
OF_TWO: dict[str, Callable[[Any, Any], Any]] = {
    "Add": np.add,
    "Sub": np.subtract,
    "Mul": np.multiply,
    "Div": np.divide,
    "Pow": np.power,
    "Sum": np.add,
    "Greater": np.greater,
}


@reads("Relu")
def _relu(at: Node, x: Computed) -> Computed:
    return x.settled().then(ReLU())


@reads("LeakyRelu")
def _leaky(at: Node, x: Computed) -> Computed:
    return x.settled().then(LeakyReLU(at.number("alpha", 0.01)))


@reads("Elu")
def _elu(at: Node, x: Computed) -> Computed:
    return x.settled().then(ELU(at.number("alpha", 1.0)))


@reads("Gelu")
def _gelu(at: Node, x: Computed) -> Computed:
    return x.settled().then(GELU(at.text("approximate", "none") == "tanh"))


@reads("Swish")
def _swish(at: Node, x: Computed) -> Computed:
    if at.number("alpha", 1.0) != 1:
        raise ByhandError("Swish with an α other than 1 isn't known.")
    return x.settled().then(SiLU())


@reads(*OF_ONE)
def _alone(at: Node, x: Computed) -> Computed:
    return x if at.kind == "Identity" else x.applied(OF_ONE[at.kind])


@reads(*OF_TWO)
def _between(at: Node, *inputs: Any) -> Any:
    """A number with a value, a constant for each channel, two formulas of the same value, or two branches."""
    if len(inputs) == 1:
        return inputs[0]
    if len(inputs) > 2:
        return _between(at, _between(at, *inputs[:-1]), inputs[-1])
    a, b = inputs
    f = OF_TWO[at.kind]
    if isinstance(a, Computed) and isinstance(b, Computed):
        if a.steps is b.steps and np.array_equal(a.order, b.order):
            first, second = (v.formula or (lambda x: x) for v in (a, b))
            return replace(a, formula=lambda x: f(first(x), second(x)))
        if at.kind not in ("Add", "Sum"):
            raise ByhandError(f"{at.kind} of two branches isn't known.")
        return added(a.settled(), b.settled())
    constant: Array = np.asarray(b if isinstance(a, Computed) else a, np.float64)
    value: Computed = a if isinstance(a, Computed) else b
    alone = one_number(constant)
    if alone is not None and constant.ndim <= value.order.ndim + 1:
        if value is a:
            return value.applied(lambda x: f(x, alone))
        return value.applied(lambda x: f(alone, x))
    value = value.settled()
    if at.kind in ("Add", "Sum") and _positions(value, constant):
        return value.then(LearnedPositions(value.shape[0]), {"P": constant.reshape(value.shape)})
    vector = value.along(constant, at.kind)
    if at.kind in ("Add", "Sum"):
        return value.scaled(1, vector)
    if at.kind == "Sub":
        return value.scaled(1, -vector) if value is a or isinstance(a, Computed) else value.scaled(-1, vector)
    if at.kind == "Mul":
        return value.scaled(vector, 0)
    if at.kind == "Div" and isinstance(a, Computed) and vector.all():
        return value.scaled(1 / vector, 0)
    raise ByhandError(f"{at.kind} with a constant isn't known.")


def _positions(value: Computed, constant: Array) -> bool:
    """Whether a constant has other numbers for each step of a sequence."""
    sides = constant.shape[-2:]
    return (
        value.batch == 0
        and sides == value.shape == value.order.shape
        and constant.size == value.order.size
        and np.array_equal(value.order.reshape(-1), np.arange(value.order.size))
        and not (constant == constant.reshape(sides)[0]).all()
    )
