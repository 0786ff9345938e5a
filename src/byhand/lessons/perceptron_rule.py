"""The perceptron's own learning rule: it finds any line that separates, and never ends where there is none."""

from typing import TYPE_CHECKING

import numpy as np

from byhand.core.types import Array
from byhand.lessons import draw
from byhand.lessons.base import NIELSEN, Board, Lesson, taught
from byhand.lessons.neuron import CORNERS, neuron, output

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Update = tuple[int, Array, Array]  # the sample, its error t − y, and the new w with b as its last number


def learn(x: Array, t: Array, epochs: int) -> tuple[list[list[Update]], Array]:
    """Rosenblatt's rule from zero, sample after sample: w ← w + (t − y) x, b ← b + (t − y).

    Args:
        x: samples (n, inputs).
        t: what they should give (n,), 0 or 1.
        epochs: how often to go through them at most; it ends with the first epoch without a mistake.

    Returns:
        For each epoch the changes made in it, and the weights (inputs + 1,), the bias last.
    """
    x1 = np.column_stack([x, np.ones(len(x))])  # the bias is the weight of an input that is always 1
    w, history = np.zeros(x1.shape[1]), []
    for _ in range(epochs):
        changes: list[Update] = []
        for i in range(len(x1)):
            y = float(x1[i] @ w > 0)
            if y != t[i]:
                w = w + (t[i] - y) * x1[i]
                changes.append((i, t[i] - y, w))
        history.append(changes)
        if not changes:
            break
    return history, w


def separable(rng: np.random.Generator, n: int = 100, margin: float = 0.1) -> tuple[Array, Array, Array]:
    """Points (n, 2), their side of a random line (n,), and the line (3,): none nearer to it than the margin."""
    line = np.array([1.0, rng.uniform(-1, 1), rng.uniform(-0.3, 0.3)])
    line /= np.linalg.norm(line)
    x = rng.uniform(-1, 1, (20 * n, 2))
    distance = x @ line[:2] + line[2]
    far = np.abs(distance) > margin
    return x[far][:n], (distance[far][:n] > 0).astype(float), line


def teach_rule(board: Board, rng: np.random.Generator) -> None:
    """AND from zero, change by change; then a hundred points, with the bound on the number of mistakes."""
    board.say("""Nobody has to set the weights. Rosenblatt's rule: look at one example after another; where the answer
        is right change nothing, where it is wrong push the weights towards the right answer.""")
    board.equation("w ← w + (t − y) x,   b ← b + (t − y)        t is what it should be, y what it is")

    board.say("AND, from zero, through 00, 01, 10, 11 again and again; only mistakes change anything:")
    t = np.array([0.0, 0, 0, 1])
    history, w = learn(CORNERS, t, epochs=20)
    board.table(
        ["epoch", "x₁ x₂", "t − y", "w₁", "w₂", "b"],
        [
            [epoch, f" {CORNERS[i][0]:g}  {CORNERS[i][1]:g}", int(error), *map(int, new)]
            for epoch, changes in enumerate(history, 1)
            for i, error, new in changes
        ],
    )
    board.check("mistakes in each epoch", [len(changes) for changes in history], [1, 3, 3, 2, 1, 0])
    board.check("weights and bias", w, [2, 1, -2])
    board.check("the neuron's outputs", output(neuron(w[:2], w[2]), CORNERS), t)

    board.say("""Now a hundred points on two sides of a line that the rule is not told. Novikoff (1962): if some
        unit vector u separates them with margin γ, and no point (with its constant 1) is longer than R, the rule
        makes at most (R/γ)² mistakes, however many points there are and in whatever order.""")
    x, t, line = separable(rng)
    history, w = learn(x, t, epochs=2000)
    x1 = np.column_stack([x, np.ones(len(x))])
    mistakes = sum(map(len, history))
    bound = np.max(np.sum(x1**2, axis=1)) / np.min(np.abs(x1 @ line)) ** 2
    board.table(["epochs", "mistakes", "(R/γ)²"], [[len(history), mistakes, float(bound.round())]])
    board.check("points on the right side", int(np.sum(output(neuron(w[:2], w[2]), x) == t)), len(x))
    board.check("no more mistakes than the bound allows", bool(mistakes <= bound), True)
    board.keep(x=x, t=t, learned=w, line=line)


def teach_xor(board: Board, rng: np.random.Generator) -> None:
    """On XOR the rule goes round in a circle, and a short sum shows why nothing else could happen."""
    board.say("The same rule on XOR, which is 1 where exactly one input is:")
    t = np.array([0.0, 1, 1, 0])
    history, _ = learn(CORNERS, t, epochs=6)
    ends = [changes[-1][2] for changes in history]
    board.table(
        ["epoch", "mistakes", "w₁", "w₂", "b"],
        [[i, len(c), *map(int, w)] for i, (c, w) in enumerate(zip(history, ends, strict=True), 1)],
    )
    board.check("mistakes", [len(changes) for changes in history], [2, 3, 4, 4, 4, 4])
    board.check("weights and bias after epochs 2 and 3", ends[1:3], [[-1, 0, 1], [-1, 0, 1]])
    board.say("""The rule looks at nothing but the weights and the examples, so once an epoch leaves the weights where
        they were, every later one does the same: it will never end. No rule could do better:""")
    board.equation("""
        00 → 0:            b ≤ 0
        01 → 1:       w₂ + b > 0
        10 → 1:  w₁      + b > 0
        11 → 0:  w₁ + w₂ + b ≤ 0

        second + third:    w₁ + w₂ + 2b > 0
        first + fourth:    w₁ + w₂ + 2b ≤ 0        both cannot be
    """)
    grid = np.linspace(-3, 3, 25)
    w1, w2, b = (axis.ravel() for axis in np.meshgrid(grid, grid, grid))
    fires = CORNERS @ np.stack([w1, w2]) + b > 0  # (4, 2)(2, m) → (4, m): m neurons at once
    right = np.sum(fires == t[:, np.newaxis], axis=0)
    board.say(f"Trying {len(w1):,} neurons with weights and bias from −3 to 3 finds none that gets all four right.")
    board.check("corners right, the best of them", int(right.max()), 3)


def draw_rule(board: Board | None = None) -> "Figure":
    """The points, the line that made them, and the line that was learned."""
    kept = (board or taught(teach_rule)).kept
    figure, (ax,) = draw.side_by_side(["A line that the perceptron's rule found"], width=5.5, height=5.2)
    draw.square_axes(ax, -1, 1)
    draw.points(ax, kept["x"], kept["t"])
    for label, line, style in (("learned", kept["learned"], "-"), ("behind the points", kept["line"], ":")):
        draw.line(ax, line[:2], line[2], color=draw.ORANGE, linestyle=style, linewidth=2, label=label)
    draw.square_axes(ax, -1.05, 1.05)
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.1), ncols=4, frameon=False)
    return figure


LESSONS = [
    Lesson(
        name="perceptron-rule",
        title="The perceptron's learning rule, change by change",
        source=NIELSEN + "; the rule is Rosenblatt's (1958)",
        teach=teach_rule,
        picture=draw_rule,
        requires=("perceptron-gates",),
        minutes=20,
    ),
    Lesson(
        name="perceptron-xor",
        title="Why one perceptron cannot learn XOR",
        source=NIELSEN + "; the argument is Minsky and Papert's (1969)",
        teach=teach_xor,
        requires=("perceptron-rule",),
        minutes=15,
    ),
]
