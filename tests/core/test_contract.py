"""Every layer, loss and optimiser keeps its contract by being listed here; forgetting to list one fails too."""

import json

import numpy as np
import pytest

import byhand
from byhand import layers, losses, optimizers
from byhand.core.config import from_config, to_config
from byhand.layers.base import plan_layer
from byhand.ops import default, reference
from byhand.testing import central_differences, check_layer, check_loss

INNER = layers.Residual([layers.Dense(3), layers.ELU(), layers.Residual([layers.Dense(3)]), layers.Dense(5)])
LAYERS = [
    (layers.Dense(4), 5),
    (layers.Dense(1), 1),
    (layers.Dense(4, bias=False), 5),
    (layers.Dense(4), (3, 5)),
    (layers.Dense(5, byhand.Normal(1.0), byhand.Uniform()), 5),
    (layers.Conv2D(2), (4, 5, 1)),
    (layers.Conv2D(2, bias=False), (4, 5, 1)),
    (layers.Conv2D(16), (5, 6, 8)),
    (layers.Conv2D(1, 1), (2, 3, 2)),
    (layers.Conv2D(3, (2, 3), stride=(2, 1), weights=byhand.Glorot(), biases=byhand.Uniform()), (5, 4, 2)),
    (layers.Conv2D(4, (3, 2), padding="valid", groups=2), (5, 4, 2)),
    (layers.Conv2D(2, (2, 3), stride=2, padding="valid", dilation=(2, 1)), (6, 5, 1)),
    (layers.Conv2D(3, 5, stride=3, groups=3), (4, 7, 3)),
    (layers.Conv2D(16, stride=2, padding=1), (5, 6, 8)),
    (layers.Conv2D(2, (3, 2), dilation=(1, 2), padding=((0, 2), (2, 1))), (4, 5, 2)),
    (layers.MaxPool2D(), (4, 6, 2)),
    (layers.MaxPool2D(3, stride=2, padding=1), (6, 5, 2)),
    (layers.AveragePool2D(3, stride=2, padding=((1, 0), (0, 2))), (6, 5, 2)),
    (layers.MaxPool2D(3, stride=2), (5, 6, 1)),
    (layers.MaxPool2D(2, stride=3, padding="same"), (4, 4, 16)),
    (layers.MaxPool2D((2, 3), stride=(1, 2), padding="same"), (5, 4, 2)),
    (layers.AveragePool2D(), (5, 4, 2)),
    (layers.AveragePool2D((3, 2), stride=(1, 2)), (5, 4, 2)),
    (layers.AveragePool2D(3, stride=2, padding="same"), (5, 4, 2)),
    (layers.GlobalAveragePool2D(), (3, 4, 2)),
    (layers.Flatten(), (2, 3, 2)),
    (layers.Flatten(), 4),
    (layers.Columns(), (1, 4, 3)),
    (layers.Reshape((3, 2, 1)), (2, 3)),
    (layers.ConvTranspose2D(2), (3, 4, 3)),
    (layers.ConvTranspose2D(1, 4, stride=2), (2, 3, 2)),
    (layers.ConvTranspose2D(2, (3, 2), stride=(2, 3), bias=False), (3, 2, 1)),
    (layers.ConvTranspose2D(3, (2, 3), stride=(1, 2), padding="valid"), (2, 3, 2)),
    (layers.ConvTranspose2D(1, 1, stride=2), (2, 2, 2)),
    (layers.UpSample2D(), (2, 3, 2)),
    (layers.UpSample2D((1, 3)), (2, 2, 1)),
    (layers.MinibatchStd(), 5),
    (layers.MinibatchStd(0.1), (2, 3, 2)),
    (layers.SpectralNorm(layers.Dense(4), iterations=500), 5),
    (layers.SpectralNorm(layers.Conv2D(2, 2, bias=False), iterations=500), (3, 4, 2)),
    (layers.Sigmoid(), 5),
    (layers.Sigmoid(), (2, 3)),
    (layers.Tanh(), 5),
    (layers.Tanh(), (2, 3)),
    (layers.ReLU(), 5),
    (layers.ReLU(), (2, 3)),
    (layers.LeakyReLU(), 5),
    (layers.LeakyReLU(0.0), 5),
    (layers.LeakyReLU(0.3), (2, 3)),
    (layers.LeakyReLU(1.0), 5),
    (layers.ELU(), 5),
    (layers.ELU(0.0), 5),
    (layers.ELU(0.3), (2, 3)),
    (layers.ELU(2.5), 5),
    (layers.GELU(), 5),
    (layers.GELU(approximate=True), (2, 3)),
    (layers.SiLU(), 5),
    (layers.SiLU(), (2, 3)),
    (layers.Sequential([layers.Dense(4, activation="tanh"), layers.Dropout(0.3), layers.Dense(3)]), 5),
    (layers.Sequential([layers.Tanh()]), (2, 3)),
    (layers.Parallel([layers.Dense(3), layers.Sequential([layers.Dense(2), layers.SiLU()]), layers.Tanh()]), 5),
    (layers.Parallel([layers.Conv2D(2, 1), layers.Conv2D(3, 3)]), (4, 3, 2)),
    (layers.Softmax(), 5),
    (layers.Softmax(), 2),
    (layers.Softmax(), (3, 4)),
    (layers.Dropout(0.4), 5),
    (layers.Dropout(0.0), (2, 3)),
    (layers.Dropout(0.9), (2, 3)),
    (layers.SpatialDropout(0.4), (2, 3, 3)),
    (layers.SpatialDropout(0.0), (2, 3, 1)),
    (layers.BatchNorm(), 5),
    (layers.BatchNorm(momentum=0.3, epsilon=0.1), (2, 3)),
    (layers.BatchNorm(), (3, 2, 2)),
    (layers.LayerNorm(), 5),
    (layers.LayerNorm(epsilon=0.1), (2, 3)),
    (layers.LayerNorm(), (3, 2, 2)),
    (layers.RMSNorm(), 5),
    (layers.RMSNorm(epsilon=0.1), (2, 3)),
    (layers.PatchEmbedding(2, 3), (4, 6, 2)),
    (layers.Residual([layers.Dense(4), layers.ReLU(), layers.Dense(5)]), 5),
    (layers.Residual([layers.BatchNorm(), layers.Tanh(), layers.Dense(4), layers.Dropout(0.3), layers.Dense(5)]), 5),
    (layers.Residual([layers.LayerNorm(), INNER, layers.Dense(5), layers.Sigmoid()]), 5),
    (layers.Residual([layers.Residual([layers.Sigmoid()])]), (2, 3)),
    (
        layers.Residual([layers.BatchNorm(), layers.Tanh(), layers.Conv2D(3), layers.Tanh(), layers.Conv2D(2)]),
        (3, 4, 2),
    ),
]
SEQUENCES = [
    (layers.RNN(3), (4, 2)),
    (layers.RNN(3, return_sequences=True), (4, 2)),
    (layers.RNN(3, True, reverse=True, nonlinearity="relu", recurrent=byhand.Identity()), (4, 2)),
    (layers.LSTM(3), (4, 2)),
    (layers.LSTM(3, return_sequences=True), (4, 2)),
    (layers.LSTM(2, True, reverse=True, forget_bias=0.0), (4, 2)),
    (layers.LSTM(2, reverse=True), (1, 3)),
    (layers.LSTM(3, True, dropout=0.4), (3, 2)),
    (layers.LSTM(3, peepholes=True), (3, 2)),
    (layers.LSTM(3, True, reverse=True, peepholes=True), (4, 2)),
    (layers.GRU(3, dropout=0.4), (3, 2)),
    (layers.GRU(3, True, dropout=0.4, reset="before"), (3, 2)),
    (layers.RNN(3, dropout=0.4), (3, 2)),
    (layers.GRU(3), (4, 2)),
    (layers.GRU(3, return_sequences=True), (4, 2)),
    (layers.GRU(3, True, reverse=True, reset="before"), (4, 2)),
    (layers.GRU(2, reset="before"), (4, 1)),
    (layers.Bidirectional(layers.LSTM(2)), (4, 2)),
    (layers.Bidirectional(layers.GRU(2, return_sequences=True), merge="sum"), (4, 2)),
    (layers.Bidirectional(layers.RNN(2, return_sequences=True)), (4, 2)),
    (layers.EncoderDecoder(layers.LSTM(3), 2), (4, 2)),
    (layers.EncoderDecoder(layers.GRU(2, reverse=True), 1), (3, 2)),
    (layers.LastStep(), (4, 2)),
    (layers.MeanOverTime(), (4, 2)),
    (layers.MaxOverTime(), (4, 2)),
    (layers.Conv1D(3), (4, 2)),
    (layers.Conv1D(2, 2, dilation=2), (5, 3)),
    *((layers.RepeatVector(3), 4), (layers.StepsFrom(1), (3, 2))),
    (layers.MultiHeadAttention(2), (3, 4)),
    (layers.MultiHeadAttention(1, causal=True, bias=False), (4, 3)),
    (layers.MultiHeadAttention(2, causal=True, rotary=True, longest=4), (4, 4)),
    (layers.MultiHeadAttention(2, dropout=0.3), (4, 2)),
    *((layers.LearnedPositions(6), (4, 3)), (layers.SinusoidalPositions(), (4, 5))),
    *((layers.ClassToken(), (3, 2)), (layers.FirstStep(), (3, 2))),
    (layers.TransformerBlock(4, 2, 5), (3, 4)),
    (layers.TransformerBlock(2, 1, 3, causal=True, pre_norm=False, rms=True, bias=False, dropout=0.2), (3, 2)),
    (layers.SplitSteps(1, [layers.Tanh()], [layers.Dense(3), layers.LayerNorm()]), (3, 3)),
    *((layers.CrossAttention(2, 3), (5, 4)), (layers.CrossAttention(1, 1, 0.3, bias=False), (3, 2))),
    *((layers.DecoderBlock(4, 2, 2, 5), (4, 4)), (layers.DecoderBlock(4, 1, 1, 3, 0.2, pre_norm=False), (3, 4))),
    (layers.Embedding(5, 3), (4,)),
    (layers.Embedding(5, 3, padding=0), (4,)),
    (layers.Sequential([layers.Embedding(5, 3), layers.Tanh(), layers.TiedDense(5, "0.0.W")]), (4,)),
]
TIED = [(layers.TiedDense(4), 5), (layers.TiedDense(4), (2, 3))]  # not without the layer whose matrix they use
FORWARD_ONLY = [(layers.Step(), 5), (layers.Step(), (2, 3))]
LOSSES = [
    (losses.QuadraticCost(), 4),
    (losses.QuadraticCost(), 1),
    (losses.MSE(), 4),
    (losses.MSE(), 2),
    (losses.MSE(), 1),
    (losses.MAE(), 4),
    (losses.MAE(), 1),
    (losses.Huber(), 4),
    (losses.Huber(0.3), 1),
    (losses.Hinge(), 4),
    (losses.Hinge(), 1),
    (losses.Wasserstein(), 4),
    (losses.Wasserstein(), 1),
    (losses.BinaryCrossEntropy(), 4),
    (losses.BinaryCrossEntropy(), 1),
    (losses.BinaryCrossEntropy(label_smoothing=0.1), 3),
    (losses.BinaryCrossEntropy(label_smoothing=1.0), 1),
    (losses.CategoricalCrossEntropy(), 4),
    (losses.CategoricalCrossEntropy(), 2),
    (losses.CategoricalCrossEntropy(label_smoothing=0.1), 3),
]


def naive_descent(theta, g, memory, t, o):
    return theta - 0.1 * g


def naive_adam(theta, g, memory, t, o):
    """Kingma and Ba's algorithm 1, line by line."""
    m = memory["m"] = o.beta1 * memory.get("m", 0) + (1 - o.beta1) * g
    v = memory["v"] = o.beta2 * memory.get("v", 0) + (1 - o.beta2) * g**2
    m_hat, v_hat = m / (1 - o.beta1**t), v / (1 - o.beta2**t)
    return theta - 0.1 * m_hat / (np.sqrt(v_hat) + o.epsilon)


def naive_momentum(theta, g, memory, t, o):
    """Goodfellow, Bengio and Courville, "Deep Learning" (2016), algorithm 8.2, whose velocity is −η times ours."""
    v = memory["v"] = o.momentum * memory.get("v", 0) - 0.1 * g
    return theta + v


def naive_nesterov(theta, g, memory, t, o):
    """Sutskever et al. (2013), eq. 3-4: g belongs to the point ahead, θ here; the point behind it is kept apart."""
    behind, v = memory.get("behind", theta), memory.get("v", 0)
    np.testing.assert_allclose(behind + o.momentum * v, theta, rtol=1e-9)  # the point ahead
    v = memory["v"] = o.momentum * v - 0.1 * g
    memory["behind"] = behind + v
    return memory["behind"] + o.momentum * v


def naive_adagrad(theta, g, memory, t, o):
    past = memory.setdefault("past", [])
    past.append(g)
    return theta - 0.1 * g / (np.sqrt(np.sum(np.square(past), axis=0)) + o.epsilon)


def naive_rmsprop(theta, g, memory, t, o):
    """The running means as sums over all gradients so far."""
    past = memory.setdefault("past", [])
    past.append(g)
    share = ((1 - o.rho) * o.rho ** np.arange(t - 1, -1, -1))[:, None]
    v, mean = np.sum(share * np.square(past), axis=0), np.sum(share * past, axis=0)
    d = g / (np.sqrt(v - mean**2 if o.centred else v) + o.epsilon)
    u = memory["u"] = o.momentum * memory.get("u", 0) + d
    return theta - 0.1 * u


def naive_nadam(theta, g, memory, t, o):
    """Dozat's algorithm 2, line by line."""
    mu = [o.beta1 * (1 - 0.5 * 0.96 ** (i * o.momentum_decay)) for i in range(1, t + 2)]
    m = memory["m"] = o.beta1 * memory.get("m", 0) + (1 - o.beta1) * g
    v = memory["v"] = o.beta2 * memory.get("v", 0) + (1 - o.beta2) * g**2
    g_hat, m_hat, v_hat = g / (1 - np.prod(mu[:t])), m / (1 - np.prod(mu)), v / (1 - o.beta2**t)
    return theta - 0.1 * ((1 - mu[t - 1]) * g_hat + mu[t] * m_hat) / (np.sqrt(v_hat) + o.epsilon)


def naive_lion(theta, g, memory, t, o):
    """Chen et al.'s program 1, line by line."""
    m = memory.get("m", np.zeros_like(g))
    memory["m"] = o.beta2 * m + (1 - o.beta2) * g
    return theta - 0.1 * np.sign(o.beta1 * m + (1 - o.beta1) * g)


OPTIMIZERS = [
    (optimizers.GradientDescent(0.1), naive_descent),
    (optimizers.Momentum(0.1), naive_momentum),
    (optimizers.Momentum(0.1, 0.0), naive_descent),
    (optimizers.SGD(0.1), naive_descent),
    (optimizers.SGD(0.1, momentum=0.9), naive_momentum),
    (optimizers.Nesterov(0.1, 0.7), naive_nesterov),
    (optimizers.AdaGrad(0.1), naive_adagrad),
    (optimizers.RMSprop(0.1), naive_rmsprop),
    (optimizers.RMSprop(0.1, 0.99, 1e-3, momentum=0.8), naive_rmsprop),
    (optimizers.RMSprop(0.1, 0.8, centred=True), naive_rmsprop),
    (optimizers.RMSprop(0.1, 0.8, centred=True, momentum=0.8), naive_rmsprop),
    (optimizers.AdamW(0.1, weight_decay=0.0), naive_adam),
    (optimizers.NAdam(0.1), naive_nadam),
    (optimizers.NAdam(0.1, 0.8, 0.9, momentum_decay=0.5), naive_nadam),
    (optimizers.Lion(0.1), naive_lion),
    (optimizers.Lion(0.1, 0.5, 0.8), naive_lion),
    (optimizers.Adam(0.1), naive_adam),
    (optimizers.Adam(0.1, beta1=0.5, beta2=0.7, epsilon=0.01), naive_adam),
    (optimizers.Adam(0.1, beta1=0.0, beta2=0.0), naive_adam),
]


@pytest.mark.parametrize(("layer", "in_shape"), [*LAYERS, *TIED], ids=str)
def test_layer(layer, in_shape):
    check_layer(layer, in_shape)


@pytest.mark.parametrize(("layer", "in_shape"), SEQUENCES, ids=str)
def test_layer_of_sequences(layer, in_shape):
    check_layer(layer, in_shape, mask=len(np.atleast_1d(in_shape)) == 2)


@pytest.mark.parametrize(("layer", "in_shape"), [*LAYERS, *SEQUENCES], ids=str)
@pytest.mark.parametrize("n", [1, 5, 64])
def test_layer_in_single_precision_through_the_table_that_users_run(layer, in_shape, n):
    """The compiled operations in float32 give what the reference gives in float32, but for rounding."""
    shape = (in_shape,) if isinstance(in_shape, int) else in_shape
    rng = np.random.default_rng(n)
    x, upstream = (rng.standard_normal((n, *s)).astype(np.float32) for s in (shape, plan_layer(layer, shape).out_shape))
    tokens = layer.takes == "tokens"
    if tokens:
        x = rng.integers(layer.vocabulary, size=x.shape)
    results = []
    for ops in (reference, default):
        network = byhand.Network(shape, [layer], rng=1, ops=ops)
        workspace, dx = network.workspace(n), np.zeros_like(x)
        y = network.forward(network.as_input(x), workspace, np.random.default_rng(2)).copy()
        network.backward_from(upstream, workspace, None if tokens else dx)
        results.append({"y": y, "dx": dx, "gradient": network.gradient, "state": network.state})
    for name, wanted in results[0].items():
        scale = max(1e-3, float(np.abs(wanted).max(initial=0)))
        np.testing.assert_allclose(results[1][name] / scale, wanted / scale, rtol=0, atol=1e-4, err_msg=name)


@pytest.mark.parametrize(("layer", "in_shape"), FORWARD_ONLY, ids=str)
def test_layer_without_gradient(layer, in_shape):
    check_layer(layer, in_shape, gradient=False)


@pytest.mark.parametrize(("loss", "outputs"), LOSSES, ids=str)
def test_loss(loss, outputs):
    check_loss(loss, outputs)


@pytest.mark.parametrize(("optimizer", "naive"), OPTIMIZERS, ids=lambda v: getattr(v, "__name__", str(v)))
def test_optimizer_follows_its_formula_step_by_step(optimizer, naive):
    rng = np.random.default_rng(0)
    theta, memory = rng.standard_normal(7), {}
    expected, state = theta.copy(), optimizer.state(7, np.float64)
    for t in range(1, 8):
        g = rng.standard_normal(7) * [1, 1, 1, 1, 1e-9, 1e6, 0]
        kept = g.copy()
        optimizer.step(reference, theta, g, state, t, 0.1)
        expected = naive(expected, g, memory, t, optimizer)
        np.testing.assert_allclose(theta, expected, rtol=1e-12, atol=1e-13)
        np.testing.assert_array_equal(g, kept)


def public(module, base, besides=()):
    kinds = {v for v in vars(module).values() if isinstance(v, type) and issubclass(v, base)}
    return {kind.__name__ for kind in kinds if not kind.__name__.startswith("_")} - {base.__name__, *besides}


def listed(*cases):
    return {type(case[0]).__name__ for case in cases}


def test_everything_public_is_listed_here():
    assert public(layers, layers.Layer, {"Activation"}) == listed(*LAYERS, *TIED, *SEQUENCES, *FORWARD_ONLY)
    assert public(losses, losses.Loss, {"CTC", "NoLoss"}) == listed(*LOSSES)  # test_ctc.py checks CTC
    assert public(optimizers, optimizers.Optimizer) == listed(*OPTIMIZERS)


@pytest.mark.parametrize(
    "thing", [case[0] for case in [*LAYERS, *TIED, *SEQUENCES, *FORWARD_ONLY, *LOSSES, *OPTIMIZERS]], ids=str
)
def test_everything_listed_is_public_and_survives_being_written_as_json(thing):
    assert type(thing).__name__ in byhand.__all__
    assert from_config(json.loads(json.dumps(to_config(thing)))) == thing


def test_central_differences_know_a_slope_and_a_kink():
    x = np.array([-1.0, 0.0, 2.0])
    slopes, kinks = central_differences(lambda: float(np.sum(np.maximum(x, 0) * x + np.abs(x))), x)
    np.testing.assert_array_equal(kinks, [False, True, False])
    np.testing.assert_allclose(slopes[[0, 2]], [-1, 5], rtol=1e-9)  # |x| below 0, x² + x above


def test_nothing_but_a_few_kinks_is_skipped():
    rng = np.random.default_rng(0)
    x = rng.standard_normal((50, 5))
    assert not central_differences(lambda: float(np.sum(np.maximum(x, 0))), x)[1].any()
    x[3, 2] = 1e-6
    assert np.argwhere(central_differences(lambda: float(np.sum(np.maximum(x, 0))), x)[1]).tolist() == [[3, 2]]
