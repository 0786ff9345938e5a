"""Model files: safetensors with a readable description.

The file holds one tensor for each parameter, named by layer and parameter ("0.W"), and in its header, under the key
"byhand", the description as JSON: input shape, layers, loss, classes, and what becomes of a table's columns. Weights
of 8 bits have a second tensor beside them, "0.W.scale".
"""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

import byhand.losses.ctc  # noqa: F401  (files may name its loss)
from byhand.core.arena import Arena, Parameter
from byhand.core.config import from_config, to_config
from byhand.core.errors import ByhandError
from byhand.core.files import write_atomically
from byhand.core.types import Array
from byhand.layers import Layer, plan_layers
from byhand.losses import Loss
from byhand.network import Network

if TYPE_CHECKING:
    from byhand.data.table import Table

MODEL_FORMAT = 1
SCALE = ".scale"


def network_description(network: Network) -> dict[str, Any]:
    """The description of a network as plain data."""
    description = {
        "format": MODEL_FORMAT,
        "input_shape": list(network.input_shape),
        "layers": to_config(network.layers),
        "loss": to_config(network.loss),
        "classes": list(network.classes) if network.classes else None,
        "inputs": network.inputs,
        "task": network.task,
    }
    if network.table:
        description["table"] = to_config(network.table)
    return description | ({"vocabulary": list(network.vocabulary)} if network.vocabulary else {})


def save_network(network: Network, path: str | Path, dtype: Any = None) -> None:
    """Write `network` to `path`, atomically; the same network gives the same bytes.

    Args:
        network: the network.
        path: the file, usually ending in .safetensors.
        dtype: the type in which the numbers are stored: by default that of the network; float16 for a file of half the
            size; or int8 for a quarter of the size, where each weight is a whole number from −127 to 127 times the
            scale of its column (for a convolution: its filter), and biases and other vectors are float16. The state of
            layers, such as running variances, is stored at least as float32, because it may exceed the range of
            float16.

    Raises:
        ByhandError: the file cannot be written, or a number is not finite in `dtype`.
    """
    from byhand.core.tensor_file import to_bytes

    write_atomically(Path(path), to_bytes(*network_tensors(network, path, dtype)))


def network_tensors(network: Network, path: str | Path, dtype: Any = None) -> tuple[dict[str, Array], dict[str, str]]:
    """What a model file holds, its tensors and its header; `dtype` as for `save_network`, `path` for messages.

    Raises:
        ByhandError: a number is not finite in `dtype`.
    """
    stored = np.dtype(dtype or network.dtype)
    if stored not in (np.int8, np.float16, np.float32, np.float64):
        raise ByhandError(f"{path}: a network is stored as int8, float16, float32 or float64, not {stored}.")
    whole, stored = stored == np.int8, np.dtype(np.float16) if stored == np.int8 else stored
    whole_theta, whole_state = network.ops.to_numpy(network.theta), network.ops.to_numpy(network.state)
    theta = _finite_as(stored, whole_theta, "parameters", path)
    state = _finite_as(np.result_type(stored, np.float32), whole_state, "layers' running figures", path)
    tensors = {p.full_name: p.view(theta) for p in network.arena.parameters}
    tensors |= {p.full_name: p.view(state) for p in network.state_arena.parameters}
    for p in network.arena.parameters if whole else ():
        if len(p.shape) > 1:
            tensors[p.full_name], tensors[p.full_name + SCALE] = _whole_numbers(p.view(whole_theta))
    description = json.dumps(network_description(network), ensure_ascii=False, sort_keys=True)
    return tensors, {"byhand": description}


def _finite_as(dtype: np.dtype, vector: Array, what: str, path: str | Path) -> Array:
    """`vector` in that dtype; refused where a number in it is not finite, or too large for the dtype."""
    with np.errstate(over="ignore"):
        stored = vector.astype(dtype)
    wrong = np.flatnonzero(~np.isfinite(stored))
    if wrong.size:
        hint = " Store the network as float32." if np.isfinite(vector).all() else ""
        raise ByhandError(
            f"{path}: not written, because the {what} are not all finite numbers as {dtype}: "
            f"one is {vector[wrong[0]]:g}.{hint}"
        )
    return stored


def _whole_numbers(W: Array) -> tuple[Array, Array]:
    """W (..., out) as int8 q and float32 scales s (out,): W = q s to within s / 2, s = max |W| / 127 of each column."""
    s = np.abs(W).reshape(-1, W.shape[-1]).max(axis=0).astype(np.float32) / 127
    s[s == 0] = 1
    return np.rint(W / s).astype(np.int8), s


def load_network(path: str | Path) -> Network:
    """Read a network that `save` wrote; numbers stored in half precision or 8 bits come back as float32.

    Raises:
        ByhandError: the file is missing or damaged, was not written by byhand, or its numbers do not fit its
            description.
    """
    from byhand.core.tensor_file import SafetensorError, safe_open

    path = Path(path)
    if path.is_dir() or not path.exists():
        raise ByhandError(f"{path}: there is no such model file.")
    try:
        with safe_open(path, "np") as file:
            description = _description(path, (file.metadata() or {}).get("byhand"))
            layers, loss, shape = _parts(path, description)
            plans = plan_layers(layers, shape)
            _check_tensors(path, file, Arena(plans).parameters + Arena(plans, "state").parameters)
            dtypes = {file.get_slice(key).get_dtype() for key in file.keys()}  # noqa: SIM118
            dtype = np.float64 if dtypes == {"F64"} else np.float32
            network = Network(
                shape,
                layers,
                loss,
                rng=None,
                inputs=description.get("inputs", "grey levels"),  # 0.1 knew no other
                dtype=dtype,
                classes=description.get("classes"),
                task=description.get("task"),
            )
            network.table = _table(path, description, network)
            network.vocabulary = _vocabulary(path, description, network)
            for arena, vector in ((network.arena, network.theta), (network.state_arena, network.state)):
                for p in arena.parameters:
                    p.view(vector)[...] = _numbers(file, p.full_name)
    except (SafetensorError, OSError) as error:
        raise ByhandError(f"{path}: not a readable safetensors file ({error}).") from None
    except RecursionError:
        raise ByhandError(f"{path}: its description is damaged.") from None
    except ByhandError as error:
        where = "" if str(error).startswith(str(path)) else f"{path}: "  # layers know nothing of files
        raise ByhandError(f"{where}{error}") from None
    for what, vector in (("parameters", network.theta), ("running figures", network.state)):
        if not np.isfinite(vector).all():
            raise ByhandError(f"{path}: holds {what} that are not finite numbers.")
    return network


def _numbers(file: Any, name: str) -> Array:
    numbers: Array = file.get_tensor(name)
    return numbers * file.get_tensor(name + SCALE) if numbers.dtype == np.int8 else numbers


def _description(path: Path, text: str | None) -> dict[str, Any]:
    if text is None:
        raise ByhandError(f"{path}: a safetensors file, but not one that byhand wrote (it has no description).")
    try:
        description = json.loads(text)
        newer = description["format"] > MODEL_FORMAT
    except (ValueError, TypeError, KeyError, RecursionError):
        raise ByhandError(f"{path}: its description is damaged.") from None
    if newer:
        raise ByhandError(f"{path}: was written by a newer byhand (format {description['format']}); please upgrade.")
    return description


def _parts(path: Path, description: dict[str, Any]) -> tuple[tuple[Layer, ...], Loss, tuple[int, ...]]:
    layers, loss = (from_config(description.get(key), str(path)) for key in ("layers", "loss"))
    shape, classes = description.get("input_shape"), description.get("classes") or []
    fits = (
        isinstance(layers, tuple)
        and layers
        and all(isinstance(layer, Layer) for layer in layers)
        and isinstance(loss, Loss)
        and isinstance(shape, list)
        and all(isinstance(size, int) and size > 0 for size in shape)
        and isinstance(classes, list)
        and all(isinstance(name, str) for name in classes)
    )
    if not fits or shape is None:
        raise ByhandError(f"{path}: its description is damaged.")
    return layers, loss, tuple(shape)


def _table(path: Path, description: dict[str, Any], network: Network) -> "Table | None":
    if description.get("table") is None:
        return None
    from byhand.data.table import Table

    table = from_config(description["table"], str(path))
    fits = isinstance(table, Table) and (table.width,) == network.input_shape
    if not fits or max(len(table.classes), 2) != max(network.outputs, 2):
        raise ByhandError(f"{path}: its description of a table is damaged.")
    return table


def _vocabulary(path: Path, description: dict[str, Any], network: Network) -> tuple[str, ...]:
    found = description.get("vocabulary") or ()
    fits = isinstance(found, list | tuple) and all(isinstance(token, str) and token for token in found)
    if not fits or (found and len(found) + 1 != getattr(network.layers[0], "vocabulary", None)):
        raise ByhandError(f"{path}: its vocabulary is damaged.")
    return tuple(found)


def _check_tensors(path: Path, file: Any, parameters: list[Parameter]) -> None:
    """Check names and shapes before allocating arrays."""
    wanted = {p.full_name: list(p.shape) for p in parameters}
    kept = {name: file.get_slice(name).get_dtype() for name in wanted.keys() & set(file.keys())}
    wanted |= {name + SCALE: wanted[name][-1:] for name, dtype in kept.items() if dtype == "I8"}
    found = {key: list(file.get_slice(key).get_shape()) for key in file.keys()}  # noqa: SIM118
    for name in sorted(wanted.keys() | found.keys()):
        if wanted.get(name) != found.get(name):
            raise ByhandError(
                f"{path}: tensor {name} has shape {found.get(name, 'none')}, "
                f"but the description needs {wanted.get(name, 'none')}."
            )
