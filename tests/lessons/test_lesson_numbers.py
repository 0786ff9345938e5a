"""The lessons' numbers, worked out once more by other means."""

from math import exp, log

import numpy as np
import pytest

from byhand.lessons import output_coding
from tests.lessons.boards import checked, rows, sigma


def test_gates():
    assert checked("perceptron-gates")["NAND's sums"] == [3, 1, 1, -1]
    assert [row[-1] for row in rows("perceptron-gates")] == [1, 1, 1, 0]
    assert checked("perceptron-gates")["OR   (2, 2), −1"] == [0, 1, 1, 1]
    assert checked("perceptron-gates")["AND  (2, 2), −3"] == [0, 0, 0, 1]
    assert checked("perceptron-gates")["NOT  (−2), 1"] == [1, 0]


def test_spam():
    for win, marks, known, evidence, spam in rows("spam-threshold", 1):
        assert evidence == 3 * win + 2 * marks - 4 * known
        assert spam == (evidence > 2.5)
    for win, marks, known, z, a, fires in rows("spam-sigmoid"):
        assert z == 3 * win + 2 * marks - 4 * known - 2.5
        assert a == pytest.approx(sigma(z), abs=1e-12)
        assert fires == (z > 0)


def test_the_rule_learns_and_as_it_should():
    w, b, expected = [0, 0], 0, []
    for epoch in range(1, 7):
        for x1, x2, t in ((0, 0, 0), (0, 1, 0), (1, 0, 0), (1, 1, 1)):
            error = t - (1 if w[0] * x1 + w[1] * x2 + b > 0 else 0)
            if error:
                w, b = [w[0] + error * x1, w[1] + error * x2], b + error
                expected.append([epoch, f" {x1}  {x2}", error, *w, b])
    assert rows("perceptron-rule") == expected
    assert expected[-1] == [5, " 0  1", -1, 2, 1, -2]


def test_no_perceptron_does_xor():
    assert checked("perceptron-xor")["corners right, the best of them"] == 3
    assert [row[1:] for row in rows("perceptron-xor")][1:] == [[3, -1, 0, 1]] + 4 * [[4, -1, 0, 1]]


def test_a_small_network_does_xor():
    assert [row[-1] for row in rows("xor-network")] == [0, 1, 1, 0]
    assert [round(a) for _, _, a in rows("xor-network", 2)] == [0, 1, 1, 0]


def test_sigmoid():
    for z, step, a, slope in rows("sigmoid-table"):
        assert step == (z > 0)
        assert a == pytest.approx(sigma(z), abs=1e-12)
        assert slope == pytest.approx(exp(-z) / (1 + exp(-z)) ** 2, abs=1e-12)
    assert [round(a, 4) for _, _, a, _ in rows("sigmoid-table")] == [0.0067, 0.1192, 0.5, 0.8808, 0.9933]


def test_small_sums():
    assert checked("mean-squared-error")["MSE = 0.30 / 3"] == pytest.approx(0.10)
    assert checked("chain-rule")["∂L/∂w by backpropagation"] == pytest.approx(0.018)
    assert checked("weight-updates")["w after each step"] == pytest.approx([0.47, 0.445, 0.425])
    assert rows("normalisation") == [[0, 0.0], [128, 0.502], [255, 1.0]]
    counted = checked("parameter-counts")
    assert [counted[name] for name in ("784 × 10 + 10", "10 × 10 + 10", "together")] == [7850, 110, 7960]


@pytest.mark.parametrize("loss", ["mse", "log-loss"])
def test_two_two_one(loss):
    """All nine gradients in plain Python, without an array, and the loss after the step."""
    theta = [0.4, -0.6, 0.8, 0.2, 0.5, -1.0, -0.3, 0.1, 0.2]

    def forward(w11, w12, w21, w22, v1, v2, b1, b2, c):
        h1, h2 = sigma(1.0 * w11 + 0.5 * w21 + b1), sigma(1.0 * w12 + 0.5 * w22 + b2)
        return h1, h2, sigma(h1 * v1 + h2 * v2 + c)

    h1, h2, a = forward(*theta)
    slope = a * (1 - a)
    delta, slip = (2 * (a - 1) * slope, a - 1) if loss == "mse" else (a - 1, -1 / a)
    d1, d2 = delta * 0.5 * h1 * (1 - h1), delta * -1.0 * h2 * (1 - h2)
    right = [d1, d2, 0.5 * d1, 0.5 * d2, delta * h1, delta * h2, d1, d2, delta]

    table = rows(f"two-two-one-{loss}")
    assert [row[1] for row in table] == pytest.approx(right, abs=1e-12)
    assert [row[2] for row in table] == pytest.approx(right, abs=1e-9)
    assert [row[3] for row in table] == pytest.approx([g * slip / delta for g in right], abs=1e-12)
    *_, after = forward(*(p - 0.5 * g for p, g in zip(theta, right, strict=True)))
    expected = (after - 1) ** 2 if loss == "mse" else -log(after)
    assert checked(f"two-two-one-{loss}")["L after"] == pytest.approx(expected, abs=1e-12)


def test_units_that_start_alike_stay_alike():
    table = {row[0]: row[1:] for row in rows("zero-initialisation")}
    assert np.ptp(table["zeros, sigmoid"][:-1]) < 1e-6 < abs(table["zeros, sigmoid"][0])
    assert not any(table["zeros, tanh"][:-1])
    assert np.ptp(table["random, tanh"][:-1]) > 1
    assert table["random, tanh"][-1] > 0.9 > 0.75 > table["all 0.5, tanh"][-1]


def test_learning_rates():
    low, right, high = (row[-2] for row in rows("learning-rate"))  # accuracy after the last epoch
    assert low < 0.3
    assert right > 0.9
    assert high == pytest.approx(0.1, abs=0.05)


def test_bits_of_the_digits():
    bits = [[int(bit) for bit in f"{digit:04b}"] for digit in range(10)]
    assert output_coding.BITS.tolist() == bits
    table = rows("ten-or-four-outputs", 2)
    assert [row[1:] for row in table] == [[20 * bits[d][i] - 10 for d in range(10)] for i in range(4)]
    ten, four = (row[1] for row in rows("ten-or-four-outputs"))
    assert ten > four > 8_500


def test_bits_are_right_whenever_the_ten_are_surely_right():
    rng = np.random.default_rng(5)
    labels = rng.integers(0, 10, 5_000)
    activations = rng.choice([0.0, 0.1], (5_000, 10)).astype(np.float32)
    activations[np.arange(5_000), labels] = 0.9
    bits = output_coding.converter().predict_proba(activations) >= 0.5
    assert [int("".join("01"[int(bit)] for bit in row), 2) for row in bits] == labels.tolist()


def test_nine_detector():
    (right_no, wrong_nine), (missed, found) = (row[1:] for row in rows("nine-detector"))
    assert (right_no + wrong_nine, missed + found) == (8_991, 1_009)  # MNIST's test digits
    _, accuracy, precision, recall, f1 = rows("nine-detector", 1)[1]
    assert accuracy == pytest.approx((right_no + found) / 10_000)
    assert precision == pytest.approx(found / (found + wrong_nine))
    assert recall == pytest.approx(found / (found + missed))
    assert f1 == pytest.approx(2 * found / (2 * found + wrong_nine + missed))
