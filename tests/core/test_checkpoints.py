"""A training that stops anywhere and goes on ends in the bytes of one that never stopped."""

from contextlib import suppress
from dataclasses import replace

import numpy as np
import pytest

import byhand as bh
from byhand import ByhandError, fit
from byhand.data import Dataset, from_arrays
from byhand.data.augment import Augment, Mixup, Noise, Shift
from byhand.diagnosis import Watch
from byhand.optimizers import (
    AdaGrad,
    Adam,
    AdamW,
    GradientDescent,
    Lion,
    Momentum,
    NAdam,
    Nesterov,
    RMSprop,
)
from byhand.recipes import RECIPES, run_recipe
from byhand.regularizers import L1, L2, ClipNorm, MaxNorm
from byhand.schedules import (
    CosineAnnealing,
    CosineRestarts,
    ExponentialDecay,
    OneCycle,
    ReduceOnPlateau,
    StepDecay,
    WarmupCosine,
)
from byhand.training import Averaging, EarlyStopping
from byhand.training.checkpoint import Checkpoint
from byhand.training.checkpoints import Checkpoints, Interrupted, interval

RNG = np.random.default_rng(0)
X, Y = RNG.integers(0, 256, (110, 64), np.uint8), RNG.integers(0, 10, 110)
WEIGHTS = RNG.uniform(0.5, 2, 110)


class StopAt(bh.Callback):
    """Asks the training to stop at a step, as Ctrl-C does."""

    def __init__(self, checkpoints, step):
        self.checkpoints, self.step = checkpoints, step

    def on_step(self, training):
        if training.step == self.step:
            self.checkpoints.stop(2)


def network(*layers):
    return bh.Network(
        64,
        [bh.Dense(12, bh.He()), bh.ReLU(), *layers, bh.Dense(10)],
        bh.CategoricalCrossEntropy(),
        inputs="grey levels",
    )


def outcome(folder, stops, layers=(), callbacks=list, **options):
    """θ, state and history's columns but the seconds, of a training that is stopped at these steps and goes on."""
    for stop in [*stops, None]:
        checkpoints, trained, parts = Checkpoints(folder, "never"), network(*layers), callbacks()
        parts = [*parts, StopAt(checkpoints, stop)]
        options = {"epochs": 4, "batch_size": 32, "validation": (X[:40], Y[:40]), "progress": False} | options
        try:
            history = fit(trained, X, Y, callbacks=parts, checkpoint=checkpoints, resume=stop != stops[0], **options)
        except Interrupted:
            continue
        assert stop is None
    columns = {name: column for name, column in history.items() if name != "seconds"}
    return trained.theta.tobytes(), trained.state.tobytes(), columns


def same_bits(tmp_path, stops=(3, 4, 9), **options):
    whole = outcome(tmp_path / "whole", [None], **options)
    assert outcome(tmp_path / "cut", list(stops), **options) == whole


RATES = [StepDecay(0.1, every=1), ExponentialDecay(0.1), CosineAnnealing(0.1, per_step=True), WarmupCosine(0.1)]
RATES += [CosineRestarts(0.1), OneCycle(0.1), ReduceOnPlateau(0.1, patience=0, watch="val_loss")]
OPTIMIZERS = [
    GradientDescent(0.1),
    Momentum(),
    Nesterov(weight_decay=0.01),
    AdaGrad(),
    Adam(),
    AdamW(),
    NAdam(),
    Lion(),
]
OPTIMIZERS += [RMSprop(centred=True, momentum=0.5), *(GradientDescent(rate) for rate in RATES)]


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=repr)
def test_optimisers_and_schedules_go_on_bit_for_bit(tmp_path, optimizer):
    same_bits(tmp_path, optimizer=optimizer)


@pytest.mark.parametrize("batch_size", [1, 32, 110, None])
def test_batches_of_every_kind_go_on_bit_for_bit(tmp_path, batch_size):
    same_bits(tmp_path, stops=(1, 2, 4), batch_size=batch_size, layers=[bh.Dropout(0.4)], sample_weight=WEIGHTS)


@pytest.mark.parametrize("stops", [(1,), (4,), (5,), (16,), (2, 3), tuple(range(1, 17))], ids=str)
def test_it_may_stop_after_every_step_the_last_of_an_epoch_and_of_all_included(tmp_path, stops):
    same_bits(tmp_path, stops=stops, layers=[bh.BatchNorm(), bh.Dropout(0.2)])


@pytest.mark.parametrize("workers", [0, 1, 2])
def test_augmented_batches_go_on_bit_for_bit_with_any_number_of_workers(tmp_path, workers):
    augment = Augment((Shift(1, 1), Noise(0.1), Mixup()))
    whole = outcome(tmp_path / "whole", [None], augment=augment, workers=0)
    assert outcome(tmp_path / "cut", [2, 7, 8], augment=augment, workers=workers) == whole


def test_callbacks_and_rules_go_on_bit_for_bit(tmp_path):
    rules = [L2(1e-3), L1(1e-4), ClipNorm(1.0), MaxNorm(2.0)]
    stopping = EarlyStopping(2, monitor="val_accuracy")
    callbacks = lambda: [Averaging(0.9), stopping]  # noqa: E731
    same_bits(tmp_path, stops=(2, 6, 11), callbacks=callbacks, regularizers=rules, epochs=12, layers=[bh.BatchNorm()])
    assert stopping.stopped_epoch  # before the last epoch, or nothing was seen of it


@pytest.mark.parametrize("stop", [3, 4, 5, 7])
def test_what_was_measured_on_the_way_is_the_same(tmp_path, stop):
    records = []
    for stops in ([None], [stop]):
        watch = Watch()
        outcome(tmp_path / str(stops), stops, callbacks=lambda watch=watch: [watch])
        records.append(watch.record)
    assert str(records[0].columns) == str(records[1].columns)  # as text, since some are NaN
    assert records[0].data == records[1].data and records[0].training == records[1].training


IMAGES = [name for name, r in RECIPES.items() if r.input_shape[0] in (28, 64, 784) and r.layers[0].takes == "numbers"]


@pytest.mark.parametrize("name", IMAGES)
def test_every_recipe_of_images_goes_on_bit_for_bit(tmp_path, name):
    side = 8 if RECIPES[name].input_shape == (64,) else 28
    images = RNG.integers(0, 256, (160, side, side), np.uint8)
    data = from_arrays(images, np.arange(160) % 10, images[:40], np.arange(40) % 10)
    if name in ("table", "curve", "diabetes"):  # which learn numbers
        x, y = RNG.standard_normal((200, *RECIPES[name].input_shape)), RNG.standard_normal(200)
        data = Dataset(name, x[:160], y[:160], x[160:], y[160:], (), None)
    layers = (
        replace(p, units=min(p.units, 40)) if isinstance(p, bh.Dense) and p.units > 1 else p
        for p in RECIPES[name].layers
    )
    recipe = replace(RECIPES[name], epochs=3, layers=tuple(layers))
    networks = []
    for stops in ([None], [2, 3, None]):
        for stop in stops:
            checkpoints = Checkpoints(tmp_path / str(stops), "never")
            options = {"callbacks": [StopAt(checkpoints, stop)], "progress": False, "resume": stop != stops[0]}
            with suppress(Interrupted):
                run = run_recipe(recipe, 5, dataset=data, checkpoint=checkpoints, **options)
        networks.append((run.network.theta.tobytes(), run.network.state.tobytes(), run.outcome.test_by_epoch))
    assert networks[0] == networks[1]


def test_the_optimiser_and_the_generator_end_in_the_same_bits(tmp_path):
    ends = []
    for stops in ([None], [5]):
        folder = tmp_path / str(stops)
        for stop in [*stops, None]:
            checkpoints = Checkpoints(folder, "8 steps")
            callbacks = [StopAt(checkpoints, stop)]
            with suppress(Interrupted):
                fit(network(bh.Dropout(0.5)), X, Y, epochs=4, checkpoint=checkpoints, resume=True, callbacks=callbacks)
        assert [path.stem for path in checkpoints.files()] == ["step-000000000008", "step-000000000016"]
        ends.append(Checkpoint.read(checkpoints.files()[-1]).training)
    a, b = ends
    assert {name: v.tobytes() for name, v in a["optimizer"].items()} == {
        n: v.tobytes() for n, v in b["optimizer"].items()
    }
    assert a["generator"] == b["generator"] and set(a["optimizer"]) == {"m", "v"}


def interrupted(folder, step=6, **options):
    checkpoints = Checkpoints(folder, "1 steps")
    with pytest.raises(Interrupted) as stopped:
        fit(network(), X, Y, checkpoint=checkpoints, callbacks=[StopAt(checkpoints, step)], progress=False, **options)
    assert stopped.value.path == checkpoints.files()[-1]
    return checkpoints


def again(folder, **options):
    trained = network()
    callbacks = [StopAt(Checkpoints(folder), None)]
    fit(trained, X, Y, progress=False, callbacks=callbacks, **{"checkpoint": folder, "resume": True} | options)
    return trained.theta


@pytest.mark.parametrize("damage", ["cut", "bit", "empty", "other"])
def test_a_damaged_newest_checkpoint_is_named_and_the_one_before_used(tmp_path, damage):
    before, newest = interrupted(tmp_path / "c").files()
    content = bytearray(newest.read_bytes())
    if damage == "cut":
        del content[len(content) // 2 :]
    elif damage == "bit":
        content[-5] ^= 1
    elif damage == "empty":
        content.clear()
    else:
        network().save(newest)
        content = newest.read_bytes()
    newest.write_bytes(content)
    with pytest.warns(UserWarning, match=rf"{newest.name}.*goes on from {before.name}"):
        theta = again(tmp_path / "c", checkpoint=Checkpoints(tmp_path / "c", "1 steps"))
    assert theta.tobytes() == again(tmp_path / "anew").tobytes()
    assert [Checkpoint.read(path).step for path in Checkpoints(tmp_path / "c").files()] == [39, 40]


def test_where_all_are_damaged_it_says_so(tmp_path):
    for path in interrupted(tmp_path).files():
        path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(ByhandError, match="no whole one before it"):
        again(tmp_path)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"optimizer": GradientDescent(0.1)}, "optimizer: Adam.*GradientDescent"),
        ({"epochs": 11}, "epochs: 10 there, 11 here"),
        ({"batch_size": 16}, "batch size"),
        ({"sample_weight": WEIGHTS}, "data"),
        ({"validation": (X, Y)}, "validation"),
        ({"regularizers": [L2(0.1)]}, "regularizers"),
        ({"callbacks": []}, "callbacks"),
        ({"augment": Augment((Shift(1, 1),))}, "augmentation"),
    ],
)
def test_a_checkpoint_of_another_training_is_refused(tmp_path, change, named):
    interrupted(tmp_path)
    with pytest.raises(ByhandError, match=f"another training's.*{named}"):
        fit(network(), X, Y, progress=False, checkpoint=tmp_path, resume=True,
            **{"callbacks": [StopAt(None, None)]} | change)  # fmt: skip


def test_a_checkpoint_may_be_named_or_handed_over(tmp_path):
    path = interrupted(tmp_path / "a").files()[-1]
    theta = again(tmp_path / "anew").tobytes()
    for resume in (path, str(path), tmp_path / "a", Checkpoint.read(path)):
        assert again(tmp_path / "a", checkpoint=None, resume=resume).tobytes() == theta
    with pytest.raises(ByhandError, match="needs checkpoint"):
        again(tmp_path, checkpoint=None)
    with pytest.raises(ByhandError, match="holds no checkpoint"):
        again(tmp_path, resume=tmp_path)


def test_other_versions_are_named(tmp_path, monkeypatch):
    interrupted(tmp_path)
    monkeypatch.setattr("numpy.__version__", "1.0")
    with pytest.warns(UserWarning, match=r"not for certain bit for bit \(numpy: .* there, 1.0 here\)"):
        again(tmp_path)


def test_the_folder_belongs_to_one_training_at_a_time(tmp_path):
    class Second(bh.Callback):
        def on_step(self, training):
            if training.step == 1:
                with pytest.raises(ByhandError, match="another process"):
                    fit(network(), X, Y, checkpoint=tmp_path, progress=False)

    fit(network(), X, Y, epochs=1, checkpoint=tmp_path, progress=False, callbacks=[Second()])
    fit(network(), X, Y, epochs=1, checkpoint=tmp_path, progress=False)


def test_a_state_that_is_not_finite_never_replaces_a_good_one(tmp_path):
    class Spoil(bh.Callback):
        def on_step(self, training):
            if training.step == 5:
                training.last_good.look(training.loss, training.step, training.steps)
                training.network.theta[3] = np.nan

    checkpoints = Checkpoints(tmp_path, "1 steps")
    with pytest.warns(UserWarning, match="not finite.*the last one is step-000000000004"), pytest.raises(ByhandError):
        fit(network(), X, Y, checkpoint=checkpoints, callbacks=[Spoil()], progress=False)
    assert [int(path.stem[5:]) for path in checkpoints.files()] == [3, 4]


def test_where_it_cannot_be_written_training_goes_on_with_a_word(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.warns(UserWarning, match="No space left on device.*Training goes on; there is none yet"):
        theta = again(tmp_path, checkpoint=Checkpoints(tmp_path, "3 steps"))
    assert np.isfinite(theta).all() and list(tmp_path.iterdir()) == []


def test_intervals():
    assert interval("500 steps") == (500, "steps") and interval("1 epoch") == (1, "epochs")
    assert interval("90s") == interval("1.5 minutes") == (90, "seconds")
    for text in ("", "0 steps", "1.5 steps", "12", "3 apples", "-1 s", None, 60):
        with pytest.raises(ByhandError, match="every so many"):
            interval(text)
