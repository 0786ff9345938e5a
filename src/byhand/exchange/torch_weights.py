"""PyTorch's state_dict in a network, and a network's as PyTorch's."""

import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from byhand.core.errors import ByhandError
from byhand.core.files import write_atomically
from byhand.core.types import Array, Shape
from byhand.exchange.matching import Match, Weighted, by_number, fill_layers, match_modules, weighted_layers
from byhand.exchange.torch_file import read_torch
from byhand.exchange.torch_tensors import from_torch, may_lack, to_torch
from byhand.layers import BatchNorm, Layer, TiedDense
from byhand.network import Network

Modules = dict[str, dict[str, Array]]


def read_tensors(path: str | Path) -> dict[str, Array]:
    """The tensors of a .safetensors, .pt or .pth file, by name.

    Raises:
        ByhandError: it can't be read, or holds anything but tensors.
    """
    path = Path(path)
    if path.suffix.lower() != ".safetensors":
        return read_torch(path)
    from safetensors import SafetensorError, safe_open

    if not path.is_file():
        raise ByhandError(f"{path}: there is no such file.")
    try:
        with safe_open(path, "np") as file:
            names = sorted(file.keys(), key=by_number)
            return {name: np.asarray(file.get_tensor(name)) for name in names}
    except (SafetensorError, OSError, TypeError, ValueError) as error:
        raise ByhandError(f"{path}: not a readable safetensors file ({error}).") from None


def torch_modules(tensors: Mapping[str, Array]) -> Modules:
    """Tensors by the module that they belong to.

    Each layer of a deep recurrent module is one. Attention is one with its two projections, as `MultiheadAttention`
    names them or as nanoGPT does; its buffer with the causal mask is left out. A lone parameter of shape (k,) or
    (1, 1, k), such as a class token, is a module, and so is one of shape (1, T, k) whose name begins with "pos".
    """
    modules: Modules = {}
    for name, tensor in tensors.items():
        module, _, own = name.rpartition(".")
        if not own.startswith(("weight", "bias", "in_proj", "running", "num_batches")):
            if tensor.ndim == 3 and len(tensor) == 1 and own.startswith("pos"):
                modules.setdefault(name, {})["weight"] = tensor[0]
                continue
            if tensor.ndim == 1 or tensor.shape[:-1] == (1, 1):
                modules.setdefault(name, {})[""] = tensor.reshape(-1)
                continue
        attention, _, part = module.rpartition(".")
        inside = f"{attention}." if attention else ""
        if part == "out_proj" and f"{inside}in_proj_weight" in tensors:
            module, own = attention, f"out_proj.{own}"
        elif part in ("c_attn", "c_proj") and f"{inside}c_attn.weight" in tensors:
            module, own = attention, f"in_proj_{own}" if part == "c_attn" else f"out_proj.{own}"
        elif own == "bias" and tensor.ndim == 4 and f"{module}.c_attn.weight" in tensors:
            continue
        if deep := re.fullmatch(r"((?:weight|bias)_[ih]h)_l(\d+)(_reverse)?", own):
            module = module if deep[2] == "0" else f"{module}[{deep[2]}]"
            own = f"{deep[1]}_l0{deep[3] or ''}"
        if own != "num_batches_tracked":
            modules.setdefault(module, {})[own] = tensor
    return modules


def fill_from_torch(
    network: Network, tensors: Mapping[str, Array], what: str = "the state_dict", channels_last: bool = False
) -> list[Match]:
    """Fill a network with the tensors of PyTorch's state_dict.

    Each layer takes the first module that is left and has tensors of its names and shapes. Dense layers that follow a
    flattened image expect it with the channels first, as PyTorch has it.

    Args:
        network: the network.
        tensors: by name, as `state_dict` has them.
        what: the file's name, for messages.
        channels_last: the model puts the channels of an image last before it flattens it, as byhand's programs do.

    Returns:
        What each layer was filled from.

    Raises:
        ByhandError: a layer finds no tensors, tensors are left over, or numbers are not finite; nothing is changed.
    """
    modules = torch_modules(_without_tied(network, tensors))
    pairs = match_modules(network, modules, torch_shapes, what, may_lack)
    found, matches = {}, []
    for place, name in pairs:
        own = from_torch(place.layer, place.plan, modules[name])
        found[place.path] = own if channels_last else _reordered(place, own, back=True)
        shapes = tuple(torch_shapes(place).values())
        matches.append(Match(place.path, place.layer.label(), name or what, shapes))
    fill_layers(network, found, what)
    return matches


def _without_tied(network: Network, tensors: Mapping[str, Array]) -> Mapping[str, Array]:
    """The tensors but for an output layer's matrix that is the embedding's once more."""
    tied = [layer for layer in network.layers if isinstance(layer, TiedDense)]
    if not tied:
        return tensors
    again: list[str] = []
    first: dict[bytes, str] = {}
    for name, tensor in tensors.items():
        if tensor.ndim == 2 and len(tensor) == tied[0].units:
            key = np.ascontiguousarray(tensor).tobytes()
            again += [name] if key in first else []
            first.setdefault(key, name)
    # an output layer's name comes before the embedding's in some orders; of two equal ones either will do
    return {name: tensor for name, tensor in tensors.items() if name not in again}


def torch_shapes(place: Weighted) -> dict[str, Shape]:
    """The tensors of PyTorch's module, by name."""
    zeros = {name: np.zeros(shape, np.int8) for name, shape in _all_shapes(place.plan).items()}
    return {name: a.shape for name, a in to_torch(place.layer, zeros).items()}


def _all_shapes(plan: object, prefix: str = "") -> dict[str, Shape]:
    found = {f"{prefix}{name}": shape for name, shape in {**plan.params, **plan.state}.items()}  # type: ignore[attr-defined]
    for i, child in enumerate(plan.children):  # type: ignore[attr-defined]
        found |= _all_shapes(child, f"{prefix}{i}.")
    return found


def _reordered(place: Weighted, own: Mapping[str, Array], back: bool = False) -> dict[str, Array]:
    """Numbers of a flattened image: from byhand's order to that with the channels first, or back."""
    if place.order is None:
        return dict(own)
    to = np.argsort(place.order) if back else place.order
    names = own if isinstance(place.layer, BatchNorm) else ("W",)
    return {name: a[to] if name in names else a for name, a in own.items()}


def torch_state(network: Network, channels_last: bool = False) -> dict[str, Array]:
    """A network's parameters and state as PyTorch's state_dict, named by the layers' places: "0.weight".

    They are the names of the modules of `torch.nn.Sequential` with a module for each of byhand's layers.

    Raises:
        ByhandError: PyTorch has no such module.
    """
    values = network.state_dict()
    found: dict[str, Array] = {}
    for place in weighted_layers(network.layers, network.plan, network.input_shape):
        own = {
            name.removeprefix(f"{place.path}."): a for name, a in values.items() if name.startswith(f"{place.path}.")
        }
        own = own if channels_last else _reordered(place, own)
        found |= {f"{place.path}.{name}".rstrip("."): a for name, a in to_torch(place.layer, own).items()}
        if _counts(place.layer):
            found[f"{place.path}.num_batches_tracked"] = np.zeros((), np.int64)
    return found


def _counts(layer: Layer) -> bool:
    return isinstance(layer, BatchNorm)


def save_torch_state(network: Network, path: str | Path, channels_last: bool = False) -> None:
    """Write a network as a state_dict in safetensors, which `safetensors.torch.load_file` reads.

    Raises:
        ByhandError: as `torch_state`, or the file can't be written.
    """
    from safetensors.numpy import save

    tensors = {name: np.ascontiguousarray(a) for name, a in torch_state(network, channels_last).items()}
    write_atomically(Path(path), save(tensors))
