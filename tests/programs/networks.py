"""Small networks that have every kind of layer and loss, with data for them."""

import dataclasses

import numpy as np

import byhand as b
from byhand.layers import Columns, SpatialDropout, StepsFrom

CE, BCE = b.CategoricalCrossEntropy, b.BinaryCrossEntropy


def network(shape, layers, loss, **options):
    options = {"rng": 3, "dtype": np.float64} | options
    made = b.Network(shape, layers, loss, **options)
    rng = np.random.default_rng(11)
    made.theta += 0.1 * rng.standard_normal(made.size)  # biases, too, are something
    return made


def conv(*args, **options):
    return b.Conv2D(*args, **options)


NETWORKS = {
    "dense": lambda: network(
        7, [b.Dense(6), b.Sigmoid(), b.Dense(5, bias=False), b.Tanh(), b.Dense(3)], CE(label_smoothing=0.1)
    ),
    "activations": lambda: network(
        7, [b.Dense(6), b.LeakyReLU(0.1), b.Dense(5), b.ELU(0.7), b.Dense(4), b.ReLU(), b.Dense(1)], BCE()
    ),
    "smooth": lambda: network(
        7, [b.Dense(6), b.GELU(), b.Dense(5), b.GELU(approximate=True), b.Dense(4), b.SiLU(), b.Dense(3)], BCE(0.1)
    ),
    "softmax": lambda: network(7, [b.Dense(6), b.Sigmoid(), b.Dense(3), b.Softmax()], b.QuadraticCost()),
    "numbers": lambda: network(7, [b.Dense(6), b.Tanh(), b.Dense(2)], b.MSE()),
    "absolute": lambda: network(7, [b.Dense(6), b.Tanh(), b.Dense(2)], b.MAE()),
    "huber": lambda: network(7, [b.Dense(6), b.Tanh(), b.Dense(2)], b.Huber(0.3)),
    "normal": lambda: network(
        7,
        [b.Dense(6), b.BatchNorm(0.2), b.ReLU(), b.Dropout(0.3), b.Dense(5), b.LayerNorm(), b.Tanh(), b.Dense(3)],
        CE(),
    ),
    "composites": lambda: network(
        6,
        [
            b.Residual([b.Dense(6), b.ReLU(), b.Residual([b.Dense(6), b.Tanh()])]),
            b.Parallel([b.Dense(4), b.Sequential([b.Dense(3), b.Tanh()])]),
            b.Dense(3),
        ],
        CE(),
    ),
    "images": lambda: network(
        (9, 8, 2),
        [
            *(
                conv(4, 3),
                b.BatchNorm(),
                b.ReLU(),
                b.MaxPool2D(2),
                conv(6, (3, 2), stride=2, padding="valid", bias=False),
            ),
            *(b.ReLU(), b.Flatten(), b.Dense(3)),
        ],
        CE(),
    ),
    "windows": lambda: network(
        (9, 8, 2),
        [
            conv(4, 3, groups=2, stride=(2, 1)),
            b.MaxPool2D(3, stride=2, padding="same"),
            conv(6, 3, dilation=2),
            SpatialDropout(0.3),
            b.AveragePool2D(2, stride=1),
            b.GlobalAveragePool2D(),
            b.Dense(3),
        ],
        CE(),
    ),
    "average": lambda: network(
        (6, 5, 1), [conv(3, 2), b.AveragePool2D(3, stride=2, padding="same"), b.Flatten(), b.Dense(2)], b.MSE()
    ),
    "residual images": lambda: network(
        (6, 6, 3),
        [b.Residual([conv(3, 3), b.BatchNorm(), b.ReLU(), conv(3, 3)]), b.ReLU(), b.GlobalAveragePool2D(), b.Dense(3)],
        CE(),
    ),
    "reshaped": lambda: network(
        8, [b.Dense(12), b.Reshape((2, 3, 2)), conv(3, 2), b.Reshape((3, 6)), b.LSTM(3), b.Dense(3)], CE()
    ),
    "columns": lambda: network((4, 6, 1), [conv(3, (4, 1), padding="valid"), Columns(), b.LSTM(4), b.Dense(3)], CE()),
    "rnn": lambda: network((6, 3), [b.RNN(5, return_sequences=True), b.RNN(4, nonlinearity="relu"), b.Dense(3)], CE()),
    "lstm": lambda: network((6, 3), [b.LSTM(5, return_sequences=True, reverse=True), b.LSTM(4), b.Dense(3)], CE()),
    "gru": lambda: network((6, 3), [b.GRU(5, return_sequences=True), b.GRU(4, reverse=True), b.Dense(3)], CE()),
    "gru before": lambda: network(
        (6, 3), [b.GRU(5, return_sequences=True, reset="before"), b.LastStep(), b.Dense(3)], CE()
    ),
    "bidirectional": lambda: network(
        (6, 3),
        [
            b.Bidirectional(b.LSTM(4, return_sequences=True)),
            b.Bidirectional(b.GRU(3, return_sequences=True), merge="sum"),
            b.Bidirectional(b.RNN(3)),
            b.Dense(3),
        ],
        CE(),
    ),
    "tokens": lambda: network(
        (6,), [b.Embedding(9, 4), b.Conv1D(5, 3, dilation=2), b.ReLU(), b.MaxOverTime(), b.Dense(3)], CE()
    ),
    "labelled steps": lambda: network((6,), [b.Embedding(9, 4), b.GRU(5, return_sequences=True), b.Dense(3)], CE()),
    "padding": lambda: network(
        (6,),
        [
            *(b.Embedding(9, 4, padding=0), b.Bidirectional(b.LSTM(4, return_sequences=True))),
            *(b.Bidirectional(b.GRU(3, return_sequences=True), merge="sum"), b.RNN(4, return_sequences=True)),
            *(b.Parallel([b.LastStep(), b.MeanOverTime(), b.MaxOverTime(), b.LSTM(2)]), b.Dense(3)),
        ],
        CE(),
    ),
    "padding before": lambda: network((6,), [b.Embedding(9, 4, padding=0), b.GRU(3, reset="before"), b.Dense(3)], CE()),
    "padding backward": lambda: network(
        (6,), [b.Embedding(9, 4, padding=0), b.LSTM(3, reverse=True), b.Dense(3)], CE()
    ),
    "gpt": lambda: network(
        (6,),
        [
            *(b.Embedding(9, 4), b.LearnedPositions(8), b.TransformerBlock(4, 2, causal=True, bias=False)),
            *(b.TransformerBlock(4, 2, 3, pre_norm=False), b.LayerNorm(), b.TiedDense(9)),
        ],
        CE(),
    ),
    "vit": lambda: network(
        (6, 4, 2),
        [
            *(conv(3, 3), b.PatchEmbedding(2, 4), b.ClassToken(), b.LearnedPositions(7), b.TransformerBlock(4, 2, 6)),
            *(b.FirstStep(), b.Dense(3)),
        ],
        CE(),
    ),
    "rotary": lambda: network(
        (6, 3),
        [
            *(b.Dense(4), b.SinusoidalPositions(), b.MultiHeadAttention(2, rotary=True), b.RMSNorm()),
            *(
                b.MultiHeadAttention(1, causal=True, rotary=True, dropout=0.2),
                StepsFrom(2),
                b.MeanOverTime(),
                b.Dense(3),
            ),
        ],
        CE(),
    ),
    "masked attention": lambda: network(
        (6,),
        [
            *(
                b.Embedding(9, 4, padding=0),
                b.MultiHeadAttention(2),
                b.ClassToken(),
                b.MultiHeadAttention(2, causal=True),
            ),
            *(b.LastStep(), b.Dense(3)),
        ],
        CE(),
    ),
    "ctc": lambda: network(
        (4, 11, 1), [conv(3, (4, 2), padding="valid"), b.ReLU(), Columns(), b.Dense(4)], b.CTC(3, 4)
    ),
    "answering": lambda: network(
        (9,), [b.Embedding(7, 4), b.EncoderDecoder(b.LSTM(5, reverse=True, forget_bias=0.5), 5), b.Dense(7)], CE()
    ),
    "answering gru": lambda: network((7, 3), [b.Dense(4), b.EncoderDecoder(b.GRU(5), 4), b.Dense(2)], b.MSE()),
    "answering rnn": lambda: network((7, 3), [b.EncoderDecoder(b.RNN(5), 4), b.LastStep(), b.Dense(2)], CE()),
    "repeated": lambda: network(
        (6, 3), [b.Dense(4), b.MeanOverTime(), b.RepeatVector(5), b.RNN(3, return_sequences=True), b.Dense(2)], b.MSE()
    ),
}


def without_dropout(net):
    """The same network without what is random; it shares the parameters."""
    layers = [
        dataclasses.replace(layer, dropout=0.0) if getattr(layer, "dropout", 0) else layer
        for layer in net.layers
        if "Dropout" not in layer.label()
    ]
    other = b.Network(net.input_shape, layers, net.loss, dtype=np.float64, inputs=net.inputs)
    other.theta, other.state = net.theta, net.state
    return other


def samples(net, n=5, seed=1):
    """x and t for a network: tokens or numbers; class numbers (of each step, for a network with an output a step).

    Labels of CTC are empty, of one symbol, of two equal ones, and longer.
    """
    rng, out = np.random.default_rng(seed), net.plan[-1].out_shape
    if net.inputs == "tokens":
        padding = net.layers[0].padding
        x = rng.integers(0 if padding is None else 1, net.layers[0].vocabulary, (n, *net.input_shape))
        if padding is not None:  # sequences of one to all steps
            x[np.arange(x.shape[1]) > np.arange(n)[:, None]] = padding
    else:
        x = rng.standard_normal((n, *net.input_shape))
    if net.task == "numbers":
        return x, rng.standard_normal((n, *out))
    if isinstance(net.loss, b.CTC):
        t = rng.integers(0, net.loss.classes, (n, net.loss.longest))
        t[np.arange(net.loss.longest) >= np.arange(n)[:, None]] = -1
        t[2:, 1] = t[2:, 0]
        return x, t
    return x, rng.integers(0, max(2, out[-1]), (n, *out[:-1]))


def targets(net, t):
    """t as the network's loss takes them."""
    if isinstance(net.loss, b.CTC):
        return t.astype(net.dtype)
    return net.loss.encode(t, net.outputs) if net.task == "classes" else t
