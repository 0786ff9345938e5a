"""Exercise of the lesson perceptron-xor: what a perceptron gets right of XOR, and why never all of it."""

import numpy as np

from byhand.lessons.exercises.networks import in_a_row
from byhand.lessons.graph import four_decimals as num
from byhand.lessons.neuron import CORNERS, neuron, output
from byhand.lessons.question import Question


def ask_one_line(rng: np.random.Generator) -> list[Question]:
    """The four outputs of a perceptron, how many of them are XOR's, and the two bounds that exclude each other."""
    w = rng.choice([-2, -1, 1, 2], 2, replace=False).astype(float)
    b = float(rng.choice([-w[0], -w[1], 1, -1]))
    y, sums = output(neuron(w, b), CORNERS), CORNERS @ w + b
    xor, right = np.array([0, 1, 1, 0]), int(np.sum(y == [0, 1, 1, 0]))
    k = float(rng.integers(2, 9))
    return [
        Question(
            "the outputs",
            f"A perceptron has the weights {in_a_row(w)} and the bias {num(b)}. What does it put out for the inputs "
            "00, 01, 10 and 11? Four numbers.",
            y,
            {
                "a sum of exactly 0 gives 0, not 1.": (sums >= 0).astype(float),
                "the bias is missing.": (CORNERS @ w > 0).astype(float),
                "0 and 1 are exchanged.": 1 - y,
            },
            (f"The sums are {in_a_row(sums)}.",),
            f"{in_a_row(sums)} > 0: {in_a_row(y)}",
        ),
        Question(
            "right for XOR",
            "How many of these four are what XOR should give?",
            right,
            {
                "XOR of 1 and 1 is 0; this counts for OR.": int(np.sum(y == [0, 1, 1, 1])),
                "this counts the wrong ones.": 4 - right,
            },
            ("XOR is 0, 1, 1, 0.",),
            f"{in_a_row(y)} beside {in_a_row(xor)}: {right}",
        ),
        Question(
            "the lower bound",
            f"Another one has b = {num(-k)}, so 00 gives 0. 01 and 10 are to give 1: w₂ + b > 0 and w₁ + b > 0. Above "
            "which number does w₁ + w₂ have to be?",
            2 * k,
            {
                "each of the weights is above −b, so their sum is above twice that.": k,
                "the bounds are −b, not b.": -2 * k,
            },
            ("Add both inequalities.",),
            f"w₁ + w₂ > −2b = {num(2 * k)}",
        ),
        Question(
            "the upper bound",
            "But 11 is to give 0. What may w₁ + w₂ be at most?",
            k,
            {"this is the lower bound.": 2 * k, "w₁ + w₂ + b ≤ 0: the bound is −b.": -k},
            ("For 11 the sum is w₁ + w₂ + b, and it must not be above 0.",),
            f"w₁ + w₂ ≤ −b = {num(k)}. Above {num(2 * k)} and at most {num(k)} cannot both be: no perceptron does it.",
        ),
    ]
