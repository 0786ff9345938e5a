"""What byhand 0.1 wrote is read as it was: models answer alike, configurations say the same."""

import json
import tomllib
from pathlib import Path

import numpy as np
import pytest

import byhand as bh
from byhand.core.config import to_config
from byhand.recipes import RECIPES
from byhand.recipes.config import read_config
from tests.golden.saved import CONFIGURATIONS, NETWORKS, inputs

FOLDER = Path(__file__).parents[1] / "golden" / "saved_0_1"


@pytest.mark.parametrize("name", NETWORKS)
def test_models_of_0_1_load_and_answer_as_they_did(name):
    shape, layers, loss, _, classes = NETWORKS[name]
    network = bh.Network.load(FOLDER / f"{name}.safetensors")
    assert (network.input_shape, network.layers, network.loss) == (shape, tuple(layers), loss)
    assert network.classes == (tuple(classes) if classes else None)
    assert network.dtype == (np.float64 if name == "double" else np.float32)
    answers = json.loads((FOLDER / "answers.json").read_text())[name]
    np.testing.assert_allclose(network.predict_proba(inputs(shape)), answers, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("name", NETWORKS)
def test_a_model_of_0_1_that_is_saved_again_keeps_its_numbers(name, tmp_path):
    network = bh.Network.load(FOLDER / f"{name}.safetensors")
    network.save(tmp_path / "again")
    again = bh.Network.load(tmp_path / "again")
    assert again.theta.tobytes() == network.theta.tobytes()
    assert again.state.tobytes() == network.state.tobytes()


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_configurations_of_0_1_are_read_to_the_last_field(name):
    path = FOLDER / f"{name}.toml"
    config, written = read_config(path, RECIPES), tomllib.loads(path.read_text())
    assert (config.data, config.seed, config.recipe.name) == ("mnist", 3, name)
    recipe = config.recipe
    assert (recipe.epochs, recipe.batch_size or 0) == (written["epochs"], written["batch_size"])
    for part in ("optimizer", "loss", "layers", "regularizers", "augment"):
        if part in written:
            assert _covers(to_config(getattr(recipe, part)), written[part]), part


def _covers(now, then):
    """Whether everything that was written is there still; fields that came since do no harm."""
    if isinstance(then, dict):
        return isinstance(now, dict) and all(key in now and _covers(now[key], then[key]) for key in then)
    if isinstance(then, list):
        return len(now) == len(then) and all(map(_covers, now, then))
    return now == then
