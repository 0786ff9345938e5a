"""Many images side by side, without gaps."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from byhand.core.errors import ByhandError
from byhand.core.types import Array
from byhand.plots.canvas import figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def tiles(images: Array, title: str = "", rows: Sequence[str] = ()) -> "Figure":
    """Images (rows, columns, height, width) from 0 to 1 as one picture, dark on light; with a last axis of 3, coloured.

    Args:
        images: the images.
        title: above the picture.
        rows: what stands beside each row.
    """
    images = np.asarray(images)
    if images.ndim not in (4, 5) or 0 in images.shape or images.shape[4:] not in ((), (3,)):
        raise ByhandError(f"tiles are images (rows, columns, height, width), or with 3 colours, not {images.shape}.")
    down, across, height, width = images.shape[:4]
    if rows and len(rows) != down:
        raise ByhandError(f"There are {len(rows)} names for {down} rows.")
    joined = np.swapaxes(images, 1, 2).reshape(down * height, across * width, *images.shape[4:])
    scale = min(9 / across, 9 / down, 0.8)  # inches an image
    picture = figure(scale * across + 0.3 + 0.2 * max(map(len, rows), default=0), scale * down + 0.3)
    ax = picture.subplots()
    ax.imshow(joined, cmap="gray_r", vmin=0, vmax=1, interpolation="nearest")
    ax.set(xticks=[], yticks=[(i + 0.5) * height for i in range(len(rows))], title=title)
    if rows:
        ax.set_yticklabels(rows)
    ax.tick_params(length=0)
    ax.spines[:].set(color="#bbbbbb", linewidth=0.8)
    return picture
