"""Filters, feature maps, saliency, similar images, and a map of many images."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from byhand.core.errors import ByhandError
from byhand.core.types import Array
from byhand.plots.canvas import BLUE, COLOURS, ORANGE, dress, figure, grid_columns

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_MAPS = 64
MOST_FILTERS = 32
LABEL_BOX = {"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 1.5}
MARKERS = "osD^vP*X<>"


def filters(W: Array, title: str) -> "Figure":
    """The kernels W (height, width, in, out), one image per channel pair: input channels as rows, filters as columns.

    Blue is negative, red positive, white zero, all on one scale; the first 32 of each are shown.
    """
    W = np.asarray(W)
    if W.ndim != 4 or 0 in W.shape:
        raise ByhandError(f"filters need the shape (height, width, in, out), not {W.shape}.")
    kh, kw, down, across = *W.shape[:2], min(W.shape[2], MOST_FILTERS), min(W.shape[3], MOST_FILTERS)
    board = np.full((down * (kh + 1) - 1, across * (kw + 1) - 1), np.nan)
    for c, f in np.ndindex(down, across):
        board[c * (kh + 1) :, f * (kw + 1) :][:kh, :kw] = W[:, :, c, f]
    limit = float(np.nanmax(np.abs(board))) or 1.0
    height, width = board.shape
    scale = min(9 / width, 6 / height, 0.14)
    picture = figure(max(scale * width + 1.4, 4.2), max(scale * height + 1.1, 2.2))
    ax = picture.subplots()
    image = ax.imshow(board, cmap="RdBu_r", vmin=-limit, vmax=limit)
    ax.set(xlabel="filter", ylabel="input channel", title=title)
    for axis, count, size in ((ax.xaxis, across, kw), (ax.yaxis, down, kh)):
        numbers = np.arange(0, count, max(1, -(-count // 8)))  # about eight of them
        axis.set_ticks(numbers * (size + 1) + (size - 1) / 2, [str(n) for n in numbers])  # at the tiles' middles
    ax.spines[:].set_visible(False)
    picture.colorbar(image, ax=ax, label="weight", shrink=0.9)
    return picture


def feature_maps(y: Array, title: str) -> "Figure":
    """The feature maps (height, width, channels) of a layer for one image, all on one scale; at most 64 channels."""
    y = np.asarray(y)
    if y.ndim != 3 or 0 in y.shape:
        raise ByhandError(f"feature maps need the shape (height, width, channels), not {y.shape}.")
    n = min(y.shape[2], MOST_MAPS)
    across = grid_columns(n)
    rows = -(-n // across)
    picture = figure(max(1.05 * across + 1.0, 4.2), max(1.2 * rows + 0.5, 2.2))
    axes = picture.subplots(rows, across, squeeze=False)
    scale = _scale(y[..., :n])
    for k, ax in enumerate(axes.flat):
        ax.set(xticks=[], yticks=[])
        if k >= n:
            ax.set_axis_off()
            continue
        image = ax.imshow(y[..., k], **scale)
        ax.set_title(f"channel {k}", fontsize=7)
    shown = "" if n == y.shape[2] else f", {n} of {y.shape[2]} channels"
    picture.suptitle(f"{title} ({y.shape[0]} × {y.shape[1]}{shown})", fontsize=10)
    picture.colorbar(image, ax=axes, label="output", shrink=0.9, aspect=30)
    return picture


def decided(image: Array, fall: Array, gradient: Array, answer: str, patch: int) -> "Figure":
    """An image, its occlusion map and the gradient of the prediction with respect to its pixels.

    All three are (height, width); image is dark on light, from 0. An image in colours is (height, width, 3), from 0 to
    1.
    """
    shapes = {np.shape(image)[:2], np.shape(fall), np.shape(gradient)}
    coloured = np.shape(image)[2:] == (3,)
    if len(shapes) != 1 or len(next(iter(shapes))) != 2 or (np.ndim(image) != 2 and not coloured):
        raise ByhandError(f"image, fall and gradient need one shape (height, width); got {sorted(shapes)}.")
    picture = figure(10.5, 3.6)
    panels = picture.subplots(1, 3)
    shown = panels[0].imshow(image, cmap="gray_r", vmin=0, vmax=max(float(np.max(image)), 1e-9))
    if not coloured:
        picture.colorbar(shown, ax=panels[0], label="ink (0: paper)", shrink=0.85)
    panels[0].set_title(f"read as {answer}", fontsize=10)
    for ax, values, title, label in (
        (
            panels[1],
            fall,
            f"covered by {patch} × {patch} of {'black' if coloured else 'paper'}",
            f"fall of z({answer})",
        ),
        (panels[2], gradient, f"gradient of z({answer})", "∂z/∂brightness" if coloured else "∂z/∂ink"),
    ):
        limit = float(np.max(np.abs(values))) or 1.0
        drawn = ax.imshow(values, cmap="RdBu_r", vmin=-limit, vmax=limit)
        if not coloured:
            ax.contour(image, levels=[float(np.max(image)) / 2], colors="black", linewidths=0.7)
        picture.colorbar(drawn, ax=ax, label=label, shrink=0.85)
        ax.set_title(title, fontsize=10)
    for ax in panels:
        ax.set(xlabel="column (pixels)", ylabel="row (pixels)")
    return picture


def units(layers: Sequence[tuple[str, Array]], classes: Sequence[str] = ()) -> "Figure":
    """Dense layers, one below the other: (title, the output of each unit); the units of the last one are classes.

    Blue is positive, orange negative.
    """
    if not layers:
        raise ByhandError("there is no layer to draw.")
    picture = figure(7, 1.7 * len(layers) + 0.3)
    for ax, (title, values) in zip(picture.subplots(len(layers), 1, squeeze=False)[:, 0], layers, strict=True):
        ax.bar(np.arange(len(values)), values, color=np.where(np.asarray(values) < 0, ORANGE, BLUE), width=0.9)
        dress(ax, "unit", "output")
        ax.set_title(title, fontsize=9)
        ax.axhline(0, color="#888888", linewidth=0.6)
    if len(classes) == len(layers[-1][1]):
        ax.set_xticks(np.arange(len(classes)), classes, rotation=30 if max(map(len, classes)) > 4 else 0)
        ax.set_xlabel("class")
    return picture


def neighbours(image: Array, images: Array, names: Sequence[Any], distances: Sequence[float] | Array) -> "Figure":
    """An image and similar images (n, height, width) or (n, height, width, 3), each with its label and distance."""
    if not len(images) == len(names) == len(distances) or len(images) == 0:
        raise ByhandError(f"{len(images)} images need as many names and distances, at least one.")
    across = min(len(images) + 1, 7)
    rows = -(-(len(images) + 1) // across)
    picture = figure(max(1.25 * across, 4.2), 1.55 * rows + 0.5)
    for k, ax in enumerate(picture.subplots(rows, across, squeeze=False).flat):
        ax.set(xticks=[], yticks=[])
        if k > len(images):
            ax.set_axis_off()
            continue
        shown = image if k == 0 else images[k - 1]
        ax.imshow(shown, cmap="gray_r", vmin=0, vmax=max(float(np.max(shown)), 1e-9))
        ax.spines[:].set(color=BLUE if k == 0 else "#bbbbbb", linewidth=2 if k == 0 else 0.8)
        words = "the image" if k == 0 else f"{names[k - 1]}\ndistance {distances[k - 1]:.3g}"
        ax.set_title(words, fontsize=8, color=BLUE if k == 0 else "black")
    picture.suptitle("The nearest training images, by the last hidden layer", fontsize=10)
    return picture


def plane(
    points: Array, labels: Array, classes: Sequence[str], shares: tuple[float, float], own: Array, answer: str
) -> "Figure":
    """Points (n, 2) of many images by class (n,), the point of the image itself (2,), and explained variance ratios."""
    points, labels = np.asarray(points), np.asarray(labels)
    if points.ndim != 2 or points.shape[1] != 2 or len(points) != len(labels):
        raise ByhandError(f"a map needs points (n, 2) with as many labels; got {points.shape} and {len(labels)}.")
    picture = figure(7.2, 5.4)
    ax = picture.subplots()
    for k, name in enumerate(classes):
        mine = points[labels == k]
        colour, marker = (
            COLOURS[k % len(COLOURS)],
            f"${name}$" if name.isalnum() and len(name) == 1 else MARKERS[k % 10],
        )
        x, y = mine.T
        ax.scatter(x, y, s=22, marker=marker, color=colour, alpha=0.55, linewidths=0, label=str(name))
    x, y = map(float, own)
    ax.scatter(x, y, s=260, marker="*", color="white", edgecolors="black", linewidths=1.6, zorder=3)
    ax.annotate(f"the image, read as {answer}", (x, y), (11, 11), textcoords="offset points", bbox=LABEL_BOX)
    along = [f"{100 * share:.0f} % of the variance" for share in shares]
    title = f"The last hidden layer for {len(points):,} training images"
    dress(ax, f"first principal component ({along[0]})", f"second principal component ({along[1]})", title)
    legend = ax.legend(title="class", frameon=False, loc="center left", bbox_to_anchor=(1, 0.5))
    for handle in legend.get_patches():
        handle.set_alpha(1)
    return picture


def _scale(values: Array) -> dict[str, Any]:
    """A sequential colour map if no value is negative, else a diverging one."""
    limit = float(np.max(np.abs(values))) or 1.0
    if float(np.min(values)) >= 0:
        return {"cmap": "viridis", "vmin": 0, "vmax": limit}
    return {"cmap": "RdBu_r", "vmin": -limit, "vmax": limit}
