"""Draw forecasts beside naive ones: `python -m bench.accuracy.forecasts --out docs/images`.

The recipes `airline` and `sunspots` are trained with seed 0, and the test years are drawn.
"""

import argparse
from pathlib import Path

import numpy as np

from byhand.data.series import series_of
from byhand.plots import save
from byhand.plots.canvas import BLACK, BLUE, ORANGE, dress, figure
from byhand.recipes import get_recipe, run_recipe
from byhand.recipes.forecasts import airline_forecasts, sunspots_forecasts

NAIVE = ", last year times last month's growth", ", as last year"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=Path())
    options = parser.parse_args()
    picture = figure(8, 6.5)
    kinds = (
        ("airline", airline_forecasts, NAIVE[0], 1949, 12, "passengers in a month, thousands"),
        ("sunspots", sunspots_forecasts, NAIVE[1], 1700, 1, "sunspots in a year"),
    )
    for ax, (name, forecasts, naive, first, a_year, unit) in zip(picture.subplots(2, 1), kinds, strict=True):
        run = run_recipe(get_recipe(name), 0, progress=False)
        y, x = series_of(run.dataset), run.split.test[0]
        t = np.arange(len(y) - len(x), len(y))
        found, time = forecasts(run.network, x, y, t), first + t / a_year
        errors = run.outcome.judged
        ax.plot(time, y[t], color=BLACK, linewidth=1.2, label="as it was")
        for which, colour, dash, words in (("", BLUE, "--", "GRU"), (naive, ORANGE, ":", naive.removeprefix(", "))):
            label = f"{words}: error {errors[f'test RMSE{which}']:.1f}"
            ax.plot(time, found[which], color=colour, linestyle=dash, linewidth=1.6, label=label)
        dress(ax, "year", unit, f"{name}, one {'month' if a_year > 1 else 'year'} ahead")
        ax.xaxis.get_major_locator().set_params(integer=True)
        ax.legend(frameon=False, fontsize=9)
    save(picture, options.out / "forecasts.png")


if __name__ == "__main__":
    main()
