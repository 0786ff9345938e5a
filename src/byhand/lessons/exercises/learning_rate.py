"""Exercise of the lesson learning-rate: what a rate does in a bowl, and where it becomes too high."""

import numpy as np

from byhand.lessons.graph import four_decimals as num
from byhand.lessons.question import Question


def ask_rate(rng: np.random.Generator) -> list[Question]:
    """Steps of gradient descent in L = ½ k w²: too short, right, too long."""
    k, w, steps = float(rng.integers(2, 6)), float(rng.choice([-4, -2, 2, 4])), int(rng.integers(2, 4))
    eta = float(rng.choice([0.1, 0.3, 0.5]))
    factor = 1 - eta * k
    rate, epochs = float(rng.choice([0.02, 0.1, 0.2])), int(rng.integers(4, 9))
    return [
        Question(
            "a step",
            f"L(w) = ½ · {num(k)} · w², w = {num(w)}, η = {num(eta)}. Where is w after a step of gradient descent?",
            factor * w,
            {
                "this goes up the slope; subtract.": (1 + eta * k) * w,
                "½ k w² has the derivative k w.": (1 - eta * k / 2) * w,
                "the learning rate is missing.": (1 - k) * w,
            },
            (f"∂L/∂w = {num(k)} w = {num(k * w)}",),
            f"{num(w)} − {num(eta)} · {num(k * w)} = {num(factor * w)}",
        ),
        Question(
            "several steps",
            f"And after {steps} steps in all?",
            factor**steps * w,
            {
                "the gradient is another one after each step.": (1 - steps * eta * k) * w,
                "this is one step too many.": factor ** (steps + 1) * w,
            },
            (f"Each step multiplies w by the same factor, 1 − η k = {num(factor)}.",),
            f"{num(factor)}^{steps} · {num(w)} = {num(factor**steps * w)}",
        ),
        Question(
            "the best rate",
            "Which η arrives at the lowest point in a single step?",
            1 / k,
            {"with this one w jumps to −w.": 2 / k, "divide: the steeper the bowl, the smaller the rate.": k},
            ("1 − η k has to be 0.",),
            f"1 / {num(k)} = {num(1 / k)}",
        ),
        Question(
            "too high",
            "Above which η does w move further away with each step?",
            2 / k,
            {"this one arrives at once.": 1 / k},
            ("The size of 1 − η k is above 1 then.",),
            f"1 − η k < −1 where η > 2 / {num(k)} = {num(2 / k)}",
        ),
        Question(
            "too low",
            f"Training digits with η = {num(rate)} takes {epochs} epochs to 90 %. About how many does η = 0.001 take, "
            "if all steps are small?",
            rate / 0.001 * epochs,
            {
                "this is how many times smaller the rate is; times the epochs.": rate / 0.001,
                "a smaller rate takes more epochs, not fewer.": epochs * 0.001 / rate,
            },
            ("η times the number of epochs counts.",),
            f"{num(rate)} · {epochs} / 0.001 = {num(rate / 0.001 * epochs)}",
        ),
    ]
