"""The gradient penalty of Wasserstein critics, with its second-order term worked out by hand."""

import numpy as np

from byhand.core.errors import ByhandError
from byhand.core.types import Array
from byhand.layers import Dense, LeakyReLU, ReLU
from byhand.network import Network


class GradientPenalty:
    """P = λ (1/n) Σᵢ (‖sᵢ‖ − 1)², where sᵢ = ∂D(xᵢ)/∂xᵢ is the critic's slope at xᵢ, and its gradient by the weights.

    Gulrajani, Ahmed, Arjovsky, Dumoulin and Courville, "Improved training of Wasserstein GANs" (2017), eq. 3.

    For a critic of Dense and (leaky) ReLU layers the slope is a product of matrices. With z_l = h_{l−1} W_l + b_l and
    h_l = m_l ⊙ z_l, where m_l is 1 for z_l > 0, else the negative slope, the backward pass computes from δ_L = 1

        e_{l−1} = δ_l W_lᵀ,   δ_{l−1} = m_{l−1} ⊙ e_{l−1},   and in the end s = e_0.

    m_l is constant almost everywhere. So P depends on W_l only through these lines, which are linear in each W_l and in
    each δ_l; going back through them begins at the end, with r_0 = ∂P/∂s = (2λ/n)(1 − 1/‖s‖) s, and runs *forward*
    through the layers:

        ∂P/∂W_l = r_{l−1}ᵀ δ_l,   r_l = ∂P/∂e_l = m_l ⊙ (r_{l−1} W_l),   ∂P/∂b_l = 0.

    That is a forward pass of r_0 without biases and with the slopes of the first one, and the weights' gradient of a
    usual backward pass with r in the place of h. docs/generative.md derives it step by step.

    Args:
        critic: Dense layers with ReLU or LeakyReLU between them, the last one Dense(1).
        rows: how many samples at most.
        weight: λ.
        columns: how many of the input's first columns the slope is taken of (the others are classes); all by default.

    Raises:
        ByhandError: the critic has other layers.
    """

    def __init__(self, critic: Network, rows: int, weight: float = 10.0, columns: int | None = None):
        for layer in critic.layers:
            if not isinstance(layer, Dense | ReLU | LeakyReLU):
                raise ByhandError(
                    f"The gradient penalty is worked out for Dense, ReLU and LeakyReLU; the critic has {layer.label()}."
                )
        self.critic, self.weight = critic, weight
        self._columns = critic.input_shape[0] if columns is None else columns
        self._twin = critic.twin()
        # every δ is still there after the backward pass, which writes no gradient
        self._workspace = self._twin.workspace(rows, share=False, learns=False)
        self._ones = np.ones((rows, 1), critic.dtype)
        shapes = [critic.input_shape, critic.input_shape, *(plan.out_shape for plan in critic.plan)]
        self._slopes, *self._r = (np.empty((rows, *shape), critic.dtype) for shape in shapes)
        self._each = np.empty(rows, critic.dtype)

    def __call__(self, x: Array) -> float:
        """Add ∂P/∂θ at the samples x (n, k) to the critic's gradient; returns P."""
        n, ops = len(x), self.critic.ops
        slopes, each = self._slopes[:n], self._each[:n]
        r, *following = (array[:n] for array in self._r)
        self._twin.forward(x, self._workspace)
        self._twin.backward_from(self._ones[:n], self._workspace, dx=slopes)
        slopes[:, self._columns :] = 0
        ops.slope_penalty(slopes, self.weight / n, each, r)
        for layer, at, r_next in zip(self._twin.layers, self._workspace.passes.layers, following, strict=True):
            if isinstance(layer, Dense):
                ops.matmul(r.T, at.dy, at.g.W)  # (in, n)(n, out) → (in, out)
                if layer.bias:
                    ops.fill(at.g.b, 0)
                ops.matmul(r, at.p.W, r_next)  # (n, in)(in, out) → (n, out)
            elif isinstance(layer, ReLU | LeakyReLU):
                ops.copy(r, out=at.dy)
                layer.slope(ops, at, r_next)  # m ⊙ r
            r = r_next
        ops.add(self.critic.gradient, self._twin.gradient, out=self.critic.gradient)
        return float(each.sum())
