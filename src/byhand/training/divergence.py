"""Handling of NaN and infinity: find their origin, restore good weights, and raise an error."""

import math
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from byhand.core.checks import is_finite
from byhand.core.errors import TrainingDiverged
from byhand.core.types import Array
from byhand.network import Network
from byhand.training.batches import Batch
from byhand.training.state import Training


class StepArray(NamedTuple):
    """An array of a training step: what it is ("data", "weights", "output", "loss", "gradient"), and of which layer."""

    what: str
    layer: int | None = None  # from 0


def diverge(training: Training, batches: Iterable[Batch]) -> TrainingDiverged:
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


def _advice(place: StepArray, rate: float) -> str:
    if place.what == "data":
        return "Look for missing or infinite values in the data."
    if place.what == "gradient":  # the good weights gave a finite loss, and yet this
        return "Look at the backward pass of the layers from there on, with byhand.testing.check_layer."
    return f"The learning rate ({rate:g}) is most likely too high: try a tenth of it."


def describe(network: Network, place: StepArray) -> str:
    """For example "the output of layer 3, Dense(10)"."""
    if place.layer is None:
        return f"the {place.what}"
    return f"the {place.what} of layer {place.layer + 1}, {network.layers[place.layer].label()}"


def first_not_finite(network: Network, batches: Iterable[Batch]) -> StepArray:
    """The first array with NaN or infinity, in the order in which they are made: weights, data, outputs, loss."""
    parameters = sorted(network.arena.parameters, key=lambda parameter: parameter.path)
    for parameter in parameters:
        if not _finite(parameter.view(network.theta), network):
            return StepArray("weights", parameter.path[0])
    for batch in batches:
        if not _finite(batch.x, network) or not _finite(batch.t, network):
            return StepArray("data")
        workspace = network.workspace(len(batch.x), share=False)
        network.forward(batch.x, workspace, np.random.default_rng(0), batch.mask)
        for i, at in enumerate(workspace.passes.layers):
            if not _finite(at.y, network):
                return StepArray("output", i)
    return StepArray("loss")


def infinite_gradient(network: Network, batches: Iterable[Batch]) -> StepArray | None:
    """The last layer whose gradient with the present weights has NaN or infinity: there the way back broke."""
    network = network.twin()
    for batch in batches:
        workspace = network.workspace(len(batch.x))
        network.forward(batch.x, workspace, np.random.default_rng(0), batch.mask)
        network.backward(batch.t, workspace, batch.weights)
        if place := in_gradient(network):
            return place
    return None


def in_gradient(network: Network) -> StepArray | None:
    """The last layer whose part of the gradient has NaN or infinity."""
    for parameter in sorted(network.arena.parameters, key=lambda parameter: parameter.path, reverse=True):
        if not _finite(parameter.view(network.gradient), network):
            return StepArray("gradient", parameter.path[0])
    return None


def check_weights(training: Training) -> None:
    """See at an epoch's end that the weights are finite: infinite ones can hide behind saturated units for a while.

    Raises:
        TrainingDiverged: they are not.
    """
    if not is_finite(training.network.theta, training.network.ops):
        raise diverge(training, ())


def _finite(a: Array, network: Network) -> bool:
    return bool(np.isfinite(network.ops.to_numpy(a)).all())
