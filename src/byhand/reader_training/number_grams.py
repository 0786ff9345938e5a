"""What numbers look like, counted in numbers that are made up."""

from collections import Counter
from collections.abc import Iterable

from byhand.reading.number_model import END, ORDER, START, kind_of

SELDOM = 20  # grams that are seen less often, of 100,000 numbers, are left out; by hand


def count_grams(texts: Iterable[str]) -> dict[str, int]:
    """How often each run of 1 to ORDER kinds occurs in texts, their ends included; seldom ones are left out."""
    counts: Counter[str] = Counter()
    for text in texts:
        kinds = START * (ORDER - 1) + "".join(map(kind_of, text)) + END
        for i in range(ORDER - 1, len(kinds)):
            counts.update(kinds[i - n : i + 1] for n in range(ORDER))
    return {gram: n for gram, n in sorted(counts.items()) if n >= SELDOM}
