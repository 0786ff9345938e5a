"""Regularisation: what a penalty on the weights, and dropping units, do to what is learnt."""

from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from byhand.core.types import Array
from byhand.initializers import Zeros
from byhand.layers import Dense
from byhand.lessons import draw
from byhand.lessons.base import Board, Lesson, taught
from byhand.losses import MSE, QuadraticCost
from byhand.network import Network
from byhand.optimizers import GradientDescent
from byhand.regularizers import L1, L2, Regularizer
from byhand.training import fit

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DEGREE, STRENGTHS = 9, (0.0, 0.01, 3.0)


def settled(rule: Regularizer, wanted: float) -> float:
    """Where a weight that the data want at `wanted` comes to rest: the lowest point of ½ (w − wanted)² + penalty."""
    network = Network(1, [Dense(1, Zeros(), bias=False)], QuadraticCost(), rng=0, dtype=np.float64)
    fit(
        network,
        np.ones((1, 1)),
        np.full((1, 1), wanted),
        epochs=400,
        batch_size=None,
        optimizer=GradientDescent(0.05),
        regularizers=[rule],
        progress=False,
        rng=0,
    )
    return float(network.theta[0])


def powers(x: Array) -> Array:
    """x, x², … x⁹ (n, DEGREE) of points (n,) from −1 to 1."""
    return x[:, np.newaxis] ** np.arange(1, DEGREE + 1)


def curve_through(x: Array, y: Array, strength: float) -> Network:
    """A polynomial through points (n,), by the exact lowest point of the mean squared error plus ½ λ ‖w‖²."""
    features = np.column_stack([powers(x), np.ones_like(x)])
    penalty = 0.5 * strength * len(x) * np.diag([*[1.0] * DEGREE, 0])  # gradient: (2/n) Xᵀ(X w − y) + λ w = 0
    theta = np.linalg.lstsq(features.T @ features + penalty, features.T @ y, rcond=None)[0]
    network = Network(DEGREE, [Dense(1)], MSE(), rng=None, dtype=np.float64)
    network.p[0].W[:, 0], network.p[0].b[0] = theta[:-1], theta[-1]
    return network


def teach_regularisation(board: Board, rng: np.random.Generator) -> None:
    """L2 and L1 on one weight, dropout on three units, and a curve that stops wriggling."""
    board.say("""Ten points with noise, and a curve with ten parameters: it can go through all of them, wriggling in
        between. It knows the noise by heart and is wrong everywhere else. That is overfitting. A penalty makes large
        weights cost something, so that only what the data really need is worth its price.""")
    board.equation("""
        L2:  L + ½ λ Σ w²        gradient  g + λ w            (weight decay)
        L1:  L + λ Σ |w|         gradient  g + λ sign(w)      (lasso)
    """)
    board.say("""What does it do to one weight? Let the data alone want w = c, with the loss ½ (w − c)². With L2 the
        slope is zero where""")
    board.equation("(w − c) + λ w = 0      →      w = c / (1 + λ)")
    board.say("""Every weight keeps the same share. L1 pulls with the same force λ however small w is, so it takes λ
        off the size, and a weight that the data want less than λ becomes exactly 0:""")
    board.equation("w − c + λ = 0   for w > 0      →      w = max(0, c − λ)      (c above 0)")
    wants = (2.0, 1.0, 0.3)
    rows = [[c, settled(L2(0.5), c), settled(L1(0.5), c)] for c in wants]
    board.table(["c", "with L2, λ = 0.5", "with L1, λ = 0.5"], rows)
    board.check("L2: c / 1.5", [row[1] for row in rows], [4 / 3, 2 / 3, 0.2], 1e-6)
    board.check("L1: c − 0.5, or 0", [row[2] for row in rows], [1.5, 0.5, 0.0], 0.03)
    board.say("""(By gradient descent with η = 0.05; around 0 the L1 gradient changes its sign in each step, so w stays
        within η λ of it.) Biases are not penalised: they shift the curve and do not make it wriggle.""")

    x = np.linspace(-1, 1, 10)
    y = np.sin(np.pi * x) + 0.35 * rng.standard_normal(10)
    new = np.linspace(-0.95, 0.95, 200)
    runs = {strength: curve_through(x, y, strength) for strength in STRENGTHS}
    board.say("The curve through ten noisy points of a sine, with nine weights and a bias:")
    table: list[list[Any]] = []
    for strength, network in runs.items():
        seen = float(np.mean((network.forward(powers(x))[:, 0] - y) ** 2))
        unseen = float(np.mean((network.forward(powers(new))[:, 0] - np.sin(np.pi * new)) ** 2))
        table.append([f"{strength:g}", float(np.abs(network.p[0].W).max()), seen, unseen])
    board.table(["λ", "largest weight", "loss on the ten points", "squared distance from the sine"], table)
    board.check("without penalty: through all ten points", table[0][2], 0.0, 1e-9)
    board.check("a larger λ, smaller weights", bool(table[0][1] > table[1][1] > table[2][1]), True)
    board.check("a larger λ, a larger loss on the ten points", bool(table[0][2] < table[1][2] < table[2][2]), True)
    board.say("""The loss on the points rises with λ always; the distance from the truth falls first and rises again.
        Which λ is best is decided by data that training has not seen: the validation data.""")

    board.say("""Dropout is another way: in each step every unit is left out with probability p, so none can rely on
        another. The others are divided by 1 − p, so that the mean stays. Three units and p = ½; of the eight
        choices all are equally likely:""")
    a, w = np.array([1.0, 2, 4]), np.array([1.0, -1, 0.5])
    sums = [float((a * np.array(kept) / 0.5) @ w) for kept in product((0, 1), repeat=3)]
    board.check("Σ a w without dropout: 1 − 2 + 2", float(a @ w), 1.0, 1e-12)
    board.check("with dropout, all eight choices", sums, [0, 4, -4, 0, 2, 6, -2, 2], 1e-12)
    board.check("their mean", float(np.mean(sums)), 1.0, 1e-12)
    board.say("After training nothing is dropped, and nothing has to be scaled. Backward the same units are left out.")
    board.keep(runs=runs, x=x, y=y)


def draw_regularisation(board: Board | None = None) -> "Figure":
    """The curve for each strength of the penalty."""
    kept = (board or taught(teach_regularisation)).kept
    words = ("no penalty", "a little", "too much")
    titles = [f"λ = {strength:g}: {word}" for strength, word in zip(STRENGTHS, words, strict=True)]
    figure, axes = draw.side_by_side(titles, width=3.6, height=3.2)
    x = np.linspace(-1, 1, 300)
    for ax, network in zip(axes, kept["runs"].values(), strict=True):
        ax.plot(x, np.sin(np.pi * x), color=draw.GREY, linestyle=":", label="the sine")
        ax.plot(x, network.forward(powers(x))[:, 0].copy(), color=draw.BLUE, label="learnt")
        ax.plot(kept["x"], kept["y"], "o", color=draw.ORANGE, label="the ten points")
        ax.set(xlabel="x", ylim=(-2, 2))
    axes[0].set_ylabel("y")
    axes[0].legend(frameon=False, fontsize=8)
    return figure


LESSONS = [
    Lesson(
        name="regularisation",
        title="Against overfitting: L2, L1 and dropout in small numbers",
        source="byhand",
        teach=teach_regularisation,
        picture=draw_regularisation,
        requires=("weight-updates", "mean-squared-error"),
        minutes=30,
    ),
]
