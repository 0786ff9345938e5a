"""Transfer learning: features learnt for one task, and what they are worth for another."""

from typing import TYPE_CHECKING

import numpy as np

from byhand.core.types import Array
from byhand.initializers import He
from byhand.layers import Dense, ReLU
from byhand.lessons import draw
from byhand.lessons.base import Board, Lesson, taught
from byhand.losses import CategoricalCrossEntropy, QuadraticCost
from byhand.network import Network
from byhand.optimizers import Adam, GradientDescent
from byhand.regularizers import L2
from byhand.training import Group, fit

if TYPE_CHECKING:
    from matplotlib.figure import Figure

INPUTS, HIDDEN, MANY, FEW, NEW = 20, 32, 2000, 40, 1000
MEDIAN_SQUARE = 2 * np.log(2)  # of points with normal coordinates one half has x₁² + x₂² above it
WAYS: dict[str, tuple[Group, ...]] = {
    "from scratch": (),
    "fine-tuned": (Group("0.*", rate=0.1),),
    "frozen": (Group("0.*", rate=0),),
}


def quadrant(x: Array) -> Array:
    """The first task: in which of four quadrants (x₁, x₂) lies."""
    quadrants: Array = 2 * (x[:, 0] > 0) + (x[:, 1] > 0)
    return quadrants


def far_out(x: Array, first: int) -> Array:
    """The second task: whether two coordinates, from `first` on, lie outside a circle around 0."""
    outside: Array = (x[:, first] ** 2 + x[:, first + 1] ** 2 > MEDIAN_SQUARE).astype(int)
    return outside


def network_for(classes: int, seed: int) -> Network:
    """20-32-classes with ReLU."""
    layers = [Dense(HIDDEN, He()), ReLU(), Dense(classes)]
    return Network(INPUTS, layers, CategoricalCrossEntropy(), rng=seed)


def learnt(network: Network, x: Array, y: Array, groups: tuple[Group, ...]) -> Network:
    """The network after 200 steps on all samples at once."""
    fit(
        network, x, y,
        epochs=200, batch_size=None, optimizer=Adam(0.03), rng=0, groups=groups, progress=False, threads=1,
    )  # fmt: skip
    return network


def share_of_right(network: Network, x: Array, y: Array) -> float:
    """The share of right answers."""
    return float(np.mean(network.predict(x) == y))


def teach_transfer(board: Board, rng: np.random.Generator) -> None:
    """One step of a frozen and of a fine-tuned weight; then features that help, and features that are blind."""
    board.say("""A network that has learnt one task has learnt features: what its hidden units respond to. A second task
        with few examples can begin with them. The first layer is copied; the last one is new, because its classes are
        others. Then the copied layer is frozen (it keeps its numbers), or fine-tuned with a smaller learning rate.""")
    board.say("""In the smallest case y = w₂ h with h = w₁ x. The first task has left w₁ = 2. The new weight is w₂ = 1,
        the example is x = 1 with the target 3, the loss is ½ (y − t)², and η = 0.1:""")
    board.equation("""
        y = 1 · 2 = 2      ∂L/∂w₂ = (y − t) h = −1 · 2 = −2      ∂L/∂w₁ = (y − t) w₂ x = −1
        frozen:            w₂ = 1 + 0.1 · 2                      w₁ = 2
        fine-tuned, 0.1 η: w₂ = 1 + 0.1 · 2                      w₁ = 2 + 0.01 · 1
    """)
    for words, rate, wanted in (("frozen", 0.0, 2.0), ("fine-tuned", 0.1, 2.01)):
        small = Network(1, [Dense(1, bias=False), Dense(1, bias=False)], QuadraticCost(), rng=0, dtype=np.float64)
        small.theta[...] = 2, 1
        fit(
            small, np.ones((1, 1)), np.full((1, 1), 3.0),
            epochs=1, batch_size=None, optimizer=GradientDescent(0.1), groups=[Group("0.*", rate)], progress=False,
        )  # fmt: skip
        board.check(f"w₁ and w₂, {words}", small.theta, [wanted, 1.2], 1e-12)

    def points(n: int) -> Array:
        return rng.standard_normal((n, INPUTS)).astype(np.float32)

    board.say("""Now twenty numbers, each from N(0, 1), and two tasks that look at the first two only. First task: in
        which quadrant does (x₁, x₂) lie? There are 2,000 examples, and a penalty on the weights (see regularisation)
        makes the first layer ignore what is of no use. Second task: does (x₁, x₂) lie outside a circle that holds half
        of the points? For this there are 40 examples.""")
    first, x = network_for(4, 0), points(MANY)
    fit(
        first, x, quadrant(x),
        epochs=20, batch_size=50, optimizer=Adam(0.01), regularizers=[L2(0.01)], rng=0, progress=False, threads=1,
    )  # fmt: skip
    sizes = np.linalg.norm(first.p[0].W, axis=1)  # (20,), of each input's weights
    board.table(
        ["input", "length of its row of W₁"],
        [["x₁", sizes[0]], ["x₂", sizes[1]], ["the longest other", max(sizes[2:])]],
    )
    board.check("the first layer looks at x₁ and x₂", bool(min(sizes[:2]) > 4 * max(sizes[2:])), True)
    few, new = points(FEW), points(NEW)
    found = {
        name: [
            (share_of_right(network, few, far_out(few, pair)), share_of_right(network, new, far_out(new, pair)))
            for pair in (0, 2)
            for network in [_second(first, name, few, far_out(few, pair), groups)]
        ]
        for name, groups in WAYS.items()
    }
    headers = ["second task, 40 examples", "right among them", "among 1,000 new points"]
    board.table(headers, [[name, *circle] for name, (circle, _) in found.items()])
    board.check("frozen does best", bool(found["frozen"][0][1] > found["fine-tuned"][0][1]), True)
    board.check(
        "and better than from scratch by far", bool(found["frozen"][0][1] > found["from scratch"][0][1] + 0.2), True
    )
    board.say("""From scratch 40 examples in twenty dimensions are learnt by heart: all right, and new points are
        guessed. The frozen layer only lets the useful two dimensions through. Fine-tuning frees all weights again,
        which with so few examples is nearly the same as starting from scratch.""")

    board.say("""But features serve only what they were learnt for. A third task asks for the circle of (x₃, x₄), which
        the first layer has learnt to ignore, and has plenty of examples, 2,000:""")
    third = {
        name: share_of_right(_second(first, name, x, far_out(x, 2), groups), new, far_out(new, 2))
        for name, groups in WAYS.items()
    }
    board.table(["third task, 2,000 examples", "right among 1,000 new points"], [list(row) for row in third.items()])
    board.check("frozen features are blind", bool(third["frozen"] < 0.65), True)
    board.check("from scratch it is learnt", bool(third["from scratch"] > 0.75), True)
    board.say("""So whether to freeze, to fine-tune or to start anew depends on how many examples there are and how much
        the tasks have in common. It is decided by held-back examples: byhand reproduce transfer does it with
        features learnt on digits, for pictures of clothes.""")
    board.keep(few={name: circle[1] for name, (circle, _) in found.items()}, many=third)


def _second(first: Network, name: str, x: Array, y: Array, groups: tuple[Group, ...]) -> Network:
    """A new network, with the first one's hidden layer unless it is to start from scratch, after its training."""
    network = network_for(2, 1)
    if name != "from scratch":
        network.p[0].W[...], network.p[0].b[...] = first.p[0].W, first.p[0].b
    return learnt(network, x, y, groups)


def draw_transfer(board: Board | None = None) -> "Figure":
    """What is right among new points, for each way and task."""
    kept = (board or taught(teach_transfer)).kept
    figure, axes = draw.side_by_side(["circle of x₁, x₂: 40 examples", "circle of x₃, x₄: 2,000 examples"], height=3.0)
    for ax, shares in zip(axes, (kept["few"], kept["many"]), strict=True):
        ax.bar(list(shares), [100 * share for share in shares.values()], color=[draw.GREY, draw.SKY, draw.BLUE])
        ax.axhline(50, color=draw.ORANGE, linestyle=":", label="guessing")
        ax.set(ylim=(0, 100))
    axes[0].set_ylabel("right among new points, %")
    axes[0].legend(frameon=False, loc="upper left")
    return figure


LESSONS = [
    Lesson(
        name="transfer",
        title="Transfer: features of one task for another, frozen or fine-tuned",
        source="the write-ups name it for Fashion-MNIST",
        teach=teach_transfer,
        picture=draw_transfer,
        requires=("regularisation", "adam"),
        minutes=25,
    ),
]
