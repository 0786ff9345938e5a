"""Networks train and predict on arrays that NumPy cannot see, with the numbers that they have in NumPy's memory."""

import numpy as np
import pytest

import byhand as bh
from byhand.data.augment import Augment, Shift
from byhand.ops import reference
from byhand.training import Averaging, EarlyStopping
from byhand.training.checkpoints import Checkpoints, Interrupted
from tests.core.device import DEVICE, DeviceArray, Mixed
from tests.core.test_checkpoints import StopAt

RNG = np.random.default_rng(0)
IMAGES, LABELS = RNG.integers(0, 256, (70, 8, 8, 1), np.uint8), RNG.integers(0, 10, 70)
SEQUENCES, LENGTHS = RNG.standard_normal((50, 6, 3)).astype(np.float32), RNG.integers(1, 7, 50)
TOKENS = RNG.integers(0, 12, (50, 6))
WEIGHTS = RNG.uniform(0.5, 2, 70)

NETWORKS = {
    "dense": (
        (8, 8, 1),
        [bh.Flatten(), bh.Dense(16, bh.He()), bh.BatchNorm(), bh.ReLU(), bh.Dropout(0.2), bh.Dense(10)],
        {"inputs": "grey levels"},
    ),
    "convolutional": (
        (8, 8, 1),
        [
            *(bh.Conv2D(4), bh.BatchNorm(), bh.ReLU(), bh.MaxPool2D()),
            *(bh.Residual([bh.Conv2D(4), bh.LeakyReLU()]), bh.GlobalAveragePool2D(), bh.LayerNorm(), bh.Dense(10)),
        ],
        {"inputs": "grey levels"},
    ),
    "recurrent": ((6, 3), [bh.LSTM(5, return_sequences=True), bh.Bidirectional(bh.GRU(4)), bh.Dense(3)], {}),
    "tokens": ((6,), [bh.Embedding(12, 4), bh.RNN(5), bh.Dense(3)], {}),
    "attention": (
        (6,),
        [bh.Embedding(12, 8), bh.SinusoidalPositions(), bh.TransformerBlock(8, 2), bh.MeanOverTime(), bh.Dense(3)],
        {},
    ),
    "rows of symbols": (
        (4, 8, 1),
        [bh.Conv2D(5, (4, 1), padding="valid"), bh.Columns(), bh.Dense(4)],
        {"loss": bh.CTC(3, 2)},
    ),
    "one output": ((6, 3), [bh.Flatten(), bh.Dense(4), bh.Tanh(), bh.Dense(1)], {"loss": bh.BinaryCrossEntropy()}),
    "numbers": ((6, 3), [bh.Flatten(), bh.Dense(4), bh.GELU(), bh.Dense(2)], {"loss": bh.Huber()}),
}
DATA = {
    "dense": (IMAGES, LABELS),
    "convolutional": (IMAGES, LABELS),
    "recurrent": (SEQUENCES, LABELS[:50] % 3),
    "tokens": (TOKENS, LABELS[:50] % 3),
    "attention": (TOKENS, LABELS[:50] % 3),
    "rows of symbols": (IMAGES[:, :4] / 255, np.stack([LABELS % 3, np.where(LABELS > 4, LABELS % 2, -1)], axis=1)),
    "one output": (SEQUENCES, LABELS[:50] % 2),
    "numbers": (SEQUENCES, SEQUENCES[:, :2, 0]),
}
OPTIONS = {
    "dense": {"optimizer": bh.AdamW(weight_decay=0.01), "sample_weight": WEIGHTS, "metrics": ["f1"]},
    "convolutional": {"regularizers": [bh.L2(1e-3), bh.ClipNorm(1.0), bh.MaxNorm(2.0)], "accumulate": 2},
    "recurrent": {"lengths": LENGTHS, "optimizer": bh.Nesterov(0.05, weight_decay=0.01)},
    "tokens": {"optimizer": bh.RMSprop(0.01), "groups": [bh.Group("0.*", rate=0)], "regularizers": [bh.L1(1e-3)]},
    "attention": {"lengths": LENGTHS},
    "rows of symbols": {},
    "one output": {"class_weight": "balanced", "optimizer": bh.Lion(0.01)},
    "numbers": {"batch_size": None, "metrics": ["mae"]},
}


def make(name, ops):
    shape, layers, options = NETWORKS[name]
    return bh.Network(shape, layers, **{"loss": bh.CategoricalCrossEntropy(), "ops": ops} | options)


def train(name, network, **more):
    x, y = DATA[name]
    options = {"epochs": 3, "batch_size": 16, "validation": (x[:20], y[:20]), "progress": False}
    options |= {"callbacks": [Averaging(0.9), EarlyStopping(2)]}
    return bh.fit(network, x, y, **options | OPTIONS[name] | more)


def figures(history):
    return {name: column for name, column in history.items() if name != "seconds"}


@pytest.mark.parametrize("name", NETWORKS)
def test_a_network_trains_and_predicts_on_the_device(name):
    here, there = make(name, reference), make(name, DEVICE)
    assert isinstance(there.theta, DeviceArray) and isinstance(there.p[-1].b, DeviceArray)
    assert figures(train(name, there)) == figures(train(name, here))
    for vector in ("theta", "state", "gradient"):
        np.testing.assert_array_equal(DEVICE.to_numpy(getattr(there, vector)), getattr(here, vector))
    x = DATA[name][0]
    probabilities = there.predict_proba(x)
    assert type(probabilities) is np.ndarray
    np.testing.assert_array_equal(probabilities, here.predict_proba(x))
    np.testing.assert_array_equal(there.predict(x), here.predict(x))


def test_augmented_batches_are_carried_to_the_device():
    here, there = make("dense", reference), make("dense", DEVICE)
    for network in (here, there):
        train("dense", network, augment=Augment((Shift(),)))
    np.testing.assert_array_equal(DEVICE.to_numpy(there.theta), here.theta)


def test_a_network_of_the_device_is_saved_copied_and_evaluated(tmp_path):
    network = make("dense", DEVICE)
    train("dense", network)
    network.save(tmp_path / "network.safetensors")
    loaded = bh.Network.load(tmp_path / "network.safetensors")
    np.testing.assert_array_equal(loaded.theta, DEVICE.to_numpy(network.theta))
    np.testing.assert_array_equal(loaded.state, DEVICE.to_numpy(network.state))
    other = make("dense", DEVICE)
    other.load_state_dict(network.state_dict())
    np.testing.assert_array_equal(other.copy().predict_proba(IMAGES), network.predict_proba(IMAGES))
    assert bh.evaluate(network, IMAGES, LABELS).accuracy == np.mean(network.predict(IMAGES) == LABELS)


def test_a_training_on_the_device_goes_on_from_its_checkpoint(tmp_path):
    whole, cut = make("dense", DEVICE), make("dense", DEVICE)
    train("dense", whole, callbacks=[])
    checkpoints = Checkpoints(tmp_path, "never")
    with pytest.raises(Interrupted):
        train("dense", cut, checkpoint=checkpoints, callbacks=[StopAt(checkpoints, 7)])
    again = make("dense", DEVICE)
    train("dense", again, checkpoint=checkpoints, resume=True, callbacks=[StopAt(checkpoints, 0)])
    np.testing.assert_array_equal(DEVICE.to_numpy(again.theta), DEVICE.to_numpy(whole.theta))


def test_a_training_that_diverges_on_the_device_says_where():
    network = make("dense", DEVICE)
    with pytest.raises(bh.TrainingDiverged, match="learning rate"):
        train("dense", network, optimizer=bh.GradientDescent(1e20), callbacks=[])
    assert np.isfinite(DEVICE.to_numpy(network.theta)).all()


@pytest.mark.parametrize(
    "mix",
    [
        lambda a: np.add(a, 1),
        lambda a: np.ones(3) * a,
        lambda a: a * np.ones(3),
        lambda a: np.asarray(a),
        lambda a: np.isfinite(a),
        lambda a: np.copyto(np.ones(3), a),
        lambda a: float(a[0]),
        lambda a: list(a),
        lambda a: bool(a),
        lambda a: a[np.array([0])],
        lambda a: a.__setitem__(0, 1.0),
        lambda a: DEVICE.add(a, np.ones(3), out=a),
    ],
)
def test_the_stand_in_refuses_to_mix(mix):
    with pytest.raises(TypeError) as caught:
        mix(DEVICE.asarray(np.arange(3.0)))
    assert isinstance(caught.value, Mixed) or "DeviceArray" in str(caught.value)
