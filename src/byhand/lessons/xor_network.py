"""XOR with one hidden layer: weights set by hand, and weights that were learned."""

from typing import TYPE_CHECKING

import numpy as np

from byhand.initializers import Normal
from byhand.layers import Dense, Step, Tanh
from byhand.lessons import draw
from byhand.lessons.base import Board, Lesson, taught
from byhand.lessons.neuron import CORNERS, output
from byhand.losses import MSE, BinaryCrossEntropy
from byhand.network import Network
from byhand.optimizers import GradientDescent
from byhand.training import fit

if TYPE_CHECKING:
    from matplotlib.figure import Figure

XOR = np.array([0, 1, 1, 0])
STARTS = 10


def exact_xor_network() -> Network:
    """OR and NAND in the hidden layer, AND of the two at the end."""
    network = Network(2, [Dense(2), Step(), Dense(1), Step()], MSE(), rng=None, dtype=np.float64)
    first, _, last, _ = network.p
    first.W[...] = [[2, -2], [2, -2]]  # columns: OR, NAND
    first.b[...] = [-1, 3]
    last.W[...] = [[2], [2]]
    last.b[...] = [-3]
    return network


def learned(hidden: int, rng: np.random.Generator) -> Network:
    """A network of so many hidden units after a thousand steps of gradient descent from a random start."""
    layers = [Dense(hidden, Normal(1.0)), Tanh(), Dense(1, Normal(1.0))]
    network = Network(2, layers, BinaryCrossEntropy(), rng=rng, dtype=np.float64)
    fit(
        network, CORNERS, XOR,
        epochs=1000, batch_size=None, optimizer=GradientDescent(0.5), rng=rng, progress=False,
    )  # fmt: skip
    return network


def solves(network: Network) -> bool:
    """Whether all four corners come out right."""
    return bool(np.array_equal(network.predict(CORNERS), XOR))


def teach_xor_network(board: Board, rng: np.random.Generator) -> None:
    """Two lines do what one cannot."""
    board.say("""One line cannot separate XOR's corners, two can: XOR is "at least one" and "not both", and each of
        these is one neuron. A third takes their AND. The first two are the hidden layer.""")
    board.equation("""
        h₁ = OR   = [2x₁ + 2x₂ − 1 > 0]
        h₂ = NAND = [−2x₁ − 2x₂ + 3 > 0]
        y  = AND  = [2h₁ + 2h₂ − 3 > 0]
    """)
    network = exact_xor_network()
    y = output(network, CORNERS)
    hidden = (CORNERS @ network.p[0].W + network.p[0].b > 0).astype(int)
    board.table(
        ["x₁", "x₂", "h₁ (OR)", "h₂ (NAND)", "y (XOR)"],
        [[*map(int, x), *h, int(out)] for x, h, out in zip(CORNERS, hidden, y, strict=True)],
    )
    board.check("XOR by hand", y, XOR)

    board.say(f"""Can such weights be learned? The step has no slope, so smooth units take its place (tanh inside, a
        sigmoid at the end). With hidden units to spare it nearly always works; with just two, gradient descent often
        gets stuck, depending on where it starts. Out of {STARTS} random starts:""")
    networks = {hidden: [learned(hidden, rng) for _ in range(STARTS)] for hidden in (2, 4, 8)}
    board.table(
        ["hidden units", f"solved, of {STARTS}"],
        [[hidden, sum(map(solves, trained))] for hidden, trained in networks.items()],
    )
    best = next((network for network in networks[4] if solves(network)), networks[4][0])
    board.say("What one with four hidden units has learned:")
    board.table(["x₁", "x₂", "y"], [[*map(int, x), a] for x, a in zip(CORNERS, output(best, CORNERS), strict=True)])
    board.check("XOR learned", best.predict(CORNERS), XOR)
    board.keep(network=best)


def draw_xor(board: Board | None = None) -> "Figure":
    """The output over the plane: set by hand, two lines; learned, a curved band."""
    kept = (board or taught(teach_xor_network)).kept
    figure, axes = draw.side_by_side(["by hand: two lines", "learned: a smooth band"], width=4.6)
    for ax, network in zip(axes, (exact_xor_network(), kept["network"]), strict=True):
        draw.square_axes(ax, -0.5, 1.5)
        image = draw.shade(ax, lambda x, network=network: output(network, x))  # type: ignore[misc]
        draw.points(ax, CORNERS, XOR, size=120)
        ax.set(xticks=[0, 1], yticks=[0, 1])
    first = exact_xor_network().p[0]
    for unit in range(2):
        draw.line(axes[0], first.W[:, unit], first.b[unit], color=draw.ORANGE, linewidth=2)
    draw.square_axes(axes[0], -0.5, 1.5)
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=2, frameon=False)
    figure.colorbar(image, ax=axes, label="output", shrink=0.8, ticks=[0, 0.25, 0.5, 0.75, 1])
    return figure


LESSONS = [
    Lesson(
        name="xor-network",
        title="A small network that solves XOR, by hand and by learning",
        source="the write-ups' classic; the numbers are ours",
        teach=teach_xor_network,
        picture=draw_xor,
        requires=("perceptron-xor", "two-two-one-log-loss"),
        minutes=20,
    ),
]
