"""Exercise of the lesson spam-threshold: evidence, a threshold, a bias."""

import numpy as np

from byhand.lessons.graph import four_decimals as num
from byhand.lessons.question import Question
from byhand.lessons.spam import MAILS


def ask_evidence(rng: np.random.Generator) -> list[Question]:
    """The evidence of one mail, the bias, the verdict, and how many kinds of mail are spam."""
    w = np.array([*rng.choice(np.arange(1, 6), 2, replace=False), -rng.integers(1, 5)], float)
    threshold, x = float(rng.choice([0.5, 1.5, 2.5])), MAILS[rng.choice([3, 5, 7])]  # the sender is known
    evidence, spam = float(w @ x), int(w @ x > threshold)
    answers = ", ".join("yes" if yes else "no" for yes in x)
    return [
        Question(
            "the evidence",
            f"Three questions about a mail count {', '.join(map(num, w))} (win?, exclamation marks?, known sender?). "
            f"A mail is spam if its evidence is above {num(threshold)}. The answers are {answers}. What is the "
            "evidence?",
            evidence,
            {
                "a no counts nothing: its weight is left out.": float(w.sum()),
                "the weight of a known sender is negative.": float(np.abs(w) @ x),
                "this has the threshold subtracted already.": evidence - threshold,
            },
            ("Add the weights of the questions whose answer is yes.",),
            " + ".join(f"{num(weight)}·{num(yes)}" for weight, yes in zip(w, x, strict=True)) + f" = {num(evidence)}",
        ),
        Question(
            "the bias",
            "The same filter written with a bias: it is spam if w·x + b > 0. What is b?",
            -threshold,
            {"the bias is the threshold with its sign turned.": threshold},
            ("w·x > threshold is the same as w·x − threshold > 0.",),
            f"b = −threshold = {num(-threshold)}",
        ),
        Question(
            "the verdict",
            "Is this mail spam? 1 for yes, 0 for no.",
            spam,
            {"compare the evidence with the threshold once more.": 1 - spam},
            (f"Is {num(evidence)} above {num(threshold)}?",),
            f"{num(evidence)} > {num(threshold)}: {'yes, so 1' if spam else 'no, so 0'}",
        ),
        Question(
            "kinds of spam",
            "Three answers make eight kinds of mail. How many of them are spam?",
            int(np.sum(MAILS @ w > threshold)),
            {
                "this compares with 0, not with the threshold.": int(np.sum(MAILS @ w > 0)),
                "this counts a known sender as evidence for spam.": int(np.sum(MAILS @ np.abs(w) > threshold)),
            },
            ("Write down the evidence of all eight.",),
            f"The evidence is {', '.join(map(num, MAILS @ w))}: {np.sum(MAILS @ w > threshold)} are above.",
        ),
    ]
