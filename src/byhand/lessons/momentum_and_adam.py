"""Momentum and Adam: what an optimiser makes of a sequence of gradients."""

from typing import TYPE_CHECKING

import numpy as np

from byhand.core.types import Array
from byhand.lessons import draw
from byhand.lessons.base import Board, Lesson
from byhand.ops import reference
from byhand.optimizers import Adam, GradientDescent, Momentum, Optimizer

if TYPE_CHECKING:
    from matplotlib.figure import Figure

STEEPNESS = np.array([1.0, 100.0])  # L = ½ (u² + 100 v²): a valley, a hundred times as steep across as along
VALLEY_START = np.array([-8.0, 1.0])
VALLEY_RATE = 0.018


def moves(optimizer: Optimizer, rate: float, gradients: list[float]) -> list[float]:
    """What is subtracted from a parameter in each step, given its gradients."""
    theta = np.zeros(1)
    state, moved = optimizer.state(1, theta.dtype), []
    for t, g in enumerate(gradients, 1):
        before = float(theta[0])
        optimizer.step(reference, theta, np.array([g]), state, t, rate=rate)
        moved.append(before - float(theta[0]))
    return moved


def valley(optimizer: Optimizer, rate: float, count: int) -> Array:
    """The way (count + 1, 2) down the valley."""
    theta = VALLEY_START.copy()
    state, path = optimizer.state(2, theta.dtype), [theta.copy()]
    for t in range(1, count + 1):
        optimizer.step(reference, theta, STEEPNESS * theta, state, t, rate=rate)
        path.append(theta.copy())
    return np.array(path)


def height(point: Array) -> float:
    """L = ½ (u² + 100 v²)."""
    return float(0.5 * np.sum(STEEPNESS * point**2))


def teach_momentum(board: Board, rng: np.random.Generator) -> None:
    """The velocity for steady and for alternating gradients, and down a valley."""
    board.say("""A ball that rolls down a valley gathers speed along it and does not bounce between its walls as much as
        a walker who always takes the steepest way. Momentum keeps a velocity v: a sum of all gradients so far, in
        which old ones fade by the factor μ, usually 0.9.""")
    board.equation("v ← μ v + g,      θ ← θ − η v")
    board.say("The gradient 1 again and again, with η = 1, so that the steps are v itself:")
    steady, swinging = moves(Momentum(1.0), 1.0, [1.0] * 4), moves(Momentum(1.0), 1.0, [1.0, -1, 1, -1])
    board.table(
        ["step", "v for g = 1, 1, 1, 1", "v for g = 1, −1, 1, −1"],
        [[t, *row] for t, row in enumerate(zip(steady, swinging, strict=True), 1)],
    )
    board.check("steady: 1, 0.9·1 + 1, 0.9·1.9 + 1, …", steady, [1, 1.9, 2.71, 3.439], 1e-12)
    board.check("alternating: 1, 0.9·1 − 1, …", swinging, [1, -0.1, 0.91, -0.181], 1e-12)
    board.say("""Where gradients agree, steps grow; where they alternate, they cancel. How far do they grow? Where v
        stops changing, v = μ v + g, so v = g / (1 − μ): ten times the gradient for μ = 0.9.""")
    board.equation("v = g (1 + μ + μ² + …) = g / (1 − μ)")
    board.check("v after 200 steady steps", moves(Momentum(1.0), 1.0, [1.0] * 200)[-1], 10.0, 1e-6)
    board.say("""Now the valley L = ½ (u² + 100 v²), from (−8, 1). Across it, plain descent multiplies v by 1 − 100 η in
        each step, so beyond η = 0.02 it climbs out. Along it, each step leaves the share 1 − η of u. No rate
        suits both. With η = 0.018 for either method:""")
    plain, rolling = valley(GradientDescent(), VALLEY_RATE, 100), valley(Momentum(), VALLEY_RATE, 100)
    board.table(
        ["after 100 steps", "u", "v", "L"],
        [
            ["gradient descent", *plain[-1], height(plain[-1])],
            ["momentum 0.9", *rolling[-1], height(rolling[-1])],
        ],
    )
    board.check("gradient descent: u = −8 · 0.982¹⁰⁰", float(plain[-1, 0]), -8 * 0.982**100, 1e-9)
    board.check(
        "momentum: L is a hundredth of that, or less", bool(height(rolling[-1]) < height(plain[-1]) / 100), True
    )
    board.check(
        "gradient descent with η = 0.021 climbs", bool(height(valley(GradientDescent(), 0.021, 100)[-1]) > 50), True
    )


def teach_adam(board: Board, rng: np.random.Generator) -> None:
    """Two running means, their correction for the start, and what the step's size depends on."""
    board.say("""One learning rate for all weights: too long for those with large gradients, too short for those with
        small ones. Adam gives each weight its own. It keeps two running means for each: m of the gradient, v of its
        square. The step is m / √v: about ±1 where gradients agree, whatever their size, less where they disagree.""")
    board.equation("""
        m ← β₁ m + (1 − β₁) g            β₁ = 0.9
        v ← β₂ v + (1 − β₂) g²           β₂ = 0.999
        m̂ = m / (1 − β₁ᵗ),   v̂ = v / (1 − β₂ᵗ)
        θ ← θ − η m̂ / (√v̂ + ε)           ε = 10⁻⁸
    """)
    board.say("""Both means start at 0 and are too small at first. After step 1 with g = 0.5, m is 0.05 rather than 0.5.
        By how much? If all gradients are g, then m = (1 − β₁)(1 + β₁ + … + β₁ᵗ⁻¹) g = (1 − β₁ᵗ) g. So dividing by
        1 − β₁ᵗ makes it right; likewise v.""")
    m = 0.1 * 0.5
    v = 0.001 * 0.25
    board.check("t = 1: m and v", [m, v], [0.05, 0.00025], 1e-12)
    board.check("t = 1: m̂ and v̂", [m / (1 - 0.9), v / (1 - 0.999)], [0.5, 0.25], 1e-12)
    board.say("""So the first step is η · 0.5 / √0.25 = η, whatever the gradient is. Steps with η = 0.001 for steady
        gradients, for a hundredth of them, and for alternating ones:""")
    steady, small = (moves(Adam(), 0.001, [g] * 3) for g in (0.5, 0.005))
    swinging = moves(Adam(), 0.001, [0.5, -0.5, 0.5])
    board.table(
        ["step", "g = 0.5", "g = 0.005", "g = ±0.5"],
        [
            [t, *(f"{x:.6f}".replace("-", "−") for x in row)]
            for t, row in enumerate(zip(steady, small, swinging, strict=True), 1)
        ],
    )
    board.check("steady", steady, [0.001] * 3, 1e-9)
    board.check("a hundredth of the gradient, the same step", small, [0.001] * 3, 1e-8)
    second = 0.001 * (0.9 * 0.05 - 0.05) / (1 - 0.81) / 0.5  # m = −0.005, m̂ = −0.0263, √v̂ = 0.5
    board.check("alternating, step 2", swinging[1], second, 1e-9)
    board.say("""A step is never much longer than η: η says how far a weight may go in one step, and 0.001 suits
        many networks. What Adam does not do is choose η for you. ε keeps the division finite where gradients are 0.""")
    without = 0.001 * m / v**0.5
    board.say(f"""Without the correction the first step would be η · 0.05 / √0.00025 = {without:.5f}, three times as
        long, and the first gradients would count too much.""")
    board.check("the first step without correction, in units of η", without / 0.001, 3.1623, 5e-5)


def draw_momentum(board: Board | None = None) -> "Figure":
    """Both ways down the valley."""
    return _valleys(
        {
            "gradient descent, η = 0.018": valley(GradientDescent(), VALLEY_RATE, 100),
            "momentum 0.9, η = 0.018": valley(Momentum(), VALLEY_RATE, 100),
        }
    )


def draw_adam(board: Board | None = None) -> "Figure":
    """Gradient descent and Adam down the valley."""
    return _valleys(
        {
            "gradient descent, η = 0.018": valley(GradientDescent(), VALLEY_RATE, 100),
            "Adam, η = 0.4": valley(Adam(), 0.4, 100),
        }
    )


def _valleys(paths: dict[str, Array]) -> "Figure":
    titles = [f"{way}\nL = {height(path[-1]):.2g} after {len(path) - 1} steps" for way, path in paths.items()]
    figure, axes = draw.side_by_side(titles, width=5, height=3.0)
    u, v = np.meshgrid(np.linspace(-9, 4, 200), np.linspace(-1.3, 1.3, 200))
    for ax, path in zip(axes, paths.values(), strict=True):
        ax.contour(
            u,
            v,
            0.5 * (STEEPNESS[0] * u**2 + STEEPNESS[1] * v**2),
            levels=[1, 4, 9, 16, 25, 36, 49],
            colors="#bbbbbb",
            linewidths=0.7,
        )
        ax.plot(path[:, 0], path[:, 1], ".-", color=draw.BLUE, linewidth=1)
        ax.plot(*path[0], "s", color=draw.ORANGE, label="start")
        ax.plot([0], [0], "*", color=draw.GREEN, markersize=12, label="lowest point")
        ax.set(xlabel="u", ylabel="v")
    axes[0].legend(frameon=False, fontsize=8, loc="lower right")
    return figure


LESSONS = [
    Lesson(
        name="momentum",
        title="Momentum: steps that gather speed where gradients agree",
        source="Polyak (1964); the numbers are ours",
        teach=teach_momentum,
        picture=draw_momentum,
        requires=("weight-updates",),
        minutes=20,
    ),
    Lesson(
        name="adam",
        title="Adam: a step length of its own for each weight",
        source="Kingma and Ba (2015); the numbers are ours",
        teach=teach_adam,
        picture=draw_adam,
        requires=("momentum",),
        minutes=25,
    ),
]
