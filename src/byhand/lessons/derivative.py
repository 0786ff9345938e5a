"""What a derivative is: how fast the loss changes with one number."""

from typing import TYPE_CHECKING

import numpy as np

from byhand.explaining.explain import trace
from byhand.layers import Dense
from byhand.lessons import draw
from byhand.lessons.base import Board, Lesson
from byhand.losses import MSE
from byhand.network import Network

if TYPE_CHECKING:
    from matplotlib.figure import Figure

INPUT, TARGET, WEIGHT = 2.0, 3.0, 1.0


def loss_and_slope(w: float) -> tuple[float, float]:
    """L = (2 w − 3)² and dL/dw of a network with one weight."""
    network = Network(1, [Dense(1, bias=False)], MSE(), rng=None, dtype=np.float64)
    network.p[0].W[...] = w
    values = trace(network, np.array([[INPUT]]), np.array([[TARGET]]))
    return float(values["L"]), float(values["dW1"][0, 0])


def teach_derivative(board: Board, rng: np.random.Generator) -> None:
    """From a difference over a short way to the slope at a point."""
    board.say("""One weight w, one input x = 2, one target t = 3. The network predicts 2 w, and its loss is a function
        of the weight alone. At w = 1 the loss is 1. Should w grow or shrink? And what does a little of it change?""")
    board.equation("L(w) = (2 w − 3)²,     L(1) = (2 − 3)² = 1")
    start, slope = loss_and_slope(WEIGHT)
    board.check("L(1)", start, 1.0, 1e-12)
    board.say("Try it: move w by h, and divide the change of the loss by h. Then again with a shorter h:")
    steps = (0.1, 0.01, 0.001)
    forward = [(loss_and_slope(WEIGHT + h)[0] - start) / h for h in steps]
    central = [(loss_and_slope(WEIGHT + h)[0] - loss_and_slope(WEIGHT - h)[0]) / (2 * h) for h in steps]
    board.table(
        ["h", "[L(1 + h) − L(1)] / h", "[L(1 + h) − L(1 − h)] / 2h"],
        [list(row) for row in zip(steps, forward, central, strict=True)],
    )
    board.check("to one side", forward, [-3.6, -3.96, -3.996], 1e-9)
    board.check("to both sides", central, [-4, -4, -4], 1e-9)
    board.say("""The number that this approaches is the derivative, written dL/dw. Here one sees where it comes from:
        expand the square, and everything with a further h in it vanishes as h does.""")
    board.equation("""
        L(w + h) = (2 w − 3 + 2 h)² = (2 w − 3)² + 4 (2 w − 3) h + 4 h²
        [L(w + h) − L(w)] / h       =              4 (2 w − 3)   + 4 h      →   dL/dw = 4 (2 w − 3)
    """)
    board.check("dL/dw at w = 1, by backpropagation: 4 · (−1)", slope, -4.0, 1e-12)
    board.say("""Minus four: for every unit that w grows, the loss falls by four, as long as the steps are short. So
        w should grow. At w = 1.5 the slope is zero: the bottom.""")
    board.check("dL/dw at w = 1.5, and L there", loss_and_slope(1.5)[::-1], [0, 0], 1e-12)
    board.say("""Going to both sides is more exact: the h² of the one side cancels that of the other, and what is left
        of the error shrinks with h². byhand's tests compare every derivative with such differences.""")
    board.say("Nobody expands squares each time. These rules do it once and for all:")
    board.equation("""
        f(w) = c w          f′ = c                    f + g        (f + g)′ = f′ + g′
        f(w) = w²           f′ = 2 w                  f · g        (f g)′   = f′ g + f g′
        f(w) = e^w          f′ = e^w                  f(g(w))      f(g)′    = f′(g) · g′    (chain rule)
        f(w) = log w        f′ = 1 / w                σ(w)         σ′       = σ (1 − σ)
    """)
    w, h = 0.7, 1e-6
    for name, f, right in (
        ("(w²)′ at 0.7", lambda v: v**2, 1.4),
        ("(e^w)′ at 0.7", np.exp, float(np.exp(0.7))),
        ("(log w)′ at 0.7", np.log, 1 / 0.7),
        ("σ′ at 0.7", lambda v: 1 / (1 + np.exp(-v)), 0.668188 * (1 - 0.668188)),
    ):
        board.check(f"{name}, by differences", float((f(w + h) - f(w - h)) / (2 * h)), right, 1e-6)
    board.say("""A network has many weights. The derivative by one of them while the others stay is a partial
        derivative, ∂L/∂w; all of them together are the gradient.""")


def draw_derivative(board: Board | None = None) -> "Figure":
    """The loss, two secants that come closer, and the tangent."""
    figure, (ax,) = draw.side_by_side(["L(w) = (2w − 3)², and its slope at w = 1"], width=6, height=4.2)
    w = np.linspace(0.4, 2.4, 201)
    ax.plot(w, (2 * w - 3) ** 2, color=draw.BLUE, linewidth=2, label="L(w)")
    for h, dashes in ((0.8, ":"), (0.3, "-.")):
        slope = ((2 * (1 + h) - 3) ** 2 - 1) / h
        ax.plot(w, 1 + slope * (w - 1), color=draw.GREY, linestyle=dashes, label=f"through w = 1 and {1 + h:g}")
        ax.plot([1 + h], [(2 * (1 + h) - 3) ** 2], "o", color=draw.GREY)
    ax.plot(w, 1 - 4 * (w - 1), color=draw.ORANGE, linestyle="--", label="tangent, slope −4")
    ax.plot([1], [1], "o", color=draw.BLUE)
    ax.set(xlabel="weight w", ylabel="loss L", ylim=(-0.6, 4.5))
    ax.legend(frameon=False)
    return figure


LESSONS = [
    Lesson(
        name="derivative",
        title="A derivative: what a little more of a weight does to the loss",
        source="byhand",
        teach=teach_derivative,
        picture=draw_derivative,
        requires=("mean-squared-error",),
        minutes=25,
    ),
]
