"""A small GPT that learns Shakespeare's works character by character, in nanoGPT's setting for a CPU."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from byhand.data import Dataset
from byhand.data.text import text_windows, tokens_of
from byhand.initializers import Normal
from byhand.layers import Embedding, Layer, LayerNorm, LearnedPositions, TiedDense, TransformerBlock
from byhand.losses import CategoricalCrossEntropy
from byhand.optimizers import AdamW
from byhand.recipes.base import Figure, Recipe, Split
from byhand.regularizers import ClipNorm
from byhand.schedules import WarmupCosine

CONTEXT = 64  # characters of a window


def random_windows(steps: int, windows: int) -> Callable[[Dataset, np.random.Generator], Split]:
    """A `prepare`: windows from anywhere in nine tenths of a text; the last tenth, end to end, is held back."""

    def prepare(dataset: Dataset, rng: np.random.Generator) -> Split:
        tokens = tokens_of(dataset)
        train, held = tokens[: len(tokens) * 9 // 10], tokens[len(tokens) * 9 // 10 :]
        starts = rng.integers(len(train) - steps, size=windows)
        return Split(text_windows(train, steps, starts=starts), text_windows(held, steps), None)

    return prepare


def gpt(vocabulary: int, units: int, heads: int, blocks: int, longest: int, dropout: float = 0.0) -> tuple[Layer, ...]:
    """The layers of GPT-2, and its start: deviations of 0.02, and 0.02 / √(2 · blocks) where a residual is fed."""
    block = TransformerBlock(
        *(units, heads),
        causal=True,
        dropout=dropout,
        longest=longest,
        bias=False,
        weights=Normal(0.02),
        output_weights=Normal(0.02 / (2 * blocks) ** 0.5),
    )
    return (
        Embedding(vocabulary, units, weights=Normal(0.02)),
        LearnedPositions(longest),
        *[block] * blocks,
        *(LayerNorm(), TiedDense(vocabulary)),
    )


shakespeare = Recipe(
    name="shakespeare",
    source="byhand",
    takes="The setting for a CPU of Karpathy's nanoGPT (2022): 4 blocks of 128 units with 4 heads, windows of 64 "
    "characters, batches of 12, 2,000 steps, no dropout; AdamW with β₂ 0.99 and decay 0.1, 100 steps of warm-up, "
    "gradients clipped to a norm of 1. LayerNorm has a shift, nanoGPT's none; the cosine goes from 0.003 to 0, there "
    "from 0.001 to 0.0001.",
    prepare=random_windows(CONTEXT, 24_000),  # 2,000 batches of 12
    layers=gpt(65, 128, 4, 4, CONTEXT),
    loss=CategoricalCrossEntropy(),
    optimizer=AdamW(WarmupCosine(0.003, warmup=0.05, floor=0.0), beta2=0.99, weight_decay=0.1),
    epochs=1,
    batch_size=12,
    dataset="shakespeare",
    input_shape=(CONTEXT,),
    regularizers=(ClipNorm(1.0),),
    figures=(
        Figure("validation loss", lambda run: run.history["val_loss"][-1], published=1.88, percent=False),
        Figure("validation accuracy", lambda run: run.validation or 0.0),
    ),
)

shakespeare_hour = replace(
    shakespeare,
    name="shakespeare-hour",
    takes="A GPT of 5 blocks of 160 units with 5 heads, windows of 128 characters, batches of 16, dropout 0.1; "
    "9,000 steps, meant for about an hour on two cores.",
    prepare=random_windows(128, 16 * 9_000),
    layers=gpt(65, 160, 5, 5, 128, dropout=0.1),
    optimizer=AdamW(WarmupCosine(0.002, warmup=0.03, floor=0.0), beta2=0.99, weight_decay=0.1),
    batch_size=16,
    input_shape=(128,),
)
