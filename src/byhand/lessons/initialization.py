"""Why a network must not start from zero: units that start alike stay alike."""

from typing import TYPE_CHECKING

import numpy as np

from byhand.core.types import Array
from byhand.initializers import Initializer, Normal, Uniform, Zeros
from byhand.layers import Dense, Layer, Sigmoid, Tanh
from byhand.lessons import draw
from byhand.lessons.base import WRITE_UPS, Board, Lesson, taught
from byhand.losses import BinaryCrossEntropy
from byhand.network import Network
from byhand.optimizers import GradientDescent
from byhand.plots.canvas import COLOURS, DASHES
from byhand.training import Callback, Training, fit

if TYPE_CHECKING:
    from matplotlib.figure import Figure

HIDDEN, EPOCHS = 6, 600


class Diary(Callback):
    """Writes down the first layer's weights (in, units) before training and after every epoch."""

    def __init__(self) -> None:
        self.weights: list[Array] = []

    def on_start(self, training: Training) -> None:
        """The start."""
        self.on_epoch(training)

    def on_epoch(self, training: Training) -> None:
        """One page."""
        self.weights.append(training.network.p[0].W.copy())


def disc(rng: np.random.Generator, n: int = 200) -> tuple[Array, Array]:
    """Points (n, 2) in a square, and whether each lies in a disc in its middle (n,): no single line tells."""
    x = rng.uniform(-1, 1, (n, 2))
    return x, (np.sum(x**2, axis=1) < 0.5).astype(int)


def train_from(start: Initializer, hidden: Layer, x: Array, y: Array, seed: int) -> tuple[Network, Array, float]:
    """The trained network, its first weights over time (epochs + 1, 2, HIDDEN), and its accuracy."""
    network = Network(
        2, [Dense(HIDDEN, start), hidden, Dense(1, start)], BinaryCrossEntropy(), rng=seed, dtype=np.float64
    )
    diary = Diary()
    fit(
        network, x, y,
        epochs=EPOCHS, batch_size=None, optimizer=GradientDescent(1.0), rng=seed, callbacks=[diary], progress=False,
    )  # fmt: skip
    return network, np.array(diary.weights), float(np.mean(network.predict(x) == y))


def teach_zero(board: Board, rng: np.random.Generator) -> None:
    """Zeros, equal numbers and random numbers, on points inside and outside a disc."""
    board.say(f"""A network with {HIDDEN} hidden units has to tell points inside a disc from points around it. Unit j's
        weights are column j of W1. What moves them is""")
    board.equation("∂L/∂W1 = xᵀ [(δ W2ᵀ) ⊙ f′(z1)],      ∂L/∂W2 = a1ᵀ δ")
    board.say("""If all columns of W1 are equal, and all rows of W2, then every unit computes the same a1 and gets the
        same gradient: after the step they are equal again, and so for ever. However many units there are, they are
        one. Only different starts make them different.""")
    x, y = disc(rng)
    seed = int(rng.integers(2**31))
    starts: dict[str, tuple[Initializer, Layer]] = {
        "zeros, sigmoid": (Zeros(), Sigmoid()),
        "zeros, tanh": (Zeros(), Tanh()),
        "all 0.5, tanh": (Uniform(0.5, 0.5), Tanh()),
        "random, tanh": (Normal(1.0), Tanh()),
    }
    runs = {name: train_from(start, hidden, x, y, seed) for name, (start, hidden) in starts.items()}
    board.say(f"The first row of W1 after {EPOCHS} steps, one number a unit, and how many points come out right:")
    board.table(
        ["start, units", *(f"unit {j + 1}" for j in range(HIDDEN)), "right"],
        [[name, *diary[-1][0], accuracy] for name, (_, diary, accuracy) in runs.items()],
    )
    for name, (_, diary, _) in list(runs.items())[:3]:
        spread = np.ptp(diary, axis=2).max()  # over all steps: largest minus smallest among the units
        board.check(f"{name}: units differ by at most", spread, 0.0, 1e-6)
    board.check("zeros, tanh: how far any weight ever moved", np.abs(runs["zeros, tanh"][1]).max(), 0.0)
    different = np.ptp(runs["random, tanh"][1][-1], axis=1).min()
    board.check("random: the units differ", bool(different > 0.1), True)
    alike = max(accuracy for name, (_, _, accuracy) in runs.items() if name != "random, tanh")
    board.check("equal starts: fewer than three quarters right", bool(alike < 0.75), True)
    board.check("random start: share right", runs["random, tanh"][2], 0.95, 0.06)
    board.say("""(On paper the units differ by nothing at all. A computer may add the products of two columns in
        different orders; such differences in the sixteenth digit grow, but far too slowly to help.)""")
    board.say("""With tanh (or ReLU) zeros are worse still: a1 = 0 makes ∂L/∂W2 zero, W2 = 0 makes ∂L/∂W1 zero, and only
        the last bias learns. With sigmoids a1 = ½, so W2 moves and W1 after it, in step. "All 0.5" shows that
        being equal is the fault, not being zero. Biases may start at zero: random weights tell the units apart.""")
    board.keep(runs=runs, x=x, y=y)


def draw_zero(board: Board | None = None) -> "Figure":
    """Every hidden unit's first weight over time: one line where they start alike, many where they do not."""
    runs = (board or taught(teach_zero)).kept["runs"]
    titles = [f"start: {name}\n{100 * accuracy:.0f} % of the points right" for name, (_, _, accuracy) in runs.items()]
    figure, axes = draw.side_by_side(titles, width=3.4, height=3.4)
    for ax, (_, weights, _) in zip(axes, runs.values(), strict=True):
        for j in range(HIDDEN):
            ax.plot(weights[:, 0, j], color=COLOURS[j], linestyle=DASHES[j % len(DASHES)], linewidth=2)
        if np.ptp(weights[:, 0, :], axis=1).max() < 1e-6:
            ax.text(300, 3, f"all {HIDDEN} lines lie\non top of one another", ha="center")
        ax.set(xlabel="step", ylim=(-5, 5))
    axes[0].set_ylabel(f"weight from x₁, {HIDDEN} units")
    return figure


LESSONS = [
    Lesson(
        name="zero-initialisation",
        title="Why a network must not start from zero",
        source=WRITE_UPS,
        teach=teach_zero,
        picture=draw_zero,
        requires=("two-two-one-log-loss", "activation-functions"),
        minutes=20,
    ),
]
