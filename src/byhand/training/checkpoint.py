"""A checkpoint of a training as one file: arrays as safetensors, everything else as JSON in the header."""

import json
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np

from byhand.core.errors import ByhandError
from byhand.core.files import write_atomically
from byhand.core.types import Array
from byhand.training.callbacks import Callback
from byhand.training.state import Training
from byhand.training.steps import Epochs, without_addresses
from byhand.training.trees import Tree, pack, put_back, real, unpack, whole

FORMAT = 2  # 1 is that of byhand 0.1
KEY = "byhand.checkpoint"
POSITION = ("epoch", "step", "first_step", "rate", "epoch_rate", "loss", "stop")  # of a Training
SINCE_0_1 = ("accumulate", "carry", "shuffle", "metrics", "groups")  # parts of an identity that 0.1 did not know
OTHERWISE_IN_0_1 = ("layers", "loss", "optimizer", "regularizers", "augmentation", "data")  # they read otherwise then


@dataclass(frozen=True)
class Checkpoint:
    """The complete state of a training, from which it can be resumed exactly.

    Attributes:
        identity: what is trained, how and on what, as plain data; a training goes on from its own checkpoint only.
        made_with: versions, machine and threads; with others the bits may differ.
        training: where it stands, see `snapshot`.
        note: what whoever asked for the checkpoint wanted to keep beside it, as plain data.
        format: which byhand wrote it: 1 for byhand 0.1.
    """

    identity: Tree
    made_with: Tree
    training: Tree
    note: Tree = field(default_factory=dict)
    format: int = FORMAT

    @property
    def step(self) -> int:
        """The number of steps made."""
        return self.training["step"]

    def write(self, path: Path) -> None:
        """Write the checkpoint to `path` atomically and flush it to disk.

        Raises:
            ByhandError: the file cannot be written.
        """
        from byhand.core.tensor_file import to_bytes

        arrays: dict[str, Array] = {}
        text = json.dumps(pack(asdict(self), arrays))
        write_atomically(path, to_bytes(arrays, metadata={KEY: text, "sha256": digest(text, arrays)}))

    @staticmethod
    def read(path: Path) -> "Checkpoint":
        """Read a checkpoint.

        Raises:
            ByhandError: no such file, a damaged one, or one of another kind.
        """
        from byhand.core.tensor_file import SafetensorError, safe_open

        try:
            with safe_open(path, "np") as file:
                metadata = file.metadata() or {}
                arrays = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
        except (SafetensorError, OSError) as error:
            raise ByhandError(f"{path}: is not a readable checkpoint ({error}).") from None
        text = metadata.get(KEY)
        if text is None:
            raise ByhandError(f"{path}: is not a checkpoint of a training.")
        if metadata.get("sha256") != digest(text, arrays):
            raise ByhandError(f"{path}: is damaged (its checksum is another).")
        try:
            table = json.loads(text)
            if table["format"] > FORMAT:
                raise ByhandError(f"{path}: was written by a newer byhand; please upgrade.")
            parts = {name: unpack(table[name], arrays) for name in ("identity", "made_with", "training", "note")}
            if not all(isinstance(part, dict) for part in parts.values()) or type(parts["training"]["step"]) is not int:
                raise ValueError
            return Checkpoint(**parts, format=whole(table["format"], 1))
        except ByhandError:
            raise
        except (ValueError, TypeError, KeyError, RecursionError):
            raise ByhandError(f"{path}: is damaged.") from None


def digest(text: str, arrays: dict[str, Array]) -> str:
    """SHA-256 of the text and of all arrays, with their names and shapes."""
    import hashlib

    sha = hashlib.sha256(text.encode())
    for name in sorted(arrays):
        sha.update(f"\n{name} {arrays[name].dtype} {arrays[name].shape}\n".encode())
        sha.update(np.ascontiguousarray(arrays[name]).data)
    return sha.hexdigest()


def identity(training: Training, run: Epochs, callbacks: Sequence[Callback]) -> Tree:
    """The description of network, data and settings, which must be the same to resume a training."""
    network = training.network
    return {
        "input_shape": list(network.input_shape),
        "layers": [without_addresses(layer) for layer in network.layers],
        "loss": without_addresses(network.loss),
        "dtype": str(network.dtype),
        "optimizer": without_addresses(training.optimizer),
        "groups": [repr(group) for group in training.groups],
        "regularizers": [without_addresses(rule) for rule in training.regularizers],
        "callbacks": [type(callback).__name__ for callback in callbacks],
        "epochs": training.epochs,
        "accuracy": run.counts,
        "validation": training.validated,
        **run.identity(),
    }


def made_with(training: Training, threads: int) -> Tree:
    """Versions, machine, operations and threads, on which the bits of a training may depend."""
    import platform
    from importlib.metadata import version

    return {
        "byhand": version("byhand"),
        "numpy": np.__version__,
        "operations": training.network.ops.kind,
        "machine": f"{platform.system()} {platform.machine()}",
        "threads": threads,
    }


def snapshot(training: Training, run: Epochs, callbacks: Sequence[Callback]) -> Tree:
    """The training as it stands after a step. Arrays are the training's own, not copies."""
    host = training.network.ops.to_numpy
    return {
        **{name: getattr(training, name) for name in POSITION},
        "seconds": time.perf_counter() - training.epoch_start,
        "history": training.history.columns,
        "theta": host(training.network.theta),
        "state": host(training.network.state),
        "optimizer": {name: host(vector) for name, vector in training.vectors().items()},
        "last good": training.last_good.state(),
        "generator": training.rng.bit_generator.state,
        "run": run.progress(),
        "callbacks": [callback.state() for callback in callbacks],
    }


def restore(training: Training, run: Epochs, callbacks: Sequence[Callback], tree: Tree) -> None:
    """Bring a training that is just beginning to where `snapshot` was taken.

    Raises:
        ByhandError: something in the tree is missing, or of another size.
    """
    try:
        training.epoch, training.step = whole(tree["epoch"], 1, training.epochs), whole(tree["step"], 1)
        first = tree.get("first_step", (training.epoch - 1) * run.steps)  # 0.1 did not write it
        training.first_step = whole(first, 0, training.step)
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
        ops = training.network.ops
        put_back(training.network.theta, tree["theta"], ops.put)
        put_back(training.network.state, tree["state"], ops.put)
        for name, vector in training.vectors().items():
            saved = tree["optimizer"][name]
            put_back(vector, saved, ops.put) if vector.ndim else put_back(vector, saved)
        training.last_good.restore_state(tree["last good"])
        training.rng.bit_generator.state = tree["generator"]
        run.put_back(tree["run"])
        for callback, state in zip(callbacks, tree["callbacks"], strict=True):
            callback.restore(state)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        if isinstance(error, ByhandError):
            raise
        raise ByhandError(f"The checkpoint does not fit this training ({error!r}).") from None
