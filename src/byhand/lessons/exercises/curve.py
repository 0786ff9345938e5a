"""Exercise of the lesson curve: three figures of a prediction, and the way back from standardised targets."""

import numpy as np

from byhand.lessons.graph import four_decimals as num
from byhand.lessons.question import Question


def ask_predictions(rng: np.random.Generator) -> list[Question]:
    """MAE, RMSE, R², and a prediction in the old unit."""
    t = rng.choice(np.arange(1, 10), 4, replace=False).astype(float)
    y = t + rng.permutation([-2.0, -1, 1, 1])
    error, spread = y - t, t - t.mean()
    mse, r2 = float(np.mean(error**2)), 1 - float((error @ error) / (spread @ spread))
    mean, deviation, s = (
        float(10 * rng.integers(5, 20)),
        float(10 * rng.integers(1, 5)),
        float(rng.choice([-1.5, -0.5, 0.5, 1.5])),
    )
    return [
        Question(
            "MAE",
            f"The targets are {', '.join(map(num, t))}, the predictions {', '.join(map(num, y))}. What is the mean "
            "absolute error?",
            float(np.abs(error).mean()),
            {
                "errors count without their signs.": float(error.mean()),
                "this is the mean of the squares.": mse,
                "this is the sum; divide by 4.": float(np.abs(error).sum()),
            },
            (f"The errors are {', '.join(map(num, error))}.",),
            f"{num(np.abs(error).sum())} / 4 = {num(np.abs(error).mean())}",
        ),
        Question(
            "RMSE",
            "And the root mean squared error?",
            float(np.sqrt(mse)),
            {
                "the root is missing.": mse,
                "this is the root of the sum; first divide by 4.": float(np.sqrt(4 * mse)),
                "this is the MAE: square before the mean.": float(np.abs(error).mean()),
            },
            (f"The squared errors are {', '.join(map(num, error**2))}.",),
            f"√({num(4 * mse)} / 4) = {num(float(np.sqrt(mse)))}",
        ),
        Question(
            "R²",
            "And R², the share of the variance that is explained?",
            r2,
            {
                "this is the share that is not explained; 1 minus it.": 1 - r2,
                "the variance is measured from the mean of the targets.": 1 - float((error @ error) / (t @ t)),
            },
            (f"The mean of the targets is {num(t.mean())}.", "1 − Σ (y − t)² / Σ (t − t̄)²"),
            f"1 − {num(error @ error)} / {num(spread @ spread)} = {num(r2)}",
        ),
        Question(
            "the old unit",
            f"A network has learnt standardised prices: less their mean {num(mean)}, over their standard deviation "
            f"{num(deviation)}. It predicts {num(s)}. Which price is that?",
            s * deviation + mean,
            {
                "the mean has to be added.": s * deviation,
                "this standardises once more; turn it round.": (s - mean) / deviation,
                "first times the standard deviation, then plus the mean.": (s + mean) * deviation,
            },
            ("s = (t − mean) / deviation; solve for t.",),
            f"{num(s)} · {num(deviation)} + {num(mean)} = {num(s * deviation + mean)}",
        ),
    ]
