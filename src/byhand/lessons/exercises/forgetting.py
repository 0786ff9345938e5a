"""Exercise of the lesson forgetting: factors of one step back, and of many."""

import numpy as np

from byhand.lessons.exercises.neurons import sigmoid_of, tenths
from byhand.lessons.graph import four_decimals as num
from byhand.lessons.question import Question


def ask_forgetting(rng: np.random.Generator) -> list[Question]:
    """A step back through tanh, many steps, a forget gate, and the gradient by a cell."""
    h, r = float(tenths(rng, -9, 9)[0]), float(rng.choice([0.5, 0.8, 1.5, 2]))
    factor, steps = float(rng.choice([0.8, 0.9, 1.1, 1.2])), int(rng.choice([5, 10, 20]))
    bias, long = float(rng.integers(1, 4)), int(rng.choice([3, 5, 10]))
    gate, (c, i, g, dc) = sigmoid_of(bias), tenths(rng, 1, 9, 4)
    return [
        Question(
            "a step back",
            f"One unit: h[t] = tanh(w x[t] + r h[t−1]) with r = {num(r)}, and h[t] = {num(h)}. The gradient by h[t] "
            "is 1. What is the part of the gradient by h[t−1] that comes from it?",
            r * (1 - h * h),
            {
                "the slope of tanh is missing.": r,
                "this is the slope alone; the way back goes through r.": 1 - h * h,
                "the slope is 1 − h², not 1 − h.": r * (1 - h),
                "1 − h² is the slope of tanh; h (1 − h) is the sigmoid's.": r * h * (1 - h),
            },
            ("tanh′ = 1 − h²",),
            f"{num(r)} · (1 − {num(h)}²) = {num(r * (1 - h * h))}",
        ),
        Question(
            "many steps back",
            f"If that factor is {num(factor)} at each step, what has become of a gradient of 1 after {steps} steps?",
            factor**steps,
            {"the factors are multiplied, not added.": factor * steps, "this is one step.": factor},
            (f"{num(factor)} to the power of {steps}",),
            f"{num(factor)}^{steps} = {num(factor**steps)}: it {'vanishes' if factor < 1 else 'explodes'}",
        ),
        Question(
            "a forget gate",
            "In an LSTM the cell is multiplied by f = σ(bias) at each step, if the rest is small. With a bias of "
            f"{num(bias)}, what is left after {long} steps?",
            gate**long,
            {
                "this is one step.": gate,
                "the bias goes through σ first.": bias**long,
                "this is what is lost at each step: f, not 1 − f.": (1 - gate) ** long,
            },
            (f"f = σ({num(bias)}) = {num(gate)}",),
            f"{num(gate)}^{long} = {num(gate**long)}",
        ),
        Question(
            "half of it",
            f"After how many steps is half left, if each keeps {num(gate)}? (With decimals.)",
            float(np.log(0.5) / np.log(gate)),
            {"the fraction is upside down.": float(np.log(gate) / np.log(0.5))},
            ("f^n = ½; take logarithms.",),
            f"log ½ / log {num(gate)} = {num(float(np.log(0.5) / np.log(gate)))}",
        ),
        Question(
            "the cell",
            f"c[t] = f c[t−1] + i g with f = {num(gate)}, c[t−1] = {num(c)}, i = {num(i)}, g = {num(g)}. What is c[t]?",
            gate * c + i * g,
            {"i and g are multiplied.": gate * c + i + g, "the old cell is multiplied by f.": c + i * g},
            ("Two products, added.",),
            f"{num(gate)} · {num(c)} + {num(i)} · {num(g)} = {num(gate * c + i * g)}",
        ),
        Question(
            "∂L/∂c[t−1]",
            f"∂L/∂c[t] is {num(dc)}. What goes straight on to c[t−1], the way through the gates left out?",
            gate * dc,
            {
                "this way has no sigmoid's slope: f is a factor here.": gate * (1 - gate) * dc,
                "it is multiplied by f.": float(dc),
                "this is the gradient by f.": float(c * dc),
            },
            ("c[t] changes by f times the change of c[t−1].",),
            f"{num(gate)} · {num(dc)} = {num(gate * dc)}",
        ),
    ]
