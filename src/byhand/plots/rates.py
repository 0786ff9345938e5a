"""The learning-rate range test."""

from typing import TYPE_CHECKING

import numpy as np

from byhand.core.errors import ByhandError
from byhand.plots.canvas import BLACK, BLUE, ORANGE, SKY, Numbers, dress, figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def rate_curve(rates: Numbers, losses: Numbers, smoothed: Numbers, suggestion: float) -> "Figure":
    """Loss against learning rate: the losses of batches as points, the smoothed loss as a line, and the suggested rate.

    rates, losses and smoothed are (k,), k ≥ 1; suggestion is one of the rates.
    """
    if not len(rates) == len(losses) == len(smoothed) > 0:
        raise ByhandError(f"{len(rates)} rates, {len(losses)} losses and {len(smoothed)} smoothed losses do not fit.")
    chosen = int(np.argmin(np.abs(np.asarray(rates) - suggestion)))
    picture = figure(6, 4)
    ax = picture.subplots()
    ax.plot(rates, losses, ".", color=SKY, markersize=3, label="one batch")
    ax.plot(rates, smoothed, color=BLUE, linewidth=1.8, label="smoothed")
    ax.axvline(suggestion, color=BLACK, linestyle="--", linewidth=1)
    ax.plot(rates[chosen], smoothed[chosen], "o", color=ORANGE, label=f"steepest: {suggestion:.2g}", zorder=3)
    dress(ax, "learning rate", "loss")
    ax.set_xscale("log")
    low, high = float(np.min(smoothed)), float(np.max(smoothed[: chosen + 1]))
    margin = 0.5 * (high - low) or 0.5
    ax.set_ylim(low - 0.3 * margin, high + 2 * margin)  # the explosion may leave the picture
    ax.legend(frameon=False)
    return picture
