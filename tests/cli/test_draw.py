"""byhand train-drawer, draw and judge as a person types them."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from byhand import Network
from byhand.recipes import drawing
from tests.cli.test_commands import byhand, data  # noqa: F401  (fixtures)

SMALL = {name: replace(drawing.DRAWING_RECIPES[name], batch_size=100) for name in ("cgan", "vae-2")}


@pytest.fixture
def small(monkeypatch):
    """Recipes of one short epoch each."""
    monkeypatch.setattr(drawing, "DRAWING_RECIPES", SMALL)


def files(folder):
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()} - {".lock"}


def test_train_draw_and_judge(byhand, data, small, tmp_path):  # noqa: F811
    status, out, err = byhand("train-drawer", "cgan", "--data", data, "--epochs", 2, "--out", "run")
    assert (status, err) == (0, "")
    assert "epoch 2 of 2, critic_loss" in out
    sheets = {"sheets/epoch-001.png", "sheets/epoch-002.png"}
    models = {"model.safetensors", "critic.safetensors", "history.csv", "metrics.json"}
    assert files(tmp_path / "run") >= sheets | models | {"samples.png", "interpolation.png"}
    assert not (tmp_path / "run/checkpoint.safetensors").exists()
    for options in (("--digit", 1, "--count", 20, "--seed", 3), ("--interpolate",)):
        assert byhand("draw", "run", *options, "-o", "sheet.png")[0] == 0
        assert np.asarray(Image.open("sheet.png").convert("L")).std() > 5
    pytest.importorskip("sklearn")
    status, out, err = byhand("judge", "run", "--data", data, "--count", 100, "--out", "judged", "--json")
    assert (status, err) == (0, "")
    facts = json.loads(out)
    assert facts["training_images"]["frechet"] < facts["drawn"]["frechet"]
    assert 0 <= facts["drawn"]["as_asked"] <= 1
    assert (tmp_path / "judged/nearest.png").exists()
    assert "Fréchet distance" in byhand("judge", "run", "--data", data, "--count", 100)[1]


def test_a_run_is_resumed_bit_for_bit(byhand, data, small, tmp_path, monkeypatch):  # noqa: F811
    common = ("train-drawer", "vae-2", "--data", data, "--epochs", 2, "--seed", 5, "--out")
    assert byhand(*common, "whole")[0] == 0
    save = drawing.VAETrainer.save

    def stop_after_saving(trainer, *arguments):
        save(trainer, *arguments)
        raise OSError(4, "stopped")

    monkeypatch.setattr(drawing.VAETrainer, "save", stop_after_saving)
    assert byhand(*common, "stopped")[0] == 2
    monkeypatch.setattr(drawing.VAETrainer, "save", save)
    assert "holds an unfinished run" in byhand(*common, "stopped")[2]
    assert byhand("train-drawer", "--resume", "stopped")[0] == 0
    for name in ("model.safetensors", "encoder.safetensors", "history.csv", "map.png"):
        assert (tmp_path / "stopped" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes(), name
    assert byhand("draw", "whole", "--map", "-o", "map.png")[0] == 0
    pytest.importorskip("sklearn")
    assert "nats with one sample" in byhand("judge", "whole", "--data", data, "--count", 100)[1]


def test_mistakes_are_one_sentence(byhand, data, small, tmp_path):  # noqa: F811
    assert byhand("train-drawer", "vae-2", "--data", data, "--epochs", 1, "--out", "run")[0] == 0
    network = Network.load("run/model.safetensors")
    network.save("alone.safetensors")
    shutil.copytree("run", "again")
    for arguments, words in (
        (("train-drawer", "dense"), "There is no recipe 'dense' that draws; choose one of cgan, vae-2."),
        (("train-drawer",), "Give a recipe"),
        (("train", "cgan"), "etworks that draw are trained by byhand train-drawer."),
        (("train-drawer", "cgan", "--resume", "run"), "leave out the other options"),
        (("train-drawer", "--resume", "again"), "holds no unfinished run"),
        (("draw", "run", "--digit", 3), "only a conditional network"),
        (("draw", "run", "--map", "--interpolate"), "Choose --interpolate or --map"),
        (("draw", "alone.safetensors"), "does not draw"),
        (("judge", "run", "--data", "diabetes"), "has no test images of 784 pixels"),
    ):
        status, _, err = byhand(*arguments)
        assert status == 2 and words in err and err.count("\n") == 1, err
