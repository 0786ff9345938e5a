"""A sheet of images and random versions of them."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from byhand.core.errors import ByhandError
from byhand.core.types import Array
from byhand.data.augment import Augment
from byhand.plots.canvas import BLUE, figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def augmented(
    images: Array,
    augment: Augment,
    rng: np.random.Generator,
    truth: Sequence[Any] | Array | None = None,
    versions: int = 8,
) -> "Figure":
    """One line for each of images (n, height, width), bytes or floats from 0 to 1: the original, then random versions.

    Images (n, height, width, 3) are in colours. truth is what each is, written to the left of it. Mixup is shown
    too, between the images of the sheet.
    """
    images = np.asarray(images)
    if not (images.ndim == 3 or images.shape[3:] == (3,)) or 0 in images.shape:
        raise ByhandError(f"a sheet of images needs the shape (n, height, width), n ≥ 1, not {images.shape}.")
    if truth is not None and len(truth) != len(images):
        raise ByhandError(f"truth has {len(truth)} entries for {len(images)} images.")
    if versions < 1:
        raise ByhandError(f"at least 1 version can be shown, not {versions}.")
    n = len(images)
    drawn = [augment(images, rng, t=np.zeros((n, 1))) for _ in range(versions)]
    picture = figure(max(0.9 * (versions + 1), 4.2), 0.9 * n + 0.5)
    axes = picture.subplots(n, versions + 1, squeeze=False)
    ink = 255 if images.dtype == np.uint8 else 1
    for k, line in enumerate(axes):
        line[0].imshow(images[k], cmap="gray_r", vmin=0, vmax=ink)
        line[0].spines[:].set(color=BLUE, linewidth=2)
        if truth is not None:
            line[0].set_ylabel(str(truth[k]), rotation=0, ha="right", va="center")
        for ax, version in zip(line[1:], drawn, strict=True):
            ax.imshow(version[k], cmap="gray_r", vmin=0, vmax=1)
            ax.spines[:].set(color="#bbbbbb", linewidth=0.8)
    for ax in axes.flat:
        ax.set(xticks=[], yticks=[])
    axes[0, 0].set_title("original", fontsize=9, color=BLUE)
    picture.suptitle(" · ".join(type(step).__name__ for step in augment.steps), fontsize=10)
    return picture
