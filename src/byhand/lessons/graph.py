"""A network drawn as circles and arrows with its numbers on them."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from byhand.lessons.draw import BLUE, GREY

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Nodes = Mapping[str, tuple[float, float, str]]
Edges = Mapping[tuple[str, str], str]


def graph(ax: "Axes", nodes: Nodes, edges: Edges, radius: float = 0.42, near: float = 0.5) -> None:
    """Draw circles with texts in them, and arrows between them with texts on them.

    Args:
        ax: axes, of which everything else is removed.
        nodes: name → (x, y, text); units of x and y are as long as each other.
        edges: (name, name) → text.
        radius: of the circles.
        near: where along its arrow a text stands, 0 at its start.
    """
    from matplotlib.patches import Circle, FancyArrowPatch

    for (start, end), text in edges.items():
        (x1, y1, _), (x2, y2, _) = nodes[start], nodes[end]
        length = ((x2 - x1) ** 2 + (y2 - y1) ** 2) ** 0.5
        dx, dy = radius * (x2 - x1) / length, radius * (y2 - y1) / length
        arrow = FancyArrowPatch((x1 + dx, y1 + dy), (x2 - dx, y2 - dy), arrowstyle="-|>", mutation_scale=14, color=GREY)
        ax.add_patch(arrow)
        ax.text(
            x1 + near * (x2 - x1), y1 + near * (y2 - y1), text, ha="center", va="center", fontsize=9,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.5},
        )  # fmt: skip
    for x, y, text in nodes.values():
        ax.add_patch(Circle((x, y), radius, facecolor="white", edgecolor=BLUE, linewidth=1.8, zorder=3))
        ax.text(x, y, text, ha="center", va="center", fontsize=9, zorder=4)
    xs, ys = [x for x, _, _ in nodes.values()], [y for _, y, _ in nodes.values()]
    edge = radius + 0.1
    ax.set(xlim=(min(xs) - edge, max(xs) + edge), ylim=(min(ys) - edge, max(ys) + edge), aspect="equal")
    ax.axis("off")


def four_decimals(value: float) -> str:
    """With four decimals at most and a true minus."""
    return f"{value:.4f}".rstrip("0").rstrip(".").replace("-", "−")
