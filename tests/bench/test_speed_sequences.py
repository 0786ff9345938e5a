"""The speed benchmark's networks with sequences: other libraries' are the same networks as byhand's."""

import importlib.util
import os
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from bench.speed import sequences

import byhand as bh
from byhand.generating import next_token
from byhand.recipes.shakespeare import gpt

PEERS = Path(sequences.__file__).parent / "peers"
TEXT, IMAGE = {"tokens": True}, {"tokens": False}
VIT = [bh.PatchEmbedding(4, 6), bh.ClassToken(), bh.LearnedPositions(5), bh.TransformerBlock(6, 2, 7)]
NETWORKS = {
    "rows": ((8, 8), [bh.LSTM(5), bh.Dense(3)], IMAGE | {"kind": "lstm"}),
    "characters": ((6,), [bh.Embedding(9, 4), bh.LSTM(5, True), bh.Dense(9)], TEXT | {"kind": "lstm"}),
    "gpt": ((6,), list(gpt(9, 8, 2, 2, 6)), TEXT | {"kind": "attention", "heads": 2, "blocks": 2}),
    "vit": (
        (8, 8, 1),
        [*VIT, bh.LayerNorm(), bh.FirstStep(), bh.Dense(3)],
        IMAGE | {"kind": "attention", "heads": 2, "blocks": 1, "patch": 4},
    ),
}


def module(name):
    """A peer's module, which stands in no package."""
    spec = importlib.util.spec_from_file_location(name, PEERS / f"{name}.py")
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found


def by_torch(model, p, x):
    torch = pytest.importorskip("torch")
    network = module("sequences_torch").build(model, p)
    x = torch.from_numpy(x if x.ndim < 4 else np.ascontiguousarray(x.transpose(0, 3, 1, 2)))
    y = network(x)
    y = y.transpose(1, 2) if model["tokens"] else y
    return y.detach().numpy()


def by_jax(model, p, x):
    jax = pytest.importorskip("jax")
    p = {name: jax.numpy.asarray(a) for name, a in p.items()}
    y = module("sequences_jax").outputs(model, p, x)
    return np.asarray(y.swapaxes(1, 2) if model["tokens"] else y)


def by_keras(model, p, x):
    os.environ.setdefault("KERAS_BACKEND", "torch")
    keras = pytest.importorskip("keras")
    task = SimpleNamespace(model=model, input=x.shape[1:])
    return keras.ops.convert_to_numpy(module("sequences_keras").build(task, p)(x))


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("peer", [by_torch, by_jax, by_keras], ids=lambda peer: peer.__name__[3:])
def test_others_compute_the_same(name, peer):
    shape, layers, model = NETWORKS[name]
    network, rng = bh.Network(shape, layers, bh.CategoricalCrossEntropy()), np.random.default_rng(0)
    network.theta = 0.5 * rng.standard_normal(network.size)
    x = rng.integers(9, size=(3, *shape)) if model["tokens"] else rng.standard_normal((3, *shape)).astype(np.float32)
    p = {name: a.copy() for name, a in network.named_parameters().items()}
    np.testing.assert_allclose(peer(model, p, x), network.forward(x), rtol=1e-4, atol=1e-5)


def writers(model, p):
    """PyTorch's and JAX's functions that write; each returns what it wrote."""
    torch, jax = pytest.importorskip("torch"), pytest.importorskip("jax")
    torches, jaxes = module("sequences_torch"), module("sequences_jax")
    with torch.inference_mode():
        first = torches.writer(torches.build(model, p))
    return first, jaxes.writer(model, {name: jax.numpy.asarray(a) for name, a in p.items()})


@pytest.mark.parametrize(("name", "seed"), [("characters", 8), ("gpt", 4)])
def test_others_write_the_same(name, seed):
    """With the state, or keys and values, kept from one character to the next."""
    torch = pytest.importorskip("torch")
    shape, layers, model = NETWORKS[name]
    network = bh.Network(shape, layers, bh.CategoricalCrossEntropy())
    network.theta = 1.5 * np.random.default_rng(seed).standard_normal(network.size)
    p = {name: a.copy() for name, a in network.named_parameters().items()}
    text, wanted = next_token(network), [0]
    for _ in range(5):  # shorter than the longest text: what comes after is each library's own affair
        wanted.append(int(text.feed(wanted[-1]).argmax()))
    assert len(set(wanted)) > 2
    for write in writers(model, p):
        with torch.inference_mode():
            assert [0] + [write() for _ in range(5)] == wanted
