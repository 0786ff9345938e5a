"""Learning curves and activation functions."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from byhand.core.errors import ByhandError
from byhand.core.types import Array
from byhand.plots.canvas import BLUE, ORANGE, Numbers, dress, figure, grid_columns

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Function = Callable[[Array], Array]


def curves(history: Mapping[str, Sequence[float]]) -> "Figure":
    """Loss and accuracy by epoch, for training and validation; and the learning rate, where it changes.

    history has the column epoch and any of loss, val_loss, accuracy, val_accuracy, learning_rate.
    """
    panels = [
        [name for name in pair if len(history.get(name, ())) > 0]
        for pair in (("loss", "val_loss"), ("accuracy", "val_accuracy"))
    ]
    if len(set(history.get("learning_rate", ()))) > 1:
        panels.append(["learning_rate"])
    panels = [names for names in panels if names]
    if "epoch" not in history or not panels:
        raise ByhandError("a history needs the column epoch, and loss or accuracy for training or validation.")
    for name in (name for names in panels for name in names):
        if len(history[name]) != len(history["epoch"]):
            raise ByhandError(
                f"the history's column {name} has {len(history[name])} rows, epoch has {len(history['epoch'])}."
            )
    picture = figure(4.6 * len(panels), 3.6)
    for ax, names in zip(picture.subplots(1, len(panels), squeeze=False)[0], panels, strict=True):
        curve_panel(ax, history, names)
    return picture


def curve_panel(ax: "Axes", history: Mapping[str, Numbers], names: Sequence[str]) -> None:
    """One panel of `curves`: training in blue, validation in orange and dashed."""
    from matplotlib.ticker import MaxNLocator

    what = names[0].removeprefix("val_")
    percent = what == "accuracy"
    epoch = np.asarray(history["epoch"], float)
    values = [np.asarray(history[name], float) * (100 if percent else 1) for name in names]
    for name, y in zip(names, values, strict=True):
        colour, dash, label = (ORANGE, "--", "validation") if name.startswith("val_") else (BLUE, "-", "training")
        last = f"{y[-1]:.2f} %" if percent else f"{y[-1]:.4g}"
        label = f"{label}, last {last}" if what != "learning_rate" else "learning rate"
        ax.plot(epoch, y, dash, color=colour, label=label, linewidth=1.8, marker=marker(len(y)), markersize=4)
    dress(ax, "epoch", "accuracy (%)" if percent else what.replace("_", " "))
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    finite = np.concatenate(values)
    finite = finite[np.isfinite(finite)]
    if not percent and finite.size and finite.min() > 0 and finite.max() > 50 * finite.min():
        ax.set_yscale("log")
    ax.legend(frameon=False)


def activations(functions: Mapping[str, tuple[Function, Function]], reach: float = 4.0) -> "Figure":
    """Activation functions and their derivatives, from −reach to reach: name -> (f, its derivative), of arrays."""
    if not functions:
        raise ByhandError("there is no activation function to draw.")
    across = min(4, grid_columns(len(functions)))
    rows = -(-len(functions) // across)
    picture = figure(max(2.9 * across, 4), 2.5 * rows + 0.4)
    z = np.linspace(-reach, reach, 1600)  # even: 0 itself, where some have no derivative, is left out
    axes = picture.subplots(rows, across, squeeze=False).flat
    for ax, (name, (f, derivative)) in zip(axes, functions.items(), strict=False):
        ax.axhline(0, color="#cccccc", linewidth=0.8)
        ax.axvline(0, color="#cccccc", linewidth=0.8)
        ax.plot(z, _broken_at_jumps(z, f(z)), color=BLUE, linewidth=2, label="f(z)")
        ax.plot(z, _broken_at_jumps(z, derivative(z)), "--", color=ORANGE, linewidth=1.6, label="f′(z)")
        ax.set(title=name, xlabel="z", ylabel="f(z), f′(z)")
        ax.spines[["top", "right"]].set_visible(False)
    for ax in picture.axes[len(functions) :]:
        ax.set_axis_off()
    picture.legend(*picture.axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=2, frameon=False)
    return picture


def marker(n: int) -> str:
    """A marker for each point if there are few points."""
    return "o" if n <= 30 else ""


def _broken_at_jumps(z: Array, y: Array) -> Array:
    """The same values, with a gap where the function jumps, so that the jump does not look like a steep slope."""
    y = np.array(y, float)
    y[1:][np.abs(np.diff(y)) > 20 * np.diff(z)] = np.nan
    return y
