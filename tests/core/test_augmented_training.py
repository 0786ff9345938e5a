"""Augmentation as a stage of training: the same bits whoever prepares a batch, and nothing left behind."""

import signal
import threading

import numpy as np
import pytest

from byhand import (
    BinaryCrossEntropy,
    Callback,
    CategoricalCrossEntropy,
    Dense,
    Flatten,
    GradientDescent,
    Network,
    ReLU,
    evaluate,
    fit,
)
from byhand.core.errors import ByhandError
from byhand.data.augment import Augment, Augmenter, Elastic, Erase, Flip, Mixup, Noise, Rotate, Shift
from byhand.training.batches import Batches
from byhand.training.prefetch import AugmentedBatches

RNG = np.random.default_rng(0)
X = RNG.integers(0, 256, (103, 64)).astype(np.uint8)
Y = np.arange(103) % 10
MUCH = Augment([Shift(1), Rotate(20), Elastic(8, 2), Noise(), Erase(), Mixup()])
STILL = Augment([Shift(0, 0)])


def make(inputs=64, layers=None, loss=None, **options):
    layers = layers or [Flatten(), Dense(20), ReLU(), Dense(10)]
    return Network(inputs, layers, loss or CategoricalCrossEntropy(), rng=0, inputs="grey levels", **options)


def train(x=X, y=Y, network=None, augment=MUCH, epochs=3, **options):
    network = network or make()
    options = {"batch_size": 16, "optimizer": GradientDescent(0.1), "progress": False, "rng": 5} | options
    history = fit(network, x, y, augment=augment, epochs=epochs, **options)
    return network.theta, history


def batches(augment=MUCH, seed=0, x=X, y=Y, size=16, weights=None, network=None, **options):
    rng = np.random.default_rng(seed)
    return AugmentedBatches(network or make(), x, y, size, weights, augment=augment, rng=rng, **options)


def copies(gathered):
    return [[a.copy() for a in batch if a is not None] for batch in gathered]


def threads():
    return [t for t in threading.enumerate() if t.name.startswith("augment")]


@pytest.fixture(autouse=True)
def no_thread_is_left():
    yield
    assert not threads()


def test_the_same_bits_with_any_number_of_workers():
    results = [train(workers=workers) for workers in (0, 1, 2, 5)]
    assert len({theta.tobytes() for theta, _ in results}) == 1
    assert len({tuple(history["loss"]) for _, history in results}) == 1


def test_the_generator_decides():
    first, other, plain = train()[0], train(rng=6)[0], train(augment=None)[0]
    assert first.tobytes() != other.tobytes() != plain.tobytes()


@pytest.mark.parametrize("workers", [0, 1, 3])
@pytest.mark.parametrize("x", [X, (X / 255).astype(np.float32)], ids=["bytes", "floats"])
def test_ranges_of_nothing_are_training_without(x, workers):
    assert (
        train(x, augment=STILL, epochs=1, workers=workers)[0].tobytes() == train(x, augment=None, epochs=1)[0].tobytes()
    )
    order, weights = np.random.default_rng(1).permutation(103), np.linspace(1, 2, 103)
    prepared = batches(STILL, x=x, weights=weights, workers=workers)
    plain = Batches(make(), x, Y, 16, weights)
    pairs = list(zip(copies(prepared.gathered(order)), copies(plain.gathered(order)), strict=True))
    assert [len(a[0]) for a, _ in pairs] == [16] * 6 + [7]
    for ours, theirs in pairs:
        for a, b in zip(ours, theirs, strict=True):
            assert a.dtype == b.dtype and a.tobytes() == b.tobytes()
    prepared.close()


def test_each_epoch_has_new_versions_and_a_saved_generator_brings_them_back():
    run, order = batches(), np.arange(103)
    first = copies(run.gathered(order))
    state = run._rng.bit_generator.state
    second = copies(run.gathered(order))
    run._rng.bit_generator.state = state
    again = copies(run.gathered(order))
    run.close()
    for a, b, c in zip(first, second, again, strict=True):
        assert (a[0] != b[0]).any() and b[0].tobytes() == c[0].tobytes() and b[1].tobytes() == c[1].tobytes()
    assert (first[0][0] != first[1][0]).any()


def test_a_batch_is_what_the_augmenter_makes_with_its_own_generator():
    network, order = make(), np.random.default_rng(3).permutation(103)
    run = batches(seed=8)
    prepared = copies(run.gathered(order))
    run.close()
    epoch = int(np.random.default_rng(8).integers(2**63))
    t = np.eye(10, dtype=np.float32)[Y]
    for number, (x, targets, labels) in enumerate(prepared):
        rows = order[16 * number : 16 * number + 16]
        expected_t, expected = t[rows], np.empty((len(rows), 64), np.float32)
        rng = np.random.default_rng((epoch, number))
        Augmenter(MUCH, (8, 8), 16, network.dtype, 10)(X[rows], rng, expected, expected_t)
        assert x.tobytes() == expected.tobytes() and targets.tobytes() == expected_t.tobytes()
        np.testing.assert_array_equal(labels, Y[rows])
        np.testing.assert_allclose(targets.sum(axis=1), 1, atol=1e-6)
    np.testing.assert_array_equal(run.t, t)  # mixup leaves the data alone


def test_shapes_of_images_make_no_difference():
    flat = train()[0]
    for shape in ((8, 8), (8, 8, 1)):
        assert train(X.reshape(103, *shape), network=make(shape))[0].tobytes() == flat.tobytes()
    wide = Augment([Rotate(30)], image_shape=(4, 16))
    assert (
        train(augment=wide)[0].tobytes()
        == train(X.reshape(103, 4, 16), network=make((4, 16)), augment=wide)[0].tobytes()
    )


def test_float64_and_a_single_output():
    network = make(layers=[Dense(1)], loss=BinaryCrossEntropy(), dtype=np.float64)
    theta, history = train(y=Y % 2, network=network)
    assert theta.dtype == np.float64 and np.isfinite(theta).all() and 0 <= history["accuracy"][-1] <= 1


def test_validation_is_never_augmented():
    erased = Augment([Erase(1, area=(1, 1), fill=0)])
    network = make()
    _, history = train(network=network, augment=erased, optimizer=GradientDescent(0), validation=(X, Y), epochs=1)
    truth = evaluate(network, X, Y)
    assert history["val_loss"][0] == pytest.approx(truth.loss) and history["val_accuracy"][0] == truth.accuracy
    assert history["loss"][0] == pytest.approx(np.log(10), rel=1e-5)  # of blank images, before any learning
    assert abs(truth.loss - np.log(10)) > 0.01


def test_it_learns_what_shifts_do():
    """A dot left or right of the middle: after training on two places of it, shifts alone make other places known."""
    x = np.zeros((40, 1, 21), np.float32)
    x[:20, 0, 4] = x[20:, 0, 16] = 1
    y = np.repeat([0, 1], 20)
    elsewhere = np.zeros((8, 1, 21), np.float32)
    elsewhere[np.arange(8), 0, [1, 2, 6, 7, 13, 14, 18, 19]] = 1

    def accuracy(augment):
        network = make((1, 21), [Flatten(), Dense(2)])
        train(x, y, network, augment, epochs=40, optimizer=GradientDescent(0.5))
        return (network.predict(elsewhere) == np.repeat([0, 1], 4)).mean()

    assert accuracy(Augment([Shift(4, 0)])) == 1 > accuracy(None)


def test_what_goes_wrong_in_a_worker_is_raised_by_fit(monkeypatch):
    work, ended = Augmenter.__call__, []

    def fail(self, images, rng, out, t=None):
        if (images == X[77]).all(axis=1).any():
            raise RuntimeError("broken in a worker")
        work(self, images, rng, out, t)

    class Watch(Callback):
        def on_end(self, training):
            ended.append(training.step)

    monkeypatch.setattr(Augmenter, "__call__", fail)
    for workers in (0, 1, 2):
        with pytest.raises(RuntimeError, match="broken in a worker"):
            train(workers=workers, callbacks=[Watch()])
        assert not threads()
    assert 0 < ended[0] < 7 and ended == [ended[0]] * 3  # all batches before it were learnt from


@pytest.mark.parametrize("workers", [0, 1, 2])
def test_an_interrupt_ends_cleanly(workers):
    class Interrupt(Callback):
        def on_step(self, training):
            if training.step == 3:
                signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        train(workers=workers, callbacks=[Interrupt()])
    assert not threads()


def test_a_stop_in_the_middle_of_an_epoch_ends_the_threads():
    class Stop(Callback):
        def on_step(self, training):
            assert threads()
            training.stop = training.step == 2

    assert train(callbacks=[Stop()])[1].epochs == 1
    assert not threads()


def test_batches_that_wait_are_few():
    """No more batches are prepared than there is room for, however slow the network is."""
    run, made = batches(size=2, workers=1), []
    run.with_targets = lambda rows, room, real=run.with_targets: made.append(0) or real(rows, room)
    gathered = run.gathered(np.arange(103))
    for _ in range(3):
        next(gathered)
    run.close()
    assert len(made) <= 5  # three that were taken, two that wait


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"batch_size": None}, "mini-batches"),
        ({"augment": Rotate()}, "augment must be an Augment"),
        ({"workers": -1}, "workers"),
        ({"x": X * 1.0}, "from 0 to 255"),
        ({"x": X / 255 - 1}, "from -1 to"),
        ({"x": X[:, :60], "network": make(60)}, "not images"),
        ({"x": np.zeros((103, 2, 2, 2), np.float32), "network": make((2, 2, 2))}, "not images"),
        ({"augment": Augment([Flip()], image_shape=(8, 9))}, "not images of 8 × 9"),
    ],
)
def test_refusals(options, words):
    with pytest.raises(ByhandError, match=words):
        train(**options)
