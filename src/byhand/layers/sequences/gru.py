"""The gated recurrent unit."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from byhand.core.config import register
from byhand.core.errors import ByhandError
from byhand.core.passes import Pass
from byhand.core.plan import Plan
from byhand.core.shapes import as_rows
from byhand.core.types import Array, Shape
from byhand.initializers import Initializer
from byhand.layers.sequences.normalized import Norms, norm_of
from byhand.layers.sequences.recurrent import Recurrent
from byhand.layers.sequences.shown import columns, of_gated, state_gradients
from byhand.layers.sequences.written import Equations, of_gru
from byhand.layers.sequences.written_normalized import of_normalized_gru
from byhand.ops import Ops


@register
@dataclass(frozen=True)
class GRU(Recurrent):
    """A gated recurrent unit: the update gate u moves the state towards a candidate a.

        z_t = x_t W + b, three blocks of k columns: r, u, a, in that order, as in PyTorch,
        r, u = σ(z_t + h_{t−1} R),
        a = tanh(z_t + r ⊙ (h_{t−1} V + c))      with reset="after",
        a = tanh(z_t + (r ⊙ h_{t−1}) V)          with reset="before",
        h_t = u ⊙ h_{t−1} + (1 − u) ⊙ a.

    reset="before" is the unit of Cho et al., "Learning phrase representations using RNN encoder-decoder" (2014), eq.
    5-8. reset="after" is what PyTorch computes, and Keras by default (`reset_after=True`); Keras' blocks are u, r, a.

    With `layer_norm`, by the supplementary material of Ba, Kiros and Hinton (2016), the products x_t W and h_{t−1} R of
    r and u together, x_t W of a, and h_{t−1} V are normalised, each by itself; reset is "after" there.

    Backward, from the last step to the first: dh_t is dy_t plus the gradient from step t + 1, and

        du = dh_t ⊙ (h_{t−1} − a) ⊙ u (1 − u),   da = dh_t ⊙ (1 − u) ⊙ (1 − a²).

    reset="after": with m = h_{t−1} V + c, dm = da ⊙ r and dr = da ⊙ m ⊙ r (1 − r); step t − 1 gets
    dh_t ⊙ u + (dr, du) Rᵀ + dm Vᵀ. reset="before": with p = da Vᵀ, dr = p ⊙ h_{t−1} ⊙ r (1 − r); step t − 1 gets
    dh_t ⊙ u + (dr, du) Rᵀ + p ⊙ r. Then dz = (dr, du, da), dR = Σₜ h_{t−1}ᵀ (dr, du), and dV = Σₜ h_{t−1}ᵀ dm,
    dc = Σₜ dm, or dV = Σₜ (r ⊙ h_{t−1})ᵀ da.

    Args:
        units: the size k of the state.
        return_sequences: whether the output is every step's state (n, T, k), or the last one only (n, k).
        reverse: whether to go from the last step to the first; the output stays in the input's order.
        weights: initializer of W (in, 3k).
        recurrent: initializer of R (k, 2k) and V (k, k).
        biases: initializer of b (3k,) and c (k,).
        dropout: the probability that a weight of R or V is 0 in a training pass (see `Recurrent`).
        layer_norm: whether to normalise inside the layer.
        reset: "after" or "before" the product with V.
    """

    reset: str = "after"

    gates: ClassVar[int] = 3
    matrices: ClassVar[tuple[str, ...]] = ("R", "V")
    norms: ClassVar[Norms] = {"x": (2, 1), "h": (2,), "m": (1,)}

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.reset not in ("after", "before"):
            raise ByhandError(f'reset is "after" or "before", not {self.reset!r}.')
        if self.layer_norm and self.reset == "before":
            raise ByhandError('Layer normalisation in a GRU is defined for reset="after".')

    def plan(self, in_shape: Shape) -> Plan:
        """(T, in) becomes (T, units), or (units,)."""
        plan, k, steps = super().plan(in_shape), self.units, (in_shape[0], self.units)
        plan = replace(
            plan,
            named={**plan.named, **dict.fromkeys("ruma", steps)},
            params={**plan.params, "R": (k, 2 * k), "V": (k, k)} | ({"c": (k,)} if self.reset == "after" else {}),
            cache={
                **plan.cache,
                "inner": steps,
                "dinner": steps,
                "dgates": (in_shape[0], 2 * k),
                "s2": (k,),
                "row": (2 * k,),
            },
        )
        return self.completed(plan, in_shape[0])

    @property
    def _equations(self) -> tuple[Equations, Equations]:
        if self.layer_norm:
            return of_normalized_gru(self.units, self.return_sequences, self.reverse)
        return of_gru(self.units, self.return_sequences, self.reverse, self.reset == "after")

    def unkept(self, at: Pass) -> Mapping[str, Array]:
        """z, the gates, m, a and h of each step."""
        return of_gated(at, self.reset == "after")

    def unkept_gradients(self, at: Pass) -> Mapping[str, Array]:
        """dh of each step, and those of the gates."""
        dr, du, da = columns(at.cache.dz, 3)
        dh = state_gradients(at, self.return_sequences, self.reverse, self.reset == "after")
        return {"dh": dh, "dr": dr, "du": du, "da": da, "dm": at.cache.dinner}

    def initializers(self) -> Mapping[str, Initializer]:
        """W by `weights`, R and V by `recurrent`, b and c by `biases`."""
        own = {"c": self.biases} if self.reset == "after" else {}
        return {**super().initializers(), "V": self.recurrent} | own

    def forward(self, ops: Ops, at: Pass) -> None:
        """Compute h_t = u ⊙ h_{t−1} + (1 − u) ⊙ a, step by step."""
        y, c = self.begin(ops, at), at.cache
        inside = at.p.c if self.reset == "after" else None
        own = (c.z, at.carry.h, y, c.before, c.inner)
        r, v = self.kept(at)
        ops.gru(r, v, inside, *own, at.mask, self.reverse, c.s, c.s2, c.row, **self._norming(at))
        self.end(ops, at)

    def back_from_state(self, ops: Ops, at: Pass, dy: Array | None) -> None:
        """Compute dz_t from the last step to the first, then the sums over time."""
        c, after = at.cache, self.reset == "after"
        kept, own = (c.z, c.before, c.inner), (c.dz, c.dinner, c.dgates, c.dh, c.s, c.s2, c.row)
        r, v = self.kept(at)
        ops.gru_backward(r, v, after, *kept, dy, at.mask, self.reverse, *own, **self._norming(at))
        before, dinner, dgates = as_rows(c.before), as_rows(c.dinner), as_rows(c.dgates)
        if self.layer_norm:
            ops.scale_columns_backward(as_rows(c.nh), dgates, at.g.gh, at.g.b[: 2 * self.units])
            ops.scale_columns_backward(as_rows(c.nm), dinner, at.g.gm, at.g.c)
            dinner, dgates = as_rows(c.dpm), as_rows(c.dph)
        ops.matmul(before.T, dgates, at.g.R)  # (k, n T)(n T, 2k) → (k, 2k)
        ops.matmul((before if after else as_rows(c.inner)).T, dinner, at.g.V)  # (k, n T)(n T, k) → (k, k)
        if after and not self.layer_norm:
            ops.sum_rows(dinner, at.g.c)
        self.sum_over_time(ops, at)

    def _norming(self, at: Pass) -> dict[str, Any]:
        return {"norm": norm_of(at, "h"), "inner_norm": norm_of(at, "m")} if self.layer_norm else {}
