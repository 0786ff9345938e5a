"""byhand look, on small data."""

import json
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from byhand import (
    BinaryCrossEntropy,
    CategoricalCrossEntropy,
    Conv2D,
    Dense,
    Flatten,
    GlobalAveragePool2D,
    MaxPool2D,
    Network,
    ReLU,
    Residual,
    load,
)
from byhand.recipes import RECIPES
from byhand.recipes.config import read_config
from tests.cli.test_commands import byhand, data  # noqa: F401  (fixtures)

COMMON = {"decided.png", "units.png", "nearest.png", "map.png"}


def saved(path, layers, shape=(28, 28, 1), loss=None):
    Network(shape, layers, loss or CategoricalCrossEntropy(), rng=1, inputs="grey levels").save(path)
    return path


def test_a_network_of_convolutions(byhand, data, tmp_path):  # noqa: F811
    layers = [Conv2D(3), ReLU(), MaxPool2D(), Residual([Conv2D(3)]), Flatten(), Dense(5), ReLU(), Dense(10)]
    model = saved(tmp_path / "m.safetensors", layers)
    status, out, err = byhand("look", model, 3, "--data", data, "--out", "seen", "--json", "--among", 300)
    record = json.loads(out)
    assert (status, err) == (0, "")
    maps = {f"layer-{n}-maps.png" for n in (1, 2, 3, 4)}
    assert {f.name for f in (tmp_path / "seen").iterdir()} == COMMON | maps | {"layer-1-filters.png"}
    assert {file.removeprefix("seen/") for file in record["files"]} == COMMON | maps | {"layer-1-filters.png"}
    for file in record["files"]:
        picture = np.asarray(Image.open(tmp_path / file).convert("L"))
        assert picture.min() < 128 < picture.max()  # something is drawn
    network = Network.load(model)
    blocks = load(str(data))
    p = network.predict_proba(blocks.x_test[3:4])[0]
    assert record["truth"] == str(blocks.y_test[3])
    assert record["text"] == str(p.argmax()) and record["confidence"] == pytest.approx(p.max(), rel=1e-5)
    assert record["compared"] == 300 and len(record["nearest"]) == 13
    distances = [n["distance"] for n in record["nearest"]]
    assert distances == sorted(distances)
    first = record["nearest"][0]
    assert first["label"] == blocks.classes[blocks.y_train[first["sample"]]]


def test_a_run_of_the_recipe_conv(byhand, data, tmp_path):  # noqa: F811
    assert byhand("train", "conv", "--data", data, "--epochs", 1, "--hidden", "16", "--out", "a")[0] == 0
    assert {f.name for f in (tmp_path / "a/plots").iterdir()} == {
        *("curves.png", "confusion.png", "digits.png", "filters.png")
    }
    assert "z2 = Σₖₗ" in (tmp_path / "a/network.txt").read_text()
    assert json.loads((tmp_path / "a/metrics.json").read_text())["test_accuracy"] > 0.5
    layers = (Conv2D(4, (3, 2), (1, 2), groups=2), MaxPool2D((2, 1)), GlobalAveragePool2D())
    config = read_config(tmp_path / "a/config.toml", RECIPES)
    assert config.recipe.layers[:6] == RECIPES["conv"].layers[:6]
    changed = replace(config, recipe=replace(config.recipe, layers=layers))
    (tmp_path / "c.toml").write_text(changed.to_toml())
    assert read_config(tmp_path / "c.toml", RECIPES).recipe.layers == layers


def test_a_dense_network_and_a_picture(byhand, data, tmp_path):  # noqa: F811
    picture = np.full((60, 40), 250, np.uint8)
    picture[10:50, 18:23] = 20  # an upright stroke
    Image.fromarray(picture).save(tmp_path / "one.png")
    model = saved(tmp_path / "m.safetensors", [Dense(5), ReLU(), Dense(10)], 784)
    status, out, err = byhand("look", model, "one.png", "--data", data, "--among", 100)
    assert (status, err) == (0, "")
    assert {f.name for f in (tmp_path / "out/look").iterdir()} == COMMON | {"layer-1-weights.png"}
    assert "one.png: read as" in out and "Nearest of 100 training images" in out and "map.png" in out


def test_a_network_with_one_output(byhand, data, tmp_path):  # noqa: F811
    layers = [Conv2D(1, 5, stride=2, padding="valid"), GlobalAveragePool2D()]
    model = saved(tmp_path / "m.safetensors", layers, loss=BinaryCrossEntropy())
    status, out, _ = byhand("look", model, 0, "--data", data, "--json", "--among", 50)
    record = json.loads(out)
    assert status == 0 and record["text"] in ("0", "1") and record["confidence"] >= 0.5


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("m.safetensors", 5000), ["no test image 5000", "0 to 199"]),
        (("m.safetensors", "none.png"), ["none.png"]),
        (("m.safetensors", "blank.png"), ["blank.png", "no ink"]),
        (("none.safetensors", 1), ["none.safetensors"]),
        (("small.safetensors", 1), ["8 × 8 pixels", "--data"]),
        (("rows.safetensors", 1), ["10", "not images"]),
        (("m.safetensors", 1, "--out", "file"), ["file"]),
    ],
    ids=lambda v: " ".join(map(str, v)),
)
def test_mistakes_end_with_one_sentence(byhand, data, tmp_path, arguments, words):  # noqa: F811
    saved(tmp_path / "m.safetensors", [Dense(10)], 784)
    saved(tmp_path / "small.safetensors", [Flatten(), Dense(10)], (8, 8))
    saved(tmp_path / "rows.safetensors", [Dense(10)], 10)
    Image.fromarray(np.full((50, 50), 255, np.uint8)).save(tmp_path / "blank.png")
    (tmp_path / "file").write_text("")
    status, out, err = byhand("look", *arguments, "--data", data)
    assert status == 2 and out == "" and err.count("\n") == 1
    for word in words:
        assert word in err
    assert not (tmp_path / "out").exists()


def test_a_picture_for_a_network_of_other_images_is_refused(byhand, tmp_path):  # noqa: F811
    Image.fromarray(np.full((50, 50), 255, np.uint8)).save(tmp_path / "p.png")
    saved(tmp_path / "small.safetensors", [Flatten(), Dense(10)], (8, 8))
    status, _, err = byhand("look", "small.safetensors", "p.png", "--data", "digits")
    assert status == 2 and "8 × 8" in err and "index of a test image" in err
