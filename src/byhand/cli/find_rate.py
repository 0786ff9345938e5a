"""byhand find-rate."""

from pathlib import Path

import click

from byhand.cli.app import PATH, app, json_option
from byhand.cli.output import print_json


@app.command("find-rate", epilog="Example:  byhand find-rate dense --plot rates.png")
@click.argument("recipe", help="Name of the recipe.")
@click.option("--data", help="Name or path of a data set; that of the recipe by default.")
@click.option("--low", type=float, default=1e-7, help="The lowest learning rate.")
@click.option("--high", type=float, default=10.0, help="The highest learning rate.")
@click.option("--steps", type=click.IntRange(10), default=200, help="Number of learning rates, one per step.")
@click.option("--batch-size", type=click.IntRange(0), help="Samples per step; 0 for the full batch.")
@click.option("--seed", type=click.IntRange(0), default=0, help="Random seed.")
@click.option("--plot", type=PATH, help="Plot loss against learning rate into this file.")
@json_option
def find_rate(
    recipe: str,
    data: str | None,
    low: float,
    high: float,
    steps: int,
    batch_size: int | None,
    seed: int,
    plot: Path | None,
    json: bool,
) -> None:
    """Suggest a learning rate for a recipe by a short training with increasing rates."""
    import numpy as np

    from byhand import plots
    from byhand.data import load
    from byhand.recipes import fitted_to, get_recipe
    from byhand.recipes.run import begin_recipe
    from byhand.training import find_learning_rate

    chosen = get_recipe(recipe)
    dataset = load(data or chosen.dataset)
    chosen = fitted_to(chosen, dataset)
    network, split, rng = begin_recipe(chosen, seed, dataset)
    x, y = split.train[:2]
    size = chosen.batch_size if batch_size is None else batch_size or None
    found = find_learning_rate(
        network, x, y, optimizer=chosen.optimizer, batch_size=size, low=low, high=high, steps=steps, rng=rng
    )
    if plot:
        plots.save(found.plot(), plot)
    if json:
        curve = {name: getattr(found, name).tolist() for name in ("rates", "losses", "smoothed")}
        print_json({"recipe": chosen.name, "suggestion": found.suggestion} | curve)
        return
    lowest = int(np.argmin(found.smoothed))
    print(f"Suggested learning rate: {found.suggestion:.2g} (where the loss falls most steeply).")
    print(
        f"{len(found.rates)} rates from {found.rates[0]:.2g} to {found.rates[-1]:.2g}; the loss went from "
        f"{found.smoothed[0]:.4g} down to {found.smoothed[lowest]:.4g} at {found.rates[lowest]:.2g}"
        f"{', then exploded' if len(found.rates) < steps else ''}."
    )
    if plot:
        print(f"Drawn into {plot}.")
