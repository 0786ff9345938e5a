"""A 2-2-1 network's forward and backward pass with every number on the board, and what two published slips change."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from byhand.core.types import Array
from byhand.explaining.explain import trace
from byhand.layers import Dense, Sigmoid
from byhand.lessons import draw
from byhand.lessons.base import MATH_BEHIND, Board, Lesson, taught
from byhand.lessons.graph import four_decimals, graph
from byhand.losses import MSE, BinaryCrossEntropy
from byhand.network import Network

if TYPE_CHECKING:
    from matplotlib.figure import Figure

X, T = np.array([[1.0, 0.5]]), np.array([[1.0]])
ROUNDING = 5e-5  # the numbers on the board have four decimals
GRADIENTS = ("dW1", "dW2", "db1", "db2")  # in the order of θ
NUMBERS_SOURCE = MATH_BEHIND + "; the numbers are ours"


def set_weights(network: Network) -> Network:
    """The weights that both lessons start from."""
    dense = [p for p in network.p if vars(p)]
    dense[0].W[...] = [[0.4, -0.6], [0.8, 0.2]]  # column j holds unit j's weights
    dense[0].b[...] = [-0.3, 0.1]
    dense[1].W[...] = [[0.5], [-1.0]]
    dense[1].b[...] = [0.2]
    return network


def forward(board: Board, values: Mapping[str, Array]) -> None:
    """Both lessons' way forward: the loss differs, the numbers up to it do not."""
    board.equation("""
        x = (1.0, 0.5)     W1 = ⎡ 0.4  −0.6 ⎤     b1 = (−0.3, 0.1)
        t = 1                   ⎣ 0.8   0.2 ⎦
                           W2 = (0.5, −1.0)ᵀ      b2 = 0.2
    """)
    board.say("Numbers are written with four decimals and carried with all of them.")
    board.say("Forward. Each hidden unit's sum, then its sigmoid:")
    board.equation("""
        z1 = x W1 + b1 = (1.0·0.4 + 0.5·0.8 − 0.3,  1.0·(−0.6) + 0.5·0.2 + 0.1) = (0.5, −0.4)
        a1 = σ(z1) = (0.6225, 0.4013)
    """)
    board.check("z1", values["z1"][0], [0.5, -0.4], 1e-12)
    board.check("a1", values["a1"][0], [0.6225, 0.4013], ROUNDING)
    board.say("The output unit likewise:")
    board.equation("""
        z2 = a1 W2 + b2 = 0.6225·0.5 + 0.4013·(−1.0) + 0.2 = 0.1099
        a2 = σ(z2) = 0.5275
    """)
    board.check("z2", values["z2"][0, 0], 0.1099, ROUNDING)
    board.check("a2", values["a2"][0, 0], 0.5275, ROUNDING)


def differences(network: Network, h: float = 1e-5) -> Array:
    """∂L/∂θ (size,) without any backpropagation: each parameter turned up and down by h."""
    result = np.empty(network.size)
    for i in range(network.size):
        start = network.theta[i]
        network.theta[i] = start + h
        above = trace(network, X, T)["L"]
        network.theta[i] = start - h
        below = trace(network, X, T)["L"]
        network.theta[i] = start
        result[i] = (above - below) / (2 * h)
    return result


def compare(board: Board, network: Network, values: Mapping[str, Array], faulty: float) -> None:
    """All nine gradients: by backpropagation, by small differences, and with the write-up's δ."""
    names = ["W1₁₁", "W1₁₂", "W1₂₁", "W1₂₂", "W2₁", "W2₂", "b1₁", "b1₂", "b2"]
    right = np.concatenate([values[name].ravel() for name in GRADIENTS])
    referee = differences(network)
    wrong = right * faulty / values["dz2"][0, 0]  # all of them contain δ = ∂L/∂z2 as a factor
    board.table(
        ["parameter", "backpropagation", "differences", "with the slip"],
        [[name, *row] for name, *row in zip(names, right, referee, wrong, strict=True)],
    )
    board.check("backpropagation against differences, largest gap", np.max(np.abs(right - referee)), 0.0, 1e-9)


def descend_once(board: Board, network: Network, values: Mapping[str, Array]) -> tuple[float, float]:
    """One step down the right gradient; returns the loss before and after it."""
    board.say("Update. One step with η = 0.5, and forward again:")
    board.equation("θ ← θ − 0.5 ∂L/∂θ")
    network.theta -= 0.5 * np.concatenate([values[name].ravel() for name in GRADIENTS])
    return float(values["L"]), float(trace(network, X, T)["L"])


def teach_mse_step(board: Board, rng: np.random.Generator) -> None:
    """Sigmoid output and mean squared error."""
    network = set_weights(Network(2, [Dense(2), Sigmoid(), Dense(1), Sigmoid()], MSE(), rng=None, dtype=np.float64))
    values = trace(network, X, T)
    board.keep(values=values)
    forward(board, values)
    board.say("Loss: the mean squared error over k outputs; here k = 1.")
    board.equation("L = (1/k) (a2 − t)² = (0.5275 − 1)² = 0.2233")
    board.check("L", values["L"], 0.2233, ROUNDING)

    board.say("""Backward. First how the loss changes with the output unit's sum; call it δ. The sigmoid's slope is
        a2 (1 − a2) = 0.2492.""")
    board.equation("δ = ∂L/∂z2 = (2/k) (a2 − t) · a2 (1 − a2) = 2 · (−0.4725) · 0.2492 = −0.2356")
    board.check("∂L/∂a2", values["da2"][0, 0], -0.9451, ROUNDING)
    board.check("δ = ∂L/∂z2", values["dz2"][0, 0], -0.2356, ROUNDING)
    board.say("Everything else follows from δ:")
    board.equation("""
        ∂L/∂W2 = a1ᵀ δ        = (0.6225, 0.4013)ᵀ · (−0.2356)        = (−0.1466, −0.0945)ᵀ
        ∂L/∂b2 = δ            = −0.2356
        ∂L/∂a1 = δ W2ᵀ        = −0.2356 · (0.5, −1.0)                = (−0.1178, 0.2356)
        ∂L/∂z1 = ∂L/∂a1 ⊙ a1 ⊙ (1 − a1)                              = (−0.0277, 0.0566)
        ∂L/∂W1 = xᵀ ∂L/∂z1,   ∂L/∂b1 = ∂L/∂z1
    """)
    board.check("∂L/∂W2", values["dW2"][:, 0], [-0.1466, -0.0945], ROUNDING)
    board.check("∂L/∂b2", values["db2"][0], -0.2356, ROUNDING)
    board.check("∂L/∂a1", values["da1"][0], [-0.1178, 0.2356], ROUNDING)
    board.check("∂L/∂z1", values["dz1"][0], [-0.0277, 0.0566], ROUNDING)
    board.check("∂L/∂W1, first row", values["dW1"][0], [-0.0277, 0.0566], ROUNDING)
    board.check("∂L/∂W1, second row", values["dW1"][1], [-0.0138, 0.0283], ROUNDING)

    faulty = (values["a2"] - T)[0, 0]
    board.say("""The slip: the write-up takes δ = a2 − t = −0.4725 and so leaves out both the 2/k and the slope. All
        nine gradients come out 2.006 times too large here; with other samples the factor is another one, so
        that their sum points somewhere else. (For log loss a2 − t is right: lesson two-two-one-log-loss.)""")
    board.check("the slip's δ", faulty, -0.4725, ROUNDING)
    board.check("too large by", faulty / values["dz2"][0, 0], 2.006, 5e-4)
    compare(board, network, values, faulty)

    before, after = descend_once(board, network, values)
    board.check("L before", before, 0.2233, ROUNDING)
    board.check("L after", after, 0.1788, ROUNDING)


def teach_log_loss(board: Board, rng: np.random.Generator) -> None:
    """Sigmoid output and binary cross-entropy."""
    network = set_weights(Network(2, [Dense(2), Sigmoid(), Dense(1)], BinaryCrossEntropy(), rng=None, dtype=np.float64))
    values = trace(network, X, T)
    board.keep(values=values)
    forward(board, values)
    board.say("Loss: log loss, which asks how surprised we are by the truth. With t = 1 only its first half counts.")
    board.equation("L = −[t log a2 + (1 − t) log(1 − a2)] = −log 0.5275 = 0.6397")
    board.check("L", values["L"], 0.6397, ROUNDING)

    board.say("Backward. How the loss changes with the output, times the sigmoid's slope; the slope cancels:")
    board.equation("""
        ∂L/∂a2     = −(t/a2 − (1 − t)/(1 − a2))                     = −1 / 0.5275 = −1.8959
        δ = ∂L/∂z2 = ∂L/∂a2 · a2 (1 − a2) = −1.8959 · 0.2492 = −0.4725 = a2 − t
    """)
    a = values["a2"][0, 0]
    by_a = -(1 / a)
    board.check("∂L/∂a2", by_a, -1.8959, ROUNDING)
    board.check("∂L/∂a2 · a2 (1 − a2)", by_a * a * (1 - a), -0.4725, ROUNDING)
    board.check("δ = ∂L/∂z2", values["dz2"][0, 0], -0.4725, ROUNDING)
    board.say("Everything else follows from δ, as with any other loss:")
    board.equation("""
        ∂L/∂W2 = a1ᵀ δ        = (0.6225, 0.4013)ᵀ · (−0.4725)        = (−0.2941, −0.1896)ᵀ
        ∂L/∂b2 = δ            = −0.4725
        ∂L/∂a1 = δ W2ᵀ        = −0.4725 · (0.5, −1.0)                = (−0.2363, 0.4725)
        ∂L/∂z1 = ∂L/∂a1 ⊙ a1 ⊙ (1 − a1)                              = (−0.0555, 0.1135)
        ∂L/∂W1 = xᵀ ∂L/∂z1,   ∂L/∂b1 = ∂L/∂z1
    """)
    board.check("∂L/∂W2", values["dW2"][:, 0], [-0.2941, -0.1896], ROUNDING)
    board.check("∂L/∂b2", values["db2"][0], -0.4725, ROUNDING)
    board.check("∂L/∂a1", values["da1"][0], [-0.2363, 0.4725], ROUNDING)
    board.check("∂L/∂z1", values["dz1"][0], [-0.0555, 0.1135], ROUNDING)
    board.check("∂L/∂W1, first row", values["dW1"][0], [-0.0555, 0.1135], ROUNDING)
    board.check("∂L/∂W1, second row", values["dW1"][1], [-0.0278, 0.0568], ROUNDING)

    board.say("""The slip: the write-up takes ∂L/∂a2 = −1.8959 where ∂L/∂z2 belongs. All nine gradients come out
        1/σ′ = 4.012 times too large here, and without limit the surer the network is: for a = 0.999 a
        thousand times, even where it is right.""")
    board.check("too large by", by_a / values["dz2"][0, 0], 4.012, 5e-4)
    board.check("at a = 0.999 too large by 1 / (a (1 − a))", 1 / (0.999 * 0.001), 1001, 0.5)
    compare(board, network, values, by_a)

    before, after = descend_once(board, network, values)
    board.check("L before", before, 0.6397, ROUNDING)
    board.check("L after", after, 0.4693, ROUNDING)


def draw_221(board: Board) -> "Figure":
    """The network as circles and arrows: sums, activations and weights, and under each its gradient."""
    figure, (ax,) = draw.side_by_side(["each number, and the gradient of L by it in brackets"], width=10.5, height=5.2)
    values = {name: np.ravel(array) for name, array in board.kept["values"].items()}

    def both(name: str, i: int, label: str = "") -> str:
        gradient = four_decimals(values["d" + name][i])
        return f"{label}{four_decimals(values[name][i])}\n[{gradient}]"

    def unit(layer: int, j: int) -> str:
        z, b = both(f"z{layer}", j, "z = "), both(f"b{layer}", j, "b = ")
        return f"{b}\n{z}\na = {four_decimals(values[f'a{layer}'][j])}"

    loss = f"L =\n{four_decimals(values['L'][0])}\nt = {values['t'][0]:g}"
    nodes = {
        "x1": (0.0, 3.0, "x₁ = 1"),
        "x2": (0.0, 0.0, "x₂ = 0.5"),
        "h1": (4.4, 3.0, unit(1, 0)),
        "h2": (4.4, 0.0, unit(1, 1)),
        "y": (8.0, 1.5, unit(2, 0)),
        "L": (10.6, 1.5, loss),
    }
    edges = {
        ("x1", "h1"): both("W1", 0),
        ("x1", "h2"): both("W1", 1),
        ("x2", "h1"): both("W1", 2),
        ("x2", "h2"): both("W1", 3),
        ("h1", "y"): both("W2", 0),
        ("h2", "y"): both("W2", 1),
        ("y", "L"): "",
    }
    graph(ax, nodes, edges, radius=0.82, near=0.38)
    return figure


def drawing_of(teach: Callable[[Board, np.random.Generator], None]) -> "Callable[..., Figure]":
    """The picture of one of both lessons."""
    return lambda board=None: draw_221(board or taught(teach))


LESSONS = [
    Lesson(
        "two-two-one-mse",
        "A 2-2-1 network step by step: sigmoid and mean squared error",
        NUMBERS_SOURCE,
        teach_mse_step,
        drawing_of(teach_mse_step),
        requires=("chain-rule", "sigmoid-table", "mean-squared-error"),
        minutes=40,
    ),
    Lesson(
        "two-two-one-log-loss",
        "A 2-2-1 network step by step: sigmoid and log loss",
        NUMBERS_SOURCE,
        teach_log_loss,
        drawing_of(teach_log_loss),
        requires=("two-two-one-mse", "loss"),
        minutes=25,
    ),
]
