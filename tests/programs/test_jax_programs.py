"""The programs in JAX: loss and gradients over three steps, where JAX is installed."""

import os

import numpy as np
import pytest

import byhand as b
from byhand.explaining.programs import ProgramSetup, written
from tests.programs.networks import NETWORKS, samples, without_dropout
from tests.programs.of_recipes import NAMES, recipe_case
from tests.programs.test_numpy_programs import run, step_of_byhand, taken_over

os.environ.setdefault("XLA_FLAGS", "--xla_backend_optimization_level=0")  # most of the time is compilation


@pytest.mark.parametrize("name", NETWORKS)
def test_loss_and_gradients_over_three_steps(name):
    jax = pytest.importorskip("jax")
    jax.config.update("jax_enable_x64", True)
    network = without_dropout(NETWORKS[name]())
    text, names = written(network, "jax", ProgramSetup(optimizer=b.GradientDescent(0.1)))
    place = run(text)
    p, s = taken_over(network, names)
    x, t = samples(network)
    for step in range(1, 4):
        loss, gradients = step_of_byhand(network, x, t, np.random.default_rng(5), 0.1)
        (L, kept), g = place["gradient"](p, s, x, t, jax.random.key(0))
        s.update(kept)
        assert abs(float(L) - loss) < 1e-6 * max(1, abs(loss))
        for full, wanted in gradients.items():
            assert np.abs(np.asarray(g[names[full]]) - wanted).max() < 1e-6 * max(1, np.abs(wanted).max()), full
        place["update"](p, g, {}, step, 0.1)
    assert np.allclose(place["compute"](p, s, x), network.predict_proba(x), atol=1e-9)


@pytest.mark.parametrize("name", [name for name in NAMES if not name.startswith("adding-")])
def test_recipes_over_three_steps(name):
    jax = pytest.importorskip("jax")
    jax.config.update("jax_enable_x64", True)
    network, setup, x, t, mask = recipe_case(name)
    text, names = written(network, "jax", setup)
    place = run(text)
    p, s = taken_over(network, names)
    for _ in range(3):
        loss, gradients = step_of_byhand(network, x, t, np.random.default_rng(5), 0.01, mask)
        (L, _), g = place["gradient"](p, s, x, t, jax.random.key(0))
        assert abs(float(L) - loss) < 1e-6 * max(1, abs(loss))
        for full, wanted in gradients.items():
            assert np.abs(np.asarray(g[names[full]]) - wanted).max() < 1e-6 * max(1, np.abs(wanted).max()), full
        p = {key: value - 0.01 * g[key] for key, value in p.items()}
