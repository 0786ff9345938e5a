"""One recurrent unit over three steps, forward and back, with every number."""

from typing import TYPE_CHECKING

import numpy as np

from byhand.core.types import Array
from byhand.explaining.explain import trace
from byhand.layers import RNN
from byhand.lessons import draw
from byhand.lessons.base import Board, Lesson
from byhand.losses import QuadraticCost
from byhand.network import Network
from byhand.ops import reference

if TYPE_CHECKING:
    from matplotlib.figure import Figure

THREE_STEPS = np.array([1.0, -1, 1])


def unrolled(w: float = 1.0, r: float = 2.0, b: float = 0.0, x: Array = THREE_STEPS) -> dict[str, Array]:
    """All quantities of h[t] = max(0, w x[t] + r h[t−1] + b) and the loss ½ (h[T] − 2)²."""
    network = Network((len(x), 1), [RNN(1, nonlinearity="relu")], QuadraticCost(), rng=None, dtype=np.float64)
    for parameter, value in ((network.p[0].W, w), (network.p[0].R, r), (network.p[0].b, b)):
        parameter[...] = value
    return trace(network, x.reshape(1, -1, 1), np.full((1, 1), 2.0))


def truncated() -> tuple[float, float]:
    """dw and dr where the sequence is cut before its second step: the state is carried on, the gradient is not."""
    network = Network((2, 1), [RNN(1, nonlinearity="relu")], QuadraticCost(), rng=None, dtype=np.float64)
    network.p[0].W[...], network.p[0].R[...] = 1.0, 2.0
    workspace = network.workspace(1)
    network.forward(np.array([[[0.0], [1.0]]]), workspace)  # the first step; a step of 0 from state 0 changes nothing
    network.forward(THREE_STEPS[1:].reshape(1, 2, 1), workspace, carry=True)
    network.backward(np.full((1, 1), 2.0), workspace)
    return float(network.g[0].W[0, 0]), float(network.g[0].R[0, 0])


def teach_recurrence(board: Board, rng: np.random.Generator) -> None:
    """The state, the unrolled network, sums over time, truncation and clipping."""
    board.say("""A sentence, a melody, the rows of an image: the next piece depends on those before. A recurrent layer
        reads a sequence step by step, and keeps a state h, which it computes from the present input and from the state
        before. The same weights serve at every step. One unit with ReLU, the weights w = 1 for the input, r = 2 for the
        state, and b = 0:""")
    board.equation("""
        h[t] = max(0, w x[t] + r h[t−1] + b),    h[0] = 0
        x    = 1, −1, 1
        h[1] = max(0,  1 + 2·0) = 1
        h[2] = max(0, −1 + 2·1) = 1
        h[3] = max(0,  1 + 2·1) = 3
    """)
    v = unrolled()
    board.check("h", v["h1"].ravel(), [1, 1, 3], 1e-12)
    board.say("""The answer is the last state, and it should have been 2: L = ½ (h[3] − 2)² = ½. Backward, unroll the
        layer: three copies of it, one after the other, with equal weights. That is an ordinary network of three layers,
        and the chain rule goes from the last step to the first. h[t] is used at step t + 1 alone, with the factor
        r:""")
    board.equation("""
        dh[3] = h[3] − 2 = 1             dz[3] = dh[3] · 1 = 1      (the ReLU's slope is 1 where h > 0)
        dh[2] = dz[3] · r = 2            dz[2] = 2
        dh[1] = dz[2] · r = 4            dz[1] = 4
    """)
    board.check("L", float(v["L"]), 0.5, 1e-12)
    board.check("dz", v["dz1′"].ravel(), [4, 2, 1], 1e-12)
    board.say("""The copies share their weights. A small change of w changes all three steps, and what it does through
        each of them adds up: the gradients of shared weights are sums, here over time.""")
    board.equation("""
        dw = Σ x[t] dz[t]   = 1·4 + (−1)·2 + 1·1 = 3
        dr = Σ h[t−1] dz[t] = 0·4 + 1·2 + 1·1    = 3
        db = Σ dz[t]        = 4 + 2 + 1          = 7
    """)
    board.check("dw, dr, db", [v["dW1"].item(), v["dR1"].item(), v["db1"].item()], [3, 3, 7], 1e-12)
    h, point = 1e-5, np.array([1.0, 2.0, 0.0])
    loss = lambda p: float(unrolled(*p)["L"])  # noqa: E731
    differences = [(loss(point + step) - loss(point - step)) / (2 * h) for step in h * np.eye(3)]
    board.check("dw, dr, db by differences", differences, [3, 3, 7], 1e-8)
    board.say("""This is backpropagation through time. It keeps every state until the way back, which a long text would
        make expensive. Truncated, it cuts the sequence into pieces: each starts from the last state of the one before,
        so the outputs are the same; but its gradient ends at its own first step. With a cut before the second step,
        what w did at the first one is missing:""")
    board.equation("dw = (−1)·2 + 1·1 = −1        dr = h[1]·2 + h[2]·1 = 3")
    board.check("dw, dr, truncated", truncated(), [-1, 3], 1e-12)
    board.say("""Going back, the gradient doubled at each step, because r is 2. Nineteen steps back it would be half a
        million: it explodes, and one such step of gradient descent ruins the weights. Clipping keeps its direction and
        limits its length ‖g‖, here √(3² + 3² + 7²) = 8.19, to a bound, say 1:""")
    g = np.array([3.0, 3.0, 7.0])
    board.check("‖g‖", float(np.linalg.norm(g)), np.sqrt(67.0), 1e-12)
    board.equation("g ← g / 8.19 = (0.367, 0.367, 0.855)")
    reference.clip_norm(g, 1.0)
    board.check("clipped", g, [0.367, 0.367, 0.855], 5e-4)
    twenty = unrolled(x=np.ones(20))["dz1′"].ravel()
    board.check("dz[1] over dz[20], of twenty steps", twenty[0] / twenty[-1], 2.0**19, 1e-6)
    board.say("""With r = ½ it would have become as many times smaller instead, and the first steps would learn
        nothing: it vanishes. The lesson "forgetting" measures both.""")


def draw_recurrence(board: Board | None = None) -> "Figure":
    """The unrolled unit: inputs, states and gradients at each step."""
    v = unrolled()
    titles = ("input x", "state h: each from the one\non its left", "gradient dz: each from the one\non its right")
    rows = np.array([THREE_STEPS, v["h1"].ravel(), v["dz1′"].ravel()])
    figure, axes = draw.side_by_side(titles, width=3.0, height=2.0)
    for ax, row in zip(axes, rows, strict=True):
        draw.number_table(ax, row[np.newaxis])
        ax.set(xlabel="step t", xticks=[0.5, 1.5, 2.5], xticklabels=["1", "2", "3"])
        ax.tick_params(length=0)
    return figure


LESSONS = [
    Lesson(
        name="recurrence",
        title="One recurrent unit over three steps, forward and back",
        source="byhand; Elman (1990), Werbos (1990)",
        teach=teach_recurrence,
        picture=draw_recurrence,
        requires=("layer-as-matrix",),
        minutes=30,
    ),
]
