"""The small sums that everything else is made of, one lesson each."""

from math import log
from typing import TYPE_CHECKING

import numpy as np

from byhand.explaining.explain import trace
from byhand.layers import Dense, ReLU, Sigmoid
from byhand.lessons import draw
from byhand.lessons.base import WRITE_UPS, Board, Lesson
from byhand.lessons.graph import graph
from byhand.lessons.neuron import neuron, output
from byhand.losses import MSE, CategoricalCrossEntropy, QuadraticCost
from byhand.network import Network
from byhand.ops import reference
from byhand.optimizers import GradientDescent

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def teach_sigmoid_unit(board: Board, rng: np.random.Generator) -> None:
    """σ at five points, with its slope."""
    board.say("The sigmoid is the step made smooth: far from zero it says 0 or 1 as well, near zero it changes gently.")
    board.equation("σ(z) = 1 / (1 + e^−z),   σ′(z) = σ(z) (1 − σ(z))")
    z = np.array([-5.0, -2, 0, 2, 5])
    sigmoid, step = neuron([1], 0, Sigmoid()), neuron([1], 0)  # weight 1, bias 0: the neuron's input is z itself
    a = output(sigmoid, z[:, np.newaxis])
    board.table(
        ["z", "step", "σ(z)", "σ′(z)"],
        [[*row] for row in zip(z, output(step, z[:, np.newaxis]).astype(int), a, a * (1 - a), strict=True)],
    )
    published = [(0.0067, 5e-5), (0.119, 5e-4), (0.5, 0.0), (0.881, 5e-4), (0.993, 5e-4)]
    for z_i, a_i, (expected, tolerance) in zip(z, a, published, strict=True):
        board.check(f"σ({z_i:g})".replace("-", "−"), a_i, expected, tolerance)
    board.check("σ(−z) = 1 − σ(z)", a[::-1], 1 - a, 1e-12)
    board.say("""The slope is ¼ at most and nearly nothing at ±5: a neuron that is very sure learns slowly, right or
        wrong.""")


def draw_sigmoid(board: Board | None = None) -> "Figure":
    """Step and sigmoid, and that a larger weight makes the sigmoid steeper."""
    figure, axes = draw.side_by_side(["the step, made smooth", "its slope"], width=4.8, height=3.6)
    z = np.linspace(-8, 8, 801)
    axes[0].plot(z, output(neuron([1], 0), z[:, np.newaxis]), color=draw.GREY, linestyle=":", label="step")
    for weight, colour, line in ((1, draw.BLUE, "-"), (5, draw.GREEN, "--")):
        a = output(neuron([weight], 0, Sigmoid()), z[:, np.newaxis])
        label = "σ(z)" if weight == 1 else f"σ({weight}z)"
        axes[0].plot(z, a, color=colour, linestyle=line, label=label)
        axes[1].plot(z, weight * a * (1 - a), color=colour, linestyle=line, label=f"slope of {label}")
    points = np.array([-5.0, -2, 0, 2, 5])
    axes[0].plot(points, output(neuron([1], 0, Sigmoid()), points[:, np.newaxis]), "o", color=draw.BLUE)
    for ax, name in zip(axes, ("output", "slope"), strict=True):
        ax.set(xlabel="z", ylabel=name)
        ax.legend(frameon=False)
    return figure


def teach_mse(board: Board, rng: np.random.Generator) -> None:
    """Three predictions, their squared errors, the mean, and its derivative."""
    board.say("""How wrong are three predictions together? Square each error, so that signs do not cancel and large
        errors count more, and take the mean.""")
    board.equation("MSE = (1/n) Σᵢ (yᵢ − tᵢ)²,   ∂MSE/∂yᵢ = (2/n) (yᵢ − tᵢ)")
    t, y = np.array([5.0, 3.0, 7.0]), np.array([4.8, 3.5, 6.9])
    network = Network(1, [Dense(1)], MSE(), rng=None, dtype=np.float64)
    network.p[0].W[...] = 1  # hands its input on, so that the predictions are ours
    values = trace(network, y[:, np.newaxis], t[:, np.newaxis])
    squares = (y - t) ** 2
    board.table(
        ["actual", "predicted", "error", "squared", "∂MSE/∂y"],
        [[*row] for row in zip(t, y, y - t, squares, values["dz1"][:, 0], strict=True)],
    )
    board.check("squared errors", squares.round(12), [0.04, 0.25, 0.01])
    board.check("MSE = 0.30 / 3", values["L"], 0.10, 1e-12)
    board.check("∂MSE/∂y, negative where y is too small", values["dz1"][:, 0], [-2 / 15, 1 / 3, -1 / 15], 1e-12)


def teach_chain_rule(board: Board, rng: np.random.Generator) -> None:
    """One neuron, one weight: three slopes multiplied."""
    board.say("""How does the loss change with a weight? The weight changes the sum z, z changes the activation a, a
        changes the loss; the slopes multiply.""")
    board.equation("∂L/∂w = ∂L/∂a · ∂a/∂z · ∂z/∂w = 0.15 × 0.24 × 0.50 = 0.018")
    board.say("""A neuron with exactly these slopes: input x = 0.50 (which is ∂z/∂w), output a = σ(z) = 0.6 (so that
        a (1 − a) = 0.24) and loss ½ (a − t)² with t = 0.45 (so that a − t = 0.15).""")
    network = Network(1, [Dense(1), Sigmoid()], QuadraticCost(), rng=None, dtype=np.float64)
    w = network.p[0].W
    w[...] = log(1.5) / 0.50  # σ(log 1.5) = 1.5 / 2.5 = 0.6
    x, t = np.array([[0.50]]), np.array([[0.45]])
    values = trace(network, x, t)
    board.check("∂L/∂a", values["da1"][0, 0], 0.15, 1e-12)
    board.check("∂a/∂z", (values["dz1"] / values["da1"])[0, 0], 0.24, 1e-12)
    board.check("∂z/∂w", x[0, 0], 0.50)
    board.check("∂L/∂w by backpropagation", values["dW1"][0, 0], 0.018, 1e-12)

    board.say("The referee: turn w a little both ways and see what the loss does.")
    h = 1e-5
    w += h
    above = trace(network, x, t)["L"]
    w -= 2 * h
    below = trace(network, x, t)["L"]
    board.check("(L(w + h) − L(w − h)) / 2h", (above - below) / (2 * h), 0.018, 1e-9)
    board.say("""One write-up prints the factors upside down (∂a/∂L for ∂L/∂a). Multiplied so, they give 1/0.018:""")
    board.check("1/0.15 × 1/0.24 × 1/0.50", 1 / 0.15 / 0.24 / 0.50, 55.56, 5e-3)


def draw_chain(board: Board | None = None) -> "Figure":
    """Weight, sum, activation and loss in a row, with the slope on each arrow."""
    figure, (ax,) = draw.side_by_side(["0.15 × 0.24 × 0.50 = 0.018"], width=9, height=2.2)
    nodes = {
        "w": (0.0, 0.0, "w\n0.8109"),
        "z": (3.0, 0.0, "z = w x\n0.4055"),
        "a": (6.0, 0.0, "a = σ(z)\n0.6"),
        "L": (9.0, 0.0, "L\n0.0113"),
    }
    edges = {("w", "z"): "∂z/∂w = x\n0.50", ("z", "a"): "∂a/∂z\n0.24", ("a", "L"): "∂L/∂a\n0.15"}
    graph(ax, nodes, edges, radius=0.65)
    return figure


def teach_weight_updates(board: Board, rng: np.random.Generator) -> None:
    """Three steps of gradient descent on one weight."""
    board.say("Down the slope: subtract a fraction η of the gradient, look at the new gradient, and again. η = 0.1:")
    board.equation("w ← w − η ∂L/∂w")
    descent, w = GradientDescent(0.1), np.array([0.50])
    state = descent.state(w.size, w.dtype)
    rows, reached = [], []
    for t, gradient in enumerate((0.30, 0.25, 0.20), 1):
        before = float(w[0])
        descent.step(reference, w, np.array([gradient]), state, t, rate=0.1)
        rows.append([t, before, gradient, 0.1 * gradient, float(w[0])])
        reached.append(float(w[0]))
    board.table(["step", "w", "∂L/∂w", "η ∂L/∂w", "new w"], rows)
    board.check("w after each step", reached, [0.47, 0.445, 0.425], 1e-12)


def teach_normalisation(board: Board, rng: np.random.Generator) -> None:
    """Grey levels to numbers from 0 to 1."""
    board.say("""A grey level is a byte, 0 to 255. Divided by 255 it lies from 0 to 1, and the weighted sums of 784 of
        them stay where activations have a slope. A network made for grey levels does it by itself.""")
    board.equation("x = grey / 255")
    grey = np.array([[0], [128], [255]], np.uint8)
    network = Network(1, [Dense(1)], MSE(), rng=None, inputs="grey levels", dtype=np.float64)
    x = network.as_input(grey)
    board.table(["grey", "x"], [[int(g), round(float(v), 3)] for g, v in zip(grey[:, 0], x[:, 0], strict=True)])
    board.check("0, 128 and 255", x[:, 0], [0.000, 0.502, 1.000], 5e-4)


def teach_parameters(board: Board, rng: np.random.Generator) -> None:
    """Weights and biases, counted."""
    board.say("Each unit has one weight for every input and one bias:")
    board.equation("parameters of a layer = inputs × units + units")
    network = Network(784, [Dense(10), ReLU(), Dense(10)], CategoricalCrossEntropy(), rng=None)
    first, _, last = network.p
    board.equation(network.summary())
    board.check("784 × 10 + 10", first.W.size + first.b.size, 7850)
    board.check("10 × 10 + 10", last.W.size + last.b.size, 110)
    board.check("together", network.size, 7960)
    board.say("The other published networks:")
    sizes = {"784-256-10": (784, 256, 10), "784-30-10": (784, 30, 10), "64-64-10": (64, 64, 10), "2-2-1": (2, 2, 1)}
    counts = {}
    for name, (inputs, hidden, outputs) in sizes.items():
        counts[name] = Network(inputs, [Dense(hidden), Sigmoid(), Dense(outputs)], MSE(), rng=None).size
    board.table(["network", "parameters"], [[name, count] for name, count in counts.items()])
    board.check("all four", list(counts.values()), [203_530, 23_860, 4_810, 9])


LESSONS = [
    Lesson(
        "sigmoid-table",
        "The sigmoid, five values and its slope",
        WRITE_UPS,
        teach_sigmoid_unit,
        draw_sigmoid,
        requires=("perceptron-gates",),
    ),
    Lesson(
        "mean-squared-error",
        "Three predictions and how wrong they are together",
        WRITE_UPS,
        teach_mse,
        requires=("loss",),
        minutes=10,
    ),
    Lesson(
        "chain-rule",
        "One weight's gradient: three slopes multiplied",
        WRITE_UPS,
        teach_chain_rule,
        draw_chain,
        requires=("derivative", "sigmoid-table"),
        minutes=20,
    ),
    Lesson(
        "weight-updates",
        "Three steps of gradient descent on one weight",
        WRITE_UPS,
        teach_weight_updates,
        requires=("derivative",),
        minutes=10,
    ),
    Lesson(
        "normalisation",
        "Grey levels 0 to 255 become numbers from 0 to 1",
        WRITE_UPS,
        teach_normalisation,
        requires=("sigmoid-table",),
        minutes=5,
    ),
    Lesson(
        "parameter-counts",
        "How many numbers a network has to learn",
        WRITE_UPS,
        teach_parameters,
        requires=("layer-as-matrix",),
        minutes=10,
    ),
]
