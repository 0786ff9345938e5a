"""Every lesson holds, its numbers are worked out here once more by other means, and a fault in the core shows."""

import functools
import json
from collections import Counter
from math import exp, log

import numpy as np
import pytest

from byhand.core.errors import ByhandError
from byhand.data.fetch import is_cached
from byhand.layers import Dense
from byhand.layers.base import Plan
from byhand.lessons import Board, LessonFailed, lessons, output_coding, run_lesson
from byhand.metrics import Scores
from byhand.ops import default, reference

LESSONS = lessons()
QUICK = [name for name, lesson in LESSONS.items() if lesson.needs is None]


@functools.cache
def board_of(name: str) -> Board:
    needs = LESSONS[name].needs
    if needs and not is_cached(needs):
        pytest.skip(f"{needs} is not in the cache; fetch it with: byhand data fetch {needs}")
    return run_lesson(name)


def checked(name: str) -> dict[str, object]:
    """A lesson's checked numbers by their names."""
    return {entry["name"]: entry["value"] for entry in board_of(name).records() if entry["kind"] == "check"}


def rows(name: str, table: int = 0) -> list[list[object]]:
    return [entry for entry in board_of(name).records() if entry["kind"] == "table"][table]["rows"]


def sigma(z: float) -> float:
    return 1 / (1 + exp(-z))


# ---- all of them ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", LESSONS)
def test_every_lesson_holds_and_reads_well(name):
    board = board_of(name)
    assert any(entry["kind"] == "check" for entry in board.records())
    assert json.loads(json.dumps(board.records())) == board.records()  # plain data, and no NaN among them
    lines = board.text().splitlines()
    assert max(map(len, lines)) <= 100
    assert not [line for line in lines if line != line.rstrip()]


@pytest.mark.parametrize("name", QUICK)
def test_the_seed_decides_everything_and_another_one_holds_too(name):
    assert run_lesson(name).records() == board_of(name).records()
    run_lesson(name, 1)


def test_lessons_have_names_that_can_be_typed():
    for name, lesson in LESSONS.items():
        assert name == lesson.name
        assert name.replace("-", "").isalpha()
        assert lesson.title
        assert lesson.source
    assert len({lesson.teach for lesson in LESSONS.values()}) == len(LESSONS)


def test_an_unknown_lesson_names_its_neighbours():
    with pytest.raises(ByhandError, match="did you mean perceptron-gates"):
        run_lesson("perceptron-gate")
    with pytest.raises(ByhandError, match="choose one of perceptron-gates, "):
        run_lesson("qqqq")


# ---- numbers, by hand -------------------------------------------------------------------------------------------


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


# ---- pictures ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [name for name, lesson in LESSONS.items() if lesson.picture])
def test_a_picture_shows_something(name):
    figure = LESSONS[name].picture(board_of(name))
    axes = figure.get_axes()
    assert all(ax.lines or ax.collections or ax.patches for ax in axes)
    if name in QUICK:
        assert len(LESSONS[name].picture().get_axes()) == len(axes)  # from a board of its own


def test_the_gates_picture_separates():
    """Each drawn line has the corners that fire on one side and the others on the other."""
    corners = [(0, 0), (0, 1), (1, 0), (1, 1)]
    for ax, truth in zip(
        LESSONS["perceptron-gates"].picture().get_axes(), [(1, 1, 1, 0), (0, 0, 0, 1), (0, 1, 1, 1)], strict=False
    ):
        (x1, x2), (y1, y2) = ax.lines[0].get_xdata(), ax.lines[0].get_ydata()
        sides = [(x2 - x1) * (b - y1) - (y2 - y1) * (a - x1) > 0 for a, b in corners]
        assert sides in ([bool(t) for t in truth], [not t for t in truth])


# ---- a fault in the core shows ----------------------------------------------------------------------------------


def no_bias(x, w, b, out):
    """The bias is forgotten."""
    np.dot(x, w, out=out)


def steep_sigmoid(z, out):
    np.tanh(z, out=out)  # z for z/2
    out *= 0.5
    out += 0.5


def slope_without_one_minus_a(a, da, dz):
    np.multiply(da, a, out=dz)


def loss_without_targets(z, t, each, dz, scratch):
    each[...] = np.logaddexp(0, z).sum(axis=1) - (t * z).sum(axis=1)
    dz[...] = 1 / (1 + np.exp(-z))


def uphill(theta, g, s, rate):
    theta += rate * g


def divide_by_256(a, out):
    np.divide(a, 256, out=out)


def fires_at_zero(z, out):
    np.greater_equal(z, 0, out=out)


def half_the_error(y, t, factor, each, dy):
    np.subtract(y, t, out=dy)
    each[...] = factor * (dy * dy).sum(axis=1)


FAULTS = [
    ("perceptron-gates", "affine", no_bias),
    ("spam-threshold", "affine", no_bias),
    ("spam-sigmoid", "sigmoid", steep_sigmoid),
    ("perceptron-rule", "step", fires_at_zero),
    ("xor-network", "affine", no_bias),
    ("sigmoid-table", "sigmoid", steep_sigmoid),
    ("activation-functions", "sigmoid", steep_sigmoid),
    ("mean-squared-error", "squared_error", half_the_error),
    ("chain-rule", "sigmoid_backward", slope_without_one_minus_a),
    ("weight-updates", "descend", uphill),
    ("normalisation", "scale_bytes", divide_by_256),
    ("two-two-one-mse", "sigmoid_backward", slope_without_one_minus_a),
    ("two-two-one-log-loss", "binary_cross_entropy", loss_without_targets),
    ("zero-initialisation", "descend", uphill),
]


@pytest.mark.parametrize(("name", "operation", "fault"), FAULTS)
def test_a_fault_in_the_operations_fails_the_lesson(name, operation, fault, monkeypatch):
    for table in (reference, default):
        monkeypatch.setattr(table, operation, fault)
    with pytest.raises(LessonFailed, match="must be"):
        run_lesson(name)


def test_a_fault_in_the_layer_fails_the_count(monkeypatch):
    monkeypatch.setattr(Dense, "plan", lambda self, shape: Plan((self.units,), {"W": (*shape, self.units), "b": (1,)}))
    with pytest.raises(LessonFailed, match="7841, but must be 7850"):
        run_lesson("parameter-counts")


def test_precision_and_recall_mixed_up_fail_the_nine_detector(monkeypatch):
    board_of("nine-detector")  # skips where there is no MNIST

    def mixed_up(confusion):
        right, called, support = np.diag(confusion), confusion.sum(axis=0), confusion.sum(axis=1)
        return Scores(right / support, right / np.maximum(called, 1), 2 * right / (support + called), support)

    monkeypatch.setattr(output_coding, "scores", mixed_up)
    with pytest.raises(LessonFailed):
        run_lesson("nine-detector")


def test_every_quick_lesson_has_a_fault_that_it_notices():
    # perceptron-xor learns with a rule of its own and computes with nothing of the core
    assert set(QUICK) - {name for name, _, _ in FAULTS} == {"parameter-counts", "perceptron-xor"}


# ---- the board --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "expected", "tolerance"),
    [
        (0.5, 0.6, 0.05),
        (float("nan"), 0.0, 1.0),
        ([1, 2], [1, 2, 3], 5.0),
        ([1.0, 9.0], [1.0, 2.0], 0.5),
        (True, False, 0),
    ],
)
def test_a_wrong_number_stays_on_the_board_and_fails(value, expected, tolerance):
    board = Board()
    with pytest.raises(LessonFailed, match=r"^the sum is .* but must be "):
        board.check("the sum", value, expected, tolerance)
    assert board.records()[0]["name"] == "the sum"


def test_the_board_in_plain_text():
    board = Board()
    board.say("Two\n   lines become one.")
    board.equation("""
        a = b
          + c
    """)
    board.table(["z", "name", "σ"], [[-1, "low", 0.25], [12, "high", np.float64(0.98765)]])
    board.check("exact", 3, 3)
    board.check("close", np.float32(0.5), 0.501, 0.01)
    assert board.text().splitlines() == [
        "Two lines become one.",
        "",
        "    a = b",
        "      + c",
        "",
        "     z   name        σ",
        "    ──   ────   ──────",
        "    −1   low    0.2500",
        "    12   high   0.9877",
        "",
        "  ✓ exact   3",
        "  ✓ close   0.5   must be 0.501 ± 0.01",
    ]
    kinds = Counter(entry["kind"] for entry in board.records())
    assert kinds == {"text": 1, "equation": 1, "table": 1, "check": 2}
