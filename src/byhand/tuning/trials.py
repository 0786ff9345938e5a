"""The trials of a search, and its folder.

A folder holds search.json (what is searched, and how), trials.jsonl (one line a finished trial, appended the moment it
ends; the others are made from it), trials.csv, trials.png and best.toml.
"""

import csv
import io
import json
import os
import shutil
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from byhand.core.config import to_config
from byhand.core.errors import ByhandError
from byhand.core.files import write_atomically
from byhand.recipes.config import RunConfig
from byhand.tuning.domains import Choices
from byhand.tuning.parameters import with_parameters
from byhand.tuning.space import Space

if TYPE_CHECKING:
    from matplotlib.figure import Figure

UNFINISHED_TRIALS = "unfinished"
SEARCH, LOG, TABLE, PICTURE, BEST = "search.json", "trials.jsonl", "trials.csv", "trials.png", "best.toml"


@dataclass(frozen=True)
class Trial:
    """One set of parameters and its results.

    Attributes:
        number: from 0.
        parameters: name -> value.
        accuracies: on validation data, from 0 to 1, one a training (as many as folds); none where it failed.
        losses: the same of the loss.
        seconds: that it took.
        failure: why it failed, or nothing.
    """

    number: int
    parameters: dict[str, Any]
    accuracies: tuple[float, ...]
    losses: tuple[float, ...]
    seconds: float
    failure: str = ""

    @property
    def accuracy(self) -> float:
        """The mean of the trainings; NaN where it failed."""
        return float(np.mean(self.accuracies)) if self.accuracies else float("nan")

    @property
    def loss(self) -> float:
        """The mean of the trainings; NaN where it failed."""
        return float(np.mean(self.losses)) if self.losses else float("nan")

    @property
    def spread(self) -> float:
        """Sample standard deviation of the accuracies; 0 for a single one."""
        return float(np.std(self.accuracies, ddof=1)) if len(self.accuracies) > 1 else 0.0


@dataclass(frozen=True)
class Trials(Sequence[Trial]):
    """The finished trials, by number.

    Attributes:
        trials: all of them.
        space: what was searched.
        base: the recipe, data and seed that the parameters change.
    """

    trials: tuple[Trial, ...]
    space: Space
    base: RunConfig

    def __len__(self) -> int:
        return len(self.trials)

    def __getitem__(self, index: Any) -> Any:
        return self.trials[index]

    @property
    def ranked(self) -> list[Trial]:
        """The trials that did not fail, the best first: by accuracy, then by loss, then by number."""
        finished = [trial for trial in self.trials if not trial.failure]
        return sorted(finished, key=lambda trial: (-trial.accuracy, trial.loss, trial.number))

    @property
    def best(self) -> Trial:
        """The trial with the highest accuracy on validation data.

        Raises:
            ByhandError: none succeeded; the message says why the first failed.
        """
        if not self.ranked:
            why = f"; the first because: {self.trials[0].failure}" if self.trials else ""
            raise ByhandError(f"none of {len(self.trials)} trials succeeded{why}")
        return self.ranked[0]

    @property
    def best_config(self) -> RunConfig:
        """The recipe with the best parameters, as a run's configuration."""
        recipe = with_parameters(self.base.recipe, self.best.parameters)
        return RunConfig(recipe, self.base.data, self.base.seed)

    def to_csv(self) -> str:
        """A header, and one row a trial; numbers are written so that they read back exactly."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        names = list(self.space.parameters)
        writer.writerow(["trial", "accuracy", "spread", "loss", "seconds", *names, "failure"])
        for trial in self.trials:
            figures = ("", "", "") if trial.failure else (trial.accuracy, trial.spread, trial.loss)
            values = [show(trial.parameters[name]) for name in names]
            writer.writerow([trial.number, *figures, trial.seconds, *values, trial.failure])
        return text.getvalue()

    def plot(self) -> "Figure":
        """Validation accuracy against every parameter that varies."""
        from byhand import plots

        fixed = {name for name, domain in self.space.parameters.items() if len(set(map(str, domain.extremes()))) == 1}
        domains = [item for item in self.space.parameters.items() if item[0] not in fixed]
        domains = domains or list(self.space.parameters.items())
        names = {name: tuple(map(show, domain.values)) for name, domain in domains if isinstance(domain, Choices)}
        values = {}
        for name, _ in domains:
            column = [trial.parameters[name] for trial in self.trials]
            values[name] = [show(value) for value in column] if name in names else column
        log = [name for name, domain in domains if domain.log]
        return plots.trials(values, [trial.accuracy for trial in self.trials], log, names)


def show(value: Any) -> str:
    """A short text for a value: 0.001, Adam, 256-128."""
    if isinstance(value, list | tuple):
        return "-".join(map(show, value))
    if isinstance(value, dict):
        rest = ", ".join(f"{k}={show(v)}" for k, v in value.items() if k != "kind")
        return f"{value.get('kind', '')}({rest})"
    return str(value)


class SearchFolder:
    """Stores the trials of a search in a folder, so that the search can be resumed.

    Args:
        path: where; made if need be.
        identity: what is searched, as plain data: a folder with another one is refused.

    Raises:
        ByhandError: the folder belongs to another search, is damaged, or cannot be written to.
    """

    def __init__(self, path: Path, identity: dict[str, Any]):
        self.path = path
        found = self._identity()
        if found is None:
            if (path / LOG).exists():
                raise ByhandError(f"{path}: has {LOG} but not {SEARCH}, so it is not known what was searched; move it.")
            write_atomically(path / SEARCH, (json.dumps(identity, indent=2) + "\n").encode())
        elif found != identity:
            keys = [key for key in {**identity, **found} if found.get(key) != identity.get(key)]
            raise ByhandError(
                f"{path}: belongs to another search (it differs in {', '.join(keys)}); choose another folder."
            )

    def _identity(self) -> Any:
        file = self.path / SEARCH
        try:
            return json.loads(file.read_bytes())
        except FileNotFoundError:
            return None
        except OSError as error:
            raise ByhandError(f"{file}: cannot be read ({error.strerror}).") from None
        except (ValueError, RecursionError):
            raise ByhandError(f"{file}: is damaged; move the folder away to start anew.") from None

    def read(self) -> list[Trial]:
        """The trials so far. A last line that was cut off (the machine stopped while it was written) is dropped.

        Raises:
            ByhandError: another line is damaged.
        """
        file = self.path / LOG
        if not file.exists():
            return []
        data = file.read_bytes()
        whole = data[: data.rfind(b"\n") + 1]
        if whole != data:
            write_atomically(file, whole)
        trials: dict[int, Trial] = {}
        for i, line in enumerate(whole.splitlines()):
            trial = _trial(line)
            if trial is None or trial.number in trials:
                raise ByhandError(f"{file}: line {i + 1} is damaged; delete the line, and its trial runs again.")
            trials[trial.number] = trial
        return [trials[number] for number in sorted(trials)]

    def add(self, trial: Trial) -> None:
        """Append a finished trial and flush it to disk."""
        record = {
            "trial": trial.number,
            "parameters": to_config(trial.parameters),
            "accuracies": trial.accuracies,
            "losses": trial.losses,
            "seconds": trial.seconds,
            "failure": trial.failure,
        }
        try:
            with open(self.path / LOG, "ab") as file:
                file.write((json.dumps(record, ensure_ascii=False) + "\n").encode())
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise ByhandError(f"{self.path / LOG}: cannot be written ({error.strerror}).") from None

    @property
    def unfinished(self) -> Path:
        """The folder with the checkpoints of unfinished trials, one folder per trial."""
        return self.path / UNFINISHED_TRIALS

    def forget(self, number: int) -> None:
        """Remove the state of a trial that is finished."""
        shutil.rmtree(self.unfinished / str(number), ignore_errors=True)
        with suppress(OSError):
            self.unfinished.rmdir()  # only where it is empty

    def write_table(self, trials: Trials) -> None:
        """Write the trials as CSV."""
        write_atomically(self.path / TABLE, trials.to_csv().encode())

    def write_summary(self, trials: Trials) -> None:
        """Write the picture and, where a trial succeeded, the best configuration."""
        from byhand import plots

        plots.save(trials.plot(), self.path / PICTURE)
        if trials.ranked:
            write_atomically(self.path / BEST, trials.best_config.to_toml().encode())


def _trial(line: bytes) -> Trial | None:
    """The trial in a line of the log, or None if the line is damaged."""
    try:
        record = json.loads(line)
        accuracies, losses = (tuple(map(float, record[key])) for key in ("accuracies", "losses"))
        number, seconds, failure = int(record["trial"]), float(record["seconds"]), str(record["failure"])
        if number < 0 or not isinstance(record["parameters"], dict) or bool(accuracies) == bool(failure):
            return None
        return Trial(number, record["parameters"], accuracies, losses, seconds, failure)
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
