"""The confusion matrix."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from byhand.core.errors import ByhandError
from byhand.core.types import Array
from byhand.plots.canvas import BLACK, figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def confusion(matrix: Array, names: Sequence[Any] | None = None) -> "Figure":
    """A confusion matrix (k, k) of counts; rows are true classes, columns predictions.

    The mistakes are coloured by their number, on a logarithmic scale; the diagonal, what was right, is grey.
    """
    from matplotlib.colors import LogNorm

    matrix = np.asarray(matrix)
    k = len(matrix)
    if matrix.ndim != 2 or matrix.shape[1] != k or k == 0 or (matrix < 0).any() or (matrix % 1 != 0).any():
        raise ByhandError(f"a confusion matrix is a square of counts, not shape {matrix.shape} of {matrix.dtype}.")
    names = [str(i) for i in range(k)] if names is None else [str(name) for name in names]
    if len(names) != k:
        raise ByhandError(f"the confusion matrix has {k} classes, but {len(names)} names were given.")
    picture = figure(max(4.5, 0.55 * k + 2), max(4.0, 0.5 * k + 1.4))
    ax = picture.subplots()
    diagonal = np.eye(k, dtype=bool)
    scale = LogNorm(1, max(2, int(matrix[~diagonal].max(initial=0))))
    image = ax.imshow(np.ma.masked_where(diagonal | (matrix == 0), matrix), cmap="viridis_r", norm=scale)
    ax.imshow(np.ma.masked_where(~diagonal, np.ones((k, k))), cmap="gray", vmin=0, vmax=1.15)
    for (row, column), count in np.ndenumerate(matrix):
        red, green, blue, _ = image.cmap(scale(max(count, 1)))
        dark = row != column and 0.299 * red + 0.587 * green + 0.114 * blue < 0.5
        colour = "white" if dark else "#aaaaaa" if count == 0 else BLACK
        ax.text(column, row, f"{int(count)}", ha="center", va="center", fontsize=9, color=colour)
    ax.set(xticks=range(k), yticks=range(k), xlabel="read as", ylabel="was")
    turned = max(map(len, names)) > 3
    ax.set_xticklabels(names, rotation=45 if turned else 0, ha="right" if turned else "center")
    ax.set_yticklabels(names)
    right, total = int(matrix.trace()), int(matrix.sum())
    ax.set_title(f"{right:,} of {total:,} right ({100 * right / max(total, 1):.2f} %)", fontsize=11)
    bar = picture.colorbar(image, ax=ax, label="mistakes", format="%d", shrink=0.8)
    bar.minorticks_off()
    return picture
