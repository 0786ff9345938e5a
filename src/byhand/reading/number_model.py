"""What numbers look like: how probable a symbol is after those before it, as counted in numbers that people write.

An n-gram model of kinds of symbols: the digits are one kind, the currencies another. Where a context was seen C times
with T different kinds after it, p(k | context) = (count(k) + T p(k | the shorter context)) / (C + T): Witten and Bell,
"The zero-frequency problem" (1991), method C, interpolated as by Chen and Goodman (1999).
"""

from collections import Counter
from collections.abc import Mapping
from functools import lru_cache
from math import log

import numpy as np

from byhand.core.types import Array
from byhand.handwriting.alphabet import ALPHABET
from byhand.losses.decoding import Label

# By hand where no command is named; python -m bench.reading.constants tells what each is worth.
ORDER = 5  # symbols of a gram: one and the four before it
START, END, DIGIT, CURRENCY = "<>d$"
WEIGHT = 0.5  # of what numbers look like, beside what is seen: of 0.3, 0.5 and 0.7, all of which help composed rows
POSSIBLE = 0.02  # a class that is less probable in its place is not thought of
BEAM = 12  # beginnings that are gone on with


def kind_of(symbol: str) -> str:
    """The kind of a symbol of the alphabet."""
    return DIGIT if symbol.isdigit() else CURRENCY if symbol in "€$£" else symbol


DIFFERENT = len({*map(kind_of, ALPHABET), END})  # kinds


class NumberModel:
    """The probability of numbers as texts.

    Args:
        counts: how often each run of 1 to ORDER kinds occurs, of `reader_training.number_grams`.
    """

    def __init__(self, counts: Mapping[str, int]):
        self.counts = counts
        self.seen: Counter[str] = Counter()  # of each context C
        self.different: Counter[str] = Counter()  # and T
        for gram, n in counts.items():
            self.seen[gram[:-1]] += n
            self.different[gram[:-1]] += 1
        self.log_p = lru_cache(2**14)(self._log_p)

    def _log_p(self, before: str, kind: str) -> float:
        """log p(kind | the ORDER − 1 kinds before it)."""
        p = 1 / DIFFERENT
        for start in range(len(before), -1, -1):
            context = before[start:]
            if context not in self.seen:
                break
            t = self.different[context]
            p = (self.counts.get(context + kind, 0) + t * p) / (self.seen[context] + t)
        return log(p)

    def log_next(self, text: str, symbol: str) -> float:
        """log p(symbol | text); of digits each is a tenth as probable as their kind. "" is the end."""
        before = (START * (ORDER - 1) + "".join(map(kind_of, text[-ORDER:])))[1 - ORDER :]
        kind = kind_of(symbol) if symbol else END
        return self.log_p(before, kind) - (log(10) if kind == DIGIT else 0)

    def log_of(self, label: Label) -> float:
        """log P of a label's text, to its end."""
        text = "".join(ALPHABET[c] for c in label)
        return sum(self.log_next(text[:i], text[i : i + 1]) for i in range(len(text) + 1))

    def reread(self, label: Label, p: Array) -> Label:
        """The label of the same length that is most probable by p (n, classes) and as a number.

        It has the largest Σ log p_i(c_i) + WEIGHT log P(c), as far as a beam search finds it.
        """
        beam = [("", 0.0)]
        for c, row in zip(label, p, strict=True):
            classes = {c, *np.flatnonzero(row >= POSSIBLE).tolist()}
            longer = [
                (text + ALPHABET[k], score + log(row[k]) + WEIGHT * self.log_next(text, ALPHABET[k]))
                for text, score in beam
                for k in classes
            ]
            beam = sorted(longer, key=lambda found: -found[1])[:BEAM]
        text, _ = max(beam, key=lambda found: found[1] + WEIGHT * self.log_next(found[0], ""))
        return tuple(ALPHABET.index(symbol) for symbol in text)
