"""Answers of the exercises by other means: loops, finite differences, other libraries."""

import re

import numpy as np
import pytest

from byhand.initializers import Zeros
from byhand.layers import Dense
from byhand.lessons.exercises import questions_of
from byhand.losses import QuadraticCost
from byhand.network import Network
from byhand.optimizers import GradientDescent
from byhand.training import Group, fit
from tests.lessons.test_exercises import SEEDS, numbers_in, sigma

CORNERS = np.array([[0, 0], [0, 1], [1, 0], [1, 1.0]])
H = 1e-5
every_seed = pytest.mark.parametrize("seed", SEEDS)


def given(question, prefix):
    """The numbers in a question after `prefix`, up to the next letter."""
    _, found, rest = question.text.partition(prefix)
    assert found, (prefix, question.text)
    return np.array(numbers_in(re.match(r"[^A-Za-zα-ω?]*", rest)[0]))


def slopes(f, x):
    """∂f/∂x by central differences, of x's shape."""
    result = np.empty_like(x)
    for place in np.ndindex(x.shape):
        step = np.zeros_like(x)
        step[place] = H
        result[place] = (f(x + step) - f(x - step)) / (2 * H)
    return result


@every_seed
def test_spam_by_counting(seed):
    evidence, bias, verdict, kinds = questions_of("spam-threshold", seed)
    w, (threshold,) = given(evidence, "mail count "), given(evidence, "is above ")
    yes = [word == "yes" for word in re.findall(r"\b(yes|no)\b", evidence.text)]
    assert evidence.answer == sum(weight for weight, counts in zip(w, yes, strict=True) if counts)
    assert verdict.answer == (evidence.answer > threshold) == (evidence.answer + bias.answer > 0)
    mails = [(a, b, c) for a in (0, 1) for b in (0, 1) for c in (0, 1)]
    assert kinds.answer == sum(a * w[0] + b * w[1] + c * w[2] > threshold for a, b, c in mails)


@every_seed
def test_spam_under_a_sigmoid_by_differences(seed):
    z, a, change, other = questions_of("spam-sigmoid", seed)
    win, marks, bias = numbers_in(z.text)
    assert z.answer == win + bias
    assert a.answer == pytest.approx(sigma(win + bias))
    (step,) = given(change, "changes by ")
    slope = (sigma(win + H + bias) - sigma(win - H + bias)) / (2 * H)
    assert change.answer == pytest.approx(slope * step)
    assert change.answer == pytest.approx(sigma(win + step + bias) - a.answer, abs=0.06 * step**2)
    assert other.answer == 0 and marks != win


@every_seed
def test_no_perceptron_does_xor(seed):
    outputs, right, lower, upper = questions_of("perceptron-xor", seed)
    w1, w2, b = numbers_in(outputs.text)[:3]
    table = [int(w1 * x1 + w2 * x2 + b > 0) for x1, x2 in CORNERS]
    assert outputs.answer.tolist() == table
    assert right.answer == sum(y == t for y, t in zip(table, (0, 1, 1, 0), strict=True))
    (b,) = given(lower, "b = ")
    w1, w2 = np.meshgrid(np.linspace(-20, 20, 401), np.linspace(-20, 20, 401))
    middle, last = (w1 + b > 0) & (w2 + b > 0), w1 + w2 + b <= 0
    sums = w1 + w2
    assert sums[middle].min() == pytest.approx(lower.answer, abs=0.3) and sums[middle].min() > lower.answer
    assert sums[last].max() == pytest.approx(upper.answer, abs=0.15)
    assert not np.any(middle & last)


@every_seed
def test_a_hidden_layer_by_loops(seed):
    z, h, y, corners = questions_of("xor-network", seed)
    W, b, x = given(z, "W1 = ").reshape(2, 2), given(z, "b1 = "), given(z, "x = ")
    v, (c,) = given(y, "the weights "), given(y, "the bias ")

    def step(x):
        sums = [x[0] * W[0, j] + x[1] * W[1, j] + b[j] for j in range(2)]
        hidden = [int(s > 0) for s in sums]
        return sums, hidden, int(hidden[0] * v[0] + hidden[1] * v[1] + c > 0)

    assert (z.answer.tolist(), h.answer.tolist(), y.answer) == step(x)
    assert corners.answer.tolist() == [step(corner)[2] for corner in CORNERS]


@every_seed
def test_equal_units_by_differences(seed):
    a1, dW1, apart, dead, half = questions_of("zero-initialisation", seed)
    (c,), x, (t,) = given(a1, "weights are "), given(a1, "x = "), given(a1, "with t = ")

    def L(W1, W2, f):
        return 0.5 * (f(x @ W1) @ W2 - t) ** 2

    W1, W2 = np.full((2, 2), c), np.full(2, c)
    assert a1.answer == pytest.approx(np.tanh(x @ W1))
    assert dW1.answer == pytest.approx(slopes(lambda W1: L(W1, W2, np.tanh), W1), abs=1e-8)
    assert apart.answer == 0 and np.ptp(dW1.answer, axis=1).max() == 0
    for question, f in ((dead, np.tanh), (half, sigma)):
        wanted = slopes(lambda W2, f=f: L(np.zeros((2, 2)), W2, f), np.zeros(2))
        assert question.answer == pytest.approx(wanted, abs=1e-8)


@every_seed
def test_rates_by_steps(seed):
    one, several, best, high, low = questions_of("learning-rate", seed)
    k, (start,), (eta,) = numbers_in(one.text)[0], given(one, "w = "), given(one, "η = ")

    def after(steps, eta):
        w = start
        for _ in range(steps):
            w -= eta * k * w
        return w

    assert one.answer == pytest.approx(after(1, eta))
    assert several.answer == pytest.approx(after(int(numbers_in(several.text)[0]), eta))
    assert after(1, best.answer) == pytest.approx(0)
    assert abs(after(50, 1.02 * high.answer)) > abs(start) > abs(after(50, 0.98 * high.answer))
    (rate,), epochs = given(low, "with η = "), given(low, "takes ")[0]
    assert low.answer * 0.001 == pytest.approx(rate * epochs)


@every_seed
def test_transfer_by_training(seed):
    d2, d1, frozen, tuned = questions_of("transfer", seed)
    w1, w2, x, t = (given(d2, f"{name} = ")[0] for name in ("left w₁", "w₂", "x", "t"))
    w2 = given(d2, "; w₂ = ")[0]
    gradient = slopes(lambda w: 0.5 * (w[1] * w[0] * x - t) ** 2, np.array([w1, w2]))
    assert (d1.answer, d2.answer) == pytest.approx(gradient, abs=1e-6)
    (eta,) = given(frozen, "η = ")
    for question, share in ((frozen, 0.0), (tuned, 0.1)):
        layers = [Dense(1, Zeros(), bias=False), Dense(1, Zeros(), bias=False)]
        network = Network(1, layers, QuadraticCost(), rng=0, dtype=np.float64)
        network.theta[...] = w1, w2
        fit(
            network, np.full((1, 1), x), np.full((1, 1), t),
            epochs=1, batch_size=None, optimizer=GradientDescent(eta), groups=[Group("0.*", share)], progress=False,
        )  # fmt: skip
        assert question.answer == pytest.approx(network.theta)


@every_seed
def test_predictions_by_scikit_learn(seed):
    metrics = pytest.importorskip("sklearn.metrics")
    mae, rmse, r2, old = questions_of("curve", seed)
    t, y = given(mae, "targets are "), given(mae, "predictions ")
    assert mae.answer == pytest.approx(metrics.mean_absolute_error(t, y))
    assert rmse.answer == pytest.approx(metrics.root_mean_squared_error(t, y))
    assert r2.answer == pytest.approx(metrics.r2_score(t, y))
    mean, deviation, s = (given(old, prefix)[0] for prefix in ("mean ", "standard deviation ", "predicts "))
    assert (old.answer - mean) / deviation == pytest.approx(s)


@every_seed
def test_bits_by_python(seed):
    bits, number, z, fewer = questions_of("ten-or-four-outputs", seed)
    digit = int(given(bits, "for a ")[0])
    assert "".join(f"{bit:g}" for bit in bits.answer) == f"{digit:04b}"
    outputs = given(number, "outputs are ")
    assert number.answer == int("".join("1" if output > 0.5 else "0" for output in outputs[:4]), 2)
    place, sure = int(given(z, "bit of the ")[0]), int(given(z, "0.9 for the ")[0])
    wanted = sum((10 if d & place else -10) * (0.9 if d == sure else 0.1) for d in range(10))
    assert z.answer == pytest.approx(wanted)
    hidden = int(fewer.text.partition("784-")[2].partition("-")[0])
    sizes = [Network(784, [Dense(hidden), Dense(outputs)]).size for outputs in (4, 10)]
    assert fewer.answer == sizes[1] - sizes[0]


@every_seed
def test_recurrence_by_differences(seed):
    h, dz, dw, dr, db, cut = questions_of("recurrence", seed)
    w, r, b = (given(h, f"{name} = ")[0] for name in ("with w", "r", "b"))
    x = given(h, "x = ")

    def states(w, r, b, nudge=(0, 0, 0), first=0.0, start=0):
        state, found = first, []
        for t in range(start, 3):
            state = max(0.0, w * x[t] + r * state + b + nudge[t])
            found.append(state)
        return found

    def L(*numbers, **more):
        return 0.5 * (states(*numbers, **more)[-1] - 2) ** 2

    assert h.answer == pytest.approx(states(w, r, b))
    assert dz.answer == pytest.approx(slopes(lambda nudge: L(w, r, b, nudge=nudge), np.zeros(3)), rel=1e-6)
    gradient = slopes(lambda p: L(*p), np.array([w, r, b]))
    assert (dw.answer, dr.answer, db.answer) == pytest.approx(gradient, rel=1e-6)
    carried = states(w, r, b)[0]
    after = slopes(lambda p: L(p[0], r, b, first=carried, start=1), np.array([w]))
    assert cut.answer == pytest.approx(after[0], rel=1e-6)


@every_seed
def test_forgetting_by_steps(seed):
    back, many, gate, half, cell, dc = questions_of("forgetting", seed)
    (r,), (h,) = given(back, "with r = "), given(back, "and h[t] = ")
    z = np.arctanh(h)
    assert back.answer == pytest.approx((np.tanh(z + r * H) - np.tanh(z - r * H)) / (2 * H), abs=1e-8)
    factor, steps = given(many, "factor is ")[0], int(given(many, "after ")[0])
    left = 1.0
    for _ in range(steps):
        left *= factor
    assert many.answer == pytest.approx(left)
    bias, steps = given(gate, "a bias of ")[0], int(given(gate, "after ")[0])
    assert gate.answer ** (1 / steps) == pytest.approx(sigma(bias))
    assert sigma(bias) ** half.answer == pytest.approx(0.5)
    c, i, g = (given(cell, f"{name} = ")[0] for name in ("c[t−1]", ", i", "g"))
    assert cell.answer == pytest.approx(sigma(bias) * c + i * g)
    (upstream,) = given(dc, "∂L/∂c[t] is ")
    assert dc.answer == pytest.approx(
        slopes(lambda c: upstream * (sigma(bias) * c[0] + i * g), np.array([c]))[0], abs=1e-8
    )


@every_seed
def test_attention_by_differences(seed):
    A, y, dv, dS, dq, causal = questions_of("attention", seed)
    x, value, dy = given(A, "x = "), given(A, "v = ")[0], given(dv, "∂L/∂y = ")[0]
    q, k, v = x[1], np.log(2) * x, value * x

    def weights(scores):
        powers = [np.exp(s) for s in scores]
        return np.array([power / sum(powers) for power in powers])

    assert A.answer == pytest.approx(weights(q * k))
    assert y.answer == pytest.approx(sum(a * b for a, b in zip(weights(q * k), v, strict=True)))
    assert dv.answer == pytest.approx(slopes(lambda v: dy * (weights(q * k) @ v), v), abs=1e-8)
    assert dS.answer == pytest.approx(slopes(lambda S: dy * (weights(S) @ v), q * k), abs=1e-7)
    assert dq.answer == pytest.approx(slopes(lambda q: dy * (weights(q * k) @ v), np.array(q)), abs=1e-7)
    assert causal.answer == pytest.approx([*weights(q * k[:2]), 0])


@every_seed
def test_the_gradient_penalty_by_differences(seed):
    s, P, r, dW1, dW2 = questions_of("gradient-penalty", seed)
    W1, W2 = given(s, "W1 = ").reshape(2, 2), given(s, "W2 = ")

    def D(x):
        return np.maximum(0, x @ W1) @ W2

    def penalty(W1, W2):
        return (np.sqrt(np.sum((W1 @ W2) ** 2)) - 1) ** 2

    assert s.answer == pytest.approx(slopes(D, np.ones(2)), abs=1e-8)
    assert P.answer == pytest.approx(penalty(W1, W2))
    assert r.answer == pytest.approx(slopes(lambda s: (np.linalg.norm(s) - 1) ** 2, W1 @ W2), abs=1e-6)
    assert dW1.answer == pytest.approx(slopes(lambda W1: penalty(W1, W2), W1), abs=1e-5)
    assert dW2.answer == pytest.approx(slopes(lambda W2: penalty(W1, W2), W2), abs=1e-5)
