"""Exercises about one neuron, its loss and its derivative."""

from math import exp

import numpy as np

from byhand.core.types import Array
from byhand.lessons.graph import four_decimals as num
from byhand.lessons.question import Question


def tenths(rng: np.random.Generator, low: int, high: int, size: int = 1) -> Array:
    """So many different numbers (size,) from low/10 to high/10, none of them 0."""
    return rng.choice([k for k in range(low, high + 1) if k], size, replace=False) / 10


def sigmoid_of(z: float) -> float:
    """1 / (1 + e^−z)."""
    return 1 / (1 + exp(-z))


def ask_gates(rng: np.random.Generator) -> list[Question]:
    """The sum and the output of a perceptron, and a threshold."""
    w, x = rng.choice([-3, -2, -1, 1, 2, 3], 2, replace=False), rng.choice([0, 1], 2)
    x[rng.integers(2)] = 1
    b = int(rng.choice([-2, -1, 1, 2]))
    z = int(w @ x) + b
    text = (
        f"A perceptron has the weights {num(w[0])}, {num(w[1])} and the bias {num(b)}. Its inputs are {x[0]}, {x[1]}."
    )
    return [
        Question(
            "the sum",
            f"{text} What is w₁x₁ + w₂x₂ + b?",
            z,
            {"the bias is missing.": z - b, "the bias is subtracted; it is added.": z - 2 * b},
            ("Only inputs that are 1 count their weight.",),
            f"{num(w[0])}·{x[0]} + {num(w[1])}·{x[1]} + {num(b)} = {num(z)}",
        ),
        Question(
            "the output",
            "What does it put out?",
            int(z > 0),
            {"the output is 1 only where the sum is above 0, otherwise 0.": int(z <= 0)},
            ("It is 1 if the sum is above 0, else 0.",),
            f"{num(z)} > 0: {'yes, so 1' if z > 0 else 'no, so 0'}",
        ),
        Question(
            "the threshold",
            "The same perceptron, written without a bias: it fires if w·x is above which threshold?",
            -b,
            {"the threshold is the bias with its sign turned.": b},
            ("w·x + b > 0 is the same as w·x > …",),
            f"w·x > −b = {num(-b)}",
        ),
    ]


def ask_rule(rng: np.random.Generator) -> list[Question]:
    """One change by the perceptron's learning rule."""
    w, x, t = rng.choice([-2, -1, 1, 2], 2, replace=False), np.array([1, 1]), int(rng.integers(2))
    x[rng.integers(2)] = rng.integers(2)
    b = int(1 - 2 * t - w @ x)  # so that the output is wrong: the sum is 1 where t is 0, −1 where it is 1
    error = 2 * t - 1
    new = np.array([*(w + error * x), b + error])
    return [
        Question(
            "the new weights and bias",
            f"Weights {num(w[0])}, {num(w[1])}, bias {num(b)}; inputs {x[0]}, {x[1]}, target {t}. The rule is "
            "w ← w + (t − y) x, b ← b + (t − y). Give w₁, w₂ and b after it.",
            new,
            {
                "the sign of t − y is turned.": np.array([*(w - error * x), b - error]),
                "the bias changes, too.": np.array([*(w + error * x), b]),
                "a weight changes only where its input is not 0.": np.array([*(w + error), b + error]),
            },
            (f"First the output: the sum is {num(w @ x + b)}.", f"So y = {1 - t} and t − y = {num(error)}."),
            f"y = {1 - t}, t − y = {num(error)}: w = ({num(new[0])}, {num(new[1])}), b = {num(new[2])}",
        )
    ]


def ask_sigmoid(rng: np.random.Generator) -> list[Question]:
    """σ and its slope."""
    z = float(tenths(rng, -20, 20)[0])
    a = sigmoid_of(z)
    return [
        Question(
            f"σ({num(z)})",
            f"What is 1 / (1 + e^−z) for z = {num(z)}? (To three decimals or more.)",
            a,
            {"this is σ(−z); the exponent is −z.": 1 - a, "this is e^−z / (1 + …) upside down.": 1 + exp(-z)},
            (f"e^{num(-z)} = {num(exp(-z))}",),
            f"1 / (1 + {num(exp(-z))}) = {num(a)}",
        ),
        Question(
            f"σ′({num(z)})",
            "And its slope there?",
            a * (1 - a),
            {
                "the slope takes the output a, not z: a (1 − a).": z * (1 - z),
                "this is σ applied twice; the slope is a (1 − a).": sigmoid_of(a) * (1 - sigmoid_of(a)),
                "the factor 1 − a is missing.": a * a,
            },
            ("σ′ = a (1 − a) with a = σ(z).",),
            f"{num(a)} · {num(1 - a)} = {num(a * (1 - a))}",
        ),
    ]


def ask_losses(rng: np.random.Generator) -> list[Question]:
    """Squared, absolute and log loss."""
    t = rng.choice(np.arange(1, 10), 3, replace=False).astype(float)
    c, p = float(rng.integers(1, 10)), float(rng.choice([0.2, 0.25, 0.4, 0.8]))
    mse, mae = float(np.mean((c - t) ** 2)), float(np.mean(np.abs(c - t)))
    targets = ", ".join(map(num, t))
    return [
        Question(
            "mean squared error",
            f"The targets are {targets}, the prediction is {num(c)} for each. What is the mean squared error?",
            mse,
            {
                "this is the sum; divide by 3.": 3 * mse,
                "this is the mean absolute error.": mae,
                "each error is squared before they are added.": float(np.mean(c - t) ** 2),
            },
            (f"The errors are {', '.join(map(num, c - t))}.",),
            f"({' + '.join(num(e * e) for e in c - t)}) / 3 = {num(mse)}",
        ),
        Question(
            "the best prediction",
            "Which single prediction makes the mean squared error smallest?",
            float(t.mean()),
            {"this is the median; it is best for absolute errors.": float(np.median(t))},
            ("Where the errors add up to 0.",),
            f"the mean, ({' + '.join(map(num, t))}) / 3 = {num(t.mean())}",
        ),
        Question(
            "log loss",
            f"A network says {num(p)} for yes, and the answer is no. What is its log loss? (Natural logarithm.)",
            float(-np.log(1 - p)),
            {
                "this is the loss if the answer were yes.": float(-np.log(p)),
                "the sign is turned: logarithms of probabilities are negative, the loss is not.": float(np.log(1 - p)),
                "this is the logarithm to base 10.": float(-np.log10(1 - p)),
            },
            ("The answer no got the probability 1 − p.",),
            f"−log(1 − {num(p)}) = {num(float(-np.log(1 - p)))}",
        ),
    ]


def ask_mean_square(rng: np.random.Generator) -> list[Question]:
    """The loss of three predictions and its gradient."""
    t = rng.choice(np.arange(1, 10), 3, replace=False).astype(float)
    y = t + tenths(rng, -9, 9, 3)
    mse, dy = float(np.mean((y - t) ** 2)), 2 / 3 * (y - t)
    return [
        Question(
            "MSE",
            f"The targets are {', '.join(map(num, t))}, the predictions {', '.join(map(num, y))}. What is the MSE?",
            mse,
            {"this is the sum; divide by 3.": 3 * mse, "this has a ½ in front that the MSE lacks.": mse / 2},
            (f"The squared errors are {', '.join(num(e * e) for e in y - t)}.",),
            f"({' + '.join(num(e * e) for e in y - t)}) / 3 = {num(mse)}",
        ),
        Question(
            "∂MSE/∂y",
            "And its gradient by the three predictions?",
            dy,
            {
                "the factor 2 of the square is missing.": dy / 2,
                "the division by n = 3 is missing.": 3 * dy,
                "both the 2 and the division by 3 are missing.": y - t,
                "it is y − t, not t − y.": -dy,
            },
            ("(2/n)(y − t), one number for each prediction.",),
            f"⅔ · ({', '.join(map(num, y - t))}) = ({', '.join(map(num, dy))})",
        ),
    ]


def ask_slope(rng: np.random.Generator) -> list[Question]:
    """A derivative by a difference and by the rule."""
    x, t, w = (float(rng.integers(2, 6)) for _ in range(3))
    t = t + x * w  # so that the error is not 0
    error = w * x - t
    right, h = 2 * error * x, 0.1
    difference = (((w + h) * x - t) ** 2 - error**2) / h
    return [
        Question(
            "the difference",
            f"L(w) = ({num(x)} w − {num(t)})². What is [L(w + h) − L(w)] / h at w = {num(w)} with h = 0.1?",
            difference,
            {
                "this is the difference itself; divide by h.": difference * h,
                "this is the derivative, not yet the difference.": right,
            },
            (f"L({num(w)}) = {num(error**2)}", f"L({num(w + h)}) = {num(((w + h) * x - t) ** 2)}"),
            f"({num(((w + h) * x - t) ** 2)} − {num(error**2)}) / 0.1 = {num(difference)}",
        ),
        Question(
            "dL/dw",
            "And the derivative there?",
            right,
            {
                "the inner derivative is missing: the bracket changes with w, too.": 2 * error,
                "the factor 2 of the square is missing.": error * x,
            },
            ("Twice the bracket, times how fast the bracket changes.",),
            f"2 · ({num(error)}) · {num(x)} = {num(right)}",
        ),
    ]


def ask_updates(rng: np.random.Generator) -> list[Question]:
    """Two steps of gradient descent."""
    w, g1, g2 = tenths(rng, -9, 9, 3)
    eta = float(rng.choice([0.1, 0.2, 0.5]))
    first, second = w - eta * g1, w - eta * (g1 + g2)
    return [
        Question(
            "w after a step",
            f"w = {num(w)}, ∂L/∂w = {num(g1)}, η = {num(eta)}. What is w after a step of gradient descent?",
            first,
            {"this goes up the slope; subtract.": w + eta * g1, "the learning rate is missing.": w - g1},
            ("w ← w − η ∂L/∂w",),
            f"{num(w)} − {num(eta)} · {num(g1)} = {num(first)}",
        ),
        Question(
            "w after another",
            f"There the gradient is {num(g2)}. And w after a second step?",
            second,
            {"this starts again from the first w.": w - eta * g2, "this goes up the slope.": first + eta * g2},
            ("From the new w.",),
            f"{num(first)} − {num(eta)} · {num(g2)} = {num(second)}",
        ),
    ]


def ask_chain(rng: np.random.Generator) -> list[Question]:
    """The three slopes of one neuron, and their product."""
    x, z, t = tenths(rng, 2, 9)[0], tenths(rng, -9, 9)[0], float(rng.integers(2))
    a = sigmoid_of(z)
    da, slope_a = a - t, a * (1 - a)
    right = da * slope_a * x
    text = f"x = {num(x)}, z = w x = {num(z)}, a = σ(z) = {num(a)}, L = ½ (a − t)² with t = {num(t)}."
    return [
        Question(
            "∂L/∂a",
            f"{text} What is ∂L/∂a?",
            da,
            {"it is a − t, not t − a.": -da, "the ½ cancels the 2.": 2 * da},
            ("The derivative of ½ u² is u.",),
            f"a − t = {num(da)}",
        ),
        Question(
            "∂a/∂z",
            "What is ∂a/∂z?",
            slope_a,
            {"the slope takes a, not z.": z * (1 - z)},
            ("a (1 − a)",),
            f"{num(a)} · {num(1 - a)} = {num(slope_a)}",
        ),
        Question(
            "∂L/∂w",
            "And ∂L/∂w?",
            right,
            {
                "the input x is missing: z changes with w by x.": da * slope_a,
                "the sigmoid's slope is missing.": da * x,
                "the factors are upside down.": 1 / right,
                "the slopes are multiplied, not added.": da + slope_a + x,
            },
            ("Multiply the three slopes along the way from w to L.",),
            f"{num(da)} · {num(slope_a)} · {num(x)} = {num(right)}",
        ),
    ]


def ask_activations(rng: np.random.Generator) -> list[Question]:
    """Slopes of ReLU, leaky ReLU and tanh."""
    z = float(-tenths(rng, 2, 20)[0])
    dy, a = tenths(rng, -9, 9)[0], float(np.tanh(z))
    return [
        Question(
            "leaky ReLU",
            f"z = {num(z)}. What does a leaky ReLU make of it, max(z, 0.1 z), and what is its slope? Two numbers.",
            np.array([0.1 * z, 0.1]),
            {
                "this is the plain ReLU.": np.array([0.0, 0]),
                "the slope is that of the other side.": np.array([0.1 * z, 1]),
            },
            ("z is below 0.",),
            f"0.1 · {num(z)} = {num(0.1 * z)}, slope 0.1",
        ),
        Question(
            "back through ReLU",
            f"The gradient {num(dy)} arrives at the output of a plain ReLU whose z was {num(z)}. What goes on to z?",
            0.0,
            {"the unit was off; nothing passes.": dy},
            ("Its slope is 1 above 0, and 0 below.",),
            "0: the unit was off",
        ),
        Question(
            "back through tanh",
            f"And through tanh, whose output for this z is a = {num(a)}?",
            dy * (1 - a * a),
            {
                "the slope is 1 − a², not 1 − a.": dy * (1 - a),
                "the slope takes a, not z.": dy * (1 - z * z),
                "this is the slope alone; times the gradient that arrives.": 1 - a * a,
            },
            ("tanh′ = 1 − a²",),
            f"{num(dy)} · (1 − {num(a)}²) = {num(dy * (1 - a * a))}",
        ),
    ]


ABOUT_NEURONS = {
    "perceptron-gates": ask_gates,
    "perceptron-rule": ask_rule,
    "sigmoid-table": ask_sigmoid,
    "loss": ask_losses,
    "mean-squared-error": ask_mean_square,
    "derivative": ask_slope,
    "weight-updates": ask_updates,
    "chain-rule": ask_chain,
    "activation-functions": ask_activations,
}
