"""Schedules by hand, and when training asks them; against PyTorch they are tested in test_pytorch.py."""

import math

import numpy as np
import pytest

import byhand
from byhand import (
    Adam,
    ByhandError,
    Callback,
    CategoricalCrossEntropy,
    Constant,
    CosineAnnealing,
    CosineRestarts,
    Dense,
    ExponentialDecay,
    GradientDescent,
    Network,
    OneCycle,
    ReduceOnPlateau,
    StepDecay,
    WarmupCosine,
)
from byhand.core.config import from_config, to_config
from byhand.schedules import Schedule

EVERY = [
    Constant(0.1),
    StepDecay(0.1, 0.5, 3),
    ExponentialDecay(0.1),
    ExponentialDecay(0.1, per_step=True),
    CosineAnnealing(0.1, 0.01),
    CosineAnnealing(0.1, per_step=True),
    WarmupCosine(0.1),
    CosineRestarts(0.1),
    OneCycle(0.1),
    ReduceOnPlateau(0.1),
]
X, Y = np.random.default_rng(0).standard_normal((20, 4)), np.arange(20) % 3


def train(rate, epochs=5, validation=(X, Y), batch_size=8, kind=GradientDescent, **options):
    network = Network(4, [Dense(3)], CategoricalCrossEntropy(), dtype=np.float64)
    rates = Rates()
    history = byhand.fit(
        network, X, Y, optimizer=kind(rate), epochs=epochs, batch_size=batch_size, validation=validation,
        progress=False, callbacks=[rates], **options,
    )  # fmt: skip
    return network, history, rates.seen


class Rates(Callback):
    def __init__(self):
        self.seen = []

    def on_step(self, training):
        self.seen.append(training.rate)


# ---- when training asks them ------------------------------------------------------------------------------------


@pytest.mark.parametrize("schedule", [s for s in EVERY if not s.watch], ids=str)
@pytest.mark.parametrize(("batch_size", "steps"), [(8, 3), (None, 1), (1, 20)])
def test_training_asks_at_every_step_or_every_epoch(schedule, batch_size, steps):
    _, history, seen = train(schedule, batch_size=batch_size)
    at = [epoch + (i / steps if schedule.per_step else 0) for epoch in range(5) for i in range(steps)]
    np.testing.assert_allclose(seen, [schedule(epoch, 5) for epoch in at], rtol=1e-12)
    assert history["learning_rate"] == [schedule(epoch, 5) for epoch in range(5)]  # at the start of each


def test_the_rate_of_the_step_is_the_rate_that_is_used():
    network, _, seen = train(OneCycle(2.0), batch_size=None)
    by_hand = Network(4, [Dense(3)], CategoricalCrossEntropy(), dtype=np.float64)
    for rate in seen:
        by_hand.forward(X)
        by_hand.backward(np.eye(3)[Y])
        by_hand.theta -= rate * by_hand.gradient
    assert len(set(seen)) == 5
    np.testing.assert_allclose(network.theta, by_hand.theta, rtol=1e-12)


@pytest.mark.parametrize("kind", [GradientDescent, Adam])
def test_a_number_and_its_constant_schedule_give_the_same_bits(kind):
    np.testing.assert_array_equal(train(0.1, kind=kind)[0].theta, train(Constant(0.1), kind=kind)[0].theta)


def test_one_s_own_schedule():
    class Halving(Schedule):
        per_step = True

        def __call__(self, epoch, epochs):
            return 0.5**epoch

    _, history, seen = train(Halving())
    assert history["learning_rate"] == [1, 0.5, 0.25, 0.125, 0.0625]
    assert seen[1] == pytest.approx(0.5 ** (1 / 3))


# ---- reduce on plateau ------------------------------------------------------------------------------------------


def reduced(schedule, values):
    return [schedule.at(n, 99, {schedule.watch: values[:n]} if n else {}) for n in range(len(values) + 1)]


def test_plateau_by_hand():
    schedule = ReduceOnPlateau(1.0, 0.5, patience=1)
    #                              best  wait  wait: halve   best  wait  wait: halve
    assert reduced(schedule, [0.9, 0.8, 0.85, 0.8, 0.7, 0.7, 0.7]) == [1, 1, 1, 1, 0.5, 0.5, 0.5, 0.25]
    assert reduced(ReduceOnPlateau(1.0, 0.5, 0, "accuracy"), [0.5, 0.6, 0.6, 0.7]) == [1, 1, 1, 0.5, 0.5]
    assert reduced(ReduceOnPlateau(1.0, 0.1, 0, floor=0.05), [1, 1, 1, 1]) == [1, 1, 0.1, 0.05, 0.05]


def test_a_loss_that_is_no_number_is_no_progress():
    assert reduced(ReduceOnPlateau(1.0, 0.5, 0), [math.nan, 0.5, math.nan]) == [1, 0.5, 0.5, 0.25]


@pytest.mark.parametrize("watch", ["loss", "accuracy", "val_loss", "val_accuracy"])
def test_training_follows_its_history(watch):
    schedule = ReduceOnPlateau(20.0, 0.3, 0, watch)  # far too high: it has to come down
    _, history, seen = train(schedule, epochs=12)
    expected = reduced(schedule, history[watch])[:-1]
    assert history["learning_rate"] == expected
    assert seen == [rate for rate in expected for _ in range(3)]
    assert expected[-1] < 2


def test_two_trainings_do_not_share_what_they_saw():
    schedule = ReduceOnPlateau(20.0, 0.3, 0)
    (one, first, _), (other, second, _) = (train(schedule, epochs=8) for _ in range(2))
    assert first["learning_rate"] == second["learning_rate"]
    np.testing.assert_array_equal(one.theta, other.theta)


def test_a_figure_that_nobody_measures_is_refused_before_the_first_step():
    with pytest.raises(ByhandError, match=r"val_loss.*validation"):
        train(ReduceOnPlateau(0.1), validation=None)
    train(ReduceOnPlateau(0.1, watch="loss"), validation=None)
    with pytest.raises(ByhandError, match="accuracy"):
        train(ReduceOnPlateau(0.1, watch="accuracy"), validation=None, accuracy=False)


# ---- by hand ----------------------------------------------------------------------------------------------------


def test_corners():
    warm = WarmupCosine(0.5, 2, 0.1, 0.2)
    assert [warm(e, 10) for e in (0, 1, 2, 6, 10)] == pytest.approx([0.1, 0.3, 0.5, 0.3, 0.1])
    again = CosineRestarts(0.5, 2, 3, 0.1)
    assert [again(e, 99) for e in (0, 1, 2, 5, 8)] == pytest.approx([0.5, 0.3, 0.5, 0.3, 0.5])
    assert again(2 - 1e-9, 99) == pytest.approx(0.1)
    cycle = OneCycle(0.5, 0.4, 10, 100)
    assert [cycle(e, 10) for e in (0, 2, 4, 7, 10)] == pytest.approx([0.05, 0.275, 0.5, 0.25025, 0.0005])


def test_extremes_are_numbers():
    for schedule in (
        WarmupCosine(0.1, 0), WarmupCosine(0.1, 50), WarmupCosine(0.1, 10), OneCycle(0.1, 0), OneCycle(0.1, 1),
        CosineRestarts(0.1, 100), CosineRestarts(0.1, 1, 1), CosineRestarts(0.0),
    ):  # fmt: skip
        rates = [schedule(e, 10) for e in np.linspace(0, 10, 31)]
        assert all(0 <= rate <= 0.1 for rate in rates), schedule


@pytest.mark.parametrize("schedule", EVERY, ids=str)
def test_written_and_read_back(schedule):
    assert from_config(to_config(Adam(schedule))) == Adam(schedule)
    assert type(schedule).__name__ in byhand.__all__


MISTAKES = {
    "negative rate": (lambda: OneCycle(-0.1), "learning rate"),
    "floor above the rate": (lambda: CosineRestarts(0.1, floor=0.2), "floor"),
    "negative warm-up": (lambda: WarmupCosine(0.1, -1), "warmup"),
    "start above one": (lambda: WarmupCosine(0.1, start=2), "start"),
    "part of an epoch": (lambda: CosineRestarts(0.1, 0.5), "first"),
    "factor of zero": (lambda: CosineRestarts(0.1, factor=0), "factor"),
    "peak after the end": (lambda: OneCycle(0.1, 1.5), "peak"),
    "rise that falls": (lambda: OneCycle(0.1, start=0.5), "start"),
    "factor above one": (lambda: ReduceOnPlateau(0.1, 2), "factor"),
    "negative patience": (lambda: ReduceOnPlateau(0.1, patience=-1), "patience"),
    "unknown figure": (lambda: ReduceOnPlateau(0.1, watch="valloss"), "val_loss"),
    "threshold of one": (lambda: ReduceOnPlateau(0.1, threshold=1), "threshold"),
}


@pytest.mark.parametrize(("call", "word"), MISTAKES.values(), ids=MISTAKES)
def test_mistakes(call, word):
    with pytest.raises(ByhandError, match=word):
        call()
