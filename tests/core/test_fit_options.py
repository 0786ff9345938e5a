"""What `fit` offers beside the plain loop: order, parts held back, weights of classes, metrics, large steps, files."""

import tracemalloc

import numpy as np
import pytest
from sklearn import metrics as sklearn_metrics
from sklearn.utils.class_weight import compute_class_weight

import byhand as bh
from byhand import ByhandError, GradientDescent, Momentum, fit
from byhand.metrics import METRICS, as_metrics

RNG = np.random.default_rng(0)
X, Y = RNG.standard_normal((50, 6)), RNG.integers(0, 3, 50)


def network(*layers, loss=None, outputs=3, dtype=np.float64, inputs=6, **options):
    layers = layers or (bh.Dense(8), bh.Tanh())
    return bh.Network(
        inputs, [*layers, bh.Dense(outputs)], loss or bh.CategoricalCrossEntropy(), dtype=dtype, **options
    )


def train(x=X, y=Y, net=None, **options):
    net = net or network()
    options = {"epochs": 3, "batch_size": 8, "optimizer": Momentum(0.1), "progress": False} | options
    return net, fit(net, x, y, **options)


# ---- order and parts --------------------------------------------------------------------------------------------


class Seen(bh.Callback):
    def __init__(self):
        self.rows = []

    def on_step(self, training):
        self.rows.append(training.batch.x[:, 0].copy())


def test_without_shuffling_samples_come_as_they_lie():
    seen = Seen()
    train(shuffle=False, epochs=2, callbacks=[seen])
    np.testing.assert_array_equal(np.concatenate(seen.rows), np.tile(X[:, 0], 2))


def test_an_order_of_ones_own():
    seen = Seen()

    def backwards(order):
        order[:] = np.arange(len(order))[::-1]

    train(shuffle=backwards, epochs=2, callbacks=[seen])
    np.testing.assert_array_equal(np.concatenate(seen.rows), np.tile(X[::-1, 0], 2))


def test_a_split_is_validation_on_the_last_samples():
    split, history = train(validation_split=0.2, sample_weight=np.arange(1, 51))
    by_hand, expected = train(X[:40], Y[:40], validation=(X[40:], Y[40:]), sample_weight=np.arange(1, 41))
    assert split.theta.tobytes() == by_hand.theta.tobytes()
    assert history["val_loss"] == expected["val_loss"] and history["val_accuracy"] == expected["val_accuracy"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"validation_split": 0.2, "validation": (X, Y)}, "not both"),
        ({"validation_split": 0.001}, "leaves none"),
        ({"validation_split": 1.5}, "validation_split"),
        ({"validation_split": 0.4, "y": np.sort(Y)}, "sorted"),
        ({"class_weight": {5: 1.0}}, "class 5; there are 0 to 2"),
        ({"class_weight": {1: -1.0}}, "weight of class 1"),
        ({"class_weight": "even"}, "class_weight must be"),
        ({"class_weight": {1: 2.0}, "y": np.full((50, 3), 1 / 3)}, "needs a class number"),
        ({"metrics": ["auc"]}, "no metric 'auc'"),
        ({"metrics": [lambda t, y: 0.0]}, "name of its own"),
        ({"metrics": "f1"}, "must be a list"),
        ({"accumulate": 0}, "accumulate"),
        ({"accumulate": 2, "batch_size": None}, "mini-batches"),
        ({"metrics": [np.equal]}, "must give a number"),
        ({"mask": np.ones((50, 6))}, "is for sequences"),
        ({"lengths": np.full(50, 3)}, "is for sequences"),
        ({"carry": True}, "this one has none"),
        ({"shuffle": "no"}, "shuffle must be"),
        ({"shuffle": lambda order: order.fill(3)}, "each has to come once"),
        ({"x": iter([]), "y": None, "sample_weight": np.ones(50)}, "need arrays"),
        ({"y": None}, "no labels"),
        ({"x": iter([]), "y": None, "mask": 1}, "need arrays"),
        ({"x": iter([]), "y": None, "validation_split": 0.1}, "need arrays"),
        ({"x": iter([]), "y": None}, "no batch in epoch 1"),
        ({"x": [1], "y": None}, r"pair \(x, y\)"),
        ({"x": iter([]), "y": None, "checkpoint": "never-made"}, "data in arrays"),
        ({"x": iter([]), "y": None, "optimizer": bh.Adam(bh.OneCycle(0.1))}, "list of batches"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_refused(options, words, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ByhandError, match=words):
        train(**options)


# ---- weights of classes -------------------------------------------------------------------------------------------


def test_balanced_classes_are_scikit_learns():
    weights = compute_class_weight("balanced", classes=np.arange(3), y=Y)
    balanced, _ = train(class_weight="balanced")
    told, _ = train(class_weight=dict(enumerate(weights)))
    by_hand, _ = train(sample_weight=weights[Y])
    assert balanced.theta.tobytes() == told.theta.tobytes() == by_hand.theta.tobytes()
    assert balanced.theta.tobytes() != train()[0].theta.tobytes()


def test_class_weights_multiply_those_of_samples_and_know_names():
    weights, own = np.array([1.0, 3.0, 1.0]), np.linspace(1, 2, 50)
    named, _ = train(
        net=network(classes=["a", "b", "c"]), class_weight={"b": 3.0}, sample_weight=own, y=np.array(list("abc"))[Y]
    )
    by_hand, _ = train(sample_weight=weights[Y] * own)
    assert named.theta.tobytes() == by_hand.theta.tobytes()


# ---- metrics ------------------------------------------------------------------------------------------------------


def test_metrics_are_scikit_learns():
    truth, predicted = RNG.integers(0, 5, 60), RNG.integers(1, 4, 60)
    truth[truth == 3] = 4  # a class that is only predicted, and one that is nowhere
    predicted[predicted == 2] = 1
    for name in ("precision", "recall", "f1"):
        score = getattr(sklearn_metrics, f"{name}_score")
        assert METRICS[name](truth, predicted) == pytest.approx(
            score(truth, predicted, average="macro", zero_division=0)
        )
    t, y = RNG.random((30, 2)), RNG.random((30, 2))
    assert METRICS["mae"](t, y) == pytest.approx(sklearn_metrics.mean_absolute_error(t, y))
    assert METRICS["rmse"](t, y) == pytest.approx(sklearn_metrics.root_mean_squared_error(t, y))
    assert METRICS["r2"](t, y) == pytest.approx(sklearn_metrics.r2_score(t, y))
    assert list(as_metrics(["f1", sklearn_metrics.r2_score])) == ["f1", "r2_score"]


def first_right(truth, predicted):
    return float(np.mean(predicted[truth == 1] == 1))


@pytest.mark.parametrize("batch_size", [8, None])
def test_metrics_stand_in_the_history(batch_size):
    net, history = train(
        batch_size=batch_size, metrics=["f1", first_right], validation=(X, Y), optimizer=GradientDescent(0.0)
    )
    predicted = net.predict(X)
    f1 = sklearn_metrics.f1_score(Y, predicted, average="macro", zero_division=0)
    for name in ("f1", "val_f1"):
        np.testing.assert_allclose(history[name], [f1] * 3)
    for name in ("first_right", "val_first_right"):
        np.testing.assert_allclose(history[name], [first_right(Y, predicted)] * 3)


@pytest.mark.parametrize("batch_size", [8, None])
def test_metrics_of_numbers_see_targets_and_outputs(batch_size):
    t = RNG.standard_normal((50, 2))
    net, history = train(
        y=t, net=network(loss=bh.MSE(), outputs=2), metrics=["mae", "r2"], batch_size=batch_size,
        optimizer=GradientDescent(0.0), epochs=1,
    )  # fmt: skip
    assert history["mae"][0] == pytest.approx(sklearn_metrics.mean_absolute_error(t, net.predict_proba(X)))
    assert history["r2"][0] == pytest.approx(sklearn_metrics.r2_score(t, net.predict_proba(X)))
    assert "accuracy" not in history


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_one_output_is_a_class_from_a_half_on(dtype):
    net = network(loss=bh.BinaryCrossEntropy(), outputs=1, dtype=dtype)
    _, history = train(y=Y % 2, net=net, metrics=["accuracy", "recall"], optimizer=GradientDescent(0.0), epochs=1)
    assert history["accuracy"] == [np.mean(net.predict(X) == Y % 2)]
    assert history["recall"][0] == pytest.approx(sklearn_metrics.recall_score(Y % 2, net.predict(X), average="macro"))


# ---- large steps --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("weights", [None, np.linspace(0.5, 2, 50)], ids=["plain", "weighted"])
@pytest.mark.parametrize(("size", "count"), [(4, 4), (5, 3), (8, 100)])
def test_accumulated_batches_are_one_large_batch(size, count, weights):
    large, expected = train(batch_size=size * count, sample_weight=weights, rng=3)
    small, history = train(batch_size=size, accumulate=count, sample_weight=weights, rng=3)
    np.testing.assert_allclose(small.theta, large.theta, rtol=1e-11, atol=1e-13)
    np.testing.assert_allclose(history["loss"], expected["loss"], rtol=1e-12)
    assert history["accuracy"] == expected["accuracy"]


# ---- masks --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("batch_size", [4, None])
def test_masked_steps_count_nothing(batch_size):
    x, t = RNG.standard_normal((12, 5, 3)), RNG.integers(0, 4, (12, 5))
    mask = np.arange(5) < RNG.integers(1, 6, (12, 1))
    nets = [bh.Network((5, 3), [bh.Dense(4)], bh.CategoricalCrossEntropy(), dtype=np.float64) for _ in range(2)]
    options = {"batch_size": batch_size, "optimizer": GradientDescent(0.5), "shuffle": False, "epochs": 2}
    options |= {"metrics": [first_right]}
    spoilt, wrong = x.copy(), t.copy()
    spoilt[~mask], wrong[~mask] = 9.0, 3
    histories = [
        train(a, b, net, mask=mask, validation=(a, b, mask), **options)[1]
        for net, a, b in zip(nets, (x, spoilt), (t, wrong), strict=True)
    ]
    np.testing.assert_allclose(nets[0].theta, nets[1].theta, rtol=1e-12)
    for name in ("loss", "accuracy", "first_right", "val_loss", "val_accuracy", "val_first_right"):
        np.testing.assert_allclose(histories[0][name], histories[1][name], rtol=1e-12)
    W, b = np.asarray(nets[0].p[0].W), np.asarray(nets[0].p[0].b)
    z = x @ W + b
    z -= np.log(np.exp(z).sum(axis=-1, keepdims=True))
    each = -np.take_along_axis(z, t[..., None], -1)[..., 0]
    assert histories[0]["val_loss"][-1] == pytest.approx(np.mean((each * mask).sum(1) / mask.sum(1)))
    right = (z.argmax(-1) == t)[mask].mean()
    assert histories[0]["val_accuracy"][-1] == pytest.approx(right)
    assert histories[0]["val_first_right"][-1] == pytest.approx(first_right(t[mask], z.argmax(-1)[mask]))


# ---- batches from elsewhere -----------------------------------------------------------------------------------------


def pieces(size=8, weights=None):
    for i in range(0, 50, size):
        yield (X[i : i + size], Y[i : i + size], *(() if weights is None else (weights[i : i + size],)))


@pytest.mark.parametrize("source", [lambda: pieces(), list(pieces())], ids=["function", "list"])
def test_batches_of_an_iterator_are_those_of_arrays(source):
    net, history = train(source, None, metrics=["f1"], validation=(X, Y))
    expected, columns = train(shuffle=False, metrics=["f1"], validation=(X, Y))
    assert net.theta.tobytes() == expected.theta.tobytes()
    assert {n: c for n, c in history.items() if n != "seconds"} == {n: c for n, c in columns.items() if n != "seconds"}


@pytest.mark.parametrize("count", [3, 4, 100])
def test_batches_of_an_iterator_add_up_too(count):
    weights = np.linspace(0.5, 1.5, 50)
    weights /= weights.mean()
    net, history = train(lambda: pieces(weights=weights), None, accumulate=count, class_weight={1: 1.0})
    expected, columns = train(shuffle=False, batch_size=8 * count, sample_weight=weights)
    np.testing.assert_allclose(net.theta, expected.theta, rtol=1e-11, atol=1e-13)
    np.testing.assert_allclose(history["loss"], columns["loss"], rtol=1e-12)


def test_a_generator_lasts_for_one_epoch_and_batches_may_differ_in_length():
    _, history = train(((X[:n], Y[:n]) for n in (3, 20, 7)), None, epochs=1)
    assert history.epochs == 1
    with pytest.raises(ByhandError, match=r"no batch in epoch 2.*lambda"):
        train(pieces(), None, epochs=2)


def test_a_schedule_for_a_list_knows_how_long_an_epoch_is():
    _, history = train(list(pieces()), None, optimizer=bh.Adam(bh.OneCycle(0.1)))
    _, expected = train(shuffle=False, optimizer=bh.Adam(bh.OneCycle(0.1)))
    assert history["loss"] == expected["loss"]


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.uint8, np.int16])
def test_a_memory_mapped_file_is_never_copied_whole(tmp_path, dtype):
    x = np.lib.format.open_memmap(tmp_path / "x.npy", "w+", dtype, (20_000, 256))
    x[:] = RNG.integers(0, 200, (20_000, 256))
    x.flush()
    x, y = np.load(tmp_path / "x.npy", mmap_mode="r"), RNG.integers(0, 3, 20_000)
    inputs = "grey levels" if dtype == np.uint8 else "numbers"
    make = lambda: bh.Network(256, [bh.Dense(3)], bh.CategoricalCrossEntropy(), inputs=inputs)  # noqa: E731
    options = {"batch_size": 64, "epochs": 1, "optimizer": GradientDescent(1e-6)}
    mapped = make()
    tracemalloc.start()
    train(x, y, mapped, validation_split=0.1, **options)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4e6 < x.nbytes
    plain, _ = train(np.array(x), y, make(), validation_split=0.1, **options)
    assert plain.theta.tobytes() == mapped.theta.tobytes()


def test_a_file_with_something_that_is_no_number_is_refused(tmp_path):
    x = np.lib.format.open_memmap(tmp_path / "x.npy", "w+", np.float64, (2000, 6))
    x[1777, 3] = np.nan
    with pytest.raises(ByhandError, match="finite"):
        train(x, np.zeros(2000, int))
