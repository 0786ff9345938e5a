"""Models by their files' endings, wherever they come from."""

from pathlib import Path

import numpy as np

from byhand.core.errors import ByhandError
from byhand.core.types import Shape
from byhand.exchange.matching import Match
from byhand.layers import BatchNorm, Conv2D, Dense, Flatten
from byhand.losses import Loss
from byhand.network import Network
from byhand.storage import load_network


def any_network(path: str | Path, shape: Shape | None = None, loss: Loss | None = None) -> Network:
    """The network of a model file: byhand's own, or an ONNX file (`.onnx`).

    Args:
        path: the file.
        shape: the sizes of a sample's axes, for an ONNX file that leaves them open.
        loss: the loss of a network from an ONNX file.

    Raises:
        ByhandError: there is no such file, or it can't be read as a network.
    """
    path = Path(path)
    if path.suffix.lower() == ".onnx":
        from byhand.exchange.onnx.importing import load_onnx

        return load_onnx(path, shape, loss)
    return load_network(path)


def filled(network: Network, path: str | Path, channels_last: bool = False) -> list[Match]:
    """Fill a network with the weights in another library's file, by its ending.

    PyTorch's state_dict: .safetensors, .pt, .pth; Keras': .keras, .weights.h5.

    Args:
        network: the network.
        path: the file.
        channels_last: see `byhand.exchange.torch_weights.fill_from_torch`.

    Returns:
        What each layer was filled from.

    Raises:
        ByhandError: another ending, or what stands there doesn't fit; nothing is changed then.
    """
    ending = Path(path).suffix.lower()
    if ending in (".keras", ".h5", ".hdf5"):
        from byhand.exchange.keras_weights import fill_from_keras

        return fill_from_keras(network, path)
    if ending not in (".safetensors", ".pt", ".pth"):
        raise ByhandError(f"{path}: weights are read from .safetensors, .pt, .pth, .keras and .weights.h5 files.")
    from byhand.exchange.torch_weights import fill_from_torch, read_tensors

    return fill_from_torch(network, read_tensors(path), str(path), channels_last)


def for_range(network: Network, low: float, high: float) -> Network:
    """The same network for grey levels from 0 to 1, where it has learnt from other numbers.

    Args:
        network: a network that takes pictures.
        low: what it takes for black.
        high: what it takes for white.

    Raises:
        ByhandError: the two are the same, or not finite, or the network takes tokens.
    """
    if not np.isfinite((low, high)).all() or low == high:
        raise ByhandError(f"The range of grey levels must be two different numbers, not {low} and {high}.")
    if network.inputs == "tokens":
        raise ByhandError("A network that takes tokens has no range of grey levels.")
    layers, values, scale = [*network.layers], network.state_dict(), high - low
    learning = next((i for i, layer in enumerate(layers) if not isinstance(layer, Flatten)), 0)
    if low == 0 and isinstance(layers[learning], Dense | Conv2D):  # x' = high x: as well as high W
        values[f"{learning}.W"] = values[f"{learning}.W"] * np.float32(scale)
    else:  # x' = low + scale x, one batch normalisation whose figures are known
        k, known = network.input_shape[-1], {"gamma": scale, "beta": low, "running_mean": 0, "running_var": 1}
        values = {f"{int(n.split('.')[0]) + 1}.{n.split('.', 1)[1]}": v for n, v in values.items()}
        values |= {f"0.{name}": np.full(k, number, np.float32) for name, number in known.items()}
        layers = [BatchNorm(epsilon=1e-12), *layers]
    made = Network(
        network.input_shape,
        layers,
        network.loss,
        rng=None,
        inputs="grey levels",
        dtype=network.dtype,
        classes=network.classes,
        task=network.task,
    )
    made.load_state_dict(values)
    return made
