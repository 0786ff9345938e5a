"""The results of a search over parameters."""

import math
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from byhand.core.errors import ByhandError
from byhand.core.types import Array
from byhand.plots.canvas import BLUE, GREY, ORANGE, dress, figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Values = Sequence[float | str]
GOLDEN = 0.618034


def trials(
    values: Mapping[str, Values],
    accuracy: Sequence[float],
    log: Collection[str] = (),
    names: Mapping[str, Sequence[str]] | None = None,
) -> "Figure":
    """Validation accuracy against each parameter, one panel each; the best trial is a star, failed ones are crosses.

    Args:
        values: parameter -> its value in every trial: numbers, or names.
        accuracy: of every trial, from 0 to 1; NaN where it failed.
        log: the parameters with a logarithmic axis.
        names: parameter -> its names in the order in which they stand side by side; else as they come.
    """
    if not values or not len(accuracy):
        raise ByhandError("there is no trial to draw.")
    for name, column in values.items():
        if len(column) != len(accuracy):
            raise ByhandError(f"the parameter {name} has {len(column)} values for {len(accuracy)} trials.")
    y = 100 * np.asarray(accuracy, float)
    columns = 2 if len(values) == 4 else min(3, len(values))
    rows = math.ceil(len(values) / columns)
    picture = figure(3.6 * columns + 0.4, 3.2 * rows + 0.4)
    axes = picture.subplots(rows, columns, squeeze=False, sharey=True)
    for k, (ax, (name, column)) in enumerate(zip(axes.flat, values.items(), strict=False)):
        _panel(ax, name, column, y, name in log, list((names or {}).get(name, ())))
        ax.set_ylabel("" if k % columns else "accuracy on validation data (%)")
    for ax in axes.flat[len(values) :]:
        ax.set_axis_off()
    handles = {label: h for ax in axes.flat for h, label in zip(*ax.get_legend_handles_labels(), strict=True)}
    picture.legend(handles.values(), handles.keys(), loc="outside lower center", ncols=3, frameon=False)
    return picture


def _panel(ax: "Axes", name: str, column: Values, y: Array, log: bool, names: list[str]) -> None:
    """One parameter."""
    x, names = _places(column, names)
    failed = np.isnan(y)
    dress(ax, name, "")
    ax.scatter(x[~failed], y[~failed], s=22, color=BLUE, alpha=0.6, linewidths=0, label="trial")
    if failed.any():
        floor = ax.get_xaxis_transform()  # y from 0 to 1 within the axes: crosses stand at the foot
        ax.scatter(
            x[failed], np.full(failed.sum(), 0.02), s=26, marker="x", color=GREY, transform=floor, label="failed"
        )
    if not failed.all():
        best = int(np.nanargmax(y))
        ax.scatter(x[best], y[best], s=170, marker="*", color=ORANGE, edgecolors="white", zorder=3, label="best")
    if log and not names:
        ax.set_xscale("log")
    if names:
        ax.set_xticks(range(len(names)), [_wrapped(name) for name in names], fontsize=10 if len(names) < 5 else 7)
        ax.set_xlim(-0.6, len(names) - 0.4)


def _wrapped(name: str) -> str:
    """A long name in several lines: Momentum(momentum=0.95) in three."""
    return name if len(name) <= 12 else name.replace("(", "\n(").replace("=", "\n= ")


def _places(column: Values, names: list[str]) -> tuple[Array, list[str]]:
    """The position of each value on the axis, and tick labels if the values are not numbers."""
    if not names and all(isinstance(value, int | float) for value in column):
        return np.asarray(column, float), []
    names = names or list(dict.fromkeys(map(str, column)))
    aside = (np.arange(len(column)) * GOLDEN % 1 - 0.5) * 0.3  # side by side, as far as possible from the last ones
    return np.array([names.index(str(value)) for value in column]) + aside, names
