"""The prediction of a drawing: probabilities, evidence, every layer, and the strongest paths."""

from typing import Any

import numpy as np

from byhand.core.types import Array
from byhand.explaining.blocks import blocks
from byhand.explaining.looking import Sensitivity, layer_outputs, sensitivity
from byhand.layers import Dense
from byhand.network import Network
from byhand.web.catalogue import Model, layer_kind, logits_depth
from byhand.web.limits import Refusal
from byhand.web.packed import json_number, numbers, packed

PIXELS, UNITS = 12, 8  # how many pixels, and units of a hidden layer, the paths begin at and go through
EDGES = 24  # of one layer


def verdict(model: Model, image: Array) -> dict[str, Any]:
    """The classes, their probabilities, and the prediction."""
    p = model.network.predict_proba(as_network_input(model.network, image))[0]
    return {"classes": list(model.classes), "probabilities": numbers(p), "answer": model.classes[int(p.argmax())]}


def as_network_input(network: Network, image: Array) -> Array:
    """The image (28, 28) as a batch of one."""
    return network.as_input(image.reshape((1, *network.input_shape)))


def look(model: Model, image: Array, rival: int | None = None) -> dict[str, Any]:
    """Everything about one image.

    Args:
        model: the network.
        image: uint8 (28, 28).
        rival: the class that the answer is compared with; by default the second.

    Raises:
        Refusal: the network reads rows, or there is no such class.
    """
    model.require_digit()
    network, classes = model.network, model.classes
    if rival is not None and rival >= len(classes):
        raise Refusal(422, f"The classes are 0 to {len(classes) - 1}; there is no class {rival}.")
    x = as_network_input(network, image)
    depth = logits_depth(network)
    outputs = list(layer_outputs(network, x))
    z, p = outputs[depth - 1][0], network.predict_proba(x)[0]  # (classes,)
    order = np.argsort(-z, kind="stable")
    answer = int(order[0])
    second = int(order[1]) if rival is None or rival == answer else rival
    weights = np.zeros((2, len(z)))
    weights[:, answer], weights[1, second] = 1, -1  # the answer's logit; how far it lies above the other's
    found = sensitivity(network, np.repeat(x, 2, axis=0), weights, depth)
    ink, slopes = x.reshape(image.shape), found.slopes[0].reshape((2, *image.shape))
    return {
        "model": model.id,
        "classes": list(classes),
        "probabilities": numbers(p),
        "logits": numbers(z),
        "answer": {"index": answer, "text": classes[answer], "probability": json_number(p[answer])},
        "second": {"index": second, "text": classes[second], "probability": json_number(p[second])},
        "evidence": {
            "for": packed(ink * slopes[0]),
            "against": packed(ink * slopes[1]),
            "gradient": packed(slopes[1]),
        },
        "layers": _layers(network, outputs, found),
        "paths": _paths(network, found, answer, second),
    }


def _layers(network: Network, outputs: list[Array], found: Sensitivity) -> list[dict[str, Any]]:
    """The output and relevance (value × gradient, summed over positions) of each layer."""
    result = []
    for i, (block, y) in enumerate(zip(blocks(network), outputs, strict=True)):
        value, flat = y[0], layer_kind(block.layer) == "flatten"
        relevance = value * found.slopes[i + 1][0] if i + 1 < len(found.slopes) else None
        if relevance is not None and value.ndim == 3:
            relevance = relevance.sum(axis=(0, 1))  # (h, w, c) → (c,)
        elif relevance is not None and value.ndim == 2:
            relevance = relevance.sum(keepdims=True)[0]  # (T, d) → (1,)
        maps = value.transpose(2, 0, 1) if value.ndim == 3 else value[np.newaxis] if value.ndim == 2 else None
        result.append(
            {
                "index": i,
                "label": block.layer.label(),
                "kind": layer_kind(block.layer),
                "name": block.names["y"],
                "shape": list(value.shape),
                "values": numbers(value) if value.ndim == 1 and not flat else None,
                "maps": None if maps is None else packed(maps),  # (c, h, w), or a sequence (1, T, d)
                "relevance": None if relevance is None or flat else numbers(relevance),
            }
        )
    return result


def _paths(network: Network, found: Sensitivity, answer: int, second: int) -> dict[str, Any]:
    """The paths from the pixels through the strongest units to the two most probable classes.

    A unit's relevance is its value × slope. A weight's contribution is the value that comes in × the weight × the slope
    of the sum that it goes into: those of all weights into a unit, and its bias, add up to z × slope.
    """
    dense = _chain(network, found)
    columns, edges, before = [], [], None
    for place, i in enumerate(dense):
        inputs, slopes = found.values[i][0], found.slopes[i][0]
        if place == 0 and i == 0:
            before = _column(-1, inputs, slopes, PIXELS)
            columns.append(before)
        if place + 1 < len(dense):
            after = dense[place + 1]  # what the next one takes in is what became of this one's sums
            column = _column(i, found.values[after][0], found.slopes[after][0], UNITS)
        else:
            z = found.values[i + 1][0]
            column = _column(i, z, np.ones_like(z), chosen=[answer, second])
        if before:
            edges += _edges(network, found, i, before, column)
        columns.append(column)
        before = column
    return {"units": columns, "edges": edges}


def _chain(network: Network, found: Sensitivity) -> list[int]:
    """The last dense layers between which units stay units: each takes in what became of the one before."""
    dense: list[int] = []
    for i in reversed(range(len(found.values) - 1)):
        here, units = network.layers[i], found.values[i].ndim == 2
        if dense and found.values[dense[0]].shape != found.values[i + 1].shape:
            break
        if isinstance(here, Dense) and units:
            dense.insert(0, i)
    return dense


def _column(layer: int, values: Array, slopes: Array, count: int = 0, chosen: list[int] | None = None) -> dict:
    relevance = values * slopes
    if chosen is None:
        strongest = np.argsort(-np.abs(relevance), kind="stable")[:count]
        chosen = [int(unit) for unit in strongest if relevance[unit]]
    units = [{"unit": u, "value": json_number(values[u]), "relevance": json_number(relevance[u])} for u in chosen]
    return {"layer": layer, "units": units}


def _edges(network: Network, found: Sensitivity, i: int, before: dict, after: dict) -> list[dict[str, Any]]:
    """The strongest weights of dense layer i between the chosen units on both sides."""
    W, inputs, slopes = network.p[i].W, found.values[i][0], found.slopes[i + 1][0]
    if i + 1 == len(found.values) - 1:
        slopes = np.ones_like(slopes)  # the outputs themselves: what each weight adds to its own logit
    edges = []
    for a in (unit["unit"] for unit in before["units"]):
        for b in (unit["unit"] for unit in after["units"]):
            contribution = inputs[a] * W[a, b] * slopes[b]
            edge = {"from_layer": before["layer"], "from": a, "to_layer": i, "to": b, "weight": json_number(W[a, b])}
            edges.append(edge | {"contribution": json_number(contribution)})
    return sorted(edges, key=lambda edge: -abs(edge["contribution"] or 0))[:EDGES]
