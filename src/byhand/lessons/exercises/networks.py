"""Exercises about whole networks: the 2-2-1 network step by step, layers as matrices, softmax."""

import numpy as np

from byhand.core.types import Array
from byhand.explaining.explain import trace
from byhand.layers import Dense, Sigmoid
from byhand.lessons.exercises.neurons import tenths
from byhand.lessons.graph import four_decimals as num
from byhand.lessons.question import Question
from byhand.losses import MSE, BinaryCrossEntropy, CategoricalCrossEntropy
from byhand.network import Network


def in_a_row(numbers: Array) -> str:
    """(1, −0.5)."""
    return "(" + ", ".join(map(num, np.ravel(numbers))) + ")"


def row_by_row(numbers: Array) -> str:
    """( 1  2 ; 3  4 )."""
    return "( " + " ; ".join("  ".join(map(num, line)) for line in numbers) + " )"


def two_two_one(rng: np.random.Generator, log_loss: bool) -> list[Question]:
    """Forward and back through a 2-2-1 network of sigmoids, with fresh weights."""
    layers = [Dense(2), Sigmoid(), Dense(1)] + ([] if log_loss else [Sigmoid()])
    network = Network(2, layers, BinaryCrossEntropy() if log_loss else MSE(), rng=None, dtype=np.float64)
    first, _, last, *_ = network.p
    first.W[...], first.b[...] = tenths(rng, -9, 9, 4).reshape(2, 2), tenths(rng, -5, 5, 2)
    last.W[:, 0], last.b[...] = tenths(rng, -9, 9, 2), tenths(rng, -5, 5)
    x, t = tenths(rng, 2, 15, 2)[np.newaxis], np.array([[float(rng.integers(2))]])
    v = trace(network, x, t)
    W1, W2, z1, a1, a, dz2 = v["W1"], v["W2"], v["z1"], v["a1"], float(v["a2"][0, 0]), v["dz2"]
    slope, error = a * (1 - a), a - float(t[0, 0])
    loss_name = "L = −[t log a2 + (1 − t) log(1 − a2)]" if log_loss else "L = (a2 − t)²"
    if log_loss:
        delta_slips = {
            "this is ∂L/∂a2; times the sigmoid's slope it is ∂L/∂z2.": error / slope,
            "with the log loss the sigmoid's slope cancels.": error * slope,
        }
        delta = f"a2 − t = {num(error)}"
    else:
        delta_slips = {
            "the sigmoid's slope a2 (1 − a2) and the 2 are missing.": error,
            "the sigmoid's slope a2 (1 − a2) is missing.": 2 * error,
            "the 2 of the square is missing.": error * slope,
        }
        delta = f"2 · {num(error)} · {num(a)} · {num(1 - a)} = {num(dz2[0, 0])}"
    back = dz2 @ W2.T
    return [
        Question(
            "z1",
            f"A 2-2-1 network of sigmoids; samples are rows. x = {in_a_row(x)}, W1 = {row_by_row(W1)}, "
            f"b1 = {in_a_row(v['b1'])}, W2 = {in_a_row(W2)}ᵀ, b2 = {num(v['b2'][0])}, "
            f"t = {num(t[0, 0])}, {loss_name}. What is z1 = x W1 + b1?",
            z1[0],
            {
                "this takes the rows of W1; unit j's weights are column j.": (x @ W1.T + v["b1"])[0],
                "the bias is missing.": (x @ W1)[0],
            },
            ("z1₁ = x₁ W1₁₁ + x₂ W1₂₁ + b1₁",),
            f"x W1 + b1 = {in_a_row(z1)}",
        ),
        Question(
            "a1",
            "What is a1 = σ(z1)?",
            a1[0],
            {"this is σ(−z1).": 1 - a1[0]},
            ("1 / (1 + e^−z), twice",),
            f"σ{in_a_row(z1)} = {in_a_row(a1)}",
        ),
        Question(
            "a2",
            "What is a2?",
            a,
            {"this is z2; it goes through σ, too.": float(v["z2"][0, 0])},
            (f"z2 = a1 W2 + b2 = {num(v['z2'][0, 0])}",),
            f"σ({num(v['z2'][0, 0])}) = {num(a)}",
        ),
        Question(
            "∂L/∂z2",
            "Backward. What is δ = ∂L/∂z2?",
            float(dz2[0, 0]),
            {"the sign is turned: it is a2 − t.": -float(dz2[0, 0])} | delta_slips,
            ("∂L/∂a2 times the sigmoid's slope a2 (1 − a2).",),
            delta,
        ),
        Question(
            "∂L/∂W2",
            "What is ∂L/∂W2?",
            v["dW2"][:, 0],
            {
                "the inputs of this layer are a1, not x.": (x.T @ dz2)[:, 0],
                "the inputs are a1, not z1.": (z1.T @ dz2)[:, 0],
                "the sign is turned.": -v["dW2"][:, 0],
            },
            ("Each weight's gradient is its input times δ.",),
            f"{in_a_row(a1)}ᵀ · {num(dz2[0, 0])} = {in_a_row(v['dW2'])}ᵀ",
        ),
        Question(
            "∂L/∂z1",
            "What is ∂L/∂z1?",
            v["dz1"][0],
            {
                "the sigmoids' slopes a1 (1 − a1) are missing.": back[0],
                "the way back goes through the weights W2.": (dz2 * a1 * (1 - a1))[0],
                "the slope is a1 (1 − a1), not z1 (1 − z1).": (back * z1 * (1 - z1))[0],
            },
            (f"First ∂L/∂a1 = δ W2ᵀ = {in_a_row(back)}.", "Then times a1 (1 − a1), number by number."),
            f"{in_a_row(back)} ⊙ {in_a_row(a1 * (1 - a1))} = {in_a_row(v['dz1'])}",
        ),
        Question(
            "∂L/∂W1",
            "What is ∂L/∂W1? Four numbers, row by row.",
            v["dW1"],
            {"the sign is turned.": -v["dW1"]},
            ("xᵀ ∂L/∂z1: row i belongs to input i.",),
            f"xᵀ ∂L/∂z1 = {row_by_row(v['dW1'])}",
        ),
    ]


def ask_squared(rng: np.random.Generator) -> list[Question]:
    """With the mean squared error."""
    return two_two_one(rng, log_loss=False)


def ask_logarithmic(rng: np.random.Generator) -> list[Question]:
    """With the log loss."""
    return two_two_one(rng, log_loss=True)


def ask_checking(rng: np.random.Generator) -> list[Question]:
    """A central difference, and what it says about two formulas."""
    w, h = float(rng.integers(2, 5)), 0.5
    c = float(rng.choice([2, 3, 4, 5]))
    right, difference = 3 * c * w * w, (c * (w + h) ** 3 - c * (w - h) ** 3) / (2 * h)
    k = float(rng.choice([0.5, 2.0, -0.5]))
    distance = abs(k - 1) / (abs(k) + 1)
    return [
        Question(
            "the difference",
            f"L(w) = {num(c)} w³. What is [L(w + h) − L(w − h)] / 2h at w = {num(w)} with h = 0.5?",
            difference,
            {
                "divide by 2h, not by h.": 2 * difference,
                "this is the derivative itself.": right,
                "this goes to one side only.": (c * (w + h) ** 3 - c * w**3) / h,
            },
            (f"L({num(w + h)}) = {num(c * (w + h) ** 3)}, L({num(w - h)}) = {num(c * (w - h) ** 3)}",),
            f"({num(c * (w + h) ** 3)} − {num(c * (w - h) ** 3)}) / 1 = {num(difference)}",
        ),
        Question(
            "its error",
            "The derivative is 3 · " + num(c) + f" w² = {num(right)}. How far is the difference above it?",
            difference - right,
            {},
            ("Subtract; it is L‴ h²/6.",),
            f"{num(difference)} − {num(right)} = {num(difference - right)}",
        ),
        Question(
            "the error with h = 0.05",
            "How far would it be with a tenth of h?",
            (difference - right) / 100,
            {"the error falls with h², not with h.": (difference - right) / 10},
            ("The error is proportional to h².",),
            f"{num(difference - right)} / 100 = {num((difference - right) / 100)}",
        ),
        Question(
            "the relative difference",
            f"A formula gives {num(k * right)} where differences give {num(right)}. What is |a − b| / (|a| + |b|)?",
            distance,
            {
                "divide by the sum of both sizes.": abs(k - 1),
                "the sizes in the denominator have no sign.": abs(k - 1) / abs(k + 1),
            },
            ("Above 10⁻³ something is wrong.",),
            f"{num(abs(k - 1) * right)} / {num((abs(k) + 1) * right)} = {num(distance)}",
        ),
    ]


def ask_as_matrix(rng: np.random.Generator) -> list[Question]:
    """y = x W + b and its three gradients, with small whole numbers."""
    x, W = (rng.integers(-3, 4, shape).astype(float) for shape in ((2, 3), (3, 2)))
    b, dy = rng.integers(-2, 3, 2).astype(float), rng.integers(-2, 3, (2, 2)).astype(float)
    b[0], dy[0, 1] = 2, 2 - dy[1, 0]  # not all 0, and not symmetric unless 1 = 1
    dW, dx = x.T @ dy, dy @ W.T
    return [
        Question(
            "y",
            f"x = {row_by_row(x)} (2 samples), W = {row_by_row(W)}, b = {in_a_row(b)}. What is y = x W + b? "
            "Four numbers, row by row.",
            x @ W + b,
            {"the bias is missing.": x @ W},
            ("Row of x times column of W, plus b.",),
            row_by_row(x @ W + b),
        ),
        Question(
            "dW",
            f"dy = {row_by_row(dy)}. What is dW? Six numbers, row by row.",
            dW,
            {
                "it is xᵀ dy, not dyᵀ x: dW has W's shape.": dW.T,
                "this is the mean over samples; dy has the division in it already.": dW / 2,
            },
            ("xᵀ dy, (3, 2)(2, 2).",),
            row_by_row(dW),
        ),
        Question(
            "db",
            "What is db?",
            dy.sum(axis=0),
            {
                "this adds along the rows; b has one number for each unit, so add over samples.": dy.sum(axis=1),
                "this is the mean; the samples add up.": dy.mean(axis=0),
            },
            ("Add over samples.",),
            in_a_row(dy.sum(axis=0)),
        ),
        Question(
            "dx",
            "What is dx? Six numbers, row by row.",
            dx,
            {"this is transposed.": dx.T},
            ("dy Wᵀ, (2, 2)(2, 3).",),
            row_by_row(dx),
        ),
    ]


def ask_counts(rng: np.random.Generator) -> list[Question]:
    """The parameters of a network with one hidden layer."""
    inputs, hidden, outputs = (int(rng.choice(sizes)) for sizes in ((16, 64, 100, 784), (5, 20, 32), (2, 3, 10)))
    first, last = inputs * hidden + hidden, hidden * outputs + outputs
    return [
        Question(
            "the first layer",
            f"A network {inputs}-{hidden}-{outputs}. How many parameters has its first layer?",
            first,
            {
                "the biases are missing.": inputs * hidden,
                "there is a bias for each unit, not for each input.": inputs * hidden + inputs,
            },
            ("A weight for each input and each unit, and a bias for each unit.",),
            f"{inputs} · {hidden} + {hidden} = {first}",
        ),
        Question(
            "both layers",
            "And the whole network?",
            first + last,
            {"this is the last layer alone.": last, "the biases are missing.": inputs * hidden + hidden * outputs},
            (f"The last layer has {last}.",),
            f"{first} + {last} = {first + last}",
        ),
    ]


def ask_softmax(rng: np.random.Generator) -> list[Question]:
    """Probabilities, loss and gradient of three logits."""
    powers, right = rng.choice(np.arange(1, 9), 3, replace=False).astype(float), int(rng.integers(3))
    z, t = np.log(powers), np.eye(3)[right : right + 1]
    network = Network(1, [Dense(3)], CategoricalCrossEntropy(), rng=None, dtype=np.float64)
    network.p[0].b[...] = z
    v = trace(network, np.zeros((1, 1)), t)
    p, dz = v["a1"][0], v["dz1"][0]
    return [
        Question(
            "p",
            f"Three logits are log {num(powers[0])}, log {num(powers[1])}, log {num(powers[2])}. What are "
            "their softmax probabilities?",
            p,
            {
                "the powers e^z are added, not the logits.": z / z.sum(),
                "this is σ of each; softmax divides by the sum of all.": powers / (1 + powers),
                "divide by their sum.": powers,
            },
            ("e^(log 5) = 5",),
            f"{in_a_row(powers)} / {num(powers.sum())} = {in_a_row(p)}",
        ),
        Question(
            "L",
            f"Class {right + 1} of the three is right. What is the cross-entropy?",
            float(v["L"]),
            {
                "the sign is turned.": -float(v["L"]),
                "the logarithm is missing.": float(p[right]),
                "this is the sum over all classes; only the right one counts.": float(-np.log(p).sum()),
            },
            ("−log of the probability of the right class.",),
            f"−log {num(p[right])} = {num(float(v['L']))}",
        ),
        Question(
            "∂L/∂z",
            "What is its gradient by the three logits?",
            dz,
            {
                "it is p − t, not t − p.": -dz,
                "softmax's own slope is in p − t already.": dz * p * (1 - p),
                "this is ∂L/∂p.": -t[0] / p,
                "the 1 is subtracted at the right class only.": p - 1,
            },
            ("p − t, with t = 1 for the right class.",),
            f"{in_a_row(p)} − {in_a_row(t)} = {in_a_row(dz)}",
        ),
    ]


ABOUT_NETWORKS = {
    "two-two-one-mse": ask_squared,
    "two-two-one-log-loss": ask_logarithmic,
    "gradient-checking": ask_checking,
    "layer-as-matrix": ask_as_matrix,
    "parameter-counts": ask_counts,
    "softmax-cross-entropy": ask_softmax,
}
