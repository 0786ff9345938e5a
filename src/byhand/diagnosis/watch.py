"""A callback that measures the network's state while it is trained."""

import math
import time
from typing import Any

import numpy as np

from byhand.core.errors import ByhandError
from byhand.core.passes import passes_of
from byhand.core.types import Array
from byhand.diagnosis import measure
from byhand.diagnosis.findings import Problem, diagnose
from byhand.diagnosis.record import Record
from byhand.layers import MultiHeadAttention, ReLU, Sigmoid, Softmax
from byhand.network import Network
from byhand.training import Callback, Training
from byhand.training.batches import Batches

MOST, LEAST = 100, 10  # measurements in a training, as far as it has epochs
MOST_CLASSES_SHOWN = 100  # whose recall is measured
MOST_NUMBERS = 2**25  # in the arrays of the samples measured on
SHARE = 0.02  # of the samples that a training meets may be those measured on, where that allows the least number


class Watch(Callback):
    """Measures gradients, weights and activations on a few samples, before training and after each epoch.

    Each measurement is a forward and a backward pass with the same samples in separate arrays, which does not change
    the training by a single bit. Its cost is that of training on `rows` samples; if this would be more than a fiftieth
    of the training, or if the training is long, some epochs are skipped, but at least ten are measured.

    Example:
        >>> watch = Watch()
        >>> fit(network, x, y, callbacks=[watch])
        >>> print(*watch.problems(), sep="\\n")

    Args:
        rows: number of training samples to measure on; fewer for long sequences.

    Attributes:
        record: what was measured.
        network: the network in training.
        history: its finished epochs.
        seconds: the time that the measurements took.
    """

    def __init__(self, rows: int = 256):
        self.rows = rows
        self.record = Record()
        self.seconds = 0.0

    def problems(self) -> list[Problem]:
        """What is wrong with the training, most serious first."""
        return diagnose(self.record)

    def on_start(self, training: Training) -> None:
        """Record the set-up, choose the samples, and measure the initial network."""
        start = time.perf_counter()
        self.network, self.history = training.network, training.history
        network, batches = training.network, training.batches
        if batches is None:
            raise ByhandError("Watch looks at samples again and again: it needs arrays, not an iterator of batches.")
        self._twin = network.twin()
        rows = max(1, min(self.rows, len(batches), MOST_NUMBERS // sum(map(measure.numbers_a_sample, network.plan))))
        chosen = np.linspace(0, len(batches) - 1, rows).astype(int)
        self._x, self._t = network.as_input(batches.x[chosen]), batches.t[chosen]
        self._labels = None if batches.labels is None else batches.labels[chosen]
        self._mask = None if batches.mask is None else batches.mask[chosen]
        self._workspace = self._twin.workspace(len(chosen))
        self._every = _every(training.epochs, len(batches), len(chosen))
        self._start = network.theta.copy()
        self._before = network.theta.copy()  # the weights before the epoch's last step
        self._updates: dict[str, float] = {}
        self._weights = {".".join(str(i + 1) for i in p.path): p for p in network.arena.parameters if len(p.shape) >= 2}
        self.record = Record(
            history=training.history,
            columns={},
            layers=_labels(network),
            data=_data(self._x, batches, network),
            training={
                "optimizer": repr(training.optimizer),
                "batch_size": batches.size if training.steps > 1 else len(batches),
                "epochs": training.epochs,
                "steps": training.steps,
                "parameters": network.size,
                "loss": repr(network.loss),
                "gain": measure.gain(p.view(network.theta) for p in self._weights.values()),
                "hidden": [p.shape[-1] for p in list(self._weights.values())[:-1]],
                "flat outputs": network.loss.activation is None and isinstance(network.layers[-1], Sigmoid),
            },
        )
        self._measure(0)
        self.seconds += time.perf_counter() - start

    def state(self) -> dict[str, Any]:
        """The measurements so far, and the weights that later ones are compared with."""
        return {
            "columns": self.record.columns,
            "data": self.record.data,
            "start": self._start,
            "before": self._before,
            "updates": self._updates,
            "seconds": self.seconds,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Restore what `state` returned."""
        self.record.columns = {name: list(column) for name, column in state["columns"].items()}
        self.record.data = dict(state["data"])
        np.copyto(self._start, state["start"])
        np.copyto(self._before, state["before"])
        self._updates, self.seconds = dict(state["updates"]), state["seconds"]

    def _due(self, training: Training) -> bool:
        return training.epoch % self._every == 0 or training.epoch == training.epochs

    def on_epoch_start(self, training: Training) -> None:
        """Where an epoch is one step: remember the weights before it."""
        if training.steps == 1 and self._due(training):
            np.copyto(self._before, training.network.theta)

    def on_step(self, training: Training) -> None:
        """Before the epoch's last step remember the weights; after it see how far it went."""
        left = -training.step % training.steps
        if left > 1 or not self._due(training):
            return
        start, theta = time.perf_counter(), training.network.theta
        if left == 0:
            change = theta - self._before
            self._updates = {n: measure.relative(p.view(change), p.view(theta)) for n, p in self._weights.items()}
        else:
            np.copyto(self._before, theta)
        self.seconds += time.perf_counter() - start

    def on_epoch(self, training: Training) -> None:
        """Measure."""
        if self._due(training) or training.stop:
            start = time.perf_counter()
            self._measure(training.epoch)
            self.seconds += time.perf_counter() - start

    def on_end(self, training: Training) -> None:
        """Record how the training ended, and free the arrays."""
        error = training.diverged
        if error:
            names = ("epoch", "step", "loss", "rate", "what", "layer", "kept_step")
            self.record.diverged = {name: getattr(error, name) for name in names} | {"message": str(error)}
            self.record.diverged["loss"] = str(error.loss)
        for name in ("_twin", "_x", "_t", "_labels", "_mask", "_workspace", "_start", "_before"):
            self.__dict__.pop(name, None)

    def _measure(self, epoch: int) -> None:
        """One row: the chosen samples forward and backward, as in training, with random numbers of their own."""
        network, workspace = self._twin, self._workspace
        state = network.state.copy()
        y = network.forward(self._x, workspace, np.random.default_rng(0), self._mask)
        probabilities = np.empty_like(y)
        network.loss.activate(network.ops, workspace.passes.loss, probabilities)
        if y.ndim == 3:  # a row for each step that is there
            there = self._mask is not None and self._mask.shape == y.shape[:2]
            probabilities = probabilities[self._mask if there else ...].reshape(-1, y.shape[-1])
        row = {"epoch": float(epoch)} | self._activations()
        row["entropy"] = measure.entropy(probabilities, _output_activation(network))
        row |= self._answers(probabilities)
        row["one answer"] = measure.one_answer(network.decide(probabilities))
        row["loss"] = network.backward(self._t, workspace)
        np.copyto(network.state, state)
        last = next(reversed(self._weights), None)
        for number, p in self._weights.items():
            W, start = p.view(network.theta), p.view(self._start)
            row[f"gradient {number}"] = measure.rms(p.view(network.gradient))
            row[f"weight {number}"] = measure.rms(W)
            row[f"update {number}"] = self._updates.get(number, math.nan)
            row[f"moved {number}"] = measure.relative(W - start, start)
            if number != last:
                row[f"twins {number}"] = measure.twins(W)
        for number, ratio in measure.ratios_over_time(network.layers, workspace.passes.layers):
            row[f"over time {number}"] = ratio
        row["norm"] = measure.rms(network.gradient) * math.sqrt(network.size)
        columns = self.record.columns
        for name, value in row.items():
            columns.setdefault(name, []).append(value)  # type: ignore[attr-defined]

    def _answers(self, outputs: Array) -> dict[str, float]:
        """How well the samples are predicted, and how much the last hidden layer varies."""
        row = {}
        if self._labels is not None:
            labels = self._labels[self._labels >= 0]  # of the steps that are there
            recalls = measure.recalls(labels, self._twin.decide(outputs), max(self._twin.outputs, 2))
            row = {f"recall {k}": recall for k, recall in enumerate(recalls[:MOST_CLASSES_SHOWN])}
        elif self._t.shape == outputs.shape:
            row["r2"] = measure.r2(self._t, outputs)
        last = max((p.path[0] for p in self._weights.values()), default=0)
        if self._twin.inputs != "tokens" and last and (varies := measure.spread(self._x)):
            row["signal"] = measure.spread(self._workspace.passes.layers[last - 1].y) / varies
        return row

    def _activations(self) -> dict[str, float]:
        row = {}
        for number, layer, y in measure.measured_activations(self._twin.layers, self._workspace.passes.layers):
            if isinstance(layer, ReLU):
                row[f"dead {number}"] = measure.dead(y)
            else:
                row[f"saturated {number}"] = measure.saturated(layer, y)
        for number, head, at in passes_of(MultiHeadAttention, self._twin.layers, self._workspace.passes.layers):
            row[f"uniform {number}"], row[f"one place {number}"] = measure.attention(at.cache.A, head.causal, at.mask)
        return row


def _every(epochs: int, samples: int, rows: int) -> int:
    """The number of epochs between two measurements."""
    cheap = math.ceil(rows / (SHARE * samples))
    return max(math.ceil(epochs / MOST), min(cheap, math.ceil(epochs / LEAST)))


def _output_activation(network: Network) -> str | None:
    """The output activation: "softmax", "sigmoid" or None."""
    last = network.layers[-1]
    own = "softmax" if isinstance(last, Softmax) else "sigmoid" if isinstance(last, Sigmoid) else None
    return network.loss.activation or own


def _labels(network: Network) -> dict[str, str]:
    labels: dict[str, str] = {}

    def add(layers: tuple, path: str) -> None:
        for i, layer in enumerate(layers):
            labels[f"{path}{i + 1}"] = layer.label()
            add(getattr(layer, "layers", ()), f"{path}{i + 1}.")

    add(network.layers, "")
    return labels


def _data(x: Array, batches: Batches, network: Network) -> dict[str, object]:
    """Facts about the training samples; those about the inputs from the chosen ones, x (n, *input_shape)."""
    labels, tokens = batches.labels, network.inputs == "tokens"
    counts = None if labels is None else np.bincount(labels[labels >= 0], minlength=max(network.outputs, 2))
    return {
        "samples": len(batches),
        "outputs": network.outputs,
        "counts": None if counts is None else counts.tolist(),
        "input_rms": math.nan if tokens else measure.rms(x),
        "input_min": math.nan if tokens else float(x.min()),
        "input_max": math.nan if tokens else float(x.max()),
        "classes": list(network.classes or ()),
    } | _targets(batches, network)


def _targets(batches: Batches, network: Network) -> dict[str, float]:
    """Mean and standard deviation of the targets, where they are numbers."""
    if batches.labels is not None or network.task != "numbers":
        return {}
    return {"target_mean": float(batches.t.mean()), "target_spread": float(batches.t.std())}
