"""What flows through somebody's ONNX graph: constants, and values that layers of byhand compute.

ONNX orders axes otherwise (images have their channels first), and reorders them on the way. A `Computed` therefore
knows, for each of its numbers in ONNX's order, which of byhand's numbers it is: transposing and reshaping only move
these indices about, and no layer has to be spent on them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from math import erf as erf_of_one
from math import prod
from typing import Any

import numpy as np

from byhand.core.errors import ByhandError
from byhand.core.types import Array, Shape
from byhand.layers import (
    GELU,
    BatchNorm,
    Conv2D,
    ConvTranspose2D,
    Dense,
    Flatten,
    Layer,
    MultiHeadAttention,
    Reshape,
    RMSNorm,
    Sigmoid,
    SiLU,
    Step,
    Tanh,
)
from byhand.layers.base import plan_layer

LARGEST_SAMPLE = 2**22  # numbers of one sample at any place of a network
BATCH = 2_147_483_629  # stands for the number of samples in shapes that a graph computes
erf = np.vectorize(erf_of_one, otypes=[float])
FORMULA_POINTS = np.linspace(-4, 4, 65)  # where formulas are compared


@dataclass(frozen=True)
class PlacedLayer:
    """A layer with its parameters and state, by name."""

    layer: Layer
    p: Mapping[str, Array] = field(default_factory=dict)


@dataclass(frozen=True)
class Computed:
    """A value that layers compute.

    Attributes:
        steps: the layers from the input on.
        shape: the shape of one sample, as byhand has it.
        order: of ONNX's shape of a sample: which of byhand's numbers each number is.
        batch: which of ONNX's axes counts the samples.
        formula: a function of single numbers that is still to be applied.
        samples: how many samples the file is written for; 1 where it leaves them open.
    """

    steps: tuple[PlacedLayer, ...]
    shape: Shape
    order: Array
    batch: int = 0
    formula: Callable[[Any], Any] | None = None
    samples: int = 1

    @property
    def sizes(self) -> list[int]:
        """ONNX's shape, with BATCH for the number of samples."""
        return [*self.order.shape[: self.batch], BATCH, *self.order.shape[self.batch :]]

    def then(self, layer: Layer, p: Mapping[str, Array] | None = None, order: Array | None = None) -> "Computed":
        """One layer more; the order is byhand's own unless it is given or the shape stays.

        Raises:
            ByhandError: the layer can't take it, or it grows too large.
        """
        shape = plan_layer(layer, self.shape).out_shape
        if prod(shape) > LARGEST_SAMPLE:
            raise ByhandError(f"{layer.label()} gives {prod(shape):,} numbers a sample, more than {LARGEST_SAMPLE:,}.")
        if order is None:
            order = self.order if shape == self.shape else straight(shape)
        return replace(self, steps=(*self.steps, PlacedLayer(layer, p or {})), shape=shape, order=order)

    def arranged(self, order: Array, batch: int | None = None) -> "Computed":
        """The same numbers in another order or shape of ONNX's."""
        return replace(self, order=order, batch=self.batch if batch is None else batch)

    def as_shape(self, shape: Shape, order: Array, what: str) -> "Computed":
        """The same numbers as byhand's shape `shape`, whose order must be `order`.

        Raises:
            ByhandError: they are in another order.
        """
        if self.order.size != order.size or not np.array_equal(self.order.reshape(-1), order.reshape(-1)):
            raise ByhandError(f"{what} comes after axes were put in an order that no layer of byhand has.")
        if self.shape == shape:
            return self
        return self.then(Flatten() if len(shape) == 1 else Reshape(shape), order=self.order)

    def as_rows(self, what: str) -> "Computed":
        """The same as rows (..., k) whose order is ONNX's own."""
        shape = self.order.shape
        return self.as_shape(shape, straight(shape), what)

    def as_image(self, what: str) -> "Computed":
        """The same as an image (height, width, channels), of ONNX's (channels, height, width) or (channels, steps)."""
        if self.order.ndim not in (2, 3) or self.batch != 0:
            raise ByhandError(f"{what} takes images or sequences, not samples of {self.order.ndim} axes.")
        channels, *sides = self.order.shape
        shape = (sides[0], sides[1] if len(sides) == 2 else 1, channels)
        return self.as_shape(shape, np.moveaxis(straight(shape), 2, 0).reshape(self.order.shape), what)

    def along(self, numbers: Array, what: str) -> Array:
        """A constant that ONNX adds to or multiplies with the value: one number for each of byhand's last axis."""
        sides = list(numbers.shape)
        if len(sides) > self.order.ndim + 1:
            raise ByhandError(f"{what} with a constant of {len(sides)} axes isn't known.")
        sides = [1] * (self.order.ndim + 1 - len(sides)) + sides
        if sides[self.batch] != 1:
            raise ByhandError(f"{what} with a constant that has numbers for each sample isn't known.")
        del sides[self.batch]
        try:
            whole = np.broadcast_to(numbers.reshape(sides), self.order.shape)
        except ValueError:
            raise ByhandError(f"{what} with a constant of shape {numbers.shape} doesn't fit.") from None
        flat = np.empty(self.order.size, np.float64)
        flat[self.order.reshape(-1)] = whole.reshape(-1)
        rows = flat.reshape(-1, self.shape[-1])
        if not (rows == rows[0]).all():
            raise ByhandError(f"{what} with a constant that differs from place to place isn't known.")
        return rows[0].copy()

    def applied(self, formula: Callable[[Any], Any]) -> "Computed":
        """A function of single numbers more."""
        before = self.formula
        return replace(self, formula=formula if before is None else lambda x: formula(before(x)))

    def scaled(self, scale: Any, shift: Any) -> "Computed":
        """scale ⊙ x + shift, a number each or one for each of byhand's last axis (k,)."""
        k = self.shape[-1]
        scale, shift = (np.broadcast_to(np.asarray(v, np.float64), (k,)) for v in (scale, shift))
        last = self.steps[-1] if self.steps else None
        if last and isinstance(last.layer, Dense | Conv2D | ConvTranspose2D) and last.p["W"].ndim:
            axis = -2 if isinstance(last.layer, ConvTranspose2D) else -1
            W = last.p["W"] * (scale[:, None] if axis == -2 else scale)
            b = last.p.get("b", np.zeros(k)) * scale + shift
            bias = last.layer.bias or bool(b.any())
            placed = PlacedLayer(replace(last.layer, bias=bias), {"W": W} | ({"b": b} if bias else {}))
            return replace(self, steps=(*self.steps[:-1], placed))
        if (scale == 1).all() and not shift.any():
            return self
        if last and isinstance(last.layer, MultiHeadAttention):
            bias, p = last.layer.bias or bool(shift.any()), last.p
            zeros = {"b": np.zeros(3 * k), "c": np.zeros(k)} if bias else {}
            p = {**zeros, **p, "O": p["O"] * scale} | ({"c": p.get("c", 0) * scale + shift} if bias else {})
            return replace(self, steps=(*self.steps[:-1], PlacedLayer(replace(last.layer, bias=bias), p)))
        if last and isinstance(last.layer, RMSNorm) and not shift.any():
            placed = PlacedLayer(last.layer, {"gamma": last.p["gamma"] * scale})
            return replace(self, steps=(*self.steps[:-1], placed))
        p = {"gamma": scale, "beta": shift, "running_mean": np.zeros(k), "running_var": np.ones(k)}
        return self.then(BatchNorm(epsilon=1e-12), p)

    def settled(self) -> "Computed":
        """The same, its formula as a layer.

        Raises:
            ByhandError: no layer computes it.
        """
        f = self.formula
        if f is None:
            return self
        bare = replace(self, formula=None)
        with np.errstate(all="ignore"):
            y = np.broadcast_to(np.asarray(f(FORMULA_POINTS), np.float64), FORMULA_POINTS.shape)
        for layer, wanted in known_formulas().items():
            if np.abs(y - wanted).max() < 1e-5:
                return bare.then(layer)
        shift = y[len(y) // 2]
        scale = y[len(y) * 5 // 8] - shift  # at 1
        if np.abs(y - (scale * FORMULA_POINTS + shift)).max() < 1e-5 * max(1, abs(scale), abs(shift)):
            with np.errstate(all="ignore"):
                shift = float(f(np.float64(0)))
                scale = float(f(np.float64(1))) - shift
            return bare.scaled(scale, shift)
        raise ByhandError("A formula in it is none of byhand's activations.")


def straight(shape: Shape) -> Array:
    """byhand's own order of a shape."""
    return np.arange(prod(shape)).reshape(shape)


def known_formulas() -> dict[Layer, Array]:
    """What activations made of several nodes give at FORMULA_POINTS."""
    x = FORMULA_POINTS
    tanh = np.tanh((2 / np.pi) ** 0.5 * (x + 0.044715 * x**3))
    return {
        Sigmoid(): 1 / (1 + np.exp(-x)),
        Tanh(): np.tanh(x),
        GELU(): 0.5 * x * (1 + erf(x / 2**0.5)),
        GELU(True): 0.5 * x * (1 + tanh),
        SiLU(): x / (1 + np.exp(-x)),
        Step(): np.where(x > 0, 1.0, 0.0),
    }
