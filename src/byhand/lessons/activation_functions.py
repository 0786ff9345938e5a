"""The functions that a unit may make of its sum, with their slopes."""

from typing import TYPE_CHECKING

import numpy as np

from byhand.explaining.explain import activation_functions
from byhand.lessons.base import WRITE_UPS, Board, Lesson

if TYPE_CHECKING:
    from matplotlib.figure import Figure

EQUATIONS = """
step          a = 1 if z > 0 else 0              slope 0: nothing to learn from
sigmoid       a = 1 / (1 + e^−z)                 slope a (1 − a), at most ¼
tanh          a = (e^z − e^−z) / (e^z + e^−z)    slope 1 − a², at most 1
ReLU          a = max(0, z)                      slope 1 or 0
leaky ReLU    a = max(z, 0.1 z)                  slope 1 or 0.1
ELU           a = z, below zero e^z − 1          slope 1, below zero a + 1
"""


def teach(board: Board, rng: np.random.Generator) -> None:
    """Values and slopes at −2 and 2, and what becomes of a gradient that passes through ten layers."""
    board.say("A unit adds up its inputs to z and passes f(z) on. Going back, the gradient is multiplied by f′(z).")
    board.equation(EQUATIONS)
    functions = activation_functions()
    z = np.array([-2.0, 2.0])
    rows = [[name, *f(z), *slope(z)] for name, (f, slope) in functions.items()]
    board.table(["f", "f(−2)", "f(2)", "f′(−2)", "f′(2)"], rows)
    for (name, (f, slope)), right in zip(functions.items(), (0, 0.104994, 0.070651, 1, 1, 1), strict=True):
        board.check(f"{name}: f′(2)", slope(z)[1], right, 1e-6)
        board.check(f"{name}: by differences", (f(z[1] + 1e-6) - f(z[1] - 1e-6)) / 2e-6, right, 1e-6)
    board.say("""Ten layers multiply ten slopes. At best a sigmoid leaves ¼ each time: about a millionth of the gradient
        arrives, which is why deep sigmoid networks hardly learn. A ReLU that is on leaves all of it; one that is off
        for every sample leaves nothing, and is dead. Leaky ReLU and ELU leave a little there.""")
    board.check("(¼)¹⁰", 0.25**10, 9.5367e-7, 1e-11)


def draw_activations(board: Board | None = None) -> "Figure":
    """All of them with their slopes."""
    from byhand import plots

    return plots.activations(activation_functions())


LESSONS = (
    Lesson(
        "activation-functions",
        "Step, sigmoid, tanh, ReLU and related functions, with slopes",
        WRITE_UPS,
        teach,
        draw_activations,
        requires=("chain-rule",),
        minutes=20,
    ),
)
