"""The block of transformers."""

from dataclasses import dataclass, field

from byhand.core.checks import require_between, require_instance, require_whole
from byhand.core.config import register
from byhand.initializers import Glorot, Initializer
from byhand.layers.attention.multi_head import MultiHeadAttention
from byhand.layers.base import Layer
from byhand.layers.dense import Dense
from byhand.layers.dropout import Dropout
from byhand.layers.layer_norm import LayerNorm
from byhand.layers.parallel import InARow
from byhand.layers.residual import Residual
from byhand.layers.rms_norm import RMSNorm
from byhand.layers.smooth_activations import GELU


@register
@dataclass(frozen=True)
class TransformerBlock(InARow):
    """Attention, which mixes steps, and two dense layers, which process each step separately, each in a residual block.

    With N for the normalisation and M for Dense(hidden), GELU, Dense(units):

        z = x + attention(N(x)),   y = z + M(N(z))   by default, as in GPT-2 and vision transformers;
        z = N(x + attention(x)),   y = N(z + M(z))   with pre_norm=False, as in Vaswani et al. (2017).

    x and y are (n, T, units). The first form leaves the gradient a direct path through all blocks (Xiong et al., "On
    layer normalization in the transformer architecture", 2020); it is followed by one more normalisation after the last
    block.

    Args:
        units: number of features of a step.
        heads: number of heads; they divide `units`.
        hidden: units of M's hidden layer; None for 4 · units.
        causal: whether each step attends only to itself and to earlier steps.
        dropout: the probability that an attention weight, or a number that either part adds to its input, is set to 0
            in training, from 0 to below 1.
        rotary: whether queries and keys are rotated by their positions; see `MultiHeadAttention`.
        longest: number of steps of the longest sequence, for generating step by step; see `MultiHeadAttention`.
        pre_norm: whether to normalise the input of both parts (True) or the sums (False).
        rms: whether to use RMSNorm in place of LayerNorm.
        bias: whether the matrix products have biases.
        weights: initializer of the matrices.
        output_weights: initializer of the last matrix of both parts; None for the same as the others. GPT-2 divides its
            standard deviation by √(2 · blocks), so that the sum of all blocks does not grow with their number.
    """

    units: int
    heads: int
    hidden: int | None = None
    causal: bool = False
    dropout: float = 0.0
    rotary: bool = False
    longest: int | None = None
    pre_norm: bool = True
    rms: bool = False
    bias: bool = True
    weights: Initializer = field(default_factory=Glorot)
    output_weights: Initializer | None = None

    def __post_init__(self) -> None:
        require_whole("units", self.units)
        require_between("dropout", self.dropout, 0, 1 - 1e-6)
        require_instance("weights", self.weights, Initializer, "an initialiser such as Glorot()")
        if self.hidden is not None:
            require_whole("hidden", self.hidden)
        output = self.output_weights or self.weights
        attention = MultiHeadAttention(
            self.heads, self.causal, self.dropout, self.rotary, self.longest, self.bias, self.weights, output
        )
        first = Dense(self.hidden or 4 * self.units, self.weights, bias=self.bias)
        dense = [first, GELU(), Dense(self.units, output, bias=self.bias)]
        drop: list[Layer] = [Dropout(self.dropout)] if self.dropout else []
        norm: Layer = RMSNorm() if self.rms else LayerNorm()
        layers: tuple[Layer, ...]
        if self.pre_norm:
            layers = (Residual([norm, attention, *drop]), Residual([norm, *dense, *drop]))
        else:
            layers = (Residual([attention, *drop]), norm, Residual([*dense, *drop]), norm)
        object.__setattr__(self, "layers", layers)

    def label(self) -> str:
        """For example TransformerBlock(128, 4 heads)."""
        return f"TransformerBlock({self.units}, {self.heads} heads)"
