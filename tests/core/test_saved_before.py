"""What byhand 0.1 wrote is read as it was: models answer alike, configurations say the same."""

import json
import shutil
import tomllib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import byhand as bh
from byhand.core.config import to_config
from byhand.diagnosis import Watch
from byhand.recipes import RECIPES, run_recipe
from byhand.recipes.config import read_config
from byhand.recipes.unfinished import open_checkpoints
from byhand.training.checkpoints import OtherTraining
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


def unfinished(folder):
    """A copy of the run that 0.1 left, its recipe, and how to go on with it."""
    shutil.copytree(FOLDER / "run", folder / "run")
    checkpoints, config = open_checkpoints(folder / "run")
    options = {"dataset": config.load(), "checkpoint": checkpoints, "resume": True, "progress": False}
    return checkpoints, replace(config.recipe, input_shape=(64,)), options | {"seed": config.seed}


def test_an_unfinished_run_of_0_1_goes_on_to_the_end_that_it_had(tmp_path):
    checkpoints, recipe, options = unfinished(tmp_path)
    assert [path.stem for path in checkpoints.files()] == ["step-000000000036", "step-000000000045"]
    with pytest.warns(UserWarning, match=r"step-000000000045.*by byhand 0.1; training goes on"):
        run = run_recipe(recipe, callbacks=[Watch()], **options)
    end = np.load(tmp_path / "run" / "end.npz")
    np.testing.assert_allclose(run.network.theta, end["theta"], rtol=1e-3, atol=1e-4)  # Adam makes noise larger
    np.testing.assert_allclose(run.network.state, end["state"], rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(run.outcome.history["loss"], end["loss"], rtol=1e-5)


def test_a_checkpoint_of_0_1_of_another_training_is_refused(tmp_path):
    _, recipe, options = unfinished(tmp_path)
    with pytest.raises(OtherTraining, match="callbacks"):
        run_recipe(recipe, **options)


def _covers(now, then):
    """Whether everything that was written is there still; fields that came since do no harm."""
    if isinstance(then, dict):
        return isinstance(now, dict) and all(key in now and _covers(now[key], then[key]) for key in then)
    if isinstance(then, list):
        return len(now) == len(then) and all(map(_covers, now, then))
    return now == then
