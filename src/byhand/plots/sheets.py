"""Sheets of small images: digits with predictions, and the weights of the first layer."""

from collections.abc import Sequence
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from byhand.core.errors import ByhandError
from byhand.core.types import Array, Shape
from byhand.plots.canvas import BLACK, GREEN, ORANGE, figure, grid_columns

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Labels = Sequence[Any] | Array | None


def digits(
    images: Array,
    truth: Labels = None,
    predicted: Labels = None,
    confidence: Sequence[float] | Array | None = None,
) -> "Figure":
    """A sheet of images (n, height, width) with labels, predictions and confidences (0 to 1).

    Images (n, height, width, 3), bytes or floats from 0 to 1, are in colours. The others are drawn dark on light: 0 is
    paper, their greatest value is ink. Where truth and prediction are both known, the wrong ones have a frame, a cross
    and what they should have been.
    """
    images = np.asarray(images)
    if not (images.ndim == 3 or images.shape[3:] == (3,)) or 0 in images.shape:
        raise ByhandError(f"a sheet of digits needs images (n, height, width), n ≥ 1, not the shape {images.shape}.")
    n = len(images)
    for name, values in (("truth", truth), ("predicted", predicted), ("confidence", confidence)):
        if values is not None and len(values) != n:
            raise ByhandError(f"{name} has {len(values)} entries for {n} images.")
    across = grid_columns(n)
    rows = -(-n // across)
    caption = (truth is not None or predicted is not None) + (confidence is not None)  # lines
    picture = figure(max(1.2 * across, 4.2), (1.25 + 0.17 * caption) * rows + 0.4)
    ink = max(float(images.max()), 1e-9)
    for k, ax in enumerate(picture.subplots(rows, across, squeeze=False).flat):
        ax.set(xticks=[], yticks=[])
        if k >= n:
            ax.set_axis_off()
            continue
        ax.imshow(images[k], cmap="gray_r", vmin=0, vmax=ink)
        ax.spines[:].set(color="#bbbbbb", linewidth=0.8)
        words, colour = _caption(None if truth is None else truth[k], None if predicted is None else predicted[k])
        if colour == ORANGE:
            ax.spines[:].set(color=ORANGE, linewidth=3)
        if confidence is not None:
            words = f"{words}\n{100 * float(confidence[k]):.1f} %".lstrip()
        ax.set_title(words, fontsize=9, color=colour)
    if truth is not None and predicted is not None:
        right = sum(bool(a == b) for a, b in zip(truth, predicted, strict=True))
        picture.suptitle(f"✓ read right: {right}    ✗ read wrong: {n - right}", fontsize=10)
    return picture


def _caption(truth: Any, predicted: Any) -> tuple[str, str]:
    """The caption of a digit and its colour."""
    if truth is None or predicted is None:
        known = predicted if truth is None else truth
        return ("" if known is None else str(known)), BLACK
    if truth == predicted:
        return f"✓ {predicted}", GREEN
    return f"✗ {predicted}, is {truth}", ORANGE


def first_layer_weights(W: Array, image_shape: Shape, count: int = 30) -> "Figure":
    """The weights that enter each unit of the first layer, as images: W (height · width, units), the first `count`.

    Blue is negative, red is positive, white is zero; all images have the same scale.
    """
    W = np.asarray(W)
    if W.ndim != 2 or len(image_shape) != 2 or W.shape[0] != prod(image_shape) or W.shape[1] == 0:
        sides = " × ".join(map(str, image_shape))
        raise ByhandError(f"weights of shape {W.shape} do not come from grey images of {sides} pixels.")
    if count < 1:
        raise ByhandError(f"at least 1 unit can be shown, not {count}.")
    n = min(count, W.shape[1])
    across = grid_columns(n)
    rows = -(-n // across)
    limit = float(np.percentile(np.abs(W[:, :n]), 99.5)) or 1.0
    picture = figure(max(1.1 * across + 0.9, 3.6), max(1.25 * rows + 0.4, 2.4))
    axes = picture.subplots(rows, across, squeeze=False)
    for k, ax in enumerate(axes.flat):
        ax.set(xticks=[], yticks=[])
        if k >= n:
            ax.set_axis_off()
            continue
        image = ax.imshow(W[:, k].reshape(image_shape), cmap="RdBu_r", vmin=-limit, vmax=limit)
        ax.set_title(f"unit {k}", fontsize=8)
    picture.suptitle(f"Weights into the first layer ({n} of {W.shape[1]} units)", fontsize=11)
    picture.colorbar(image, ax=axes, label="weight", extend="both", shrink=0.9, aspect=30)
    return picture
