"""The function `fit`."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from byhand.core.world import World
from byhand.metrics import Metric
from byhand.network import Network
from byhand.optimizers import Optimizer
from byhand.regularizers import Regularizer
from byhand.training.callbacks import Callback
from byhand.training.checkpoint import Checkpoint
from byhand.training.checkpoints import Checkpoints
from byhand.training.groups import Group
from byhand.training.history import History
from byhand.training.trainer import Trainer

if TYPE_CHECKING:
    from byhand.data.augment import Augment


def fit(
    network: Network,
    x: Any,
    y: Any = None,
    *,
    validation: tuple[Any, ...] | None = None,
    validation_split: float = 0.0,
    epochs: int = 10,
    batch_size: int | None = 32,
    optimizer: Optimizer | None = None,
    rng: np.random.Generator | int = 0,
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
    regularizers: Sequence[Regularizer] = (),
    groups: Sequence[Group] = (),
    callbacks: Sequence[Callback] = (),
    progress: bool = True,
    threads: int | None = None,
    checkpoint: str | Path | Checkpoints | None = None,
    resume: bool | str | Path | Checkpoint = False,
) -> History:
    """Train `network` on x and y; its parameters are changed in place.

    Each step takes the gradient of the mean loss over a batch and hands it to the optimiser. With `batch_size` 1 that
    is stochastic gradient descent, with None full-batch gradient descent (computed in pieces that fit the cache, with
    the same result but for BatchNorm, which sees one piece at a time), in between mini-batches. Samples are shuffled
    before each epoch. The same generator state gives the same parameters, bit for bit, on the same machine (with
    NumPy alone and mini-batches: with the same number of threads).

    A second call starts the optimiser anew; `Trainer(network, ...).fit(x, y)` goes on instead.

    Args:
        network: what is trained.
        x: samples (n, *input_shape). Those of a memory-mapped file (`numpy.memmap`) are read batch by batch. Without y:
            the batches, each (x, y) or (x, y, sample_weight), as a list, a generator (for one epoch), or a function
            that makes a new iterator for each epoch; an epoch ends where the iterator does.
        y: class numbers (n,), or targets (n, outputs).
        validation: (x, y), or (x, y, mask or lengths): loss, accuracy and metrics are measured on it after every epoch.
        validation_split: the share of the samples, from the end, that is held back for that instead.
        epochs: how many times all samples are seen.
        batch_size: samples a step; None for all of them.
        optimizer: how θ follows the gradient; Adam() by default.
        rng: the generator of the shuffles, or a seed for one. The default is the seed 0, so that a program gives the
            same result every time; Keras draws a new seed each time, as `rng=np.random.default_rng()` does here.
        shuffle: False leaves the samples in their order; a function rearranges an array of their numbers in place,
            before each epoch.
        sample_weight: how much each sample counts (n,); scaled to a mean of one.
        class_weight: how much the samples of each class count: {class: weight}, 1 where a class is missing, or
            "balanced" for n / (k · count of the class); multiplied with sample_weight, and scaled like it.
        mask: (n, T), True at the steps of each sequence that are there. What samples and labels hold elsewhere does not
            count, but the samples must be finite there, too.
        lengths: how many steps of each sequence are there, from the first one on (n,), in place of a mask.
        carry: whether layers that keep a hidden state go on from where the batch before left it: sample i of a batch
            continues sample i of the batch before. Batches then come in the order of the samples, and each epoch
            begins from zeros; validation goes in batches of the same size, likewise.
        augment: with it, every batch consists of random versions of its images, new ones in every epoch; validation
            data stay as they are. The bits depend on the generator alone, not on `workers`.
        workers: threads that prepare augmented batches while the network learns; with 0 they are made in between.
        accumulate: how many batches a step takes its gradient from: 4 batches of 32 give the step of one of 128 (but
            for BatchNorm, which sees one at a time) in the memory of 32.
        shards: how many parts each batch is cut into; their gradients are added in the parts' order, so the result has
            the same bits however many processes work on them. BatchNorm sees one part at a time.
        distributed: whether all processes that mpiexec or srun started take part, each with its part of the shards,
            which must be a multiple of their number. Every process calls `fit` with the same arguments, and ends with
            the same network. Or the `World` of these processes.
        accuracy: whether to count right answers while training, where y has classes.
        metrics: what else to measure after each epoch, on the training samples as they were met and on the validation
            data: names of `byhand.metrics` ("precision", "recall", "f1", "mae", "rmse", "r2"), or functions of one's
            own, (y_true, y_pred) → float, with class numbers or, where there are none, targets and output activations.
        regularizers: rules that change the gradient before each step or the parameters after it, in their order, such
            as L2(1e-4) and ClipNorm(1.0); see byhand.regularizers.
        groups: parameters with a learning rate or a weight decay of their own, or frozen ones; see `Group`.
        callbacks: what else should happen at each step and epoch.
        progress: whether to show a progress bar on a terminal.
        threads: how many threads compute; by default all cores (with NumPy alone one for small mini-batches).
        checkpoint: a folder into which the training's whole state is written every minute, or
            `Checkpoints(folder, every)`. Files that are there already are replaced, unless `resume` goes on from them.
        resume: whether to go on from the newest checkpoint in that folder, where it has one; or a checkpoint's file or
            folder. All other arguments must be what they were; the result then has the bits of a training that was
            never interrupted.

    Returns:
        The history: loss, accuracy, metrics, val_loss, val_accuracy, learning_rate (as it was at the epoch's start) and
        seconds of every epoch.

    Raises:
        ByhandError: arguments that do not fit, or checkpoints that are another training's or all damaged.
        Interrupted: `checkpoint.stop` was called, and the state has been written.
        TrainingDiverged: the loss is not a finite number any more; the network has its last good weights again.
    """
    return Trainer(network, optimizer, rng=rng, regularizers=regularizers, groups=groups, threads=threads).fit(
        x,
        y,
        validation=validation,
        validation_split=validation_split,
        epochs=epochs,
        batch_size=batch_size,
        shuffle=shuffle,
        sample_weight=sample_weight,
        class_weight=class_weight,
        mask=mask,
        lengths=lengths,
        carry=carry,
        augment=augment,
        workers=workers,
        accumulate=accumulate,
        shards=shards,
        distributed=distributed,
        accuracy=accuracy,
        metrics=metrics,
        callbacks=callbacks,
        progress=progress,
        checkpoint=checkpoint,
        resume=resume,
    )
