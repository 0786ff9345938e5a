"""Images that a network draws from numbers, and the characters that another one expects."""

from collections.abc import Mapping
from math import isfinite
from typing import Any

import numpy as np

from byhand.core.chains import numbers_of
from byhand.core.types import Array
from byhand.data.text import to_tokens
from byhand.generating.gan import with_class
from byhand.generating.next_token import next_token
from byhand.generating.text import draw_token
from byhand.network import Network
from byhand.web.attention import softmax_text
from byhand.web.catalogue import Model
from byhand.web.equation import equation_of
from byhand.web.limits import Refusal
from byhand.web.packed import json_number, numbers, packed

MOST_IMAGES = 400
REQUEST_NUMBERS = 100_000_000  # that are computed for all images of a request
NUMBERS_AT_ONCE = 4_000_000  # which bounds its memory
FURTHEST = 1e6  # the largest number that is drawn from
LONGEST_TEXT = 2000  # of a text that is continued
MOST_WRITTEN = 300
FED = 256  # the last characters of a text, that are fed to the network
LIKELIEST = 20  # characters that may come next


def images_of(model: Model, table: Mapping[str, Any]) -> dict[str, Any]:
    """The images that a network draws from vectors, and how one pixel of the first comes about.

    Args:
        model: a generator, or a decoder.
        table: z, a list of vectors; label, the class where it is told one; pixel, [row, column].

    Raises:
        Refusal: another kind of network, or something else in the table.
    """
    if model.reads != "noise":
        raise Refusal(422, "This network does not draw images of 28 × 28 from a row of numbers.")
    network, latent = model.network, model.network.input_shape[0] - model.told
    z, label = _vectors(table.get("z"), latent), table.get("label")
    if (label is None) != (model.told == 0) or (label is not None and not _whole(label, 0, model.told - 1)):
        told = f"a whole number from 0 to {model.told - 1}" if model.told else "left out: this network is told no class"
        raise Refusal(422, f"label must be {told}.")
    x = np.empty((len(z), latent + model.told), network.dtype)
    with_class(z, None if label is None else np.full(len(z), label), model.told, x)
    each = numbers_of(network.plan)
    if len(z) * each > REQUEST_NUMBERS:
        raise Refusal(422, f"This network is too large to draw {len(z)} images at once; ask for fewer.")
    rows = max(1, NUMBERS_AT_ONCE // each)
    pieces = [network.predict_proba(x[i : i + rows]) for i in range(0, len(x), rows)]
    images = np.concatenate(pieces).reshape(len(z), 28, 28)
    pixel = table.get("pixel")
    if pixel is not None and not (isinstance(pixel, list) and len(pixel) == 2 and all(_whole(i, 0, 27) for i in pixel)):
        raise Refusal(422, "pixel must be [row, column], each from 0 to 27.")
    return {"images": packed(images), "equations": [] if pixel is None else _pixel(network, x[:1], pixel)}


def _vectors(given: Any, latent: int) -> Array:
    """z (n, latent)."""
    rows: list[Any] = given if isinstance(given, list) and 1 <= len(given) <= MOST_IMAGES else [None]
    for row in rows:
        fits = isinstance(row, list) and len(row) == latent and all(type(v) in (int, float) for v in row)
        if not fits or not all(isfinite(v) and abs(v) <= FURTHEST for v in row):
            raise Refusal(422, f"z must be a list of 1 to {MOST_IMAGES} vectors, each of {latent} numbers.")
    return np.array(rows, np.float64)


def _pixel(network: Network, x: Array, pixel: list[int]) -> list[dict[str, Any]]:
    """The last layer with weights, and what follows it."""
    shape = network.plan[-1].out_shape
    unit, place = (0, (pixel[0], pixel[1])) if len(shape) > 1 else (28 * pixel[0] + pixel[1], (0, 0))
    first = max(i for i, plan in enumerate(network.plan) if plan.learns)
    layers = [i for i in range(first, len(network.layers)) if network.plan[i].out_shape == shape]
    found = [equation_of(network, x, layer, unit, place) for layer in layers]
    if network.loss.activation and len(shape) == 1:
        found.append(equation_of(network, x, None, unit))
    return found


def next_characters(network: Network, table: Mapping[str, Any]) -> dict[str, Any]:
    """What comes next in a text, by p = softmax(z / temperature), and some characters drawn from it.

    Args:
        network: predicts characters.
        table: text, at least one character; temperature, above 0; count, of characters to draw before; seed; chosen,
            the character whose equation is written, by default the likeliest.

    Raises:
        Refusal: another kind of network, or something else in the table.
        ByhandError: a character that the network does not know.
    """
    text, temperature = table.get("text"), table.get("temperature", 1.0)
    count, seed, chosen = table.get("count", 0), table.get("seed", 0), table.get("chosen")
    if network.inputs != "tokens" or not network.classes:
        raise Refusal(422, "This network does not predict the next character of a text.")
    if not isinstance(text, str) or not 1 <= len(text) <= LONGEST_TEXT:
        raise Refusal(422, f"text must have 1 to {LONGEST_TEXT} characters.")
    if type(temperature) not in (int, float) or not 0.01 <= temperature <= 100:
        raise Refusal(422, "temperature must be a number from 0.01 to 100.")
    if not _whole(count, 0, MOST_WRITTEN) or not _whole(seed, 0, 2**31 - 1):
        raise Refusal(422, f"count must be a whole number from 0 to {MOST_WRITTEN}, and seed one from 0.")
    characters, rng, written = network.classes, np.random.default_rng(seed), ""
    model = next_token(network)
    for token in to_tokens(text[-FED:], characters, "the text"):
        z = model.feed(int(token))
    for _ in range(count):
        token = draw_token(z, temperature, rng)
        written += characters[token]
        z = model.feed(token)
    z = z.astype(np.float64)
    powers = np.exp((z - z.max()) / temperature)
    p = powers / powers.sum()
    order = np.argsort(-p, kind="stable")
    one = characters.index(chosen) if chosen in characters else int(order[0])
    return {
        "written": written,
        "characters": [characters[i] for i in order[:LIKELIEST]],
        "logits": numbers(z[order[:LIKELIEST]]),
        "probabilities": numbers(p[order[:LIKELIEST]]),
        "others": {"count": max(0, len(p) - LIKELIEST), "probability": json_number(p[order[LIKELIEST:]].sum())},
        "equation": _probability(z, float(temperature), one, characters[one], p[one]),
    }


def _probability(z: Array, temperature: float, one: int, character: str, p: float) -> dict[str, Any]:
    name = f"p[{one}]"
    text = softmax_text("z", None, z, f"{temperature:g}", one)
    record = {"layer": None, "unit": one, "name": name, "value": json_number(p), "general": "p = softmax(z / τ)"}
    return record | {"text": f"{name} = {text}\n = {p:.4g}", "terms": [], "rest": None, "bias": None}


def _whole(value: Any, least: int, most: int) -> bool:
    return type(value) is int and least <= value <= most
