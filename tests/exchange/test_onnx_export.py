"""Networks as ONNX files compute what byhand computes, in onnxruntime, for one sample and for several."""

import numpy as np
import pytest

import byhand as b
from byhand.recipes import RECIPES
from tests.programs.networks import NETWORKS, network, samples

pytest.importorskip("onnx")
runtime = pytest.importorskip("onnxruntime")

from byhand.exchange.onnx.exporting import save_onnx, to_onnx  # noqa: E402

CE = b.CategoricalCrossEntropy
MORE = {
    "upsampling": lambda: network(
        (4, 3, 2),
        [b.ConvTranspose2D(3, 3, 2), b.UpSample2D(2), b.ConvTranspose2D(2, 2, padding="valid"),
         b.ConvTranspose2D(2, 1, 2), b.GlobalAveragePool2D(), b.Dense(3)],
        CE(),
    ),
    "padding": lambda: network(
        (7, 9, 2), [b.Conv2D(3, 3, 2, padding=1), b.MaxPool2D(3, 2, padding=1), b.Flatten(), b.Tanh(), b.Dense(3)], CE()
    ),
    "flat images": lambda: network((3, 4, 2), [b.Conv2D(2), b.Flatten(), b.LayerNorm(), b.Dense(2)], CE()),
    "image out": lambda: network((3, 4, 2), [b.Conv2D(2)], None),
    "images side by side": lambda: network(
        (5, 4, 2),
        [b.Parallel([b.Conv2D(2, 1), b.Sequential([b.Conv2D(3), b.ReLU()])]), b.LayerNorm(), b.Conv2D(2),
         b.GlobalAveragePool2D()],
        CE(),
    ),
    "normal steps": lambda: network((5, 4), [b.Dense(3), b.BatchNorm(), b.Softmax(), b.MeanOverTime()], b.MSE()),
    "masked": lambda: network(
        (6,), [b.Embedding(9, 4, padding=0), b.Bidirectional(b.LSTM(3, return_sequences=True)),
               b.GRU(4, return_sequences=True), b.RNN(4, reverse=True), b.Dense(3)], CE()
    ),
    "masked last": lambda: network((6,), [b.Embedding(9, 4, padding=0), b.LastStep(), b.Dense(3)], CE()),
    "masked mean": lambda: network((6,), [b.Embedding(9, 4, padding=0), b.MeanOverTime(), b.Dense(3)], CE()),
    "masked max": lambda: network((6,), [b.Embedding(9, 4, padding=0), b.MaxOverTime(), b.Dense(3)], CE()),
    "attention": lambda: network(
        (6,),
        [b.Embedding(9, 8), b.LearnedPositions(7), b.TransformerBlock(8, 2, causal=True, rotary=True, dropout=0.1),
         b.TransformerBlock(8, 4, pre_norm=False, rms=True, bias=False), b.SinusoidalPositions(), b.TiedDense(9)],
        CE(),
    ),
    "steps from": lambda: network((6,), [b.Embedding(9, 4), b.StepsFrom(2), b.LSTM(3), b.Dense(3)], CE()),
    "patches": lambda: network(
        (6, 4, 2),
        [b.PatchEmbedding(2, 6), b.ClassToken(), b.LearnedPositions(7), b.MultiHeadAttention(3), b.RMSNorm(),
         b.FirstStep(), b.Dense(3)],
        CE(),
    ),
    "masked attention": lambda: network(
        (6,), [b.Embedding(9, 4, padding=0), b.ClassToken(), b.MultiHeadAttention(2), b.FirstStep(), b.Dense(3)], CE()
    ),
    "step": lambda: network(4, [b.Dense(3), b.Step(), b.Dense(2)], b.MSE()),
    "spectral": lambda: network(
        (5, 4, 2),
        [b.SpectralNorm(b.Conv2D(3, 3)), b.ReLU(), b.Flatten(), b.SpectralNorm(b.Dense(4, bias=False)), b.Tanh(),
         b.SpectralNorm(b.Dense(2))],
        b.MSE(),
    ),
    "peepholes": lambda: network((6, 3), [b.Bidirectional(b.LSTM(4, peepholes=True)), b.Dense(3)], CE()),
    "plain attention": lambda: network(
        (6, 4),
        [b.SinusoidalPositions(), b.ClassToken(), b.LearnedPositions(9), b.MultiHeadAttention(2, causal=True),
         b.TransformerBlock(4, 4), b.TransformerBlock(4, 2, pre_norm=False, rms=True, bias=False),
         b.TransformerBlock(4, 1, causal=True, rms=True), b.StepsFrom(2), b.FirstStep(), b.Dense(3)],
        CE(),
    ),
    "encoder and decoder": lambda: network(
        (7,),
        [b.Embedding(9, 4), b.SplitSteps(4, [b.TransformerBlock(4, 2), b.LayerNorm()]), b.DecoderBlock(4, 2, 4),
         b.DecoderBlock(4, 1, 4, pre_norm=False), b.StepsFrom(4), b.TiedDense(9)],
        CE(),
    ),
    "masked encoder and decoder": lambda: network(
        (7,),
        [b.Embedding(9, 4, padding=0), b.SplitSteps(4, [b.LSTM(5, return_sequences=True)], [b.Dense(5), b.Tanh()]),
         b.CrossAttention(1, 4, bias=False), b.EncoderDecoder(b.GRU(4), 4), b.MeanOverTime(), b.Dense(3)],
        CE(),
    ),
}  # fmt: skip


def inputs(net, name):
    x, _ = samples(net)
    if name == "masked encoder and decoder":  # a source of four steps, and three behind it
        for row, (first, second) in enumerate(((4, 3), (1, 3), (2, 1), (4, 2), (3, 1))):
            there = np.r_[np.arange(4) < first, np.arange(3) < second]
            x[row] = np.where(there, np.maximum(x[row], 1), 0)
    elif name.startswith("masked"):
        for row, length in enumerate((6, 3, 1, 5, 2)):
            x[row] = np.where(np.arange(6) < length, np.maximum(x[row], 1), 0)
    return x


def computed(content, x):
    session = runtime.InferenceSession(content, providers=["CPUExecutionProvider"])
    return session.run(None, {"x": x if x.dtype.kind == "i" else x.astype(np.float32)})[0]


def single(net):
    """The same network in float32."""
    other = b.Network(net.input_shape, net.layers, net.loss, rng=None, inputs=net.inputs)
    other.theta, other.state = net.theta.astype(np.float32), net.state.astype(np.float32)
    other.state += np.float32(0.1)  # running means, too, are something
    return other


@pytest.mark.parametrize("name", [*NETWORKS, *MORE])
def test_onnxruntime_agrees(name):
    net = single((NETWORKS | MORE)[name]())
    x = inputs(net, name)
    model = to_onnx(net)
    assert (model.ir_version, model.opset_import[0].version) == (8, 17)
    content = model.SerializeToString()
    for rows in (x, x[:1]):
        assert np.abs(computed(content, rows) - net.predict_proba(rows)).max() < 1e-5


@pytest.mark.parametrize("name", RECIPES)
def test_recipes_are_written_and_checked(name, tmp_path):
    recipe = RECIPES[name]
    net = b.Network(recipe.input_shape, recipe.layers, recipe.loss)
    save_onnx(net, tmp_path / "a.onnx")
    save_onnx(net, tmp_path / "b.onnx")
    assert (tmp_path / "a.onnx").read_bytes() == (tmp_path / "b.onnx").read_bytes()


def test_logits():
    net = single(NETWORKS["dense"]())
    x, _ = samples(net)
    y = computed(to_onnx(net, logits=True).SerializeToString(), x)
    odds = np.exp(y) / np.exp(y).sum(axis=1, keepdims=True)
    assert np.allclose(odds, net.predict_proba(x), atol=1e-6)
    assert not np.allclose(y, net.predict_proba(x), atol=1e-2)


def test_what_has_no_meaning():
    net = b.Network((2, 3, 1), [b.MinibatchStd()])
    with pytest.raises(b.ByhandError, match="MinibatchStd has no meaning in ONNX"):
        to_onnx(net)
