"""Who runs: each library in each manner that might be its fastest."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

Task = dict[str, Any]


@dataclass(frozen=True)
class Competitor:
    """One library in one manner.

    Attributes:
        peer: whose virtual environment and script it runs in; "byhand" and "products" run in the caller's own.
        manner: what is particular; empty for the plain one.
        options: for the script.
        env: environment variables beside those that all have.
        takes: whether it can express a workload, and whether the manner could matter there.
        quick: where it also runs with --quick: those that were the fastest there.
    """

    peer: str
    manner: str = ""
    options: dict[str, Any] = field(default_factory=dict)
    env: dict[str, str] = field(default_factory=dict)
    takes: Callable[[Task], bool] = lambda task: True
    quick: Callable[[Task], bool] = lambda task: False

    @property
    def name(self) -> str:
        """For people."""
        return f"{TITLES[self.peer]}, {self.manner}" if self.manner else TITLES[self.peer]


TITLES = {
    "byhand": "byhand",
    "torch": "PyTorch",
    "jax": "JAX",
    "keras": "Keras",
    "sklearn": "scikit-learn",
    "onnx": "onnxruntime",
    "products": "matrix products alone",
}


def sequences(task: Task) -> bool:
    """A network with sequences, of which each library runs in fewer manners."""
    return task["model"] is not None


def rows_alone(task: Task) -> bool:
    return not sequences(task)


def training(task: Task) -> bool:
    return task["kind"] == "train"


def predicting(task: Task) -> bool:
    return task["kind"] == "predict"


def batches(task: Task) -> bool:
    return training(task) and task["batch"] is not None


def full(task: Task) -> bool:
    return training(task) and task["batch"] is None


def images(task: Task) -> bool:
    return len(task["input"]) == 3 and rows_alone(task)


def flat(task: Task) -> bool:
    return not images(task)


def in_bytes(task: Task) -> bool:
    return batches(task) and task["bytes"] and rows_alone(task)


def small(task: Task) -> bool:
    """Where one thread may be faster than two that wait for each other."""
    return task["kind"] == "predict" or (task["batch"] or task["rows"]) < 2000


def tiny(task: Task) -> bool:
    """Training where one thread is faster."""
    return training(task) and (task["batch"] or task["rows"] // 50) < 100


def always(task: Task) -> bool:
    return True


def either(*conditions: Callable[[Task], bool]) -> Callable[[Task], bool]:
    return lambda task: any(condition(task) for condition in conditions)


def both(*conditions: Callable[[Task], bool]) -> Callable[[Task], bool]:
    return lambda task: all(condition(task) for condition in conditions)


def sklearn_can(task: Task) -> bool:
    """Rows of numbers, and not the quadratic cost with sigmoid outputs."""
    return not images(task) and task["loss"] != "quadratic" and rows_alone(task)


# Big arrays stay with the process instead of being given back to the system and faulted in again.
MALLOC = {"MALLOC_MMAP_THRESHOLD_": "1000000000", "MALLOC_TRIM_THRESHOLD_": "2000000000", "MALLOC_TOP_PAD_": "67108864"}

ONE_THREAD = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
LONG = {"steps_per_execution": 100}

COMPETITORS = (
    Competitor("byhand", quick=always),
    Competitor("byhand", "NumPy alone", env={"BYHAND_OPS": "numpy"}, quick=both(training, rows_alone)),
    Competitor("torch", quick=lambda task: training(task) and not images(task) and (sequences(task) or not tiny(task))),
    Competitor("torch", "shuffled whole", {"gather": "epoch"}, takes=both(batches, rows_alone)),
    Competitor("torch", "from bytes", {"bytes": True}, takes=in_bytes),
    Competitor("torch", "tuned malloc", env=MALLOC, takes=both(training, rows_alone)),
    Competitor("torch", "channels-last", {"channels_last": True}, takes=images),
    Competitor("torch", "channels-last, tuned malloc", {"channels_last": True}, MALLOC, both(training, images), images),
    Competitor(
        *("torch", "one thread", {"threads": 1}, ONE_THREAD, small),
        quick=either(predicting, lambda task: rows_alone(task) and not images(task)),
    ),
    Competitor("torch", "torch.compile", {"compile": True}, takes=either(training, rows_alone)),
    Competitor("torch", "torch.compile, tuned malloc", {"compile": True, "channels_last": True}, MALLOC, images),
    Competitor("torch", "traced", {"trace": True}, takes=both(predicting, rows_alone)),
    Competitor("jax", "fori_loop", takes=full, quick=full),
    # (not of images: an epoch of W6 took 207 s, and 10 s where a step is compiled)
    Competitor("jax", "scan", takes=both(batches, flat), quick=always),
    Competitor("jax", "scan, shuffled whole", {"gather": "epoch"}, takes=both(batches, rows_alone, flat)),
    Competitor("jax", "scan, from bytes", {"bytes": True}, takes=both(in_bytes, flat)),
    Competitor("jax", "jit of a step", {"loop": "jit"}, takes=batches, quick=images),
    Competitor("jax", "jit of a step, from bytes", {"loop": "jit", "bytes": True}, takes=in_bytes),
    Competitor(
        "jax", "jit of a step, reduce_window", {"loop": "jit", "pooling": "window"}, takes=both(training, images)
    ),
    Competitor("jax", "jit of a step, tuned malloc", {"loop": "jit"}, MALLOC, both(training, images)),
    Competitor("jax", "jit", takes=predicting, quick=predicting),
    Competitor("keras", "fit", takes=training),
    Competitor("keras", "fit, 100 steps a call", LONG, takes=both(batches, rows_alone)),
    Competitor(
        "keras",
        "tf.function of an epoch",
        {"loop": "epoch"},
        takes=training,
        quick=both(rows_alone, either(full, images)),
    ),
    Competitor("keras", "tf.function of an epoch, jit_compile", {"loop": "epoch", "jit": True}, takes=training),
    Competitor("keras", "tf.function", takes=predicting),
    Competitor("keras", "tf.function, jit_compile", {"jit": True}, takes=both(predicting, rows_alone)),
    Competitor("sklearn", takes=sklearn_can),
    Competitor("sklearn", "one thread", env=ONE_THREAD, takes=both(sklearn_can, small), quick=predicting),
    Competitor("onnx", takes=both(predicting, rows_alone), quick=always),
    Competitor(
        "products",
        "one BLAS thread",
        {"blas_threads": 1, "pieces": False},
        takes=rows_alone,
        quick=lambda task: not full(task),
    ),
    Competitor("products", "two BLAS threads", {"blas_threads": 2, "pieces": False}, takes=rows_alone),
    Competitor(
        "products",
        "in pieces on two threads",
        {"blas_threads": 1, "pieces": True},
        takes=both(full, rows_alone),
        quick=always,
    ),
)
