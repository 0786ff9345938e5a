"""Regularisers: penalties, clipping and norm constraints, each applied in one pass over the flat vectors.

A rule may change the gradient before the optimiser's step, and the parameters after it. `fit(..., regularizers=(...))`
applies several in their order: (L2(λ), ClipNorm(c)) clips the gradient of loss and penalty together,
(ClipNorm(c), L2(λ)) that of the loss alone.
"""

from dataclasses import dataclass

from byhand.core.checks import require_between
from byhand.core.config import register
from byhand.core.errors import ByhandError
from byhand.core.types import Array
from byhand.network import Network


class Regularizer:
    """Base of all regularisers; override what is needed. `scratch` (size,) is a work array."""

    def change_gradient(self, network: Network, scratch: Array) -> None:
        """Change `network.gradient` before the optimiser's step."""

    def change_parameters(self, network: Network, scratch: Array) -> None:
        """Change `network.theta` after the optimiser's step."""


@dataclass(frozen=True)
class Penalty(Regularizer):
    """Base of penalties, which add a function of the weights to the loss.

    Weights are the parameters with two or more dimensions; biases, and the γ and β of normalisation, are not penalised.
    The losses in the history do not include the penalty, so that training and validation can be compared; the column
    "penalty" has its value after each epoch. Training minimises the sum of both.

    Args:
        rate: λ, at least 0.
    """

    rate: float

    def __post_init__(self) -> None:
        require_between("rate", self.rate, 0)

    def penalty(self, network: Network, scratch: Array) -> float:
        """The term that is added to the loss."""
        raise NotImplementedError


@register
@dataclass(frozen=True)
class L2(Penalty):
    """½ λ ‖W‖² is added to the loss, so that λ W is added to the gradient: large weights shrink towards zero.

    λ is what PyTorch's optimisers call weight_decay. scikit-learn's alpha is divided by the number of samples in the
    batch: λ = alpha / batch_size. Keras' l2(λ′) has no ½: λ = 2 λ′. With an optimiser that scales the gradient (Adam)
    this is not the same as AdamW's weight decay.

    Krogh and Hertz, "A simple weight decay can improve generalization" (1991).

    Args:
        rate: λ, at least 0.
    """

    def change_gradient(self, network: Network, scratch: Array) -> None:
        """g_W ← g_W + λ W."""
        weights = network.arena.weights
        network.ops.add_scaled(network.gradient[weights], network.theta[weights], scratch, self.rate)

    def penalty(self, network: Network, scratch: Array) -> float:
        """½ λ ‖W‖²."""
        return 0.5 * self.rate * network.ops.sum_squares(network.theta[network.arena.weights])


@register
@dataclass(frozen=True)
class L1(Penalty):
    """λ Σ |W| is added to the loss, so that λ sign(W) is added to the gradient: small weights go to zero.

    Tibshirani, "Regression shrinkage and selection via the lasso" (1996).

    Args:
        rate: λ, at least 0.
    """

    def change_gradient(self, network: Network, scratch: Array) -> None:
        """g_W ← g_W + λ sign(W), with sign(0) = 0."""
        weights = network.arena.weights
        network.ops.add_signs(network.gradient[weights], network.theta[weights], scratch, self.rate)

    def penalty(self, network: Network, scratch: Array) -> float:
        """λ Σ |W|."""
        return self.rate * network.ops.sum_sizes(network.theta[network.arena.weights], scratch)


@dataclass(frozen=True)
class _Limited(Regularizer):
    """Base of regularisers with a limit.

    Args:
        limit: c, above 0.
    """

    limit: float

    def __post_init__(self) -> None:
        require_between("limit", self.limit, 0)
        if self.limit == 0:
            raise ByhandError("limit must be above 0; with 0 nothing could be learnt.")


@register
@dataclass(frozen=True)
class ClipValue(_Limited):
    """g ← min(max(g, −c), c), elementwise, as PyTorch's clip_grad_value_; this may change the direction.

    Mikolov, "Statistical language models based on neural networks" (2012).

    Args:
        limit: c, above 0.
    """

    def change_gradient(self, network: Network, scratch: Array) -> None:
        """g ← min(max(g, −c), c)."""
        network.ops.clip_value(network.gradient, self.limit)


@register
@dataclass(frozen=True)
class ClipNorm(_Limited):
    """g ← g c / ‖g‖ where ‖g‖ > c, with the norm over all parameters; this keeps the direction.

    Pascanu, Mikolov and Bengio, "On the difficulty of training recurrent neural networks" (2013), algorithm 1.
    PyTorch's clip_grad_norm_ divides by ‖g‖ + 10⁻⁶ instead.

    Args:
        limit: c, above 0.
    """

    def change_gradient(self, network: Network, scratch: Array) -> None:
        """g ← g c / ‖g‖ where ‖g‖ > c."""
        network.ops.clip_norm(network.gradient, self.limit)


@register
@dataclass(frozen=True)
class MaxNorm(_Limited):
    """Max-norm constraint: after each step, the incoming weights w of every unit with ‖w‖ > c are scaled to ‖w‖ = c.

    For Dense they are a column of W. Srivastava et al., "Dropout: A simple way to prevent neural networks from
    overfitting" (2014), section 5.1; there c is 3 to 4.

    Args:
        limit: c, above 0.
    """

    def change_parameters(self, network: Network, scratch: Array) -> None:
        """w ← w c / ‖w‖ where ‖w‖ > c."""
        for p in network.arena.parameters:
            if len(p.shape) >= 2:
                w = p.view(network.theta).reshape(-1, p.shape[-1])  # (in, units)
                network.ops.limit_columns(w, self.limit, scratch)
