"""Which language does a family name come from? Names letter by letter."""

from dataclasses import replace

import numpy as np

from byhand.data import Dataset, split_rows
from byhand.layers import (
    LSTM,
    Bidirectional,
    Dense,
    Dropout,
    Embedding,
    LayerNorm,
    LearnedPositions,
    MeanOverTime,
    TransformerBlock,
)
from byhand.losses import CategoricalCrossEntropy
from byhand.optimizers import Adam, AdamW
from byhand.recipes.base import Split, rows
from byhand.recipes.vowels import vowels
from byhand.schedules import OneCycle, WarmupCosine

LETTERS = 83  # of the data set
TESTED = 0.1  # share of the lines that are tested with, and as many are held back


def split_lines(dataset: Dataset, rng: np.random.Generator) -> Split:
    """A tenth to test with, the same for every seed, a tenth of the others held back; classes keep their shares."""
    y = dataset.y_train
    rest, test = split_rows(y, TESTED, np.random.default_rng(0))
    train, validation = split_rows(y[rest], TESTED, rng)
    return Split(rows(dataset, rest[train]), rows(dataset, rest[validation]), rows(dataset, test))


surnames = replace(
    vowels,
    name="surnames",
    takes="18,012 family names of 18 languages, each once a language (PyTorch's tutorial on character-level recurrent "
    "networks publishes them, and no accuracy). Letters embedded in 32 numbers, an LSTM of 64 units in both "
    "directions, dropout, 18 outputs. Adam along one cycle, batches of 64. A tenth of the names is for testing, "
    "a tenth of the others is held back.",
    prepare=split_lines,
    layers=(Embedding(LETTERS + 1, 32, padding=0), Bidirectional(LSTM(64)), Dropout(0.4), Dense(18)),
    loss=CategoricalCrossEntropy(),
    optimizer=Adam(OneCycle(0.01)),
    dataset="surnames",
    input_shape=(20,),
    epochs=8,
    batch_size=64,
)
surnames_attention = replace(
    surnames,
    name="surnames-attention",
    takes="The names of `surnames`, split alike, by a small transformer: letters embedded in 64 numbers, learnt "
    "positions, two blocks of 64 units with 4 heads that see the whole name, the mean over its letters, 18 outputs. "
    "AdamW with warm-up and a cosine, batches of 64.",
    layers=(
        *(Embedding(LETTERS + 1, 64, padding=0), LearnedPositions(20)),
        *[TransformerBlock(64, 4, 128, dropout=0.2)] * 2,
        *(LayerNorm(), MeanOverTime(), Dense(18)),
    ),
    optimizer=AdamW(WarmupCosine(0.003, warmup=0.1), weight_decay=0.05),
    epochs=12,
)
