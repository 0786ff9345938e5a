"""Normalisation by the root mean square in somebody's graph: x / √(mean x² + ε), in several nodes."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from byhand.core.errors import ByhandError
from byhand.exchange.onnx.attention import Inside
from byhand.exchange.onnx.nodes import Node, one_number
from byhand.exchange.onnx.values import FORMULA_POINTS, Computed
from byhand.layers import RMSNorm


@dataclass(frozen=True)
class MeanSquare(Inside):
    """The mean of x² of each row, plus ε; its root where it has been taken; one divided by it.

    Attributes:
        x: the rows.
        epsilon: ε.
        root: whether it is the root.
        inverse: whether it is one divided by that.
    """

    x: Computed
    epsilon: float = 0.0
    root: bool = False
    inverse: bool = False

    def read(self, at: Node, inputs: Sequence[Any]) -> Any:
        """A node that one input of is this; the rows divided by the root are a layer."""
        number = next((one_number(v) for v in inputs if isinstance(v, np.ndarray)), None)
        other = next((v for v in inputs if isinstance(v, Computed)), None)
        if at.kind == "Add" and number is not None and not self.root:
            return replace(self, epsilon=self.epsilon + number)
        if at.kind == "Sqrt" and not self.root:
            return replace(self, root=True)
        if self.root and not self.inverse and (at.kind == "Reciprocal" or (at.kind == "Div" and number == 1)):
            return replace(self, inverse=True)
        if self.root and other is not None and at.kind == ("Mul" if self.inverse else "Div") and inputs[0] is not self:
            x = self.x
            if other.formula is None and other.steps is x.steps and np.array_equal(other.order, x.order):
                gamma = {"gamma": np.ones(x.shape[-1])}
                return x.then(RMSNorm(max(1e-12, float(str(np.float32(self.epsilon))))), gamma)
        raise ByhandError(f"{at.kind} with a mean of squares isn't known, or not with these inputs.")


def mean_square(x: Computed) -> MeanSquare | None:
    """The mean along the last axis, where x is still to be squared; None where it isn't."""
    with np.errstate(all="ignore"):
        y = x.formula(FORMULA_POINTS) if x.formula else FORMULA_POINTS
    if np.shape(y) != FORMULA_POINTS.shape or not np.allclose(y, FORMULA_POINTS**2, atol=1e-9):
        return None
    return MeanSquare(replace(x, formula=None).as_rows("ReduceMean"))
