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

    Each step computes the gradient of the mean loss over a batch and passes it to the optimiser. With `batch_size` 1
    this is stochastic gradient descent, with None full-batch gradient descent (computed in pieces that fit the cache,
    with the same result except for BatchNorm, which sees one piece at a time), and otherwise mini-batch gradient
    descent. Samples are shuffled before each epoch. The same seed gives the same parameters, bit for bit, on the same
    machine (with NumPy alone and mini-batches: with the same number of threads).

    A second call starts with a new optimiser state; `Trainer(network, ...).fit(x, y)` continues with the old one.

    Args:
        network: the network to train.
        x: samples (n, *input_shape). Those of a memory-mapped file (`numpy.memmap`) are read batch by batch. Without y:
            the batches, each (x, y) or (x, y, sample_weight), as a list, a generator (for one epoch), or a function
            that returns a new iterator for each epoch; an epoch ends with the iterator.
        y: class numbers (n,), or targets (n, outputs).
        validation: (x, y), or (x, y, mask or lengths), on which loss, accuracy and metrics are measured after every
            epoch.
        validation_split: the fraction of the samples, taken from the end, to hold out for validation instead.
        epochs: number of passes over all samples.
        batch_size: number of samples per step; None for all of them.
        optimizer: the optimiser; Adam() by default.
        rng: the random generator, or a seed for one. The default is the seed 0, so that a program gives the same result
            every time; Keras draws a new seed each time, as `rng=np.random.default_rng()` does here.
        shuffle: whether to shuffle the samples before each epoch; or a function that rearranges the array of their
            indices in place.
        sample_weight: weights of the samples (n,), scaled to a mean of one.
        class_weight: weights of the classes: {class: weight}, 1 for classes that are missing, or "balanced" for n / (k
            · count of the class). They are multiplied with sample_weight and scaled in the same way.
        mask: (n, T), True at the steps of each sequence that exist. Samples and labels elsewhere are ignored, but the
            samples must be finite there, too.
        lengths: number of steps of each sequence (n,), from the first one on, in place of a mask.
        carry: whether hidden states continue from one batch to the next, so that sample i of a batch continues sample i
            of the batch before. Batches are then in the order of the samples, and each epoch starts from zeros; the
            same holds for validation, in batches of the same size.
        augment: random transformations of the training images, new ones in every epoch; validation data are not
            changed. The bits depend on the generator alone, not on `workers`.
        workers: number of threads that prepare augmented batches during the training; with 0 they are prepared between
            the steps.
        accumulate: number of batches whose gradients make up one step: 4 batches of 32 give the step of one of 128
            (except for BatchNorm, which sees one at a time) in the memory of 32.
        shards: number of parts that each batch is cut into; their gradients are added in a fixed order, so that the
            result has the same bits however many processes compute them. BatchNorm sees one part at a time.
        distributed: whether to train in all processes that mpiexec or srun started, or the `World` of these processes.
            Each computes its part of the shards, whose number must be a multiple of that of the processes. Every
            process calls `fit` with the same arguments, and ends with the same network.
        accuracy: whether to measure the accuracy on the training samples, if y has classes.
        metrics: further metrics, measured during each epoch on the training samples and after it on the validation
            data: names of `byhand.metrics` ("precision", "recall", "f1", "mae", "rmse", "r2"), or functions of your
            own, (y_true, y_pred) → float, of class numbers or, where there are none, of targets and output activations.
        regularizers: penalties, clipping and constraints, such as L2(1e-4) and ClipNorm(1.0), applied in their order;
            see `byhand.regularizers`.
        groups: parameters with a learning rate or weight decay of their own, or frozen ones; see `Group`.
        callbacks: called at each step and epoch, in their order; see `Callback`.
        progress: whether to show a progress bar on a terminal.
        threads: number of threads; by default one for each core (with NumPy alone one for small mini-batches).
        checkpoint: a folder into which the complete state of the training is written every minute, or
            `Checkpoints(folder, every)`. Existing checkpoints are replaced, unless `resume` continues from them.
        resume: whether to continue from the newest checkpoint in that folder, if there is one; or the file or folder of
            a checkpoint. All other arguments must be the same as before; the result then has the bits of an
            uninterrupted training.

    Returns:
        The history: loss, accuracy, metrics, val_loss, val_accuracy, learning_rate (at the start of the epoch) and
        seconds of every epoch.

    Raises:
        ByhandError: an argument is invalid, or the checkpoints belong to another training or are all damaged.
        Interrupted: `checkpoint.stop` was called, and the state has been written.
        TrainingDiverged: the loss is NaN or infinite; the last good weights were restored.
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
