"""Networks as ONNX files: opset 17, any number of samples at once."""

from pathlib import Path
from typing import Any

from byhand.core.files import write_atomically
from byhand.core.version import __version__
from byhand.exchange.onnx import (  # noqa: F401  (they register their layers)
    writing_attention,
    writing_images,
    writing_rows,
    writing_sources,
    writing_steps,
)
from byhand.exchange.onnx.graph import IR_VERSION, OPSET, Flow, GraphWriter, write_chain
from byhand.network import Network

INPUT, OUTPUT = "x", "y"


def to_onnx(network: Network, logits: bool = False) -> Any:
    """The network as an ONNX model (`onnx.ModelProto`).

    Its input x (n, *input_shape) is what `predict_proba` takes, as float32 (tokens as int64): images have their
    channels last, grey levels go from 0 to 1. Its output y is what `predict_proba` gives.

    Args:
        network: the network.
        logits: leave out the softmax or sigmoid that the loss contains.

    Raises:
        ByhandError: the package onnx isn't installed, or a layer has no meaning in ONNX.
    """
    to = GraphWriter(network.state_dict())
    onnx, start = to.onnx, Flow(INPUT, network.input_shape)
    flow = write_chain(to, tuple(network.layers), tuple(network.plan), to.values, start)
    name = to.channels_last(flow).name
    if network.loss.activation and not logits:
        name = to.node("Softmax", name, axis=-1) if network.loss.activation == "softmax" else to.node("Sigmoid", name)
    to.nodes.append(onnx.helper.make_node("Identity", [name], [OUTPUT]))
    kind = onnx.TensorProto.INT64 if network.inputs == "tokens" else onnx.TensorProto.FLOAT
    value = onnx.helper.make_tensor_value_info
    graph = onnx.helper.make_graph(
        to.nodes,
        "network",
        [value(INPUT, kind, ["n", *network.input_shape])],
        [value(OUTPUT, onnx.TensorProto.FLOAT, ["n", *network.plan[-1].out_shape])],
        to.constants,
    )
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", OPSET)])
    model.ir_version, model.producer_name, model.producer_version = IR_VERSION, "byhand", __version__
    notes = {"byhand.inputs": network.inputs, "byhand.task": network.task, "byhand.loss": type(network.loss).__name__}
    if network.classes:
        notes["byhand.classes"] = "\n".join(network.classes)
    onnx.helper.set_model_props(model, notes)
    return model


def save_onnx(network: Network, path: str | Path, logits: bool = False) -> None:
    """Write `network` to `path` as an ONNX file, checked by onnx.checker; see `to_onnx`.

    Raises:
        ByhandError: as `to_onnx`, or the file can't be written.
    """
    model = to_onnx(network, logits)
    from onnx.checker import check_model

    check_model(model, full_check=True)
    write_atomically(Path(path), model.SerializeToString(deterministic=True))
