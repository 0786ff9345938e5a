"""Long short-term memory."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import SimpleNamespace
from typing import Any, ClassVar

import numpy as np

from byhand.core.checks import require_between
from byhand.core.config import register
from byhand.core.errors import ByhandError
from byhand.core.passes import Pass
from byhand.core.plan import Plan
from byhand.core.shapes import as_rows
from byhand.core.types import Array, Shape
from byhand.initializers import Initializer, Zeros
from byhand.layers.sequences.normalized import Norms, norm_of
from byhand.layers.sequences.recurrent import Recurrent
from byhand.layers.sequences.shown import cell_gradients, columns, of_memory
from byhand.layers.sequences.written import Equations, of_lstm
from byhand.layers.sequences.written_normalized import of_normalized_lstm
from byhand.ops import Ops


@register
@dataclass(frozen=True)
class LSTM(Recurrent):
    """Long short-term memory: gates write to, read from and forget a cell c.

        z_t = x_t W + h_{t−1} R + b, four blocks of k columns: i, f, g, o, in that order, as in PyTorch and Keras,
        i = σ(zⁱ), f = σ(zᶠ), g = tanh(zᵍ), o = σ(zᵒ),
        c_t = f ⊙ c_{t−1} + i ⊙ g,   h_t = o ⊙ tanh c_t.

    Backward, from the last step to the first. y_t and z_{t+1} depend on h_t; h_t and, times the forget gate, c_{t+1}
    depend on c_t. With q = tanh c_t,

        dh_t = dy_t + dz_{t+1} Rᵀ,
        dc_t = dc_{t+1} ⊙ f_{t+1} + dh_t ⊙ o ⊙ (1 − q²),
        dzⁱ = dc_t ⊙ g ⊙ i (1 − i),   dzᶠ = dc_t ⊙ c_{t−1} ⊙ f (1 − f),
        dzᵍ = dc_t ⊙ i ⊙ (1 − g²),    dzᵒ = dh_t ⊙ q ⊙ o (1 − o).

    With `peepholes` P (3, k) the gates depend on the cell, too: P₁ ⊙ c_{t−1} is added to zⁱ, P₂ ⊙ c_{t−1} to zᶠ and P₃
    ⊙ c_t to zᵒ. Backward, dzᵒ ⊙ P₃ is added to dc_t, and dzⁱ ⊙ P₁ + dzᶠ ⊙ P₂ to dc_{t−1}; dP₁ = Σₜ dzⁱ ⊙ c_{t−1}, dP₂ =
    Σₜ dzᶠ ⊙ c_{t−1}, dP₃ = Σₜ dzᵒ ⊙ c_t. Gers and Schmidhuber, "Recurrent nets that time and count" (2000).

    With `layer_norm`, by the supplementary material of Ba, Kiros and Hinton (2016), z_t = LN(x_t W) + LN(h_{t−1} R)
    + b over all four gates together, and h_t = o ⊙ tanh(LN(c_t) + β), while c_t itself is carried on. (In TensorFlow
    Addons' LayerNormLSTMCell it is LN(c_t) + β, and ε is 1e-3.) Gradients go back through LN as in `LayerNorm`.

    Hochreiter and Schmidhuber, "Long short-term memory" (1997); the forget gate by Gers, Schmidhuber and Cummins,
    "Learning to forget" (2000). PyTorch keeps two biases that are only ever added up; b is their sum.

    Args:
        units: the size k of the state and of the cell.
        return_sequences: whether the output is every step's state (n, T, k), or the last one only (n, k).
        reverse: whether to go from the last step to the first; the output stays in the input's order.
        weights: initializer of W (in, 4k).
        recurrent: initializer of R (k, 4k).
        biases: initializer of b (4k,).
        dropout: the probability that a weight of R is 0 in a training pass (see `Recurrent`).
        layer_norm: whether to normalise inside the layer; not with peepholes.
        forget_bias: what is added to the initial b of the forget gate: with 1 cells remember from the start, as in
            Keras (Jozefowicz, Zaremba and Sutskever, 2015); PyTorch adds nothing.
        peepholes: whether the gates depend on the cell; P starts at zero. PyTorch and Keras have no peepholes; with
            them the loop over the steps is not compiled.
    """

    forget_bias: float = 1.0
    peepholes: bool = False

    gates: ClassVar[int] = 4
    states: ClassVar[tuple[str, ...]] = ("h", "c")
    norms: ClassVar[Norms] = {"x": (4,), "h": (4,), "c": (1,)}

    def __post_init__(self) -> None:
        super().__post_init__()
        require_between("forget_bias", self.forget_bias, float("-inf"))
        if self.layer_norm and self.peepholes:
            raise ByhandError("An LSTM has layer_norm or peepholes, not both.")

    def plan(self, in_shape: Shape) -> Plan:
        """(T, in) becomes (T, units), or (units,); the cell is carried on too."""
        plan, k, steps = super().plan(in_shape), (self.units,), (in_shape[0], self.units)
        cache = {**plan.cache, "cells": steps, "squashed": steps, "dc": k, "s2": k}
        params = dict(plan.params)
        if self.peepholes:
            params["P"] = (3, self.units)
            cache |= {"after": steps, "part": steps}
        named = {**plan.named, **dict.fromkeys([*"ifgoc", "dc"], steps)}
        if self.layer_norm:
            params["beta"] = k
            named["s"] = steps
        return replace(plan, params=params, cache=cache, named=named)

    @property
    def _equations(self) -> tuple[Equations, Equations]:
        if self.layer_norm:
            return of_normalized_lstm(self.units, self.return_sequences, self.reverse)
        return of_lstm(self.units, self.return_sequences, self.reverse, self.peepholes)

    def unkept(self, at: Pass) -> Mapping[str, Array]:
        """z, the gates, c and h of each step."""
        return of_memory(at)

    def unkept_gradients(self, at: Pass) -> Mapping[str, Array]:
        """dh and dc of each step, and those of the gates."""
        gates = dict(zip(("di", "df", "dg", "do"), columns(at.cache.dz, 4), strict=True))
        more = {"ds": at.cache.dpc} if self.layer_norm else {}
        return {**super().unkept_gradients(at), "dc": cell_gradients(at), **gates, **more}

    def initializers(self) -> Mapping[str, Initializer]:
        """W, R, b and gains as in other recurrent layers; P and β start at zero."""
        more = {"P": Zeros()} if self.peepholes else {"beta": Zeros()} if self.layer_norm else {}
        return {**super().initializers()} | more

    def initialize(self, rng: np.random.Generator, p: SimpleNamespace) -> None:
        """W, R and b by their initialisers; then `forget_bias` is added to the forget gate's b."""
        super().initialize(rng, p)
        p.b[self.units : 2 * self.units] += self.forget_bias

    def forward(self, ops: Ops, at: Pass) -> None:
        """Compute z_t = x_t W + h_{t−1} R + b, c_t = f ⊙ c_{t−1} + i ⊙ g, h_t = o ⊙ tanh c_t, step by step."""
        y, c = self.begin(ops, at), at.cache
        own = (c.z, at.carry.h, at.carry.c, y, c.before, c.cells, c.squashed)
        ops.lstm(self.kept(at)[0], *own, at.mask, self.reverse, c.s, c.s2, c.row, **self._more(at))
        self.end(ops, at)

    def back_from_state(self, ops: Ops, at: Pass, dy: Array | None) -> None:
        """Compute dz_t from the last step to the first, then the sums over time."""
        c = at.cache
        kept, own = (c.z, c.cells, c.squashed), (c.dz, c.dh, c.dc, c.s, c.s2, c.row)
        ops.lstm_backward(self.kept(at)[0], *kept, dy, at.mask, self.reverse, *own, **self._more(at))
        dz = c.dph if self.layer_norm else c.dz
        ops.matmul(as_rows(c.before).T, as_rows(dz), at.g.R)  # (k, n T)(n T, 4k) → (k, 4k)
        if self.layer_norm:
            ops.scale_columns_backward(as_rows(c.nh), as_rows(c.dz), at.g.gh, at.g.b)
            ops.scale_columns_backward(as_rows(c.nc), as_rows(c.dpc), at.g.gc, at.g.beta)
        self.sum_over_time(ops, at)
        if self.peepholes:
            self._sum_peepholes(ops, at)

    def _more(self, at: Pass) -> dict[str, Any]:
        if self.layer_norm:
            return {"norm": norm_of(at, "h"), "cell_norm": norm_of(at, "c", at.p.beta)}
        return {"p": at.p.P} if self.peepholes else {}

    @property
    def beyond(self) -> str:
        """Peepholes, or layer normalisation."""
        return "peepholes" if self.peepholes else super().beyond

    def _sum_peepholes(self, ops: Ops, at: Pass) -> None:
        """Compute dP₁ = Σ dzⁱ ⊙ c_{t−1}, dP₂ = Σ dzᶠ ⊙ c_{t−1}, dP₃ = Σ dzᵒ ⊙ c_t, over steps and samples."""
        c, k = at.cache, self.units
        i, f, g = (c.z[..., j * k : (j + 1) * k] for j in range(3))
        ops.multiply(f, c.cells, out=c.after)
        ops.multiply(i, g, out=c.part)
        ops.add(c.after, c.part, out=c.after)  # c_t
        for row, (gate, seen) in enumerate(((0, c.cells), (1, c.cells), (3, c.after))):
            ops.multiply(c.dz[..., gate * k : (gate + 1) * k], seen, out=c.part)
            ops.sum_rows(as_rows(c.part), at.g.P[row])
