"""Layers of transformers, with and without masks, that are compared with PyTorch's; a small GPT, a small ViT."""

from typing import NamedTuple

import numpy as np

from byhand import (
    Adam,
    CategoricalCrossEntropy,
    ClassToken,
    CrossAttention,
    DecoderBlock,
    Dense,
    Embedding,
    FirstStep,
    LayerNorm,
    LearnedPositions,
    MultiHeadAttention,
    Network,
    PatchEmbedding,
    RMSNorm,
    TiedDense,
    TransformerBlock,
)
from byhand.layers import Layer

LENGTHS = (5, 7, 1, 4)
SOURCES = (4, 2, 1, 3)  # lengths of sources of four steps; the steps behind them are all there


class Case(NamedTuple):
    """A layer over sequences (4, 7, 6), with lengths or without."""

    name: str
    layer: Layer
    lengths: tuple[int, ...] | None = None


CASES = [
    Case("attention", MultiHeadAttention(2)),
    Case("attention, lengths", MultiHeadAttention(3), LENGTHS),
    Case("attention, causal", MultiHeadAttention(2, causal=True)),
    Case("attention, causal, lengths, no biases", MultiHeadAttention(1, causal=True, bias=False), LENGTHS),
    Case("rms norm", RMSNorm()),
    Case("gpt block", TransformerBlock(6, 2, causal=True)),
    Case("gpt block without biases, rms", TransformerBlock(6, 3, causal=True, bias=False, rms=True)),
    Case("encoder block", TransformerBlock(6, 2, 10, pre_norm=False), LENGTHS),
    Case("encoder block, pre-norm", TransformerBlock(6, 3, 10), LENGTHS),
    Case("cross attention", CrossAttention(2, 4)),
    Case("cross attention, lengths of the source", CrossAttention(3, 4), SOURCES),
    Case("cross attention, no biases", CrossAttention(1, 6, bias=False)),
    Case("decoder block", DecoderBlock(6, 2, 4, 10), SOURCES),
    Case("decoder block, post-norm", DecoderBlock(6, 3, 3, 10, pre_norm=False)),
]
LEARNERS = ("gpt", "vit")


def network(case):
    """The layer alone, in float64, all of its parameters random."""
    made = Network((7, 6), [case.layer], dtype=np.float64)
    made.theta = 0.5 * np.random.default_rng(len(case.name)).standard_normal(made.size)
    return made


def data(case):
    """Samples x, the gradient by the output, and the mask."""
    rng = np.random.default_rng(1 + len(case.name))
    x, dy = rng.standard_normal((2, 4, 7, 6))
    mask = None if case.lengths is None else np.arange(7) < np.array(case.lengths)[:, None]
    if mask is not None and hasattr(case.layer, "source"):
        mask[:, case.layer.source :] = True
    return {"x": x, "dy": dy, "mask": mask}


def learner(name):
    """A small GPT with tied embeddings, or a small vision transformer, its data, and how it learns."""
    rng = np.random.default_rng(4)
    if name == "gpt":
        block = TransformerBlock(8, 2, causal=True, bias=False)
        layers = [Embedding(11, 8), LearnedPositions(6), block, block, LayerNorm(), TiedDense(11)]
        x, labels, shape = rng.integers(11, size=(5, 6)), rng.integers(11, size=(5, 6)), (6,)
    else:
        block = TransformerBlock(8, 2, 12)
        layers = [
            PatchEmbedding(4, 8),
            ClassToken(),
            LearnedPositions(7),
            block,
            block,
            LayerNorm(),
            FirstStep(),
            Dense(3),
        ]
        x, labels, shape = rng.standard_normal((5, 8, 12, 2)), rng.integers(3, size=5), (8, 12, 2)
    made = Network(shape, layers, CategoricalCrossEntropy(), rng=3, dtype=np.float64)
    made.theta = made.theta + 0.2 * rng.standard_normal(made.size)
    return made, x, labels, Adam(0.01)
