"""A convolution of nine pixels, forward and back, with every number."""

from typing import TYPE_CHECKING

import numpy as np

from byhand.core.types import Array
from byhand.explaining.explain import trace
from byhand.layers import Conv2D, Flatten
from byhand.lessons import draw
from byhand.lessons.base import Board, Lesson
from byhand.losses import QuadraticCost
from byhand.network import Network

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PICTURE = np.array([[1.0, 2, 0], [0, 1, 3], [2, 0, 1]])
KERNEL = np.array([[1.0, -1], [0, 2]])
WANTED = np.array([[2.0, 8], [-1, 0]])


def convolve(picture: Array) -> dict[str, Array]:
    """All quantities of a network of one convolution with KERNEL and bias 1, for a picture (h, w) and WANTED."""
    convolution = Conv2D(1, 2, padding="valid")
    network = Network((*picture.shape, 1), [convolution, Flatten()], QuadraticCost(), rng=None, dtype=np.float64)
    network.p[0].W[:, :, 0, 0], network.p[0].b[...] = KERNEL, 1.0
    return trace(network, picture[np.newaxis, ..., np.newaxis], WANTED.reshape(1, -1))


def loss_of(picture: Array) -> float:
    """The loss of the convolved picture."""
    return float(convolve(picture)["L"])


def teach_convolution(board: Board, rng: np.random.Generator) -> None:
    """Windows, their sums, and the gradients of kernel, bias and picture."""
    board.say("""An edge looks the same wherever it is in a picture. A dense layer would have to learn it anew for each
        place; a convolution has one small set of weights, the kernel, and slides it over the picture. Each output is
        the weighted sum of the pixels under it, plus a bias (here 1).""")
    board.equation("""
        x = ( 1  2  0 )      w = ( 1  −1 )      b = 1
            ( 0  1  3 )          ( 0   2 )
            ( 2  0  1 )
    """)
    board.equation("y[r, s] = Σₖₗ x[r + k, s + l] w[k, l] + b")
    board.equation("""
        y[0, 0] = 1·1 + 2·(−1) + 0·0 + 1·2 + 1 = 2       y[0, 1] = 2·1 + 0·(−1) + 1·0 + 3·2 + 1 = 9
        y[1, 0] = 0·1 + 1·(−1) + 2·0 + 0·2 + 1 = 0       y[1, 1] = 1·1 + 3·(−1) + 0·0 + 1·2 + 1 = 1
    """)
    values = convolve(PICTURE)
    board.check("y", values["z1"][0, :, :, 0], [[2, 9], [0, 1]], 1e-12)
    board.say("""Four outputs from 2 · 2 + 1 = 5 parameters; a dense layer of the same size has 9 · 4 + 4 = 40. The
        output of a k × k kernel on an h × h picture has h − k + 1 rows.""")
    board.say("Backward. The loss is ½ Σ (y − t)², so it hands back dy = y − t:")
    board.equation("""
        t = (  2  8 )      dy = ( 0  1 )
            ( −1  0 )           ( 1  1 )
    """)
    dy = values["dz1"][0, :, :, 0]
    board.check("dy", dy, [[0, 1], [1, 1]], 1e-12)
    board.say("""How does L change with w[0, 0]? It is used four times, once in each output, each time with the pixel at
        the window's top left. What it does through all four adds up; weights that are shared have gradients that are
        sums. So the gradient of the kernel is a convolution, too: the picture's windows weighted by dy.""")
    board.equation("""
        dw[k, l] = Σᵣₛ x[r + k, s + l] dy[r, s]
        dw[0, 0] = 1·0 + 2·1 + 0·1 + 1·1 = 3        dw[0, 1] = 2·0 + 0·1 + 1·1 + 3·1 = 4
        dw[1, 0] = 0·0 + 1·1 + 2·1 + 0·1 = 3        dw[1, 1] = 1·0 + 3·1 + 0·1 + 1·1 = 4
        db       = 0 + 1 + 1 + 1 = 3
    """)
    board.check("dw", values["dW1"][:, :, 0, 0], [[3, 4], [3, 4]], 1e-12)
    board.check("db", values["db1"], [3], 1e-12)
    board.say("""And with a pixel? It lies in up to four windows, under another weight in each: x[1, 1] is at the bottom
        right of y[0, 0]'s window, where w is 2, at the bottom left of y[0, 1]'s, and so on. Seen from the pixel, the
        kernel is rotated by half a turn.""")
    board.equation("""
        dx[i, j] = Σₖₗ dy[i − k, j − l] w[k, l]        where dy exists
        dx[1, 1] = dy[0, 0]·2 + dy[0, 1]·0 + dy[1, 0]·(−1) + dy[1, 1]·1 = 0 + 0 − 1 + 1 = 0
        dx[0, 1] = dy[0, 0]·(−1) + dy[0, 1]·1 = 1
    """)
    dx = values["da0"][0, :, :, 0]
    board.check("dx: each dy adds its multiple of the kernel", dx, [[0, 1, -1], [1, 0, 1], [0, 2, 2]], 1e-12)
    h, differences = 1e-5, np.zeros((3, 3))
    for place in np.ndindex(3, 3):
        step = np.zeros((3, 3))
        step[place] = h
        differences[place] = (loss_of(PICTURE + step) - loss_of(PICTURE - step)) / (2 * h)
    board.check("dx by differences", differences, dx, 1e-8)
    board.say("""With several channels the sum goes over them as well, and each filter has a kernel for each. That, and
        stride, padding and pooling, is worked out in docs/convolution.md. What byhand and all frameworks call a
        convolution does not rotate the kernel in the forward pass; mathematicians call it a cross-correlation.""")


def draw_convolution(board: Board | None = None) -> "Figure":
    """The picture with one window, the kernel, the output, and the gradients of kernel and picture."""
    values = convolve(PICTURE)
    titles = ["picture x", "kernel w", "output y", "gradient dy", "gradient dw"]
    figure, axes = draw.side_by_side(titles, width=2.1, height=2.5)
    y, dy = values["z1"][0, :, :, 0], values["z1"][0, :, :, 0] - WANTED
    arrays = (PICTURE, KERNEL, y, dy, values["dW1"][:, :, 0, 0])
    window = [(0, 1), (0, 2), (1, 1), (1, 2)]
    none: list[tuple[int, int]] = []
    marks = (window, [(0, 0), (0, 1), (1, 0), (1, 1)], [(0, 1)], [(0, 1)], none)
    for ax, array, marked in zip(axes, arrays, marks, strict=True):
        draw.number_table(ax, array, marked)
    axes[0].set_xlabel("one window")
    axes[2].set_xlabel("2·1 + 0·(−1) + 1·0 + 3·2 + 1 = 9", fontsize=8)
    return figure


LESSONS = [
    Lesson(
        name="convolution",
        title="A convolution on nine pixels, forward and back",
        source="byhand; LeCun et al. (1998)",
        teach=teach_convolution,
        picture=draw_convolution,
        requires=("layer-as-matrix",),
        minutes=35,
    ),
]
