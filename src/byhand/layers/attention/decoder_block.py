"""The block of a transformer's decoder, which looks at a source."""

from dataclasses import dataclass, field

from byhand.core.checks import require_between, require_instance, require_whole
from byhand.core.config import register
from byhand.initializers import Glorot, Initializer
from byhand.layers.attention.cross import CrossAttention
from byhand.layers.attention.multi_head import MultiHeadAttention
from byhand.layers.base import Layer
from byhand.layers.dense import Dense
from byhand.layers.dropout import Dropout
from byhand.layers.layer_norm import LayerNorm
from byhand.layers.parallel import InARow
from byhand.layers.residual import Residual
from byhand.layers.sequences.split_steps import SplitSteps
from byhand.layers.smooth_activations import GELU


@register
@dataclass(frozen=True)
class DecoderBlock(InARow):
    """Causal attention among the steps after the source, attention to the source, and two dense layers.

    x and y are (n, S + T, units), the source s followed by t, as for `CrossAttention`; s is left unchanged. With N for
    the normalisation and M for Dense(hidden), GELU, Dense(units):

        u = t + attention(N(t)),   v = u + cross(N(u), s),   y_t = v + M(N(v))   by default;
        u = N(t + attention(t)),   v = N(u + cross(u, s)),   y_t = N(v + M(v))   with pre_norm=False.

    Vaswani et al., "Attention is all you need" (2017), figure 1, right. A complete network has an encoder before it,
    such as SplitSteps(S, [TransformerBlock(units, heads), LayerNorm()]), and StepsFrom(S) after it.

    Args:
        units: number of features of a step.
        heads: number of heads of both kinds of attention; they divide `units`.
        source: number S of steps of the source.
        hidden: units of M's hidden layer; None for 4 · units.
        dropout: the probability that an attention weight, or a number that a part adds to its input, is set to 0 in
            training, from 0 to below 1.
        pre_norm: whether to normalise the input of each part (True) or the sums (False).
        weights: initializer of the matrices.
    """

    units: int
    heads: int
    source: int
    hidden: int | None = None
    dropout: float = 0.0
    pre_norm: bool = True
    weights: Initializer = field(default_factory=Glorot)

    def __post_init__(self) -> None:
        require_whole("units", self.units)
        require_between("dropout", self.dropout, 0, 1 - 1e-6)
        require_instance("weights", self.weights, Initializer, "an initialiser such as Glorot()")
        if self.hidden is not None:
            require_whole("hidden", self.hidden)
        drop: list[Layer] = [Dropout(self.dropout)] if self.dropout else []
        attention = [MultiHeadAttention(self.heads, True, self.dropout, weights=self.weights), *drop]
        cross = [CrossAttention(self.heads, self.source, self.dropout, weights=self.weights), *drop]
        dense = [Dense(self.hidden or 4 * self.units, self.weights), GELU(), Dense(self.units, self.weights), *drop]
        norm = LayerNorm()
        layers: tuple[Layer, ...]
        if self.pre_norm:
            layers = (
                self._behind(Residual([norm, *attention])),
                Residual([self._behind(norm), *cross]),
                self._behind(Residual([norm, *dense])),
            )
        else:
            layers = (
                self._behind(Residual(attention), norm),
                Residual(cross),
                self._behind(norm, Residual(dense), norm),
            )
        object.__setattr__(self, "layers", layers)

    def _behind(self, *layers: Layer) -> SplitSteps:
        """The layers, for the steps behind the source alone."""
        return SplitSteps(self.source, second=layers)

    def label(self) -> str:
        """For example DecoderBlock(128, 4 heads, 7)."""
        return f"DecoderBlock({self.units}, {self.heads} heads, {self.source})"
