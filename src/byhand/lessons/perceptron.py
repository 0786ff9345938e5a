"""Perceptrons with weights set by hand: the logic gates."""

from typing import TYPE_CHECKING

import numpy as np

from byhand.core.types import Array
from byhand.lessons import draw
from byhand.lessons.base import NIELSEN, Board, Lesson
from byhand.lessons.neuron import CORNERS, neuron, output, weighted_sum

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# name: weights, bias, outputs for 00, 01, 10, 11. NAND's numbers are published, the others are ours.
GATES = {
    "NAND": ((-2, -2), 3, (1, 1, 1, 0)),
    "AND": ((2, 2), -3, (0, 0, 0, 1)),
    "OR": ((2, 2), -1, (0, 1, 1, 1)),
}


def teach_gates(board: Board, rng: np.random.Generator) -> None:
    """NAND, AND, OR and NOT, each one neuron; and everything from NAND alone."""
    board.say("""A perceptron weighs its inputs, adds a bias, and fires (1) if the sum is above zero. The bias is the
        threshold with its sign turned: w · x > threshold is the same as w · x + b > 0 with b = −threshold.""")
    board.equation("y = 1 if w₁x₁ + w₂x₂ + b > 0, else 0")

    board.say("NAND, with weights −2, −2 and bias 3:")
    nand = neuron(*GATES["NAND"][:2])
    z, y = weighted_sum(nand, CORNERS), output(nand, CORNERS)
    board.table(
        ["x₁ x₂", "−2·x₁ − 2·x₂ + 3", "> 0 ?", "NAND"],
        [
            [f" {a:g}  {b:g}", f"{z_i:g}".replace("-", "−"), bool(z_i > 0), int(y_i)]
            for (a, b), z_i, y_i in zip(CORNERS, z, y, strict=True)
        ],
    )
    board.check("NAND's sums", z, [3, 1, 1, -1])

    board.say("Other weights make other gates. NOT has one input, weight −2 and bias 1.")
    for name, (weights, bias, truth) in GATES.items():
        board.check(f"{name:<4} {weights}, {bias}".replace("-", "−"), output(neuron(weights, bias), CORNERS), truth)
    board.check("NOT  (−2), 1", output(neuron([-2], 1), np.array([[0.0], [1.0]])), [1, 0])

    board.say("""NAND alone is enough for all of them, and so for a whole computer. Here f is our NAND neuron, and
        XOR takes four of it: no single perceptron can do XOR (lesson perceptron-xor).""")

    def f(a: Array, b: Array) -> Array:
        return output(nand, np.column_stack([a, b]))

    a, b = CORNERS.T
    middle = f(a, b)
    board.check("NOT a   = f(a, a)", f(a, a), 1 - a)
    board.check("a AND b = f(f(a, b), f(a, b))", f(middle, middle), [0, 0, 0, 1])
    board.check("a OR b  = f(f(a, a), f(b, b))", f(f(a, a), f(b, b)), [0, 1, 1, 1])
    board.check("a XOR b = f(f(a, m), f(b, m)), m = f(a, b)", f(f(a, middle), f(b, middle)), [0, 1, 1, 0])


def draw_gates(board: Board | None = None) -> "Figure":
    """Each gate's line between the corners that fire and those that do not; XOR, which no line can do."""
    titles = [f"{name}: w = ({w1}, {w2}), b = {bias}".replace("-", "−") for name, ((w1, w2), bias, _) in GATES.items()]
    figure, axes = draw.side_by_side([*titles, "XOR: no line will do"], width=3.2, height=3.5)
    truths = [truth for _, _, truth in GATES.values()] + [(0, 1, 1, 0)]
    for ax, truth in zip(axes, truths, strict=True):
        draw.square_axes(ax, -0.5, 1.5)
        draw.points(ax, CORNERS, np.array(truth), size=120)
        ax.set(xticks=[0, 1], yticks=[0, 1])
    for ax, (weights, bias, _) in zip(axes, GATES.values(), strict=False):
        gate = neuron(weights, bias)
        draw.shade(ax, lambda x, gate=gate: output(gate, x))  # type: ignore[misc]
        draw.line(ax, np.array(weights), bias, color=draw.ORANGE, linewidth=2)
        draw.square_axes(ax, -0.5, 1.5)
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside right center", frameon=False)
    return figure


LESSONS = [
    Lesson(
        name="perceptron-gates",
        title="Logic gates out of single neurons, weights set by hand",
        source=NIELSEN,
        teach=teach_gates,
        picture=draw_gates,
        minutes=20,
    ),
]
