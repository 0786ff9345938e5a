"""What all pictures share: the empty figure, the colours, and writing a picture to a file.

Lines are told apart by colours that colour-blind people tell apart too (M. Okabe and K. Ito, Color Universal Design,
2008), and also by dashes or markers.
"""

import math
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from byhand.core.errors import ByhandError
from byhand.core.files import write_atomically
from byhand.core.types import Array

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

BLUE, ORANGE, GREEN, PURPLE = "#0072b2", "#d55e00", "#009e73", "#cc79a7"
SKY, YELLOW, BLACK, GREY = "#56b4e9", "#e69f00", "#000000", "#777777"
COLOURS = (BLUE, ORANGE, GREEN, PURPLE, SKY, YELLOW, BLACK)
DASHES = ("-", "--", "-.", ":")
PICTURE_SUFFIXES = (".png", ".svg", ".pdf")

Numbers = Sequence[float] | Array


def figure(width: float, height: float) -> "Figure":
    """An empty figure of this size in inches, 110 pixels each."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), dpi=110, layout="constrained")


def dress(ax: "Axes", xlabel: str, ylabel: str, title: str = "") -> None:
    """Set labels and a light grid, and remove the top and right spines."""
    ax.set(xlabel=xlabel, ylabel=ylabel, title=title)
    ax.grid(color="#dddddd", linewidth=0.6)
    ax.set_axisbelow(True)
    ax.spines[["top", "right"]].set_visible(False)


def grid_columns(n: int) -> int:
    """How many columns n small pictures are laid out in: as a full rectangle where there is a handy one."""
    least = math.isqrt(n - 1) + 1
    return next((c for c in range(least, 2 * least) if n % c == 0), math.ceil(math.sqrt(1.5 * n)))


def save(picture: "Figure", path: str | Path) -> None:
    """Write a picture as PNG, SVG or PDF, by the path's ending; the same figure gives the same bytes.

    Raises ByhandError for another ending, or where the file cannot be written.
    """
    from matplotlib import rc_context

    path = Path(path)
    kind = path.suffix.lower()
    if kind not in PICTURE_SUFFIXES:
        raise ByhandError(
            f"{path}: a picture is written as {', '.join(PICTURE_SUFFIXES)}; give the file one of these endings."
        )
    undated: dict[str, dict[str, Any]] = {".svg": {"Date": None}, ".pdf": {"CreationDate": None}}
    data = BytesIO()
    with rc_context({"svg.hashsalt": "byhand"}):
        picture.savefig(data, format=kind[1:], metadata=undated.get(kind))
    write_atomically(path, data.getvalue())
