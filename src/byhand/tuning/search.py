"""Search methods: grid search, random search, and Optuna."""

from collections.abc import Callable
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from byhand.core.errors import ByhandError
from byhand.core.extras import how_to_install
from byhand.tuning.domains import Choices, NumberRange
from byhand.tuning.space import Space
from byhand.tuning.trials import Trial


class Search:
    """Base of all searches.

    Attributes:
        total: how many different trials there are, where they can be counted.
    """

    total: int | None = None

    def suggest(self, number: int) -> dict[str, Any]:
        """The parameters of trial `number`, from 0."""
        raise NotImplementedError

    def tell(self, trial: Trial) -> None:
        """Tell the search the result of a trial."""


class Grid(Search):
    """All combinations; the last parameter changes fastest."""

    def __init__(self, space: Space, seed: int):
        self._values = {}
        for name, domain in space.parameters.items():
            try:
                self._values[name] = domain.grid()
            except ByhandError as error:
                raise ByhandError(f"{name}: {error}") from None
        self.total = prod(len(values) for values in self._values.values())

    def suggest(self, number: int) -> dict[str, Any]:
        """The combination with this number."""
        index = np.unravel_index(number, [len(values) for values in self._values.values()])
        return {name: values[int(i)] for (name, values), i in zip(self._values.items(), index, strict=True)}


class Random(Search):
    """Draw every parameter independently; better than a grid if only some of them matter.

    Bergstra and Bengio, "Random Search for Hyper-Parameter Optimization" (2012). Trial k has a generator of its own, so
    it does not depend on which trials came before.
    """

    def __init__(self, space: Space, seed: int):
        self._space, self._seed = space, seed

    def suggest(self, number: int) -> dict[str, Any]:
        """A draw from the generator of (seed, number)."""
        rng = np.random.default_rng((self._seed, number))
        return {name: domain.draw(rng) for name, domain in self._space.parameters.items()}


class Optuna(Search):
    """Optuna's tree-structured Parzen estimator, after ten random trials.

    Bergstra et al., "Algorithms for Hyper-Parameter Optimization" (2011). The sampler of trial k starts from (seed, k)
    and from the trials told so far, so a search that was interrupted goes on as if it had not been. A trial that failed
    counts as accuracy 0.

    Args:
        space: what is searched.
        seed: of the samplers.
        journal: a file by which several processes share the search; without one it is this process' own.

    Raises:
        ByhandError: Optuna is not installed.
    """

    def __init__(self, space: Space, seed: int, journal: Path | None = None):
        try:
            import optuna
        except ImportError:
            raise ByhandError(
                f"Optuna is not installed; search at random, or install it: {how_to_install('tune')}"
            ) from None
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self._optuna, self._space, self._seed = optuna, space, seed
        storage = _journal(optuna, journal) if journal else None
        self._study = optuna.create_study(
            study_name="byhand", storage=storage, direction="maximize", load_if_exists=journal is not None
        )
        self._sampler: dict[str, Any] = {"constant_liar": True} if journal else {}  # what others are at counts as bad
        self._distributions = {name: self._distribution(domain) for name, domain in space.parameters.items()}
        self._asked: dict[int, Any] = {}

    def suggest(self, number: int) -> dict[str, Any]:
        """What Optuna suggests after the trials told so far."""
        seed = int(np.random.default_rng((self._seed, number)).integers(2**31))
        self._study.sampler = self._optuna.samplers.TPESampler(seed=seed, **self._sampler)
        trial = self._asked[number] = self._study.ask(self._distributions)
        return self._parameters(trial.params)

    @property
    def asked(self) -> int:
        """How many trials Optuna was asked for, by any process."""
        return len(self._study.get_trials(deepcopy=False))

    def running(self) -> dict[int, dict[str, Any]]:
        """The parameters of trials that some process asked for and has not told of yet, by number."""
        states = (self._optuna.trial.TrialState.RUNNING,)
        trials = self._study.get_trials(deepcopy=False, states=states)
        whole = [trial for trial in trials if trial.params.keys() == self._space.parameters.keys()]
        self._asked |= {trial.number: trial.number for trial in whole}
        return {trial.number: self._parameters(trial.params) for trial in whole}

    def _parameters(self, params: dict[str, Any]) -> dict[str, Any]:
        return {
            name: domain.values[params[name]] if isinstance(domain, Choices) else params[name]
            for name, domain in self._space.parameters.items()
        }

    def tell(self, trial: Trial) -> None:
        """Tell Optuna the accuracy, of a trial of its own or of one from before the interruption."""
        value = 0.0 if trial.failure else trial.accuracy
        if trial.number in self._asked:
            self._study.tell(self._asked.pop(trial.number), value)
            return
        params = {
            name: domain.values.index(trial.parameters[name]) if isinstance(domain, Choices) else trial.parameters[name]
            for name, domain in self._space.parameters.items()
        }
        create = self._optuna.trial.create_trial
        self._study.add_trial(create(params=params, distributions=self._distributions, value=value))

    def _distribution(self, domain: Choices | NumberRange) -> Any:
        known = self._optuna.distributions
        if isinstance(domain, Choices):
            return known.CategoricalDistribution(
                tuple(range(len(domain.values)))
            )  # Optuna does not take lists as choices
        if domain.whole:
            return known.IntDistribution(domain.low, domain.last, log=domain.log, step=domain.step or 1)
        return known.FloatDistribution(domain.low, domain.last, log=domain.log, step=domain.step)


def _journal(optuna: Any, path: Path) -> Any:
    """Optuna's storage in a file on a folder that several machines may share."""
    from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock

    return optuna.storages.JournalStorage(JournalFileBackend(str(path), JournalFileOpenLock(str(path))))


SEARCHES: dict[str, Callable[[Space, int], Search]] = {"grid": Grid, "random": Random, "optuna": Optuna}
