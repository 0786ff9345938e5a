"""The trainer goes on where it stopped, and ends cleanly whatever happens."""

import threading

import numpy as np
import pytest
from threadpoolctl import threadpool_info

import byhand as bh
from byhand import Adam, ByhandError, Callback, Momentum, Trainer, TrainingDiverged, fit
from byhand.data.augment import Augment, Shift
from byhand.interop.estimators import NetworkClassifier
from byhand.ops import default
from byhand.training.threads import SharedCount

RNG = np.random.default_rng(0)
X, Y = RNG.standard_normal((50, 6)).astype(np.float32), np.arange(50) % 3
GREY = RNG.integers(0, 256, (40, 64), np.uint8)


def network(loss=None, inputs=6, **options):
    layers = [bh.Dense(8), bh.Tanh(), bh.Dropout(0.3), bh.Dense(3)]
    return bh.Network(inputs, layers, loss or bh.CategoricalCrossEntropy(), **options)


def trained(*epochs, optimizer=None, **options):
    trainer = Trainer(network(), optimizer, rng=4)
    for count in epochs:
        trainer.fit(X, Y, epochs=count, batch_size=8, progress=False, **options)
    return trainer


@pytest.mark.parametrize("optimizer", [Momentum(0.1), Adam(0.01)], ids=str)
def test_training_twice_is_training_once_for_longer(optimizer):
    once, twice = trained(5, optimizer=optimizer), trained(2, 3, optimizer=optimizer)
    assert once.network.theta.tobytes() == twice.network.theta.tobytes()
    assert twice.history["epoch"] == [1, 2, 3, 4, 5] and twice.history["loss"] == once.history["loss"]
    assert (twice.step, twice.epoch, twice.epochs) == (once.step, once.epoch, once.epochs) == (35, 5, 5)
    anew = fit(network(), X, Y, epochs=5, batch_size=8, optimizer=optimizer, rng=4, progress=False)
    assert anew["loss"] == once.history["loss"]


def test_a_schedule_goes_on_too():
    trainer = trained(2, 2, optimizer=Adam(bh.StepDecay(0.1, every=1)))
    assert trainer.history["learning_rate"] == [0.1, 0.05, 0.025, 0.0125]
    trainer.fit(X[:20], Y[:20], epochs=1, batch_size=5, progress=False)  # four steps an epoch instead of seven
    per_step = Trainer(network(), Adam(bh.ExponentialDecay(0.1, 0.5, per_step=True)))
    per_step.fit(X, Y, epochs=2, batch_size=8, progress=False)
    per_step.fit(X[:20], Y[:20], epochs=1, batch_size=5, progress=False)
    assert per_step.rate == pytest.approx(0.1 * np.exp(-0.5 * (2 + 3 / 4)))


def test_columns_that_come_later_have_no_figures_before():
    trainer = trained(1)
    trainer.fit(X, Y, epochs=2, batch_size=None, validation=(X, Y), progress=False)
    assert np.isnan(trainer.history["val_loss"]).tolist() == [True, False, False]
    assert len(trainer.history) == 3


def test_after_a_divergence_it_goes_on_from_the_good_weights():
    trainer = Trainer(network(), bh.GradientDescent(1e38))
    with pytest.raises(TrainingDiverged):
        trainer.fit(X, Y, epochs=3, batch_size=8, progress=False)
    assert np.isfinite(trainer.network.theta).all() and trainer.diverged
    with pytest.raises(TrainingDiverged, match=f"epoch {trainer.history.epochs + 1}, "):
        trainer.fit(X, Y, epochs=3, batch_size=8, progress=False)


# ---- ends ------------------------------------------------------------------------------------------------------


class Says(Callback):
    def __init__(self, events, name, **fails):
        self.events, self.name, self.fails = events, name, fails

    def _say(self, what):
        if what in self.fails:
            raise self.fails[what]
        self.events.append(f"{self.name} {what}")

    def on_start(self, training):
        self._say("start")

    def on_end(self, training):
        self._say("end")


def no_pool_is_left():
    return not [t for t in threading.enumerate() if t.name.startswith("augment")]


def run(*callbacks, **options):
    grey = bh.Network(64, [bh.Dense(10)], bh.CategoricalCrossEntropy(), inputs="grey levels")
    options = {"augment": Augment((Shift(1, 1),)), "workers": 2, "epochs": 2, "batch_size": 8} | options
    return fit(grey, GREY, np.arange(40) % 10, callbacks=callbacks, progress=False, **options)


def test_where_one_cannot_start_those_that_did_hear_of_the_end():
    events = []
    with pytest.raises(RuntimeError, match="no disk"):
        run(Says(events, "a"), Says(events, "b", start=RuntimeError("no disk")), Says(events, "c"))
    assert events == ["a start", "a end"] and no_pool_is_left()


def test_where_one_fails_at_the_end_the_others_hear_of_it_all_the_same():
    events = []
    with pytest.raises(RuntimeError, match="no disk"):
        run(Says(events, "a"), Says(events, "b", end=RuntimeError("no disk")), Says(events, "c"))
    assert events == ["a start", "b start", "c start", "a end", "c end"] and no_pool_is_left()


def test_data_that_do_not_fit_leave_no_threads():
    for wrong in ({"validation": (GREY[:3], [1, 2])}, {"validation": 5}, {"checkpoint": 5}):
        with pytest.raises(ByhandError):
            run(**wrong)
        assert no_pool_is_left()


class StopBefore(Callback):
    def __init__(self, epoch):
        self.epoch, self.steps = epoch, 0

    def on_epoch_start(self, training):
        training.stop = training.epoch == self.epoch

    def on_step(self, training):
        self.steps += 1


@pytest.mark.parametrize("options", [{}, {"augment": None}, {"augment": None, "batch_size": None}], ids=str)
@pytest.mark.parametrize("epoch", [1, 2])
def test_a_stop_before_an_epoch_is_a_short_history(options, epoch):
    stop = StopBefore(epoch)
    history = run(stop, epochs=3, **options)
    assert history.epochs == len(history) == epoch - 1
    assert stop.steps == (epoch - 1) * (1 if options.get("batch_size", 8) is None else 5) and no_pool_is_left()


def test_a_stopped_trainer_goes_on():
    stop, trainer = StopBefore(2), Trainer(network(), rng=4)
    for callbacks in ([stop], []):
        trainer.fit(X, Y, epochs=4, batch_size=8, progress=False, callbacks=callbacks)
    assert trainer.history["epoch"] == [1, 2, 3, 4, 5]
    assert trainer.network.theta.tobytes() == trained(5).network.theta.tobytes()


# ---- threads ----------------------------------------------------------------------------------------------------


def counts():
    ops = default
    before = ops.set_threads(1)
    ops.set_threads(before)
    return before, [library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"]


class Meet(Callback):
    """Two trainings that overlap: each starts before the other ends, and the first that started ends first."""

    def __init__(self, mine, other, first):
        self.mine, self.other, self.first = mine, other, first

    def on_start(self, training):
        self.mine.set()
        assert self.other.wait(20)

    def on_end(self, training):
        if not self.first:
            assert self.ended.wait(20)


def test_overlapping_trainings_leave_the_threads_as_they_were():
    before = counts()
    a, b, ended = threading.Event(), threading.Event(), threading.Event()
    second = Meet(b, a, False)
    second.ended = ended
    jobs = [
        threading.Thread(target=lambda: (work(Meet(a, b, True)), ended.set())),
        threading.Thread(target=lambda: work(second)),
    ]

    def work(callback):
        fit(network(), X, Y, epochs=2, threads=1, callbacks=[callback], progress=False)

    jobs[0].start()
    a.wait(20)
    jobs[1].start()
    for job in jobs:
        job.join(30)
    assert counts() == before


def test_the_last_that_asked_and_still_runs_decides():
    class Count:
        now = 7

    def put(count):
        before, Count.now = Count.now, count
        return before

    shared, seen = SharedCount(put), []
    a, b = shared.at(1), shared.at(3)
    a.__enter__(), b.__enter__()
    seen.append(Count.now)
    a.__exit__(None, None, None)
    seen.append(Count.now)
    b.__exit__(None, None, None)
    with shared.at(None):
        seen.append(Count.now)
    assert seen == [3, 3, 7]


# ---- what went wrong ------------------------------------------------------------------------------------------------


def test_an_estimator_that_diverges_says_so():
    model = NetworkClassifier((5,), solver="sgd", learning_rate_init=1e30, max_iter=20, random_state=0)
    with pytest.raises(TrainingDiverged, match="learning rate"):
        model.fit(X, Y)
    assert np.isfinite(model.network_.theta).all()


def test_labels_are_smoothed_whatever_form_they_have():
    thetas = set()
    for y in (Y, np.eye(3)[Y], np.array(["a", "b", "c"])[Y]):
        smoothed = network(bh.CategoricalCrossEntropy(0.2))
        fit(smoothed, X, y, epochs=3, progress=False)
        thetas.add(smoothed.theta.round(6).tobytes())
    plain = network()
    fit(plain, X, Y, epochs=3, progress=False)
    assert len(thetas) == 1 and plain.theta.round(6).tobytes() not in thetas
