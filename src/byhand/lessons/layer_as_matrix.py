"""Vectorisation: a layer's sums, for all units and all samples at once, as a product of matrices."""

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

TWO_SAMPLES = np.array([[1.0, 2, 3], [0, 1, -1]])  # two, with three inputs
WEIGHTS = np.array([[1.0, 0], [-1, 2], [0, 1]])  # of three inputs and two units
BIASES = np.array([0.5, -1])
TARGETS = np.array([[0.5, 5], [-1.5, 0]])


def teach_matrix(board: Board, rng: np.random.Generator) -> None:
    """y = x W + b, and the three gradients, first element by element."""
    board.say("""A layer with three inputs and two units, and two samples to pass through it. Unit by unit: each has a
        weight for each input and a bias. With the weights of unit j in column j, and a sample in each row:""")
    board.equation("""
        x = ( 1  2   3 )     W = (  1  0 )     b = (0.5, −1)
            ( 0  1  −1 )         ( −1  2 )
                                 (  0  1 )
    """)
    board.equation("""
        y₁₁ = 1·1 + 2·(−1) + 3·0 + 0.5 = −0.5        y₁₂ = 1·0 + 2·2 + 3·1 − 1 = 6
        y₂₁ = 0·1 + 1·(−1) − 1·0 + 0.5 = −0.5        y₂₂ = 0·0 + 1·2 − 1·1 − 1 = 0
    """)
    network = Network(3, [Dense(2)], MSE(), rng=None, dtype=np.float64)
    network.p[0].W[...], network.p[0].b[...] = WEIGHTS, BIASES
    values = trace(network, TWO_SAMPLES, TARGETS)
    board.say("""Row i of x times column j of W: this is what the product of two matrices is. One formula does all
        units and all samples, and one call computes it. NumPy or the processor's vector units then work on many
        numbers at a time, which is why nobody writes the loops.""")
    board.equation("y = x W + b        (2, 3) (3, 2) + (2,) → (2, 2)")
    board.check("y", values["z1"], [[-0.5, 6], [-0.5, 0]], 1e-12)
    board.say("Inner sizes must agree and vanish: (n, in)(in, out) → (n, out). Write the shapes beside every formula.")

    board.say("""Backward. The loss hands back dy = ∂L/∂y, of y's shape. Here it is the mean squared error with
        targets t; each of its four numbers is (2/4)(y − t) because the mean is over two samples and two outputs.""")
    board.equation("""
        t = (  0.5  5 )     dy = ½ (y − t) = ( −0.5  0.5 )
            ( −1.5  0 )                      (  0.5  0   )
    """)
    board.check("dy", values["dz1"], [[-0.5, 0.5], [0.5, 0]], 1e-12)
    board.say("""How does the loss change with W₂₁, the weight from input 2 to unit 1? It enters y₁₁ with the factor
        x₁₂ and y₂₁ with the factor x₂₂, and nothing else. Both ways count, so they are added:""")
    board.equation("∂L/∂W₂₁ = x₁₂ dy₁₁ + x₂₂ dy₂₁ = 2·(−0.5) + 1·0.5 = −0.5")
    board.check("∂L/∂W₂₁", values["dW1"][1, 0], -0.5, 1e-12)
    board.say("""In general ∂L/∂W_jk = Σᵢ x_ij dy_ik: column j of x times column k of dy. Columns of x are rows of xᵀ,
        so this is a product, too. A bias enters each sample with the factor 1; and an input enters all units, each
        with its weight:""")
    board.equation("""
        dW = xᵀ dy         (3, 2) (2, 2) → (3, 2)
        db = Σᵢ dyᵢ                (2, 2) → (2,)
        dx = dy Wᵀ         (2, 2) (2, 3) → (2, 3)
    """)
    board.check("dW", values["dW1"], [[-0.5, 0.5], [-0.5, 1], [-2, 1.5]], 1e-12)
    board.check("db", values["db1"], [0, 0.5], 1e-12)
    board.check("dx", values["da0"], [[-0.5, 1.5, 0.5], [0.5, -0.5, 0]], 1e-12)
    board.say("""There is only one way to put x, W and dy together so that the shapes fit. That is how one finds a
        forgotten transposition: dyᵀ x has the shape (2, 3), and W has (3, 2).""")


def draw_matrix(board: Board | None = None) -> "Figure":
    """x, W and y as tables of numbers, with one row, one column and their product marked."""
    figure, axes = draw.side_by_side(["x  (2, 3)", "W  (3, 2)", "x W + b = y  (2, 2)"], width=2.6, height=2.6)
    marks = ([(0, j) for j in range(3)], [(i, 1) for i in range(3)], [(0, 1)])
    for ax, matrix, marked in zip(axes, (TWO_SAMPLES, WEIGHTS, TWO_SAMPLES @ WEIGHTS + BIASES), marks, strict=True):
        draw.number_table(ax, matrix, marked)
    axes[0].set_ylabel("a row for each sample")
    axes[1].set_xlabel("a column for each unit")
    axes[2].set_xlabel("1·0 + 2·2 + 3·1 − 1 = 6")
    return figure


LESSONS = [
    Lesson(
        name="layer-as-matrix",
        title="Vectorisation: a layer for all units and samples at once",
        source="byhand",
        teach=teach_matrix,
        picture=draw_matrix,
        requires=("two-two-one-mse",),
        minutes=30,
    ),
]
