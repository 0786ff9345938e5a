"""Measurements of a training: gradients, dead and saturated units, losses."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from byhand.core.errors import ByhandError
from byhand.core.types import Array
from byhand.plots.canvas import COLOURS, DASHES, dress, figure
from byhand.plots.graphs import Numbers, curve_panel, marker

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Series = Mapping[str, Numbers]


def diagnosis(history: Series, epochs: Numbers, gradients: Series, idle: Series) -> "Figure":
    """The size of each layer's gradients, the share of dead or saturated units, and the loss; by epoch.

    Args:
        history: the columns epoch, loss and perhaps val_loss, one row an epoch.
        epochs: when the other two were measured (k,); 0 is before the first step.
        gradients: for each layer's label the gradient of a typical weight (k,).
        idle: for each layer's label the share of its units that are dead, or saturated (k,), from 0 to 1.
    """
    losses = [name for name in ("loss", "val_loss") if len(history.get(name, ())) > 0]
    if not gradients and not idle and not losses:
        raise ByhandError("there is nothing to draw: neither losses nor measurements.")
    for label, column in [*gradients.items(), *idle.items()]:
        if len(column) != len(epochs):
            raise ByhandError(f"{label} has {len(column)} values for {len(epochs)} measurements.")
    panels = bool(gradients) + bool(idle) + bool(losses)
    picture = figure(5.2 * panels, 4.6)
    axes = iter(picture.subplots(1, panels, squeeze=False)[0])
    if gradients:
        ax = next(axes)
        _lines(ax, epochs, {label: _positive(column) for label, column in gradients.items()})
        dress(ax, "epoch", "size of a typical weight's gradient", "Gradients by layer (no line where 0)")
        ax.set_yscale("log")
    if idle:
        ax = next(axes)
        _lines(ax, epochs, {label: 100 * np.asarray(column) for label, column in idle.items()})
        dress(ax, "epoch", "units (%)", "Dead and saturated units")
        ax.set_ylim(-3, 103)
    if losses:
        ax = next(axes)
        curve_panel(ax, history, losses)
        ax.set_title("Loss")
    return picture


def _positive(column: Numbers) -> Array:
    """The values without zeros, which a logarithmic axis cannot show."""
    values = np.asarray(column, float)
    return np.where(values > 0, values, np.nan)


def _lines(ax: "Axes", epochs: Numbers, series: Series) -> None:
    from matplotlib.ticker import MaxNLocator

    for k, (label, y) in enumerate(series.items()):
        dash = DASHES[k // len(COLOURS) % len(DASHES)]
        colour = COLOURS[k % len(COLOURS)]
        ax.plot(epochs, y, dash, color=colour, label=label, linewidth=1.6, marker=marker(len(y)), markersize=3.5)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    last = max(max(epochs, default=1), 1)
    ax.set_xlim(-0.04 * last, 1.04 * last)
    ax.legend(frameon=False, fontsize=8, loc="upper center", bbox_to_anchor=(0.5, -0.14), ncols=2)
