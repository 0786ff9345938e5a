"""What is done about NaN and infinity: see them in the step where they appear, find where, go back to good weights."""

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from byhand.core.checks import is_finite
from byhand.core.errors import TrainingDiverged
from byhand.core.types import Array
from byhand.network import Network

if TYPE_CHECKING:
    from byhand.training.batches import Batch
    from byhand.training.callbacks import Training

KEEP_EVERY = 100  # steps between two copies of the weights, at most; never more than an epoch
LOOK_AT, WHOLE = 32, 512  # samples for each look at the biases' and at the whole gradient: under 1 % of their steps
TOLERANCE = 2.0  # weights with which the mean loss is more than so many times its lowest are no good ones


class Guard:
    """Sees NaN and infinity in the gradient.

    Each look is one product g · g. It goes over the gradient of the biases, which any NaN on its way back through the
    layers reaches; every so many steps, and where there are no biases, over all of g. Steps of a few samples are too
    short for a look at each. What a look misses makes the next step's loss NaN, before another step is made; should a
    weight have no effect there, the look at all weights finds it when the epoch ends.

    Args:
        network: the network in training.
        rows: samples a step.
    """

    def __init__(self, network: Network, rows: int):
        self._all = network.gradient
        self._biases = self._all[network.arena.weights.stop :]
        self._every, self._whole = (math.ceil(samples / rows) for samples in (LOOK_AT, WHOLE))
        if not self._biases.size:
            self._every = self._whole

    def passes(self, step: int) -> bool:
        """Whether what it looks at in this step is finite."""
        if step % self._every:
            return True
        part = self._biases if step % self._whole else self._all
        return math.isfinite(part.dot(part)) or is_finite(part)


class LastGood:
    """A copy of θ and of the layers' state, renewed every so often while the loss is well.

    Renewing copies memory and nothing else. The weights count as good where the mean loss since the last look is at
    most twice the lowest such mean, or the first loss: a loss on its way to infinity is finite for a while.

    Attributes:
        step: how many steps had been made to reach these weights.
    """

    def __init__(self, network: Network):
        self._network = network
        self._theta, self._state = network.theta.copy(), network.state.copy()
        self._lowest, self._total, self._count = math.inf, 0.0, 0
        self.step = 0

    def look(self, training: "Training") -> None:
        """Take note of `training.loss`, a finite loss with the present weights; perhaps copy them."""
        self._total += training.loss
        self._count += 1
        if math.isinf(self._lowest):
            self._lowest = training.loss
        if self._count < min(KEEP_EVERY, training.steps):
            return
        mean = self._total / self._count
        self._total, self._count = 0.0, 0
        if mean <= TOLERANCE * self._lowest and is_finite(self._network.theta):
            self._lowest = min(mean, self._lowest)
            np.copyto(self._theta, self._network.theta)
            np.copyto(self._state, self._network.state)
            self.step = training.step - 1

    def state(self) -> dict[str, Any]:
        """What a checkpoint keeps of it."""
        figures = {name: getattr(self, name) for name in ("_lowest", "_total", "_count", "step")}
        return {"theta": self._theta, "state": self._state, "figures": figures}

    def restore_state(self, state: dict[str, Any]) -> None:
        """Take back what `state` gave."""
        np.copyto(self._theta, state["theta"])
        np.copyto(self._state, state["state"])
        for name, value in state["figures"].items():
            if name in ("_lowest", "_total", "_count", "step"):
                setattr(self, name, value)

    def restore(self) -> None:
        """Give the network these weights and this state."""
        np.copyto(self._network.theta, self._theta)
        np.copyto(self._network.state, self._state)


class Place(NamedTuple):
    """An array of a training step: what it is ("data", "weights", "output", "loss", "gradient"), and of which layer."""

    what: str
    layer: int | None = None  # from 0


def diverge(training: "Training", batches: Iterable["Batch"]) -> TrainingDiverged:
    """Look for where it began in the step on `batches`, restore the last good weights, and say so in the error."""
    network, good = training.network, training.last_good
    batches, found = list(batches), f"The loss became {training.loss}"
    place = first_not_finite(network, batches)
    if place.what == "loss" and math.isfinite(training.loss):  # and so are weights, data and outputs
        found = "The gradient is not finite"
        place = in_gradient(network) or place
    elif place.what == "weights":  # a step before made them so: by its gradient, or by being too long
        found = found if not math.isfinite(training.loss) else "The weights are not finite"
        good.restore()
        place = infinite_gradient(network, batches) or place
    good.restore()
    error = TrainingDiverged(
        f"{found} in epoch {training.epoch}, step {training.step}, where the first array with "
        f"NaN or infinity was {describe(network, place)}; training stopped, and the network has its last good weights "
        f"again, those after {good.step:,} step{'s' * (good.step != 1)}. " + _advice(place, training.rate)
    )
    error.epoch, error.step, error.loss, error.rate = training.epoch, training.step, training.loss, training.rate
    error.what, error.layer = place.what, None if place.layer is None else place.layer + 1
    error.kept_step = good.step
    training.diverged = error
    return error


def _advice(place: Place, rate: float) -> str:
    if place.what == "data":
        return "Look for missing or infinite values in the data."
    if place.what == "gradient":  # the good weights gave a finite loss, and yet this
        return "Look at the backward pass of the layers from there on, with byhand.testing.check_layer."
    return f"The learning rate ({rate:g}) is most likely too high: try a tenth of it."


def describe(network: Network, place: Place) -> str:
    """For example "the output of layer 3, Dense(10)"."""
    if place.layer is None:
        return f"the {place.what}"
    return f"the {place.what} of layer {place.layer + 1}, {network.layers[place.layer].label()}"


def first_not_finite(network: Network, batches: Iterable["Batch"]) -> Place:
    """The first array with NaN or infinity, in the order in which they are made: weights, data, outputs, loss."""
    parameters = sorted(network.arena.parameters, key=lambda parameter: parameter.path)
    for parameter in parameters:
        if not _finite(parameter.view(network.theta)):
            return Place("weights", parameter.path[0])
    for batch in batches:
        if not _finite(batch.x) or not _finite(batch.t):
            return Place("data")
        workspace = network.workspace(len(batch.x), share=False)
        network.forward(batch.x, workspace, np.random.default_rng(0))
        for i, at in enumerate(workspace.passes.layers):
            if not _finite(at.y):
                return Place("output", i)
    return Place("loss")


def infinite_gradient(network: Network, batches: Iterable["Batch"]) -> Place | None:
    """The last layer whose gradient with the present weights has NaN or infinity: there the way back broke."""
    network = network.twin()
    for batch in batches:
        workspace = network.workspace(len(batch.x))
        network.forward(batch.x, workspace, np.random.default_rng(0))
        network.backward(batch.t, workspace, batch.weights)
        if place := in_gradient(network):
            return place
    return None


def in_gradient(network: Network) -> Place | None:
    """The last layer whose part of the gradient has NaN or infinity."""
    for parameter in sorted(network.arena.parameters, key=lambda parameter: parameter.path, reverse=True):
        if not _finite(parameter.view(network.gradient)):
            return Place("gradient", parameter.path[0])
    return None


def check_weights(training: "Training") -> None:
    """See at an epoch's end that the weights are finite: infinite ones can hide behind saturated units for a while.

    Raises:
        TrainingDiverged: they are not.
    """
    if not is_finite(training.network.theta):
        raise diverge(training, ())


def _finite(a: Array) -> bool:
    return bool(np.isfinite(a).all())
