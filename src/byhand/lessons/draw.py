"""What the lessons' pictures share: figures without a window, points of two kinds, lines and surfaces."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from byhand.core.types import Array
from byhand.plots.canvas import BLUE, GREEN, GREY, ORANGE, SKY

__all__ = ["BLUE", "GREEN", "GREY", "ORANGE", "line", "number_table", "points", "shade", "side_by_side", "square_axes"]

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.image import AxesImage


def side_by_side(titles: Sequence[str], width: float = 4.0, height: float = 4.0) -> "tuple[Figure, list[Axes]]":
    """A figure with one pair of axes for each title, side by side; width and height in inches of each."""
    from matplotlib.figure import Figure

    result = Figure(figsize=(width * len(titles), height), layout="constrained", dpi=130)
    axes = result.subplots(1, len(titles), squeeze=False)[0]
    for ax, title in zip(axes, titles, strict=True):
        ax.set_title(title)
        ax.spines[["top", "right"]].set_visible(False)
    return result, list(axes)


def square_axes(ax: "Axes", low: float, high: float) -> None:
    """Make the axes a square of the plane from low to high."""
    ax.set(xlim=(low, high), ylim=(low, high), aspect="equal", xlabel="x₁", ylabel="x₂")


def points(ax: "Axes", x: Array, t: Array, size: float = 40) -> None:
    """Points (n, 2): a filled disc where t (n,) is 1, a ring where it is 0."""
    for value, face, label in ((0, "white", "target 0"), (1, BLUE, "target 1")):
        chosen = t == value
        ax.scatter(
            x[chosen, 0],
            x[chosen, 1],
            s=size,
            facecolor=face,
            edgecolor=BLUE,
            linewidth=1.5,
            label=label,
            zorder=3,
            clip_on=False,
        )


def line(ax: "Axes", weights: Array, bias: float, **style: object) -> None:
    """Where w₁x₁ + w₂x₂ + b = 0."""
    (w1, w2), (low, high) = weights, ax.get_xlim()
    if abs(w2) > abs(w1):
        x1 = np.array([low, high])
        ax.plot(x1, -(w1 * x1 + bias) / w2, **style)  # type: ignore[arg-type]
    else:
        x2 = np.array(ax.get_ylim())
        ax.plot(-(w2 * x2 + bias) / w1, x2, **style)  # type: ignore[arg-type]


def shade(ax: "Axes", f: Callable[[Array], Array]) -> "AxesImage":
    """Colour the plane by f of its points, (n, 2) → (n,): white for 0, blue for 1."""
    (left, right), (bottom, top) = ax.get_xlim(), ax.get_ylim()
    x1, x2 = np.meshgrid(np.linspace(left, right, 300), np.linspace(bottom, top, 300))
    z = f(np.column_stack([x1.ravel(), x2.ravel()])).reshape(x1.shape)
    return ax.imshow(z, extent=(left, right, bottom, top), origin="lower", cmap="Blues", vmin=0, vmax=1, alpha=0.4)


def number_table(ax: "Axes", matrix: Array, marked: Sequence[tuple[int, int]] = ()) -> None:
    """A matrix as a table of its numbers, some of them marked."""
    from matplotlib.patches import Rectangle

    rows, columns = matrix.shape
    for (i, j), value in np.ndenumerate(matrix):
        face = SKY if (i, j) in marked else "white"
        ax.add_patch(Rectangle((j, rows - 1 - i), 1, 1, facecolor=face, edgecolor=GREY))
        text = f"{value:g}".replace("-", "−")
        ax.text(j + 0.5, rows - 0.5 - i, text, ha="center", va="center")
    ax.set(xlim=(-0.05, columns + 0.05), ylim=(-0.05, rows + 0.05), aspect="equal", xticks=[], yticks=[])
    ax.spines[:].set_visible(False)
