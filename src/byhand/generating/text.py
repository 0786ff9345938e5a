"""Texts, character by character."""

from collections.abc import Iterator
from numbers import Real

import numpy as np

from byhand.core.checks import require_whole
from byhand.core.errors import ByhandError
from byhand.core.types import Array
from byhand.data.text import to_tokens
from byhand.generating.next_token import NextToken, next_token
from byhand.network import Network


def generate_text(
    network: Network,
    prompt: str = "\n",
    length: int = 500,
    temperature: float = 1.0,
    rng: np.random.Generator | int = 0,
) -> Iterator[str]:
    """The characters that follow `prompt`, one at a time: each is drawn from p = softmax(logits / temperature).

    Example:
        >>> for character in generate_text(network, "ROMEO:", temperature=0.8):  # doctest: +SKIP
        ...     print(character, end="", flush=True)

    Args:
        network: predicts the next character at each step; its `classes` are the characters.
        prompt: how the text begins, at least one character.
        length: how many characters follow.
        temperature: above 0. Below 1 likely characters become likelier, and near 0 the likeliest is always taken; above
            1 the text is more varied.
        rng: a random generator, or a seed.

    Raises:
        ByhandError: the network does not predict characters, the prompt is empty or has a character that the network
            does not know, or another argument is out of range.
    """
    require_whole("length", length)
    if isinstance(temperature, bool) or not isinstance(temperature, Real) or not 0 < temperature < float("inf"):
        raise ByhandError(
            f"temperature must be a number above 0, such as 0.8 (near 0 the likeliest character is always taken); got "
            f"{temperature!r}."
        )
    model, characters = next_token(network), network.classes or ()
    known = getattr(network.layers[0], "vocabulary", None)
    if not characters or any(len(character) != 1 for character in characters) or len(characters) != known:
        raise ByhandError("This network does not predict characters: its classes are not the characters that it takes.")
    if not prompt:
        raise ByhandError("The prompt is empty; give at least one character to start from.")
    tokens = to_tokens(prompt, characters, "the prompt")
    return _characters(model, tokens, characters, length, temperature, np.random.default_rng(rng))


def _characters(
    model: NextToken,
    prompt: Array,
    characters: tuple[str, ...],
    length: int,
    temperature: float,
    rng: np.random.Generator,
) -> Iterator[str]:
    for token in prompt:
        logits = model.feed(token)
    for _ in range(length):
        token = draw_token(logits, temperature, rng)
        yield characters[token]
        logits = model.feed(token)


def draw_token(logits: Array, temperature: float, rng: np.random.Generator) -> int:
    """A token drawn from softmax(logits / temperature): the largest logits / temperature + noise of Gumbel's law.

    Gumbel, "Statistical theory of extreme values and some practical applications" (1954).
    """
    return int(np.argmax(logits / temperature + rng.gumbel(size=len(logits))))
