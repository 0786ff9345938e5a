"""The search itself."""

import hashlib
import json
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from byhand.core.checks import require_instance, require_whole
from byhand.core.errors import ByhandError
from byhand.core.files import locked
from byhand.data import Dataset, load
from byhand.recipes import Recipe
from byhand.recipes.config import RunConfig
from byhand.tuning.measure import Material, Result, material
from byhand.tuning.parameters import with_parameters
from byhand.tuning.search import SEARCHES, Search
from byhand.tuning.shared import SharedSearch
from byhand.tuning.space import Space, read_space
from byhand.tuning.trials import LOG, SearchFolder, Trial, Trials
from byhand.tuning.workers import Here, Workers

TRIALS = 20  # of a search without end, where nobody says how many


def tune(
    recipe: Recipe,
    space: Space | Mapping[str, Any] | str | Path,
    *,
    search: str = "random",
    trials: int | None = None,
    jobs: int = 1,
    seed: int = 0,
    out: str | Path | None = None,
    shared: bool = False,
    dataset: Dataset | None = None,
    data: str | None = None,
    watch: Callable[[Trials, int], None] | None = None,
) -> Trials:
    """Try hyper-parameters of `recipe`, and measure each on validation data; test samples are not used.

    Every trial starts from the same seed, on the same rows. Grid and random search give the same trials whatever
    `jobs` is; Optuna's suggestions depend on what has ended by then, so they repeat with one job only.

    Args:
        recipe: the recipe to tune.
        space: what to search: a `Space`, a space file, or such a file's tables as a dictionary.
        search: "grid", "random" or "optuna".
        trials: number of trials, including those already in the folder; by default the whole grid, or else 20.
        jobs: number of trials that run at the same time, each in a process of its own; 1 for this process.
        seed: the seed of the split, the trainings and the search.
        out: a folder that keeps every finished trial, and the state of those that take longer than a minute; an
            interrupted search resumes from it.
        shared: whether other processes, on other machines perhaps, search in the same folder at the same time: each
            runs one trial after the other, and Optuna's journal in the folder keeps them from doing the same.
        dataset: data to use instead of the recipe's own.
        data: the name that these data are called by in the best configuration.
        watch: called with the trials so far and the number wanted, at the start and after each.

    Returns:
        The trials, by number.

    Raises:
        ByhandError: an argument is invalid, or the folder belongs to another search or is damaged.
    """
    if search not in SEARCHES:
        raise ByhandError(f"There is no search {search!r}; there are {', '.join(SEARCHES)}.")
    require_whole("jobs", jobs)
    require_whole("seed", seed, 0)
    if trials is not None:
        require_whole("trials", trials)
    space = read_space(space) if isinstance(space, str | Path) else space
    space = Space.of(space) if isinstance(space, Mapping) else space
    require_instance("space", space, Space, "a Space, a space file or its tables")
    space.check(recipe)
    if shared and (search != "optuna" or out is None or jobs != 1):
        raise ByhandError('A shared search needs search="optuna" and a folder, out; start one process for each job.')
    strategy = SEARCHES[search](space, seed)
    wanted = min(trials or strategy.total or TRIALS, strategy.total or 10**9)
    dataset = dataset or load(data or recipe.dataset)
    if dataset.table is not None:
        raise ByhandError("A search goes by accuracy on images; the recipe's data is a table.")
    prepared = material(recipe, dataset, seed, space.folds, space.validation)
    base = RunConfig(recipe, data or dataset.name, seed)
    if out is None:
        return _carry_out(_Run(base, space, strategy, None, wanted, watch), prepared, jobs)
    if shared:
        folder = SearchFolder(Path(out), _identity(base, space, search, prepared))
        return SharedSearch(base, space, folder, wanted, watch).carry_out(
            replace(prepared, checkpoints=folder.unfinished)
        )
    with locked(Path(out), f"{out}: another process is searching there; choose another folder, or wait."):
        folder = SearchFolder(Path(out), _identity(base, space, search, prepared))
        run = _Run(base, space, strategy, folder, wanted, watch)
        return _carry_out(run, replace(prepared, checkpoints=folder.unfinished), jobs)


def _carry_out(run: "_Run", data: Material, jobs: int) -> Trials:
    """All trials; whatever happens, the processes end and the summary is written."""
    workers = Here(data) if jobs == 1 else Workers(data, jobs)
    try:
        run.carry_out(workers)
    finally:
        workers.close()
        if run.folder and run.trials:
            run.folder.write_summary(run.result())
    return run.result()


class _Run:
    """The trials of one search, those of the folder first."""

    def __init__(
        self,
        base: RunConfig,
        space: Space,
        search: Search,
        folder: SearchFolder | None,
        wanted: int,
        watch: Callable[[Trials, int], None] | None,
    ):
        self.base, self.space, self.search, self.folder = base, space, search, folder
        self.wanted, self.watch = wanted, watch
        self.trials: dict[int, Trial] = {trial.number: trial for trial in (folder.read() if folder else [])}
        for trial in self.trials.values():
            _check_fits(trial, space)
            search.tell(trial)

    def result(self) -> Trials:
        """The trials by number."""
        return Trials(tuple(self.trials[number] for number in sorted(self.trials)), self.space, self.base)

    def carry_out(self, workers: Here | Workers) -> None:
        """All trials that are missing."""
        missing = [number for number in range(self.wanted) if number not in self.trials]
        running: dict[int, dict[str, Any]] = {}
        self._show()
        while missing or running:
            while missing and workers.free:
                number = missing.pop(0)
                running[number] = parameters = self.search.suggest(number)
                workers.start(number, with_parameters(self.base.recipe, parameters))
            for number, result in workers.finished():
                self._add(number, running.pop(number), result)

    def _add(self, number: int, parameters: dict[str, Any], result: Result) -> None:
        trial = Trial(number, parameters, result.accuracies, result.losses, result.seconds, result.failure)
        self.trials[number] = trial
        if self.folder:
            self.folder.add(trial)
            self.folder.forget(number)
            self.folder.write_table(self.result())
        self.search.tell(trial)
        self._show()

    def _show(self) -> None:
        if self.watch:
            self.watch(self.result(), self.wanted)


def _check_fits(trial: Trial, space: Space) -> None:
    names = space.parameters.keys() | trial.parameters.keys()
    for name in sorted(names):
        domain = space.parameters.get(name)
        if domain is None or name not in trial.parameters or not domain.holds(trial.parameters[name]):
            raise ByhandError(f"{LOG}: trial {trial.number}'s {name} lies outside the space; delete its line.")


def _identity(base: RunConfig, space: Space, search: str, data: Material) -> dict[str, Any]:
    """What makes two searches the same, as plain data that JSON gives back unchanged."""
    digest = hashlib.sha256(data.x.tobytes())
    digest.update(data.y.tobytes())
    config = {key: value for key, value in tomllib.loads(base.to_toml()).items() if key != "byhand"}
    identity = config | {
        "rows": digest.hexdigest(),
        "search": search,
        "folds": space.folds,
        "validation": space.validation,
        "space": {name: asdict(domain) for name, domain in space.parameters.items()},
    }
    return json.loads(json.dumps(identity))
