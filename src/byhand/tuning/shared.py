"""A search that processes on several machines carry out together, in a folder that all of them see."""

from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

from byhand.core.errors import ByhandError
from byhand.core.files import locked
from byhand.recipes.config import RunConfig
from byhand.tuning.measure import Material, measure
from byhand.tuning.parameters import with_parameters
from byhand.tuning.search import Optuna
from byhand.tuning.space import Space
from byhand.tuning.trials import SearchFolder, Trial, Trials

JOURNAL = "journal.log"  # Optuna's: who was asked what, and what came of it
TURN = "turn"  # the folder that is locked by the process whose turn it is to ask and to tell
PATIENCE = 120.0  # seconds to wait for one's turn


class SharedSearch:
    """One process of such a search: it asks Optuna's journal for a trial, carries it out, tells the result, and again.

    A process that is lost leaves its trial behind: the trial's folder is not locked any more, and the next process that
    asks goes on with it where its checkpoint is.

    Args:
        base: the recipe, data and seed that the parameters change.
        space: what is searched.
        folder: the folder of the search.
        wanted: how many trials in all.
        watch: called with the trials so far and the number wanted.

    Raises:
        ByhandError: Optuna is not installed.
    """

    def __init__(
        self,
        base: RunConfig,
        space: Space,
        folder: SearchFolder,
        wanted: int,
        watch: Callable[[Trials, int], None] | None,
    ):
        self.base, self.space, self.folder, self.wanted, self.watch = base, space, folder, wanted, watch
        with self._turn():
            self.search = Optuna(space, base.seed, folder.path / JOURNAL)

    def _turn(self) -> Any:
        return locked(self.folder.path / TURN, f"{self.folder.path}: the other processes take too long.", PATIENCE)

    def result(self) -> Trials:
        """The trials so far, of all processes."""
        return Trials(tuple(self.folder.read()), self.space, self.base)

    def carry_out(self, data: Material) -> Trials:
        """Trials, one after the other, until all that are wanted are finished or in another process' hands."""
        while True:
            with ExitStack() as held:
                found = self._next(held)
                if found is None:
                    break
                number, parameters = found
                result = measure(with_parameters(self.base.recipe, parameters), data, number)
                with self._turn():
                    trial = Trial(number, parameters, result.accuracies, result.losses, result.seconds, result.failure)
                    self.folder.add(trial)
                    self.search.tell(trial)
                    self._show()
            self.folder.forget(number)
        with self._turn():
            trials = self._show()
            if trials:
                self.folder.write_summary(trials)
        return trials

    def _show(self) -> Trials:
        trials = self.result()
        if trials:
            self.folder.write_table(trials)
        if self.watch:
            self.watch(trials, self.wanted)
        return trials

    def _next(self, held: ExitStack) -> tuple[int, dict[str, Any]] | None:
        """A trial that was left behind, else a new one, with its folder held; None where all are taken."""
        with self._turn():
            for number, parameters in self.search.running().items():
                if self._hold(number, held):
                    return number, parameters
            number = self.search.asked
            if number >= self.wanted:
                return None
            parameters = self.search.suggest(number)
            return (number, parameters) if self._hold(number, held) else None

    def _hold(self, number: int, held: ExitStack) -> bool:
        """Whether this process may carry out the trial."""
        try:
            held.enter_context(locked(self.folder.unfinished / str(number), "another process is at it"))
        except ByhandError as error:
            if error.__cause__ is not None:  # it cannot be written to
                raise
            return False
        return True
