"""Keras' weights in byhand's networks."""

import io
import os
import zipfile

import numpy as np
import pytest

import byhand as b
from byhand.exchange.keras_weights import fill_from_keras
from tests.exchange.test_onnx_export import single
from tests.programs.networks import NETWORKS

h5py = pytest.importorskip("h5py")


def write_weights(path, net, change=None):
    """A weights file as Keras writes it, from a network's parameters."""
    from tests.programs.test_keras_programs import keras_arrays, layer_at

    values, counts = net.state_dict(), {}
    with h5py.File(path, "w") as file:
        for at in dict.fromkeys(name.rpartition(".")[0] for name in values):
            place = at.split(".")[0] if isinstance(net.layers[int(at.split(".")[0])], b.Bidirectional) else at
            own = {k.removeprefix(f"{place}."): v for k, v in values.items() if k.startswith(f"{place}.")}
            layer = layer_at(net, place)
            kind = type(layer).__name__.lower()
            if at.endswith(".1") and place != at:
                continue
            counts[kind] = counts.get(kind, -1) + 1
            name = f"layers/{kind}" + f"_{counts[kind]}" * bool(counts[kind])
            arrays = keras_arrays(layer, own)
            halves = [("forward_layer/cell/", arrays[:3]), ("backward_layer/cell/", arrays[3:])] if place != at else []
            for middle, part in halves or [("", arrays)]:
                for i, a in enumerate(part):
                    file[f"{name}/{middle}vars/{i}"] = a
        file["layers/dropout/seed_generator/vars/0"] = np.zeros(2, np.uint32)
        file["optimizer/vars/0"] = np.zeros(3, np.float32)
        if change:
            change(file)


@pytest.mark.parametrize("name", ["images", "normal", "gru", "gru before", "bidirectional", "tokens", "lstm"])
def test_weights_files(name, tmp_path):
    pytest.importorskip("torch")
    os.environ.setdefault("KERAS_BACKEND", "torch")
    pytest.importorskip("keras")
    net = single(NETWORKS[name]())
    write_weights(tmp_path / "m.weights.h5", net)
    with zipfile.ZipFile(tmp_path / "m.keras", "w") as archive:
        archive.write(tmp_path / "m.weights.h5", "model.weights.h5")
        archive.writestr("config.json", '{"class_name": "os.system"}')
    for file in ("m.weights.h5", "m.keras"):
        other = b.Network(net.input_shape, net.layers, net.loss, rng=5)
        matches = fill_from_keras(other, tmp_path / file)
        assert np.allclose(other.theta, net.theta, atol=1e-6)
        assert np.allclose(other.state, net.state, atol=1e-6)
        assert len(matches) == len({m.module for m in matches})


def test_attention_that_keras_saved(tmp_path):
    pytest.importorskip("torch")
    os.environ.setdefault("KERAS_BACKEND", "torch")
    keras = pytest.importorskip("keras")
    layers, rng = keras.layers, np.random.default_rng(2)
    inputs = keras.Input((6, 6, 2))
    x = layers.Reshape((9, 4))(layers.Conv2D(4, 2, strides=2)(inputs))
    x = layers.LayerNormalization(epsilon=1e-5)(x + layers.MultiHeadAttention(2, 2)(x, x))
    x = layers.MultiHeadAttention(2, 2, use_bias=False)(x, x, use_causal_mask=True)
    model = keras.Model(inputs, layers.Dense(3)(layers.GlobalAveragePooling1D()(x)))
    model.set_weights([w + 0.3 * rng.standard_normal(w.shape) for w in model.get_weights()])
    model.save(tmp_path / "m.keras")
    parts = [b.PatchEmbedding(2, 4), b.Residual([b.MultiHeadAttention(2)]), b.LayerNorm()]
    parts += [b.MultiHeadAttention(2, causal=True, bias=False), b.MeanOverTime(), b.Dense(3)]
    net = b.Network((6, 6, 2), parts, b.MSE(), rng=4)
    matches = fill_from_keras(net, tmp_path / "m.keras")
    assert "MultiHeadAttention(2 heads) (layer 1.0) ← multi_head_attention: 4 × 2 × 2" in str(matches[1])
    images = rng.random((4, 6, 6, 2)).astype(np.float32)
    assert np.abs(net.predict(images) - model.predict(images, verbose=0)).max() < 1e-5


def test_a_model_that_keras_saved(tmp_path):
    pytest.importorskip("torch")
    os.environ.setdefault("KERAS_BACKEND", "torch")
    keras = pytest.importorskip("keras")
    inside = [
        *(keras.layers.Conv2D(3, 3, padding="same", activation="relu"), keras.layers.MaxPooling2D()),
        *(keras.layers.Flatten(), keras.layers.Dropout(0.2), keras.layers.Dense(4, activation="tanh")),
        *(keras.layers.BatchNormalization(), keras.layers.Dense(2)),
    ]
    model = keras.Sequential([keras.Input((6, 6, 2)), *inside])
    model.save(tmp_path / "m.keras")
    layers = [b.Conv2D(3, 3), b.ReLU(), b.MaxPool2D(), b.Flatten(), b.Dense(4), b.Tanh(), b.BatchNorm(epsilon=1e-3)]
    net = b.Network((6, 6, 2), [*layers, b.Dense(2)], b.MSE(), rng=4)
    matches = fill_from_keras(net, tmp_path / "m.keras")
    assert str(matches[0]) == "Conv2D(3, 3 × 3) (layer 0) ← conv2d: 3 × 3 × 2 × 3, 3"
    x = np.random.default_rng(0).random((4, 6, 6, 2)).astype(np.float32)
    assert np.abs(net.predict(x) - model.predict(x, verbose=0)).max() < 1e-5


def dense(path, **members):
    with h5py.File(path, "w") as file:
        for name, value in members.items():
            file[name.replace("__", "/")] = value


def test_refused(tmp_path):
    net, path = b.Network(3, [b.Dense(2)], b.MSE()), tmp_path / "m.weights.h5"
    W, bias = np.ones((3, 2), np.float32), np.ones(2, np.float32)
    dense(tmp_path / "other.h5", W=W)
    cases = (
        ({"layers__dense__vars__0": W}, "nothing in it fits"),
        ({"layers__dense__vars__0": W, "layers__dense__vars__1": bias, "layers__d__vars__0": bias}, "no layer for d"),
        ({"x": W}, "no layers"),
        ({"layers__dense__vars__0": h5py.ExternalLink(str(tmp_path / "other.h5"), "W")}, "link"),
        ({"layers__dense__vars__0": h5py.SoftLink("/x")}, "link"),
        ({"layers__dense__vars__0": W * np.nan, "layers__dense__vars__1": bias}, "not finite"),
    )
    for members, words in cases:
        dense(path, **members)
        with pytest.raises(b.ByhandError, match=words):
            fill_from_keras(net, path)
    peeping = b.Network((3, 2), [b.LSTM(2, peepholes=True)], b.MSE())
    with pytest.raises(b.ByhandError, match="peepholes"):
        fill_from_keras(peeping, path)
    path.write_bytes(b"nothing")
    with pytest.raises(b.ByhandError, match="not a readable"):
        fill_from_keras(net, path)
    big = io.BytesIO()
    with zipfile.ZipFile(big, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("model.weights.h5", bytes(2**25))
    (tmp_path / "m.keras").write_bytes(big.getvalue())
    with pytest.raises(b.ByhandError, match="too much for this network"):
        fill_from_keras(net, tmp_path / "m.keras")
    with h5py.File(path, "w") as file:
        file.create_dataset("layers/dense/vars/0", (3, 2), "f4", external=[(str(tmp_path / "raw"), 0, 24)])
    with pytest.raises(b.ByhandError, match="somewhere else"):
        fill_from_keras(net, path)
