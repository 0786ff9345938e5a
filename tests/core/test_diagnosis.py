"""Each diagnosis, on a training that has the illness and on one that has not; what is measured; how it is kept."""

import math

import pytest

from byhand.diagnosis import Record, diagnose
from byhand.diagnosis.findings import hint, outcome, unknown
from tests.core.diagnosed import HEALTHY, ILL, names, run

# What is wrong, and the training that has it; the same parts well chosen are among the healthy.


@pytest.mark.parametrize("name", HEALTHY)
def test_nothing_is_wrong_with_the_healthy(name):
    assert run("healthy", name).problems() == []


@pytest.mark.parametrize("name", ILL)
def test_the_illness_is_found(name):
    problems = {problem.name: problem for problem in run("ill", name).problems()}
    found = problems[name.split(" (")[0]]
    assert any(character.isdigit() for character in found.seen)  # the numbers that it saw
    assert found.seen.endswith(".") and found.advice.endswith(".")
    assert str(found).startswith(found.name[0].upper())


def test_the_worst_comes_first_and_causes_before_effects():
    names = [problem.name for problem in run("ill", "data not scaled").problems()]
    assert names[:2] == ["data not scaled", "saturated units"]
    severities = [problem.severity for problem in run("ill", "learning rate too high (Adam)").problems()]
    assert severities == sorted(severities, reverse=True)


# ---- rules, on histories written by hand ----------------------------------------------------------------------------


def history(**columns):
    n = len(next(iter(columns.values())))
    return Record({"epoch": [float(i + 1) for i in range(n)]} | columns)


def test_overfitting_says_from_which_epoch():
    record = history(
        loss=[1.0, 0.5, 0.2, 0.1],
        val_loss=[1.1, 0.7, 0.8, 0.9],
        accuracy=[0.6, 0.8, 0.95, 0.99],
        val_accuracy=[0.6, 0.75, 0.76, 0.76],
    )
    (problem,) = diagnose(record)
    assert problem.name == "overfitting"
    assert "Since epoch 2 the validation loss rose from 0.7, while the training loss fell from 0.5." in problem.seen
    assert "99.0 % of the training samples" in problem.seen and "76.0 % of the validation" in problem.seen
    assert problem.numbers["accuracy_gap"] == pytest.approx(0.23)


@pytest.mark.parametrize(
    "columns, name",
    [
        ({"accuracy": [0.7, 0.97], "val_accuracy": [0.7, 0.96], "loss": [1, 0.1], "val_loss": [1, 0.3]}, None),
        ({"accuracy": [0.7, 0.97], "val_accuracy": [0.7, 0.90], "loss": [1, 0.3], "val_loss": [1, 0.4]}, None),
        ({"accuracy": [0.7, 0.97], "val_accuracy": [0.7, 0.90], "loss": [1, 0.1], "val_loss": [1, 0.4]}, "overfitting"),
        ({"loss": [1, 0.5, 0.1], "val_loss": [1.1, 0.6, 0.9]}, "overfitting"),
        ({"loss": [1, 0.5, 0.4], "val_loss": [1.1, 0.6, 0.62]}, None),
        ({"loss": [1, 2, 3], "val_loss": [1, 2, 3]}, "learning rate too high"),
        ({"loss": [3, 0.2, 1, 2], "val_loss": [1, 2, 3, 3]}, "learning rate too high"),
        ({"loss": [3, 2, 2.5, 1.5, 2, 1], "val_loss": [3, 2, 2.5, 1.5, 2, 1]}, None),  # it swings, but gets on
        ({"loss": [3, 2.95, 2.9, 2.85], "val_loss": [3, 2.95, 2.9, 2.85]}, "learning rate too low"),
        ({"loss": [3, 2.7, 2.65, 2.64], "val_loss": [3, 2.7, 2.65, 2.64]}, None),  # it slows down
        ({"loss": [2.3, 2.3], "val_loss": [2.3, 2.3], "accuracy": [0.1, 0.1]}, "it does not learn"),
        ({"loss": [0.01, 0.01], "val_loss": [0.01, 0.01], "accuracy": [1, 1]}, None),
        ({"loss": [1, math.nan], "val_loss": [1, 1]}, "the loss is not finite"),
        ({"loss": [1, 0.5], "val_loss": [1, math.inf]}, "the loss is not finite"),
        ({"loss": [1, 0.5]}, "no validation"),
    ],
)
def test_curves(columns, name):
    record = history(**columns)
    assert names(record) == ([name] if name else [])


def test_underfitting_needs_a_stop_and_low_accuracy():
    loss = [2 / (1 + i) + 1 for i in range(40)]
    low = {"loss": loss, "val_loss": loss, "accuracy": [0.6] * 40, "val_accuracy": [0.6] * 40}
    assert names(history(**low)) == ["underfitting"]
    assert names(history(**low | {"accuracy": [0.9] * 40, "val_accuracy": [0.9] * 40})) == []
    falling = [2 * 0.9**i for i in range(40)]
    assert names(history(**low | {"loss": falling, "val_loss": falling})) == []


@pytest.mark.parametrize("counts, severity", [([900, 100], None), ([1000, 90], 2), ([1000, 0], 1)])
def test_unbalanced_classes(counts, severity):
    record = history(loss=[1, 0.1], val_loss=[1, 0.1])
    record.data = {"counts": counts}
    found = diagnose(record)
    assert [problem.severity for problem in found] == ([severity] if severity else [])


@pytest.mark.parametrize("size, wrong", [(0.01, True), (0.03, False), (1, False), (4.9, False), (5.1, True)])
def test_scale_of_the_inputs(size, wrong):
    record = history(loss=[1, 0.1], val_loss=[1, 0.1])
    record.data = {"input_rms": size, "input_min": 0.0, "input_max": 2 * size}
    assert ("data not scaled" in names(record)) == wrong


def test_what_is_said_of_the_whole():
    record = history(loss=[2, 1.5, 1.1], accuracy=[0.2, 0.3, 0.4], val_accuracy=[0.2, 0.3, 0.45])
    assert outcome(record) == (
        "3 epochs; the loss went from 2 to 1.1, training accuracy 40.00 %, validation accuracy 45.00 %."
    )
    assert "26 % an epoch" in hint(record)  # 1 − √(1.1 / 2)
    assert hint(history(loss=[2, 1.99, 1.98], accuracy=[0.2] * 3)) == ""
    assert "gradients" in unknown(record) and unknown(run("healthy", "dense").record) == ""
    assert outcome(Record()) == "No epoch was finished."


@pytest.mark.parametrize(
    "first, last, norm, found",
    [
        (1e-2, 1.0, 2.0, []),
        (1 / 400, 1.0, 2.0, []),
        (1 / 600, 1.0, 2.0, ["vanishing gradients"]),
        (0.0, 1.0, 2.0, ["vanishing gradients"]),
        (1.0, 0.0, 2.0, []),
        (0.0, 0.0, 0.0, []),
        (1.0, 1.0, 99.0, []),
        (1.0, 1.0, 101.0, ["exploding gradients"]),
        (math.nan, math.nan, math.nan, []),
    ],
)
def test_gradients(first, last, norm, found):
    record = history(loss=[1, 0.1], val_loss=[1, 0.1])
    gradients = {f"gradient {n}": [value] * 3 for n, value in (("1", first), ("3", 0.5), ("5", last))}
    record.columns = {"epoch": [0.0, 1.0, 2.0], "norm": [norm] * 3} | gradients
    assert names(record) == found


def test_serious_before_moderate():
    record = history(loss=[1, 2, 3], val_loss=[1, 2, 3])
    record.data = {"counts": [1000, 90]}
    assert names(record) == ["learning rate too high", "unbalanced classes"]
