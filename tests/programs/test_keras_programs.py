"""The programs in Keras, where it is installed: loss, gradients and parameters over three steps."""

import dataclasses
import os
import re

import numpy as np
import pytest

import byhand as b
from byhand.explaining.programs import ProgramSetup, written
from byhand.recipes import RECIPES
from tests.programs.networks import NETWORKS, network, samples, without_dropout
from tests.programs.of_recipes import NAMES, OTHERS, recipe_case
from tests.programs.test_numpy_programs import run, step_of_byhand
from tests.programs.test_pytorch_programs import layer_at

pytest.importorskip("torch")
os.environ.setdefault("KERAS_BACKEND", "torch")
keras = pytest.importorskip("keras")
RATE = 0.1
MORE = {
    "upsampling": lambda: network(
        (4, 3, 2), [b.ConvTranspose2D(3, 3, 2), b.UpSample2D(2), b.ConvTranspose2D(2, 2, padding="valid"),
                    b.GlobalAveragePool2D(), b.Dense(3)], b.CategoricalCrossEntropy()
    ),
}  # fmt: skip


def for_all(kind):
    """Set what Keras computes in; the policy is another setting once somebody has asked for it."""
    keras.config.set_floatx(kind)
    keras.config.set_dtype_policy(kind)


@pytest.fixture(autouse=True)
def double():
    for_all("float64")
    yield
    for_all("float32")


def keras_arrays(layer, p):
    """A layer's parameters (or gradients) as Keras has them, in the order of its weights."""
    if isinstance(layer, b.Bidirectional):
        halves = [{k[2:]: v for k, v in p.items() if k.startswith(f"{i}.")} for i in (0, 1)]
        return [a for inner, half in zip(layer.layers, halves, strict=True) for a in keras_arrays(inner, half)]
    if isinstance(layer, b.GRU):
        k = layer.units
        turn = lambda w: np.concatenate([w[..., k : 2 * k], w[..., :k], w[..., 2 * k :]], -1)  # noqa: E731
        recurrent = turn(np.concatenate([p["R"], p["V"]], 1))
        second = np.concatenate([np.zeros(2 * k), p["c"]]) if "c" in p else None
        return [turn(p["W"]), recurrent, turn(p["b"]) if second is None else np.stack([turn(p["b"]), second])]
    if isinstance(layer, b.Conv1D):
        return [p["W"][:, 0], p["b"]]
    if isinstance(layer, b.MultiHeadAttention):
        d, heads = len(p["O"]), layer.heads
        into = [w.reshape(d, heads, -1) for w in np.split(p["W"], 3, axis=1)]
        out = [p["O"].reshape(heads, -1, d)]
        if layer.bias:
            biases = [a.reshape(heads, -1) for a in np.split(p["b"], 3)]
            return [a for pair in zip(into, biases, strict=True) for a in pair] + [*out, p["c"]]
        return into + out
    if isinstance(layer, b.PatchEmbedding):
        return [p["W"].reshape(layer.size, layer.size, -1, layer.units), p["b"]]
    names = ("q", "P", "W", "R", "b", "gamma", "beta", "running_mean", "running_var")
    return [p[name] for name in names if name in p]


def limit_of(net):
    """How far figures may differ: Keras normalises rows in single precision."""
    return 1e-5 if "Norm()" in repr(net.layers) or "Transformer" in repr(net.layers) else 1e-6


def as_weights(net, vector, names):
    parts = [(net.arena, vector), (net.state_arena, net.state)]
    values = {q.full_name: q.view(v) for arena, v in parts for q in arena.parameters}
    values = {key: value.copy() for key, value in values.items()}
    found = {}
    for path, name in names.items():
        own = {key.removeprefix(f"{path}."): value for key, value in values.items() if key.startswith(f"{path}.")}
        found[name] = keras_arrays(layer_at(net, path), own)
    return found


@pytest.mark.parametrize("name", [*NETWORKS, *MORE])
def test_loss_and_gradients_over_three_steps(name):
    if name == "average" and keras.backend.backend() == "torch":
        pytest.skip("Keras on PyTorch counts what lies outside the image")
    net = without_dropout((NETWORKS | MORE)[name]())
    if name == "rotary":
        with pytest.raises(b.ByhandError, match="rotary"):
            written(net, "keras", ProgramSetup())
        return
    text, names = written(net, "keras", ProgramSetup(optimizer=b.GradientDescent(RATE)))
    assert max(map(len, text.splitlines())) <= 160
    place = run(text)
    model = place["model"]()
    for key, arrays in as_weights(net, net.theta, names).items():
        model.get_layer(key).set_weights(arrays)
    model.compile(place["optimizer"](), place["Loss"]())
    x, t = samples(net)
    for _ in range(3):
        before = as_weights(net, net.theta, names)
        loss, _ = step_of_byhand(net, x, t, np.random.default_rng(0), RATE)
        assert abs(float(model.train_on_batch(x, t)) - loss) < limit_of(net) * max(1, abs(loss))
        gradients = as_weights(net, net.gradient, names)
        for key, wanted in gradients.items():
            known, kept = model.get_layer(key).weights, model.get_layer(key).get_weights()
            for variable, old, new, gradient in zip(known, before[key], kept, wanted, strict=True):
                if variable.trainable:
                    assert np.abs((old - new) / RATE - gradient).max() < limit_of(net) * max(
                        1, np.abs(gradient).max()
                    ), key
    if "BatchNorm" not in repr(net.layers):  # Keras' running variance has another divisor
        y = model.predict(x, verbose=0)
        wanted = net.predict_proba(x)
        assert np.allclose(y, wanted, atol=1e-6) or net.loss.activation


@pytest.mark.parametrize("name", NAMES)
def test_recipes_over_three_steps(name):
    net, setup, x, t, mask = recipe_case(name)
    limit = limit_of(net)
    setup = dataclasses.replace(setup, optimizer=b.GradientDescent(RATE), regularizers=())
    text, names = written(net, "keras", setup)
    place = run(text)
    model = place["model"]()
    for key, arrays in as_weights(net, net.theta, names).items():
        model.get_layer(key).set_weights(arrays)
    model.compile(place["optimizer"](), place["Loss"]())
    for _ in range(3):
        before = as_weights(net, net.theta, names)
        loss, _ = step_of_byhand(net, x, t, np.random.default_rng(0), RATE, mask)
        assert abs(float(model.train_on_batch(x, t)) - loss) < limit * max(1, abs(loss))
        for key, wanted in as_weights(net, net.gradient, names).items():
            for old, new, gradient in zip(before[key], model.get_layer(key).get_weights(), wanted, strict=True):
                assert np.abs((old - new) / RATE - gradient).max() < limit * max(1, np.abs(gradient).max()), key


@pytest.mark.parametrize("name", OTHERS)
def test_every_recipe_is_a_program(name):
    for_all("float32")
    recipe = RECIPES[name]
    net = b.Network(recipe.input_shape, recipe.layers, recipe.loss, rng=None)
    setup = ProgramSetup(name, recipe.takes, recipe.optimizer, recipe.epochs, recipe.batch_size, recipe.regularizers)
    place = run(written(net, "keras", setup)[0], np.float32)
    model = place["model"]()
    assert sum(int(np.prod(w.shape)) for w in model.trainable_weights) == net.size
    place["optimizer"]()


SETUPS = [
    (b.SGD(0.1, momentum=0.8, nesterov=True, weight_decay=0.1), ()),
    (b.AdaGrad(0.1), (b.ClipNorm(0.1), b.MaxNorm(0.5))),
    (b.RMSprop(0.01, momentum=0.5, centred=True), (b.L2(0.1), b.L1(0.01), b.ClipValue(0.05))),
    (b.Adam(b.CosineAnnealing(0.01), weight_decay=0.1), (b.L2(0.1), b.MaxNorm(0.5))),
    (b.AdamW(b.OneCycle(0.01), weight_decay=0.1), (b.L1(0.01), b.ClipNorm(0.1))),
    (b.Lion(0.01), ()),
]


@pytest.mark.parametrize(("optimizer", "rules"), SETUPS, ids=lambda o: type(o).__name__)
def test_training(optimizer, rules):
    net = NETWORKS["numbers"]()
    setup = ProgramSetup(optimizer=optimizer, regularizers=rules, epochs=3, batch_size=None)
    text, names = written(net, "keras", setup)
    place = run(text)
    inner = place["model"]

    def begun():
        model = inner()
        for key, arrays in as_weights(net, net.theta, names).items():
            model.get_layer(key).set_weights(arrays)
        return model

    place["model"] = begun
    x, t = samples(net, 12)
    model = place["train"](x, t)
    b.fit(
        net, x, t, epochs=3, batch_size=12, shuffle=False, optimizer=optimizer, regularizers=rules, progress=False
    )  # fmt: skip
    for key, wanted in as_weights(net, net.theta, names).items():
        for found, value in zip(model.get_layer(key).get_weights(), wanted, strict=True):
            assert np.abs(found - value).max() < 1e-4, key


def test_what_keras_cannot():
    wide = network((9, 9, 1), [b.Conv2D(2, 3, 2, dilation=2), b.Flatten(), b.Dense(2)], b.MSE())
    for net, optimizer, words in (
        (NETWORKS["dense"](), b.NAdam(), "momentum decay"),
        (NETWORKS["dense"](), b.Adam(weight_decay=0.1), "clips a gradient"),
        (wide, b.SGD(0.1), "both a stride and a dilation"),
        (network((3, 2), [b.Bidirectional(b.LSTM(2, forget_bias=0.5))], b.MSE()), b.SGD(0.1), "forget gate"),
    ):
        with pytest.raises(b.ByhandError, match=re.escape(words)):
            written(net, "keras", ProgramSetup(optimizer=optimizer, regularizers=[b.ClipNorm(1)]))
