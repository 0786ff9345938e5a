"""Exercises about training: inputs, batches, momentum, Adam, penalties and figures of merit."""

import numpy as np

from byhand.lessons.exercises.neurons import tenths
from byhand.lessons.graph import four_decimals as num
from byhand.lessons.question import Question


def ask_grey(rng: np.random.Generator) -> list[Question]:
    """A grey level from 0 to 1."""
    grey = int(rng.integers(20, 250))
    return [
        Question(
            "x",
            f"A pixel has the grey level {grey} of 0 to 255. What number goes into the network?",
            grey / 255,
            {"there are 256 levels, but the largest is 255.": grey / 256, "white would be 1: divide.": 255 / grey},
            ("Divide by the largest level.",),
            f"{grey} / 255 = {num(grey / 255)}",
        ),
    ]


def ask_batches(rng: np.random.Generator) -> list[Question]:
    """Gradients of samples, of a batch, and an epoch in steps."""
    g = rng.choice(np.arange(-9, 10), 4, replace=False).astype(float)
    n, size = int(rng.choice([600, 1000, 2000])), int(rng.choice([10, 20, 50]))
    return [
        Question(
            "the batch's gradient",
            f"Two samples of a batch have the gradients {num(g[0])} and {num(g[1])}. The "
            "loss is the mean over the batch. What is its gradient?",
            float(g[:2].mean()),
            {"this is the sum; the loss is a mean.": float(g[:2].sum())},
            ("The mean of both.",),
            f"({num(g[0])} + {num(g[1])}) / 2 = {num(g[:2].mean())}",
        ),
        Question(
            "the full gradient",
            f"The other two samples of the data set have {num(g[2])} and {num(g[3])}. What is "
            "the gradient over all four?",
            float(g.mean()),
            {"this is the second batch's.": float(g[2:].mean()), "this is the sum.": float(g.sum())},
            ("The mean of all four; also of both batches'.",),
            f"{num(g.sum())} / 4 = {num(g.mean())}",
        ),
        Question(
            "steps",
            f"How many steps has an epoch of {n} samples in batches of {size}?",
            n // size,
            {"a step takes a batch, not a sample.": n},
            ("Each sample once.",),
            f"{n} / {size} = {n // size}",
        ),
        Question(
            "the spread",
            f"The gradients of single samples have the standard deviation {num(abs(g[0]) + 2)}. About "
            "what has the mean of a batch of 16, of a very large data set?",
            (abs(g[0]) + 2) / 4,
            {"it falls with √B, not with B.": (abs(g[0]) + 2) / 16},
            ("σ / √B",),
            f"{num(abs(g[0]) + 2)} / √16 = {num((abs(g[0]) + 2) / 4)}",
        ),
    ]


def ask_momentum(rng: np.random.Generator) -> list[Question]:
    """Two steps with a velocity, and how fast it gets."""
    g1, g2 = tenths(rng, -20, 20, 2)
    mu, eta, w = float(rng.choice([0.5, 0.8, 0.9])), 0.1, float(tenths(rng, -9, 9)[0])
    v1, v2 = g1, mu * g1 + g2
    return [
        Question(
            "v after two steps",
            f"μ = {num(mu)}, v starts at 0; the gradients are {num(g1)} and {num(g2)}. What is v after both?",
            v2,
            {
                "this is the plain sum; the old velocity fades by μ.": g1 + g2,
                "μ belongs to the old velocity, not to the gradient.": g1 + mu * g2,
                "this is a running mean; v adds the whole gradient.": mu * (1 - mu) * g1 + (1 - mu) * g2,
            },
            (f"After the first step v = {num(g1)}.",),
            f"{num(mu)} · {num(g1)} + {num(g2)} = {num(v2)}",
        ),
        Question(
            "w after two steps",
            f"η = {num(eta)} and w starts at {num(w)}. Where is w after both steps?",
            w - eta * (v1 + v2),
            {
                "this moves by the gradients; w moves by v.": w - eta * (g1 + g2),
                "w has moved in the first step, too.": w - eta * v2,
                "this goes up the slope.": w + eta * (v1 + v2),
            },
            ("Each step subtracts η v.",),
            f"{num(w)} − 0.1 · ({num(v1)} + {num(v2)}) = {num(w - eta * (v1 + v2))}",
        ),
        Question(
            "the final speed",
            f"If the gradient stays {num(g1)} for ever, what does v approach?",
            g1 / (1 - mu),
            {"v is the sum of all, not their mean.": g1},
            ("v = μ v + g",),
            f"{num(g1)} / (1 − {num(mu)}) = {num(g1 / (1 - mu))}",
        ),
    ]


def ask_adam(rng: np.random.Generator) -> list[Question]:
    """The first and the second step of Adam."""
    g1, g2 = tenths(rng, 2, 20, 2) * rng.choice([-1, 1], 2)
    m1, v1 = 0.1 * g1, 0.001 * g1 * g1
    m2, v2 = 0.9 * m1 + 0.1 * g2, 0.999 * v1 + 0.001 * g2 * g2
    corrected, root = m2 / (1 - 0.81), float(np.sqrt(v2 / (1 - 0.999**2)))
    return [
        Question(
            "m and m̂",
            f"β₁ = 0.9; the first gradient is {num(g1)}. What are m and its corrected m̂?",
            np.array([m1, g1]),
            {"m starts at 0, so it is 0.1 g.": np.array([g1, g1]), "divide by 1 − β₁.": np.array([m1, m1 / 0.9])},
            ("m = 0.1 g, then divide by 1 − 0.9.",),
            f"{num(m1)} / 0.1 = {num(g1)}",
        ),
        Question(
            "the first step",
            "How far does the weight move in it, in units of η, with its sign? (θ changes by …)",
            -float(np.sign(g1)),
            {"it goes against the gradient.": float(np.sign(g1)), "the gradient is divided by its own size.": -g1},
            ("−m̂ / √v̂, and √v̂ = |g|.",),
            f"−{num(g1)} / {num(abs(g1))} = {num(-np.sign(g1))}",
        ),
        Question(
            "m̂ after the second",
            f"The second gradient is {num(g2)}. What is m̂ now?",
            corrected,
            {"this is m; divide by 1 − 0.9².": m2, "the correction is 1 − 0.9² in the second step.": m2 / 0.1},
            (f"m = 0.9 · {num(m1)} + 0.1 · {num(g2)} = {num(m2)}",),
            f"{num(m2)} / 0.19 = {num(corrected)}",
        ),
        Question(
            "the second step",
            f"√v̂ is {num(root)}. What does θ change by, in units of η?",
            -corrected / root,
            {"it goes against m̂.": corrected / root},
            ("−m̂ / √v̂",),
            f"−{num(corrected)} / {num(root)} = {num(-corrected / root)}",
        ),
    ]


def ask_penalty(rng: np.random.Generator) -> list[Question]:
    """L2 and L1 on one weight, and dropout on one unit."""
    w, g = float(tenths(rng, 2, 20)[0] * rng.choice([-1, 1])), float(tenths(rng, -9, 9)[0])
    rate, c, p = float(rng.choice([0.1, 0.2, 0.5])), float(rng.integers(1, 5)), float(rng.choice([0.2, 0.5]))
    return [
        Question(
            "with L2",
            f"w = {num(w)}, the loss's gradient is {num(g)}, λ = {num(rate)}. What is the gradient of L + ½ λ w²?",
            g + rate * w,
            {
                "½ w² has the derivative w, without a 2 or ½.": g + 2 * rate * w,
                "this is L1's.": g + rate * float(np.sign(w)),
                "the penalty is added.": g - rate * w,
            },
            ("g + λ w",),
            f"{num(g)} + {num(rate)} · {num(w)} = {num(g + rate * w)}",
        ),
        Question(
            "with L1",
            "And of L + λ |w|?",
            g + rate * float(np.sign(w)),
            {"this is L2's.": g + rate * w, "the sign of w counts.": g - rate * float(np.sign(w))},
            ("g + λ sign(w)",),
            f"{num(g)} {'+' if w > 0 else '−'} {num(rate)} = {num(g + rate * float(np.sign(w)))}",
        ),
        Question(
            "where w settles",
            f"The data alone want w = {num(c)}: the loss is ½ (w − {num(c)})². Where is the lowest "
            f"point of it plus ½ λ w², λ = {num(rate)}?",
            c / (1 + rate),
            {"this is L1's.": c - rate, "the slope is (w − c) + λ w = 0.": c / rate},
            ("(w − c) + λ w = 0",),
            f"{num(c)} / (1 + {num(rate)}) = {num(c / (1 + rate))}",
        ),
        Question(
            "dropout",
            f"A unit with the output {num(abs(w))} is kept by a dropout of p = {num(p)}. What does it hand "
            "on in training?",
            abs(w) / (1 - p),
            {
                "it is divided by 1 − p, so that the mean stays.": abs(w),
                "divide by the share that is kept, 1 − p.": abs(w) / p,
                "divide, not multiply.": abs(w) * (1 - p),
            },
            ("Kept ones are scaled up by 1/(1 − p).",),
            f"{num(abs(w))} / {num(1 - p)} = {num(abs(w) / (1 - p))}",
        ),
    ]


def ask_nines(rng: np.random.Generator) -> list[Question]:
    """Accuracy, precision and recall from four counts."""
    found, missed, false = (int(rng.integers(low, high)) for low, high in ((60, 95), (5, 40), (5, 40)))
    true = 1000 - found - missed - false
    return [
        Question(
            "accuracy",
            f"Of 1,000 digits, {found} nines are called nine, {missed} nines are not, {false} others are "
            f"called nine and {true} are not. What is the accuracy, from 0 to 1?",
            (found + true) / 1000,
            {"others that are not called nine are right, too.": found / 1000},
            ("All that are right.",),
            f"({found} + {true}) / 1000 = {num((found + true) / 1000)}",
        ),
        Question(
            "precision",
            "Of those called nine, which share is right?",
            found / (found + false),
            {"this is the recall.": found / (found + missed)},
            ("The denominator has all called nine.",),
            f"{found} / ({found} + {false}) = {num(found / (found + false))}",
        ),
        Question(
            "recall",
            "Of the nines, which share is found?",
            found / (found + missed),
            {"this is the precision.": found / (found + false)},
            ("The denominator has all nines.",),
            f"{found} / ({found} + {missed}) = {num(found / (found + missed))}",
        ),
        Question(
            "never nine",
            "A network that never says nine: what is its accuracy?",
            (true + false) / 1000,
            {"it is wrong for every nine, and right for all others.": (found + missed) / 1000},
            ("All that are not nines.",),
            f"({true} + {false}) / 1000 = {num((true + false) / 1000)}",
        ),
    ]


ABOUT_TRAINING = {
    "normalisation": ask_grey,
    "mini-batches": ask_batches,
    "momentum": ask_momentum,
    "adam": ask_adam,
    "regularisation": ask_penalty,
    "nine-detector": ask_nines,
}
