"""Other people's ONNX files as networks."""

from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from byhand.core.config import from_config
from byhand.core.errors import ByhandError
from byhand.core.types import Array, Shape
from byhand.exchange.onnx import formulas, operators, operators_axes, recurrent  # noqa: F401  (they register themselves)
from byhand.exchange.onnx.attention import Inside
from byhand.exchange.onnx.constants import FOLDED, TYPES, Budget, fold_constants
from byhand.exchange.onnx.graph import onnx_package
from byhand.exchange.onnx.nodes import OPERATORS, Node
from byhand.exchange.onnx.values import LARGEST_SAMPLE, Computed, PlacedLayer, straight
from byhand.layers import Sigmoid, Softmax
from byhand.losses import MSE, BinaryCrossEntropy, CategoricalCrossEntropy, Loss
from byhand.network import Network

LARGEST_ONNX = 2**31  # bytes
MOST_NODES = 10_000
NEWEST_OPSET = 30
CHANNELS_LAST = {"LayerNormalization", "MatMul", "Softmax"}  # what an input goes into tells how its axes stand
CHANNELS_FIRST = {"AveragePool", "BatchNormalization", "Conv", "ConvTranspose", "MaxPool"}
CHANNELS_FIRST |= {"GlobalAveragePool", "GlobalMaxPool"}


@dataclass(frozen=True)
class GraphRead:
    """A graph as layers: its input, and what it computes from it."""

    source: Computed
    result: Computed
    tokens: bool
    notes: dict[str, str]


def load_onnx(path: str | Path, shape: Shape | None = None, loss: Loss | None = None) -> Network:
    """The network of an ONNX file.

    Images (channels, height, width) become (height, width, channels). What the last node gives tells the loss, unless
    it is given: CategoricalCrossEntropy after Softmax or several outputs, BinaryCrossEntropy after Sigmoid, MSE for a
    single output; the softmax or sigmoid becomes the loss' own. Nothing in the file is executed, no other file opened.

    Args:
        path: the file.
        shape: the sizes of the input's axes without that of the samples, where the file leaves them open.
        loss: the loss to train it with.

    Raises:
        ByhandError: the file is missing or damaged, or has something that byhand has no layer for.
    """
    path = Path(path)
    if not path.is_file():
        raise ByhandError(f"{path}: there is no such ONNX file.")
    if path.stat().st_size > LARGEST_ONNX:
        raise ByhandError(f"{path}: larger than {LARGEST_ONNX:,} bytes.")
    return network_from_onnx(path.read_bytes(), str(path), shape, loss)


def network_from_onnx(
    content: bytes, name: str = "the ONNX file", shape: Shape | None = None, loss: Loss | None = None
) -> Network:
    """The network of an ONNX file's bytes; see `load_onnx`."""
    onnx = onnx_package()
    try:
        model = onnx.load_model_from_string(content)
    except Exception as error:  # protobuf's own, without a common base
        raise ByhandError(f"{name}: not a readable ONNX file ({type(error).__name__}).") from None
    try:
        with np.errstate(all="ignore"):  # what isn't finite in the end is refused
            return _network(read_graph(model, {}, shape, len(content)), loss)
    except (ByhandError, ValueError, TypeError, AttributeError, IndexError, KeyError) as error:
        known = isinstance(error, ByhandError)
        raise ByhandError(f"{name}: {error if known else 'its graph is damaged.'}") from None


def _network(read: GraphRead, loss: Loss | None) -> Network:
    result, notes = read.result.settled(), read.notes
    steps, out = [*result.steps], result.shape
    own = np.array_equal(result.order.reshape(-1), np.arange(result.order.size))
    if not own and len(out) == 3:
        result.as_image("The output")
    elif not own:
        raise ByhandError("its output's numbers stand in an order that no layer of byhand has.")
    last = steps[-1].layer if steps else None
    wanted = loss if loss is not None else _told(notes, out)
    if isinstance(last, Softmax) and (wanted is None or isinstance(wanted, CategoricalCrossEntropy)):
        steps.pop()
        wanted = wanted or CategoricalCrossEntropy()
    elif isinstance(last, Sigmoid) and (wanted is None or isinstance(wanted, BinaryCrossEntropy)):
        steps.pop()
        wanted = wanted or BinaryCrossEntropy()
    if wanted is None:
        wanted = CategoricalCrossEntropy() if out[-1] > 1 and len(out) < 3 else MSE() if len(out) < 3 else None
    if not steps:
        raise ByhandError("there is no layer in it.")
    inputs = "tokens" if read.tokens else notes.get("byhand.inputs")
    if inputs not in ("tokens", "grey levels", "numbers"):
        image = len(read.source.shape) == 3 and read.source.shape[2] in (1, 3)
        inputs = "grey levels" if image else "numbers"
    classes = notes["byhand.classes"].split("\n") if notes.get("byhand.classes") else None
    task = notes.get("byhand.task")
    network = Network(
        read.source.shape,
        [placed.layer for placed in steps],
        wanted,
        rng=None,
        inputs=inputs,
        classes=classes,
        task=task if task in ("classes", "numbers") else None,
    )
    _fill(network, steps)
    return network


def _told(notes: dict[str, str], out: Shape) -> Loss | None:
    """The loss that byhand wrote into the file."""
    name = notes.get("byhand.loss", "")
    if not name or name in ("NoLoss", "CTC") or len(out) == 3:
        return None
    try:
        found = from_config({"kind": name})
    except ByhandError:
        return None
    return found if isinstance(found, Loss) else None


def _fill(network: Network, steps: list[PlacedLayer]) -> None:
    """Put the parameters in, as float32."""
    given = {f"{i}.{name}": a for i, placed in enumerate(steps) for name, a in placed.p.items()}
    with np.errstate(over="ignore"):
        values = {name: np.asarray(a, np.float32) for name, a in given.items()}
    if not all(np.isfinite(a).all() for a in values.values()):
        raise ByhandError("it holds parameters that are not finite numbers.")
    network.load_state_dict(values)


def read_graph(
    model: Any, constants: dict[str, Array], shape: Shape | None = None, size: int = LARGEST_SAMPLE
) -> GraphRead:
    """The layers of a graph.

    Args:
        model: the onnx.ModelProto.
        constants: inputs that count as constant, by name.
        shape: the sizes of the input's axes without that of the samples.
        size: how large the file is, in bytes; bounds what its constants may become.

    Raises:
        ByhandError: it has something that byhand has no layer for.
    """
    graph, opset = model.graph, _opset(model)
    if len(graph.node) > MOST_NODES:
        raise ByhandError(f"its graph has more than {MOST_NODES:,} nodes.")
    if len(graph.sparse_initializer):
        raise ByhandError("it has sparse constants, which aren't known.")
    values: dict[str, Any] = dict(constants)
    for tensor in graph.initializer:
        values[tensor.name] = _tensor(tensor)
    open_inputs = [value for value in graph.input if value.name not in values]
    if len(open_inputs) != 1 or not graph.output:
        raise ByhandError(f"its graph has {len(open_inputs)} inputs, not one.")
    needed = _needed(graph)
    notes = {prop.key: prop.value for prop in model.metadata_props}
    nodes = [node for node in graph.node if needed & {*node.output}]
    source, tokens = _source(open_inputs[0], nodes, shape, own="byhand.inputs" in notes)
    values[open_inputs[0].name] = source
    budget = Budget(2 * size + 2**16)
    for node in nodes:
        _work_out(node, values, needed, opset, budget)
    result = values.get(graph.output[0].name)
    if not isinstance(result, Computed):
        raise ByhandError("its output doesn't depend on its input.")
    return GraphRead(source, result, tokens, notes)


def _opset(model: Any) -> int:
    versions = {entry.domain: entry.version for entry in model.opset_import}
    version = versions.get("", versions.get("ai.onnx"))
    if version is None or not 1 <= version <= NEWEST_OPSET:
        raise ByhandError(f"its operators' version {version} isn't known.")
    return int(version)


def _tensor(tensor: Any) -> Array:
    """A constant of the file."""
    onnx = onnx_package()
    if tensor.data_location == onnx.TensorProto.EXTERNAL or len(tensor.external_data):
        raise ByhandError("it keeps weights in another file; byhand opens no other file.")
    if tensor.data_type not in TYPES or any(n < 0 for n in tensor.dims) or len(tensor.dims) > 8:
        raise ByhandError(f"its constant {tensor.name[:40]!r} holds no numbers that byhand knows.")
    try:
        return np.asarray(onnx.numpy_helper.to_array(tensor))
    except Exception:
        raise ByhandError(f"its constant {tensor.name[:40]!r} is damaged.") from None


def _needed(graph: Any) -> set[str]:
    """The names that the first output depends on."""
    makers = {name: node for node in graph.node for name in node.output if name}
    found, left = set(), [graph.output[0].name]
    while left:
        name = left.pop()
        if name in found:
            continue
        found.add(name)
        if name in makers:
            left += [other for other in makers[name].input if other]
    return found


def _source(value: Any, nodes: list[Any], shape: Shape | None, own: bool) -> tuple[Computed, bool]:
    """The input: which axis counts the samples, and how its numbers stand in byhand's order, as in files of its own."""
    kind = value.type.tensor_type
    sizes = [int(d.dim_value) if d.HasField("dim_value") else 0 for d in kind.shape.dim]
    users = [node for node in nodes if value.name in node.input]
    first = users[0] if users else None
    recurrent_first = first is not None and first.op_type in ("RNN", "LSTM", "GRU")
    layout = any(a.name == "layout" and a.i for a in first.attribute) if first is not None else False
    batch = 1 if recurrent_first and not layout and len(sizes) == 3 else 0
    sides = [n for i, n in enumerate(sizes) if i != batch]
    if shape is not None:
        if len(shape) != len(sides) or any(n > 0 and n != m for n, m in zip(sides, shape, strict=True)):
            raise ByhandError(f"its input takes samples of {[n or '?' for n in sides]}, not {list(shape)}.")
        sides = [*shape]
    if not sizes or any(n < 1 for n in sides):
        raise ByhandError(f"its input leaves sizes of a sample open, {[n or '?' for n in sides]}; say which (--shape).")
    if len(sides) > 3:
        raise ByhandError(f"its samples {sides} have more than three axes.")
    if prod(sides) > LARGEST_SAMPLE:
        raise ByhandError(f"its samples {sides} have more than {LARGEST_SAMPLE:,} numbers.")
    op = "" if first is None else first.op_type
    turned = [[*a.ints] for a in first.attribute] if first is not None and op == "Transpose" else []
    last = own or op in CHANNELS_LAST or turned == [[0, 3, 1, 2]]
    order = straight(tuple(sides))
    if (len(sides) == 3 and not last) or (len(sides) == 2 and op in CHANNELS_FIRST and not own):
        order = np.moveaxis(straight((*sides[1:], sides[0])), -1, 0)
        sides = [*sides[1:], sides[0]]
    tokens = kind.elem_type in (6, 7) and op in ("Gather", "Equal")
    return Computed((), tuple(sides) or (1,), order, batch, samples=sizes[batch] or 1), tokens


def _work_out(node: Any, values: dict[str, Any], needed: set[str], opset: int, budget: Budget) -> None:
    """Give a node's outputs their values."""
    kind = node.op_type
    if node.domain not in ("", "ai.onnx"):
        raise ByhandError(f"its operator {node.domain[:40]}.{kind[:40]} isn't of the standard.")
    at = Node(kind, _attributes(node), opset, [bool(name) and name in needed for name in node.output])
    if missing := [name for name in node.input if name and name not in values]:
        raise ByhandError(f"{kind} takes {missing[0][:40]!r}, which nothing computes.")
    inputs = [values[name] if name else None for name in node.input]
    computed: list[Any] = [value for value in inputs if isinstance(value, Computed | Inside)]
    if kind == "Constant":
        results: Any = _constant(at)
    elif kind == "Shape" and computed:
        start, end = at.whole("start", 0), at.attributes.get("end")
        results = np.array(computed[0].sizes, np.int64)[start:end]
    elif not computed and kind in FOLDED and inputs and inputs[0] is not None:
        results = fold_constants(at, inputs, budget)
    elif kind not in OPERATORS and not any(isinstance(value, Inside) for value in inputs):
        raise ByhandError(f"byhand has no layer for the operator {kind[:40]!r}.")
    elif not inputs or not computed:
        raise ByhandError(f"{kind} of constants isn't known.")
    else:
        results = _read(at, inputs)
    results = results if isinstance(results, tuple) else (results,)
    for name, value in zip(node.output, results, strict=False):
        values[name] = value
    if lacking := [name for name in node.output if name in needed and name not in values]:
        raise ByhandError(f"{kind}'s further output {lacking[0][:40]!r} isn't known.")


def _read(at: Node, inputs: list[Any]) -> Any:
    try:
        inside = next((value for value in inputs if isinstance(value, Inside)), None)
        if inside is not None and at.kind not in ("Gather", "Slice", "Split"):
            found = inside.read(at, inputs)
            if found is not None:
                return found
        return OPERATORS[at.kind](at, *inputs)
    except (TypeError, ValueError, AttributeError, IndexError) as error:
        if isinstance(error, ByhandError):
            raise
        raise ByhandError(f"{at.kind} has inputs or attributes that don't fit it.") from None


def _constant(at: Node) -> Array:
    for name in ("value", "value_float", "value_floats", "value_int", "value_ints"):
        if name in at.attributes:
            value = at.attributes[name]
            if isinstance(value, np.ndarray):
                return value
            return np.asarray(value, np.int64 if "int" in name else np.float32)
    raise ByhandError("Constant without numbers isn't known.")


def _attributes(node: Any) -> dict[str, Any]:
    """A node's attributes: numbers, texts, and arrays; graphs inside it aren't known."""
    onnx = onnx_package()
    found = {}
    for attribute in node.attribute:
        if attribute.type == onnx.AttributeProto.TENSOR:
            found[attribute.name] = _tensor(attribute.t)
        elif attribute.type in (onnx.AttributeProto.GRAPH, onnx.AttributeProto.GRAPHS):
            raise ByhandError(f"{node.op_type[:40]} holds a graph of its own, which byhand doesn't run.")
        else:
            found[attribute.name] = onnx.helper.get_attribute_value(attribute)
    return found
