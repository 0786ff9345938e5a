"""Mini-batches: a gradient from a few samples, right on average."""

from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from byhand.core.types import Array
from byhand.explaining.explain import trace
from byhand.layers import Dense
from byhand.lessons import draw
from byhand.lessons.base import Board, Lesson, taught
from byhand.losses import MSE
from byhand.network import Network
from byhand.optimizers import GradientDescent
from byhand.training import Callback, Training, fit

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FOUR = np.array([[1.0], [2], [3], [4]])  # samples; the targets are twice as large
SIZES = (64, 8, 1)  # of the batches in the picture, of 64 samples


def gradient_of(chosen: tuple[int, ...]) -> float:
    """dL/dw at w = 0 of the mean squared error over the chosen samples."""
    network = Network(1, [Dense(1, bias=False)], MSE(), rng=None, dtype=np.float64)
    return float(trace(network, FOUR[list(chosen)], 2 * FOUR[list(chosen)])["dW1"][0, 0])


class Trail(Callback):
    """Notes the parameters after every step."""

    def __init__(self) -> None:
        self.points: list[Array] = []

    def on_step(self, training: Training) -> None:
        """One point."""
        self.points.append(training.network.theta.copy())


def descend_by(size: int, seed: int) -> tuple[Array, float]:
    """The way (steps, 2) of slope and bias of a line through 64 noisy points, by batches of `size`; its last loss."""
    rng = np.random.default_rng(seed)
    x = rng.uniform(-1, 1, (64, 1))
    y = 1.5 * x + 0.5 + 0.4 * rng.standard_normal((64, 1))
    network = Network(1, [Dense(1)], MSE(), rng=None, dtype=np.float64)
    path = Trail()
    fit(
        network,
        x,
        y,
        epochs=4,
        batch_size=size,
        optimizer=GradientDescent(0.2),
        rng=seed,
        callbacks=[path],
        progress=False,
    )
    return np.array([np.zeros(2), *path.points]), float(trace(network, x, y)["L"])


def teach_batches(board: Board, rng: np.random.Generator) -> None:
    """Four samples' gradients, and those of all batches of one, two and four."""
    board.say("""A data set may have a million samples. Must all of them be looked at before a single step? The loss is
        a mean over samples, and the gradient of a mean is the mean of the gradients. A mean can be estimated from a
        few: that is a mini-batch.""")
    board.equation("L = (1/n) Σᵢ ℓᵢ      →      ∂L/∂w = (1/n) Σᵢ ∂ℓᵢ/∂w")
    board.say("""Four samples x = 1, 2, 3, 4 with targets t = 2 x, the prediction w x, and w = 0 at the start. The
        gradient of one sample is 2 (w x − t) x = −4 x²:""")
    singles = [gradient_of((i,)) for i in range(4)]
    board.check("one gradient for each sample", singles, [-4, -16, -36, -64], 1e-12)
    board.check("all four together: their mean", gradient_of((0, 1, 2, 3)), -30.0, 1e-12)
    board.say("""Now every batch of two that can be drawn. None is exactly right, but their average is, since each
        sample is in equally many batches:""")
    pairs = list(combinations(range(4), 2))
    twos = [gradient_of(pair) for pair in pairs]
    board.table(
        ["samples", "gradient"],
        [[f"{FOUR[a, 0]:g} and {FOUR[b, 0]:g}", g] for (a, b), g in zip(pairs, twos, strict=True)],
    )
    board.check("the mean over all batches of two", float(np.mean(twos)), -30.0, 1e-12)
    board.say("""How far off is one batch? The larger it is, the closer: the standard deviation over all batches is σ/√B
        for batches of B, a little less because no sample is drawn twice (times √((n − B)/(n − 1))).""")
    board.equation("sd = σ/√B · √((4 − B)/3),     σ = √516 = 22.716")
    board.table(
        ["B", "standard deviation", "work for one step"],
        [[1, float(np.std(singles)), "1 sample"], [2, float(np.std(twos)), "2 samples"], [4, 0.0, "4 samples"]],
    )
    board.check("B = 1", float(np.std(singles)), 516**0.5, 1e-9)
    board.check("B = 2", float(np.std(twos)), 516**0.5 / 2**0.5 * (2 / 3) ** 0.5, 1e-9)
    board.say("""To halve the error takes four times the work. So a rough gradient at once, and the next one from
        the new place, usually wins over an exact gradient later. An epoch is one pass over all samples: with batches
        of B it has n/B steps. Samples are drawn in a new random order each time; in the order of the file the first
        batches may be all zeros, the last all nines.""")
    seed = int(rng.integers(2**31))
    paths = {size: descend_by(size, seed) for size in SIZES}
    board.say("A straight line fitted to 64 noisy points, four epochs with η = 0.2, in batches of 64, 8 and 1:")
    board.table(
        ["batch", "steps", "loss at the end"], [[size, len(path) - 1, loss] for size, (path, loss) in paths.items()]
    )
    board.check("four epochs in steps", [len(path) - 1 for path, _ in paths.values()], [4, 32, 256])
    board.check("8 samples a step have come further than all 64", bool(paths[8][1] < paths[64][1]), True)
    board.say("""Single samples wander around the lowest point and never settle, because each of them pulls elsewhere;
        a learning rate that falls calms them.""")
    board.keep(paths=paths)


def draw_batches(board: Board | None = None) -> "Figure":
    """The three ways from the same start across the plane of slope and bias."""
    paths = (board or taught(teach_batches)).kept["paths"]
    titles = [f"batches of {size}: {len(path) - 1} steps" for size, (path, _) in paths.items()]
    figure, axes = draw.side_by_side(titles, width=3.4, height=3.4)
    for ax, (path, _) in zip(axes, paths.values(), strict=True):
        ax.plot(path[:, 0], path[:, 1], ".-", color=draw.BLUE, linewidth=1, markersize=4)
        ax.plot(*path[0], "s", color=draw.ORANGE, label="start")
        ax.plot([1.5], [0.5], "*", color=draw.GREEN, markersize=12, label="the line behind the points")
        ax.set(xlabel="slope", xlim=(-0.3, 2.3), ylim=(-0.6, 1.8))
    axes[0].set_ylabel("bias")
    axes[0].legend(frameon=False, loc="lower right", fontsize=8)
    return figure


LESSONS = [
    Lesson(
        name="mini-batches",
        title="Mini-batches: a rough gradient often, or an exact one seldom",
        source="byhand",
        teach=teach_batches,
        picture=draw_batches,
        requires=("weight-updates", "mean-squared-error"),
        minutes=25,
    ),
]
