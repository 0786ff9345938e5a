"""Options of `fit`: the order of samples, weights of classes, metrics, the best network, iterators, memory maps."""

import tracemalloc

import numpy as np
import pytest

from byhand import (
    MSE,
    SGD,
    ByhandError,
    Callback,
    CategoricalCrossEntropy,
    Constant,
    Dense,
    EarlyStopping,
    Network,
    OneCycle,
    ReLU,
    SaveBest,
    fit,
)

QUIET = {"progress": False}
RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(50, 6)).astype(np.float32), RNG.integers(0, 3, 50)


def network():
    return Network(6, [Dense(8), ReLU(), Dense(3)], CategoricalCrossEntropy(), rng=2)


# ---- the order of samples, and which of them ----


def test_without_shuffling_samples_come_as_they_lie():
    seen = []

    class Look(Callback):
        def on_step(self, training):
            seen.append(training.batch.x.copy())

    fit(network(), X, Y, shuffle=False, epochs=2, batch_size=8, callbacks=[Look()], **QUIET)
    np.testing.assert_array_equal(np.concatenate(seen), np.concatenate([X, X]))


def test_validation_split_holds_back_the_last_samples():
    one, two = network(), network()
    history = fit(one, X, Y, validation_split=0.2, epochs=2, **QUIET)
    wanted = fit(two, X[:40], Y[:40], validation=(X[40:], Y[40:]), epochs=2, **QUIET)
    assert one.theta.tobytes() == two.theta.tobytes()
    assert history["val_loss"] == wanted["val_loss"]


@pytest.mark.parametrize("share", [1.0, 1e-9, -0.1])
def test_a_split_that_leaves_nothing_is_refused(share):
    with pytest.raises(ByhandError, match="validation_split"):
        fit(network(), X, Y, validation_split=share, **QUIET)


@pytest.mark.parametrize("weights", ["balanced", {0: 3.0, 2: 0.5}])
def test_class_weights_are_scikit_learns(weights):
    utils = pytest.importorskip("sklearn.utils")
    one, two = network(), network()
    by_class = weights if weights == "balanced" else {0: 3.0, 1: 1.0, 2: 0.5}
    expected = utils.compute_sample_weight(by_class, Y)
    sample = np.linspace(1, 2, 50)
    fit(one, X, Y, class_weight=weights, sample_weight=sample, epochs=2, **QUIET)
    fit(two, X, Y, sample_weight=sample * expected, epochs=2, **QUIET)
    np.testing.assert_allclose(one.theta, two.theta, rtol=1e-6)
    plain = network()
    fit(plain, X, Y, sample_weight=sample, epochs=2, **QUIET)
    assert np.abs(plain.theta - two.theta).max() > 1e-4


@pytest.mark.parametrize("weights", [{3: 1.0}, {0: -1.0}, {"a": 1.0}, [1.0, 2.0, 1.0], "equal"])
def test_other_class_weights_are_refused(weights):
    with pytest.raises(ByhandError, match=r"class_weight|The weight of class"):
        fit(network(), X, Y, class_weight=weights, **QUIET)


# ---- figures ----


def share_of_zeros(truth, predicted):
    return float(np.mean(predicted == 0))


def test_metrics_are_scikit_learns():
    metrics = pytest.importorskip("sklearn.metrics")
    net = network()
    history = fit(
        net, X, Y, validation=(X, Y), epochs=3, batch_size=8, optimizer=SGD(0.1), **QUIET,
        metrics=["f1", "precision", "recall", "accuracy", share_of_zeros],
    )  # fmt: skip
    predicted = net.predict(X)
    last = history.last
    assert last["val_f1"] == pytest.approx(metrics.f1_score(Y, predicted, average="macro"))
    assert last["val_recall"] == pytest.approx(metrics.recall_score(Y, predicted, average="macro"))
    precision = metrics.precision_score(Y, predicted, average="macro", zero_division=0)
    assert last["val_precision"] == pytest.approx(precision)
    assert last["val_share_of_zeros"] == pytest.approx(np.mean(predicted == 0))


def test_metrics_of_the_training_are_those_of_its_steps():
    history = fit(
        network(), X, Y, epochs=3, batch_size=8, optimizer=SGD(0.0), metrics=["f1"], validation=(X, Y), **QUIET
    )
    np.testing.assert_allclose(history["f1"], history["val_f1"])


def test_metrics_of_numbers():
    metrics = pytest.importorskip("sklearn.metrics")
    t = X[:, :2] ** 2
    net = Network(6, [Dense(2)], MSE())
    last = fit(net, X, t, epochs=1, validation=(X, t), metrics=["mae", "r2"], **QUIET).last
    assert last["val_r2"] == pytest.approx(metrics.r2_score(t, net.predict(X)), rel=1e-5)
    assert last["val_mae"] == pytest.approx(metrics.mean_absolute_error(t, net.predict(X)), rel=1e-5)


@pytest.mark.parametrize("wrong", ["f1", ["f2"], [3], ["f1", "f1"]])
def test_other_metrics_are_refused(wrong):
    with pytest.raises(ByhandError, match="metric"):
        fit(network(), X, Y, metrics=wrong, **QUIET)


def test_the_best_network_is_in_the_file(tmp_path):
    rates = iter([0.1, 0.1, 50.0, 50.0])

    class Rate(Constant):
        def at(self, epoch, epochs, history):
            return next(rates)

    kept = {}

    class Keep(Callback):
        def on_epoch(self, training):
            kept[training.epoch] = training.network.theta.copy()

    save = SaveBest(tmp_path / "best.safetensors")
    history = fit(
        network(), X, Y, validation=(X, Y), epochs=4, optimizer=SGD(Rate(0.1)), callbacks=[Keep(), save], **QUIET
    )
    best = int(np.argmin(history["val_loss"])) + 1
    assert save.best_epoch == best < 4
    np.testing.assert_array_equal(Network.load(save.path).theta, kept[best])


@pytest.mark.parametrize(("mode", "wanted"), [("min", 1), ("max", 4)])
def test_early_stopping_by_a_figure_of_ones_own(mode, wanted):
    values = iter([1.0, 2.0, 3.0, 4.0] * 2)

    def rising(truth, predicted):
        return next(values)

    stopping = EarlyStopping(2, "rising", mode=mode)
    history = fit(network(), X, Y, epochs=4, metrics=[rising], callbacks=[stopping], **QUIET)
    assert stopping.best_epoch == wanted
    assert history.epochs == (3 if mode == "min" else 4)


def test_auto_does_not_guess():
    with pytest.raises(ByhandError, match="mode"):
        EarlyStopping(2, "rising")
    assert EarlyStopping(2, "val_f1").best == -np.inf
    assert EarlyStopping(2, "val_mae").best == np.inf


def test_history_is_a_table():
    history = fit(network(), X, Y, epochs=25, **QUIET)
    lines = repr(history).splitlines()
    assert lines[0].split() == list(history)
    assert lines[1].split()[0] == "1" and lines[-1].split()[0] == "25"
    assert len(history) == 25
    assert history["loss"][0] == pytest.approx(float(lines[1].split()[1]), rel=1e-3)
    pandas = pytest.importorskip("pandas")
    frame = history.to_pandas()
    assert isinstance(frame, pandas.DataFrame)
    assert frame["loss"].tolist() == history["loss"]


# ---- where data come from ----


def batches():
    for start in range(0, 50, 8):
        yield X[start : start + 8], Y[start : start + 8]


@pytest.mark.parametrize("source", [batches, list(batches())])
def test_batches_of_an_iterator_train_as_arrays_do(source):
    one, two = network(), network()
    history = fit(one, source, epochs=3, metrics=["f1"], validation=(X, Y), **QUIET)
    wanted = fit(two, X, Y, epochs=3, batch_size=8, shuffle=False, metrics=["f1"], validation=(X, Y), **QUIET)
    assert one.theta.tobytes() == two.theta.tobytes()
    for name in set(wanted) - {"seconds"}:
        np.testing.assert_allclose(history[name], wanted[name], rtol=1e-12, err_msg=name)


def test_a_generator_lasts_for_one_epoch():
    assert fit(network(), batches(), epochs=1, **QUIET).epochs == 1
    with pytest.raises(ByhandError, match="no batch in epoch 2"):
        fit(network(), batches(), epochs=2, **QUIET)


def test_a_rate_that_follows_steps_needs_to_know_how_many():
    with pytest.raises(ByhandError, match="nobody knows"):
        fit(network(), batches, optimizer=SGD(OneCycle(0.1)), **QUIET)
    fit(network(), list(batches()), optimizer=SGD(OneCycle(0.1)), **QUIET)


@pytest.mark.parametrize("wrong", [[(X,)], [X], [], [(X[:0], Y[:0])], X, 5])
def test_other_batches_are_refused(wrong):
    with pytest.raises(ByhandError):
        fit(network(), wrong, **QUIET)


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int16, np.uint8])
def test_a_memory_mapped_file_is_never_copied_whole(tmp_path, dtype):
    rows, width = 4000, 1000
    whole = np.memmap(tmp_path / "x", dtype, "w+", shape=(rows, width))
    whole[:] = np.random.default_rng(1).integers(0, 100, whole.shape)
    whole.flush()
    mapped, labels = np.memmap(tmp_path / "x", dtype, "r", shape=whole.shape), np.arange(rows) % 2
    kind = "grey levels" if dtype == np.uint8 else "numbers"
    make = lambda: Network(width, [Dense(2)], CategoricalCrossEntropy(), inputs=kind)  # noqa: E731
    one, two = make(), make()
    common = {"epochs": 1, "batch_size": 20, **QUIET}
    fit(one, mapped[:20], labels[:20], **common)  # what is imported late is imported now
    one = make()
    tracemalloc.start()
    fit(one, mapped, labels, validation_split=0.1, **common)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    copy = whole.nbytes if dtype == np.float64 else rows * width * np.dtype(dtype).itemsize
    assert peak < max(copy, 4 * rows * width) / 2
    fit(two, np.array(whole), labels, validation_split=0.1, **common)
    np.testing.assert_array_equal(one.theta, two.theta)
