"""Exercise of the lesson gradient-penalty: a critic's slope, its penalty, and the gradient of the penalty."""

import numpy as np

from byhand.generating import GradientPenalty
from byhand.layers import Dense, ReLU
from byhand.lessons.exercises.networks import in_a_row, row_by_row
from byhand.lessons.graph import four_decimals as num
from byhand.lessons.question import Question
from byhand.losses import Wasserstein
from byhand.network import Network

SLOPES = ((3, 4, 5), (4, 3, 5), (6, 8, 10), (8, 6, 10), (5, 12, 13))  # s₁, s₂ and the length of (s₁, s₂)


def ask_gradient_penalty(rng: np.random.Generator) -> list[Question]:
    """s = W1 W2, P = (‖s‖ − 1)², and ∂P/∂s, ∂P/∂W1, ∂P/∂W2."""
    *s, length = map(float, SLOPES[rng.integers(len(SLOPES))])
    k, second = float(rng.integers(1, 3)), np.array([[1, 0], [0, 1], [1, 1]][rng.integers(3)], float)
    W1, W2 = np.column_stack([s - k * second, second]), np.array([1, k])  # both units are active at x = (1, 1)
    critic = Network(2, [Dense(2, bias=False), ReLU(), Dense(1, bias=False)], Wasserstein(), rng=None, dtype=np.float64)
    critic.p[0].W[...], critic.p[2].W[:, 0] = W1, W2
    critic.gradient = np.zeros(critic.size)
    penalty = float(GradientPenalty(critic, 1, 1.0)(np.ones((1, 2))))
    dW1, dW2 = critic.g[0].W.copy(), critic.g[2].W[:, 0].copy()
    slope = np.array(s)
    r = 2 * (length - 1) * slope / length
    return [
        Question(
            "s",
            f"A critic D(x) = max(0, x W1) W2 without biases, W1 = {row_by_row(W1)}, W2 = {in_a_row(W2)}ᵀ, at x = (1, "
            "1), where both units are active. What is its slope s by x? Two numbers.",
            slope,
            {
                "this is W1ᵀ W2; a row of W1 belongs to an input.": W1.T @ W2,
                "the weights W2 are missing.": W1.sum(axis=1),
            },
            ("s = W1 W2, because the ReLU's slopes are 1 here.",),
            in_a_row(slope),
        ),
        Question(
            "P",
            "The penalty is P = (‖s‖ − 1)². What is it?",
            penalty,
            {
                "the length ‖s‖ is a root.": (length**2 - 1) ** 2,
                "the square is missing.": length - 1,
                "first subtract 1, then square.": length**2 - 1,
            },
            (f"‖s‖ = √({num(s[0])}² + {num(s[1])}²) = {num(length)}",),
            f"({num(length)} − 1)² = {num(penalty)}",
        ),
        Question(
            "∂P/∂s",
            "What is ∂P/∂s? Two numbers.",
            r,
            {
                "the 2 of the square is missing.": r / 2,
                "‖s‖ has the gradient s / ‖s‖, of length 1.": r * length,
                "the factor ‖s‖ − 1 is missing.": 2 * slope / length,
            },
            ("2 (‖s‖ − 1) times the gradient of ‖s‖, which is s / ‖s‖.",),
            f"2 · {num(length - 1)} · {in_a_row(slope)} / {num(length)} = {in_a_row(r)}",
        ),
        Question(
            "∂P/∂W1",
            "What is ∂P/∂W1? Four numbers, row by row.",
            dW1,
            {"s = W1 W2: each column has its number of W2.": np.outer(r, [1, 1]), "this is transposed.": dW1.T},
            ("rᵀ W2ᵀ with r = ∂P/∂s, as for any product of matrices.",),
            row_by_row(dW1),
        ),
        Question(
            "∂P/∂W2",
            "And ∂P/∂W2? Two numbers.",
            dW2,
            {
                "this is W1 r; the gradient is r W1.": W1 @ r,
                "here r goes forward through W1, not x.": W1.sum(axis=0),
            },
            ("r W1",),
            f"{in_a_row(r)} W1 = {in_a_row(dW2)}",
        ),
    ]
