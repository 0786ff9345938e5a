"""A hand that was learnt: what differs from the package's network for rows, in a small file beside it."""

import json
from hashlib import sha256
from pathlib import Path

import numpy as np

from byhand.core.errors import ByhandError
from byhand.core.files import write_atomically
from byhand.network import Network

HAND_KEY = "byhand-hand"  # in the file's header: what it holds
LEARNT_FROM = 19  # the layers from this one on are learnt: the convolutions along the row, and the logits


def learnt_names(network: Network) -> list[str]:
    """The parameters that a hand changes."""
    return [name for name in network.named_parameters() if int(name.split(".")[0]) >= LEARNT_FROM]


def fingerprint(network: Network) -> str:
    """The SHA-256 of a network's parameters, by which a hand's file knows it."""
    return sha256(np.ascontiguousarray(network.theta, "<f4").tobytes()).hexdigest()


def save_hand(network: Network, base: Network, path: str | Path, about: dict[str, object]) -> None:
    """Write what `network` has learnt beyond `base`: differences as float16, and figures.

    Raises:
        ByhandError: the file cannot be written.
    """
    from byhand.core.tensor_file import to_bytes

    here, there = network.named_parameters(), base.named_parameters()
    tensors = {name: (here[name] - there[name]).astype(np.float16) for name in learnt_names(base)}
    tensors["state"] = (network.state - base.state).astype(np.float32)
    header = {HAND_KEY: json.dumps({"base": fingerprint(base), **about}, sort_keys=True)}
    write_atomically(Path(path), to_bytes(tensors, header))


def with_hand(base: Network, path: str | Path) -> Network:
    """A copy of the network that has learnt a hand.

    Raises:
        ByhandError: the file is no hand's, is damaged, or belongs to another network.
    """
    from byhand.core.tensor_file import SafetensorError, safe_open

    path = Path(path)
    if not path.is_file():
        raise ByhandError(f"{path}: there is no such file of a hand; make one with byhand train-hand.")
    network = Network(base.input_shape, base.layers, base.loss, rng=None, inputs=base.inputs, dtype=base.dtype)
    network.theta[...], network.state[...] = base.theta, base.state
    try:
        with safe_open(path, "np") as file:
            about = json.loads((file.metadata() or {}).get(HAND_KEY, "{}"))
            found = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError, ValueError, RecursionError):
        raise ByhandError(f"{path}: not the file of a hand, or damaged.") from None
    if not isinstance(about, dict) or "base" not in about:
        raise ByhandError(f"{path}: not the file of a hand; byhand train-hand writes one.")
    if about["base"] != fingerprint(base):
        raise ByhandError(
            f"{path} was learnt with another version of the reader; learn it again with byhand train-hand."
        )
    places = network.named_parameters()
    wanted = {name: places[name].shape for name in learnt_names(base)} | {"state": network.state.shape}
    if {name: tensor.shape for name, tensor in found.items()} != wanted or not all(
        tensor.dtype.kind == "f" and np.isfinite(tensor).all() for tensor in found.values()
    ):
        raise ByhandError(f"{path}: its numbers are damaged.")
    for name in learnt_names(base):
        places[name][...] += found[name]
    network.state[...] += found["state"]
    return network
