"""Other people's ONNX files: the standard's own tests, PyTorch's exports, and byhand's own files back again."""

import io
import warnings

import numpy as np
import pytest

import byhand as b
from tests.exchange.test_onnx_export import MORE, inputs, single
from tests.programs.networks import NETWORKS

onnx = pytest.importorskip("onnx")

from byhand.exchange.onnx.exporting import to_onnx  # noqa: E402
from byhand.exchange.onnx.importing import _fill, network_from_onnx, read_graph  # noqa: E402

OPERATORS = (
    *("AveragePool", "BatchNormalization", "Conv", "ConvTranspose", "Dropout", "Elu", "Flatten", "GRU", "Gelu", "Gemm"),
    *("GlobalAveragePool", "GlobalMaxPool", "LSTM", "LayerNormalization", "LeakyRelu", "MatMul", "MaxPool", "RNN"),
    *("Relu", "Reshape", "Sigmoid", "Softmax", "Swish", "Tanh"),
)
READ = 110
UNREAD = ("attention", "rotary", "peepholes")
REASONS = (  # why the others are refused
    "more than three axes",
    "counts the padding",
    "with dilations",
    "groups or dilations",
    "in training",
    "ConvTranspose from",
    "leaves the samples apart",
    "mixes the samples",
    "keep the samples apart",
    "for each sample",
    "along the last axis only",
    "stand apart",
    "peepholes",
    "second input has",
)


def standard_tests():
    """The standard's tests of one node, those of OPERATORS only: making all of them takes ten seconds."""
    import importlib
    import warnings

    from onnx.backend.test.case import node as cases

    for operator in OPERATORS:
        file = {"BatchNormalization": "batch_normalization"}.get(operator, operator.lower())
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            importlib.import_module(f"{cases.__name__}.{file}")
    return {
        t.name.removeprefix("test_"): t
        for t in cases._NodeTestCases
        if len(t.model.graph.node) == 1 and t.model.graph.node[0].op_type in OPERATORS
    }


def run_node(model, arrays):
    """What byhand gives for a model of one node: its first input flows, all others are constant."""
    names = [value.name for value in model.graph.input]
    read = read_graph(model, dict(zip(names[1:], arrays[1:], strict=True)), size=2**24)
    result = read.result.settled()
    x = np.moveaxis(arrays[0], read.source.batch, 0)
    if not result.steps:
        y = x.reshape(len(x), -1).astype(np.float64)[:, np.argsort(read.source.order.reshape(-1))]
    else:
        net = b.Network(read.source.shape, [p.layer for p in result.steps], rng=None)
        _fill(net, [*result.steps])
        flat = np.empty((len(x), read.source.order.size), np.float32)
        flat[:, read.source.order.reshape(-1)] = x.reshape(len(x), -1)
        y = net.predict_proba(flat.reshape(len(x), *net.input_shape)).reshape(len(x), -1)
    y = y[:, result.order.reshape(-1)].reshape(len(x), *result.order.shape)
    return np.moveaxis(y, 0, result.batch)


def outcome(test):
    """None where byhand agrees with the standard; else why not."""
    (arrays, wanted), *_ = test.data_sets
    arrays = [np.asarray(a) for a in arrays]
    try:
        found = run_node(test.model, arrays)
    except b.ByhandError as refusal:
        return str(refusal)
    return None if found.shape == wanted[0].shape and np.allclose(found, wanted[0], rtol=1e-3, atol=1e-5) else "differs"


def test_the_standards_own_tests():
    tests = standard_tests()
    found = {name: outcome(test) for name, test in tests.items()}
    assert {name: why for name, why in found.items() if why == "differs"} == {}
    refused = {name: why for name, why in found.items() if why}
    assert {name: why for name, why in refused.items() if not any(reason in why for reason in REASONS)} == {}
    if len(tests) == 173:  # of onnx 1.23
        assert len(tests) - len(refused) == READ


@pytest.mark.parametrize("name", [*NETWORKS, *MORE])
def test_own_files_come_back(name):
    net = single((NETWORKS | MORE)[name]())
    content = to_onnx(net).SerializeToString()
    if (name.startswith(("masked", "padding", "answering", "encoder")) and name != "padding") or name in UNREAD:
        with pytest.raises(b.ByhandError, match=r"lengths|no layer|first state|within attention|sequence|Equal"):
            network_from_onnx(content)  # masks, rotary attention and what starts from a state don't come back
        return
    back = network_from_onnx(content)
    x = inputs(net, name)
    assert type(back.loss) is (b.CategoricalCrossEntropy if name == "ctc" else type(net.loss))
    assert np.abs(back.predict_proba(x) - net.predict_proba(x)).max() < 1e-5


def graph(nodes, shape, constants=(), opset=17, output=None):
    """An ONNX file of these nodes; x is the input."""
    from onnx import TensorProto, helper, numpy_helper

    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)
    y = helper.make_tensor_value_info(output or nodes[-1].output[0], TensorProto.FLOAT, None)
    made = helper.make_graph(nodes, "g", [x], [y], [numpy_helper.from_array(a, name) for name, a in constants])
    return helper.make_model(made, opset_imports=[helper.make_opsetid("", opset)]).SerializeToString()


def test_what_an_exporter_of_pytorch_writes():
    """Shapes worked out by the graph, pads on all sides, x times σ(x), a projection behind a pooled image."""
    from onnx import helper

    rng = np.random.default_rng(0)
    W, b_ = rng.standard_normal((4, 2, 3, 3)).astype(np.float32), rng.standard_normal(4).astype(np.float32)
    D = rng.standard_normal((3, 36)).astype(np.float32)
    node = helper.make_node
    nodes = [
        node("Conv", ["x", "W", "b"], ["c"], kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1]),
        node("Sigmoid", ["c"], ["s"]),
        node("Mul", ["c", "s"], ["silu"]),
        node("Shape", ["silu"], ["shape"]),
        node("Gather", ["shape", "zero"], ["n"], axis=0),
        node("Unsqueeze", ["n", "axes"], ["n1"]),
        node("Concat", ["n1", "minus"], ["target"], axis=0),
        node("Reshape", ["silu", "target"], ["flat"]),
        node("Gemm", ["flat", "D"], ["d"], transB=1),
        node("Softmax", ["d"], ["y"], axis=1),
    ]
    whole = {"zero": 0, "axes": [0], "minus": [-1]}
    constants = [("W", W), ("b", b_), ("D", D), *((name, np.array(v, np.int64)) for name, v in whole.items())]
    content = graph(nodes, ["n", 2, 5, 6], constants)
    net = network_from_onnx(content)
    assert [type(layer).__name__ for layer in net.layers] == ["Conv2D", "SiLU", "Flatten", "Dense"]
    assert isinstance(net.loss, b.CategoricalCrossEntropy)
    x = rng.standard_normal((3, 5, 6, 2)).astype(np.float32)
    runtime = pytest.importorskip("onnxruntime")
    wanted = runtime.InferenceSession(content).run(None, {"x": x.transpose(0, 3, 1, 2)})[0]
    assert np.abs(net.predict_proba(x) - wanted).max() < 1e-5


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("joint", [False, True])
def test_attention_that_pytorch_exports(causal, joint):
    torch = pytest.importorskip("torch")
    nn, f = torch.nn, torch.nn.functional

    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.before, self.out, self.positions = nn.LayerNorm(8), nn.Linear(8, 8), nn.Parameter(torch.randn(1, 5, 8))
            self.parts = nn.ModuleList([nn.Linear(8, 24)] if joint else [nn.Linear(8, 8) for _ in range(3)])

        def forward(self, x):
            n, steps, d = x.shape
            x = x + self.positions
            z = self.before(x)
            q, k, v = self.parts[0](z).split(d, dim=2) if joint else (part(z) for part in self.parts)
            q, k, v = (part.view(n, steps, 2, d // 2).transpose(1, 2) for part in (q, k, v))
            y = f.scaled_dot_product_attention(q, k, v, is_causal=causal)
            return (x + self.out(y.transpose(1, 2).reshape(n, steps, d)))[:, -1]

    torch.manual_seed(0)
    model, content = Block().eval(), io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            model, (torch.zeros(1, 5, 8),), content, input_names=["x"], opset_version=17, dynamo=False,
            dynamic_axes={"x": {0: "n"}},
        )  # fmt: skip
    net = network_from_onnx(content.getvalue(), loss=b.MSE())
    assert net.layers[1].layers[1] == b.MultiHeadAttention(2, causal)
    x = torch.randn(3, 5, 8)
    with torch.no_grad():
        wanted = model(x).numpy()
    assert np.abs(net.predict(x.numpy()) - wanted).max() < 1e-5


def test_constants_of_each_channel_and_numbers():
    from onnx import helper

    rng = np.random.default_rng(1)
    W = rng.standard_normal((3, 2, 1, 1)).astype(np.float32)
    m, s = rng.standard_normal((2, 1, 1)).astype(np.float32), rng.standard_normal((3, 1, 1)).astype(np.float32)
    node = helper.make_node
    nodes = [
        node("Sub", ["x", "m"], ["a"]),
        node("Div", ["a", "two"], ["b"]),
        node("Conv", ["b", "W"], ["c"], kernel_shape=[1, 1]),
        node("Add", ["c", "s"], ["d"]),
        node("Mul", ["d", "s"], ["e"]),
        node("Relu", ["e"], ["f"]),
        node("Add", ["f", "one"], ["g"]),
        node("GlobalAveragePool", ["g"], ["h"]),
        node("Flatten", ["h"], ["y"]),
    ]
    two, one = (np.array(v, np.float32) for v in (2.0, [1.0]))
    content = graph(nodes, [1, 2, 4, 4], [("m", m), ("s", s), ("W", W), ("two", two), ("one", one)])
    net = network_from_onnx(content, loss=b.MSE())
    x = rng.standard_normal((2, 4, 4, 2)).astype(np.float32)
    y = np.einsum("nhwc,oc->nohw", (x - m[:, 0, 0]) / 2, W[:, :, 0, 0])
    wanted = (np.maximum((y + s) * s, 0) + 1).mean(axis=(2, 3))
    assert np.abs(net.predict(x) - wanted).max() < 1e-5


def test_grey_levels_of_another_range():
    from byhand.exchange.loading import for_range

    rng = np.random.default_rng(2)
    x = rng.random((5, 4, 4, 1)).astype(np.float32)
    net = b.Network((4, 4, 1), [b.Conv2D(3), b.ReLU(), b.Flatten(), b.Dense(2)], b.CategoricalCrossEntropy(), rng=1)
    for low, high in ((0, 255), (-0.4, 2.8)):
        other = for_range(net, low, high)
        assert other.inputs == "grey levels"
        assert np.abs(other.predict_proba(x) - net.predict_proba(low + (high - low) * x)).max() < 1e-4


BROKEN = {
    "another file": "another file",
    "two inputs": "2 inputs",
    "own graph": "graph of its own",
    "huge image": "more than",
    "growing": "grow",
    "open": "leaves sizes",
    "unknown": "no layer for the operator 'Loop3'",
    "not finite": "finite",
    "undefined": "nothing computes",
    "branches": "sum of two branches",
}


def broken(case):
    from onnx import TensorProto, helper

    node, W = helper.make_node, np.ones((4, 2), np.float32)
    nodes, shape, constants = [node("MatMul", ["x", "W"], ["y"])], ["n", 4], [("W", W)]
    if case == "own graph":
        inner = helper.make_graph([], "inner", [], [])
        nodes = [node("If", ["x"], ["y"], then_branch=inner, else_branch=inner)]
    elif case == "huge image":
        nodes, shape = [node("Relu", ["x"], ["y"])], [1, 1, 10**6, 10**6]
    elif case == "growing":
        names = [f"W{i}" for i in range(60)]
        doubled = [node("Concat", [a, a], [b], axis=1) for a, b in zip(["W", *names], names, strict=False)]
        nodes = [*doubled, node("MatMul", ["x", "W59"], ["y"])]
    elif case == "open":
        shape = ["n", "k"]
    elif case == "unknown":
        nodes = [node("Loop3", ["x"], ["y"])]
    elif case == "not finite":
        constants = [("W", W * np.inf)]
    elif case == "undefined":
        nodes = [node("MatMul", ["x", "V"], ["y"])]
    elif case == "branches":
        nodes = [node("MatMul", ["x", "W"], ["a"]), node("MatMul", ["x", "W"], ["b"]), node("Add", ["a", "b"], ["y"])]
    model = onnx.load_model_from_string(graph(nodes, shape, constants))
    if case == "another file":
        tensor = model.graph.initializer[0]
        tensor.data_location = TensorProto.EXTERNAL
        tensor.external_data.add(key="location", value="/etc/passwd")
    if case == "two inputs":
        model.graph.input.append(helper.make_tensor_value_info("z", TensorProto.FLOAT, [1]))
    return model.SerializeToString()


@pytest.mark.parametrize("case", BROKEN)
def test_refused_in_one_sentence(case):
    with pytest.raises(b.ByhandError) as caught:
        network_from_onnx(broken(case), "a.onnx")
    assert str(caught.value).startswith("a.onnx: ")
    assert BROKEN[case] in str(caught.value)
    assert len(str(caught.value)) < 300
