"""The available networks: those of the package, and those of trainings."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from math import isqrt, prod
from pathlib import Path
from typing import Any

from byhand.core.errors import ByhandError
from byhand.explaining.blocks import blocks
from byhand.generating.files import CRITIC, ENCODER, load_drawer
from byhand.layers import Activation, Conv2D, Dense, Dropout, Flatten, Layer, MultiHeadAttention, Softmax
from byhand.layers.sequences.recurrent import Recurrent
from byhand.network import Network
from byhand.reading.model import load_model
from byhand.reading.reader import MODELS, READER
from byhand.web.limits import Refusal
from byhand.web.networks import NETWORKS_FOLDER

SHIPPED_FOLDER = MODELS
DEFAULT_MODEL = "dense"  # whose inside is the easiest to look into
MODEL_SUFFIX = ".safetensors"
IMAGE_PIXELS = 28 * 28
ABOUT = {"rows": "It reads whole rows. ", "noise": "It draws. ", "text": "It writes. "}


@dataclass(frozen=True)
class Model:
    """A network and its description.

    Attributes:
        id: by which it is asked for.
        network: the network.
        card: what its file says of itself.
        told: how many classes a network that draws is told, as its last inputs.
    """

    id: str
    network: Network
    card: Mapping[str, Any] = field(default_factory=dict)
    told: int = 0

    @cached_property
    def reads(self) -> str:
        """What it takes: "digit", "noise" of which it draws 28 × 28 pixels, "text" whose next character it predicts.

        Else it is "rows", pictures of any width.
        """
        network, shape, last = self.network, self.network.input_shape, self.network.plan[-1].out_shape
        if network.inputs == "tokens":
            letters = network.classes and all(len(name) == 1 for name in network.classes)
            return "text" if letters and last == (*shape, len(network.classes or ())) else "rows"
        if len(shape) == 1 and shape[0] < IMAGE_PIXELS and prod(last) == IMAGE_PIXELS:
            return "noise"
        grey = prod(shape) == IMAGE_PIXELS and shape[2:] in ((), (1,))  # one channel
        return "digit" if grey and len(last) == 1 and last[0] > 1 else "rows"

    @cached_property
    def inside(self) -> tuple[str, ...]:
        """What else one can see in it while it reads a digit: "attention", "states"."""
        if self.reads != "digit":
            return ()
        layers = list(nested(self.network.layers))
        kinds = {"attention": MultiHeadAttention, "states": Recurrent}
        return tuple(name for name, kind in kinds.items() if any(isinstance(layer, kind) for layer in layers))

    def require_digit(self) -> None:
        """Nothing, for a network that reads single digits.

        Raises:
            Refusal: it takes something else.
        """
        if self.reads != "digit":
            raise Refusal(422, "Looking inside needs a network that gives each image of 28 × 28 one answer.")

    @cached_property
    def classes(self) -> tuple[str, ...]:
        """The names of the classes."""
        network = self.network
        return network.classes or tuple(str(i) for i in range(network.plan[-1].out_shape[-1]))

    @cached_property
    def facts(self) -> dict[str, Any]:
        """What the page shows in its list of networks."""
        network, card = self.network, dict(self.card)
        label = " · ".join(layer.label() for layer in network.layers)
        about = f"{ABOUT.get(self.reads, '')}{label}; {network.size:,} parameters."
        return {
            "id": self.id,
            "name": card.get("name") or self.id.replace("-", " ").capitalize(),
            "description": card.get("description") or about,
            "reads": self.reads,
            "inside": list(self.inside),
            "told": self.told,
            "input_shape": list(network.input_shape),
            "image_shape": input_image_shape(network),
            "classes": list(self.classes),
            "parameters": network.size,
            "accuracy": card.get("test_accuracy"),
            "card": card,
            "output_activation": output_activation(network),
            "layers": layer_facts(network),
        }


def nested(layers: Sequence[Layer]) -> Iterator[Layer]:
    """All layers, those within other layers too."""
    for layer in layers:
        yield layer
        yield from nested(layer.layers)


def input_image_shape(network: Network) -> list[int] | None:
    """(height, width) of the images that it takes; None where rows may have any length."""
    shape = network.input_shape
    if len(shape) == 1:
        side = isqrt(shape[0])
        return [side, side] if side * side == shape[0] else None
    return list(shape[:2])


def output_activation(network: Network) -> str | None:
    """The output activation: "softmax", "sigmoid" or None."""
    if network.loss.activation:
        return network.loss.activation
    last = network.layers[-1]
    return type(last).__name__.lower() if isinstance(last, Activation) else None


def logits_depth(network: Network) -> int:
    """The number of layers before the output activation."""
    last = network.layers[-1]
    inside = not network.loss.activation and isinstance(last, Activation | Softmax) and len(network.layers) > 1
    return len(network.layers) - inside


def layer_kind(layer: Any) -> str:
    """The kind of layer for the page."""
    for name, of in (("dense", Dense), ("conv", Conv2D), ("flatten", Flatten), ("dropout", Dropout)):
        if isinstance(layer, of):
            return name
    if isinstance(layer, Activation):
        return "activation"
    if isinstance(layer, Recurrent):
        return "recurrent"
    if layer.layers:
        return "block"
    label = type(layer).__name__
    return "pool" if "Pool" in label else "norm" if "Norm" in label else "other"


def layer_facts(network: Network) -> list[dict[str, Any]]:
    """Each layer's label, names, shapes and number of parameters."""
    counts = [0] * len(network.layers)
    for parameter in network.arena.parameters:
        counts[int(parameter.path[0])] += parameter.size
    return [
        {
            "index": i,
            "label": block.layer.label(),
            "kind": layer_kind(block.layer),
            "name": block.names["y"],
            "input": block.names["x"],
            "output_shape": list(block.plan.out_shape),
            "parameters": {name: list(shape) for name, shape in block.plan.params.items()},
            "count": counts[i],
        }
        for i, block in enumerate(blocks(network))
    ]


def require_view(model: Model, name: str) -> None:
    """Nothing, for a network that the page can show.

    Raises:
        ByhandError: the page has no view for it.
    """
    if model.reads == "rows" or (model.reads == "digit" and model.network.inputs != "grey levels"):
        raise ByhandError(
            f"{name}: the page shows networks that read images of 28 × 28 in grey levels, draw such images, or predict "
            "the next character of a text; this is none of them."
        )


class Catalogue:
    """The networks in the folders by name, and the one that reads rows; unreadable files are left out.

    Args:
        folders: where the files lie.
    """

    def __init__(self, folders: tuple[Path, ...] = (SHIPPED_FOLDER, NETWORKS_FOLDER)):
        self.models: dict[str, Model] = {}
        self.unreadable: dict[str, str] = {}
        for path in (path for folder in folders for path in sorted(folder.glob(f"*{MODEL_SUFFIX}"))):
            try:
                self.models.setdefault(path.stem, Model(path.stem, Network.load(path), read_card(path)))
            except ByhandError as error:
                self.unreadable[path.stem] = str(error)
        if SHIPPED_FOLDER in folders:
            try:
                reader = load_model(READER)
            except ByhandError as error:
                self.unreadable[READER.stem] = str(error)
            else:
                card = {"name": "The row reader", "description": reader.card.get("description")}
                self.models[READER.stem] = Model(READER.stem, reader.rows[0], card)

    @property
    def default(self) -> str:
        """The id of the default network."""
        return DEFAULT_MODEL if DEFAULT_MODEL in self.models else next(iter(self.models))

    def add(self, path: Path) -> None:
        """Add a network that the user names: a model file, or the folder of a run.

        Raises:
            ByhandError: no model file, or a network that the page has no view for.
        """
        file = path / f"model{MODEL_SUFFIX}" if path.is_dir() else path
        network, told = Network.load(file), 0
        if any((file.parent / name).exists() for name in (CRITIC, ENCODER)):
            told = load_drawer(file).classes
        name = re.sub(r"[^A-Za-z0-9_.-]", "-", (path if file.stem != "model" else file.resolve().parent).name)
        name = name.removesuffix(MODEL_SUFFIX)[:60] or "model"
        while name in self.models:
            name += "-"
        model = Model(name, network, {"name": name} | read_card(file), told)
        require_view(model, str(path))
        self.models[name] = model

    def get(self, name: str) -> Model:
        """The network of that id.

        Raises:
            Refusal: there is none.
        """
        if name not in self.models:
            raise Refusal(404, f"There is no network of that name; there are {', '.join(self.models)}.")
        return self.models[name]


def read_card(path: Path) -> dict[str, Any]:
    """The model card in the description of a file; empty if there is none."""
    from safetensors import safe_open

    with safe_open(path, "np") as file:
        card = json.loads(file.metadata()["byhand"]).get("card")
    return card if isinstance(card, dict) else {}
