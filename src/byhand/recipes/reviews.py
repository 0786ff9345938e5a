"""Does a film review praise or blame? Sentences word by word."""

from dataclasses import replace

from byhand.layers import Dense, Dropout, Embedding, LayerNorm, LearnedPositions, MeanOverTime, TransformerBlock
from byhand.optimizers import AdamW
from byhand.recipes.surnames import surnames_attention
from byhand.schedules import WarmupCosine

DIFFERENT_WORDS = 10_142  # of the data set, those that occur at least twice and one for all others
LONGEST_SENTENCE = 64  # words of a sentence

reviews = replace(
    surnames_attention,
    name="reviews",
    takes="10,566 sentences of film reviews (Hutto and Gilbert, 2014), which praise or blame by the mean of people's "
    "ratings. Words embedded in 64 numbers, learnt positions, a block of 64 units with 4 heads, the mean over the "
    "words, two outputs; much dropout, because 8,500 sentences are few for 10,000 words. AdamW with warm-up and a "
    "cosine, batches of 64. A tenth of the sentences is for testing, a tenth of the others is held back.",
    layers=(
        *(Embedding(DIFFERENT_WORDS + 1, 64, padding=0), LearnedPositions(LONGEST_SENTENCE), Dropout(0.5)),
        TransformerBlock(64, 4, 128, dropout=0.3),
        *(LayerNorm(), MeanOverTime(), Dropout(0.5), Dense(2)),
    ),
    optimizer=AdamW(WarmupCosine(0.001, warmup=0.1), weight_decay=0.5),
    dataset="reviews",
    input_shape=(LONGEST_SENTENCE,),
    epochs=6,
)
