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
        optimizer: the optimiser; Adam() by default.
        rng: the generator of shuffling, dropout and augmentation, or a seed for one.
        regularizers: penalties, clipping and constraints, applied at each step in their order.
        groups: parameters with a learning rate or weight decay of their own, or frozen ones.

    Attributes:
        network: the network.
        optimizer: the optimiser.
        rng: the generator.
        regularizers: the regularisers.
        groups: the parameter groups.
        sections: θ in stretches that are trained alike, with the optimiser's vectors.
        schedule: the schedule of the learning rate.
        epochs: number of epochs to train, including those of earlier calls of `fit`.
        steps: number of steps of an epoch; 0 if it is not known yet.
        epoch: the current epoch, from 1.
        step: number of steps made so far.
        first_step: number of steps made before the current epoch.
        rate: the learning rate of the current step.
        loss: the last batch's loss.
        history: the finished epochs.
        stop: set it to True to end the training after the current step, or in `on_epoch_start` before the epoch.
        order: the indices of the samples in their current order.
        scratch: a work array (size,) for regularisers.
        batches: the samples; None if they come from an iterator.
        batch: the current batch, in arrays that the next one overwrites; None in full-batch training.
        last_good: a copy of the last good weights.
        guard: checks the gradient for NaN and infinity.
        diverged: the error that ended the training, if the loss was not finite.
        validated: whether there are validation data.
        epoch_rate: the learning rate at the start of the epoch.
        epoch_start: the time at which the epoch began, by time.perf_counter(), in seconds.
        world: the processes that train together, see `World`; all of them call the callbacks.

    Raises:
        ByhandError: an argument is invalid.
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
