"""What a loss is: one number for all errors, and what each kind of it asks for."""

from math import log
from typing import TYPE_CHECKING

import numpy as np

from byhand.core.types import Array
from byhand.explaining.explain import trace
from byhand.layers import Dense
from byhand.lessons import draw
from byhand.lessons.base import Board, Lesson
from byhand.losses import MAE, MSE, BinaryCrossEntropy, Loss
from byhand.network import Network

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FARES = np.array([[1.0], [2.0], [6.0]])  # the numbers to predict (3, 1)


def constant(c: float, loss: Loss) -> float:
    """The mean loss of a network that predicts c for each of FARES."""
    network = Network(1, [Dense(1)], loss, rng=None, dtype=np.float64)
    network.p[0].b[0] = c
    return float(trace(network, np.zeros_like(FARES), FARES)["L"])


def teach_loss(board: Board, rng: np.random.Generator) -> None:
    """Squared and absolute errors of a single guess, and the logarithm of a probability."""
    board.say("""Three bus rides cost 1, 2 and 6. You may name one number c for all three. Which one is best? That
        depends on how errors count, and this is what a loss says: it turns all errors into one number, and training
        makes that number small.""")
    board.equation("""
        mean squared error     L(c) = ⅓ [(c − 1)² + (c − 2)² + (c − 6)²]
        mean absolute error    L(c) = ⅓ [|c − 1| + |c − 2| + |c − 6|]
    """)
    guesses = (1.0, 2.0, 3.0, 4.0)
    board.table(
        ["c", "mean squared error", "mean absolute error"],
        [[c, constant(c, MSE()), constant(c, MAE())] for c in guesses],
    )
    board.check("squared, at c = 2: (1 + 0 + 16) / 3", constant(2, MSE()), 17 / 3, 1e-12)
    board.check("squared, at c = 3: (4 + 1 + 9) / 3", constant(3, MSE()), 14 / 3, 1e-12)
    board.check("absolute, at c = 2: (1 + 0 + 4) / 3", constant(2, MAE()), 5 / 3, 1e-12)
    board.say("""Where is the lowest point? There the slope is zero. For squared errors the slope is twice the sum of
        the errors over 3, so the errors cancel, and c is the mean. For absolute errors each fare pulls equally hard
        however far away it is, so as many must lie above as below, and c is the median.""")
    board.equation("""
        squared     dL/dc = ⅔ [(c − 1) + (c − 2) + (c − 6)] = 0      →   c = (1 + 2 + 6) / 3 = 3
        absolute    dL/dc = ⅓ [+1 or −1 for each fare]               →   c = 2
    """)
    c = np.linspace(0, 7, 71)
    lowest = [c[np.argmin([constant(value, loss) for value in c])] for loss in (MSE(), MAE())]
    board.check("lowest on a grid: squared, absolute", np.round(lowest, 9), [3, 2])
    board.say("""The one dear ride moves the mean and not the median: squared errors care most about the largest. That
        is a choice of ours, not a law.""")
    board.say("""For yes or no, a network names the probability p that the answer is yes. If it is yes, the loss is
        −log p: nothing where p = 1, and the more the surer the network was of the opposite.""")
    board.equation("L = −log p   if yes,      L = −log(1 − p)   if no")
    sure = {0.9: 0.1054, 0.5: 0.6931, 0.1: 2.3026}
    board.table(["p", "−log p", "(1 − p)²"], [[p, log_loss(p), (1 - p) ** 2] for p in sure])
    for p, value in sure.items():
        board.check(f"−log {p}", log_loss(p), value, 5e-5)
    board.say("""The squared error of being wrong and sure is at most 1; the log loss has no such limit. This is why
        the log loss, also called cross-entropy, is the usual loss where a class is predicted.""")


def log_loss(p: float) -> float:
    """−log p, as the loss of a sigmoid unit with output p whose target is 1."""
    network = Network(1, [Dense(1)], BinaryCrossEntropy(), rng=None, dtype=np.float64)
    network.p[0].b[0] = log(p / (1 - p))  # σ(z) = p
    return float(trace(network, np.zeros((1, 1)), np.ones((1, 1)))["L"])


def draw_loss(board: Board | None = None) -> "Figure":
    """Both losses by c with their lowest points, and the losses of a probability."""
    figure, axes = draw.side_by_side(["one number for 1, 2 and 6", "the answer is yes"], width=4.8, height=3.6)
    c, t = np.linspace(0, 7, 281), FARES
    squared: Array = ((c - t) ** 2).mean(axis=0)
    absolute: Array = np.abs(c - t).mean(axis=0)
    for values, label, colour, best in ((squared, "squared", draw.BLUE, 3), (absolute, "absolute", draw.ORANGE, 2)):
        axes[0].plot(c, values, color=colour, linestyle="-" if best == 3 else "--", label=f"mean {label} error")
        axes[0].plot([best], [np.interp(best, c, values)], "o", color=colour)
    axes[0].set(xlabel="the guess c", ylabel="loss", ylim=(0, 14))
    p = np.linspace(0.01, 1, 200)
    axes[1].plot(p, -np.log(p), color=draw.BLUE, label="−log p")
    axes[1].plot(p, (1 - p) ** 2, color=draw.ORANGE, linestyle="--", label="(1 − p)²")
    axes[1].set(xlabel="predicted probability p of yes", ylabel="loss")
    for ax in axes:
        ax.legend(frameon=False)
    return figure


LESSONS = [
    Lesson(
        name="loss",
        title="A loss: all errors in one number",
        source="byhand",
        teach=teach_loss,
        picture=draw_loss,
        requires=("sigmoid-table",),
        minutes=20,
    ),
]
