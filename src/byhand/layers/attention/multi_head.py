"""Multi-head self-attention."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from byhand.core.checks import require_between, require_instance, require_whole
from byhand.core.config import register
from byhand.core.equations import Equation
from byhand.core.errors import ByhandError
from byhand.core.passes import Pass
from byhand.core.plan import Plan
from byhand.core.types import Array, Shape
from byhand.initializers import Glorot, Initializer, Zeros
from byhand.layers.attention.carried import first_position, keep_position
from byhand.layers.attention.positions import require_at_most
from byhand.layers.base import Layer
from byhand.layers.sequences.recurrent import require_sequences
from byhand.ops import Ops


@register
@dataclass(frozen=True)
class MultiHeadAttention(Layer):
    """Each step takes a mean of the values of all steps, weighted by how well its query fits their keys.

    x is (n, T, d). One product gives queries, keys and values, each (n, T, d): (Q, K, V) = x W + b, W (d, 3d), b (3d,).
    Their columns are split into heads of e = d / heads columns, and for each head

        S = Q Kᵀ / √e   (T, T),   A = softmax(S) along each row,   H = A V   (T, e);

    y = H O + c with the heads concatenated again, O (d, d), c (d,). Each row of A sums to 1 and holds the weights of
    all steps' values in the step's output. If the numbers of Q and K have variance 1, those of Q Kᵀ have variance e;
    divided by √e they have variance 1 again, so that softmax does not saturate. Keys that the mask excludes, and with
    `causal` those of later steps, get a weight of exactly 0.

    Backward: dH = dy Oᵀ, and for each head

        dV = Aᵀ dH,   dA = dH Vᵀ,   dS = A ⊙ (dA − Σₖ Aₖ dAₖ),   dQ = dS K / √e,   dK = dSᵀ Q / √e,

    then dW = xᵀ (dQ, dK, dV), and dx = (dQ, dK, dV) Wᵀ. Vaswani et al., "Attention is all you need" (2017), section
    3.2.

    Args:
        heads: number of heads; they divide d.
        causal: whether each step attends only to itself and to earlier steps.
        dropout: the probability that a number of A is set to 0 in training, from 0 to below 1.
        rotary: whether to rotate the pairs (i, i + e/2) of the numbers of each query and key by angles that grow with
            the step, so that scores depend on the distance between two steps. Su et al., "RoFormer" (2021).
        longest: number of steps of the longest sequence, or None for any length. With `causal` and a number, keys and
            values of earlier steps are kept, so that a network can generate step by step.
        bias: whether to add b and c.
        weights: initializer of W.
        output_weights: initializer of O; None for the same as W.
    """

    heads: int
    causal: bool = False
    dropout: float = 0.0
    rotary: bool = False
    longest: int | None = None
    bias: bool = True
    weights: Initializer = field(default_factory=Glorot)
    output_weights: Initializer | None = None

    def __post_init__(self) -> None:
        require_whole("heads", self.heads)
        require_between("dropout", self.dropout, 0, 1 - 1e-6)
        require_instance("weights", self.weights, Initializer, "an initialiser such as Glorot()")
        if self.longest is not None:
            require_whole("longest", self.longest)

    @property
    def incremental(self) -> bool:  # type: ignore[override]
        """Whether it keeps keys and values, and sees nothing that is still to come."""
        return self.causal and self.longest is not None

    @property
    def forward_equations(self) -> tuple[Equation, ...]:  # type: ignore[override]
        """Of each sequence; with dropout, A is what is left of it."""
        parts = [("Q", ":d"), ("K", "d:2d"), ("V", "2d:")]
        turned = ", pairs turned by t" if self.rotary else ""
        seen = " over the steps up to one's own" if self.causal else ""
        return (
            *(
                Equation(
                    name,
                    f"$x $W[:, {part}]" + f" + $b[{part}]" * self.bias + turned * (name != "V"),
                    f"$x {{$W}}_{{:,{part}}}" + f" + {{$b}}_{{{part}}}" * self.bias,
                )
                for name, part in parts
            ),
            Equation("S", "$Q $Kᵀ of each head", r"$Q {$K}^\top"),
            Equation("A", f"softmax($S / √e){seen}", r"\mathrm{softmax}($S / \sqrt{e})"),
            Equation("H", f"$A{' ⊙ r' if self.dropout else ''} $V of each head", r"$A $V"),
            Equation("y", "$H $O" + " + $c" * self.bias, "$H $O" + " + $c" * self.bias),
        )

    @property
    def backward_equations(self) -> tuple[Equation, ...]:  # type: ignore[override]
        """From dy to every product, the last one first."""
        r = " ⊙ r" if self.dropout else ""
        rows = r"\sum_i {%s}_i"
        return (
            Equation("dO", "$Hᵀ $dy", r"{$H}^\top $dy"),
            *([Equation("dc", "Σᵢ $dy[i]", rows % "$dy")] if self.bias else []),
            Equation("dH", "$dy $Oᵀ", r"$dy {$O}^\top"),
            Equation("dV", f"{'($A ⊙ r)ᵀ' if self.dropout else '$Aᵀ'} $dH of each head", r"{$A}^\top $dH"),
            Equation(
                "dS",
                f"$A ⊙ (dA − Σₖ $A[k] dA[k]) / √e with dA = $dH $Vᵀ{r}",
                r"$A \odot (dA - \textstyle\sum_k {$A}_k\, dA_k) / \sqrt{e},\ dA = $dH {$V}^\top",
            ),
            Equation("dQ", "$dS $K" + ", pairs turned back" * self.rotary, "$dS $K"),
            Equation("dK", "$dSᵀ $Q" + ", pairs turned back" * self.rotary, r"{$dS}^\top $Q"),
            Equation("dW", "$xᵀ ($dQ, $dK, $dV)", r"{$x}^\top ($dQ, $dK, $dV)"),
            *([Equation("db", "Σᵢ ($dQ, $dK, $dV)[i]", r"\sum_i ($dQ, $dK, $dV)_i")] if self.bias else []),
            Equation("dx", "($dQ, $dK, $dV) $Wᵀ", r"($dQ, $dK, $dV) {$W}^\top"),
        )

    def unkept(self, at: Pass) -> Mapping[str, Array]:
        """Q, K, V and their gradients, as parts of what is kept, and S."""
        d, (q, k, _) = at.x.shape[2], self._parts(at.cache.z)
        parts = [slice(0, d), slice(d, 2 * d), slice(2 * d, 3 * d)]
        found = {name: at.cache.z[..., part] for name, part in zip("QKV", parts, strict=True)}
        found |= {f"d{name}": at.cache.dz[..., part] for name, part in zip("QKV", parts, strict=True)}
        return found | {"S": q @ k.swapaxes(2, 3)}

    def plan(self, in_shape: Shape) -> Plan:
        """The shape (T, d) stays.

        Raises:
            ByhandError: the heads do not divide d, or T is more than `longest`.
        """
        require_sequences("MultiHeadAttention", in_shape)
        steps, d = in_shape
        if d % self.heads:
            raise ByhandError(f"{self.heads} heads can't share {d} numbers; their number must divide it.")
        if self.rotary and d // self.heads % 2:
            raise ByhandError(f"rotary turns pairs of numbers, but a head has {d // self.heads}, an odd number.")
        scores = (self.heads, steps, steps)
        cache = {"z": (steps, 3 * d), "dz": (steps, 3 * d), "H": in_shape, "dH": in_shape, "A": scores, "dS": scores}
        cache |= {"row": (self.heads, steps, 1)} | ({"r": scores, "D": scores} if self.dropout else {})
        carry: dict[str, Shape] = {}
        if self.longest is not None:
            require_at_most(self.longest, in_shape)
            carry = {"steps": (1,), "kept": (self.longest, 2 * d)}  # of each step its key and its value
            if steps < self.longest:
                cache["room"] = (self.heads, steps, self.longest)
        params: dict[str, Shape] = {"W": (d, 3 * d), "O": (d, d)}
        return Plan(in_shape, params | ({"b": (3 * d,), "c": (d,)} if self.bias else {}), cache, carry=carry)

    def initializers(self) -> Mapping[str, Initializer]:
        """W by `weights`, O by `output_weights`; b and c start at 0."""
        biases = {"b": Zeros(), "c": Zeros()} if self.bias else {}
        return {"W": self.weights, "O": self.output_weights or self.weights} | biases

    def forward(self, ops: Ops, at: Pass) -> None:
        """Compute (Q, K, V) = x W + b, A = softmax(Q Kᵀ / √e), y = A V O + c, head by head."""
        first = first_position(at, self.longest) if self.longest is not None else 0
        ops.affine(at.x, at.p.W, at.p.b if self.bias else None, at.cache.z)  # (n, T, d)(d, 3d) + (3d,) → (n, T, 3d)
        q, k, v = self._parts(at.cache.z)
        if self.rotary:
            ops.rotate_pairs(q, first, 1)
            ops.rotate_pairs(k, first, 1)
        if self.longest is not None and (at.carries or at.rng is None):
            k, v = self._all_steps(ops, at, first, k, v)
        a = at.cache.A if k.shape[2] == at.x.shape[1] else self._room(at, k.shape[2])
        ops.stacked_products(q, k.swapaxes(2, 3), a)  # (T, e)(e, keys) → (T, keys) of each head
        ops.masked_softmax(a, at.mask, self.causal, self._scale(q), a, at.cache.row)
        h = heads_of(at.cache.H, self.heads)
        ops.stacked_products(self._dropped(ops, at, a), v, h)  # (T, keys)(keys, e) → (T, e)
        ops.affine(at.cache.H, at.p.O, at.p.c if self.bias else None, at.y)  # (n, T, d)(d, d) + (d,) → (n, T, d)

    def backward(self, ops: Ops, at: Pass) -> None:
        """Compute dO, dc, then dV, dS, dQ and dK of each head, then dW, db and dx."""
        c, (q, k, v) = at.cache, self._parts(at.cache.z)
        dq, dk, dv = self._parts(c.dz)
        ops.affine_gradients(c.H, at.dy, at.g.O, at.g.c if self.bias else None)
        ops.affine_input(at.dy, at.p.O, c.dH)
        dh = heads_of(c.dH, self.heads)
        dropped = self.dropout and at.rng is not None
        ops.stacked_products((c.D if dropped else c.A).swapaxes(2, 3), dh, dv)  # (T, T)(T, e) → (T, e)
        ops.stacked_products(dh, v.swapaxes(2, 3), c.dS)  # dA: (T, e)(e, T) → (T, T)
        if dropped:
            ops.multiply(c.dS, c.r, out=c.dS)
        ops.masked_softmax_backward(c.A, c.dS, self._scale(q), c.dS, c.row)
        ops.stacked_products(c.dS, k, dq)  # (T, T)(T, e) → (T, e)
        ops.stacked_products(c.dS.swapaxes(2, 3), q, dk)
        if self.rotary:
            ops.rotate_pairs(dq, 0, -1)
            ops.rotate_pairs(dk, 0, -1)
        ops.affine_gradients(at.x, c.dz, at.g.W, at.g.b if self.bias else None)  # (d, n T)(n T, 3d) → (d, 3d)
        if at.dx is not None:
            ops.affine_input(c.dz, at.p.W, at.dx)  # (n, T, 3d)(3d, d) → (n, T, d)

    def _scale(self, q: Array) -> float:
        """1 / √e."""
        return float(q.shape[3] ** -0.5)

    def _parts(self, z: Array) -> tuple[Array, Array, Array]:
        """Queries, keys and values (n, heads, T, e) of z (n, T, 3d), views."""
        parts = heads_of(z, 3 * self.heads)
        return parts[:, : self.heads], parts[:, self.heads : 2 * self.heads], parts[:, 2 * self.heads :]

    def _dropped(self, ops: Ops, at: Pass, a: Array) -> Array:
        """The weights a after dropout."""
        if not self.dropout or at.rng is None:
            return a
        ops.dropout_mask(at.rng, self.dropout, at.cache.r)
        ops.multiply(a, at.cache.r, out=at.cache.D)
        return at.cache.D

    def _all_steps(self, ops: Ops, at: Pass, first: int, k: Array, v: Array) -> tuple[Array, Array]:
        """Keep x's keys and values; those of all steps so far, (n, heads, first + T, e)."""
        if first and (at.rng is not None or at.mask is not None):
            raise ByhandError(
                "Attention goes on from kept keys only to generate: without a mask, and not in training; train it "
                "without carry=True."
            )
        d, last = at.x.shape[2], first + k.shape[2]
        ops.copy(at.cache.z[:, :, d:], out=at.carry.kept[:, first:last])
        keep_position(ops, at, first)
        if not first:
            return k, v
        both = heads_of(at.carry.kept[:, :last], 2 * self.heads)
        return both[:, : self.heads], both[:, self.heads :]

    def _room(self, at: Pass, keys: int) -> Array:
        """Room for the scores (n, heads, T, keys) of x with more keys than it has steps."""
        n, steps, _ = at.x.shape
        return at.cache.room.reshape(-1)[: n * self.heads * steps * keys].reshape(n, self.heads, steps, keys)

    def label(self) -> str:
        """For example MultiHeadAttention(4 heads, causal)."""
        words = [f"{self.heads} heads", *["causal"] * self.causal, *["rotary"] * self.rotary]
        return f"MultiHeadAttention({', '.join(words)})"


def heads_of(a: Array, heads: int) -> Array:
    """(n, T, d) as (n, heads, T, d / heads), a view."""
    n, steps, d = a.shape
    return a.reshape(n, steps, heads, d // heads).swapaxes(1, 2)
