"""How a recurrent network reads a drawing step by step: its state and gates, and what it would say after each step."""

from math import prod
from typing import Any

import numpy as np

from byhand.core.chains import numbers_of
from byhand.core.errors import ByhandError
from byhand.core.passes import passes_of
from byhand.core.types import Array
from byhand.layers import GRU, LSTM, Activation, Dense, Dropout, Flatten, Reshape
from byhand.layers.sequences.recurrent import Recurrent
from byhand.network import Network
from byhand.web.limits import Refusal
from byhand.web.look import as_network_input
from byhand.web.packed import json_number, numbers, packed
from byhand.web.recurrence_text import state_equations

MOST_ANSWERS = 64  # steps after which it is said what the network would answer
ANSWER_NUMBERS = 20_000_000  # that are computed for these answers at most


def states_over(
    network: Network, image: Array, layer: int = 0, step: int | None = None, unit: int = 0
) -> dict[str, Any]:
    """The state and the gates of a recurrent layer at every step, and the equations of one unit at one step.

    Args:
        network: it has a recurrent layer.
        image: uint8 (28, 28).
        layer: which recurrent layer, from 0.
        step: which step, from 0; by default the last one that the layer takes.
        unit: which unit.

    Raises:
        Refusal: no recurrent layer, or no such layer, step or unit.
    """
    x = as_network_input(network, image)
    workspace = network.workspace(1, share=False)
    network.forward(x, workspace)
    found = list(passes_of(Recurrent, network.layers, workspace.passes.layers))
    if not found:
        raise Refusal(422, "This network has no recurrent layer.")
    if layer >= len(found):
        raise Refusal(422, f"There are {len(found)} recurrent layers; there is no layer {layer}.")
    _, here, at = found[layer]
    kept, steps = here.unkept(at), at.x.shape[1]
    last = 0 if here.reverse else steps - 1
    step = last if step is None else step
    if step >= steps or unit >= here.units:
        raise Refusal(422, f"There are {steps} steps and {here.units} units; this is none of them.")
    return {
        "layers": [
            {"name": name, "label": one.label(), "units": one.units, "reverse": one.reverse} for name, one, _ in found
        ],
        "layer": layer,
        "step": step,
        "unit": unit,
        "steps": steps,
        "pixels": pixels_of_a_step(network, steps),
        "parts": [{"name": name, "values": packed(kept[name][0])} for name in part_names(here)],
        "classes": list(network.classes or map(str, range(network.outputs))),
        "answers": _answers(network, x),
        "equations": [
            {"layer": None, "unit": unit, "name": name, "value": json_number(value), "general": name, "text": text}
            | {"terms": [], "rest": None, "bias": None}
            for name, value, text in state_equations(here, at, kept, step, unit)
        ],
    }


def part_names(layer: Recurrent) -> tuple[str, ...]:
    """What of a layer is shown: its state, its cell, its gates."""
    return ("h", "c", "i", "f", "g", "o") if isinstance(layer, LSTM) else ("h", *("rua" * isinstance(layer, GRU)))


def pixels_of_a_step(network: Network, steps: int) -> int | None:
    """How many pixels, in the order of reading, each step takes in; None where layers before have mixed them."""
    for layer, plan in zip(network.layers, network.plan, strict=True):
        if isinstance(layer, Recurrent) or layer.layers:
            break
        by_step = isinstance(layer, Dense | Activation) and len(plan.out_shape) == 2
        if not by_step and not isinstance(layer, Reshape | Flatten | Dropout):
            return None
    size = prod(network.input_shape)
    return size // steps if size % steps == 0 else None


def _answers(network: Network, x: Array) -> list[Any] | None:
    """The probabilities (steps, classes) if the drawing ended after each step; None for networks that take no masks."""
    steps = network.input_shape[0]
    if len(network.input_shape) != 2 or steps > MOST_ANSWERS or steps * numbers_of(network.plan) > ANSWER_NUMBERS:
        return None
    try:
        p = network.predict_proba(np.repeat(x, steps, axis=0), np.tri(steps, dtype=bool))
    except ByhandError:
        return None
    return numbers(p)
