"""Networks as files, as copies, in several processes and threads."""

import copy
import json
import pickle
import subprocess
import sys
import threading

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import save_file

import byhand
from byhand import (
    ELU,
    MSE,
    Adam,
    BatchNorm,
    BinaryCrossEntropy,
    ByhandError,
    CategoricalCrossEntropy,
    Conv2D,
    Dense,
    Flatten,
    LeakyReLU,
    Network,
    Normal,
    QuadraticCost,
    ReLU,
    Sigmoid,
    Softmax,
    Step,
    Tanh,
    Uniform,
)

EVERY_LAYER = [
    Flatten(),
    Dense(7, Normal(0.5), Uniform(-1, 1)),
    Sigmoid(),
    Tanh(),
    ReLU(),
    LeakyReLU(0.2),
    ELU(0.7),
    Step(),
    Dense(3),
    Softmax(),
]


def make(dtype=np.float32, loss=None, **options):
    return Network((4, 2), EVERY_LAYER, loss or MSE(), rng=3, dtype=dtype, **options)


def small(dtype=np.float32):
    return Network(5, [Dense(4, biases=Normal(0.1)), Tanh(), Dense(3)], CategoricalCrossEntropy(0.1), dtype=dtype)


X = np.random.default_rng(0).standard_normal((6, 4, 2))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("loss", [QuadraticCost(), MSE(), BinaryCrossEntropy(0.1)], ids=str)
def test_a_saved_network_comes_back_bit_for_bit(tmp_path, dtype, loss):
    network = make(dtype, loss, classes=["a", "b", "ü"])
    network.save(tmp_path / "new folder" / "m.safetensors")
    again = Network.load(str(tmp_path / "new folder" / "m.safetensors"))
    assert again.theta.dtype == dtype
    assert again.theta.tobytes() == network.theta.tobytes()
    assert (again.layers, again.loss, again.input_shape) == (network.layers, network.loss, (4, 2))
    assert again.classes == ("a", "b", "ü")
    np.testing.assert_array_equal(again.predict_proba(X), network.predict_proba(X))
    again.save(tmp_path / "twice")
    assert (tmp_path / "twice").read_bytes() == (tmp_path / "new folder" / "m.safetensors").read_bytes()
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_half_precision_rounds_once_and_comes_back_as_float32(tmp_path):
    network = make()
    network.save(tmp_path / "half", np.float16)
    again = Network.load(tmp_path / "half")
    assert again.dtype == np.float32
    np.testing.assert_array_equal(again.theta, network.theta.astype(np.float16).astype(np.float32))
    network.save(tmp_path / "single")
    assert (tmp_path / "half").stat().st_size < (tmp_path / "single").stat().st_size


def test_eight_bits_round_each_column_to_its_own_scale(tmp_path):
    network = byhand.Network((6, 6, 2), [Conv2D(3), BatchNorm(), Flatten(), Dense(4)], MSE(), rng=2)
    network.p[0].W[..., 1] *= 1000
    network.p[3].W[:, 2] = 0
    network.p[3].b[...] = [0.1, -2, 3, 4]
    network.save(tmp_path / "m", "int8")
    again = Network.load(tmp_path / "m")
    assert again.dtype == np.float32
    for before, after in ((network.p[0].W, again.p[0].W), (network.p[3].W, again.p[3].W)):
        half = np.abs(before).reshape(-1, before.shape[-1]).max(axis=0) / 127 / 2
        assert (np.abs(after - before) <= half * (1 + 1e-5)).all()
        assert (before != after).mean() > 0.5  # it does round
    np.testing.assert_array_equal(again.p[3].b, network.p[3].b.astype(np.float16))
    np.testing.assert_array_equal(again.p[1].running_var, network.p[1].running_var)
    with safe_open(tmp_path / "m", "np") as file:
        q, s = file.get_tensor("3.W"), file.get_tensor("3.W.scale")
    assert q.dtype == np.int8 and np.abs(q).max(axis=0).tolist() == [127, 127, 0, 127] and s.shape == (4,)
    np.testing.assert_allclose(q * s, again.p[3].W)


@pytest.mark.parametrize("scale", [None, np.ones(3, np.float32), np.array([1, np.nan, 1, 1], np.float32)], ids=str)
def test_damaged_scales_are_refused(tmp_path, scale):
    byhand.Network(5, [Dense(4)], MSE(), rng=2).save(tmp_path / "m", "int8")
    with safe_open(tmp_path / "m", "np") as file:
        tensors, about = {name: file.get_tensor(name) for name in file.keys()}, file.metadata()  # noqa: SIM118
    del tensors["0.W.scale"]
    save_file(tensors | ({} if scale is None else {"0.W.scale": scale}), tmp_path / "m", about)
    with pytest.raises(ByhandError, match=r"0\.W\.scale|finite"):
        Network.load(tmp_path / "m")


def test_a_model_file_is_read_by_others_too(tmp_path):
    network = make()
    network.save(tmp_path / "m")
    with safe_open(tmp_path / "m", "np") as file:
        assert set(file.keys()) == {"1.W", "1.b", "8.W", "8.b"}
        np.testing.assert_array_equal(file.get_tensor("8.W"), network.p[8].W)
        described = json.loads(file.metadata()["byhand"])
    assert described["format"] == 1
    assert described["input_shape"] == [4, 2]
    assert described["loss"] == {"kind": "MSE"}
    assert [layer["kind"] for layer in described["layers"]] == [type(layer).__name__ for layer in EVERY_LAYER]
    assert described["layers"][1]["weights"] == {"kind": "Normal", "std": 0.5}


def test_a_saved_network_can_be_trained_on(tmp_path):
    x, y = np.random.default_rng(0).standard_normal((20, 5)), np.arange(20) % 3
    network = small()
    network.save(tmp_path / "m")
    again = Network.load(tmp_path / "m")
    for each in (network, again):
        byhand.fit(each, x, y, epochs=2, progress=False)
    assert again.theta.tobytes() == network.theta.tobytes()


@pytest.mark.parametrize("way", [copy.deepcopy, lambda n: pickle.loads(pickle.dumps(n))], ids=["deepcopy", "pickle"])
def test_copies_have_views_of_their_own_theta(way):
    network = small(np.float64)
    x, t = np.random.default_rng(0).standard_normal((6, 5)), np.eye(3)[[0, 1, 2, 0, 1, 2]]
    network.forward(x)  # a workspace exists now
    twin = way(network)
    np.testing.assert_array_equal(twin.theta, network.theta)
    for views, vector in ((twin.p, twin.theta), (twin.g, twin.gradient)):
        assert all(np.shares_memory(value, vector) for view in views for value in vars(view).values())
    assert not np.shares_memory(twin.theta, network.theta)
    before = network.predict_proba(x)
    twin.theta += 1
    np.testing.assert_array_equal(network.predict_proba(x), before)
    assert not np.array_equal(twin.predict_proba(x), before)
    network.forward(x)
    network.backward(t)
    gradient = network.gradient.copy()
    twin.forward(x)
    twin.backward(t)
    np.testing.assert_array_equal(network.gradient, gradient)
    assert (twin.layers, twin.loss, twin.classes, twin.input_shape) == (network.layers, network.loss, None, (5,))
    byhand.fit(twin, x, t, epochs=1, progress=False)


PROGRAM = """
import sys
import numpy as np
import byhand
seed, path = int(sys.argv[1]), sys.argv[2]
rng = np.random.default_rng(seed)
x, y = np.random.default_rng(0).standard_normal((300, 40)), np.arange(300) % 4
layers = [byhand.Dense(50), byhand.ReLU(), byhand.Dense(4)]
network = byhand.Network(40, layers, byhand.CategoricalCrossEntropy(), rng=rng)
byhand.fit(network, x, y, validation=(x, y), epochs=3, batch_size=16, rng=rng, progress=False)
byhand.fit(network, x, y, epochs=3, batch_size=None, progress=False)
network.save(path)
"""


def test_the_same_seed_gives_the_same_bytes_in_two_processes(tmp_path):
    files = []
    for i, seed in enumerate((5, 5, 6)):
        path = tmp_path / f"{i}.safetensors"
        subprocess.run([sys.executable, "-c", PROGRAM, str(seed), str(path)], check=True, timeout=60)
        files.append(path.read_bytes())
    assert files[0] == files[1]
    assert files[0] != files[2]


def test_several_threads_may_predict_at_once():
    network = Network(40, [Dense(300), ReLU(), Dense(200), Sigmoid(), Dense(5)], CategoricalCrossEntropy(), rng=0)
    rng = np.random.default_rng(1)
    batches = [rng.standard_normal((n, 40)).astype(np.float32) for n in rng.integers(1, 1500, 12)]
    wanted = [network.predict_proba(x) for x in batches]
    gate, wrong = threading.Barrier(4), []

    def work(shift):
        gate.wait()
        for k in range(2 * len(batches)):
            i = (k * (2 * shift + 1) + shift) % len(batches)
            result = network.predict_proba(batches[i])
            if not np.allclose(result, wanted[i], rtol=1e-5, atol=1e-6):
                wrong.append(i)

    threads = [threading.Thread(target=work, args=(shift,)) for shift in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_predictions_do_not_depend_on_how_many_come_at_once():
    network = small(np.float64)
    x = np.random.default_rng(0).standard_normal((2500, 5))  # three pieces
    together = network.predict_proba(x)
    np.testing.assert_allclose(together.sum(axis=1), 1, rtol=1e-12)
    np.testing.assert_allclose(np.concatenate([network.predict_proba(x[i : i + 1]) for i in (0, 1023, 1024, 2499)]),
                               together[[0, 1023, 1024, 2499]], rtol=1e-12)  # fmt: skip
    np.testing.assert_array_equal(network.predict(x), together.argmax(axis=1))
    assert network.predict_proba(x[:0]).shape == (0, 3)
    kept = network.predict_proba(x[:3])
    network.predict_proba(x[5:8])
    np.testing.assert_array_equal(kept, together[:3])  # results are nobody else's memory


def test_output_activations_follow_the_loss():
    x, layers = X[:, :, 0], [Dense(3, Normal(1.0))]
    z = Network(4, layers, MSE(), dtype=np.float64).predict_proba(x)
    np.testing.assert_allclose(
        Network(4, layers, BinaryCrossEntropy(), dtype=np.float64).predict_proba(x), 1 / (1 + np.exp(-z))
    )
    softmax = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(
        Network(4, layers, CategoricalCrossEntropy(), dtype=np.float64).predict_proba(x), softmax
    )


def test_summary_names_layers_shapes_and_parameters():
    network = Network((28, 28, 1), [Flatten(), Dense(30), ReLU(), Dense(10)], CategoricalCrossEntropy())
    lines = network.summary().splitlines()
    assert [line.split("  ")[0] for line in lines[:6]] == [
        "layer",
        "input",
        "Flatten",
        "Dense(30)",
        "ReLU",
        "Dense(10)",
    ]
    assert "28 × 28 × 1" in lines[1]
    assert "23,550" in lines[3]
    assert "W 784 × 30, b 30" in lines[3]
    assert lines[-1].startswith("23,860 parameters")
    assert repr(network) == (
        "Network(28 × 28 × 1, [Flatten, Dense(30), ReLU, Dense(10)], CategoricalCrossEntropy; 23,860 parameters)"
    )


def test_adam_is_the_default_and_trains_what_it_is_given():
    network = small()
    before = network.theta.copy()
    byhand.fit(network, np.ones((4, 5)), [0, 1, 2, 0], epochs=1, progress=False)
    twin = small()
    byhand.fit(twin, np.ones((4, 5)), [0, 1, 2, 0], epochs=1, progress=False, optimizer=Adam())
    np.testing.assert_array_equal(network.theta, twin.theta)
    assert not np.array_equal(network.theta, before)


@pytest.mark.parametrize("dtype", ["float16", "int8"])
def test_running_variances_that_float16_cannot_hold_are_stored_whole(tmp_path, dtype):
    network = Network(3, [Dense(4), BatchNorm(), Dense(2)], MSE())
    network.state[...] = np.linspace(1e6, 3e6, network.state.size)  # float16 ends at 65,504
    network.save(tmp_path / "m", dtype)
    again = Network.load(tmp_path / "m")
    np.testing.assert_array_equal(again.state, network.state)
    x = np.ones((2, 3), np.float32)
    np.testing.assert_allclose(again.predict_proba(x), network.predict_proba(x), rtol=0.02)


@pytest.mark.parametrize(
    ("value", "dtype", "reason"), [(np.nan, None, "one is nan"), (1e200, np.float32, "one is 1e\\+200.*float32")]
)
def test_running_variances_that_cannot_be_stored_are_refused_before_anything_is_written(tmp_path, value, dtype, reason):
    network = Network(3, [Dense(4), BatchNorm(), Dense(2)], MSE(), dtype=np.float64)
    network.state[1] = value
    with pytest.raises(ByhandError, match=reason):
        network.save(tmp_path / "m", dtype)
    assert not (tmp_path / "m").exists()


def test_a_file_whose_running_variance_is_not_finite_is_refused(tmp_path):
    network = Network(3, [Dense(4), BatchNorm(), Dense(2)], MSE())
    network.save(tmp_path / "m")
    with safe_open(tmp_path / "m", "np") as file:
        tensors, metadata = {key: file.get_tensor(key) for key in file.keys()}, file.metadata()  # noqa: SIM118
    name = next(p.full_name for p in network.state_arena.parameters)
    tensors[name] = np.full_like(tensors[name], np.inf)
    save_file(tensors, tmp_path / "m", metadata)
    with pytest.raises(ByhandError, match="running figures"):
        Network.load(tmp_path / "m")
