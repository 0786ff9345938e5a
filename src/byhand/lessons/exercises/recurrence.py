"""Exercise of the lesson recurrence: one unit over three steps, forward and back."""

import numpy as np

from byhand.lessons.exercises.networks import in_a_row
from byhand.lessons.graph import four_decimals as num
from byhand.lessons.question import Question
from byhand.lessons.recurrence import unrolled


def ask_recurrence(rng: np.random.Generator) -> list[Question]:
    """States, gradients back through time, sums over the steps, and what truncation leaves out."""
    w, r, b = float(rng.choice([1, 2])), float(rng.choice([0.5, 2, 3])), float(rng.choice([-0.5, 0.5, 1]))
    x = rng.permutation([1.0, 2, 3])  # every sum is above 0, so the ReLU's slope is 1
    v = unrolled(w, r, b, x)
    h, dz = v["h1"].ravel(), v["dz1′"].ravel()
    before, error = np.array([0, *h[:2]]), float(h[2] - 2)
    dw, dr, db = float(x @ dz), float(before @ dz), float(dz.sum())
    return [
        Question(
            "h",
            f"h[t] = max(0, w x[t] + r h[t−1] + b) with w = {num(w)}, r = {num(r)}, b = {num(b)} and h[0] = 0. "
            f"x = {in_a_row(x)}. What is h? Three numbers.",
            h,
            {
                "the state before is missing: r h[t−1].": w * x + b,
                "r takes the state before, not the input before.": w * x + r * np.array([0, *x[:2]]) + b,
                "the bias is missing.": unrolled(w, r, 0.0, x)["h1"].ravel(),
            },
            (f"h[1] = {num(w)} · {num(x[0])} + {num(b)} = {num(h[0])}",),
            in_a_row(h),
        ),
        Question(
            "dz",
            "L = ½ (h[3] − 2)². What are ∂L/∂z[1], ∂L/∂z[2] and ∂L/∂z[3], in this order?",
            dz,
            {
                "these are the right numbers, but the last step's comes last.": dz[::-1],
                "each step back multiplies by r.": np.full(3, error),
                "the way back goes through r, not through w.": error * w ** np.array([2, 1, 0]),
                "only the last state is in the loss; what comes before goes through r.": h - 2,
            },
            (f"dz[3] = h[3] − 2 = {num(error)}", "dz[2] = r dz[3]"),
            in_a_row(dz),
        ),
        Question(
            "dw",
            "What is ∂L/∂w?",
            dw,
            {
                "this is the last step's part alone; w serves at every step.": float(x[2] * dz[2]),
                "the steps add up; this is their mean.": dw / 3,
                "w's input is x; these are the states.": dr,
            },
            ("Σ x[t] dz[t]",),
            " + ".join(f"{num(a)}·{num(d)}" for a, d in zip(x, dz, strict=True)) + f" = {num(dw)}",
        ),
        Question(
            "dr",
            "What is ∂L/∂r?",
            dr,
            {
                "r's input is the state before, h[t−1].": float(h @ dz),
                "this is the last step's part alone.": float(before[2] * dz[2]),
                "r's input is the state, not x.": dw,
            },
            ("Σ h[t−1] dz[t], with h[0] = 0",),
            " + ".join(f"{num(a)}·{num(d)}" for a, d in zip(before, dz, strict=True)) + f" = {num(dr)}",
        ),
        Question(
            "db",
            "What is ∂L/∂b?",
            db,
            {"this is the last step's part alone.": float(dz[2]), "the steps add up; this is their mean.": db / 3},
            ("The bias is in every step.",),
            f"{' + '.join(map(num, dz))} = {num(db)}",
        ),
        Question(
            "dw, truncated",
            "The sequence is cut before its second step: the state is carried on, the gradient is not. What is ∂L/∂w "
            "then?",
            dw - float(x[0] * dz[0]),
            {
                "this is without the cut.": dw,
                "the cut leaves out the first step, not the last.": dw - float(x[2] * dz[2]),
            },
            ("The first step's part is missing.",),
            f"{num(x[1])}·{num(dz[1])} + {num(x[2])}·{num(dz[2])} = {num(dw - x[0] * dz[0])}",
        ),
    ]
