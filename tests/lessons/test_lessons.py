"""Every lesson holds, draws its picture, and fails where the core computes wrongly; what the board prints."""

import json
from collections import Counter

import numpy as np
import pytest

from byhand.core.errors import ByhandError
from byhand.layers import Dense
from byhand.layers.base import Plan
from byhand.lessons import CHAPTERS, Board, LessonFailed, output_coding, run_lesson
from byhand.metrics import Scores
from byhand.ops import default, reference
from tests.lessons.boards import LESSONS, board_of

QUICK = [name for name, lesson in LESSONS.items() if lesson.needs is None]


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


def test_the_path_has_every_lesson_after_those_that_it_requires():
    path = [name for chapter in CHAPTERS.values() for name in chapter]
    assert len(path) == len(set(path))
    assert [name for name in path if name in LESSONS] == list(LESSONS)
    seen = set()
    for name, lesson in LESSONS.items():
        assert set(lesson.requires) <= seen, name
        assert lesson.minutes in range(5, 46, 5)
        seen.add(name)


def test_an_unknown_lesson_names_its_neighbours():
    with pytest.raises(ByhandError, match="did you mean perceptron-gates"):
        run_lesson("perceptron-gate")
    with pytest.raises(ByhandError, match="choose one of perceptron-gates, "):
        run_lesson("qqqq")


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


def kernel_turned_round(dy, w, dx, stride, dilation, pad, groups, scratch, right=reference.conv2d_input):
    right(dy, w[:, ::-1], dx, stride, dilation, pad, groups, scratch)


def slope_of_the_square(slopes, weight, each, out):
    np.multiply(slopes, 2 * weight, out=out)
    each[...] = weight * (np.linalg.norm(slopes, axis=1) - 1) ** 2


def without_divergence(moments, noise, dz, factor, dmoments):
    dmoments[...] = np.hstack([dz, 0.5 * dz * noise * np.exp(0.5 * moments[:, 1:])])


def errors_with_signs(y, t, factor, each, dy):
    each[...] = factor * (y - t).sum(axis=1)


def sums_instead_of_means(each, dy, factor):
    return float(each.sum())


def wrong_class(z, t, each, dz, row, right=reference.softmax_cross_entropy):
    right(z, np.roll(t, 1, axis=1), each, dz, row)


def without_velocity(theta, g, v, s, rate, mu):
    theta -= rate * g


def adam_uncorrected(theta, g, m, v, s, rate, beta1, beta2, epsilon, *more):
    m += (1 - beta1) * (g - m)
    v += (1 - beta2) * (g * g - v)
    theta -= 0.001 * m / (np.sqrt(v) + epsilon)


def twice_the_penalty(g, w, s, factor):
    g += 2 * factor * w


def window_turned_round(x, dy, dw, *more, right=reference.conv2d_weights):
    right(x[:, ::-1], dy, dw, *more)


def scores_without_their_mean(a, da, scale, ds, row):
    np.multiply(a, da * scale, out=ds)


def state_counted_thrice(r, *more, right=reference.rnn_backward):
    right(3 * r, *more)


FAULTS = [
    ("recurrence", "rnn_backward", state_counted_thrice),
    ("forgetting", "rnn_backward", state_counted_thrice),
    ("attention", "masked_softmax_backward", scores_without_their_mean),
    ("loss", "absolute_error", errors_with_signs),
    ("derivative", "squared_error", half_the_error),
    ("gradient-checking", "sigmoid_backward", slope_without_one_minus_a),
    ("layer-as-matrix", "affine", no_bias),
    ("mini-batches", "mean_loss", sums_instead_of_means),
    ("softmax-cross-entropy", "softmax_cross_entropy", wrong_class),
    ("momentum", "momentum", without_velocity),
    ("adam", "adam", adam_uncorrected),
    ("regularisation", "add_scaled", twice_the_penalty),
    ("convolution", "conv2d_weights", window_turned_round),
    ("perceptron-gates", "affine", no_bias),
    ("spam-threshold", "affine", no_bias),
    ("spam-sigmoid", "sigmoid", steep_sigmoid),
    ("perceptron-rule", "step", fires_at_zero),
    ("xor-network", "affine", no_bias),
    ("curve", "affine", no_bias),
    ("sigmoid-table", "sigmoid", steep_sigmoid),
    ("activation-functions", "sigmoid", steep_sigmoid),
    ("mean-squared-error", "squared_error", half_the_error),
    ("chain-rule", "sigmoid_backward", slope_without_one_minus_a),
    ("weight-updates", "descend", uphill),
    ("normalisation", "scale_bytes", divide_by_256),
    ("two-two-one-mse", "sigmoid_backward", slope_without_one_minus_a),
    ("two-two-one-log-loss", "binary_cross_entropy", loss_without_targets),
    ("zero-initialisation", "descend", uphill),
    ("transposed-convolution", "conv2d_input", kernel_turned_round),
    ("two-adversaries", "binary_cross_entropy", loss_without_targets),
    ("gradient-penalty", "slope_penalty", slope_of_the_square),
    ("transfer", "descend", uphill),
    ("latent-number", "draw_latent_backward", without_divergence),
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
        "  ✓ close   0.5",
    ]
    kinds = Counter(entry["kind"] for entry in board.records())
    assert kinds == {"text": 1, "equation": 1, "table": 1, "check": 2}
