"""byhand convert."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from byhand.cli.app import PATH, app, json_option, model_file
from byhand.cli.output import print_json
from byhand.core.errors import ByhandError

if TYPE_CHECKING:
    from byhand.network import Network

WEIGHT_FILES = (".pt", ".pth", ".keras", ".h5", ".hdf5")


@app.command(epilog="Example:  byhand convert runs/conv-1 digits.onnx")
@click.argument(
    "source", type=PATH, help="A model file or run folder, .onnx, or weights for --like: .pt, .pth, .keras, .h5."
)
@click.argument("target", type=PATH, help="The file to write: .safetensors or .onnx.")
@click.option("--like", help="A recipe, a model file or a run folder with the network that the weights are for.")
@click.option("--channels-last", is_flag=True, help="The PyTorch model flattens images with their channels last.")
@click.option("--state-dict", is_flag=True, help="Write PyTorch's state_dict into the .safetensors file.")
@click.option("--shape", help="Sizes of a sample's axes, such as 1,28,28, where an ONNX file leaves them open.")
@click.option(
    "range_", "--range", type=(float, float), help="What the network takes for black and for white, such as 0 255."
)
@click.option("--task", help="What the outputs of an ONNX file are: classes or numbers.")
@click.option("--logits", is_flag=True, help="Write an ONNX file without the last softmax or sigmoid.")
@json_option
def convert(
    source: Path,
    target: Path,
    like: str | None,
    channels_last: bool,
    state_dict: bool,
    shape: str | None,
    range_: tuple[float, float] | None,
    task: str | None,
    logits: bool,
    json: bool,
) -> None:
    """Turn a network into another format: byhand's own (.safetensors), ONNX (.onnx), or PyTorch's state_dict."""
    from byhand.exchange.loading import any_network, filled, for_range
    from byhand.losses import MSE

    if task not in (None, "classes", "numbers"):
        raise ByhandError(f"--task is classes or numbers, not {task!r}.")
    if target.suffix.lower() not in (".safetensors", ".onnx"):
        raise ByhandError(f"{target}: a network is written as .safetensors or .onnx.")
    if state_dict and target.suffix.lower() != ".safetensors":
        raise ByhandError(f"{target}: a state_dict is written as .safetensors.")
    if like is not None:
        network = _like(like)
        for match in filled(network, source, channels_last):
            if not json:
                print(match)
    elif source.suffix.lower() in WEIGHT_FILES:
        raise ByhandError(f"{source} holds weights only; say with --like which network they are for.")
    else:
        network = any_network(model_file(source), _sizes_of(shape), MSE() if task == "numbers" else None)
        if range_ is not None and network.inputs == "grey levels":
            raise ByhandError(f"{source} says itself that it takes grey levels from 0 to 1; leave out --range.")
    if range_ is not None:
        network = for_range(network, *range_)
    if target.suffix.lower() == ".onnx":
        from byhand.exchange.onnx.exporting import save_onnx

        save_onnx(network, target, logits)
    elif state_dict:
        from byhand.exchange.torch_weights import save_torch_state

        save_torch_state(network, target, channels_last)
    else:
        network.save(target)
    if json:
        layers = [layer.label() for layer in network.layers]
        print_json({"file": str(target), "input_shape": [*network.input_shape], "layers": layers})
        return
    print(f"{network.summary()}\n\nIt takes {network.inputs}. Written to {target}.")


def _sizes_of(text: str | None) -> tuple[int, ...] | None:
    if text is None:
        return None
    try:
        return tuple(int(part) for part in text.split(","))
    except ValueError:
        raise ByhandError(f"--shape takes sizes such as 1,28,28; got {text!r}.") from None


def _like(name: str) -> "Network":
    """The network of a recipe or a model file."""
    from byhand.exchange.loading import any_network
    from byhand.network import Network
    from byhand.recipes import RECIPES

    if name not in RECIPES:
        return any_network(model_file(Path(name)))
    recipe = RECIPES[name]
    network = Network(recipe.input_shape, recipe.layers, recipe.loss)
    if network.inputs == "tokens":
        return network
    return Network(recipe.input_shape, recipe.layers, recipe.loss, inputs="grey levels")
