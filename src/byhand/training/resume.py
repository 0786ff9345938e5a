"""A training's whole state as plain data and arrays, and back into a training that is just beginning."""

import re
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from byhand.core.errors import ByhandError
from byhand.training.callbacks import Callback, Training
from byhand.training.checkpoint import Tree

if TYPE_CHECKING:
    from byhand.training.steps import FullBatch, MiniBatches

FIGURES = ("epoch", "step", "rate", "epoch_rate", "loss", "stop")  # of a Training
WORKING = {"scratch", "decayed"}  # vectors of an optimiser that hold nothing from one step to the next


def identity(training: Training, run: "FullBatch | MiniBatches", callbacks: Sequence[Callback]) -> Tree:
    """What is trained, how and on what: what must be the same for a training to go on."""
    import zlib

    network, batches = training.network, run.batches
    checksum = 0
    for array in (batches.x, batches.t, batches.weights):
        checksum = checksum if array is None else zlib.crc32(np.ascontiguousarray(array).view(np.uint8).data, checksum)
    return {
        "input_shape": list(network.input_shape),
        "layers": [_text(layer) for layer in network.layers],
        "loss": _text(network.loss),
        "dtype": str(network.dtype),
        "optimizer": _text(training.optimizer),
        "regularizers": [_text(rule) for rule in training.regularizers],
        "augmentation": _text(getattr(batches, "augment", None)),
        "callbacks": [type(callback).__name__ for callback in callbacks],
        "epochs": training.epochs,
        "batch size": batches.size if training.steps > 1 else len(batches),
        "samples": len(batches),
        "data": f"{checksum:08x}",
        "accuracy": run.counts,
        "validation": training.validated,
    }


def made_with(training: Training, threads: int) -> Tree:
    """Versions, machine, operations and threads: with others, the bits of the same training may differ."""
    import platform
    from importlib.metadata import version

    return {
        "byhand": version("byhand"),
        "numpy": np.__version__,
        "operations": training.network.ops.kind,
        "machine": f"{platform.system()} {platform.machine()}",
        "threads": threads,
    }


def difference(before: Tree, now: Tree) -> str:
    """Where two of these tables differ, for example "optimizer: Adam(...) there, Lion(...) here"; empty if nowhere."""
    for name in now:
        if before.get(name) != now[name]:
            return f"{name}: {_short(before.get(name))} there, {_short(now[name])} here"
    return ""


def snapshot(training: Training, run: "FullBatch | MiniBatches", callbacks: Sequence[Callback]) -> Tree:
    """The training as it stands after a step. Arrays are the training's own, not copies."""
    return {
        **{name: getattr(training, name) for name in FIGURES},
        "seconds": time.perf_counter() - training.epoch_start,
        "history": training.history.columns,
        "theta": training.network.theta,
        "state": training.network.state,
        "optimizer": {name: vector for name, vector in run.state.items() if name not in WORKING},
        "last good": training.last_good.state(),
        "generator": run.rng.bit_generator.state,
        "run": run.progress(),
        "callbacks": [callback.state() for callback in callbacks],
    }


def restore(training: Training, run: "FullBatch | MiniBatches", callbacks: Sequence[Callback], tree: Tree) -> None:
    """Bring a training that is just beginning to where `snapshot` was taken.

    Raises:
        ByhandError: something in the tree is missing, or of another size.
    """
    try:
        training.epoch, training.step = whole(tree["epoch"], 1, training.epochs), whole(tree["step"], 1)
        training.rate, training.epoch_rate, training.loss = (
            real(tree[name]) for name in ("rate", "epoch_rate", "loss")
        )
        training.stop = tree["stop"] is True
        training.epoch_start = time.perf_counter() - real(tree["seconds"])
        columns = {name: [real(value) for value in column] for name, column in tree["history"].items()}
        if any(len(column) != training.epoch - 1 for column in columns.values()):
            raise ValueError("the length of the history")
        training.history.columns.clear()
        training.history.columns.update(columns)
        put_back(training.network.theta, tree["theta"])
        put_back(training.network.state, tree["state"])
        for name, vector in run.state.items():
            if name not in WORKING:
                put_back(vector, tree["optimizer"][name])
        training.last_good.restore_state(tree["last good"])
        run.rng.bit_generator.state = tree["generator"]
        run.put_back(tree["run"])
        for callback, state in zip(callbacks, tree["callbacks"], strict=True):
            callback.restore(state)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        if isinstance(error, ByhandError):
            raise
        raise ByhandError(f"The checkpoint does not fit this training ({error!r}).") from None


def whole(value: Any, least: int, most: int = 2**62) -> int:
    """`value`, a whole number with least ≤ value ≤ most; ValueError otherwise."""
    if type(value) is not int or not least <= value <= most:
        raise ValueError(f"{value!r} where a whole number from {least} to {most} belongs")
    return value


def real(value: Any) -> float:
    """`value`, a number; ValueError otherwise."""
    if type(value) not in (int, float):
        raise ValueError(f"{value!r} where a number belongs")
    return value


def put_back(array: Any, saved: Any) -> None:
    """Copy `saved` into `array`; ValueError where shape or type differ."""
    if saved.shape != array.shape or saved.dtype != array.dtype:
        raise ValueError(f"{saved.shape} {saved.dtype} where {array.shape} {array.dtype} belongs")
    np.copyto(array, saved)


def is_finite(tree: Any) -> bool:
    """Whether all floating-point arrays in the tree hold finite numbers only."""
    if isinstance(tree, dict):
        return all(map(is_finite, tree.values()))
    if isinstance(tree, list | tuple):
        return all(map(is_finite, tree))
    if isinstance(tree, np.ndarray) and tree.dtype.kind == "f":
        with np.errstate(over="ignore", invalid="ignore"):
            return bool(np.isfinite(tree.sum(dtype=np.float64))) or bool(np.isfinite(tree).all())
    return True


def _text(part: Any) -> str:
    """A part as text, without where in memory it or its parts happen to lie."""
    return re.sub(r" at 0x[0-9a-fA-F]+", "", repr(part))


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
