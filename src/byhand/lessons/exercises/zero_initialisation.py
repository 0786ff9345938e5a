"""Exercise of the lesson zero-initialisation: units that start alike get the same gradient."""

import numpy as np

from byhand.core.types import Array
from byhand.explaining.explain import trace
from byhand.layers import Dense, Layer, Sigmoid, Tanh
from byhand.lessons.exercises.networks import in_a_row, row_by_row
from byhand.lessons.exercises.neurons import tenths
from byhand.lessons.graph import four_decimals as num
from byhand.lessons.question import Question
from byhand.losses import QuadraticCost
from byhand.network import Network


def from_equal(hidden: Layer, weight: float, x: Array, t: float) -> dict[str, Array]:
    """Every quantity of a 2-2-1 network whose weights are all equal, without biases; L = ½ (y − t)²."""
    network = Network(2, [Dense(2), hidden, Dense(1)], QuadraticCost(), rng=None, dtype=np.float64)
    network.p[0].W[...] = network.p[2].W[...] = weight
    return trace(network, x[np.newaxis], np.array([[t]]))


def ask_from_zero(rng: np.random.Generator) -> list[Question]:
    """The gradients of two equal units, and what zeros leave to learn."""
    c, x, t = float(rng.choice([0.2, 0.4, 0.5])), tenths(rng, 2, 15, 2), float(rng.integers(2, 5))
    eta, v = float(rng.choice([0.1, 0.5])), from_equal(Tanh(), c, x, t)
    a, dz2 = v["a1"][0], float(v["dz2"][0, 0])
    back, sigmoids = dz2 * c, from_equal(Sigmoid(), 0.0, x, t)["dW2"][:, 0]
    return [
        Question(
            "a1",
            f"A 2-2-1 network has tanh units inside, a linear output and no biases. All its weights are {num(c)}, "
            f"x = {in_a_row(x)}, L = ½ (y − t)² with t = {num(t)}. What is a1? Two numbers.",
            a,
            {"this is z1; it goes through tanh.": v["z1"][0]},
            (f"z1 = {num(c)} · ({num(x[0])} + {num(x[1])}) for both units.",),
            f"tanh {num(v['z1'][0, 0])} = {num(a[0])}, twice",
        ),
        Question(
            "∂L/∂W1",
            f"y = {num(float(v['z2'][0, 0]))}, so δ = y − t = {num(dz2)}. What is ∂L/∂W1? Four numbers, row by row (a "
            "row for each input).",
            v["dW1"],
            {
                "the slopes 1 − a1² of tanh are missing.": np.outer(x, [back, back]),
                "the weights W2 on the way back are missing.": np.outer(x, dz2 * (1 - a * a)),
                "the slope is 1 − a1², not 1 − a1.": np.outer(x, back * (1 - a)),
            },
            (f"First ∂L/∂z1 = δ W2ᵀ ⊙ (1 − a1²) = {in_a_row(v['dz1'])}.", "Then xᵀ times it."),
            row_by_row(v["dW1"]),
        ),
        Question(
            "the difference",
            f"After a step with η = {num(eta)}: how far apart are the two units' weights from x₁?",
            0.0,
            {
                "this is between the two inputs; the units are the columns.": float(
                    eta * abs(x[0] - x[1]) * abs(v["dz1"][0, 0])
                )
            },
            ("Both columns of ∂L/∂W1 are equal.",),
            "0: equal weights less equal gradients",
        ),
        Question(
            "zeros, tanh",
            "Now all weights are 0 instead. What is ∂L/∂W2? Two numbers.",
            np.zeros(2),
            {"tanh 0 is 0, not ½.": sigmoids, "W2's gradient is a1ᵀ δ, and a1 is 0.": np.full(2, -t)},
            ("a1 = tanh 0",),
            "a1ᵀ δ = (0, 0): nothing but the last bias could learn",
        ),
        Question(
            "zeros, sigmoid",
            "And with sigmoids in place of tanh, all weights 0?",
            sigmoids,
            {"σ(0) is ½, not 0.": np.zeros(2), "the sign is turned: δ = y − t.": -sigmoids},
            (f"y = 0, so δ = {num(-t)}; a1 = (½, ½).",),
            f"½ · {num(-t)} = {num(sigmoids[0])}, twice: W2 moves, but both units alike",
        ),
    ]
