"""The table of docs/exchange.md, made by trying: `python -m tests.exchange.table`."""

import numpy as np

import byhand as b
from byhand.core.errors import ByhandError
from byhand.exchange.c.writer import c_file
from byhand.exchange.keras_weights import keras_shapes
from byhand.exchange.matching import Weighted
from byhand.exchange.onnx.exporting import to_onnx
from byhand.exchange.onnx.importing import network_from_onnx
from byhand.exchange.torch_weights import torch_shapes
from byhand.layers.base import plan_layer
from tests.core.test_contract import LAYERS

INSIDE = {
    "DecoderBlock",
    "EncoderDecoder",
    "Parallel",
    "Residual",
    "Sequential",
    "SplitSteps",
    "TransformerBlock",
}  # their weights are those of the layers inside

SEQUENCES = (
    *(b.RNN(3), b.LSTM(3), b.GRU(3), b.Bidirectional(b.LSTM(3)), b.Conv1D(3), b.LastStep(), b.MeanOverTime()),
    *(b.MaxOverTime(), b.MultiHeadAttention(2), b.ClassToken(), b.FirstStep(), b.LearnedPositions(5)),
    *(
        b.CrossAttention(2, 2),
        b.DecoderBlock(6, 2, 2),
        b.EncoderDecoder(b.LSTM(3), 2),
        b.SplitSteps(2, [b.Dense(6)]),
        b.SinusoidalPositions(),
        b.StepsFrom(2),
        b.TransformerBlock(6, 2),
        b.TiedDense(5),
    ),
)


def tried(call):
    """Whether a call isn't refused."""
    try:
        return bool(call())
    except ByhandError:
        return False


def comes_back(network):
    """Whether the file that byhand writes gives the same network again."""
    x = np.random.default_rng(0).random((2, *network.input_shape)).astype(np.float32)
    x = (4 * x).astype(np.int64) if network.inputs == "tokens" else x
    back = network_from_onnx(to_onnx(network).SerializeToString())
    return np.allclose(back.predict_proba(x), network.predict_proba(x), atol=1e-4)


def in_c(layers, shape):
    """Whether a network that has them in front of a dense layer becomes C."""
    network = b.Network(shape, [*layers, b.Flatten(), b.Dense(2)], b.CategoricalCrossEntropy())
    return bool(c_file(network).text)


def row(kind, cases):
    """Its marks, of the first case that goes furthest."""
    best = []
    for layer, shape in cases:
        shape = shape if isinstance(shape, tuple) else (shape,)
        if plan_layer(layer, shape).shared:
            layers, shape = [b.Embedding(layer.units, shape[-1]), layer], (3,)
        else:
            layers = [layer]
        out_shape = b.Network(shape, layers, None, rng=0).plan[-1].out_shape
        ending = [b.Flatten(), b.Dense(2)] if len(out_shape) > 1 else [b.Dense(2)]
        network = b.Network(shape, [*layers, *ending], b.MSE(), rng=0)
        plan = network.plan[len(layers) - 1]
        out = tried(lambda network=network: to_onnx(network))
        marks = [out, out and tried(lambda network=network: comes_back(network))]
        has = plan.params or (plan.children and kind.__name__ not in INSIDE)
        place = Weighted("0", layer, plan)
        marks += [tried(lambda place=place: torch_shapes(place)) if has else None]
        known = kind in (b.Dense, b.Conv2D, b.ConvTranspose2D, b.Conv1D, b.Embedding, b.BatchNorm, b.LayerNorm, b.RNN)
        known = known or kind in (b.LSTM, b.GRU, b.Bidirectional, b.MultiHeadAttention, b.PatchEmbedding, b.RMSNorm)
        known = known or kind in (b.LearnedPositions, b.ClassToken)
        marks += [known and tried(lambda place=place: keras_shapes(place)) if has else None]
        marks += [tried(lambda layers=layers, shape=shape: in_c(layers, shape))]
        best = marks if not best or sum(map(bool, marks)) > sum(map(bool, best)) else best
    return best


def table():
    """The table as Markdown."""
    cases = {}
    for layer, shape in LAYERS:
        if type(layer).__module__.startswith("byhand."):
            cases.setdefault(type(layer), []).append((layer, shape))
    for layer in (b.LayerNorm(), b.RMSNorm(), b.Sequential([b.Dense(3), b.Tanh()])):
        cases[type(layer)] = [(layer, (4, 6))]
    for layer in SEQUENCES:
        cases[type(layer)] = [(layer, (4, 6))]
    cases[b.Embedding], cases[b.RepeatVector] = [(b.Embedding(5, 3), (4,))], [(b.RepeatVector(3), (4,))]
    lines = ["| layer | to ONNX | from ONNX | PyTorch's weights | Keras' weights | C |", "|---|---|---|---|---|---|"]
    for kind in sorted(cases, key=lambda kind: kind.__name__):
        marks = row(kind, cases[kind])
        words = ["–" if mark is None else "yes" if mark else "no" for mark in marks]
        lines.append(f"| `{kind.__name__}` | {' | '.join(words)} |")
    return "\n".join(lines)


if __name__ == "__main__":
    np.seterr(all="ignore")
    print(table())
