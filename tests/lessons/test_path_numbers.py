"""The numbers of the lessons on the path to backpropagation, by other means."""

from math import exp, log, sqrt

import numpy as np
import pytest

from byhand.lessons import convolution, layer_as_matrix
from tests.lessons.boards import checked, rows, sigma


def test_losses_of_one_guess():
    for c, squared, absolute in rows("loss"):
        errors = [c - fare for fare in (1, 2, 6)]
        assert squared == pytest.approx(sum(e * e for e in errors) / 3)
        assert absolute == pytest.approx(sum(map(abs, errors)) / 3)
    for p, surprise, square in rows("loss", 1):
        assert (surprise, square) == pytest.approx((-log(p), (1 - p) ** 2))


def test_differences_approach_the_slope():
    for h, forward, central in rows("derivative"):
        assert forward == pytest.approx(-4 + 4 * h)
        assert central == pytest.approx(-4)


def test_faults_are_as_far_away_as_the_board_says():
    a = sigma(1)
    right = 2 * (a - 1) * a * (1 - a) * 4
    for _, formula, difference, ratio, distance in rows("gradient-checking", 1):
        assert difference == pytest.approx(right, rel=1e-8)
        assert ratio == pytest.approx(formula / right, rel=1e-8)
        assert distance == pytest.approx(abs(formula - right) / (abs(formula) + abs(right)), abs=1e-9)


def test_a_layer_element_by_element():
    x, w, b, t = (getattr(layer_as_matrix, name) for name in ("TWO_SAMPLES", "WEIGHTS", "BIASES", "TARGETS"))
    y = [[sum(x[i][k] * w[k][j] for k in range(3)) + b[j] for j in range(2)] for i in range(2)]
    dy = [[(y[i][j] - t[i][j]) / 2 for j in range(2)] for i in range(2)]
    assert checked("layer-as-matrix")["y"] == y
    assert checked("layer-as-matrix")["dW"] == [
        [sum(x[i][k] * dy[i][j] for i in range(2)) for j in range(2)] for k in range(3)
    ]
    assert checked("layer-as-matrix")["dx"] == [
        [sum(dy[i][j] * w[k][j] for j in range(2)) for k in range(3)] for i in range(2)
    ]


def test_softmax_by_its_definition():
    for (_, z, power, p), wanted in zip(rows("softmax-cross-entropy"), (4, 2, 1), strict=True):
        assert (power, p) == pytest.approx((exp(z), wanted / 7))
    assert checked("softmax-cross-entropy")["L"] == pytest.approx(log(7 / 2))


def test_batches_of_two():
    gradients = [gradient for _, gradient in rows("mini-batches")]
    assert gradients == [-2 * (a * a + b * b) for a, b in ((1, 2), (1, 3), (1, 4), (2, 3), (2, 4), (3, 4))]
    assert rows("mini-batches", 1)[1][1] == pytest.approx(sqrt(sum((g + 30) ** 2 for g in gradients) / 6))


def test_momentum_in_plain_python():
    v, w = 0.0, 0.0
    for step, steady, swinging in rows("momentum"):
        v, w = 0.9 * v + 1, 0.9 * w + (1 if step % 2 else -1)
        assert (steady, swinging) == pytest.approx((v, w))
    u, velocity = -8.0, 0.0
    for _ in range(100):
        velocity = 0.9 * velocity + u
        u -= 0.018 * velocity
    assert rows("momentum", 1)[1][1] == pytest.approx(u)


def test_adam_in_plain_python():
    m = v = 0.0
    for step, g in enumerate((0.5, -0.5, 0.5), 1):
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g
        moved = 0.001 * (m / (1 - 0.9**step)) / (sqrt(v / (1 - 0.999**step)) + 1e-8)
        assert float(rows("adam")[step - 1][3].replace("−", "-")) == pytest.approx(moved, abs=6e-7)


def test_penalties_on_one_weight():
    for c, l2, l1 in rows("regularisation"):
        assert l2 == pytest.approx(c / 1.5, abs=1e-6)
        assert l1 == pytest.approx(max(0, c - 0.5), abs=0.026)  # within η λ of it


def test_the_convolution_window_by_window():
    x, w = convolution.PICTURE, convolution.KERNEL
    y = [[(x[r : r + 2, s : s + 2] * w).sum() + 1 for s in range(2)] for r in range(2)]
    assert checked("convolution")["y"] == y
    dy = np.subtract(y, convolution.WANTED)
    assert checked("convolution")["dw"] == [[(x[k : k + 2, i : i + 2] * dy).sum() for i in range(2)] for k in range(2)]
    wide = np.pad(dy, 1)  # the kernel turned round, over dy with zeros around it
    dx = [[(wide[r : r + 2, s : s + 2] * w[::-1, ::-1]).sum() for s in range(3)] for r in range(3)]
    assert checked("convolution")["dx: each dy adds its multiple of the kernel"] == dx
