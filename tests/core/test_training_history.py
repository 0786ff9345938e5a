"""The history of a training, and callbacks."""

import csv
from types import SimpleNamespace

import numpy as np
import pytest

from byhand import (
    Adam,
    CategoricalCrossEntropy,
    CosineAnnealing,
    Dense,
    GradientDescent,
    Network,
    QuadraticCost,
    ReLU,
    Sigmoid,
    StepDecay,
    TrainingDiverged,
)
from byhand.ops import reference
from tests.core.trained import Recorder, data, make, train


def test_history_columns():
    x, y = data()
    full = train(make(), x, y, validation=(x, y))
    columns = ["epoch", "loss", "accuracy", "val_loss", "val_accuracy", "learning_rate", "seconds"]
    assert list(full) == columns
    assert full["epoch"] == [1, 2, 3]
    assert full.epochs == 3
    assert full.last == {name: full[name][-1] for name in columns}
    assert all(seconds > 0 for seconds in full["seconds"])
    assert list(train(make(), x, y)) == ["epoch", "loss", "accuracy", "learning_rate", "seconds"]
    assert list(train(make(), x, y, accuracy=False)) == ["epoch", "loss", "learning_rate", "seconds"]
    targets = np.full((50, 3), 1 / 3)
    assert list(train(make(), x, targets, validation=(x, targets))) == [
        "epoch", "loss", "val_loss", "learning_rate", "seconds",
    ]  # fmt: skip


def test_history_holds_what_was_measured():
    x, y = data()
    network, other = make(), data(2000)  # more than one piece of validation data
    before, right = cross_entropy(network, x, y), float(np.mean(network.predict(x) == y))
    history = train(network, x, y, validation=other, batch_size=None, epochs=1)
    assert history["loss"] == [pytest.approx(before, rel=1e-12)]
    assert history["accuracy"] == [right]
    assert history["val_loss"] == [pytest.approx(cross_entropy(network, *other), rel=1e-12)]
    assert history["val_accuracy"] == [np.mean(network.predict(other[0]) == other[1])]


def cross_entropy(network, x, y):
    return -float(np.mean(np.log(network.predict_proba(x)[np.arange(len(y)), y])))


def test_mini_batch_loss_and_accuracy_are_means_over_samples():
    x, y = data(50)
    network = make()
    loss, right = cross_entropy(network, x, y), float(np.mean(network.predict(x) == y))
    history = train(network, x, y, batch_size=8, optimizer=GradientDescent(0.0), epochs=1)  # the last has two rows
    assert history["loss"] == [pytest.approx(loss, rel=1e-12)]
    assert history["accuracy"] == [pytest.approx(right, rel=1e-12)]


def test_history_as_csv_reads_back_exactly(tmp_path):
    history = train(make(), *data())
    history.write_csv(tmp_path / "new" / "history.csv")
    rows = list(csv.DictReader((tmp_path / "new" / "history.csv").read_text().splitlines()))
    assert [row["epoch"] for row in rows] == ["1", "2", "3"]
    assert {name: [float(row[name]) for row in rows] for name in history} == dict(history)


def test_the_rate_of_every_epoch():
    x, y = data()
    network, by_hand = make(), make()
    history = train(network, x, y, batch_size=None, epochs=4, optimizer=GradientDescent(StepDecay(0.8, 0.5, 2)))
    assert history["learning_rate"] == [0.8, 0.8, 0.4, 0.4]
    for rate in history["learning_rate"]:
        by_hand.forward(x)
        by_hand.backward(np.eye(3)[y])
        by_hand.theta -= rate * by_hand.gradient
    np.testing.assert_allclose(network.theta, by_hand.theta, rtol=1e-12)
    history = train(make(), x, y, epochs=4, optimizer=Adam(CosineAnnealing(0.1)))
    np.testing.assert_allclose(history["learning_rate"], 0.05 * (1 + np.cos(np.pi * np.arange(4) / 4)))


def test_callbacks_are_called_in_order():
    one, two = Recorder(), Recorder()
    train(make(), *data(20), batch_size=8, epochs=2, callbacks=[one, two])
    steps = [("step", 1, i) for i in (1, 2, 3)], [("step", 2, i) for i in (4, 5, 6)]
    assert one.events == [("start", 2, 3), *steps[0], ("epoch", 1, 3), *steps[1], ("epoch", 2, 6), ("end", 2, 6)]
    assert one.events == two.events


@pytest.mark.parametrize(("how", "steps"), [({"stop_epoch": 2}, 6), ({"stop_step": 4}, 4)])
def test_a_callback_stops_the_training(how, steps):
    recorder = Recorder(**how)
    history = train(make(), *data(20), batch_size=8, epochs=9, callbacks=[recorder])
    assert recorder.events[-1] == ("end", 2, steps)
    assert history.epochs == 2


def test_the_loss_of_an_epoch_that_was_stopped_is_the_mean_of_what_it_saw():
    network, x, y = make(), *data(20)
    loss = np.mean([cross_entropy(network, *data(20))])
    options = {"batch_size": 10, "epochs": 1, "optimizer": GradientDescent(0.0)}
    x, y = np.concatenate([x, x]), np.concatenate([y, y])
    whole = train(network, x, y, **options)["loss"][0]
    stopped = train(
        network, np.repeat(x[:1], 40, axis=0), y[:1].repeat(40), callbacks=[Recorder(stop_step=1)], **options
    )
    assert whole == pytest.approx(loss)
    assert stopped["loss"][0] == pytest.approx(cross_entropy(network, x[:1], y[:1]))


@pytest.mark.parametrize("batch_size", [8, None])
def test_on_end_is_called_when_training_is_interrupted(batch_size):
    recorder = Recorder(fail=2)
    with pytest.raises(KeyboardInterrupt):
        train(make(), *data(20), batch_size=batch_size, callbacks=[recorder])
    assert recorder.events[-1][0] == "end"


@pytest.mark.parametrize("batch_size", [8, None])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_divergence_is_said(batch_size, dtype):
    network = Network(5, [Dense(20), ReLU(), Dense(20), ReLU(), Dense(3)], QuadraticCost(), dtype=dtype, task="classes")
    recorder = Recorder()
    with pytest.raises(TrainingDiverged, match="learning rate"):
        train(network, *data(), epochs=500, batch_size=batch_size, optimizer=GradientDescent(1e6), callbacks=[recorder])
    assert recorder.events[-1][0] == "end"


def test_a_network_computes_through_the_operations_it_was_given():
    calls = set()

    def counted(name):
        def call(*arguments, **options):
            calls.add(name)
            return getattr(reference, name)(*arguments, **options)

        return call

    named = {name: counted(name) for name in vars(reference) if callable(getattr(reference, name))}
    ops = SimpleNamespace(host=reference.host, **named)
    network = Network(5, [Dense(4), Sigmoid(), Dense(3)], CategoricalCrossEntropy(), inputs="grey levels", ops=ops)
    grey, y = np.zeros((20, 5), np.uint8), np.arange(20) % 3
    training = {"affine_gradients", "affine_input", "affine", "sigmoid", "sigmoid_backward", "mean_loss"}
    training |= {"softmax_cross_entropy_labels"}
    network.predict(grey)
    arrays = {"empty", "zeros", "put", "asarray", "to_numpy"}  # made, or carried from one memory to another
    assert calls == {"affine", "sigmoid", "softmax", "scale_bytes"} | arrays
    calls.clear()
    train(network, grey, y)
    watched = {"dot", "copy", "add", "fill"}  # is the gradient finite; the last good parameters; sums over pieces
    assert calls - arrays - watched == training | {"adam", "gather", "gather_bytes", "count_right"}
    calls.clear()
    train(network, grey, y, batch_size=None, optimizer=GradientDescent(), sample_weight=y + 1)
    assert calls - arrays - watched == training - {"mean_loss"} | {"weighted_mean_loss", "descend"} | {
        "scale_bytes",
        "count_right",
    }
