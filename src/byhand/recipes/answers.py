"""Questions that a small GPT answers token by token: sums of two numbers, and digits in order."""

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from byhand.data import Dataset
from byhand.data.made import EQUALS
from byhand.generating import teacher_forcing, translate
from byhand.layers import Embedding, Layer, LearnedPositions, StepsFrom
from byhand.losses import CategoricalCrossEntropy
from byhand.network import Network
from byhand.optimizers import AdamW
from byhand.recipes.base import Figure, Recipe, Split, accuracy_on_test, hold_back
from byhand.recipes.shakespeare import gpt
from byhand.recipes.sums import WHOLE_ANSWERS
from byhand.regularizers import ClipNorm
from byhand.schedules import WarmupCosine


def forced(held: int) -> Callable[[Dataset, np.random.Generator], Split]:
    """A `prepare` that holds back questions, and writes behind each "=" and its answer without the last token."""

    def prepare(dataset: Dataset, rng: np.random.Generator) -> Split:
        split = hold_back(held)(dataset, rng)
        parts = (split.train, split.validation, split.test)
        train, *others = (part and (teacher_forcing(part[0], part[1], EQUALS), part[1]) for part in parts)
        return Split(train, *others)  # type: ignore[arg-type]

    return prepare


def answered(network: Network, split: Split, dataset: Dataset) -> Mapping[str, float]:
    """The share of the test questions that it answers right in every token, each token from those it wrote before."""
    if split.test is None:
        return {}
    x, answers = split.test[:2]
    written, _ = translate(network, x[:, : x.shape[1] - answers.shape[1]], EQUALS)
    return {WHOLE_ANSWERS: float(np.mean((written == answers).all(axis=1)))}


def answering(question: int, answer: int, units: int, heads: int, blocks: int) -> tuple[Layer, ...]:
    """A GPT over question, "=" and answer, whose loss counts the answer's steps alone."""
    embedding, positions, *rest = gpt(EQUALS + 1, units, heads, blocks, question + answer)
    assert isinstance(embedding, Embedding) and isinstance(positions, LearnedPositions)
    return (embedding, positions, *rest[:-1], StepsFrom(question), rest[-1])


addition = Recipe(
    name="addition",
    source="byhand",
    takes="Sums of two numbers below 100 by a small GPT, after Karpathy's minGPT (2020): 2 blocks of 128 units with 4 "
    "heads. Of the 10,000 sums 1,000 are for testing, a + b and b + a together, and 500 held back. The answer is "
    "written backwards, as in minGPT's later adder; its first version, whose figure stands beside ours, did not. AdamW "
    "with warm-up and a cosine, batches of 128.",
    prepare=forced(500),
    layers=answering(4, 3, 128, 4, 2),
    loss=CategoricalCrossEntropy(),
    optimizer=AdamW(WarmupCosine(0.002, warmup=0.05), weight_decay=0.1),
    dataset="addition",
    input_shape=(7,),
    epochs=50,
    batch_size=128,
    regularizers=(ClipNorm(1.0),),
    judge=answered,
    figures=(
        Figure("validation accuracy by digit", lambda run: run.validation or 0.0),
        Figure("test accuracy by digit", accuracy_on_test),
        Figure("test answers right in every digit", lambda run: run.judged[WHOLE_ANSWERS], 0.999),
    ),
)
sorting = replace(
    addition,
    name="sorting",
    takes="Six digits in order, by a small GPT, after the demo of Karpathy's minGPT (2022): 3 blocks of 48 units with "
    "3 heads. Here the digits are 0 to 9 (there 0 to 2), 50,000 rows to learn from, of which 2,500 are held back, and "
    "5,000 to test with, whose digits occur in no row to learn from in any order. AdamW with warm-up and a cosine, "
    "batches of 128.",
    prepare=forced(2_500),
    layers=answering(6, 6, 48, 3, 3),
    dataset="sorting",
    input_shape=(12,),
    epochs=10,
    figures=(*addition.figures[:2], replace(addition.figures[2], published=1.0)),
)
