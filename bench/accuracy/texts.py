"""Compare the recipes that classify lines of text with bags of letters or words: the same lines to learn and to test.

    python -m bench.accuracy.texts surnames --recipes surnames-attention
    python -m bench.accuracy.texts reviews --recipes reviews

The baselines are scikit-learn's: counts of runs of up to n letters (the edges of the name among them) or of up to n
words, each weighted by how rare it is (tf-idf), and logistic regression on these. n = 1 is a bag of letters or words.
Of the penalties C = 3, 10 and 30 the one that is best for the held-back lines is taken.
"""

import argparse

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, f1_score

from byhand.core.types import Array
from byhand.data import load
from byhand.recipes import get_recipe, run_recipe
from byhand.recipes.base import LabelledSamples
from byhand.recipes.surnames import split_lines

PENALTIES = (3, 10, 30)
RUNS = {"surnames": (1, 3), "reviews": (1, 2)}  # the longest run of letters or words that is counted


def tokens_of(part: LabelledSamples, vocabulary: tuple[str, ...]) -> list[list[str]]:
    """The lines as letters or words, with their edges; token 0 fills up, and the vocabulary's start at 1."""
    return [["^", *(vocabulary[i - 1] for i in row[row > 0]), "$"] for row in part[0]]


def runs_of(longest: int, tokens: list[str]) -> list[tuple[str, ...]]:
    """All runs of 1 to longest tokens."""
    return [tuple(tokens[i : i + n]) for n in range(1, longest + 1) for i in range(len(tokens) - n + 1)]


def bag(dataset: str, longest: int, seed: int) -> tuple[float, float, float]:
    """Accuracy on the held-back lines, accuracy and mean F1 on the test lines."""
    data = load(dataset)
    split = split_lines(data, np.random.default_rng(seed))
    assert split.validation is not None and split.test is not None
    parts = (split.train, split.validation, split.test)
    counts = TfidfVectorizer(analyzer=lambda tokens: runs_of(longest, tokens), sublinear_tf=True)
    learnt, held, tested = (
        (counts.transform if i else counts.fit_transform)(tokens_of(part, data.vocabulary))
        for i, part in enumerate(parts)
    )
    y, y_held, y_test = (part[1] for part in parts)
    best: tuple[float, Array] = (-1.0, y_test)
    for c in PENALTIES:
        model = LogisticRegression(C=c, max_iter=1000).fit(learnt, y)
        accuracy = accuracy_score(y_held, model.predict(held))
        if accuracy > best[0]:
            best = accuracy, model.predict(tested)
    return best[0], accuracy_score(y_test, best[1]), f1_score(y_test, best[1], average="macro", zero_division=0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dataset", choices=RUNS)
    parser.add_argument("--recipes", nargs="*", default=[], help="recipes to train and to compare with")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    line = "{:24} held back {:6.2%}, test {:6.2%}, mean F1 {:.3f}"
    for longest in RUNS[options.dataset]:
        print(line.format(f"runs of up to {longest}", *bag(options.dataset, longest, options.seed)), flush=True)
    for name in options.recipes:
        outcome = run_recipe(get_recipe(name), options.seed).outcome
        print(line.format(name, outcome.validation, outcome.test.accuracy, outcome.test.scores.macro()[2]), flush=True)


if __name__ == "__main__":
    main()
