"""Exercise of the lesson ten-or-four-outputs: digits as bits, and a layer that turns ten outputs into four."""

import numpy as np

from byhand.lessons.exercises.networks import in_a_row
from byhand.lessons.graph import four_decimals as num
from byhand.lessons.output_coding import BITS, PLACES, converter
from byhand.lessons.question import Question


def ask_bits(rng: np.random.Generator) -> list[Question]:
    """A digit's bits, a number from four outputs, one bit from ten outputs, and the parameters saved."""
    digit = int(rng.choice([1, 2, 3, 4, 5, 7, 8]))  # 6 and 9 read alike backwards
    hidden = int(rng.choice([10, 20, 30, 50]))
    target, bit = int(rng.integers(1, 10)), int(rng.integers(4))
    outputs = np.where(BITS[target] > 0, rng.choice([0.6, 0.7, 0.9], 4), rng.choice([0.1, 0.2, 0.4], 4))
    ten = np.full(10, 0.1)
    ten[digit] = 0.9
    has = BITS[:, bit] > 0
    z = float(ten @ converter().p[0].W[:, bit])
    return [
        Question(
            "the bits",
            f"Four outputs name a digit in binary, eights first, ones last. What should they be for a {digit}?",
            BITS[digit],
            {"eights come first, ones last.": BITS[digit][::-1], "0 and 1 are exchanged.": 1 - BITS[digit]},
            (f"{digit} as a sum of 8, 4, 2 and 1.",),
            f"{digit} = {' + '.join(str(p) for p, on in zip(PLACES, BITS[digit], strict=True) if on)}: "
            f"{in_a_row(BITS[digit])}",
        ),
        Question(
            "the number",
            f"The four outputs are {in_a_row(outputs)}. Above ½ counts as 1. Which number is that?",
            target,
            {
                "eights come first, ones last.": int(BITS[target][::-1] @ PLACES),
                "round each output to 0 or 1 first.": float(outputs @ PLACES),
                "this counts the ones; each has a place.": int(BITS[target].sum()),
            },
            (f"The bits are {in_a_row(BITS[target])}.",),
            f"{' + '.join(str(p) for p, on in zip(PLACES, BITS[target], strict=True) if on)} = {target}",
        ),
        Question(
            "z of a bit",
            f"A layer behind ten outputs makes four bits. The bit of the {PLACES[bit]}s takes +10 times each digit "
            f"that has it ({', '.join(map(str, np.flatnonzero(has)))}), −10 times each other one, and no bias. The "
            f"ten outputs are 0.9 for the {digit} and 0.1 for each other digit. What is its z?",
            z,
            {
                "the digits that do not have the bit count −10.": 10 * float(ten[has].sum()),
                "the sign is turned.": -z,
                "the small outputs of the other digits count, too.": 9 * (1 if has[digit] else -1),
            },
            ("Add the outputs of the digits that have the bit, subtract the others, times 10.",),
            f"10 · ({num(ten[has].sum())} − {num(ten[~has].sum())}) = {num(z)}",
        ),
        Question(
            "parameters",
            f"How many parameters fewer has 784-{hidden}-4 than 784-{hidden}-10?",
            6 * hidden + 6,
            {
                "the biases of the six outputs are missing.": 6 * hidden,
                "this is how many the last layer of the smaller one has.": 4 * hidden + 4,
                "this is how many the last layer of the larger one has.": 10 * hidden + 10,
            },
            ("Six outputs fewer, each with its weights and a bias.",),
            f"6 · ({hidden} + 1) = {6 * hidden + 6}",
        ),
    ]
