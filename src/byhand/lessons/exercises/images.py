"""Exercises about convolutions and networks that draw."""

import numpy as np

from byhand.core.types import Array
from byhand.lessons.exercises.networks import row_by_row
from byhand.lessons.exercises.neurons import sigmoid_of, tenths
from byhand.lessons.graph import four_decimals as num
from byhand.lessons.question import Question


def windows(x: Array, w: Array) -> Array:
    """Σₖₗ x[r + k, s + l] w[k, l] for each place (r, s) of w (kh, kw) in x (h, w)."""
    rows, columns = x.shape[0] - w.shape[0] + 1, x.shape[1] - w.shape[1] + 1
    return np.array(
        [[(x[r : r + w.shape[0], s : s + w.shape[1]] * w).sum() for s in range(columns)] for r in range(rows)]
    )


def ask_convolution(rng: np.random.Generator) -> list[Question]:
    """Forward and back through a 2 × 2 kernel."""
    x, w = rng.integers(0, 4, (3, 3)).astype(float), rng.integers(-2, 3, (2, 2)).astype(float)
    w[0], dy = (1, -2), rng.integers(-1, 3, (2, 2)).astype(float)
    dy[0, 0] = 1
    y, turned, dw = windows(x, w), windows(x, w[::-1, ::-1]), windows(x, dy)
    dx = windows(np.pad(dy, 1), w[::-1, ::-1])
    return [
        Question(
            "y",
            f"x = {row_by_row(x)}, w = {row_by_row(w)}, no bias, stride 1, no padding. What is y? Four numbers, row by "
            "row.",
            y,
            {"here the kernel is turned round; networks do not turn it.": turned},
            ("y[0, 0] takes the four pixels at the top left.",),
            row_by_row(y),
        ),
        Question(
            "dw",
            f"dy = {row_by_row(dy)}. What is dw? Four numbers, row by row.",
            dw,
            {"this is the sum of dy times w; the kernel's gradient takes the pixels.": dy * w},
            ("w[0, 0] meets the four pixels at the top left, once with each dy.",),
            row_by_row(dw),
        ),
        Question(
            "db",
            "If there were a bias, what would be its gradient?",
            float(dy.sum()),
            {"the bias is in every output: add up.": float(dy.mean())},
            ("The sum of dy.",),
            num(dy.sum()),
        ),
        Question(
            "dx",
            "What is dx at the middle pixel, x[1, 1]?",
            float(dx[1, 1]),
            {"seen from the pixel the kernel is turned: dy[0, 0] reaches it through w[1, 1].": float((dy * w).sum())},
            ("It lies in all four windows.", "dy[0, 0] w[1, 1] + dy[0, 1] w[1, 0] + …"),
            f"Σ dy[r, s] w[1 − r, 1 − s] = {num(dx[1, 1])}",
        ),
    ]


def ask_transposed(rng: np.random.Generator) -> list[Question]:
    """A kernel of three with stride 2, and its transpose."""
    kernel = rng.choice(np.arange(1, 5), 3, replace=False).astype(float)
    y, x = rng.integers(-2, 4, 5).astype(float), rng.choice(np.arange(1, 5), 2, replace=False).astype(float)
    A = np.zeros((2, 5))
    A[0, :3] = A[1, 2:] = kernel
    names = ", ".join(map(num, kernel))
    return [
        Question(
            "A y",
            f"A convolution with the kernel ({names}) and stride 2. What does it make of ({', '.join(map(num, y))})? "
            "Two numbers.",
            A @ y,
            {
                "the stride is 2: the second window starts at the third number.": np.array(
                    [kernel @ y[:3], kernel @ y[1:4]]
                )
            },
            ("Numbers 1 to 3, and 3 to 5.",),
            f"({', '.join(map(num, A @ y))})",
        ),
        Question(
            "Aᵀ x",
            f"And its transpose of ({num(x[0])}, {num(x[1])})? Five numbers.",
            A.T @ x,
            {"in the middle both overlap and add up.": np.concatenate([x[0] * kernel, x[1] * kernel[1:]])},
            ("Each number adds its multiple of the kernel, the second two places further.",),
            f"({', '.join(map(num, A.T @ x))})",
        ),
    ]


def ask_adversaries(rng: np.random.Generator) -> list[Question]:
    """The gradients of both losses by the critic's logits."""
    real, drawn = tenths(rng, -20, 20, 2)
    a, b = sigmoid_of(real), sigmoid_of(drawn)
    return [
        Question(
            "the critic",
            f"The critic gives the logit {num(real)} to a real sample and {num(drawn)} to a drawn one. Its "
            "loss is −log σ(D(x)) − log(1 − σ(D(G(z)))). What are its gradients by the two logits?",
            np.array([a - 1, b]),
            {
                "the drawn one's target is 0 here.": np.array([a - 1, b - 1]),
                "the sign is turned.": np.array([1 - a, -b]),
            },
            ("σ − target, for each.",),
            f"{num(a)} − 1 = {num(a - 1)} and {num(b)} − 0",
        ),
        Question(
            "the generator",
            "The generator's loss is −log σ(D(G(z))). What is its gradient by that logit?",
            b - 1,
            {"the generator wants the target 1.": b},
            ("The target is 1 now.",),
            f"{num(b)} − 1 = {num(b - 1)}",
        ),
    ]


def ask_latent(rng: np.random.Generator) -> list[Question]:
    """A draw, the divergence, and both gradients."""
    mu, noise, dz = tenths(rng, -15, 15, 3)
    sd = float(rng.choice([0.5, 2.0, 4.0]))
    v = float(np.log(sd * sd))
    kl = 0.5 * (mu * mu + sd * sd - 1 - v)
    dv = 0.5 * sd * noise * dz + 0.5 * (sd * sd - 1)
    return [
        Question(
            "z",
            f"μ = {num(mu)}, log σ² = {num(v)}, so σ = {num(sd)}; ε = {num(noise)}. What is z?",
            mu + sd * noise,
            {"σ, not σ²: z = μ + σ ε.": mu + sd * sd * noise, "log σ² is not σ.": mu + v * noise},
            ("z = μ + σ ε",),
            f"{num(mu)} + {num(sd)} · {num(noise)} = {num(mu + sd * noise)}",
        ),
        Question(
            "KL",
            "What is the divergence from N(0, 1), in nats?",
            kl,
            {"the ½ is missing.": 2 * kl, "the logarithm is that of σ².": 0.5 * (mu * mu + sd * sd - 1 - v / 2)},
            ("½ (μ² + σ² − 1 − log σ²)",),
            f"½ ({num(mu * mu)} + {num(sd * sd)} − 1 − {num(v)}) = {num(kl)}",
        ),
        Question(
            "∂L/∂μ and ∂L/∂v",
            f"∂L/∂z of the decoder is {num(dz)}; v = log σ². What are ∂L/∂μ and ∂L/∂v, with KL?",
            np.array([dz + mu, dv]),
            {
                "the divergence's part is missing.": np.array([dz, 0.5 * sd * noise * dz]),
                "∂σ/∂v = ½ σ, because v = 2 log σ.": np.array([dz + mu, sd * noise * dz + 0.5 * (sd * sd - 1)]),
            },
            ("∂L/∂μ = ∂L/∂z + μ", "∂L/∂v = ½ σ ε ∂L/∂z + ½ (σ² − 1)"),
            f"({num(dz + mu)}, {num(dv)})",
        ),
    ]


ABOUT_IMAGES = {
    "convolution": ask_convolution,
    "transposed-convolution": ask_transposed,
    "two-adversaries": ask_adversaries,
    "latent-number": ask_latent,
}
