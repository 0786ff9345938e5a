"""Compare the recipes for family names with bags of letters: the same names to learn from and to test with.

    python -m bench.accuracy.names --recipes surnames-attention

The baselines are scikit-learn's: counts of runs of up to n letters, each weighted by how rare it is (tf-idf), the edges
of the name among them, and logistic regression on these. n = 1 is a bag of letters. Of the penalties C = 3, 10 and 30
the one that is best for the held-back names is taken.
"""

import argparse

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, f1_score

from byhand.core.types import Array
from byhand.data import load
from byhand.data.text import from_tokens
from byhand.recipes import get_recipe, run_recipe
from byhand.recipes.base import LabelledSamples
from byhand.recipes.surnames import split_names

PENALTIES = (3, 10, 30)


def texts(part: LabelledSamples, characters: tuple[str, ...]) -> list[str]:
    """The names as text, with their edges; token 0 fills up, and the characters' tokens start at 1."""
    return [f"^{from_tokens(row[row > 0] - 1, characters)}$" for row in part[0]]


def bag_of_letters(longest: int, seed: int) -> tuple[float, float, float]:
    """Accuracy on the held-back names, accuracy and mean F1 on the test names."""
    data = load("surnames")
    split = split_names(data, np.random.default_rng(seed))
    assert split.validation is not None and split.test is not None
    parts = (split.train, split.validation, split.test)
    counts = TfidfVectorizer(analyzer="char", ngram_range=(1, longest), lowercase=False, sublinear_tf=True)
    learnt, held, tested = (
        (counts.transform if i else counts.fit_transform)(texts(part, data.characters)) for i, part in enumerate(parts)
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
    parser.add_argument("--recipes", nargs="*", default=["surnames", "surnames-attention"])
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    line = "{:24} held back {:6.2%}, test {:6.2%}, mean F1 {:.3f}"
    for longest in (1, 3):
        print(line.format(f"runs of up to {longest}", *bag_of_letters(longest, options.seed)), flush=True)
    for name in options.recipes:
        outcome = run_recipe(get_recipe(name), options.seed).outcome
        print(line.format(name, outcome.validation, outcome.test.accuracy, outcome.test.scores.macro()[2]), flush=True)


if __name__ == "__main__":
    main()
