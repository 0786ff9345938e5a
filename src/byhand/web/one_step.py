"""One mini-batch in numbers: activations, gradients and weight changes."""

from typing import Any

import numpy as np

from byhand.core.types import Array
from byhand.explaining.blocks import blocks
from byhand.explaining.explain import trace
from byhand.layers import Activation, Dense
from byhand.losses.base import one_hot
from byhand.network import Network
from byhand.training import Training
from byhand.training.batches import Batch
from byhand.web.catalogue import input_image_shape
from byhand.web.chain import MOST_SAMPLES, RecordedStep
from byhand.web.packed import json_number, numbers, packed

UNITS, WEIGHTS = 3, 4  # of each layer, and of each unit: those that the step moved most


class StepRecorder:
    """Records the weights before a step, and reports what the step changed.

    Args:
        network: the network in training.
    """

    def __init__(self, network: Network):
        self.network = network
        self.before = network.copy()

    def remember(self) -> None:
        """Record the current weights."""
        np.copyto(self.before.theta, self.network.theta)
        np.copyto(self.before.state, self.network.state)

    def recorded(self, training: Training) -> RecordedStep:
        """The step's batch, and the network before it."""
        batch = training.batch or _first(training)
        n = len(batch.x) if training.batch else len(training.batches or ())
        x, t = batch.x[:MOST_SAMPLES].copy(), batch.t[:MOST_SAMPLES].copy()
        if t.ndim == 1:  # class numbers
            t = one_hot(t, self.network.outputs, self.network.dtype)
        return RecordedStep(training.step, self.before, x, t, n)

    def numbers(self, training: Training) -> dict[str, Any]:
        """What the last step did, for the first sample of its batch."""
        batch = training.batch or _first(training)
        x, t = batch.x[:1].copy(), batch.t[:1].copy()
        if t.ndim == 1:  # a class number
            t = one_hot(t, self.network.outputs, self.network.dtype)
        values = trace(self.before, x, t)
        network, rate = self.network, training.rate
        classes = network.classes or tuple(map(str, range(network.outputs)))
        p = self.before.predict_proba(x)[0]
        label = int(t[0].argmax())
        return {
            "step": training.step,
            "epoch": training.epoch,
            "learning_rate": json_number(rate),
            "optimizer": type(training.optimizer).__name__,
            "n": len(batch.x) if training.batch else len(training.batches or ()),
            "sample": {"image": _image(network, x), "label": classes[label]},
            "output": {"classes": list(classes), "probabilities": numbers(p), "target": numbers(t[0])},
            "loss": {"before": json_number(training.loss), "after": json_number(_loss(network, batch))},
            "layers": self._layers(values),
        }

    def _layers(self, values: dict[str, Array]) -> list[dict[str, Any]]:
        found = blocks(self.network)
        result = []
        for i, block in enumerate(found):
            if not isinstance(block.layer, Dense):
                continue
            names = block.names
            z, delta = values[names["y"]][0], values[f"d{names['y']}"][0]
            after = found[i + 1] if i + 1 < len(found) and isinstance(found[i + 1].layer, Activation) else None
            a = values[after.names["y"]][0] if after else None
            units = [
                {
                    "unit": int(u),
                    "z": json_number(z[u]),
                    "a": None if a is None else json_number(a[u]),
                    "delta": json_number(delta[u]),
                    "weights": self._weights(i, names["x"], values[names["x"]].reshape(-1), int(u)),
                    "bias": self._change(i, "b", (int(u),)),
                }
                for u in np.argsort(-np.abs(delta), kind="stable")[:UNITS]
            ]
            name = after.names["y"] if after else None
            result.append(
                {"index": i, "label": block.layer.label(), "name": names["y"], "activation": name, "units": units}
            )
        return result

    def _weights(self, layer: int, symbol: str, values: Array, unit: int) -> list[dict[str, Any]]:
        """The unit's weights with the steepest gradients."""
        gradient = self.network.g[layer].W[:, unit]
        shape = input_image_shape(self.network) if layer == 0 else None
        chosen = np.argsort(-np.abs(gradient), kind="stable")[:WEIGHTS]
        return [
            {
                "input": f"{symbol}[{i // shape[1]}, {i % shape[1]}]" if shape else f"{symbol}[{i}]",
                "unit": int(i),
                "value": json_number(values[i]),
            }
            | self._change(layer, "W", (int(i), unit))
            for i in chosen
        ]

    def _change(self, layer: int, name: str, at: tuple[int, ...]) -> dict[str, Any]:
        gradient, before, after = (
            float(getattr(views, name)[at])
            for views in (self.network.g[layer], self.before.p[layer], self.network.p[layer])
        )
        return {"gradient": gradient, "before": before, "after": after}


def sentences(one: dict[str, Any]) -> list[str]:
    """The step as text, for the strongest unit of each layer, forward and backward."""
    out = []
    for layer in one["layers"]:
        unit = layer["units"][0]
        activation = f", {layer['activation']}[{unit['unit']}] = {_show(unit['a'])}" if layer["activation"] else ""
        out.append(f"forward: {layer['name']}[{unit['unit']}] = {_show(unit['z'])}{activation}")
    for layer in reversed(one["layers"]):
        unit = layer["units"][0]
        name, weight = f"{layer['name']}[{unit['unit']}]", unit["weights"][0]
        number = layer["name"].lstrip("z")
        out.append(f"backward: d{name} = {_show(unit['delta'])} for this image")
        own = f"W{number}[{weight['unit']}, {unit['unit']}]"
        out.append(f"backward: d{own} = {_show(weight['gradient'])}, the mean over {one['n']} images")
        before, after = _show(weight["before"]), _show(weight["after"])
        rule = (
            f"{before} − {_show(one['learning_rate'])} · ({_show(weight['gradient'])})"
            if one["optimizer"] == "GradientDescent"
            else f"{before} + ({_show(weight['after'] - weight['before'])}) by {one['optimizer']}"
        )
        out.append(f"update: {own} ← {rule} = {after}")
    return out


def _first(training: Training) -> Batch:
    """Some samples of a full batch: the first ones."""
    assert training.batches is not None
    return next(training.batches.in_order())


def _loss(network: Network, batch: Batch) -> float:
    """The mean loss of the batch with the weights as they are now."""
    twin = network.twin()
    workspace = twin.workspace(len(batch.x))
    twin.forward(batch.x, workspace)
    return twin.backward(batch.t, workspace)


def _image(network: Network, x: Array) -> Any:
    shape = input_image_shape(network)
    return packed(np.rint(x.reshape(shape) * 255).astype(np.uint8)) if shape else None


def _show(value: Any) -> str:
    return "–" if value is None else f"{value:.4g}".replace("-", "−")
