"""Comparison of published figures with ours over several seeds."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from byhand.data import Dataset, load
from byhand.recipes.base import Figure, Recipe
from byhand.recipes.run import run_recipe


@dataclass(frozen=True)
class Comparison:
    """One figure of one recipe: what was published, and ours for every seed.

    Attributes:
        recipe: which.
        figure: which of its figures.
        values: one for each seed.
        seconds: how long a run took, on average.
    """

    recipe: Recipe
    figure: Figure
    values: tuple[float, ...]
    seconds: float

    @property
    def mean(self) -> float:
        """Mean over the seeds."""
        return float(np.mean(self.values))

    @property
    def spread(self) -> float:
        """Sample standard deviation over the seeds; 0 for a single one."""
        return float(np.std(self.values, ddof=1)) if len(self.values) > 1 else 0.0

    @property
    def best(self) -> float:
        """The largest value of a fraction, or the smallest of any other figure (times and losses)."""
        return max(self.values) if self.figure.percent else min(self.values)


def reproduce(
    recipes: list[Recipe], seeds: int, progress: bool = True, say: Callable[[str], None] = lambda _: None
) -> Iterator[list[Comparison]]:
    """Train each recipe with the seeds 0 to seeds − 1; yields the comparisons of a recipe when it is finished.

    Args:
        recipes: what to run.
        seeds: how many runs of each.
        progress: whether each training shows its bar.
        say: told what is about to run.
    """
    datasets: dict[str, Dataset] = {}
    start, made, trainings = time.monotonic(), 0, len(recipes) * seeds
    for recipe in recipes:
        if recipe.dataset not in datasets:
            datasets[recipe.dataset] = load(recipe.dataset)
        outcomes = []
        for seed in range(seeds):
            made += 1
            say(f"{recipe.name}, seed {seed}: training {made} of {trainings}, after {time.monotonic() - start:.0f} s")
            outcomes.append(run_recipe(recipe, seed, dataset=datasets[recipe.dataset], progress=progress).outcome)
        seconds = float(np.mean([outcome.seconds for outcome in outcomes]))
        yield [
            Comparison(recipe, figure, tuple(figure.measure(outcome) for outcome in outcomes), seconds)
            for figure in recipe.figures
        ]
