"""byhand itself, trained by its own `fit`; BYHAND_OPS chooses the operations."""

from contextlib import suppress

import common
import numpy as np
from threadpoolctl import threadpool_info

import byhand as bh
from byhand.generating import next_token
from byhand.training.callbacks import Callback

LOSSES = {"softmax": bh.CategoricalCrossEntropy, "sigmoid": bh.BinaryCrossEntropy, "quadratic": bh.QuadraticCost}


def make_layer(layer):
    kind = layer["type"]
    if kind == "dense":
        return bh.Dense(layer["out"])
    if kind == "conv":
        return bh.Conv2D(layer["out"], layer["size"])
    if kind == "pool":
        return bh.MaxPool2D(layer["size"])
    return {"relu": bh.ReLU, "sigmoid": bh.Sigmoid, "flatten": bh.Flatten}[kind]()


def build(task, arrays):
    """The network with its first weights."""
    if task.model:
        return bh.Network.load(arrays.folder / "network.safetensors")
    parameters = arrays.parameters(task)
    layers = [make_layer(layer) for layer in task.layers]
    network = bh.Network(tuple(task.input), layers, LOSSES[task.loss](), rng=None, inputs="grey levels")
    for p, pair in zip(network.p, parameters, strict=True):
        if pair:
            p.W[...], p.b[...] = pair
    return network


class Taking(Callback):
    """Takes turns between the epochs of one `fit`."""

    def __init__(self, turns):
        self.turns = common.EpochByEpoch(turns)

    def on_epoch_start(self, training):
        if not self.turns.before():
            raise StopIteration

    def on_epoch(self, training):
        self.turns.after()


def train(task, arrays, network, turns):
    """All turns; images of bytes stay bytes, as `byhand.load` gives them."""
    kind, rate = task.optimizer["type"], task.optimizer["rate"]
    optimizer = bh.Adam(rate) if kind == "adam" else bh.GradientDescent(rate)
    if kind == "adamw":
        optimizer = bh.AdamW(rate, beta2=task.optimizer["beta2"], weight_decay=task.optimizer["decay"])
    x, y = arrays.bytes if task.bytes else arrays.x, arrays.y
    options = {"batch_size": task.batch, "optimizer": optimizer, "accuracy": False, "progress": False}
    if "clip" in task.optimizer:
        options["regularizers"] = (bh.ClipNorm(task.optimizer["clip"]),)
    turns.ready()
    with suppress(StopIteration):
        bh.fit(network, x, y, epochs=10**9, callbacks=[Taking(turns)], **options)


def writer(network):
    """A function that writes one more character, the likeliest one."""
    text, token = next_token(network), 0

    def write():
        nonlocal token
        token = int(text.feed(token).argmax())
        return token

    return write


def main():
    task, arrays, turns = common.begin()
    network = build(task, arrays)
    if task.kind == "train":
        train(task, arrays, network, turns)
    elif task.model:
        turns.time_calls(writer(network))
    elif task.calls == "one":
        x = arrays.x_test[:1]
        turns.time_calls(lambda: int(network.predict(x)[0]))
    else:
        x = arrays.x_test
        turns.time_calls(lambda: network.predict(x))
    peak = common.peak_memory()
    classes = network.predict(arrays.x_test)
    blas = [
        f"{b['internal_api']} {b['version']} {b['architecture']}" for b in threadpool_info() if b["user_api"] == "blas"
    ]
    ops = getattr(network.ops, "kind", "numpy")
    versions = {"threads": task.threads, "blas": ", ".join(sorted(set(blas))), "ops": ops}
    common.finish(turns, task, np.asarray(classes), ["byhand"], peak, **versions)


if __name__ == "__main__":
    main()
