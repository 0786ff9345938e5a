"""Layer normalisation inside recurrent layers: its arrays, and what needs no loop over the steps.

A product a that is normalised, such as x W, becomes gain ⊙ u + shift with u = (a − μ) / √(σ² + ε), row by row. Under
its name N the plan has the parameter gN, the gain, and in the cache nN, which is u, iN, 1 / √(σ² + ε) of each block of
gates that is normalised by itself, and dpN, the gradient by a.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from types import SimpleNamespace

from byhand.core.passes import Pass
from byhand.core.plan import Plan
from byhand.core.shapes import as_rows
from byhand.core.types import Array, Shape
from byhand.ops import Ops
from byhand.ops.steps import NORM_EPSILON

Norms = Mapping[str, Sequence[int]]  # of each product the gates that are normalised together


def with_norms(plan: Plan, norms: Norms, steps: int, k: int) -> Plan:
    """The plan with the gains and the arrays of these products of k units, T steps."""
    gains: dict[str, Shape] = {f"g{name}": (sum(gates) * k,) for name, gates in norms.items()}
    named: dict[str, Shape] = {}
    cache: dict[str, Shape] = {"mean": (steps, 1), "variance": (steps, 1), "norm_row": (1,)}
    for name, gates in norms.items():
        wide = (steps, sum(gates) * k)
        named[f"p{name}"] = wide
        cache |= {f"n{name}": wide, f"i{name}": (steps, len(gates)), f"dp{name}": wide}
    if "x" in norms:
        cache["dnx"] = cache["nx"]
    own = {**plan.params, **gains}, {**plan.cache, **cache}, {**plan.named, **named}
    return replace(plan, params=own[0], cache=own[1], named=own[2])


def norm_of(at: Pass, name: str, shift: Array | None = None) -> SimpleNamespace:
    """What the operations of the loop need to normalise this product; `ops.recurrent` says what it holds."""
    c, u, inverse, d = at.cache, f"n{name}", f"i{name}", f"dp{name}"
    arrays = {"u": getattr(c, u), "inverse": getattr(c, inverse), "d": getattr(c, d), "row": c.norm_row}
    return SimpleNamespace(gain=getattr(at.p, f"g{name}"), shift=shift, **arrays)


def _blocks(gates: Sequence[int], k: int) -> Iterator[tuple[slice, slice]]:
    """For each block the columns of its gates, and its own among the blocks."""
    first = 0
    for j, count in enumerate(gates):
        yield slice(first * k, (first + count) * k), slice(j, j + 1)
        first += count


def normalize_inputs(ops: Ops, at: Pass, gates: Sequence[int], k: int) -> None:
    """z ← gx ⊙ u + b for z = x W, all steps at once."""
    c, p = at.cache, at.p
    for columns, block in _blocks(gates, k):
        z, u, inverse = (as_rows(a) for a in (c.z[..., columns], c.nx[..., columns], c.ix[..., block]))
        mean, variance = as_rows(c.mean), as_rows(c.variance)
        ops.layer_norm(z, p.gx[columns], p.b[columns], NORM_EPSILON, mean, variance, u, inverse, out=z)


def normalize_inputs_backward(ops: Ops, at: Pass, gates: Sequence[int], k: int) -> None:
    """Compute dgx = Σₜ dz_t ⊙ u_t, db = Σₜ dz_t, and from gx ⊙ dz the gradient by x W, in the cache's dpx."""
    c, p, g = at.cache, at.p, at.g
    for columns, block in _blocks(gates, k):
        u, dz, du, dx = (as_rows(a[..., columns]) for a in (c.nx, c.dz, c.dnx, c.dpx))
        ops.scale_columns_backward(u, dz, g.gx[columns], g.b[columns])
        ops.layer_norm_backward(u, dz, p.gx[columns], as_rows(c.ix[..., block]), du, as_rows(c.mean), dx)
