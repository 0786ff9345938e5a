"""How PyTorch keeps what a layer has learnt: the same numbers under other names, and turned round.

PyTorch's weights have the outputs first, (out, in) and (filters, channels, height, width); byhand's have them last. Its
recurrent layers have two biases that are only ever added up, byhand's have one. A lone parameter such as a class token
has the name "".
"""

from collections.abc import Mapping

import numpy as np

from byhand.core.errors import ByhandError
from byhand.core.plan import Plan
from byhand.core.types import Array
from byhand.layers import (
    GRU,
    BatchNorm,
    Bidirectional,
    ClassToken,
    Conv1D,
    Conv2D,
    ConvTranspose2D,
    CrossAttention,
    Dense,
    Embedding,
    Layer,
    LayerNorm,
    LearnedPositions,
    MultiHeadAttention,
    PatchEmbedding,
    RMSNorm,
)
from byhand.layers.sequences.recurrent import Recurrent

Tensors = dict[str, Array]


def to_torch(layer: Layer, p: Mapping[str, Array]) -> Tensors:
    """A layer's parameters and state p as PyTorch's module of the same kind has them, by its names.

    `p` of a Bidirectional has the names of the layers inside it: "0.W", "1.W".

    Raises:
        ByhandError: PyTorch has no such module.
    """
    if isinstance(layer, Bidirectional):
        inner: Tensors = {}
        for i, end in enumerate(("", "_reverse")):
            part = {name[2:]: a for name, a in p.items() if name.startswith(f"{i}.")}
            inner |= {f"{name}{end}": a for name, a in to_torch(layer.layers[i], part).items()}
        return inner
    if isinstance(layer, Recurrent):
        layer.require_usual("exchanged with PyTorch")
        if getattr(layer, "reset", "after") == "before":
            raise ByhandError("PyTorch has no GRU whose reset gate works before the product.")
        hidden = [p["R"], p["V"]] if isinstance(layer, GRU) else [p["R"]]
        second = np.concatenate([np.zeros_like(p["b"][: -layer.units]), p["c"]]) if isinstance(layer, GRU) else None
        return {
            "weight_ih_l0": p["W"].T,
            "weight_hh_l0": np.concatenate(hidden, axis=1).T,
            "bias_ih_l0": p["b"],
            "bias_hh_l0": np.zeros_like(p["b"]) if second is None else second,
        }
    if isinstance(layer, BatchNorm | LayerNorm):
        rest = {name: p[name] for name in ("running_mean", "running_var") if name in p}
        return {"weight": p["gamma"], "bias": p["beta"]} | rest
    if isinstance(layer, RMSNorm | LearnedPositions):
        return {"weight": p["gamma" if isinstance(layer, RMSNorm) else "P"]}
    if isinstance(layer, ClassToken):
        return {"": p["q"]}
    if isinstance(layer, MultiHeadAttention | CrossAttention):  # queries, keys and values: one matrix there
        joined = lambda names: np.concatenate([p[name] for name in names if name in p], axis=-1)  # noqa: E731
        weights = {"in_proj_weight": joined("WU").T, "out_proj.weight": p["O"].T}
        return weights | ({"in_proj_bias": joined("bu"), "out_proj.bias": p["c"]} if "b" in p else {})
    if isinstance(layer, PatchEmbedding):
        rows, s = p["W"], layer.size  # (s s channels, units) → (units, channels, s, s)
        return {"weight": rows.reshape(s, s, -1, layer.units).transpose(3, 2, 0, 1), "bias": p["b"]}
    if not isinstance(layer, Dense | Conv2D | ConvTranspose2D | Conv1D | Embedding):
        raise ByhandError(f"PyTorch has no module like {layer.label()}.")
    W = p["W"]
    if isinstance(layer, Conv2D | ConvTranspose2D):
        W = W.transpose(3, 2, 0, 1)  # (kh, kw, in, out) → (out, in, kh, kw); of the transposed one in and out swapped
    elif isinstance(layer, Conv1D):
        W = W[:, 0].transpose(2, 1, 0)  # (size, 1, in, out) → (out, in, size)
    elif isinstance(layer, Dense):
        W = W.T
    return {"weight": W} | ({"bias": p["b"]} if "b" in p else {})


def from_torch(layer: Layer, plan: Plan, found: Mapping[str, Array]) -> Tensors:
    """The reverse: a layer's parameters and state, by byhand's names, from those of PyTorch's module.

    Raises:
        ByhandError: a tensor is missing, or has another shape.
    """
    if isinstance(layer, Bidirectional):
        inner: Tensors = {}
        for i, (child, child_plan) in enumerate(zip(layer.layers, plan.children, strict=True)):
            end = "_reverse" if i else ""
            part = {name.removesuffix(end): a for name, a in found.items() if name.endswith("_reverse") == bool(i)}
            inner |= {f"{i}.{name}": a for name, a in from_torch(child, child_plan, part).items()}
        return inner
    shapes = {**plan.params, **plan.state}
    wanted = {name: a.shape for name, a in to_torch(layer, {k: np.zeros(s) for k, s in shapes.items()}).items()}
    for name, shape in wanted.items():
        if name not in found and name not in may_lack(layer):
            raise ByhandError(f"{layer.label()} needs the tensor {name} {shape}, which isn't there.")
        if name in found and found[name].shape != shape:
            raise ByhandError(f"{layer.label()}: the tensor {name} is {found[name].shape}, but must be {shape}.")
    if isinstance(layer, Recurrent):
        k = layer.units
        hidden = found["weight_hh_l0"].T
        first, second = (found.get(f"bias_{which}_l0", np.zeros(shapes["b"])) for which in ("ih", "hh"))
        own = {"W": found["weight_ih_l0"].T}
        if isinstance(layer, GRU):  # r, u: one bias; a: that of the product with V apart
            both = np.concatenate([first[: 2 * k] + second[: 2 * k], first[2 * k :]])
            return own | {"R": hidden[:, : 2 * k], "V": hidden[:, 2 * k :], "b": both, "c": second[2 * k :]}
        return own | {"R": hidden, "b": first + second}
    if isinstance(layer, BatchNorm | LayerNorm):
        rest = {name: found[name] for name in plan.state}
        return {"gamma": found["weight"], "beta": found.get("bias", np.zeros_like(found["weight"]))} | rest
    if isinstance(layer, RMSNorm | LearnedPositions):
        return {"gamma" if isinstance(layer, RMSNorm) else "P": found["weight"]}
    if isinstance(layer, ClassToken):
        return {"q": found[""]}
    if isinstance(layer, MultiHeadAttention | CrossAttention):
        own = {"W": found["in_proj_weight"].T, "O": found["out_proj.weight"].T}
        own |= {"b": found["in_proj_bias"], "c": found["out_proj.bias"]} if layer.bias else {}
        if isinstance(layer, CrossAttention):
            d = len(own["O"])
            own |= {second: own[first][..., d:] for first, second in ("WU", "bu") if first in own}
            own |= {first: own[first][..., :d] for first in "Wb" if first in own}
        return own
    if isinstance(layer, PatchEmbedding):
        return {"W": found["weight"].transpose(2, 3, 1, 0).reshape(-1, layer.units), "b": found["bias"]}
    W = found["weight"]
    if isinstance(layer, Conv2D | ConvTranspose2D):
        W = W.transpose(2, 3, 1, 0)
    elif isinstance(layer, Conv1D):
        W = W.transpose(2, 1, 0)[:, None]
    elif isinstance(layer, Dense):
        W = W.T
    return {"W": W} | ({"b": found["bias"]} if "b" in plan.params else {})


def may_lack(layer: Layer) -> tuple[str, ...]:
    """The tensors that count as zeros where PyTorch's module has none."""
    if isinstance(layer, LayerNorm):
        return ("bias",)
    return ("bias_ih_l0", "bias_hh_l0") if isinstance(layer, Recurrent) else ()
