"""The gradient penalty of Wasserstein critics, with its second-order term worked out by hand."""

import numpy as np

from byhand.core.errors import ByhandError
from byhand.core.passes import Pass
from byhand.core.types import Array
from byhand.layers import Conv2D, Dense, Flatten, Layer, LeakyReLU, ReLU, Reshape
from byhand.network import Network

WORKED_OUT = (Dense, Conv2D, ReLU, LeakyReLU, Flatten, Reshape)


class GradientPenalty:
    """P = λ (1/n) Σᵢ (‖sᵢ‖ − 1)², where sᵢ = ∂D(xᵢ)/∂xᵢ is the critic's slope at xᵢ, and its gradient by the weights.

    Gulrajani, Ahmed, Arjovsky, Dumoulin and Courville, "Improved training of Wasserstein GANs" (2017), eq. 3.

    For a critic of Dense, Conv2D and (leaky) ReLU layers the slope is a product of matrices. With
    z_l = h_{l−1} W_l + b_l and h_l = m_l ⊙ z_l, where m_l is 1 for z_l > 0, else the negative slope, the backward pass
    computes from δ_L = 1

        e_{l−1} = δ_l W_lᵀ,   δ_{l−1} = m_{l−1} ⊙ e_{l−1},   and in the end s = e_0.

    m_l is constant almost everywhere. So P depends on W_l only through these lines, which are linear in each W_l and in
    each δ_l; going back through them begins at the end, with r_0 = ∂P/∂s = (2λ/n)(1 − 1/‖s‖) s, and runs *forward*
    through the layers:

        ∂P/∂W_l = r_{l−1}ᵀ δ_l,   r_l = ∂P/∂e_l = m_l ⊙ (r_{l−1} W_l),   ∂P/∂b_l = 0.

    That is a forward pass of r_0 without biases and with the slopes of the first one, and the weights' gradient of a
    usual backward pass with r in the place of h. A convolution is such a matrix, too, and Flatten and Reshape only
    arrange r anew. docs/generative.md derives it step by step.

    Args:
        critic: Dense and Conv2D with ReLU, LeakyReLU, Flatten and Reshape between them, the last one Dense(1).
        rows: how many samples at most.
        weight: λ.
        columns: how many of the input's first columns, or channels, the slope is taken of (the others are classes); all
            by default.

    Raises:
        ByhandError: the critic has other layers.
    """

    def __init__(self, critic: Network, rows: int, weight: float = 10.0, columns: int | None = None):
        for layer in critic.layers:
            if not isinstance(layer, WORKED_OUT):
                names = ", ".join(known.__name__ for known in WORKED_OUT)
                raise ByhandError(f"The gradient penalty is worked out for {names}; the critic has {layer.label()}.")
        self.critic, self.weight = critic, weight
        self._columns = critic.input_shape[-1] if columns is None else columns
        self._twin = critic.twin()  # its gradient begins as zeros, and the biases' stay so
        # every δ is still there after the backward pass, which writes no gradient
        self._workspace = self._twin.workspace(rows, share=False, learns=False)
        self._ones = np.ones((rows, 1), critic.dtype)
        shapes = [critic.input_shape, critic.input_shape, *(plan.out_shape for plan in critic.plan)]
        self._slopes, *self._r = (np.empty((rows, *shape), critic.dtype) for shape in shapes)
        self._each = np.empty(rows, critic.dtype)
        self._no_bias = np.zeros(max(plan.out_shape[-1] for plan in critic.plan), critic.dtype)

    def __call__(self, x: Array) -> float:
        """Add ∂P/∂θ at the samples x (n, *in) to the critic's gradient; returns P."""
        n, ops = len(x), self.critic.ops
        slopes, each = self._slopes[:n], self._each[:n]
        r, *following = (array[:n] for array in self._r)
        self._twin.forward(x, self._workspace)
        self._twin.backward_from(self._ones[:n], self._workspace, dx=slopes)
        slopes[..., self._columns :] = 0
        ops.slope_penalty(slopes.reshape(n, -1), self.weight / n, each, r.reshape(n, -1))
        for layer, at, r_next in zip(self._twin.layers, self._workspace.passes.layers, following, strict=True):
            self._go_on(layer, at, r, r_next)
            r = r_next
        ops.add(self.critic.gradient, self._twin.gradient, out=self.critic.gradient)
        return float(each.sum())

    def _go_on(self, layer: Layer, at: Pass, r: Array, r_next: Array) -> None:
        """∂P/∂W of a layer from r (n, *in), and the next layer's r (n, *out)."""
        ops = self.critic.ops
        if isinstance(layer, Dense):
            ops.affine_gradients(r, at.dy, at.g.W, None)  # (in, n)(n, out) → (in, out)
            ops.affine(r, at.p.W, None, r_next)  # (n, in)(in, out) → (n, out)
        elif isinstance(layer, Conv2D):
            ops.conv2d_weights(r, at.dy, at.g.W, *layer.how(at))
            ops.conv2d(r, at.p.W, self._no_bias[: layer.filters], r_next, *layer.how(at))
        elif isinstance(layer, ReLU | LeakyReLU):
            ops.copy(r, out=at.dy)
            layer.slope(ops, at, r_next)  # m ⊙ r
        else:
            ops.copy(r.reshape(r_next.shape), out=r_next)
