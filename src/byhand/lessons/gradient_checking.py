"""Gradient checking: how to find out that a derivative is wrong, and which."""

from typing import TYPE_CHECKING

import numpy as np

from byhand.core.types import Array
from byhand.explaining.explain import trace
from byhand.layers import Dense, Sigmoid
from byhand.lessons import draw
from byhand.lessons.base import Board, Lesson
from byhand.losses import MSE
from byhand.network import Network

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DISTANCES = tuple(10.0**-k for k in range(1, 13))
ONE_UNIT = (0.25, 4.0, 1.0)  # weight, input, target


def unit_loss(w: float) -> tuple[float, float]:
    """L and dL/dw of a sigmoid unit with squared error."""
    network = Network(1, [Dense(1, bias=False), Sigmoid()], MSE(), rng=None, dtype=np.float64)
    network.p[0].W[...] = w
    values = trace(network, np.array([[ONE_UNIT[1]]]), np.array([[ONE_UNIT[2]]]))
    return float(values["L"]), float(values["dW1"][0, 0])


def central(h: float) -> float:
    """[L(w + h) − L(w − h)] / 2h."""
    w = ONE_UNIT[0]
    return (unit_loss(w + h)[0] - unit_loss(w - h)[0]) / (2 * h)


def relative_difference(a: float | Array, b: float | Array) -> float:
    """‖a − b‖ / (‖a‖ + ‖b‖): 0 if they agree, near 1 if they have nothing to do with each other."""
    return float(np.linalg.norm(np.subtract(a, b)) / (np.linalg.norm(a) + np.linalg.norm(b)))


def teach_checking(board: Board, rng: np.random.Generator) -> None:
    """Which h, which tolerance, and what the usual faults look like."""
    board.say("""A wrong derivative raises no error. The network trains, only worse, and one looks for the fault in the
        learning rate. The forward pass is easy to get right; so let it judge the backward pass: change one parameter a
        little both ways, and see what the loss does.""")
    board.equation("∂L/∂θᵢ  ≈  [L(θᵢ + h) − L(θᵢ − h)] / 2h")
    w, x, t = ONE_UNIT
    board.say(f"""A sigmoid unit with w = {w:g}, x = {x:g}, t = {t:g} and the loss (a − t)²: its z is 1, its a is
        σ(1) = 0.7311, and by hand""")
    board.equation("dL/dw = 2 (a − t) · a (1 − a) · x = 2 · (−0.2689) · 0.1966 · 4 = −0.4230")
    _, slope = unit_loss(w)
    board.check("dL/dw", slope, -0.4230, 5e-5)
    board.say("""Which h? Taylor's series says what is wrong with the difference: the odd powers of h in it cancel, and
        L‴ h²/6 is left, so h should be small. But L itself has 16 digits only; the difference of two nearly equal
        numbers loses what they share, an error of about 10⁻¹⁶/h, so h should be large. Both together are smallest
        near the cube root of 10⁻¹⁶: h = 10⁻⁵.""")
    errors = {h: abs(central(h) - slope) for h in DISTANCES}
    board.table(
        ["h", "difference", "error"],
        [
            [f"{h:.0e}".replace("e-", "·10^−").replace("^−0", "^−"), central(h), f"{error:.1e}".replace("-", "−")]
            for h, error in errors.items()
            if h in DISTANCES[::2] + DISTANCES[4:5]
        ],
    )
    board.check("a tenth of h, a hundredth of the error", errors[0.01] / errors[0.001], 100.0, 1.0)
    best = min(errors, key=errors.__getitem__)
    board.check("the best h lies between 10⁻⁷ and 10⁻⁴", bool(0.9e-7 < best < 1.1e-4), True)
    board.check("at h = 10⁻⁵ the error is below 10⁻⁹", bool(errors[DISTANCES[4]] < 1e-9), True)

    board.say("""How near is near enough? Compare relatively, all numbers of an array at once; below 10⁻⁶ (with float64)
        they agree, above 10⁻³ something is wrong. In float32 such checks are worth little.""")
    board.equation("r = ‖a − b‖ / (‖a‖ + ‖b‖)")
    a = 1 / (1 + np.exp(-w * x))
    faults = {
        "right": 2 * (a - t) * a * (1 - a) * x,
        "a − t without its factor 2": (a - t) * a * (1 - a) * x,
        "the sigmoid's slope forgotten": 2 * (a - t) * x,
        "the slope at a instead of z": 2 * (a - t) * (s := 1 / (1 + np.exp(-a))) * (1 - s) * x,
        "the input forgotten": 2 * (a - t) * a * (1 - a),
        "the sign turned": -2 * (a - t) * a * (1 - a) * x,
    }
    referee = central(1e-5)
    board.table(
        ["dL/dw", "by the formula", "by difference", "ratio", "r"],
        [
            [name, value, referee, value / referee, relative_difference(value, referee)]
            for name, value in faults.items()
        ],
    )
    board.check("right: r", relative_difference(faults["right"], referee), 0.0, 1e-8)
    board.check(
        "the smallest r of the faults is above 10⁻²",
        bool(min(relative_difference(v, referee) for n, v in faults.items() if n != "right") > 1e-2),
        True,
    )
    board.say("""The ratio is a trace: ½ or 2 is a factor of the loss, −1 a sign, the number of samples a mean that is a
        sum; a ratio that differs from parameter to parameter points to a slope or an input. Where the ratio is right
        for the last layer and wrong before it, the fault lies between the two.""")
    board.say("""Take random weights, not zeros (at 0 many wrong formulas are right); a few samples, more than one;
        no dropout; and stay away from the kinks of ReLU, where left and right slopes differ. Check once, then train
        without: a difference for each parameter takes two passes of the whole network for each.""")
    board.say("""In byhand, byhand.testing.check_layer and check_loss do this for a layer or a loss of your own. The
        programs in examples/write_ups/ have faults that were published, to be switched on: find them with --check.""")
    board.keep(errors=errors)


def draw_checking(board: Board | None = None) -> "Figure":
    """The difference's error against h, with both of its parts."""
    _, slope = unit_loss(ONE_UNIT[0])
    steps = np.logspace(-12, -0.5, 60)
    errors = np.array([abs(central(h) - slope) for h in steps])
    figure, (ax,) = draw.side_by_side(["How wrong a central difference is"], width=6, height=4)
    shown = errors > 0
    ax.loglog(steps[shown], errors[shown], "o", markersize=4, color=draw.BLUE, label="error")
    wide = steps > 1e-5
    ax.loglog(steps[wide], errors[-1] * (steps[wide] / steps[-1]) ** 2, color=draw.GREEN, label="like h²")
    ax.loglog(steps[~wide], 1.1e-16 / steps[~wide] / 8, color=draw.ORANGE, linestyle="--", label="like 10⁻¹⁶ / h")
    ax.set(xlabel="step h", ylabel="distance from the derivative")
    ax.legend(frameon=False)
    return figure


LESSONS = [
    Lesson(
        name="gradient-checking",
        title="Gradient checking: how a wrong derivative is found",
        source="byhand",
        teach=teach_checking,
        picture=draw_checking,
        requires=("derivative", "chain-rule", "two-two-one-mse"),
        minutes=30,
    ),
]
