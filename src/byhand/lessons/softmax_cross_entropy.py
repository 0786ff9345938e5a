"""Softmax with cross-entropy, derived: why the gradient is p − t."""

from math import log
from typing import TYPE_CHECKING

import numpy as np

from byhand.core.types import Array
from byhand.explaining.explain import trace
from byhand.layers import Dense
from byhand.lessons import draw
from byhand.lessons.base import Board, Lesson
from byhand.losses import CategoricalCrossEntropy
from byhand.network import Network

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LOGITS = np.array([log(4), log(2), 0.0])  # whose powers of e are 4, 2 and 1
IS_DOG = np.array([[0.0, 1, 0]])


def last_layer(z: Array, t: Array = IS_DOG) -> dict[str, Array]:
    """All quantities of a network whose logits are z (k,): its biases, with an input of 0."""
    network = Network(1, [Dense(len(z))], CategoricalCrossEntropy(), rng=None, dtype=np.float64)
    network.p[0].b[...] = z
    return trace(network, np.zeros((1, 1)), t)


def teach_softmax(board: Board, rng: np.random.Generator) -> None:
    """From three logits to probabilities, to the loss, and back."""
    board.say("""Is it a cat, a dog or a cow? The last layer gives a number for each class, its logit: any number,
        negative or large. We want probabilities: above 0, and 1 together. e^z makes every number positive and keeps
        the order; dividing by the sum does the rest. This is softmax.""")
    board.equation("pⱼ = e^zⱼ / Σₖ e^zₖ")
    board.say("With z = (log 4, log 2, 0) the powers are 4, 2 and 1, and one needs no computer:")
    values = last_layer(LOGITS)
    p = values["a1"][0]
    board.table(
        ["class", "z", "e^z", "p"],
        [[name, *row] for name, *row in zip(("cat", "dog", "cow"), LOGITS, np.exp(LOGITS), p, strict=True)],
    )
    board.check("p = (4, 2, 1) / 7", p, [4 / 7, 2 / 7, 1 / 7], 1e-12)
    board.say("""Only differences of logits count: z + c gives the same p, since e^c cancels. So one subtracts the
        largest logit first, and e^1000 never has to be computed.""")
    board.check("p of z + 1000, too", last_layer(LOGITS + 1000)["a1"][0], [4 / 7, 2 / 7, 1 / 7], 1e-9)

    board.say("""The picture shows a dog. The loss is minus the logarithm of the probability that the dog got; with the
        target as a row t that has a 1 for the right class (one-hot) this is the cross-entropy:""")
    board.equation("L = −Σⱼ tⱼ log pⱼ = −log p₂ = −log 2/7 = 1.2528")
    board.check("L", float(values["L"]), 1.2528, 5e-5)

    board.say("""Backward: how does L change with a logit? First softmax alone. zₖ enters the numerator of pₖ, and the
        sum below all of them. With S = Σ e^z, by the rule for quotients:""")
    board.equation("""
        ∂pₖ/∂zₖ = (e^zₖ S − e^zₖ e^zₖ) / S² = pₖ (1 − pₖ)
        ∂pⱼ/∂zₖ = −e^zⱼ e^zₖ / S²           = −pⱼ pₖ         for j ≠ k
    """)
    jacobian = np.diag(p) - np.outer(p, p)  # (3, 3)
    board.check("49 ∂p/∂z", 49 * jacobian, [[12, -8, -4], [-8, 10, -2], [-4, -2, 6]], 1e-9)
    board.say("Then the loss: ∂L/∂pⱼ = −tⱼ / pⱼ. The chain rule adds up the paths from zₖ to L through each pⱼ:")
    board.equation("""
        ∂L/∂zₖ = Σⱼ ∂L/∂pⱼ ∂pⱼ/∂zₖ
               = −tₖ/pₖ · pₖ (1 − pₖ) + Σ_{j≠k} tⱼ/pⱼ · pⱼ pₖ
               = −tₖ + pₖ (tₖ + Σ_{j≠k} tⱼ)
               = pₖ − tₖ                       because the targets add up to 1
    """)
    dz = values["dz1"][0]
    board.check("∂L/∂z by the chain rule, through all p", (-IS_DOG[0] / p) @ jacobian, [4 / 7, -5 / 7, 1 / 7], 1e-12)
    board.check("∂L/∂z = p − t, by byhand", dz, [4 / 7, -5 / 7, 1 / 7], 1e-12)
    board.say("""Everything divides out: the gradient is what the network said minus what is right. It adds up to 0:
        what the wrong classes lose, the right one gains. Unlike the squared error's it does not vanish where the
        network is sure and wrong: there is no slope of an activation in it.""")
    h = 1e-5
    differences = [
        (float(last_layer(LOGITS + s)["L"]) - float(last_layer(LOGITS - s)["L"])) / (2 * h) for s in h * np.eye(3)
    ]
    board.check("∂L/∂z by differences", differences, [4 / 7, -5 / 7, 1 / 7], 1e-9)
    board.check("the sum of ∂L/∂z", float(dz.sum()), 0.0, 1e-12)
    board.say("""A usual slip takes softmax's own derivative once more, p (1 − p) times p − t, as if L had not contained
        it. A network that starts with ten equal probabilities has L = log 10 = 2.303; another number in the first
        line of a training means that something is wrong.""")
    board.check("L of ten equal logits", float(last_layer(np.zeros(10), np.eye(10)[:1])["L"]), log(10), 1e-12)


def draw_softmax(board: Board | None = None) -> "Figure":
    """Logits, probabilities with the target, and the gradient, class by class."""
    values = last_layer(LOGITS)
    titles = ["logits z", "p = softmax(z), and the target", "gradient p − t"]
    figure, axes = draw.side_by_side(titles, width=3.4, height=3.2)
    names, places = ["cat", "dog", "cow"], np.arange(3)
    axes[0].bar(places, LOGITS, color=draw.GREY, width=0.6)
    axes[1].bar(places, values["a1"][0], color=draw.BLUE, width=0.6, label="probability p")
    axes[1].plot(places, IS_DOG[0], "D", color=draw.ORANGE, label="target t", clip_on=False)
    axes[1].legend(frameon=False)
    axes[2].bar(places, values["dz1"][0], color=draw.GREEN, width=0.6)
    axes[2].axhline(0, color=draw.GREY, linewidth=0.8)
    for ax in axes:
        ax.set_xticks(places, names)
    for ax, name in zip(axes, ("z", "p", "∂L/∂z"), strict=True):
        ax.set_ylabel(name)
    axes[1].set(ylim=(0, 1.35), yticks=[0, 0.25, 0.5, 0.75, 1])  # room for the legend
    return figure


LESSONS = [
    Lesson(
        name="softmax-cross-entropy",
        title="Softmax with cross-entropy, and why the gradient is p − t",
        source="byhand; Bridle (1990)",
        teach=teach_softmax,
        picture=draw_softmax,
        requires=("loss", "chain-rule", "two-two-one-log-loss"),
        minutes=35,
    ),
]
