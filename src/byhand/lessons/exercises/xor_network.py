"""Exercise of the lesson xor-network: two perceptrons and a third behind them."""

import numpy as np

from byhand.core.types import Array
from byhand.layers import Dense, Step
from byhand.lessons.exercises.networks import in_a_row, row_by_row
from byhand.lessons.graph import four_decimals as num
from byhand.lessons.neuron import CORNERS, output
from byhand.lessons.question import Question
from byhand.losses import MSE
from byhand.network import Network


def ask_hidden_layer(rng: np.random.Generator) -> list[Question]:
    """The hidden sums, what the steps make of them, and the whole network's table."""
    (p, q), (r, s) = (rng.choice([2.0, 4, 6], 2, replace=False) for _ in range(2))
    W, b = np.array([[p, -r], [q, -s]]), np.array([-min(p, q) / 2, max(r, s) + min(r, s) / 2])  # columns: OR, NAND
    v = np.array([[2.0, 2], [2, -2], [-2, 2]][rng.integers(3)])
    c = -3.0 if v.min() > 0 else -1.0
    network = Network(2, [Dense(2), Step(), Dense(1), Step()], MSE(), rng=None, dtype=np.float64)
    first, _, last, _ = network.p
    first.W[...], first.b[...], last.W[:, 0], last.b[...] = W, b, v, c
    x, y = CORNERS[rng.integers(1, 4)], output(network, CORNERS)
    z = x @ W + b
    h, table = fires(z), fires(CORNERS @ W + b)
    last_sum, put_out = float(h @ v + c), float(h @ v + c > 0)
    return [
        Question(
            "z1",
            f"A network of perceptrons has two hidden units and one output. W1 = {row_by_row(W)} (a column for each "
            f"unit), b1 = {in_a_row(b)}. What is z1 = x W1 + b1 for x = {in_a_row(x)}? Two numbers.",
            z,
            {
                "this takes the rows of W1; unit j's weights are column j.": x @ W.T + b,
                "the bias is missing.": x @ W,
            },
            ("An input of 1 adds its row of W1.",),
            in_a_row(z),
        ),
        Question(
            "h",
            "What do the two units put out?",
            h,
            {"a step gives 1 where the sum is above 0, else 0.": 1 - h, "this is z1; it goes through the step.": z},
            ("1 where z1 is above 0, else 0.",),
            in_a_row(h),
        ),
        Question(
            "y",
            f"The output unit has the weights {in_a_row(v)} and the bias {num(c)}. What does the network put out?",
            put_out,
            {"the output unit takes h.": 1 - put_out},
            (f"Its sum is {num(last_sum)}.",),
            f"{num(last_sum)} > 0: {num(put_out)}",
        ),
        Question(
            "all corners",
            "And for 00, 01, 10 and 11? Four numbers.",
            y,
            {
                "this gives the inputs to the output unit; it takes the hidden outputs.": fires(CORNERS @ v + c),
                "0 and 1 are exchanged.": 1 - y,
                "this is the first hidden unit alone.": table[:, 0],
                "this is the second hidden unit alone.": table[:, 1],
            },
            (f"The hidden outputs are {row_by_row(table)}, a row for each corner.",),
            in_a_row(y),
        ),
    ]


def fires(z: Array) -> Array:
    """The perceptron's step: 1 where z > 0, else 0."""
    return np.asarray(z > 0, float)
