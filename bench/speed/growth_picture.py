"""Growth as a picture: a panel for each axis, a line for each library."""

from pathlib import Path
from typing import Any

from matplotlib.ticker import LogLocator

from bench.speed.competitors import TITLES
from bench.speed.growth_page import fastest, value
from bench.speed.picture import MARKS
from byhand.plots.canvas import BLACK, dress, figure, save

LINES = {"byhand": (BLACK, "*"), "torch": MARKS["torch"], "jax": MARKS["jax"]}
COLUMNS = 2


def draw(figures: dict[str, Any], path: Path) -> None:
    """Microseconds a sample over what grows, both on logarithmic axes; bars from the fastest to the slowest round."""
    axes = figures["axes"]
    rows = -(-(len(axes) + 1) // COLUMNS)  # and the legend's place
    picture = figure(8.5, 2.5 * rows)
    cells = picture.subplots(rows, COLUMNS, squeeze=False).flat
    for ax, axis in zip(cells, axes, strict=False):
        dress(ax, axis["unit"], "µs a sample", axis["title"])
        ax.title.set_fontsize(10)
        for peer, (colour, marker) in LINES.items():
            found = [(point["value"], c) for point in axis["points"] if (c := fastest(point, (peer,)))]
            middle = [1e6 * c["median"] for _, c in found]
            below = [m - 1e6 * min(c["rounds"]) for m, (_, c) in zip(middle, found, strict=True)]
            above = [1e6 * max(c["rounds"]) - m for m, (_, c) in zip(middle, found, strict=True)]
            look = {"color": colour, "marker": marker, "markersize": 9 if marker == "*" else 6, "linewidth": 1.5}
            ax.errorbar([at for at, _ in found], middle, [below, above], label=TITLES[peer], **look)
        ax.set_xscale("log")
        ax.set_yscale("log")
        ax.set_xticks([point["value"] for point in axis["points"]], [value(point) for point in axis["points"]])
        ax.minorticks_off()
        ax.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if max(ax.get_ylim()) < 30 * min(ax.get_ylim()) else (1,)))
        ax.yaxis.set_major_formatter("{x:g}")
        ax.tick_params(axis="x", labelrotation=30 if len(axis["points"]) > 5 else 0)
    names, lines = ax.get_legend_handles_labels()
    for empty in cells:
        empty.axis("off")
    place = picture.axes[len(axes)]
    place.axis("off")
    machine = figures["machine"]
    where = f"{machine['processor'].split(' (')[0]}\n{machine['threads']} threads, float32, training by Adam"
    place.legend(names, lines, loc="center", frameon=False, fontsize=11, title=where, title_fontsize=9)
    save(picture, path)
