"""The callback that reports a training to its journal, and lets its owner pause it and make single steps."""

from math import prod
from typing import Any

import numpy as np

from byhand.core.types import Array
from byhand.diagnosis import Watch
from byhand.layers import Conv2D, Dense, PatchEmbedding
from byhand.metrics import confusion_matrix
from byhand.network import Network
from byhand.training import Callback, Training
from byhand.training.evaluate import Evaluator
from byhand.web.catalogue import input_image_shape
from byhand.web.gate import StepGate, Stopped
from byhand.web.job import Job, now
from byhand.web.look import verdict
from byhand.web.one_step import StepRecorder, sentences
from byhand.web.packed import json_number, packed

STEPS, LOOKS = 0.05, 0.35  # seconds between two such events at least
OBSERVING_SHARE = 0.2  # of the time at most goes into looks
EACH_STEP = 4.0  # steps a second: so slow a training is looked at in each step
SHOWN_UNITS = 32  # first-layer units whose weights are shown


class Observer(Callback):
    """Writes events to the journal of a job, and pauses the training.

    Args:
        job: the training's job.
        gate: through which it goes after each step.
        held: images (n, *input_shape) and labels (n,) that the confusion matrix counts.
        watch: measures for the diagnosis.
    """

    def __init__(self, job: Job, gate: StepGate, held: tuple[Array, Array], watch: Watch):
        self.job, self.gate, self.watch = job, gate, watch
        self.x, self.y = held
        self._evaluate = Evaluator(job.network, self.x, self.y)
        self._sum, self._count, self._told, self._next_look = 0.0, 0, 0.0, 0.0
        self._single: StepRecorder | None = None  # while one step is made that somebody asked for

    def on_start(self, training: Training) -> None:
        """Report the number of steps per epoch and the initial network."""
        self.job.steps = training.steps
        self.job.journal.add("training", self.job.to_json())
        self._look(training)

    def on_epoch_start(self, training: Training) -> None:
        """Pause before the first step if requested."""
        self.job.epoch = training.epoch
        if training.epoch == 1:
            self._wait(self.gate.wait(), training)
            if training.stop:
                raise Stopped

    def on_step(self, training: Training) -> None:
        """Report the step, and pause if requested."""
        job, loss = self.job, training.loss
        job.step, job.epoch = training.step, training.epoch
        self._sum, self._count = self._sum + loss, self._count + 1
        single, self._single = self._single, None
        moment = now()
        if single or moment - self._told >= STEPS:
            self._tell(training, moment)
        if single:
            self._answer(single, training)
        elif moment >= self._next_look or 0 < job.pace <= EACH_STEP:
            self._look(training)
        self._wait(self.gate.after_step(), training)

    def on_epoch(self, training: Training) -> None:
        """Report the history, the network and the diagnosis."""
        self.job.add_row(training.history.last)
        self._look(training)
        self.diagnose()

    def diagnose(self) -> None:
        """Report problems if they have changed."""
        self.job.show_problems(self.watch.problems())

    def _wait(self, single: bool, training: Training) -> None:
        """What follows from what the gate said."""
        self._single = StepRecorder(training.network) if single else None
        training.stop = training.stop or self.job.stopping

    def _tell(self, training: Training, moment: float) -> None:
        loss = self._sum / self._count
        self.job.note(training.step, loss)
        record = {"step": training.step, "epoch": training.epoch, "loss": json_number(loss)}
        self.job.journal.add("step", record | {"learning_rate": json_number(training.rate)})
        self._sum, self._count, self._told = 0.0, 0, moment

    def _look(self, training: Training) -> None:
        """First-layer weights, confusion matrix and the prediction for the drawing."""
        start, job, network = now(), self.job, training.network
        figures = self._evaluate()
        read = network.predict(self.x)
        maps, channels = first_weights(network)
        drawing = job.drawing
        job.looked = {
            "step": training.step,
            "epoch": training.epoch,
            "weights": maps,
            "channels": channels,
            "confusion": confusion_matrix(self.y, read, network.outputs).tolist(),
            "accuracy": json_number(figures.get("accuracy", np.nan)),
            "loss": json_number(figures["loss"]),
            "drawing": None if drawing is None else verdict(job.model, drawing),
        }
        job.journal.add("look", job.looked)
        self._next_look = now() + max(LOOKS, (now() - start) / OBSERVING_SHARE)

    def _answer(self, single: StepRecorder, training: Training) -> None:
        """Report what a single step did."""
        one = single.numbers(training)
        one["text"] = sentences(one)
        self._look(training)
        self.job.recorded = single.recorded(training)
        self.job.journal.add("one", one)
        with self.job.changed:
            self.job.made = (self.job.begun, one)
            self.job.changed.notify_all()


def first_weights(network: Network) -> tuple[dict[str, Any] | None, int]:
    """The first layer's weights as maps (units, height, width), or filters, and how many maps belong to one filter."""
    for layer, p in zip(network.layers, network.p, strict=True):
        if isinstance(layer, Conv2D):
            kernels = p.W.transpose(3, 2, 0, 1)[:SHOWN_UNITS]  # (filters, in, kh, kw)
            return packed(kernels.reshape(-1, *p.W.shape[:2])), p.W.shape[2]
        if isinstance(layer, PatchEmbedding):
            channels = len(p.W) // layer.size**2
            squares = p.W.T[:SHOWN_UNITS].reshape(-1, layer.size, layer.size, channels)
            return packed(squares.transpose(0, 3, 1, 2).reshape(-1, layer.size, layer.size)), channels
        if isinstance(layer, Dense):
            shape = input_image_shape(network)
            whole = shape and len(p.W) == prod(shape)  # it sees the image itself
            return (packed(p.W.T[:SHOWN_UNITS].reshape(-1, *shape)) if shape and whole else None), 1
    return None, 1
