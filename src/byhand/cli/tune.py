"""byhand tune."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from byhand.cli.app import PATH, absolute, app, json_option
from byhand.cli.output import make_table, percent, print_json, print_table

if TYPE_CHECKING:
    from byhand.tuning import Trials

SHOWN_TRIALS = 10  # of the best trials


@app.command(epilog="Example, in a clone:  byhand tune dense --space examples/space.toml --trials 6")
@click.argument("recipe", help="Name of the recipe.")
@click.option("--space", type=PATH, required=True, help="A TOML file with the parameters and their possible values.")
@click.option("--search", default="random", help="Search method: grid, random or optuna.")
@click.option("--trials", type=click.IntRange(1), help="Number of trials; by default the whole grid, or 20.")
@click.option("--jobs", type=click.IntRange(1), default=1, help="Number of parallel processes with one thread each.")
@click.option("--seed", type=click.IntRange(0), default=0, help="Random seed.")
@click.option("--data", help="Name or path of a data set.")
@click.option("--out", type=PATH, help="Folder for the results; runs/tune-RECIPE by default.")
@click.option("--shared", is_flag=True, help="Search together with other machines that see the folder (optuna).")
@json_option
def tune(
    recipe: str,
    space: Path,
    search: str,
    trials: int | None,
    jobs: int,
    seed: int,
    data: str | None,
    out: Path | None,
    shared: bool,
    json: bool,
) -> None:
    """Search the hyper-parameters of a recipe by validation data; the same command resumes a search."""
    from byhand.recipes import get_recipe
    from byhand.tuning import tune as run
    from byhand.tuning.trials import BEST, LOG, PICTURE, TABLE

    folder = out or Path("runs") / f"tune-{recipe}"
    chosen = get_recipe(recipe)
    where = None if data is None else absolute(data)
    with _Progress() as progress:
        try:
            found = run(
                chosen,
                space,
                search=search,
                trials=trials,
                jobs=jobs,
                seed=seed,
                out=folder,
                shared=shared,
                data=where or chosen.dataset,
                watch=progress,
            )
        except KeyboardInterrupt:
            progress.stop()
            print(
                f"Stopped. Finished trials are in {folder / LOG}; the same command resumes the search.", file=sys.stderr
            )
            raise
    best, failed = found.best, sum(bool(trial.failure) for trial in found)
    if json:
        record: dict[str, Any] = {"folder": str(folder), "config": str(folder / BEST), "trials": len(found)}
        figures = {"accuracy": best.accuracy, "spread": best.spread, "loss": best.loss, "seconds": best.seconds}
        print_json(
            record | {"failed": failed, "best": {"trial": best.number, **figures, "parameters": best.parameters}}
        )
        return
    title, headers, rows = _table(found, len(found))
    print_table(title, headers, rows)
    print(f"Written to {folder}: {TABLE}, {PICTURE}, {BEST}. Next: byhand train --config {folder / BEST}")


def _table(trials: "Trials", wanted: int) -> tuple[str, tuple[str, ...], list[tuple[str, ...]]]:
    """Title, headers and rows of the table of the best trials."""
    from byhand.tuning.trials import show

    names, folds = tuple(trials.space.parameters), trials.space.folds
    failed = sum(bool(trial.failure) for trial in trials)
    title = f"{len(trials)} of {wanted} trials{f', {failed} failed' if failed else ''}; the best by validation"
    rows = [
        (
            str(trial.number),
            percent(trial.accuracy),
            *((f"{100 * trial.spread:.2f}",) if folds else ()),
            *(f"{v:.4g}" if isinstance(v, float) else show(v) for v in (trial.parameters[name] for name in names)),
            f"{trial.seconds:.1f}",
        )
        for trial in trials.ranked[:SHOWN_TRIALS]
    ]
    return title, ("trial", "accuracy", *(("± folds",) if folds else ()), *names, "s"), rows


class _Progress:
    """A live table of the best trials so far on a terminal; silent elsewhere."""

    def __init__(self) -> None:
        self._live: Any = None

    def __enter__(self) -> "_Progress":
        from rich.console import Console
        from rich.live import Live

        console = Console(stderr=True)
        if console.is_terminal:
            self._live = Live(console=console, transient=True, refresh_per_second=4)
            self._live.start()
        return self

    def __call__(self, trials: "Trials", wanted: int) -> None:
        """Show the trials so far."""
        if self._live:
            self._live.update(make_table(*_table(trials, wanted)))

    def stop(self) -> None:
        """Take the table away."""
        if self._live:
            self._live.stop()

    def __exit__(self, *error: object) -> None:
        self.stop()
