"""What attention looks at: over an image's patches, and over a text."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from byhand.core.types import Array
from byhand.plots.canvas import figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_TOKENS = 48  # of a text whose characters or words are written at the axes


def attention_over_image(image: Array, maps: Sequence[tuple[str, Array]]) -> "Figure":
    """For each layer (rows) and head (columns) the weights of patches (heads, down, across) over an image.

    The image is (h, w) or (h, w, 3). Each picture is scaled to its own largest weight, which stands below it.
    """
    heads = max(len(a) for _, a in maps)
    picture = figure(1.5 * heads + 0.8, 1.75 * len(maps) + 0.4)
    axes = picture.subplots(len(maps), heads, squeeze=False)
    height, width = image.shape[:2]
    for ax, head in zip(axes[0], range(heads), strict=True):
        ax.set_title(f"head {head + 1}", fontsize=10)
    for row, (name, weights) in zip(axes, maps, strict=True):
        row[0].set_ylabel(f"layer {name}")
        for head, ax in enumerate(row):
            ax.set(xticks=[], yticks=[])
            if head >= len(weights):
                ax.set_axis_off()
                continue
            ax.imshow(image, cmap="gray_r", extent=(0, width, height, 0))
            shade = weights[head] / (weights[head].max() or 1.0)
            ax.imshow(
                np.ones_like(shade), cmap="Oranges", vmin=0, vmax=1.3, alpha=0.75 * shade, extent=(0, width, height, 0)
            )
            ax.set_xlabel(f"up to {weights[head].max():.2f}", fontsize=8)
    return picture


def attention_over_text(text: Sequence[str], maps: Sequence[tuple[str, Array]]) -> "Figure":
    """For each layer (rows) and head (columns) the weights A (heads, T, T): queries down, keys across, from 0 to 1.

    The text is its T characters or words.
    """
    heads, tokens = max(len(a) for _, a in maps), ["↵" if token == "\n" else token for token in text]
    words = max(map(len, tokens)) > 1
    side = min(3.2, max(1.8, 0.11 * len(text)))
    picture = figure(side * heads + 1.4, side * len(maps) + 0.6)
    axes = picture.subplots(len(maps), heads, squeeze=False)
    for row, (name, weights) in zip(axes, maps, strict=True):
        for head, ax in enumerate(row):
            if head >= len(weights):
                ax.set_axis_off()
                continue
            image = ax.imshow(weights[head], cmap="viridis", vmin=0, vmax=1)
            if len(text) <= MOST_TOKENS:
                ax.set_xticks(range(len(text)), tokens, fontsize=5, rotation=90 * words)
                ax.set_yticks(range(len(text)), tokens, fontsize=5)
            ax.set_title(f"layer {name}, head {head + 1}", fontsize=9)
        row[0].set_ylabel("query")
    for ax in axes[-1]:
        ax.set_xlabel("key")
    picture.colorbar(image, ax=axes, label="weight", shrink=0.8)
    return picture
