"""A small network that learns points in the plane.

Nothing of it is kept here: the page sends its weights, and gets them back some steps later, with what it computes all
over the plane. So whoever changes a weight or a point has changed it, and a class needs no place for each network.
"""

from base64 import b64decode, b64encode
from binascii import Error
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from byhand.core.types import Array
from byhand.explaining.blocks import blocks
from byhand.explaining.looking import layer_outputs
from byhand.layers import Activation, Dense
from byhand.losses import CategoricalCrossEntropy
from byhand.network import Network
from byhand.optimizers import Optimizer
from byhand.web.catalogue import layer_facts
from byhand.web.equation import equation_of
from byhand.web.limits import Limits, Refusal
from byhand.web.packed import json_number, numbers, packed
from byhand.web.points import MOST_CLASSES, MOST_POINTS
from byhand.web.settings import OPTIMIZER_CHOICES, Settings, hidden_layers, read_settings

EDGE = 3.0  # the plane goes from −3 to 3
SIDE, UNIT_SIDE = 48, 24  # pixels of the decision's picture, and of each unit's
LIMITS = Limits(hidden_units=8, hidden_layers=3, images=MOST_POINTS)
DEFAULTS = Settings(hidden=(4,), activation="tanh", learning_rate=0.1)
KEYS = ("hidden", "activation", "optimizer", "learning_rate", "batch_size", "seed")
MOST_STEPS, MOST_STEP = 500, 10_000_000
FIELDS = ("points", "classes", "theta", "memory", "step", "steps", "at", "unit", *KEYS)


@dataclass
class PlaneRequest:
    """What a request says.

    Attributes:
        settings: hidden units, activation, optimiser, learning rate, mini-batch, seed.
        x: the points (n, 2), float32.
        y: their classes (n,).
        network: with the weights that came.
        memory: the optimiser's vectors.
        step: how many steps were made before.
        steps: how many more are wanted.
        at: where in the plane the equations are evaluated, (1, 2).
        unit: the layer, None for the outputs, and the unit whose equations are wanted.
    """

    settings: Settings
    x: Array
    y: Array
    network: Network
    optimizer: Optimizer
    memory: dict[str, Array]
    step: int
    steps: int
    at: Array
    unit: tuple[int | None, int]


def read_plane(table: Mapping[str, Any]) -> PlaneRequest:
    """The request's table, checked.

    Raises:
        Refusal: a value that is none.
    """
    if unknown := sorted(set(table) - set(FIELDS)):
        raise Refusal(422, f"There is no setting {unknown[0][:40]!r}; there are {', '.join(FIELDS)}.")
    chosen = read_settings({key: table[key] for key in KEYS if key in table}, LIMITS)
    settings = replace(DEFAULTS, **{key: getattr(chosen, key) for key in KEYS if key in table})
    count = _whole(table, "classes", 2, 2, MOST_CLASSES)
    points = _points(table.get("points", []), count)
    layers = [*hidden_layers(settings.hidden, settings.activation), Dense(count)]
    network = Network((2,), layers, CategoricalCrossEntropy(), rng=settings.seed)
    optimizer: Optimizer = OPTIMIZER_CHOICES[settings.optimizer](settings.learning_rate)
    memory = optimizer.state(network.size, network.dtype)
    if table.get("theta") is not None:
        network.theta = _vector("theta", table["theta"], network.size)
    given = table.get("memory", {})
    if not isinstance(given, dict):
        raise Refusal(422, "memory must be an object of the optimiser's vectors.")
    for name in set(given) & set(memory):
        memory[name][:] = _vector(name, given[name], network.size)
    step, steps = _whole(table, "step", 0, 0, MOST_STEP), _whole(table, "steps", 0, 0, MOST_STEPS)
    at = _numbers("at", table.get("at", [0, 0]), 2)
    return PlaneRequest(
        settings, points[:, :2], points[:, 2].astype(np.int64), network, optimizer, memory, step, steps, at[None],
        _unit(table.get("unit", ["output", 0]), network),
    )  # fmt: skip


def go_on(plane: PlaneRequest) -> dict[str, Any]:
    """Make the steps; returns the network then, and what it computes in the plane."""
    network, n = plane.network, len(plane.x)
    size = min(plane.settings.batch_size or n, n)
    with np.errstate(over="ignore", invalid="ignore"):
        if n:
            workspace = network.workspace(size)
            for _ in range(plane.steps):
                rows = batch_rows(plane.step, n, size, plane.settings.seed)
                network.forward(plane.x[rows], workspace)
                network.backward(plane.y[rows], workspace)
                plane.step += 1
                plane.optimizer.step(
                    network.ops, network.theta, network.gradient, plane.memory, plane.step, plane.settings.learning_rate
                )
        return _record(plane)


def batch_rows(step: int, n: int, size: int, seed: int) -> Array:
    """The points of a step: all of them once an epoch, shuffled for each."""
    steps = -(-n // size)
    epoch, place = divmod(step, steps)
    order = np.random.default_rng([seed, epoch]).permutation(n)
    return order[place * size : (place + 1) * size]


def _record(plane: PlaneRequest) -> dict[str, Any]:
    network, n = plane.network, len(plane.x)
    grid = layer_outputs(network, _grid(SIDE))
    p = network.predict_proba(_grid(SIDE))  # (side², classes)
    found: dict[str, Any] = {"loss": None, "accuracy": None}
    if n:
        workspace = network.workspace(n)
        network.forward(plane.x, workspace)
        found["loss"] = json_number(network.backward(plane.y, workspace))  # and the gradient over all points
        own = network.predict_proba(plane.x)
        found["accuracy"] = json_number(np.mean(own.argmax(axis=1) == plane.y))
    else:
        network.gradient = np.zeros(network.size, network.dtype)
    found["probabilities"] = numbers(network.predict_proba(plane.at)[0])
    coarse = np.arange(SIDE)[:: SIDE // UNIT_SIDE]
    shown = [
        packed(y.T.reshape(-1, SIDE, SIDE)[:, coarse[:, None], coarse])
        for y, layer in zip(grid, network.layers, strict=True)
        if isinstance(layer, Activation)
    ]
    layer, unit = plane.unit
    if layer is None:
        wanted: list[int | None] = [len(network.layers) - 1, None]
    else:
        wanted = [layer, layer + 1]
    return found | {
        "step": plane.step,
        "theta": _text(network.theta),
        "gradient": _text(network.gradient),
        "memory": {name: _text(plane.memory[name]) for name in plane.optimizer.vectors if name != "scratch"},
        "parameters": [
            {"layer": int(p.path[0]), "name": p.name, "start": p.start, "shape": list(p.shape)}
            for p in network.arena.parameters
        ],
        "layers": layer_facts(network),
        "surface": packed(p.T.reshape(-1, SIDE, SIDE)),
        "units": shown,
        "equations": [equation_of(network, plane.at, i, unit) for i in wanted],
        "rule": [e.as_text(b.names) for b in blocks(network) if b.layer is network.layers[wanted[0] or 0]
                 for e in b.backward],
    }  # fmt: skip


def _grid(side: int) -> Array:
    """The middles of side × side pixels of the plane (side², 2), from the top left."""
    middle = (np.arange(side) + 0.5) / side * 2 * EDGE - EDGE
    across, down = np.meshgrid(middle, -middle)
    return np.stack([across.ravel(), down.ravel()], axis=1).astype(np.float32)


def _points(value: Any, classes: int) -> Array:
    rows = value if isinstance(value, list) else [None]
    if len(rows) > MOST_POINTS or not all(isinstance(row, list) and len(row) == 3 for row in rows):
        raise Refusal(422, f"points must be a list of at most {MOST_POINTS} points [x, y, class].")
    found = np.stack([_numbers("A point", row, 3) for row in rows]) if rows else np.zeros((0, 3), np.float32)
    if not np.isin(found[:, 2], np.arange(classes)).all():
        raise Refusal(422, f"A point's class must be a whole number from 0 to {classes - 1}.")
    return found


def _numbers(name: str, value: Any, count: int) -> Array:
    if not isinstance(value, list) or len(value) != count or not all(type(v) in (int, float) for v in value):
        raise Refusal(422, f"{name} must be {count} numbers.")
    if any(abs(v) > 1e6 for v in value):
        raise Refusal(422, f"{name} must be numbers of at most a million.")
    return np.array(value, np.float32)


def _whole(table: Mapping[str, Any], name: str, usual: int, least: int, most: int) -> int:
    value = table.get(name, usual)
    if type(value) is not int or not least <= value <= most:
        raise Refusal(422, f"{name} must be a whole number from {least} to {most}.")
    return value


def _unit(value: Any, network: Network) -> tuple[int | None, int]:
    fits = isinstance(value, list) and len(value) == 2 and type(value[1]) is int
    dense = [i for i, layer in enumerate(network.layers[:-1]) if isinstance(layer, Dense)]
    if not fits or not (value[0] == "output" or (type(value[0]) is int and value[0] in dense)):
        raise Refusal(422, f'unit must be a layer of {dense} or "output", and the number of a unit: ["output", 0].')
    layer = None if value[0] == "output" else value[0]
    count = network.plan[-1 if layer is None else layer].out_shape[0]
    if not 0 <= value[1] < count:
        raise Refusal(422, f"There the units are 0 to {count - 1}.")
    return layer, value[1]


def _vector(name: str, value: Any, size: int) -> Array:
    """Numbers that came as Base64 of float32, the lowest byte first."""
    try:
        found = np.frombuffer(b64decode(value, validate=True), "<f4")
    except (TypeError, ValueError, Error):
        raise Refusal(422, f"{name} must be Base64 of float32 numbers.") from None
    if found.shape != (size,):
        raise Refusal(422, f"{name} must be {size} numbers, as this network has weights; {found.size} came.")
    return found


def _text(vector: Array) -> str:
    return b64encode(vector.astype("<f4").tobytes()).decode()
