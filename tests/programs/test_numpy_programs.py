"""The programs in NumPy do what byhand does: same loss and gradients over three steps, same updates, same rates."""

import dataclasses
import os
import re
import subprocess
import sys
import textwrap

import numpy as np
import pytest

import byhand as b
from byhand.explaining.programs import ProgramSetup, program, written
from byhand.recipes import RECIPES
from byhand.recipes.programs import recipe_network, recipe_setup, run_setup
from tests.programs.networks import NETWORKS, samples, targets
from tests.programs.of_recipes import NAMES, recipe_case


def run(text, dtype=np.float64):
    """A program's functions."""
    place = {"__name__": "program"}
    exec(compile(text, "program", "exec"), place)
    place["FLOAT"] = dtype
    return place


def taken_over(network, names, kinds=("p", "s")):
    """A network's parameters and state, as the program calls them."""
    arenas = ((network.arena, network.theta), (network.state_arena, network.state))
    return [{names[q.full_name]: q.view(vector).copy() for q in arena.parameters} for arena, vector in arenas]


def step_of_byhand(network, x, t, rng, rate, mask=None):
    """Loss and gradients by name, then a step of gradient descent."""
    workspace = network.workspace(len(x))
    network.forward(network.as_input(x), workspace, rng, mask)
    loss = network.backward(targets(network, t), workspace)
    gradients = {q.full_name: q.view(network.gradient).copy() for q in network.arena.parameters}
    network.theta -= rate * network.gradient
    return loss, gradients


@pytest.mark.parametrize("name", NETWORKS)
def test_loss_and_gradients_over_three_steps(name):
    network = NETWORKS[name]()
    text, names = written(network, "numpy", ProgramSetup(optimizer=b.GradientDescent(0.1)))
    place = run(text)
    p, s = taken_over(network, names)
    x, t = samples(network)
    rngs = np.random.default_rng(5), np.random.default_rng(5)
    for step in range(1, 4):
        loss, gradients = step_of_byhand(network, x, t, rngs[0], 0.1)
        L, g = place["compute"](p, s, x, t, rngs[1])
        assert abs(L - loss) < 1e-6 * max(1, abs(loss))
        assert g.keys() == p.keys()
        for full, wanted in gradients.items():
            assert np.abs(g[names[full]] - wanted).max() < 1e-6 * max(1, np.abs(wanted).max()), full
        place["update"](p, g, {}, step, 0.1)
    assert np.allclose(place["compute"](p, s, x), network.predict_proba(x), atol=1e-9)


@pytest.mark.parametrize("name", NAMES)
def test_recipes_over_three_steps(name):
    network, setup, x, t, mask = recipe_case(name)
    text, names = written(network, "numpy", setup)
    place = run(text)
    p, s = taken_over(network, names)
    for _ in range(3):
        loss, gradients = step_of_byhand(network, x, t, np.random.default_rng(0), 0.01, mask)
        L, g = place["compute"](p, s, x, t, np.random.default_rng(0))
        assert abs(L - loss) < 1e-6 * max(1, abs(loss))
        for full, wanted in gradients.items():
            assert np.abs(g[names[full]] - wanted).max() < 1e-6 * max(1, np.abs(wanted).max()), full
        p = {key: value - 0.01 * g[key] for key, value in p.items()}
    assert np.allclose(place["compute"](p, s, x), network.predict_proba(x, mask), atol=1e-9)


@pytest.mark.parametrize("name", NETWORKS)
def test_nothing_but_numpy_and_one_type(name):
    network = NETWORKS[name]()
    text = program(network)
    assert re.findall(r"^ *(?:import|from) .*", text, re.M) == ["import numpy as np"]
    assert max(map(len, text.splitlines())) <= 160
    place = run(text, np.float32)
    p, s = place["initial"](np.random.default_rng(0))
    x, t = samples(network)
    x, t = (a if a.dtype.kind == "i" else a.astype(np.float32) for a in (x, t))
    _, g = place["compute"](p, s, x, t, np.random.default_rng(0))
    place["update"](p, g, {}, 1, place["learning_rate"](0))
    assert {v.dtype for v in [*p.values(), *s.values(), *g.values()]} == {np.dtype(np.float32)}


@pytest.mark.parametrize("name", ["dense", "images", "gru", "tokens"])
def test_first_parameters_are_byhands(name):
    template = NETWORKS[name]()
    network = b.Network(
        template.input_shape, [layer for layer in template.layers if not isinstance(layer, b.BatchNorm)], template.loss
    )
    text, names = written(network, "numpy", ProgramSetup())
    p, _ = run(text, np.float32)["initial"](np.random.default_rng(0))
    wanted, _ = taken_over(network, names)
    for key, value in wanted.items():
        assert np.allclose(p[key], value, rtol=1e-6, atol=1e-7), key


OPTIMIZERS = [
    b.GradientDescent(0.1, weight_decay=0.1),
    b.SGD(0.1, momentum=0.8, nesterov=True),
    b.Momentum(0.1, 0.8, weight_decay=0.1),
    b.Nesterov(0.1, 0.8),
    b.AdaGrad(0.1),
    b.RMSprop(0.01),
    b.RMSprop(0.01, momentum=0.5, centred=True),
    b.Adam(0.01, weight_decay=0.1),
    b.AdamW(0.01, beta2=0.9, weight_decay=0.1),
    b.NAdam(0.01),
    b.Lion(0.01, weight_decay=0.1),
]
RULES = [(), (b.L2(0.1), b.ClipNorm(0.1)), (b.L1(0.01), b.ClipValue(0.05), b.MaxNorm(0.5))]


def trained_both_ways(network, setup, epochs=3):
    text, names = written(network, "numpy", setup)
    place = run(text)
    p, s = taken_over(network, names)
    x, t = samples(network, 12)
    memory = {}
    place["EPOCHS"] = epochs
    b.fit(
        network,
        x,
        t,
        epochs=epochs,
        batch_size=12,
        shuffle=False,
        optimizer=setup.optimizer,
        regularizers=setup.regularizers,
        progress=False,
    )
    for step in range(1, epochs + 1):
        _, g = place["compute"](p, s, x, t, np.random.default_rng(0))
        place["update"](p, g, memory, step, place["learning_rate"](step - 1))
    return p, taken_over(network, names)[0]


@pytest.mark.parametrize("optimizer", OPTIMIZERS, ids=lambda o: type(o).__name__)
def test_optimisers(optimizer):
    found, wanted = trained_both_ways(NETWORKS["numbers"](), ProgramSetup(optimizer=optimizer))
    for name, value in wanted.items():
        assert np.abs(found[name] - value).max() < 1e-9, name


@pytest.mark.parametrize("rules", RULES, ids=str)
def test_rules(rules):
    found, wanted = trained_both_ways(NETWORKS["numbers"](), ProgramSetup(optimizer=b.SGD(0.1), regularizers=rules))
    for name, value in wanted.items():
        assert np.abs(found[name] - value).max() < 1e-9, name


SCHEDULES = [
    b.Constant(0.1),
    b.StepDecay(0.1, 0.5, 2),
    b.ExponentialDecay(0.1, 0.2),
    b.CosineAnnealing(0.1, 0.01),
    b.WarmupCosine(0.1, 2, 0.01),
    b.CosineRestarts(0.1, 1, 2, 0.01),
    b.CosineRestarts(0.1, 2, 1),
    b.OneCycle(0.1),
]


@pytest.mark.parametrize("schedule", SCHEDULES, ids=lambda s: type(s).__name__)
def test_learning_rates(schedule):
    setup = ProgramSetup(optimizer=b.SGD(schedule), epochs=10)
    rate = run(program(NETWORKS["numbers"](), "numpy", setup))["learning_rate"]
    for epoch in (0, 0.5, 1, 2, 2.25, 3, 7, 9.75, 10):
        assert rate(epoch) == pytest.approx(schedule(epoch, 10), rel=1e-12, abs=1e-15)


@pytest.mark.parametrize("name", [name for name in RECIPES if name not in NAMES])
def test_every_recipe_is_a_program(name):
    recipe = RECIPES[name]
    network = b.Network(recipe.input_shape, recipe.layers, recipe.loss, rng=None)
    setup = ProgramSetup(name, recipe.takes, recipe.optimizer, recipe.epochs, recipe.batch_size, recipe.regularizers)
    place = run(program(network, "numpy", setup), np.float32)
    if network.size > 400_000:
        return
    p, s = place["initial"](np.random.default_rng(0))
    x = np.zeros((1, *network.input_shape), np.float32)
    t = np.zeros(1, np.int64) if network.task == "classes" else np.zeros((1, 1), np.float32)
    L, g = place["compute"](p, s, x, t, np.random.default_rng(0))
    assert np.isfinite(L)
    assert {name: v.shape for name, v in g.items()} == {name: v.shape for name, v in p.items()}


def test_a_program_runs_to_its_end(tmp_path):
    rng = np.random.default_rng(0)
    t = rng.integers(0, 2, 200)
    x = rng.integers(0, 40, (200, 6), np.uint8)
    x[:, 0] = 200 * t
    np.savez(tmp_path / "spots.npz", x_train=x[:150], y_train=t[:150], x_test=x[150:], y_test=t[150:])
    network = b.Network(6, [b.Dense(8), b.ReLU(), b.Dense(2)], b.CategoricalCrossEntropy(), inputs="grey levels")
    setup = ProgramSetup("spots", optimizer=b.Adam(0.01), data="spots", batch_size=16)
    (tmp_path / "spots.py").write_text(program(network, "numpy", setup), encoding="utf-8")
    done = subprocess.run([sys.executable, "-I", "spots.py"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "epoch 10: loss" in done.stdout
    assert float(done.stdout.split()[-1]) > 0.9


def test_a_program_with_ctc_reads_rows(tmp_path):
    rng = np.random.default_rng(0)
    t = rng.integers(0, 3, (300, 3))
    t[np.arange(3) >= rng.integers(0, 4, 300)[:, None]] = -1  # labels of none to three symbols
    x = np.zeros((300, 12, 4), np.float32)
    for row, label in zip(x, t, strict=True):
        for place, symbol in enumerate(label[label >= 0]):  # three steps each, and one between them
            row[4 * place : 4 * place + 3, symbol] = 1
    x += 0.1 * rng.standard_normal(x.shape).astype(np.float32)
    np.savez(tmp_path / "rows.npz", x_train=x[:200], y_train=t[:200], x_test=x[200:], y_test=t[200:])
    network = b.Network((12, 4), [b.Conv1D(8, 2), b.ReLU(), b.Dense(4)], b.CTC(3, 3))
    network.save(tmp_path / "rows.safetensors")
    setup = dataclasses.replace(run_setup(tmp_path / "rows.safetensors", network), optimizer=b.Adam(0.03))
    (tmp_path / "rows.py").write_text(program(network, "numpy", setup), encoding="utf-8")
    done = subprocess.run([sys.executable, "-I", "rows.py"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1].startswith("share of labels read without a mistake on the test samples: ")
    assert float(done.stdout.split()[-1]) > 0.9


def test_the_program_of_a_recipe_runs_on_the_recipes_data(tmp_path):
    text = program(recipe_network(RECIPES["sums"]), "numpy", recipe_setup(RECIPES["sums"]))
    writing = re.search(r"byhand writes it so:\n\n(.*?)\n *\"\"\"", text, re.S)[1]
    cut = "\ntrain, test = ([part[:300] for part in pair] for pair in (train, test))\n"  # a hundredth of the sums
    lines = textwrap.dedent(writing).replace("\nnumpy.savez", cut + "numpy.savez")
    (tmp_path / "sums.py").write_text(text.replace("EPOCHS = 40", "EPOCHS = 2"), encoding="utf-8")
    here = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    for arguments in (["-c", lines], ["sums.py"]):
        done = subprocess.run([sys.executable, *arguments], cwd=tmp_path, capture_output=True, text=True, env=here)
        assert done.returncode == 0, done.stderr
    assert "epoch 2: loss" in done.stdout
    assert "accuracy on the test samples: 0." in done.stdout


def test_what_cannot_be_written_is_said():
    with pytest.raises(b.ByhandError, match=r"CrossAttention.* can't be written"):
        program(b.Network((5, 4), [b.CrossAttention(2, 3), b.StepsFrom(3), b.Dense(2)], b.MSE()))
    layers = [b.Embedding(5, 3, padding=0), b.LSTM(3, return_sequences=True), b.Dense(2)]
    with pytest.raises(b.ByhandError, match="every step of sequences with masks"):
        program(b.Network((4,), layers, b.CategoricalCrossEntropy()))
    tied = [b.Dense(3, bias=False), b.TiedDense(4)]
    with pytest.raises(b.ByhandError, match="no Embedding"):
        program(b.Network((5, 4), [*tied[:1], b.TiedDense(4)], b.MSE()))
    with pytest.raises(b.ByhandError, match="no gradient"):
        program(b.Network(4, [b.Dense(3), b.Step(), b.Dense(2)], b.MSE()))
    with pytest.raises(b.ByhandError, match="not in 'r'"):
        program(b.Network(4, [b.Dense(2)], b.MSE()), "r")
