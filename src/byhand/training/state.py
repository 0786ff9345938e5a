"""The state of a training, which callbacks see."""

from collections.abc import Sequence
from math import nan
from typing import Any

import numpy as np

from byhand.core.checks import require_instance
from byhand.core.errors import ByhandError, TrainingDiverged
from byhand.core.types import Array
from byhand.core.world import ALONE
from byhand.network import Network
from byhand.optimizers import Adam, Optimizer
from byhand.regularizers import Penalty, Regularizer
from byhand.schedules import as_schedule
from byhand.training.batches import Batch, Batches
from byhand.training.groups import Frozen, Group, sections
from byhand.training.guard import LOOK_AT, Guard, LastGood
from byhand.training.history import History


class Training:
    """The state of a training: vectors of the optimiser, random generator, position and history.

    Args:
        network: the network in training.
        optimizer: how θ follows the gradient; Adam() by default.
        rng: the generator of shuffles, dropout and augmentation, or a seed for one.
        regularizers: the rules that change gradient or parameters at each step.
        groups: parameters that are trained otherwise than the rest.

    Attributes:
        network: the network.
        optimizer: the optimiser.
        rng: the generator.
        regularizers: the rules.
        groups: the groups.
        sections: θ in stretches that are trained alike, with the optimiser's vectors.
        schedule: where the learning rate comes from.
        epochs: how many epochs were asked for, those of earlier calls of `fit` included.
        steps: how many steps an epoch has; 0 where nobody knows yet.
        epoch: the current epoch, from 1.
        step: how many steps were made in all.
        first_step: how many had been made before the current epoch.
        rate: the learning rate of the current step.
        loss: the last batch's loss.
        history: the finished epochs.
        stop: set it to True to end the training after the current step; in `on_epoch_start` before the epoch.
        order: the samples' numbers as they were shuffled last.
        scratch: room (size,) for the rules to work in.
        batches: the samples; None where they come from an iterator.
        batch: those of the current step (of its last batch), in arrays that the next one takes over; None with the full
            batch.
        last_good: a copy of the weights from when the loss was well.
        guard: looks at the gradient.
        diverged: the error that ended the training, where the loss was not finite.
        validated: whether there are validation data.
        epoch_rate: the learning rate at the epoch's start.
        epoch_start: when the epoch began, by time.perf_counter().
        world: the processes that train together, see `World`; all of them call the callbacks.

    Raises:
        ByhandError: arguments that do not fit.
    """

    def __init__(
        self,
        network: Network,
        optimizer: Optimizer | None = None,
        *,
        rng: np.random.Generator | int = 0,
        regularizers: Sequence[Regularizer] = (),
        groups: Sequence[Group] = (),
    ):
        optimizer = Adam() if optimizer is None else optimizer
        require_instance("network", network, Network, "a Network")
        require_instance("optimizer", optimizer, Optimizer, "an optimiser such as Adam()")
        if isinstance(regularizers, Regularizer):
            raise ByhandError(f"regularizers must be a list of rules; got {regularizers!r} alone.")
        for rule in regularizers:
            require_instance("A regulariser", rule, Regularizer, "a rule such as L2(1e-4)")
        self.network, self.optimizer = network, optimizer
        self.rng = np.random.default_rng(rng)
        self.regularizers = tuple(regularizers)
        self.sections = sections(network, optimizer, groups)
        self.groups = tuple(groups)
        self.frozen = Frozen(self.sections)
        self.schedule = as_schedule(optimizer.learning_rate)
        self.epochs = self.epoch = self.step = self.first_step = 0
        self.steps = 1
        self.rate = self.epoch_rate = self.loss = nan
        self.epoch_start = 0.0
        self.history = History()
        self.stop = self.validated = False
        self.world = ALONE
        self.order: Array = np.arange(0)
        self.batches: Batches | None = None
        self.batch: Batch | None = None
        self.last_good, self.guard = LastGood(network), Guard(network, LOOK_AT)
        self.diverged: TrainingDiverged | None = None
        self.scratch = network.ops.empty((network.size if regularizers else 0,), network.dtype)

    def agree_to_stop(self) -> bool:
        """Whether to stop: where one of the processes wants to, all do."""
        self.stop = bool(self.world.largest(self.stop))
        return self.stop

    def penalty(self) -> dict[str, float]:
        """{"penalty": what the regularisers add to the loss}, or nothing where they add nothing."""
        penalties = [
            rule.penalty(self.network, self.scratch) for rule in self.regularizers if isinstance(rule, Penalty)
        ]
        return {"penalty": sum(penalties)} if penalties else {}

    def rate_of_step(self) -> float:
        """The learning rate of the next step, by the share of the training that was made."""
        made = self.step - self.first_step + (self.epoch - 1) * self.steps
        return self.schedule.at(made / self.steps, self.epochs, self.history)

    def vectors(self) -> dict[str, Any]:
        """What the optimiser remembers from step to step, by name; with groups by the stretch's number, too."""
        if len(self.sections) == 1:
            return _remembered(self.sections[0].state)
        return {f"{i}.{k}": v for i, section in enumerate(self.sections) for k, v in _remembered(section.state).items()}


WORKING = {"scratch", "decayed"}  # vectors of an optimiser that hold nothing from one step to the next


def _remembered(state: dict[str, Array]) -> dict[str, Array]:
    return {name: vector for name, vector in state.items() if name not in WORKING}
