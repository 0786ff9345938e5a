"""Why a plain recurrent layer forgets: how long a gradient is after many steps back."""

from typing import TYPE_CHECKING, Any

import numpy as np

from byhand.core.types import Array
from byhand.explaining.explain import trace
from byhand.initializers import Identity
from byhand.layers import GRU, LSTM, RNN
from byhand.layers.sequences.recurrent import Recurrent
from byhand.lessons.base import Board, Lesson
from byhand.losses import MSE
from byhand.network import Network
from byhand.plots.canvas import COLOURS, DASHES, dress, figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

T, UNITS, SAMPLES = 60, 32, 16
IRNN = RNN(UNITS, nonlinearity="relu", recurrent=Identity())
RACERS: dict[str, tuple[Recurrent, float]] = {  # each layer, and what its R is multiplied by
    "RNN, tanh": (RNN(UNITS), 1.0),
    "IRNN": (IRNN, 1.0),
    "IRNN, R 10 % larger": (IRNN, 1.1),
    "LSTM, forget bias 0": (LSTM(UNITS, forget_bias=0.0), 1.0),
    "LSTM, forget bias 1": (LSTM(UNITS), 1.0),
    "LSTM, forget bias 2": (LSTM(UNITS, forget_bias=2.0), 1.0),
    "GRU": (GRU(UNITS), 1.0),
}


def gradient_lengths(layer: Recurrent, factor: float, rng: np.random.Generator) -> Array:
    """(T,): the mean length of ∂L/∂h[t], or ∂L/∂c[t] of an LSTM, over that at the last step; untrained, random x."""
    network = Network((T, 4), [layer], MSE(), rng=rng, dtype=np.float64)
    network.p[0].R *= factor
    x, t = rng.standard_normal((SAMPLES, T, 4)), rng.standard_normal((SAMPLES, UNITS))
    gradients = trace(network, x, t)["dc1" if isinstance(layer, LSTM) else "dh1"]  # (n, T, k)
    lengths = np.linalg.norm(gradients, axis=2).mean(axis=0)
    return lengths / lengths[-1]


def teach_forgetting(board: Board, rng: np.random.Generator) -> None:
    """Products of Jacobians, measured for RNN, IRNN, LSTM and GRU."""
    board.say("""The lesson "recurrence" went back three steps, and the gradient doubled at each. In general one step
        back multiplies it by a matrix, the Jacobian of the state by the state before, and T steps by a product of T of
        them:""")
    board.equation("""
        h[t] = tanh z[t],   z[t] = x[t] W + h[t−1] R + b
        ∂L/∂h[t−1] = (∂L/∂h[t] ⊙ (1 − h[t]²)) Rᵀ
    """)
    board.say("""With one unit that is a factor: r (1 − h²). Slopes of tanh are at most 1, mostly less. With a mean
        factor of 0.8, what arrives from 60 steps later is""")
    board.check("0.8⁶⁰", 0.8**60, 1.53e-6, 1e-8)
    board.say("""of what it was; a factor of 1.1 makes it""")
    board.check("1.1⁶⁰", 1.1**60, 304.48, 0.01)
    board.say(f"""times larger. Nothing in between stays for long. Now measured: layers of {UNITS} units before any
        training read {SAMPLES} random sequences of {T} steps, and the loss depends on the last state. How long is the
        gradient by the state at earlier steps, if it is 1 at the last?""")
    curves = {name: gradient_lengths(layer, factor, rng) for name, (layer, factor) in RACERS.items()}
    shown = [(name, *(f"{c[-1 - back]:.1e}".replace("-", "−") for back in (10, 30, 59))) for name, c in curves.items()]
    board.table(["layer", "10 steps back", "30", "59"], shown)
    first = {name: float(curve[0]) for name, curve in curves.items()}
    board.check("RNN: below a hundred-thousandth", first["RNN, tanh"] < 1e-5, True)
    board.check("IRNN: above a tenth", first["IRNN"] > 0.1, True)
    board.check("IRNN with a larger R: above ten", first["IRNN, R 10 % larger"] > 10, True)
    board.check("LSTM, forget bias 0: below a millionth", first["LSTM, forget bias 0"] < 1e-6, True)
    board.check("LSTM, forget bias 1: above a thousandth", first["LSTM, forget bias 1"] > 1e-3, True)
    board.say("""The plain RNN, although R is orthogonal and so keeps every length, loses it to the slopes of tanh. The
        IRNN (ReLU, R = identity) has the factor 1 where a unit is active; but with an R a tenth larger it explodes:
        it lives on a knife's edge, and clipping is needed. In an LSTM the cell goes on by""")
    board.equation("c[t] = f ⊙ c[t−1] + i ⊙ g,        ∂L/∂c[t−1] ≈ ∂L/∂c[t] ⊙ f")
    board.say("""with no matrix on the way, and f is a gate that the network itself opens. At the start f = σ(bias) is
        about:""")
    sigma = 1 / (1 + np.exp(-np.arange(3.0)))
    board.check("σ(0), σ(1), σ(2)", sigma, [0.5, 0.731, 0.881], 5e-4)
    board.say("""That is why the forget gate's bias starts at 1: otherwise half of the cell would be lost at every step.
        A GRU starts at u = ½, as the LSTM with bias 0, and has to learn to remember. What training makes of the gates
        is another matter: the gradient that arrives decides whether it can begin. `byhand diagnose` names gradients
        that explode or vanish.""")
    board.keep(curves=curves)


def draw_forgetting(board: Board | None = None) -> "Figure":
    """Each layer's gradient by the state, against the steps back, on a logarithmic axis."""
    if board is None:
        board = Board()
        teach_forgetting(board, np.random.default_rng(0))
    picture = figure(7, 4.2)
    ax = picture.add_subplot()
    for i, (name, curve) in enumerate(board.kept["curves"].items()):
        style: dict[str, Any] = {"color": COLOURS[i % len(COLOURS)], "linestyle": DASHES[i % len(DASHES)]}
        if name == "GRU":  # under the LSTM whose gates are half open, too
            style = {"color": "#bbbbbb", "linewidth": 5, "zorder": 1}
        ax.semilogy(range(T), curve[::-1], label=name, **style)
    dress(ax, "steps back from the last one", "length of the gradient by the state\n(at the last step: 1)")
    ax.legend(frameon=False, fontsize=8, loc="lower left")
    return picture


LESSONS = [
    Lesson(
        name="forgetting",
        title="Why a plain recurrent layer forgets, and an LSTM less",
        source="byhand; Hochreiter and Schmidhuber (1997), Le, Jaitly and Hinton (2015)",
        teach=teach_forgetting,
        picture=draw_forgetting,
        requires=("recurrence",),
        minutes=20,
    ),
]
