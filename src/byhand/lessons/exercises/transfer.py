"""Exercise of the lesson transfer: one step with a frozen and with a fine-tuned weight."""

import numpy as np

from byhand.lessons.exercises.networks import in_a_row
from byhand.lessons.graph import four_decimals as num
from byhand.lessons.question import Question


def ask_transfer(rng: np.random.Generator) -> list[Question]:
    """y = w₂ w₁ x: both gradients, then a step with w₁ frozen and one with w₁ fine-tuned."""
    x, w1, w2 = (float(number) for number in rng.choice([1, 2, 3, 4], 3, replace=False))
    y, eta = w1 * w2 * x, float(rng.choice([0.1, 0.05]))
    t = y + float(rng.choice([-3, -2, 2, 3]))
    d1, d2 = (y - t) * w2 * x, (y - t) * w1 * x
    frozen, tuned, full = ([w1 - share * eta * d1, w2 - eta * d2] for share in (0, 0.1, 1))
    return [
        Question(
            "∂L/∂w₂",
            f"y = w₂ h with h = w₁ x. An earlier task has left w₁ = {num(w1)}; w₂ = {num(w2)} is new. x = {num(x)}, "
            f"t = {num(t)}, L = ½ (y − t)². What is ∂L/∂w₂?",
            d2,
            {
                "the input of w₂ is h = w₁ x, not x.": (y - t) * x,
                "the sign is turned: it is y − t.": -d2,
                "this is ∂L/∂y; times h.": y - t,
            },
            (f"y = {num(y)}", f"(y − t) h with h = {num(w1 * x)}"),
            f"{num(y - t)} · {num(w1 * x)} = {num(d2)}",
        ),
        Question(
            "∂L/∂w₁",
            "And ∂L/∂w₁?",
            d1,
            {"the way back goes through w₂.": (y - t) * x, "this is ∂L/∂w₂.": d2},
            ("(y − t) w₂ x",),
            f"{num(y - t)} · {num(w2)} · {num(x)} = {num(d1)}",
        ),
        Question(
            "frozen",
            f"η = {num(eta)}, and w₁ is frozen. What are w₁ and w₂ after a step?",
            np.array(frozen),
            {
                "a frozen weight keeps its number.": np.array(full),
                "w₁ is the frozen one; w₂ learns.": np.array([full[0], w2]),
                "this goes up the slope.": np.array([w1, w2 + eta * d2]),
            },
            ("Only w₂ moves.",),
            f"w₁ = {num(w1)}, w₂ = {num(w2)} − {num(eta)} · {num(d2)} = {num(frozen[1])}",
        ),
        Question(
            "fine-tuned",
            "From the same start w₁ is fine-tuned with a tenth of η. What are w₁ and w₂ after a step?",
            np.array(tuned),
            {
                "this takes the full η for w₁.": np.array(full),
                "w₂ has the full η.": np.array([tuned[0], w2 - 0.1 * eta * d2]),
                "this is w₁ frozen.": np.array(frozen),
            },
            (f"w₁ moves by 0.1 · {num(eta)} times its gradient.",),
            f"w₁ = {num(w1)} − {num(0.1 * eta)} · {num(d1)} = {num(tuned[0])}; w₂ as before: "
            f"{in_a_row(np.array(tuned))}",
        ),
    ]
