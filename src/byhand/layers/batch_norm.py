"""Batch normalisation."""

from collections.abc import Mapping
from dataclasses import dataclass

from byhand.core.checks import require_between
from byhand.core.config import register
from byhand.core.equations import Equation
from byhand.core.passes import Pass
from byhand.core.plan import Plan
from byhand.core.shapes import as_rows
from byhand.core.types import Array, Shape
from byhand.initializers import Initializer, Uniform, Zeros
from byhand.layers.base import Layer
from byhand.layers.windows import BLOCK_NUMBERS
from byhand.ops import Ops

ONES = Uniform(1.0, 1.0)


@register
@dataclass(frozen=True)
class BatchNorm(Layer):
    """Normalise each column to mean 0 and variance 1 over the batch, then apply a learnt scale γ and shift β.

    x is (n, k), or (n, height, width, k): then every pixel counts as a row, and n below is their number. With
    m = (1/n) Σᵢ xᵢ, v = (1/n) Σᵢ (xᵢ − m)² and u = (x − m) / √(v + ε), the output is y = γ ⊙ u + β.
    Ioffe and Szegedy, "Batch normalization" (2015), algorithms 1 and 2.

    Backward, column by column. Directly dγ = Σᵢ dyᵢ uᵢ, dβ = Σᵢ dyᵢ and duᵢ = γ dyᵢ. Each xᵢ changes every uⱼ:
    directly, through m and through v. From ∂m/∂xᵢ = 1/n and ∂v/∂xᵢ = (2/n)(xᵢ − m) (v does not change through m, as the
    deviations sum to zero), with s = 1/√(v + ε) and ∂s/∂v = −½ s³,

        ∂uⱼ/∂xᵢ = s (δᵢⱼ − 1/n) + (xⱼ − m)(−½ s³)(2/n)(xᵢ − m) = s (δᵢⱼ − 1/n − uᵢ uⱼ / n),

    and the sum over j of γ dyⱼ ∂uⱼ/∂xᵢ is dxᵢ = γ s (dyᵢ − (dβ + uᵢ dγ) / n).

    Outside training m and v are the running mean and variance, so that a sample's output does not depend on the rest of
    its batch; they are then constants, and dx = γ s dy. Each training batch updates them by r ← (1 − momentum) r +
    momentum · b, where b is the batch's mean, or its variance with n − 1 in place of n, as in PyTorch (Keras' momentum
    is one minus this one). A batch of a single row has no variance: such a row (perhaps the last of an epoch) is
    normalised by the running mean and variance and does not update them; PyTorch raises an error. In full-batch
    training each piece of up to 512 rows is normalised separately.

    Args:
        momentum: the weight of each batch in the running mean and variance, from 0 to 1.
        epsilon: ε, keeps the division away from zero.
    """

    momentum: float = 0.1
    epsilon: float = 1e-5

    forward_equations = (
        Equation("m", "(1/n) Σᵢ $x[i]", r"\frac1n \sum_i $x{}_i"),
        Equation("v", "(1/n) Σᵢ ($x[i] − $m)²", r"\frac1n \sum_i ($x{}_i - $m)^2"),
        Equation("u", "($x − $m) / √($v + ε)", r"\frac{$x - $m}{\sqrt{$v + \epsilon}}"),
        Equation("y", "$gamma ⊙ $u + $beta", r"$gamma \odot $u + $beta"),
    )
    backward_equations = (
        Equation("dgamma", "Σᵢ $dy[i] ⊙ $u[i]", r"\sum_i $dy{}_i \odot $u{}_i"),
        Equation("dbeta", "Σᵢ $dy[i]", r"\sum_i $dy{}_i"),
        Equation(
            "dx",
            "$gamma / √($v + ε) ⊙ ($dy − ($dbeta + $u ⊙ $dgamma) / n)",
            r"\frac{$gamma}{\sqrt{$v + \epsilon}} \odot \left($dy - \frac1n ($dbeta + $u \odot $dgamma)\right)",
        ),
    )

    def __post_init__(self) -> None:
        require_between("momentum", self.momentum, 0, 1)
        require_between("epsilon", self.epsilon, 1e-12)

    def plan(self, in_shape: Shape) -> Plan:
        """The shape stays; γ, β, running mean and variance have one number a column."""
        k = (in_shape[-1],)
        piece = (1 + max(1, BLOCK_NUMBERS // k[0]), *k)
        return Plan(
            in_shape,
            params={"gamma": k, "beta": k},
            scratch={"m": k, "v": k, "inverse": k, "row": k, "piece": piece},
            state={"running_mean": k, "running_var": k},
        )

    def initializers(self) -> Mapping[str, Initializer]:
        """γ and the running variance start at 1, β and the running mean at 0."""
        return {"gamma": ONES, "beta": Zeros(), "running_mean": Zeros(), "running_var": ONES}

    def forward(self, ops: Ops, at: Pass) -> None:
        """Compute y = γ ⊙ (x − m) / √(v + ε) + β."""
        x = as_rows(at.x)
        if n := self._counted(at):
            ops.column_statistics(x, at.cache.m, at.cache.v, at.cache.piece)
            keep, take = 1 - self.momentum, self.momentum
            ops.follow(at.p.running_mean, at.cache.m, keep, take, at.cache.row)
            ops.follow(at.p.running_var, at.cache.v, keep, take * n / (n - 1), at.cache.row)
        else:
            ops.copy(at.p.running_mean, out=at.cache.m)
            ops.copy(at.p.running_var, out=at.cache.v)
        ops.inverse_deviation(at.cache.v, self.epsilon, at.cache.inverse)
        ops.batch_norm(x, at.cache.m, at.cache.inverse, at.p.gamma, at.p.beta, as_rows(at.y))

    def backward(self, ops: Ops, at: Pass) -> None:
        """Compute dγ = Σ dy ⊙ u, dβ = Σ dy, dx = γ / √(v + ε) ⊙ (dy − (dβ + u ⊙ dγ) / n)."""
        normalised = as_rows(at.x), at.cache.m, at.cache.inverse  # u = (x − m) / √(v + ε)
        dy, n = as_rows(at.dy), self._counted(at)
        share = 1 / n if n else 0.0
        ops.batch_norm_sums(*normalised, dy, at.g.gamma, at.g.beta, at.cache.piece)
        if at.dx is not None:
            ops.batch_norm_backward(*normalised, dy, at.p.gamma, at.g.gamma, at.g.beta, share, as_rows(at.dx))

    @staticmethod
    def _counted(at: Pass) -> int:
        """How many rows m and v are taken of; 0 where they are the running ones."""
        n = at.x.size // at.x.shape[-1]
        return n if at.rng is not None and n > 1 else 0

    def unkept(self, at: Pass) -> Mapping[str, Array]:
        """Compute u again, from x, m and v."""
        return {"u": (at.x - at.cache.m) * at.cache.inverse}
