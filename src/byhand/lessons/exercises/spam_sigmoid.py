"""Exercise of the lesson spam-sigmoid: how sure a neuron is, and what a small change of a weight does."""

import numpy as np

from byhand.lessons.exercises.neurons import sigmoid_of
from byhand.lessons.graph import four_decimals as num
from byhand.lessons.question import Question


def ask_how_sure(rng: np.random.Generator) -> list[Question]:
    """z, σ(z), and the change that the derivative foretells."""
    w = rng.choice([1.0, 2, 3], 2, replace=False)
    b, change = float(rng.choice([-2.5, -1.5, -0.5])), float(rng.choice([-0.2, -0.1, 0.1, 0.2]))
    z = float(w[0]) + b
    a = sigmoid_of(z)
    foretold = a * (1 - a) * change
    return [
        Question(
            "z",
            f"A spam filter is a sigmoid neuron with the weights {num(w[0])} (win) and {num(w[1])} (exclamation "
            "marks) and "
            f'the bias {num(b)}. A mail says "win" and has no exclamation marks. What is z = w·x + b?',
            z,
            {
                "the second answer is no, so its weight is left out.": z + float(w[1]),
                "the bias is missing.": float(w[0]),
                "the bias is added, not subtracted.": float(w[0]) - b,
            },
            ("x = (1, 0)",),
            f"{num(w[0])}·1 + {num(w[1])}·0 + {num(b)} = {num(z)}",
        ),
        Question(
            "σ(z)",
            "How likely does the neuron think it is that this is spam?",
            a,
            {"this is how likely it is not spam.": 1 - a, "this is the perceptron's answer.": float(z > 0)},
            (f"1 / (1 + e^−z) with z = {num(z)}",),
            f"1 / (1 + e^{num(-z)}) = {num(a)}",
        ),
        Question(
            "a small change",
            f"The weight of win changes by {num(change)}. By how much does the output change, as the derivative "
            "foretells it?",
            foretold,
            {
                "the sigmoid's slope a (1 − a) is missing.": change,
                "the slope is a (1 − a), not a.": a * change,
                "this is the slope alone; times the change of the weight.": a * (1 - a),
            },
            ("Δa ≈ σ′(z) · x₁ · Δw", f"σ′(z) = {num(a)} · {num(1 - a)} = {num(a * (1 - a))}"),
            f"{num(a * (1 - a))} · 1 · {num(change)} = {num(foretold)}",
        ),
        Question(
            "the other weight",
            f"And if the weight of the exclamation marks changes by {num(change)}, for the same mail?",
            0.0,
            {"this input is 0, so its weight does not matter for this mail.": foretold},
            ("What is x₂?",),
            f"{num(a * (1 - a))} · 0 · {num(change)} = 0",
        ),
    ]
