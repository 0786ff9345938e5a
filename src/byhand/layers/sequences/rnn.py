"""The plain recurrent layer."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from byhand.core.config import register
from byhand.core.errors import ByhandError
from byhand.core.passes import Pass
from byhand.core.shapes import as_rows
from byhand.core.types import Array
from byhand.layers.sequences.normalized import Norms, norm_of
from byhand.layers.sequences.recurrent import Recurrent
from byhand.layers.sequences.shown import of_plain
from byhand.layers.sequences.written import Equations, of_rnn
from byhand.layers.sequences.written_normalized import of_normalized_rnn
from byhand.ops import Ops


@register
@dataclass(frozen=True)
class RNN(Recurrent):
    """h_t = φ(x_t W + h_{t−1} R + b), with φ = tanh or ReLU.

    Backpropagation through time. h_t is used twice: as the output y_t = h_t, and in the next step's z_{t+1} = x_{t+1} W
    + h_t R + b. So, from the last step to the first,

        dh_t = dy_t + dz_{t+1} Rᵀ,   dz_t = dh_t ⊙ φ'(z_t),

    with φ' = 1 − h_t² for tanh. The gradients of W, R and b are sums over the steps (see `Recurrent`). Elman, "Finding
    structure in time" (1990); Werbos, "Backpropagation through time: what it does and how to do it" (1990).

    With `layer_norm` h_t = φ(LN(x_t W + h_{t−1} R) + b), equation 4 of Ba, Kiros and Hinton; dz_t then goes through LN
    before it reaches W, R and x.

    With nonlinearity="relu" and recurrent=Identity() it is the IRNN of Le, Jaitly and Hinton (2015).

    Args:
        units: the size k of the state.
        return_sequences: whether the output is every step's state (n, T, k), or the last one only (n, k).
        reverse: whether to go from the last step to the first; the output stays in the input's order.
        weights: initializer of W (in, k).
        recurrent: initializer of R (k, k).
        biases: initializer of b (k,).
        dropout: the probability that a weight of R is 0 in a training pass (see `Recurrent`).
        layer_norm: whether to normalise inside the layer.
        nonlinearity: "tanh" or "relu".
    """

    nonlinearity: str = "tanh"

    norms: ClassVar[Norms] = {"z": (1,)}

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.nonlinearity not in ("tanh", "relu"):
            raise ByhandError(f'The nonlinearity of an RNN is "tanh" or "relu", not {self.nonlinearity!r}.')

    @property
    def _equations(self) -> tuple[Equations, Equations]:
        of = of_normalized_rnn if self.layer_norm else of_rnn
        return of(self.return_sequences, self.reverse, self.nonlinearity == "relu")

    def unkept(self, at: Pass) -> Mapping[str, Array]:
        """z and h of each step."""
        return of_plain(at)

    def forward(self, ops: Ops, at: Pass) -> None:
        """Compute h_t = φ(x_t W + h_{t−1} R + b), step by step."""
        y, c, relu = self.begin(ops, at), at.cache, self.nonlinearity == "relu"
        own = (c.z, at.carry.h, y, c.before)
        ops.rnn(self.kept(at)[0], *own, at.mask, self.reverse, relu, c.row, **self._norming(at))
        self.end(ops, at)

    def back_from_state(self, ops: Ops, at: Pass, dy: Array | None) -> None:
        """Compute dz_t = (dy_t + dz_{t+1} Rᵀ) ⊙ φ'(z_t), then the sums over time."""
        c, relu = at.cache, self.nonlinearity == "relu"
        own = (c.dz, c.dh, c.s, c.row)
        ops.rnn_backward(self.kept(at)[0], c.z, dy, at.mask, self.reverse, relu, *own, **self._norming(at))
        dz = c.dpz if self.layer_norm else c.dz
        ops.matmul(as_rows(c.before).T, as_rows(dz), at.g.R)  # (k, n T)(n T, k) → (k, k)
        self.sum_over_time(ops, at)

    def before_norm(self, ops: Ops, at: Pass) -> Array:
        """Compute dgz = Σₜ dz_t ⊙ u_t and db = Σₜ dz_t; the gradient by x W + h R (n, T, k)."""
        c = at.cache
        ops.scale_columns_backward(as_rows(c.nz), as_rows(c.dz), at.g.gz, at.g.b)
        by_sum: Array = c.dpz
        return by_sum

    def _norming(self, at: Pass) -> dict[str, Any]:
        return {"norm": norm_of(at, "z", at.p.b)} if self.layer_norm else {}
