"""What the heads of a transformer look at in a drawing, and how one of these weights is computed."""

from typing import Any

import numpy as np

from byhand.core.passes import passes_of
from byhand.core.types import Array
from byhand.layers import ClassToken, MultiHeadAttention, PatchEmbedding
from byhand.network import Network
from byhand.web.equation import WRITTEN, Sum
from byhand.web.limits import Refusal
from byhand.web.look import as_network_input
from byhand.web.packed import json_number, numbers, packed


def attention_over(
    network: Network, image: Array, layer: int = 0, head: int = 0, query: int = 0, key: int | None = None
) -> dict[str, Any]:
    """What every head of every layer looks at from one step, and the equations of one weight.

    Args:
        network: a transformer that reads patches or rows.
        image: uint8 (28, 28).
        layer: which attention layer, from 0.
        head: which head of it.
        query: the step that asks: with a class token 0 is this token, and 1 the first patch.
        key: the step that is asked; by default the one with the largest weight.

    Raises:
        Refusal: the network has no attention over the drawing, or no such layer, head or step.
    """
    workspace = network.workspace(1, share=False)
    network.forward(as_network_input(network, image), workspace)
    found = list(passes_of(MultiHeadAttention, network.layers, workspace.passes.layers))
    token = any(isinstance(one, ClassToken) for one in network.layers)
    grid = patch_grid(network)
    steps = grid[0] * grid[1] + token if grid else 0
    if not found or any(at.cache.A.shape[2:] != (steps, steps) for _, _, at in found):
        raise Refusal(422, "This network has no attention over the parts of a drawing.")
    if layer >= len(found) or head >= found[layer][1].heads or max(query, key or 0) >= steps:
        raise Refusal(422, f"There are {len(found)} layers of attention over {steps} steps; this is none of them.")
    _, here, at = found[layer]
    a = at.cache.A[0, head, query]  # (steps,)
    key = int(a.argmax()) if key is None else key
    kept = here.unkept(at)
    e = kept["Q"].shape[2] // here.heads
    own = slice(head * e, (head + 1) * e)
    q, k = (kept[name][0, :, own].astype(np.float64) for name in "QK")  # (steps, e)
    return {
        "layers": [
            {"name": name, "heads": one.heads, "weights": packed(pass_.cache.A[0, :, query])}
            for name, one, pass_ in found
        ],
        "steps": steps,
        "grid": list(grid or ()),
        "token": token,
        "layer": layer,
        "head": head,
        "query": query,
        "key": key,
        "weights": numbers(a),
        "equations": [_score(q[query], k[key], query, key), _weight(q[query] @ k.T, e, query, key, a[key])],
    }


def patch_grid(network: Network) -> tuple[int, int] | None:
    """How many parts down and across a drawing is cut into: patches, or rows; None if in another way."""
    first, shape = network.layers[0], network.input_shape
    if isinstance(first, PatchEmbedding):
        return shape[0] // first.size, shape[1] // first.size
    return (shape[0], 1) if len(shape) == 2 else None


def _score(q: Array, k: Array, query: int, key: int) -> dict[str, Any]:
    """S = Q Kᵀ for one query and one key (e,)."""
    terms, rest = Sum([f"Q[{query}, {i}]" for i in range(len(q))], q, k, 0.0).parts(WRITTEN)
    name = f"S[{query}, {key}]"
    record = {"layer": None, "unit": key, "name": name, "value": json_number(q @ k), "text": name, "bias": None}
    return record | {"general": f"{name} = Σᵢ Q[{query}, i] K[{key}, i]", "terms": terms, "rest": rest}


def _weight(scores: Array, e: int, query: int, key: int, value: float) -> dict[str, Any]:
    """A = softmax(S / √e) for one key, from the scores (steps,) of its query."""
    text, name = softmax_text("S", query, scores, f"√{e}", key), f"A[{query}, {key}]"
    record = {
        "layer": None,
        "unit": key,
        "name": name,
        "value": json_number(value),
        "general": f"A = softmax(S / √{e})",
    }
    return record | {"text": f"{name} = {text}\n = {value:.4g}", "terms": [], "rest": None, "bias": None}


def softmax_text(letter: str, row: int | None, z: Array, shown: str, chosen: int) -> str:
    """softmax(z / shown) of `chosen` in letters, and with the largest few of the numbers z (k,)."""
    start = "" if row is None else f"{row}, "
    order = np.argsort(-z, kind="stable")
    powers = [f"e^({_show(z[i])} / {shown})" for i in order[:4]]
    more = " + …" if len(z) > 4 else ""
    own = f"e^({letter}[{start}{chosen}] / {shown})"
    figures = f"e^({_show(z[chosen])} / {shown}) / ({' + '.join(powers)}{more})"
    return f"{own} / Σⱼ e^({letter}[{start}j] / {shown})\n = {figures}"


def _show(value: float) -> str:
    return f"{value:.3g}".replace("-", "−")
