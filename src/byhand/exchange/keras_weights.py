"""Keras' weights in a network: .weights.h5 files, and the ones inside .keras files. Needs the extra `keras-files`.

Keras' files hold the layers' numbers by the layers' kinds ("layers/dense_1/vars/0"), and a configuration that could
name any code (CVE-2025-1550); it isn't read. Numbers are read where a layer wants them, only of plain datasets in the
file itself: no links to other files, no external or virtual storage.
"""

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from byhand.core.errors import ByhandError
from byhand.core.extras import how_to_install
from byhand.core.types import Array, Shape
from byhand.exchange.matching import Match, Tensor, Weighted, by_number, fill_layers, match_modules
from byhand.layers import (
    GRU,
    BatchNorm,
    Bidirectional,
    ClassToken,
    Conv1D,
    Layer,
    LayerNorm,
    LearnedPositions,
    MultiHeadAttention,
    PatchEmbedding,
    RMSNorm,
)
from byhand.layers.sequences.recurrent import Recurrent
from byhand.network import Network

WEIGHTS_MEMBER = "model.weights.h5"  # in a .keras file
PARTS_OF_ATTENTION = ("/query_dense", "/key_dense", "/value_dense", "/output_dense")
HALVES = ("/forward_layer", "/backward_layer")
MOST_DATASETS = 10_000
ROOM = 2**24  # bytes of a weights file beyond twenty times the network's own
DEEPEST_GROUP = 8


def fill_from_keras(network: Network, path: str | Path) -> list[Match]:
    """Fill a network with the weights of a .keras or .weights.h5 file.

    Each layer takes the first of Keras' layers that is left and has arrays of its shapes.

    Returns:
        What each layer was filled from.

    Raises:
        ByhandError: the file can't be read, a layer finds nothing, or arrays are left over; nothing is changed then.
    """
    path = Path(path)
    try:
        import h5py
    except ImportError:
        raise ByhandError(f"Keras' files need the package h5py: {how_to_install('keras-files')}") from None
    if not path.is_file():
        raise ByhandError(f"{path}: there is no such file.")
    try:
        with h5py.File(_stream(path, network.size), "r") as file:
            modules = _modules(h5py, file)
            pairs = match_modules(network, modules, keras_shapes, str(path))
            found, matches = {}, []
            for place, name in pairs:
                arrays = [np.asarray(modules[name][key]) for key in sorted(modules[name], key=by_number)]
                found[place.path] = from_keras(place.layer, arrays)
                shapes = tuple(array.shape for array in arrays)
                matches.append(Match(place.path, place.layer.label(), name, shapes))
    except ByhandError:
        raise
    except (OSError, ValueError, KeyError, TypeError, RuntimeError, NotImplementedError, zipfile.BadZipFile):
        raise ByhandError(f"{path}: not a readable file of Keras' weights.") from None
    fill_layers(network, found, str(path))
    return matches


def _stream(path: Path, parameters: int) -> Any:
    """The HDF5 file, or the one inside a .keras file."""
    if path.suffix.lower() != ".keras":
        return open(path, "rb")
    most = ROOM + 20 * 4 * parameters
    with zipfile.ZipFile(path) as archive:
        if WEIGHTS_MEMBER not in archive.namelist():
            raise ByhandError(f"{path}: there is no {WEIGHTS_MEMBER} in it.")
        if archive.getinfo(WEIGHTS_MEMBER).file_size > most:
            raise ByhandError(f"{path}: its weights take more than {most:,} bytes, too much for this network.")
        with archive.open(WEIGHTS_MEMBER) as member:
            return io.BytesIO(member.read(most))


def _modules(h5py: Any, file: Any) -> dict[str, dict[str, Tensor]]:
    """The arrays of each layer of Keras; both directions of a bidirectional one are one."""
    found: dict[str, dict[str, Tensor]] = {}
    count = 0

    def visit(group: Any, path: str, depth: int) -> None:
        nonlocal count
        for name in sorted(group, key=by_number):
            count += 1
            if count > MOST_DATASETS or depth > DEEPEST_GROUP:
                raise ByhandError("there are too many groups in it")
            here = f"{path}/{name}" if path else name
            if not isinstance(group.get(name, getlink=True), h5py.HardLink):
                raise ByhandError(f"{here[:80]} is a link to somewhere else")
            item = group[name]
            if isinstance(item, h5py.Group):
                visit(item, here, depth + 1)
            elif item.dtype.kind == "f":
                if item.external or item.is_virtual:
                    raise ByhandError(f"{here[:80]} keeps its numbers somewhere else")
                _file_away(found, here, item)

    try:
        layers = file.get("layers") if isinstance(file.get("layers", getlink=True), h5py.HardLink) else None
        if layers is None:
            raise ByhandError("there are no layers in it")
        visit(layers, "", 0)
    except ByhandError as error:
        raise ByhandError(f"{Path(str(file.filename)).name}: {error}.") from None
    ordered = sorted(found, key=by_number)
    return {name: found[name] for name in ordered}


def _file_away(found: dict[str, dict[str, Tensor]], path: str, item: Tensor) -> None:
    """Add an array to its layer."""
    module, _, number = path.partition("/vars/")
    module = module.removesuffix("/cell")
    for parts in (HALVES, PARTS_OF_ATTENTION):
        for i, part in enumerate(parts):
            if module.endswith(part):
                module, number = module.removesuffix(part), f"{i}.{number}"
    found.setdefault(module, {})[number] = item


def keras_shapes(place: Weighted) -> dict[str, Shape]:
    """The arrays of Keras' layer, by their numbers."""
    layer, plan = place.layer, place.plan
    if isinstance(layer, Bidirectional):
        halves = [keras_shapes(Weighted("", inner, p)) for inner, p in zip(layer.layers, plan.children, strict=True)]
        return {f"{i}.{number}": shape for i, half in enumerate(halves) for number, shape in half.items()}
    p = plan.params
    if isinstance(layer, MultiHeadAttention):
        d, heads = plan.out_shape[1], (layer.heads, plan.out_shape[1] // layer.heads)
        into = [(d, *heads), heads][: 1 + layer.bias]
        parts = [into, into, into, [(*heads, d), (d,)][: 1 + layer.bias]]
        return {f"{i}.{k}": shape for i, part in enumerate(parts) for k, shape in enumerate(part)}
    shapes: list[Shape]
    if isinstance(layer, PatchEmbedding):
        size, (rows, units) = layer.size, p["W"]
        shapes = [(size, size, rows // size**2, units), p["b"]]
    elif isinstance(layer, RMSNorm | LearnedPositions | ClassToken):
        shapes = list(p.values())
    elif isinstance(layer, Recurrent):
        layer.require_usual("exchanged with Keras")
        k, gates = layer.units, p["b"]
        after = isinstance(layer, GRU) and layer.reset == "after"
        shapes = [p["W"], (k, *gates), (2, *gates) if after else gates]
    elif isinstance(layer, BatchNorm | LayerNorm):
        shapes = [p["gamma"], p["beta"], *plan.state.values()]
    elif isinstance(layer, Conv1D):
        shapes = [(p["W"][0], *p["W"][2:]), p["b"]]
    else:
        shapes = [p[name] for name in ("W", "b") if name in p]
    return {str(i): shape for i, shape in enumerate(shapes)}


def from_keras(layer: Layer, arrays: list[Array]) -> Mapping[str, Array]:
    """byhand's parameters and state from the arrays of Keras' layer."""
    if isinstance(layer, Bidirectional):
        half = len(arrays) // 2
        parts = from_keras(layer.layers[0], arrays[:half]), from_keras(layer.layers[1], arrays[half:])
        return {f"{i}.{name}": a for i, part in enumerate(parts) for name, a in part.items()}
    if isinstance(layer, MultiHeadAttention):
        d = arrays[-1].shape[-1]
        kernels, biases = (arrays[::2], arrays[1::2]) if layer.bias else (arrays, [])
        own = {"W": np.concatenate([a.reshape(d, d) for a in kernels[:3]], axis=1), "O": kernels[3].reshape(d, d)}
        return own | ({"b": np.concatenate([a.reshape(d) for a in biases[:3]]), "c": biases[3]} if biases else {})
    if isinstance(layer, PatchEmbedding):
        return {"W": arrays[0].reshape(-1, layer.units), "b": arrays[1]}
    if isinstance(layer, LearnedPositions | ClassToken):
        return {"P" if isinstance(layer, LearnedPositions) else "q": arrays[0]}
    if isinstance(layer, GRU):  # u, r, a there; r, u, a here
        k = layer.units
        W, R, b = (np.concatenate([a[..., k : 2 * k], a[..., :k], a[..., 2 * k :]], axis=-1) for a in arrays)
        own = {"W": W, "R": R[:, : 2 * k], "V": R[:, 2 * k :]}
        if layer.reset == "before":
            return own | {"b": b}
        return own | {"b": np.concatenate([b[0, : 2 * k] + b[1, : 2 * k], b[0, 2 * k :]]), "c": b[1, 2 * k :]}
    if isinstance(layer, Recurrent):
        return dict(zip(("W", "R", "b"), arrays, strict=True))
    if isinstance(layer, BatchNorm | LayerNorm | RMSNorm):
        return dict(zip(("gamma", "beta", "running_mean", "running_var"), arrays, strict=False))
    if isinstance(layer, Conv1D):
        return {"W": arrays[0][:, None], "b": arrays[1]}
    return dict(zip(("W", "b"), arrays, strict=False))
