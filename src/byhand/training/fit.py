"""The training loop."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from threadpoolctl import threadpool_limits

from byhand.core.checks import require_instance, require_whole
from byhand.core.errors import ByhandError
from byhand.network import PREDICTED_ROWS, Network
from byhand.ops.compiled import cores
from byhand.optimizers import Adam, Optimizer
from byhand.regularizers import Regularizer
from byhand.training.batches import Batches
from byhand.training.callbacks import Callback, ProgressBar, Training
from byhand.training.checkpoint import Checkpoint
from byhand.training.checkpoints import Checkpoints, kept
from byhand.training.divergence import Guard, check_weights
from byhand.training.evaluate import Evaluator
from byhand.training.history import History
from byhand.training.steps import FullBatch, MiniBatches

if TYPE_CHECKING:
    from byhand.data.augment import Augment


def fit(
    network: Network,
    x: Any,
    y: Any,
    *,
    validation: tuple[Any, Any] | None = None,
    epochs: int = 10,
    batch_size: int | None = 32,
    optimizer: Optimizer | None = None,
    rng: np.random.Generator | int = 0,
    sample_weight: Any = None,
    augment: "Augment | None" = None,
    workers: int = 1,
    accuracy: bool = True,
    regularizers: Sequence[Regularizer] = (),
    callbacks: Sequence[Callback] = (),
    progress: bool = True,
    threads: int | None = None,
    checkpoint: str | Path | Checkpoints | None = None,
    resume: bool | str | Path | Checkpoint = False,
) -> History:
    """Train `network` by gradient descent on x and y; its parameters change in place.

    Each step takes the gradient of the mean loss over a batch and hands it to the optimiser. With `batch_size` 1 that
    is stochastic gradient descent, with None full-batch gradient descent (computed in pieces that fit the cache, with
    the same result but for BatchNorm, which sees one piece at a time), in between mini-batches. Samples are shuffled
    before each epoch. The same generator state gives the same parameters, bit for bit, on the same machine (with
    NumPy alone and mini-batches: with the same number of threads).

    Args:
        network: what is trained.
        x: samples (n, *input_shape), as the network's `inputs` say: bytes where it takes grey levels, or tokens.
        y: class numbers (n,), or targets (n, outputs).
        validation: (x, y) on which loss and accuracy are measured after every epoch.
        epochs: how many times all samples are seen.
        batch_size: samples a step; None for all of them.
        optimizer: how θ follows the gradient; Adam() by default.
        rng: the generator of the shuffles, or a seed for one.
        sample_weight: how much each sample counts (n,); scaled to a mean of one.
        augment: with it, every batch consists of random versions of its images, new ones in every epoch; validation
            data stay as they are. The bits depend on the generator alone, not on `workers`.
        workers: threads that prepare augmented batches while the network learns; with 0 they are made in between.
        accuracy: whether to count right answers while training, where y has classes.
        regularizers: rules that change the gradient before each step or the parameters after it, in their order, such
            as L2(1e-4) and ClipNorm(1.0); see byhand.regularizers.
        callbacks: what else should happen at each step and epoch.
        progress: whether to show a progress bar on a terminal.
        threads: how many threads compute; by default all cores (with NumPy alone one for small mini-batches).
        checkpoint: a folder into which the training's whole state is written every minute, or
            `Checkpoints(folder, every)`. Files that are there already are replaced, unless `resume` goes on from them.
        resume: whether to go on from the newest checkpoint in that folder, where it has one; or a checkpoint's file or
            folder. All other arguments must be what they were; the result then has the bits of a training that was
            never interrupted.

    Returns:
        The history: loss, accuracy, val_loss, val_accuracy, learning_rate (as it was at the epoch's start) and seconds
        of every epoch.

    Raises:
        ByhandError: arguments that do not fit, or checkpoints that are another training's or all damaged.
        Interrupted: `checkpoint.stop` was called, and the state has been written.
        TrainingDiverged: the loss is not a finite number any more; the network has its last good weights again.
    """
    rng = np.random.default_rng(rng)
    training = _make_training(network, optimizer or Adam(), epochs, regularizers, validation)
    run: FullBatch | MiniBatches
    if batch_size is None:
        if augment is not None:
            raise ByhandError("Augmentation prepares mini-batches; give fit a batch_size, such as 128.")
        batches = Batches(network, network.as_input(x), y, PREDICTED_ROWS, sample_weight)
        run = FullBatch(training, batches, rng, threads or cores(), accuracy)
        blas_threads: int | None = 1
        threads = threads if run.pool is None else 1  # the operations', in each of the run's own
    else:
        require_whole("batch_size", batch_size)
        if augment is None:
            batches = Batches(network, x, y, batch_size, sample_weight)
        else:
            from byhand.training.prefetch import AugmentedBatches

            batches = AugmentedBatches(
                network, x, y, batch_size, sample_weight, augment=augment, rng=rng, workers=workers
            )
        run = MiniBatches(training, batches, rng, accuracy)
        blas_threads = _blas_threads(network, batches.size, threads)
    training.steps, training.batches = run.steps, batches
    training.guard = Guard(network, len(batches) if batch_size is None else batches.size)
    evaluator = Evaluator(network, *validation) if validation else None
    training.validated = evaluator is not None
    listeners = [*callbacks, *([ProgressBar()] if progress else [])]
    with (
        _threads(network.ops, threads, blas_threads),
        np.errstate(over="ignore", invalid="ignore"),
        kept(checkpoint, resume, training, run, callbacks, blas_threads or cores()) as (keepers, begin),
    ):
        _train(training, run, evaluator, [*listeners, *keepers], begin)
    return training.history


def _make_training(
    network: Network, optimizer: Optimizer, epochs: int, regularizers: Sequence[Regularizer], validation: Any
) -> Training:
    """The training's state, after a look at the arguments."""
    require_whole("epochs", epochs)
    require_instance("optimizer", optimizer, Optimizer, "an optimiser such as Adam()")
    if isinstance(regularizers, Regularizer):
        raise ByhandError(f"regularizers must be a list of rules; got {regularizers!r} alone.")
    for rule in regularizers:
        require_instance("A regulariser", rule, Regularizer, "a rule such as L2(1e-4)")
    if validation is not None and not (isinstance(validation, tuple | list) and len(validation) == 2):
        raise ByhandError("validation must be a pair of samples and labels: validation=(x, y).")
    training = Training(network, optimizer, epochs, regularizers=tuple(regularizers))
    if not validation and training.schedule.watch.startswith("val_"):
        raise ByhandError(f"The learning rate follows {training.schedule.watch}, so fit needs validation=(x, y).")
    return training


def _train(
    training: Training,
    run: FullBatch | MiniBatches,
    evaluator: Evaluator | None,
    listeners: Sequence[Callback],
    begin: Callable[[], None],
) -> None:
    """All epochs; whatever happens, what was opened is closed and the listeners hear of the end."""
    for listener in listeners:
        listener.on_start(training)
    try:
        begin()
        for epoch in range(max(training.epoch - 1, 0), training.epochs):
            if training.epoch <= epoch:  # not where a resumed training goes on within the epoch
                training.epoch, training.epoch_start = epoch + 1, time.perf_counter()
                training.rate = training.epoch_rate = training.schedule.at(epoch, training.epochs, training.history)
                for listener in listeners:
                    listener.on_epoch_start(training)
            row = {"epoch": epoch + 1, **run.epoch(listeners)}
            check_weights(training)
            for listener in listeners:
                listener.on_validation(training)
            row |= training.penalty()
            if evaluator:
                row |= {f"val_{name}": value for name, value in evaluator().items()}
            seconds = time.perf_counter() - training.epoch_start
            training.history.add(row | {"learning_rate": training.epoch_rate, "seconds": seconds})
            for listener in listeners:
                listener.on_epoch(training)
            if training.stop:
                break
    finally:
        run.close()
        for listener in listeners:
            listener.on_end(training)


@contextmanager
def _threads(ops: Any, count: int | None, blas: int | None) -> Iterator[None]:
    """Compute with so many threads, and let the matrix library have `blas` of them; None leaves them as they are."""
    before = ops.set_threads(count) if count else 0
    try:
        with threadpool_limits(blas, user_api="blas"):
            yield
    finally:
        if count:
            ops.set_threads(before)


def _blas_threads(network: Network, rows: int, threads: int | None) -> int | None:
    """How many threads the matrix library may have: as many as asked for, None for as many as there are cores.

    One where the operations bring products and threads of their own, and, unless asked for more, where the largest
    product is under a hundred million operations: the library's threads wait for each other by spinning, which gains
    little for small products on an idle machine and loses much on a busy one.
    """
    if getattr(network.ops, "kind", "") in ("avx2", "avx512") and network.dtype == np.float32:
        return 1
    largest = max((p.size for p in network.arena.parameters), default=0)
    return threads or (1 if 2 * rows * largest < 100_000_000 else None)
