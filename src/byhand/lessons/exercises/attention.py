"""Exercise of the lesson attention: one head over three tokens, forward, back, and with a causal mask."""

from math import log

import numpy as np

from byhand.core.types import Array
from byhand.explaining.explain import trace
from byhand.lessons.attention import attended, head
from byhand.lessons.exercises.networks import in_a_row
from byhand.lessons.graph import four_decimals as num
from byhand.lessons.question import Question


def head_of(x: Array, value: float, upstream: Array, causal: bool = False) -> dict[str, Array]:
    """All quantities of a head with q = x, k = log 2 · x and v = value · x whose loss hands back `upstream` (3,)."""
    network = head(causal)
    network.p[0].W[0] = 1, log(2), value
    wanted = attended(network, x) - 1.5 * upstream  # dy = 2 (y − t) / 3 of the mean squared error
    return trace(network, x.reshape(1, 3, 1), wanted.reshape(1, 3, 1))


def ask_attention(rng: np.random.Generator) -> list[Question]:
    """The weights of the second token's query, its output, and the gradients of values, scores and query."""
    x = rng.choice([0.0, 1, 2, 3], 3, replace=False)
    x[1] = rng.choice([1.0, 2])
    value, dy = float(rng.choice([5, 10, 20])), float(rng.choice([-2, 1, 2]))
    quantities = head_of(x, value, dy * np.array([0.0, 1, 0]))
    A, values, dS = quantities["A1"][0, 0, 1], value * x, quantities["dS1"][0, 0, 1]
    y, dq, powers = float(A @ values), float(quantities["dQ1"][0, 1, 0]), 2 ** (x[1] * x)
    dA, seen = dy * values, head_of(x, value, np.zeros(3), causal=True)["A1"][0, 0, 1]
    return [
        Question(
            "the weights",
            f"One head of one number. The tokens are x = {in_a_row(x)}, q = x, k = log 2 · x, v = {num(value)} x; "
            "scores are not scaled. How much of each token does the second one take? Three numbers.",
            A,
            {
                "the softmax takes the powers e^s of the scores.": x / x.sum(),
                "divide by their sum.": powers,
                "the score is the product with the second token's own query.": 2**x / (2**x).sum(),
            },
            (f"The scores are q[1] k = {num(x[1])} · log 2 · x.", f"e^s = {in_a_row(powers)}"),
            f"{in_a_row(powers)} / {num(powers.sum())} = {in_a_row(A)}",
        ),
        Question(
            "y",
            "What is the second token's output?",
            y,
            {
                "this is the plain mean of the values.": float(values.mean()),
                f"the values are {num(value)} x, not x.": float(A @ x),
            },
            (f"The mean of the values {in_a_row(values)} with these weights.",),
            f"{' + '.join(f'{num(a)}·{num(v)}' for a, v in zip(A, values, strict=True))} = {num(y)}",
        ),
        Question(
            "dv",
            f"Backward: only the second output counts, with ∂L/∂y = {num(dy)}. What is the gradient by the three "
            "values?",
            quantities["dV1"][0, :, 0],
            {
                "each value gets its weight of it.": np.full(3, dy),
                "this is the gradient by the weights: values and weights are exchanged.": dA,
                "the sign is turned.": -dy * A,
            },
            ("y = Σ A[k] v[k], so ∂y/∂v[k] = A[k].",),
            f"{num(dy)} · {in_a_row(A)} = {in_a_row(dy * A)}",
        ),
        Question(
            "dS",
            "What is the gradient by the three scores of the second query?",
            dS,
            {
                "the mean Σ A dA has to be subtracted.": A * dA,
                "the softmax's slope is not A (1 − A) alone: each score moves all three weights.": A * (1 - A) * dA,
                "the weights in front are missing.": dA - A @ dA,
                "this is the gradient by the weights; it goes through the softmax.": dA,
            },
            (f"dA = dy v = {in_a_row(dA)}", f"dS = A ⊙ (dA − Σ A dA), and Σ A dA = {num(A @ dA)}"),
            f"{in_a_row(A)} ⊙ {in_a_row(dA - A @ dA)} = {in_a_row(dS)}",
        ),
        Question(
            "dq",
            "And by the second query?",
            dq,
            {
                "the query meets the keys, not the values.": float(dS @ values),
                "the keys are log 2 · x.": float(dS @ x),
            },
            ("Σ dS[k] k[k]",),
            f"log 2 · {in_a_row(dS)} · {in_a_row(x)} = {num(dq)}",
        ),
        Question(
            "the causal mask",
            "With a causal mask no token sees a later one. What are the second token's weights then?",
            seen,
            {
                "the third token is later.": A,
                "the weights add up to 1: divide by the sum of the two that are left.": np.array([A[0], A[1], 0]),
            },
            ("The third score is −∞, its weight 0.",),
            f"({num(powers[0])}, {num(powers[1])}, 0) / {num(powers[:2].sum())} = {in_a_row(seen)}",
        ),
    ]
