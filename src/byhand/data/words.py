"""Texts as words: each word or sign is a token, and one token stands for all words that are not in the vocabulary."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence

UNKNOWN_WORD = "<unknown>"  # the first entry of every vocabulary of words
TOKEN = r"[^\W_]+(?:'[^\W_]+)?|[^\w\s]"  # letters and digits ("isn't" is one word), or a single sign


def split_words(text: str) -> list[str]:
    """The words and signs of a text, in small letters: "It isn't!" is "it", "isn't", "!"."""
    return re.findall(TOKEN, text.lower())


def vocabulary_of(texts: Iterable[str]) -> tuple[str, ...]:
    """The vocabulary of texts: `UNKNOWN_WORD`, and sorted the words that occur at least twice."""
    counts = Counter(word for text in texts for word in split_words(text))
    return (UNKNOWN_WORD, *sorted(word for word, count in counts.items() if count > 1))


def is_of_words(vocabulary: Sequence[str]) -> bool:
    """Whether a vocabulary is one of words, not of characters."""
    return vocabulary[:1] == (UNKNOWN_WORD,)
