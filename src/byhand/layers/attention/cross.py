"""Cross attention: one part of a sequence looks at the other."""

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
from byhand.layers.attention.multi_head import heads_of
from byhand.layers.base import Layer
from byhand.layers.sequences.recurrent import require_sequences
from byhand.ops import Ops


@register
@dataclass(frozen=True)
class CrossAttention(Layer):
    """Each step after the source takes a weighted mean of the values of the source's steps.

    x is (n, S + T, d): a source s of S steps followed by T steps t that attend to it, as for `EncoderDecoder`. Queries
    are computed from t, keys and values from s: Q = t W + b, W (d, d), and (K, V) = s U + u, U (d, 2d). Heads, scores,
    softmax and the output are those of `MultiHeadAttention`:

        A = softmax(Q Kᵀ / √e)   (T, S),   H = A V   (T, e),   y_t = H O + c after the source, 0 at the source's steps,

    so that x + y leaves the source unchanged. Steps of the source that the mask excludes get a weight of exactly 0.

    Backward, with dQ, dK and dV as in `MultiHeadAttention`: dW = tᵀ dQ, dU = sᵀ (dK, dV), and dx is (dK, dV) Uᵀ at the
    source's steps, dQ Wᵀ after them. Vaswani et al., "Attention is all you need" (2017), section 3.2.3.

    Args:
        heads: number of heads; they divide d.
        source: number S of steps of the source.
        dropout: the probability that a number of A is set to 0 in training, from 0 to below 1.
        bias: whether to add b, u and c.
        weights: initializer of W and U.
        output_weights: initializer of O; None for the same as W.
    """

    heads: int
    source: int
    dropout: float = 0.0
    bias: bool = True
    weights: Initializer = field(default_factory=Glorot)
    output_weights: Initializer | None = None

    def __post_init__(self) -> None:
        require_whole("heads", self.heads)
        require_whole("source", self.source)
        require_between("dropout", self.dropout, 0, 1 - 1e-6)
        require_instance("weights", self.weights, Initializer, "an initialiser such as Glorot()")

    @property
    def forward_equations(self) -> tuple[Equation, ...]:  # type: ignore[override]
        """Of each sequence; s are the first steps of x, t the others."""
        b, u, c = (f" + ${name}" * self.bias for name in "buc")
        return (
            Equation("Q", f"$x[source:] $W{b}", f"{{$x}}_t $W{b}"),
            Equation("KV", f"$x[:source] $U{u}", f"{{$x}}_s $U{u}"),
            Equation("S", "$Q Kᵀ of each head", r"$Q K^\top"),
            Equation("A", "softmax($S / √e)", r"\mathrm{softmax}($S / \sqrt{e})"),
            Equation("H", f"$A{' ⊙ r' if self.dropout else ''} V of each head", "$A V"),
            Equation("y", f"$H $O{c} behind the source, 0 before", f"(0, $H $O{c})"),
        )

    @property
    def backward_equations(self) -> tuple[Equation, ...]:  # type: ignore[override]
        """From dy behind the source to every product, the last one first."""
        rows = r"\sum_i {%s}_i"
        biases = [
            Equation(target, f"Σᵢ {of}[i]", rows % of) for target, of in (("db", "$dQ"), ("du", "$dKV"), ("dc", "$dy"))
        ]
        return (
            Equation("dO", "$Hᵀ $dy", r"{$H}^\top $dy"),
            Equation("dH", "$dy $Oᵀ", r"$dy {$O}^\top"),
            Equation(
                "dS",
                "$A ⊙ (dA − Σₖ $A[k] dA[k]) / √e with dA = $dH Vᵀ" + " ⊙ r" * bool(self.dropout),
                r"$A \odot (dA - \textstyle\sum_k {$A}_k\, dA_k) / \sqrt{e},\ dA = $dH V^\top",
            ),
            Equation("dQ", "$dS K of each head", "$dS K"),
            Equation("dKV", "$dSᵀ $Q and $Aᵀ $dH of each head", r"({$dS}^\top $Q, {$A}^\top $dH)"),
            Equation("dW", "$x[source:]ᵀ $dQ", r"{$x}_t^\top $dQ"),
            Equation("dU", "$x[:source]ᵀ $dKV", r"{$x}_s^\top $dKV"),
            *(biases if self.bias else []),
            Equation("dx", "($dKV $Uᵀ, $dQ $Wᵀ), one after the other in time", r"($dKV {$U}^\top, $dQ {$W}^\top)"),
        )

    def unkept(self, at: Pass) -> Mapping[str, Array]:
        """S."""
        q, k, _ = self._parts(at.cache.Q, at.cache.KV)
        return {"S": q @ k.swapaxes(2, 3)}

    def plan(self, in_shape: Shape) -> Plan:
        """The shape (S + T, d) stays.

        Raises:
            ByhandError: the heads do not divide d, or there are no steps after the source.
        """
        require_sequences("CrossAttention", in_shape)
        s, steps, d = self.source, in_shape[0] - self.source, in_shape[1]
        if steps < 1:
            raise ByhandError(f"{in_shape[0]} steps are a source of {s} and none that look at it.")
        if d % self.heads:
            raise ByhandError(f"{self.heads} heads can't share {d} numbers; their number must divide it.")
        scores = (self.heads, steps, s)
        cache: dict[str, Shape] = {"s": (s, d), "t": (steps, d), "ds": (s, d), "dt": (steps, d), "dz": (steps, d)}
        cache |= {"Q": (steps, d), "dQ": (steps, d), "KV": (s, 2 * d), "dKV": (s, 2 * d), "A": scores, "dS": scores}
        cache |= {"H": (steps, d), "dH": (steps, d), "row": (self.heads, steps, 1)}
        cache |= {"r": scores, "D": scores} if self.dropout else {}
        params: dict[str, Shape] = {"W": (d, d), "U": (d, 2 * d), "O": (d, d)}
        biases: dict[str, Shape] = {"b": (d,), "u": (2 * d,), "c": (d,)} if self.bias else {}
        return Plan(in_shape, params | biases, cache, masks={"mask": (s,)})

    def initializers(self) -> Mapping[str, Initializer]:
        """W and U by `weights`, O by `output_weights`; b, u and c start at 0."""
        biases = {"b": Zeros(), "u": Zeros(), "c": Zeros()} if self.bias else {}
        return {"W": self.weights, "U": self.weights, "O": self.output_weights or self.weights} | biases

    def forward(self, ops: Ops, at: Pass) -> None:
        """Compute Q = t W + b, (K, V) = s U + u, A = softmax(Q Kᵀ / √e), y = A V O + c, head by head."""
        c = at.cache
        ops.copy(at.x[:, : self.source], out=c.s)
        ops.copy(at.x[:, self.source :], out=c.t)
        ops.affine(c.t, at.p.W, at.p.b if self.bias else None, c.Q)  # (n, T, d)(d, d) + (d,)
        ops.affine(c.s, at.p.U, at.p.u if self.bias else None, c.KV)  # (n, S, d)(d, 2d) + (2d,)
        q, k, v = self._parts(c.Q, c.KV)
        mask = None if at.mask is None else c.mask
        if at.mask is not None:
            ops.copy(at.mask[:, : self.source], out=c.mask)
        ops.stacked_products(q, k.swapaxes(2, 3), c.A)  # (T, e)(e, S) → (T, S) of each head
        ops.masked_softmax(c.A, mask, False, self._scale(q), c.A, c.row)
        if self.dropout and at.rng is not None:
            ops.dropout_mask(at.rng, self.dropout, c.r)
            ops.multiply(c.A, c.r, out=c.D)
        ops.stacked_products(self._weights(at), v, heads_of(c.H, self.heads))  # (T, S)(S, e) → (T, e)
        ops.affine(c.H, at.p.O, at.p.c if self.bias else None, c.dz)  # (n, T, d)(d, d) + (d,)
        ops.fill(at.y[:, : self.source], 0)
        ops.copy(c.dz, out=at.y[:, self.source :])

    def backward(self, ops: Ops, at: Pass) -> None:
        """Compute dO, dc, then dV, dS, dQ and dK of each head, then dW, dU, their biases and dx."""
        c, g = at.cache, at.g
        ops.copy(at.dy[:, self.source :], out=c.dz)
        (q, k, v), (dq, dk, dv) = self._parts(c.Q, c.KV), self._parts(c.dQ, c.dKV)
        ops.affine_gradients(c.H, c.dz, g.O, g.c if self.bias else None)
        ops.affine_input(c.dz, at.p.O, c.dH)
        dh = heads_of(c.dH, self.heads)
        ops.stacked_products(self._weights(at).swapaxes(2, 3), dh, dv)  # (S, T)(T, e) → (S, e)
        ops.stacked_products(dh, v.swapaxes(2, 3), c.dS)  # dA: (T, e)(e, S) → (T, S)
        if self.dropout and at.rng is not None:
            ops.multiply(c.dS, c.r, out=c.dS)
        ops.masked_softmax_backward(c.A, c.dS, self._scale(q), c.dS, c.row)
        ops.stacked_products(c.dS, k, dq)  # (T, S)(S, e) → (T, e)
        ops.stacked_products(c.dS.swapaxes(2, 3), q, dk)
        ops.affine_gradients(c.t, c.dQ, g.W, g.b if self.bias else None)  # (d, n T)(n T, d) → (d, d)
        ops.affine_gradients(c.s, c.dKV, g.U, g.u if self.bias else None)  # (d, n S)(n S, 2d) → (d, 2d)
        if at.dx is not None:
            ops.affine_input(c.dKV, at.p.U, c.ds)
            ops.affine_input(c.dQ, at.p.W, c.dt)
            ops.copy(c.ds, out=at.dx[:, : self.source])
            ops.copy(c.dt, out=at.dx[:, self.source :])

    def _parts(self, q: Array, kv: Array) -> tuple[Array, Array, Array]:
        """Queries (n, heads, T, e), keys and values (n, heads, S, e), views."""
        both = heads_of(kv, 2 * self.heads)
        return heads_of(q, self.heads), both[:, : self.heads], both[:, self.heads :]

    def _weights(self, at: Pass) -> Array:
        """A, after dropout where there was one."""
        dropped: Array = at.cache.D if self.dropout and at.rng is not None else at.cache.A
        return dropped

    def _scale(self, q: Array) -> float:
        """1 / √e."""
        return float(q.shape[3] ** -0.5)

    def label(self) -> str:
        """For example CrossAttention(4 heads, 7)."""
        return f"CrossAttention({self.heads} heads, {self.source})"
