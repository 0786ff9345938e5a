"""The trainer."""

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from byhand.core.checks import as_array, require_between, require_whole
from byhand.core.errors import ByhandError
from byhand.core.world import ALONE, World, ending_together
from byhand.metrics import Metric, as_metrics
from byhand.network import PREDICTED_ROWS, Network
from byhand.ops.compiled import cores
from byhand.optimizers import Optimizer
from byhand.regularizers import Regularizer
from byhand.training.batches import Batches
from byhand.training.callbacks import Callback, ProgressBar
from byhand.training.checkpoint import Checkpoint
from byhand.training.checkpoints import Checkpoints, kept
from byhand.training.divergence import check_weights
from byhand.training.evaluate import Evaluator
from byhand.training.groups import Group
from byhand.training.guard import Guard, LastGood
from byhand.training.history import History
from byhand.training.shards import ShardedBatches, cut_for
from byhand.training.state import Training
from byhand.training.steps import Epochs, FullBatch, MiniBatches, piece_rows
from byhand.training.streams import StreamedBatches
from byhand.training.threads import blas_threads, computing

if TYPE_CHECKING:
    from byhand.data.augment import Augment


class Trainer(Training):
    """Trains a network and keeps the state of the training, so that a second call of `fit` continues it.

    Optimiser, generator, position and history are kept between calls of `fit`: five epochs and five more give the same
    bits as ten, if nothing is random but shuffling, dropout and augmentation. A schedule is given the total number of
    epochs of all calls so far: the first call completes it, and the second continues as if both had been one.

    Example:
        >>> trainer = Trainer(network, Adam(0.01), groups=[Group("0.*", rate=0)])
        >>> trainer.fit(x, y, epochs=5)
        >>> trainer.fit(x, y, epochs=5)
        >>> trainer.history

    Arguments and attributes are those of `Training`, and:

    Args:
        threads: number of threads; by default one for each core (with NumPy alone one for small mini-batches).
    """

    def __init__(
        self,
        network: Network,
        optimizer: Optimizer | None = None,
        *,
        rng: np.random.Generator | int = 0,
        regularizers: Sequence[Regularizer] = (),
        groups: Sequence[Group] = (),
        threads: int | None = None,
    ):
        super().__init__(network, optimizer, rng=rng, regularizers=regularizers, groups=groups)
        self.threads = threads

    def fit(
        self,
        x: Any,
        y: Any = None,
        *,
        epochs: int = 10,
        batch_size: int | None = 32,
        validation: tuple[Any, ...] | None = None,
        validation_split: float = 0.0,
        shuffle: bool | Callable[[Any], None] = True,
        sample_weight: Any = None,
        class_weight: Any = None,
        mask: Any = None,
        lengths: Any = None,
        carry: bool = False,
        augment: "Augment | None" = None,
        workers: int = 1,
        accumulate: int = 1,
        shards: int = 1,
        distributed: bool | World = False,
        accuracy: bool = True,
        metrics: Sequence[str | Metric] = (),
        callbacks: Sequence[Callback] = (),
        progress: bool = True,
        checkpoint: str | Path | Checkpoints | None = None,
        resume: bool | str | Path | Checkpoint = False,
    ) -> History:
        """Train for more epochs; see `byhand.fit` for the arguments.

        Returns:
            The history of all epochs so far.
        """
        require_whole("epochs", epochs)
        require_whole("shards", shards)
        require_whole("accumulate", accumulate)
        measured = as_metrics(metrics)
        if mask is not None and lengths is not None:
            raise ByhandError("Give mask or lengths, not both.")
        mask = lengths if mask is None else mask
        if carry and (augment or batch_size is None or callable(shuffle)):
            raise ByhandError("carry=True needs mini-batches in the order of the samples, without augmentation.")
        shuffle = False if carry else shuffle
        world = distributed if isinstance(distributed, World) else World.join() if distributed else ALONE
        cut = cut_for(world, shards)
        if shards > 1 and (y is None or carry or batch_size is None or not self.network.ops.host):
            raise ByhandError(
                "Shards are for mini-batches of arrays, without carry=True: give fit x, y and a batch_size."
            )
        if not isinstance(shuffle, bool) and not callable(shuffle):
            raise ByhandError(f"shuffle must be True, False or a function that rearranges numbers; got {shuffle!r}.")
        batches: Batches | None = None
        with ExitStack() as ends:
            ends.enter_context(ending_together(world))
            self._start_alike(world)
            if y is None:
                arrays = (sample_weight, mask, augment, validation_split or None)
                if class_weight == "balanced" or any(option is not None for option in arrays):
                    raise ByhandError(
                        "An iterator gives its batches as they are, (x, y) or (x, y, sample_weight); masks, "
                        "augmentation, balanced weights and a part for validation need arrays."
                    )
                run: Epochs = StreamedBatches(self, x, accuracy, measured, accumulate, class_weight, carry)
            else:
                data = {"x": x, "y": y, "weights": sample_weight, "mask": mask}
                if validation_split:
                    if validation is not None:
                        raise ByhandError("Give validation or validation_split, not both.")
                    data, validation = split_off(data, validation_split)
                make = self._augmented(augment, workers) if augment else Batches
                size = piece_rows(self.network) if batch_size is None else batch_size
                require_whole("batch_size", size)
                batches = make(self.network, size=size, class_weight=class_weight, cut=cut, **data)
                ends.callback(batches.close)
                if shards > 1:
                    options = {"accuracy": accuracy, "metrics": measured, "shuffle": shuffle, "accumulate": accumulate}
                    run = ShardedBatches(self, batches, world, **options)
                elif batch_size is not None:
                    run = MiniBatches(self, batches, accuracy, measured, shuffle, accumulate, carry)
                elif augment or accumulate > 1:
                    raise ByhandError(
                        "Augmentation and accumulation go by mini-batches; give fit a batch_size, such as 128."
                    )
                else:
                    run = FullBatch(self, batches, self.threads or cores(), accuracy, measured)
            ends.callback(run.close)
            evaluator = self._evaluator(validation, measured, size=batch_size if carry else PREDICTED_ROWS, carry=carry)
            if batches and evaluator and validation_split:
                check_split(batches.labels, evaluator.labels)
            self._begin(run, epochs, evaluator)
            self.batches = batches
            asked = self.threads or (
                max(1, min(cores(), (os.cpu_count() or 1) // world.local)) if world.local > 1 else None
            )
            blas = 1 if batch_size is None else blas_threads(self.network, run.rows, asked)
            threads = 1 if getattr(run, "pool", None) else asked  # then the operations' in each of the run's own
            ends.enter_context(computing(self.network.ops, threads, blas))
            ends.enter_context(np.errstate(over="ignore", invalid="ignore"))
            listeners = [*callbacks, *([ProgressBar()] if progress and world.rank == 0 else [])]
            keepers, go_on = ends.enter_context(kept(checkpoint, resume, self, run, callbacks, blas or cores()))
            listeners += keepers
            with told(listeners, self):
                go_on()
                self._train(run, evaluator, listeners)
        return self.history

    def _start_alike(self, world: World) -> None:
        """Let all processes begin from what the first one has."""
        self.world, network = world, self.network
        if world.size == 1:
            return
        start = network.theta, network.state, self.rng.bit_generator.state
        theta, state, generator = world.first(lambda: start)
        network.theta, network.state, self.rng.bit_generator.state = theta, state, generator

    def _augmented(self, augment: "Augment", workers: int) -> Callable[..., Batches]:
        from byhand.training.prefetch import AugmentedBatches

        return partial(AugmentedBatches, augment=augment, rng=self.rng, workers=workers)

    def _evaluator(self, validation: Any, metrics: Mapping[str, Metric], **batches: Any) -> Evaluator | None:
        """What measures on the validation data, where there are any.

        Raises:
            ByhandError: there are none where the schedule follows them, or they are not a pair.
        """
        if validation is None:
            if self.schedule.watch.startswith("val_"):
                raise ByhandError(f"The learning rate follows {self.schedule.watch}, so fit needs validation=(x, y).")
            return None
        if not isinstance(validation, tuple | list) or len(validation) not in (2, 3):
            raise ByhandError("validation must be a pair of samples and labels: validation=(x, y).")
        x, y, mask = (*validation, None)[:3]
        return Evaluator(self.network, x, y, mask, metrics, world=self.world, **batches)

    def _begin(self, run: Epochs, epochs: int, evaluator: Evaluator | None) -> None:
        """Take up the position after the last finished epoch."""
        self.epoch = self.history.epochs
        self.epochs = self.epoch + epochs
        self.steps, self.batch = run.steps, None
        self.guard, self.last_good = Guard(self.network, run.rows), LastGood(self.network, self.step)
        self.validated = evaluator is not None
        self.stop, self.diverged = False, None

    def _train(self, run: Epochs, evaluator: Evaluator | None, listeners: Sequence[Callback]) -> None:
        for epoch in range(self.history.epochs + 1, self.epochs + 1):
            if self.epoch < epoch and not self._begin_epoch(listeners):  # a resumed one goes on within the epoch
                break
            row = {"epoch": epoch, **run.epoch(listeners)}
            check_weights(self)
            for listener in listeners:
                listener.on_validation(self)
            row |= self.penalty()
            if evaluator:
                row |= {f"val_{name}": value for name, value in evaluator().items()}
            seconds = time.perf_counter() - self.epoch_start
            self.history.add(row | {"learning_rate": self.epoch_rate, "seconds": seconds})
            for listener in listeners:
                listener.on_epoch(self)
            if self.agree_to_stop():
                break

    def _begin_epoch(self, listeners: Sequence[Callback]) -> bool:
        """The next epoch, unless a listener has the training stop before it."""
        if not self.stop:
            self.rate = self.epoch_rate = self.schedule.at(self.epoch, self.epochs, self.history)
            self.epoch, self.first_step, self.epoch_start = self.epoch + 1, self.step, time.perf_counter()
            for listener in listeners:
                listener.on_epoch_start(self)
            self.epoch -= self.agree_to_stop()
        return not self.stop


@contextmanager
def told(listeners: Sequence[Callback], training: Training) -> Iterator[None]:
    """Tell listeners of the start, and all that heard of it of the end, in their order and whatever happens."""
    started: list[Callback] = []
    try:
        for listener in listeners:
            listener.on_start(training)
            started.append(listener)
        yield
    finally:
        with ExitStack() as ends:  # which goes through them backwards, also where one of them raises
            for listener in reversed(started):
                ends.callback(listener.on_end, training)


def split_off(data: dict[str, Any], share: float) -> tuple[dict[str, Any], tuple[Any, ...]]:
    """Data without the last samples, and (x, y, mask) of those.

    Args:
        data: arrays by their names; None where there are none.
        share: how many to split off, as a share of all.

    Raises:
        ByhandError: that leaves no sample on one side.
    """
    require_between("validation_split", share, 0, 1)
    arrays = {name: a if a is None or hasattr(a, "shape") else as_array(name, a) for name, a in data.items()}
    n = len(arrays["x"]) if np.ndim(arrays["x"]) else 0
    rest = n - round(share * n)
    if not 0 < rest < n:
        raise ByhandError(f"validation_split={share:g} of {n} samples leaves none on one side.")
    before, after = (
        {name: None if a is None else a[rows] for name, a in arrays.items()}
        for rows in (slice(rest), slice(rest, None))
    )
    return before, (after["x"], after["y"], after["mask"])


def check_split(labels: Any, split: Any) -> None:
    """Refuse validation samples of a class that is not learnt: then the data are sorted.

    Raises:
        ByhandError: they are.
    """
    if labels is not None and split is not None and (new := np.setdiff1d(split, labels)).size:
        raise ByhandError(
            f"validation_split takes the last samples, and class {new[0]} is only among those: the data are sorted. "
            "Shuffle them first, or split them with byhand.data.split."
        )
