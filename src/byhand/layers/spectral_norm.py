"""Spectral normalisation."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from types import SimpleNamespace

import numpy as np

from byhand.core.checks import require_whole
from byhand.core.config import register
from byhand.core.equations import Equation
from byhand.core.errors import ByhandError
from byhand.core.passes import Pass
from byhand.core.plan import Plan
from byhand.core.shapes import as_rows
from byhand.core.types import Shape
from byhand.initializers import Initializer, Normal
from byhand.layers.base import Layer, plan_layer
from byhand.layers.convolution import Conv2D
from byhand.layers.dense import Dense
from byhand.ops import Ops, reference

FIRST_ITERATIONS = 15  # of the power iteration when a network is made, as in PyTorch


@register
@dataclass(frozen=True)
class SpectralNorm(Layer):
    """A layer with weights divided by their largest singular value, W / σ(W): its Lipschitz constant is at most 1.

    W (..., out) is taken as a matrix (k, out). σ = vᵀ W u, where u (out,) and v (k,), which are kept from step to step,
    follow W by power iteration in every training pass: u ← Wᵀv / ‖Wᵀv‖, v ← W u / ‖W u‖. Miyato, Kataoka, Koyama and
    Yoshida, "Spectral normalization for generative adversarial networks" (2018), algorithm 1.

    Backward, with G the gradient by W / σ: dσ = vᵀ dW u, so dL = Σ G ⊙ dW / σ − Σ G ⊙ W / σ² · vᵀ dW u, which is

        ∂L/∂W = (G − (Σ G ⊙ W / σ) v uᵀ) / σ.

    u and v are treated as constants, as in PyTorch; this is exact once the power iteration has converged.

    Args:
        layer: `Dense` or `Conv2D`; its activation comes after this layer, not inside it.
        iterations: power iterations in each training pass.
    """

    layer: Layer
    iterations: int = 1

    forward_equations = (Equation("y", "$F, with W / σ(W) for W", r"$F\ \mathrm{with}\ W / \sigma(W)"),)
    backward_equations = (Equation("dF", "$dy", "$dy"), Equation("dx", "$d0", "$d0"))

    def __post_init__(self) -> None:
        if not isinstance(self.layer, Dense | Conv2D):
            raise ByhandError(f"SpectralNorm goes around Dense or Conv2D, not {self.layer!r}.")
        require_whole("iterations", self.iterations)
        if self.layer.activation:
            raise ByhandError("Put the activation after SpectralNorm, as a layer of its own.")

    @property
    def layers(self) -> Sequence[Layer]:  # type: ignore[override]
        """The layer inside."""
        return (self.layer,)

    def plan(self, in_shape: Shape) -> Plan:
        """The inner layer's shapes; state u (out,) and v (k,)."""
        inner = plan_layer(self.layer, in_shape)
        W = inner.params["W"]
        return Plan(
            inner.out_shape,
            scratch={"W": W, "product": W, "norm": ()},
            state={"u": W[-1:], "v": (prod(W[:-1]),)},
            children=(inner,),
            inner_shape=in_shape,
        )

    def initializers(self) -> Mapping[str, Initializer]:
        """u and v start as random directions."""
        return {"u": Normal(), "v": Normal()}

    def initialize(self, rng: np.random.Generator, p: SimpleNamespace) -> None:
        """Fill the inner layer's parameters, and let u and v follow its W."""
        super().initialize(rng, p)
        W = as_rows(p.children[0].W)
        normalised, norm = np.empty_like(W), np.empty((), W.dtype)
        reference.spectral_norm(W, p.u, p.v, FIRST_ITERATIONS, normalised, norm, np.empty_like(W))

    def forward(self, ops: Ops, at: Pass) -> None:
        """Compute y by the inner layer with W / σ."""
        c = at.cache
        iterations = 0 if at.rng is None else self.iterations
        W = as_rows(at.p.children[0].W)
        ops.spectral_norm(W, at.p.u, at.p.v, iterations, as_rows(c.W), c.norm, as_rows(c.product))
        inner = self._inner(at)
        inner.x, inner.y, inner.rng, inner.mask = at.x, at.y, at.rng, at.mask
        self.layer.forward(ops, inner)

    def backward(self, ops: Ops, at: Pass) -> None:
        """Go back through the inner layer; its gradient G by W / σ becomes (G − (Σ G ⊙ W / σ) v uᵀ) / σ."""
        c, inner = at.cache, self._inner(at)
        inner.dy, inner.dx = at.dy, at.dx
        self.layer.backward(ops, inner)
        if at.learns:
            ops.spectral_norm_backward(as_rows(inner.g.W), as_rows(c.W), at.p.u, at.p.v, c.norm, as_rows(c.product))

    def _inner(self, at: Pass) -> Pass:
        """The inner layer's pass, with W / σ as its W."""
        inner = at.children[0]
        inner.p = SimpleNamespace(**{**vars(at.p.children[0]), "W": at.cache.W})
        return inner

    def label(self) -> str:
        """For example SpectralNorm(Dense(30))."""
        return f"SpectralNorm({self.layer.label()})"
