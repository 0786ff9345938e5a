"""Points of two classes in the plane, and what parts them."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from byhand.errors import ByhandError
from byhand.plots.canvas import BLACK, BLUE, ORANGE, dress, figure
from byhand.types import Array

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def scatter_boundary(
    x: Array,
    t: Array,
    line: tuple[Sequence[float] | Array, float] | None = None,
    surface: Callable[[Array], Array] | None = None,
    title: str = "",
    xlabel: str = "x₁",
    ylabel: str = "x₂",
    names: tuple[str, str] = ("class 0", "class 1"),
) -> "Figure":
    """Points x (n, 2) of the classes t (n,), 0 and 1, and what parts them.

    line is ((w₁, w₂), b), drawn where w₁x₁ + w₂x₂ + b = 0. surface takes points (m, 2) and gives the probability of
    class 1, (m,), from 0 to 1; it is drawn in colour, with a line where it is ½.
    """
    x, t = np.asarray(x, float), np.asarray(t)
    if x.ndim != 2 or x.shape[1] != 2 or t.shape != x.shape[:1] or len(x) == 0:
        raise ByhandError(f"points (n, 2) and their classes (n,) are needed, not shapes {x.shape} and {t.shape}.")
    if not np.isin(t, (0, 1)).all():
        raise ByhandError("the classes of the points must be 0 and 1.")
    picture = figure(5.4 if surface else 4.6, 4.4)
    ax = picture.subplots()
    low, high = x.min(axis=0), x.max(axis=0)
    margin = 0.25 * max(float((high - low).max()), 1e-6)
    ax.set(xlim=(low[0] - margin, high[0] + margin), ylim=(low[1] - margin, high[1] + margin), aspect="equal")
    if surface:
        _draw_surface(ax, surface)
    if line:
        _draw_line(ax, *line)
    for value, look, colour in ((0, "o", BLUE), (1, "^", ORANGE)):
        chosen = x[t == value]
        ax.scatter(
            chosen[:, 0], chosen[:, 1], marker=look, color=colour, edgecolor="white", s=70, label=names[value], zorder=3
        )
    dress(ax, xlabel, ylabel, title)
    picture.legend(loc="outside lower center", ncols=4, frameon=False)
    return picture


def _draw_line(ax: "Axes", w: Sequence[float] | Array, b: float) -> None:
    """The line w₁x₁ + w₂x₂ + b = 0: through −b w/|w|², at right angles to w."""
    w1, w2 = (float(v) for v in w)
    square = w1 * w1 + w2 * w2
    if square == 0:
        raise ByhandError("weights of 0 and 0 part the plane nowhere.")
    foot = (-b * w1 / square, -b * w2 / square)
    ax.axline(foot, (foot[0] - w2, foot[1] + w1), color=BLACK, linestyle="--", label="w₁x₁ + w₂x₂ + b = 0")


def _draw_surface(ax: "Axes", surface: Callable[[Array], Array]) -> None:
    """Colour for the probability, and a line at ½."""
    x1, x2 = np.meshgrid(np.linspace(*ax.get_xlim(), 201), np.linspace(*ax.get_ylim(), 201))
    p = np.asarray(surface(np.column_stack([x1.ravel(), x2.ravel()]))).reshape(x1.shape)
    extent = (*ax.get_xlim(), *ax.get_ylim())
    colours = ax.imshow(p, origin="lower", extent=extent, cmap="cividis", vmin=0, vmax=1, alpha=0.75)
    if p.min() < 0.5 < p.max():
        ax.contour(x1, x2, p, [0.5], colors=BLACK, linestyles="--")
        ax.plot([], [], "--", color=BLACK, label="probability ½")
    ax.figure.colorbar(colours, ax=ax, label="probability of class 1", ticks=np.linspace(0, 1, 6))
