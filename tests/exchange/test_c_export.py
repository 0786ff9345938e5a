"""Networks as C files, compiled by gcc with every warning an error and checked while they run."""

import shutil
import subprocess

import numpy as np
import pytest

import byhand as b
from byhand.cli.main import main
from byhand.exchange.c.arrays import c_number
from byhand.exchange.c.writer import c_file, save_c
from byhand.layers import StepsFrom
from byhand.recipes import RECIPES

needs_gcc = pytest.mark.skipif(shutil.which("gcc") is None, reason="needs gcc")
FLAGS = ["-std=c99", "-O1", "-Wall", "-Wextra", "-Werror", "-pedantic", "-fsanitize=undefined"]
FLAGS += ["-fno-sanitize-recover=undefined"]
MAIN = """
#include <stdio.h>
#include "net.c"
int main(void)
{
    static %(kind)s x[%(n)d];
    static float y[%(k)d];
    while (fread(x, sizeof x, 1, stdin) == 1) {
        float class = (float)net(x, y);
        fwrite(&class, sizeof class, 1, stdout);
        fwrite(y, sizeof y, 1, stdout);
    }
    return 0;
}
"""


def run(made, folder, network, x):
    """Classes and outputs of the compiled file."""
    (folder / "net.c").write_text(made.text)
    kind, dtype = {"grey levels": ("uint8_t", "u1"), "tokens": ("int32_t", "i4")}.get(network.inputs, ("float", "f4"))
    sizes = {"kind": kind, "n": int(np.prod(network.input_shape)), "k": int(np.prod(network.plan[-1].out_shape))}
    (folder / "main.c").write_text(MAIN % sizes)
    subprocess.run(["gcc", *FLAGS, "main.c", "-o", "main"], cwd=folder, check=True)
    done = subprocess.run(["./main"], cwd=folder, check=True, capture_output=True, input=x.astype(dtype).tobytes())
    assert done.stderr == b""
    found = np.frombuffer(done.stdout, np.float32).reshape(len(x), -1)
    return found[:, 0].astype(int), found[:, 1:]


def network(shape, layers, loss, inputs=None):
    net = b.Network(
        shape, layers, loss, rng=2, inputs=inputs or ("tokens" if layers[0].takes == "tokens" else "numbers")
    )
    rng = np.random.default_rng(3)
    net.theta += 0.1 * rng.standard_normal(net.size).astype(np.float32)
    if net.state.size:
        net.state += 0.2 * rng.random(net.state.size).astype(np.float32)
    return net


CE = b.CategoricalCrossEntropy
NETWORKS = {
    "images": lambda: network(
        (11, 9, 2),
        [b.Conv2D(4, 3, groups=2, stride=(2, 1)), b.BatchNorm(), b.ReLU(), b.MaxPool2D(3, 2, padding="same"),
         b.Dropout(0.2), b.Conv2D(6, (3, 2), dilation=(1, 2), padding=((2, 0), (1, 1)), bias=False), b.LeakyReLU(0.1),
         b.AveragePool2D(3, stride=2, padding="same"), b.Flatten(), b.Dense(5), b.Tanh(), b.Dense(3)],
        CE(),
    ),
    "pooled": lambda: network(
        (8, 8, 1),
        [b.Conv2D(6), b.MaxPool2D(), b.BatchNorm(), b.ReLU(), b.Conv2D(8), b.BatchNorm(), b.ReLU(),
         b.GlobalAveragePool2D(), b.Dense(4)],
        CE(),
        "grey levels",
    ),
    "rows": lambda: network(
        7, [b.Dense(6), b.Sigmoid(), b.Dense(5, bias=False), b.ELU(0.7), b.BatchNorm(), b.Dense(1)],
        b.BinaryCrossEntropy(),
    ),
    "one layer": lambda: network((2, 3), [b.Flatten(), b.Dense(4)], CE()),
    "quadratic": lambda: network(7, [b.Dense(6), b.Sigmoid(), b.Dense(3), b.Sigmoid()], b.QuadraticCost()),
    "softmax": lambda: network(7, [b.Dense(6), b.ReLU(), b.Dense(3), b.Softmax()], b.QuadraticCost()),
}  # fmt: skip
COMPOSED = {  # in 8 bits too
    "residual": lambda: network(
        (8, 6, 2),
        [b.Sequential([b.Conv2D(4, 3), b.ReLU()]),
         b.Residual([b.Conv2D(6), b.BatchNorm(), b.ReLU(), b.Residual([b.Conv2D(6), b.Tanh()]), b.Conv2D(4)]), b.ReLU(),
         b.Residual([b.Sequential([b.BatchNorm(), b.ReLU(), b.Conv2D(4)])]), b.PatchEmbedding(2, 5), b.ReLU(),
         b.Dense(4), b.ELU(), b.FirstStep(), b.Dense(3)],
        CE(),
    ),
    "convolutions over time": lambda: network(
        (6,), [b.Embedding(9, 4), b.Conv1D(5, 3, dilation=2), b.GELU(approximate=True), b.MeanOverTime(),
               b.RepeatVector(3), b.Dense(2), b.SiLU(), b.Flatten(), b.Dense(3)], CE(),
    ),
    "largest over time": lambda: network(
        (7, 3), [b.Conv1D(5, 2), b.ReLU(), StepsFrom(2), b.Dense(4), b.Tanh(), b.MaxOverTime(), b.Dense(3)], CE()
    ),
    "answers side by side": lambda: network((4, 3), [b.Dense(5), b.ReLU(), b.Dense(2), b.Flatten()], b.MSE()),
    "last step": lambda: network((4, 3), [b.Conv1D(5, 2), b.LastStep(), b.Dense(2), b.Sigmoid()], b.QuadraticCost()),
}  # fmt: skip
SEQUENCES = {
    "recurrent": lambda: network(
        (6, 3),
        [b.RNN(5, return_sequences=True, reverse=True), b.RNN(4, return_sequences=True, nonlinearity="relu"),
         b.Bidirectional(b.LSTM(4, return_sequences=True)),
         b.Bidirectional(b.GRU(3, return_sequences=True), merge="sum"),
         b.GRU(3, return_sequences=True, reset="before"), b.Parallel([b.LSTM(3), b.LastStep(), b.MaxOverTime()]),
         b.Dense(3)],
        CE(),
    ),
    "padding": lambda: network(
        (6,),
        [b.Embedding(9, 4, padding=0), b.Bidirectional(b.LSTM(4, return_sequences=True)),
         b.GRU(3, return_sequences=True),
         b.Parallel([b.LastStep(), b.MeanOverTime(), b.MaxOverTime(), b.Bidirectional(b.RNN(2), merge="sum")]),
         b.Dense(3)],
        CE(),
    ),
    "vision transformer": lambda: network(
        (6, 4, 2),
        [b.PatchEmbedding(2, 4), b.ClassToken(), b.LearnedPositions(8), b.TransformerBlock(4, 2, 6),
         b.TransformerBlock(4, 2, pre_norm=False, rms=True, bias=False), b.LayerNorm(), b.FirstStep(), b.Dense(3)],
        CE(),
    ),
    "masked attention": lambda: network(
        (6,),
        [b.Embedding(9, 4, padding=0), b.SinusoidalPositions(), b.MultiHeadAttention(1, rotary=True), b.ClassToken(),
         b.Residual([b.MultiHeadAttention(2, causal=True), b.Residual([b.Dense(4), b.Tanh()])]), b.LastStep(),
         b.Dense(3)],
        CE(),
    ),
    "encoder and decoder": lambda: network(
        (7, 4),
        [b.SplitSteps(4, [b.TransformerBlock(4, 2), b.LayerNorm()], [b.Residual([b.Dense(4), b.Tanh()])]),
         b.DecoderBlock(4, 2, 4), b.CrossAttention(2, 4, bias=False), b.EncoderDecoder(b.LSTM(5, reverse=True), 3),
         b.EncoderDecoder(b.GRU(4), 1), b.EncoderDecoder(b.RNN(3), 2), b.Flatten(), b.Dense(3)],
        CE(),
    ),
    "shared": lambda: network(
        (6,), [b.Embedding(9, 4), StepsFrom(2), b.TransformerBlock(4, 2, causal=True), b.TiedDense(9), b.LastStep()],
        b.MSE(),
    ),
}  # fmt: skip


ANSWERS = {
    "steps": lambda: network((6,), [b.Embedding(9, 4), b.GRU(5, return_sequences=True), b.Dense(3)], CE()),
    "steps with padding": lambda: network(
        (6,), [b.Embedding(9, 4, padding=0), b.Bidirectional(b.LSTM(4, return_sequences=True)), b.Dense(3)], CE()
    ),
    "two classes a step": lambda: network(
        (5, 3), [b.RNN(4, return_sequences=True), b.Dense(1)], b.BinaryCrossEntropy()
    ),
    "translation": lambda: network((7,), [b.Embedding(9, 4), b.EncoderDecoder(b.LSTM(5), 4), b.Dense(9)], CE()),
    "row": lambda: network(
        (6, 9, 1), [b.Conv2D(4, (6, 3), padding="valid"), b.ReLU(), b.Conv2D(5, 1), b.Columns()], b.CTC(4, 2),
        "grey levels",
    ),
    "numbers": lambda: network((6, 3), [b.SplitSteps(2, [b.Dense(2)], [b.Dense(2)])], b.MSE()),
}  # fmt: skip


def samples(net, n=60):
    rng = np.random.default_rng(4)
    if net.inputs == "tokens":
        padding = net.layers[0].padding
        x = rng.integers(0 if padding is None else 1, 9, (n, *net.input_shape))
        if padding is not None:
            x[np.arange(x.shape[1]) > np.arange(n)[:, None] % x.shape[1]] = padding
        return x
    if net.inputs == "grey levels":
        return rng.integers(0, 256, (n, *net.input_shape)).astype(np.uint8)
    return rng.standard_normal((n, *net.input_shape)).astype(np.float32)


@needs_gcc
@pytest.mark.parametrize("name", [*NETWORKS, *COMPOSED])
def test_compiled_files_agree(name, tmp_path):
    net = (NETWORKS | COMPOSED)[name]()
    x = samples(net)
    wanted = net.predict_proba(x)
    classes, y = run(c_file(net, "net"), tmp_path, net, x)
    assert np.abs(y - wanted).max() < 1e-5
    assert (classes == net.loss.decide(wanted)).all()
    _, y = run(c_file(net, "net", int8=True, samples=x), tmp_path, net, x)
    assert np.abs(y - wanted).max() < 0.08  # of probabilities, or outputs below 1


@needs_gcc
@pytest.mark.parametrize("name", SEQUENCES)
def test_compiled_sequences_agree(name, tmp_path):
    net = SEQUENCES[name]()
    x = samples(net)
    made = c_file(net, "net")
    _, y = run(made, tmp_path, net, x)
    assert np.abs(y - net.predict_proba(x)).max() < 2e-5
    assert made.text.isascii()
    assert max(map(len, made.text.splitlines())) <= 120
    with pytest.raises(b.ByhandError, match="single precision, not in 8 bits"):
        c_file(net, "net", int8=True, samples=x)


@needs_gcc
@pytest.mark.parametrize("name", ANSWERS)
def test_answers_of_many_steps(name, tmp_path):
    net = ANSWERS[name]()
    x = samples(net)
    steps, k = net.plan[-1].out_shape
    rows, y = run(c_file(net, "net"), tmp_path, net, x)
    there = (x != 0).sum(axis=1) if "padding" in name else np.full(len(x), steps)
    assert (rows == there).all()
    y = y.reshape(len(x), steps, k)
    seen = np.arange(steps) < there[:, None]
    assert np.abs(y - net.predict_proba(x))[seen].max() < 2e-5
    with pytest.raises(b.ByhandError, match="8 bits gives one row"):
        c_file(net, "net", int8=True, samples=x)


def test_sizes_and_text():
    recipe = RECIPES["small"]
    net = b.Network(recipe.input_shape, recipe.layers, recipe.loss, inputs="grey levels")
    single = c_file(net)
    weights = sum(p.size for p in net.arena.parameters)
    assert single.flash == 4 * weights
    assert single.ram == 4 * (28 * 28 * 8 + 14 * 14 * 8)  # two buffers, used in turn
    rng = np.random.default_rng(0)
    eight = c_file(net, int8=True, samples=rng.integers(0, 256, (20, 28, 28, 1)).astype(np.uint8))
    assert eight.flash + eight.ram < 20_000
    assert f"{eight.flash:,} bytes of constants" in eight.text
    assert eight.text.isascii()
    assert "#include <stdint.h>" in eight.text
    assert eight.text.count("#include") == 1
    for text in (single.text, eight.text):
        assert "malloc" not in text
        assert max(map(len, text.splitlines())) <= 120
    assert [c_number(v) for v in (0.1, 1, -1e-20, 3e30)] == ["0.1f", "1.0f", "-1e-20f", "3e+30f"]


def test_the_command(monkeypatch, capsys, tmp_path):
    net = NETWORKS["rows"]()
    net.save(tmp_path / "m.safetensors")

    def byhand(*arguments):
        monkeypatch.setattr("sys.argv", ["byhand", *map(str, arguments)])
        with pytest.raises(SystemExit) as end:
            main()
        return end.value.code or 0, capsys.readouterr()

    status, captured = byhand("export", tmp_path / "m.safetensors", "--c", tmp_path / "tiny.c")
    assert status == 0
    assert "bytes of buffers (RAM)" in captured.out
    assert "int tiny(const float *x, float *y)" in (tmp_path / "tiny.c").read_text()


def test_refused(tmp_path):
    peeping = b.Network((5, 3), [b.LSTM(4, peepholes=True), b.Dense(2)], CE())
    spectral = b.Network(3, [b.SpectralNorm(b.Dense(4)), b.Dense(2)], CE())
    for call, words in (
        (lambda: c_file(peeping), "LSTM"),
        (lambda: c_file(spectral), "SpectralNorm"),
        (
            lambda: c_file(b.Network((7,), [b.Embedding(9, 4, padding=0), b.EncoderDecoder(b.GRU(4), 3)])),
            "only fill up",
        ),
        (lambda: c_file(NETWORKS["rows"](), int8=True), "needs samples"),
        (lambda: c_file(NETWORKS["rows"](), "no name"), "no name of a function"),
        (lambda: save_c(NETWORKS["rows"](), tmp_path / "1.c"), "no name of a function"),
        (lambda: c_file(b.Network((4, 4, 1), [b.Conv2D(2)])), "this one gives images"),
    ):
        with pytest.raises(b.ByhandError, match=words):
            call()
    assert not (tmp_path / "1.c").exists()
