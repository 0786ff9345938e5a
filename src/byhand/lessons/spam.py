"""A neuron that filters mail: with a threshold, with a bias, and smoothed by a sigmoid."""

import itertools

import numpy as np

from byhand.layers import Sigmoid
from byhand.lessons.base import Board, Lesson
from byhand.lessons.neuron import neuron, output, weighted_sum

SPAM_SOURCE = "the three-feature spam perceptron that the write-ups name; the features and all numbers are ours"

# x₁: the text says "win"; x₂: three or more exclamation marks; x₃: the sender is known
WEIGHTS, THRESHOLD = (3.0, 2.0, -4.0), 2.5
MAILS = np.array(list(itertools.product([0, 1], repeat=3)), float)  # all kinds of mail there are (8, 3)
SPAM = [0, 0, 0, 0, 1, 0, 1, 0]  # what a careful reader of the weights expects


def teach_threshold(board: Board, rng: np.random.Generator) -> None:
    """Evidence is weighed and compared with a threshold; a bias says the same."""
    board.say("""Three yes-or-no questions about a mail, and how much each answer counts (numbers of our own):""")
    board.table(
        ["input", "question", "weight"],
        [
            ["x₁", 'does the text say "win"?', 3],
            ["x₂", "three or more exclamation marks?", 2],
            ["x₃", "is the sender known?", -4],
        ],
    )
    board.say("It is spam if the weighted evidence is above the threshold 2.5:")
    board.equation("spam if 3x₁ + 2x₂ − 4x₃ > 2.5,  or, with the bias b = −2.5:  3x₁ + 2x₂ − 4x₃ − 2.5 > 0")

    evidence = MAILS @ np.array(WEIGHTS)  # (8, 3)(3,) → (8,)
    by_threshold = evidence > THRESHOLD
    by_bias = output(neuron(WEIGHTS, -THRESHOLD), MAILS)
    board.table(
        ["win", "!!!", "known", "evidence", "spam?"],
        [[*map(int, mail), e, bool(s)] for mail, e, s in zip(MAILS, evidence, by_threshold, strict=True)],
    )
    board.check("spam, by threshold", by_threshold.astype(int), SPAM)
    board.check("spam, by bias", by_bias, SPAM)
    board.say("""Exclamation marks alone are not enough, "win" from a stranger is, and a friend who writes both gets
        through: with a known sender the evidence 3 + 2 − 4 = 1 stays below the threshold.""")


def teach_spam(board: Board, rng: np.random.Generator) -> None:
    """The same weights under a sigmoid: how sure, rather than yes or no, and small changes stay small."""
    board.say("""The same weights and bias, but instead of the step the sigmoid: the answer becomes a number between
        0 and 1, to be read as how likely the mail is spam.""")
    board.equation("a = σ(z) = 1 / (1 + e^−z),  z = 3x₁ + 2x₂ − 4x₃ − 2.5")
    step, smooth = neuron(WEIGHTS, -THRESHOLD), neuron(WEIGHTS, -THRESHOLD, Sigmoid())
    z, a = weighted_sum(smooth, MAILS), output(smooth, MAILS)
    board.table(
        ["win", "!!!", "known", "z", "σ(z)", "perceptron"],
        [[*map(int, m), *row] for m, *row in zip(MAILS, z, a, output(step, MAILS).astype(int), strict=True)],
    )
    board.check('"win" from a stranger: σ(0.5)', a[4], 0.6225, 5e-5)
    board.check("only exclamation marks: σ(−0.5)", a[2], 0.3775, 5e-5)
    board.check('"win" and the marks: σ(2.5)', a[6], 0.9241, 5e-5)
    board.check("above ½ exactly where the perceptron fires", (a > 0.5).astype(int), SPAM)

    board.say("""Why smooth? Turn the weight of "win" down a little and look at the mail that only says "win". The
        perceptron notices nothing, until it suddenly turns over; the sigmoid moves in proportion. That is what makes
        learning by small steps possible.""")
    win = np.array([[1.0, 0.0, 0.0]])
    weights = (3.0, 2.9, 2.6, 2.5, 2.4)
    rows = []
    for w in weights:
        changed = (w, *WEIGHTS[1:])
        fires = output(neuron(changed, -THRESHOLD), win)[0]
        rows.append([w, int(fires), output(neuron(changed, -THRESHOLD, Sigmoid()), win)[0]])
    board.table(["weight of win", "perceptron", "sigmoid"], rows)
    board.check("perceptron", [row[1] for row in rows], [1, 1, 1, 0, 0])

    board.say("For a small change the derivative foretells it; here Δw = −0.1 and x₁ = 1:")
    board.equation("Δa ≈ σ′(z) · x₁ · Δw,  with σ′(z) = a (1 − a)")
    board.check("σ′(0.5) · 1 · (−0.1)", a[4] * (1 - a[4]) * -0.1, -0.0235, 5e-5)
    board.check("what really happened", rows[1][2] - rows[0][2], -0.0238, 5e-5)


LESSONS = [
    Lesson(
        name="spam-threshold",
        title="Is this mail spam? Three features against a threshold",
        source=SPAM_SOURCE,
        teach=teach_threshold,
        requires=("perceptron-gates",),
        minutes=10,
    ),
    Lesson(
        name="spam-sigmoid",
        title="The same spam filter with a sigmoid: how sure it is",
        source=SPAM_SOURCE,
        teach=teach_spam,
        requires=("spam-threshold", "sigmoid-table"),
        minutes=10,
    ),
]
